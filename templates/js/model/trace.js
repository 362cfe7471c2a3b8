// The trace behind the page: its records, and what can be asked about them.

class Trace {
  /** @param {TraceData} data */
  constructor(data) {
    const { types, sources, calls, repeats, sizes, details } = readTrace(data);
    this.types = types;
    this.sources = sources;
    this.calls = calls;
    this.repeats = repeats;
    this.sizes = sizes;
    this.details = details;
    this.roots = calls.filter((call) => !call.parent);
    this.usersByValue = once(() => (
      groupedByValue(this.ops, (op) => [...new Set(op.inputs.map((port) => port.value))])));
    this.placesByValue = once(() => {
      const placesAt = (/** @type {"inputs" | "outputs"} */ side) => (
        calls.flatMap((call) => call[side].map((port) => ({ call, port }))));
      return groupedByValue([...placesAt("outputs"), ...placesAt("inputs")], (place) => [place.port.value]);
    });
    this.byName = once(() => this.#named());
    this.flow = once(() => new Flow(this));
  }

  get ops() { return this.details().ops; }
  get values() { return this.details().values; }
  get escapes() { return this.details().escapes; }

  /**
   * Return the ops that read a value.
   * @param {Value} value
   */
  users(value) { return this.usersByValue().get(value) ?? []; }

  /**
   * Return where calls give or take a value, outputs first.
   * @param {Value} value
   */
  places(value) { return this.placesByValue().get(value) ?? []; }

  /**
   * Return the other values in the same memory.
   * @param {Value} value
   */
  sameMemory(value) {
    if (value.storage === null) return [];
    return this.values.filter((other) => other.storage === value.storage && other !== value);
  }

  /**
   * Return the ops that a composite op was opened into.
   * @param {Op} op
   */
  inside(op) { return this.ops.filter((other) => other.parent === op); }

  /** Return everything by its selector; a call or op without its `@K` is the first of them. */
  #named() {
    /** @type {Map<string, Found>} */
    const names = new Map();
    const add = (/** @type {string} */ name, /** @type {Found} */ found) => {
      if (!names.has(name)) names.set(name, found);
    };
    for (const record of [...this.calls, ...this.ops]) add(record.selector, record);
    for (const record of [...this.calls, ...this.ops]) add(nameOf(record.selector), record);
    for (const record of [...this.repeats, ...this.values]) add(record.selector, record);
    return names;
  }

  /**
   * Return what a selector names, if anything: of a port that holds no tensor its call or op.
   * @param {string} selector
   * @returns {Found | null}
   */
  find(selector) {
    const whole = this.byName().get(selector) ?? this.findMany(selector);
    if (whole) return whole;
    const owner = this.byName().get(ownerOf(selector));
    if (!owner || owner.kind === "repeat" || owner.kind === "value") return null;
    const wanted = selector.slice(ownerOf(selector).length + 1);
    const port = [...owner.inputs, ...owner.outputs].find(({ name, alias }) => name === wanted || alias === wanted);
    return port?.value ?? owner;
  }

  /**
   * Return the calls that a selector with `*`, in the place of a name or a part of one, means together.
   * @param {string} selector
   * @returns {Repeat | null}
   */
  findMany(selector) {
    if (!selector.includes("*") || selector.includes("**")) return null;
    const parts = selector.split("*").map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&"));
    // As in the selectors of Python, a helper method is meant only where one is asked for.
    const pattern = new RegExp(`^${parts.join("[^.()]*")}$`);
    const calls = this.calls.filter((call) => pattern.test(nameOf(call.selector)));
    if (!calls.length) return null;
    /** @type {Repeat} */
    const found = { kind: "repeat", id: this.repeats.length, selector, label: selector, typical: calls[0], calls };
    this.repeats.push(found);
    this.byName().set(selector, found);
    return found;
  }
}

/**
 * Return items by each of the values that belong to them.
 * @template Item
 * @param {Item[]} items
 * @param {(item: Item) => (Value | null)[]} valuesOf
 */
function groupedByValue(items, valuesOf) {
  /** @type {Map<Value, Item[]>} */
  const groups = new Map();
  for (const item of items) {
    for (const value of valuesOf(item)) {
      if (!value) continue;
      const group = groups.get(value);
      if (group) group.push(item); else groups.set(value, [item]);
    }
  }
  return groups;
}

/**
 * Return a selector without its `@K`.
 * @param {string} selector
 */
const nameOf = (selector) => selector.slice(0, selector.lastIndexOf("@"));

/**
 * Return the selector of the call or op that has a port; empty if no port is named.
 * @param {string} selector
 */
const ownerOf = (selector) => selector.slice(0, Math.max(0, selector.lastIndexOf(":")));

/**
 * Return the calls around a call, from the outside in, itself last.
 * @param {Call} call
 * @returns {Call[]}
 */
const lineOf = (call) => [...(call.parent ? lineOf(call.parent) : []), call];

/**
 * Return how a repeat is called: `blocks.0 … 31 × 32`.
 * @param {Repeat} repeat
 */
const titleOf = (repeat) => `${repeat.label} × ${repeat.calls.length}`;
