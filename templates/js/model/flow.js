// Whether data goes from one place of the trace to another, and on which way: the same rules as `flow.py`.

/** @typedef {[ops: number, tick: number]} Moment How many ops had begun, and what orders those between two. */
/** @typedef {{ value: Value, when: Moment }} Spot A tensor at a port. */
/** @typedef {Map<Value, { op: Op, value: Value } | null>} Predecessors */
/** @typedef {{ kind: "escape" | "origin" | "unseen", place: string, text: string }} Doubt */
/**
 * @typedef {{ source: string, destination: string, starts: Map<Value, Moment>, goals: Map<Value, Moment>,
 *   reached: Predecessors }} Missed
 */
/**
 * Whether data flows from one place to another.
 * @typedef {object} Reach
 * @property {"yes" | "no" | "undecided" | "unknown"} answer unknown: a place has no name here or holds no tensor
 * @property {Op[]} ops of the way
 * @property {Value[]} values along it, one more than ops
 * @property {number} shortest the number of ops of the shortest way, which may lead over masks and indices
 * @property {Doubt[]} doubts
 * @property {Op | null} last for no and undecided: the last op up to the end that has data of the start
 * @property {string} [unnamed] what names nothing
 * @property {string} [empty] what holds no tensor
 */

/** @type {Moment} Before the run. */
const FIRST = [-1, -1];

/**
 * Return whether a moment is before another one.
 * @param {Moment} a
 * @param {Moment} b
 */
const isBefore = (a, b) => a[0] < b[0] || (a[0] === b[0] && a[1] < b[1]);

/** @param {Op} op */
const whenRead = (op) => /** @type {Moment} */ ([op.id, Infinity]);

class Flow {
  /** @param {Trace} trace */
  constructor(trace) {
    this.trace = trace;
    /** @type {Value[][]} by op: what it reads */
    this.read = trace.ops.map((op) => valuesAt(op.inputs));
    /** @type {Value[][]} by op: what it makes; what it only hands on it does not make */
    this.made = trace.ops.map((op, id) => valuesAt(op.outputs).filter((value) => !this.read[id].includes(value)));
    for (const value of trace.values) {
      if (value.producer && !this.made[value.producer.id].includes(value)) this.made[value.producer.id].push(value);
    }
    this.readers = opsByValue(trace, this.read);
    this.makers = opsByValue(trace, this.made);
    this.moments = momentsOf(trace);
  }

