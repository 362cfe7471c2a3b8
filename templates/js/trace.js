// The trace behind the page: columns as they were stored, read when they are asked for.

const ORIGINS = ["op", "input", "parameter", "buffer", "unknown"];
let trace = null;

/** Return the trace; compressed data is unpacked first. */
async function loadTrace() {
  if (page.trace) return new Trace(page.trace);
  const bytes = Uint8Array.from(atob(page.packed), (character) => character.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Trace(JSON.parse(await new Response(stream).text()));
}

class Trace {
  constructor(data) {
    this.data = data;
    this.text = (position) => data.texts[position];
    this.calls = data.calls.map((row, id) => ({
      id, path: this.text(row[0]), method: this.text(row[1]), index: row[2], class: this.text(row[3]), parent: row[4],
      first: row[5], last: row[6], flops: row[7], source: row[8], raised: row[9] === 1, children: [], ops: [],
    }));
    this.roots = [];
    for (const call of this.calls) {
      call.name = call.method === "forward" ? call.path || "." : `${call.path}.${call.method}()`;
      call.selector = `${call.name}@${call.index}`;
      (call.parent < 0 ? this.roots : this.calls[call.parent].children).push(call.id);
    }
    this.opCall = data.ops.map((row) => row[1]);
    this.loose = [];
    data.ops.forEach((row, id) => { if (row[5] < 0) (row[1] < 0 ? this.loose : this.calls[row[1]].ops).push(id); });
    this.unused = new Set(data.values.unused);
    this.ghosts = new Set(data.values.ghost);
    this.repeatOf = new Map();
    this.repeats = data.repeats.map(([selector, label, calls, odd], id) => {
      const repeat = { id, selector: this.text(selector), label: this.text(label), calls, odd: new Map(odd.map(([call, why]) => [call, this.text(why)])) };
      for (const call of calls) this.repeatOf.set(call, repeat);
      return repeat;
    });
    this.lazy = {};
  }

  once(name, work) { return this.lazy[name] ??= work(); }

  ports(flat) {
    const ports = [];
    for (let i = 0; i < flat.length; i += 4) {
      ports.push({ name: this.text(flat[i]), alias: this.text(flat[i + 1]), value: flat[i + 2], text: this.text(flat[i + 3]) });
    }
    return ports;
  }
  callIn(id) { return this.ports(this.data.calls[id][10]); }
  callOut(id) { return this.ports(this.data.calls[id][11]); }

  op(id) {
    const row = this.data.ops[id];
    return { id, target: this.text(row[0]), call: row[1], in: this.ports(row[2]), out: this.ports(row[3]), source: row[4], parent: row[5], flops: row[6], index: row[7], selector: this.opSelector(id) };
  }
  opSelector(id) {
    const row = this.data.ops[id];
    return `${row[1] < 0 ? "" : this.calls[row[1]].name}/${this.text(row[0])}@${row[7]}`;
  }

  value(id) {
    const columns = this.data.values;
    const [dtype, ...dims] = this.data.types[columns.type[id]];
    return { id, dtype, dims, origin: ORIGINS[columns.origin[id]], producer: columns.producer[id], name: this.text(columns.name[id]), storage: columns.storage[id] };
  }
  type(id) { const value = this.value(id); return `${value.dtype}[${value.dims.join(", ")}]`; }
  dims(id) { return this.data.types[this.data.values.type[id]].slice(1); }

  /** Value -> ids of the ops that read it. */
  get users() {
    return this.once("users", () => {
      const users = new Map();
      this.data.ops.forEach((row, id) => {
        const seen = new Set();
        for (let i = 2; i < row[2].length; i += 4) if (row[2][i] >= 0) seen.add(row[2][i]);
        for (const value of seen) users.has(value) ? users.get(value).push(id) : users.set(value, [id]);
      });
      return users;
    });
  }

  /** Value -> places `[kind, call, port name]`, outputs first. */
  get places() {
    return this.once("places", () => {
      const places = new Map();
      const add = (kind, id, flat) => {
        for (let i = 0; i < flat.length; i += 4) {
          if (flat[i + 2] < 0) continue;
          if (!places.has(flat[i + 2])) places.set(flat[i + 2], []);
          places.get(flat[i + 2]).push([kind, id, this.text(flat[i])]);
        }
      };
      this.data.calls.forEach((row, id) => add("out", id, row[11]));
      this.data.calls.forEach((row, id) => add("in", id, row[10]));
      return places;
    });
  }

  /** Return an exact selector of a value: where a call gives or takes it, else the op that made it. */
  valueSelector(id) {
    const parts = ([, , port]) => port.split(/[.[]/).length;
    const places = (this.places.get(id) ?? []).filter(([kind]) => kind === "out");
    const [place] = places.length ? places.sort((a, b) => parts(a) - parts(b) || a[1] - b[1]) : this.places.get(id) ?? [];
    if (place) return `${this.calls[place[1]].selector}:${place[2]}`;
    const value = this.value(id);
    if (value.producer < 0) return value.name;
    const port = this.op(value.producer).out.find((candidate) => candidate.value === id);
    return `${this.opSelector(value.producer)}:${port ? port.name : "out"}`;
  }

  get byName() {
    return this.once("byName", () => {
      const names = new Map();
      const add = (name, exact, target) => {
        names.set(exact, target);
        if (!names.has(name)) names.set(name, target);
      };
      for (const call of this.calls) add(call.name, call.selector, { kind: "call", id: call.id });
      this.data.ops.forEach((_, id) => { const selector = this.opSelector(id); add(selector.slice(0, selector.lastIndexOf("@")), selector, { kind: "op", id }); });
      for (const repeat of this.repeats) if (!names.has(repeat.selector)) names.set(repeat.selector, { kind: "repeat", id: repeat.id });
      return names;
    });
  }

  /** Return what a selector names: `{kind, id}`, or null. */
  find(selector) {
    const whole = this.byName.get(selector) ?? this.findMany(selector);
    if (whole) return whole;
    const cut = selector.lastIndexOf(":");
    const owner = cut < 0 ? null : this.byName.get(selector.slice(0, cut));
    if (!owner || owner.kind === "repeat") return null;
    const wanted = selector.slice(cut + 1);
    const ports = owner.kind === "call" ? [...this.callIn(owner.id), ...this.callOut(owner.id)] : [...this.op(owner.id).in, ...this.op(owner.id).out];
    const port = ports.find((candidate) => candidate.name === wanted || candidate.alias === wanted);
    return port && port.value >= 0 ? { kind: "value", id: port.value, selector } : owner;
  }

  /** Return the calls that a selector with `*` names, as one repeat. */
  findMany(selector) {
    if (!selector.includes("*")) return null;
    const parts = selector.split("*").map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&"));
    const pattern = new RegExp(`^${parts.join("[^.]+")}$`);
    const calls = this.calls.filter((call) => pattern.test(call.name)).map((call) => call.id);
    if (!calls.length) return null;
    const known = { kind: "repeat", id: this.repeats.length };
    this.repeats.push({ id: known.id, selector, label: selector, calls, odd: new Map() });
    this.byName.set(selector, known);
    return known;
  }

  /** Return the calls around a call, from the outside in, itself last. */
  line(call) {
    const found = [];
    for (let at = call; at >= 0; at = this.calls[at].parent) found.unshift(at);
    return found;
  }

  /** Return the tensor that goes in and the one that comes out: of several inputs the one that keeps its shape. */
  mainTypes(flatIn, flatOut) {
    const values = (flat) => { const found = []; for (let i = 2; i < flat.length; i += 4) if (flat[i] >= 0) found.push(flat[i]); return found; };
    const given = values(flatIn);
    const [to = -1] = values(flatOut);
    const type = this.data.values.type;
    const activations = given.filter((id) => ORIGINS[this.data.values.origin[id]] !== "parameter");
    const same = to < 0 ? undefined : activations.find((id) => type[id] === type[to]);
    return [same ?? given[0] ?? -1, to];
  }
  callTypes(id) { return this.mainTypes(this.data.calls[id][10], this.data.calls[id][11]); }
  opTypes(id) { return this.mainTypes(this.data.ops[id][2], this.data.ops[id][3]); }

  /** Return whether the result has another shape than the first tensor given; what starts from nothing does. */
  changes([from, to]) {
    if (to < 0) return false;
    return from < 0 || this.dims(from).join() !== this.dims(to).join();
  }

  sourceLines(position) {
    const place = position >= 0 ? this.data.sources[position] : 0;
    if (!place) return null;
    const [file, line, name, key, installed] = place;
    const stored = this.data.lines[this.text(key)] ?? {};
    const numbers = Object.keys(stored).map(Number).filter((number) => Math.abs(number - line) <= 2).sort((a, b) => a - b);
    return { place: `${this.text(file)}:${line}`, name: this.text(name), installed: installed === 1, lines: numbers.map((number) => ({ number, meant: number === line, tokens: stored[number].map((part) => this.text(part)) })) };
  }
  sourcePlace(position) {
    const place = position >= 0 ? this.data.sources[position] : 0;
    return place ? `${this.text(place[0])}:${place[1]}` : "";
  }
}