  /**
   * Return the tensors that a selector names, each with the moment at which it is there; null if it names nothing.
   * @param {string} selector
   * @param {"out" | "both"} side what a call or op without a port stands for
   * @returns {Spot[] | null}
   */
  spots(selector, side) {
    const port = portNamed(this.trace, selector);
    if (port) return port.values.map((value) => ({ value, when: this.#when(port.owner, port.given) }));
    const found = this.trace.find(selector);
    if (!found || (found.kind !== "value" && this.trace.byName().get(ownerOf(selector)) === found)) return null;
    if (found.kind === "value") return [{ value: found, when: FIRST }];
    const owners = found.kind === "repeat" ? found.calls : [found];
    return owners.flatMap((owner) => [
      ...(side === "both" ? valuesAt(owner.inputs).map((value) => ({ value, when: this.#when(owner, true) })) : []),
      ...valuesAt(owner.outputs).map((value) => ({ value, when: this.#when(owner, false) })),
    ]);
  }

  /**
   * @param {Call | Op} owner
   * @param {boolean} given
   * @returns {Moment}
   */
  #when(owner, given) {
    if (owner.kind === "op") return given ? whenRead(owner) : [this.moments.opEnded[owner.id], -1];
    return (given ? this.moments.began : this.moments.ended)[owner.id];
  }

  /**
   * Return what the starts flow into, nearest first, and the first goal that is met.
   * @param {Map<Value, Moment>} starts with the moments from which on what is done with them counts
   * @param {Map<Value, Moment>} goals with the last moments at which they are where they are looked for
   * @param {(value: Value) => boolean} [passes] whether the way may lead over a value
   */
  way(starts, goals, passes = () => true) {
    return flood(starts, goals, (value) => this.readers[value.id], (op) => this.made[op.id].filter(passes));
  }

  /**
   * Return what flows into the starts.
   * @param {Iterable<Value>} starts
   */
  up(starts) {
    const anytime = new Map([...starts].map((value) => [value, FIRST]));
    return flood(anytime, new Map(), (value) => this.makers[value.id], (op) => this.read[op.id]).reached;
  }

  /**
   * Return whether data flows from one place to another, and how.
   * @param {string} source
   * @param {string} destination
   * @returns {Reach}
   */
  reach(source, destination) {
    const [from, to] = [this.spots(source, "out"), this.spots(destination, "both")];
    /** @type {Reach} */
    const nothing = { answer: "unknown", ops: [], values: [], shortest: 0, doubts: [], last: null };
    if (!from || !to) return { ...nothing, unnamed: from ? destination : source };
    if (!from.length || !to.length) return { ...nothing, empty: from.length ? destination : source };
    const [starts, goals] = [earliest(from), latest(to)];
    const { reached, hit } = this.way(starts, goals);
    if (!hit) return { ...nothing, ...whyNot(this, { source, destination, starts, goals, reached }) };
    const shortest = pathTo(reached, hit);
    const overData = this.way(starts, goals, (value) => goals.has(value) || isData(value, starts));
    const path = overData.hit ? pathTo(overData.reached, overData.hit) : shortest;
    return { ...nothing, ...path, answer: "yes", shortest: shortest.ops.length };
  }
}

/**
 * Return whether a tensor holds what is computed with: not a mask, and not positions or numbers of things. What is
 * like a start is data, too: ids of tokens stay ids until they are looked up.
 * @param {Value} value
 * @param {Map<Value, Moment>} starts
 */
const isData = ({ type: { dtype, dims } }, starts) => (
  !/^(bool|[iu]\d+)$/.test(dtype) || [...starts.keys()].some(({ type }) => (
    type.dtype === dtype && type.dims.join() === dims.join())));

/**
 * @param {Port[]} ports
 * @returns {Value[]}
 */
const valuesAt = (ports) => [...new Set(ports.flatMap(({ value, held }) => held ? [...held.values()] : value ?? []))];

/**
 * @param {Trace} trace
 * @param {Value[][]} valuesByOp
 */
function opsByValue(trace, valuesByOp) {
  /** @type {Op[][]} */
  const ops = trace.values.map(() => []);
  valuesByOp.forEach((values, id) => { for (const value of values) ops[value.id].push(trace.ops[id]); });
  return ops;
}

/**
 * Return when calls began and ended and when ops ended, counted in ops, and in steps between two of them.
 * @param {Trace} trace
 */
function momentsOf({ calls, ops }) {
  /** @type {Moment[]} */
  const began = [];
  /** @type {Moment[]} */
  const ended = [];
  /** @type {Call[]} */
  const running = [];
  let tick = 0;
  const leave = () => { const left = /** @type {Call} */ (running.pop()); ended[left.id] = [left.last_op, tick += 1]; };
  for (const call of calls) {
    while (running.length && running.at(-1) !== call.parent) leave();
    began.push([call.first_op, tick += 1]);
    running.push(call);
  }
  while (running.length) leave();
  const opEnded = ops.map((op) => op.id + 1);
  for (const { id, parent } of ops.toReversed()) { // an op that was opened ends behind the ops in it
    if (parent) opEnded[parent.id] = Math.max(opEnded[parent.id], opEnded[id]);
  }
  return { began, ended, opEnded };
}

/**
 * Return the port that a selector names, with whose it is and whether it is an input.
 * @param {Trace} trace
 * @param {string} selector
 */
function portNamed(trace, selector) {
  const owner = trace.byName().get(ownerOf(selector));
  if (owner?.kind !== "call" && owner?.kind !== "op") return null;
  const wanted = selector.slice(ownerOf(selector).length + 1);
  const fits = (/** @type {Port} */ { name, alias }) => name === wanted || alias === wanted;
  const given = owner.inputs.find(fits);
  const port = given ?? owner.outputs.find(fits);
  if (port) return { owner, values: valuesAt([port]), given: Boolean(given) };
  const inside = (/** @type {Port} */ { name, alias, held }) => [name, alias].flatMap((one) => (
    (one && wanted.startsWith(one) && held?.get(wanted.slice(one.length))) || [])).slice(0, 1);
  for (const side of [owner.inputs, owner.outputs]) {
    const [value] = side.flatMap(inside);
    if (value) return { owner, values: [value], given: side === owner.inputs };
  }
  return null;
}

/** @param {Spot[]} spots */
function earliest(spots) {
  /** @type {Map<Value, Moment>} */
  const moments = new Map();
  for (const { value, when } of spots) {
    const known = moments.get(value);
    moments.set(value, known && isBefore(known, when) ? known : when);
  }
  return moments;
}

/** @param {Spot[]} spots */
function latest(spots) {
  /** @type {Map<Value, Moment>} */
  const moments = new Map();
  for (const { value, when } of spots) {
    const known = moments.get(value);
    moments.set(value, known && isBefore(when, known) ? known : when);
  }
  return moments;
}

/**
 * Go breadth first from the starts up to the first goal.
 * @param {Map<Value, Moment>} starts
 * @param {Map<Value, Moment>} goals
 * @param {(value: Value) => Op[]} opsOf
 * @param {(op: Op) => Value[]} valuesOf
 * @returns {{ reached: Predecessors, hit: Value | null }}
 */
function flood(starts, goals, opsOf, valuesOf) {
  /** @type {Predecessors} */
  const reached = new Map();
  const since = new Map(starts);
  const gone = new Set();
  for (const [start, moment] of starts) {
    reached.set(start, null);
    const goal = goals.get(start);
    if (goal && !isBefore(goal, moment)) return { reached, hit: start };
  }
  const queue = [...reached.keys()];
  for (const value of queue) { // it grows while it is walked
    const moment = since.get(value) ?? FIRST;
    for (const op of opsOf(value)) {
      if (gone.has(op) || (isBefore(FIRST, moment) && isBefore(whenRead(op), moment))) continue;
      gone.add(op);
      for (const other of valuesOf(op)) {
        if (reached.has(other) && !isBefore(FIRST, since.get(other) ?? FIRST)) continue;
        reached.set(other, { op, value }); // a start that another one leads to: all that was done with it counts
        since.set(other, FIRST);
        if (goals.has(other)) return { reached, hit: other };
        queue.push(other);
      }
    }
  }
  return { reached, hit: null };
}

/**
 * Return the ops, and the values before, between and behind them, that lead to a value.
 * @param {Predecessors} reached
 * @param {Value} value
 */
function pathTo(reached, value) {
  /** @type {Op[]} */
  const ops = [];
  const values = [value];
  for (let step = reached.get(value); step; step = reached.get(step.value)) {
    ops.unshift(step.op);
    values.unshift(step.value);
  }
  return { ops, values };
}
