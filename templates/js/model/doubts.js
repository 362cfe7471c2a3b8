// Why nobody can be sure that no data goes from one place to another: the same rules as `doubts.py`.

const SHARING = new Set(["numpy", "dlpack", "data_ptr", "storage"]);
const UNSEEN_INSIDE = "(…)";

/**
 * Return why no way was found: the last op that has data of the source, and what may have carried it on unseen.
 * @param {Flow} flow
 * @param {Missed} missed
 * @returns {{ answer: "no" | "undecided", doubts: Doubt[], last: Op | null }}
 */
function whyNot(flow, { source, destination, starts, goals, reached }) {
  const ids = (/** @type {Iterable<Value>} */ values) => (
    [...values].flatMap((value) => flow.makers[value.id]).map((op) => op.id));
  const made = Math.max(-1, ...ids(goals.keys()));
  const last = ids(reached.keys()).filter((id) => id <= made).reduce((a, b) => Math.max(a, b), -1);
  const { ops } = flow.trace;
  const complete = memoryGiven(flow, goals.keys()) ? ops.length : Math.max(made, settled(flow.trace, destination));
  const doubts = [
    ...notLookedInto(flow.trace, source, "out"),
    ...notLookedInto(flow.trace, destination, "both"),
    ...escapesInTime(flow, reached, complete),
    ...unknownOrigins(flow, starts, goals),
  ];
  return { answer: doubts.length ? "undecided" : "no", doubts, last: last < 0 ? null : ops[last] };
}

/**
 * Return the calls and ops that a selector names, with the ports of them that are meant.
 * @param {Trace} trace
 * @param {string} selector
 * @param {"out" | "both"} side
 * @returns {{ owner: Call | Op, ports: Port[] }[]}
 */
function portsNamed(trace, selector, side) {
  const port = portNamed(trace, selector);
  if (port) {
    const { owner } = port;
    const wanted = selector.slice(ownerOf(selector).length + 1);
    const fits = (/** @type {Port} */ one) => one.name === wanted || one.alias === wanted;
    return [{ owner, ports: [...owner.inputs, ...owner.outputs].filter(fits).slice(0, 1) }];
  }
  const found = trace.find(selector);
  if (!found || found.kind === "value") return [];
  return (found.kind === "repeat" ? found.calls : [found]).map((owner) => (
    { owner, ports: side === "out" ? owner.outputs : [...owner.inputs, ...owner.outputs] }));
}

/**
 * @param {Trace} trace
 * @param {string} selector
 * @param {"out" | "both"} side
 * @returns {Doubt[]}
 */
const notLookedInto = (trace, selector, side) => portsNamed(trace, selector, side).flatMap(({ owner, ports }) => (
  ports.filter((port) => !port.value && port.text.endsWith(UNSEEN_INSIDE)).map((port) => (
    { kind: "unseen", place: `${owner.selector}:${port.name}`, text: port.text }))));

/**
 * Return whether Python got memory of something that flows into the goals: it may write there.
 * @param {Flow} flow
 * @param {Iterable<Value>} goals
 */
function memoryGiven(flow, goals) {
  const memory = (/** @type {Value} */ value) => value.storage ?? value;
  const given = new Set(flow.trace.escapes.filter(({ how }) => SHARING.has(how)).map(({ value }) => memory(value)));
  return given.size > 0 && [...flow.up(goals).keys()].some((value) => given.has(memory(value)));
}

/**
 * Return the op before which it was settled which of the tensors it was given a call gives back.
 * @param {Trace} trace
 * @param {string} destination
 */
function settled(trace, destination) {
  let last = -1;
  for (const { owner, ports } of portsNamed(trace, destination, "both")) {
    if (owner.kind !== "call") continue;
    const outputs = ports.filter((port) => owner.outputs.includes(port));
    if (valuesAt(outputs).some(({ producer }) => !producer || producer.id < owner.first_op)) {
      last = Math.max(last, owner.last_op);
    }
  }
  return last;
}

/**
 * Return where data of the source was read into Python early enough to change the destination.
 * @param {Flow} flow
 * @param {Predecessors} reached
 * @param {number} complete
 * @returns {Doubt[]}
 */
function escapesInTime(flow, reached, complete) {
  return flow.trace.escapes.filter(({ value, call }) => {
    if (!reached.has(value)) return false;
    const makers = flow.makers[value.id].map((op) => op.id);
    const made = makers.length ? Math.min(...makers) + 1 : 0;
    return Math.max(made, call?.first_op ?? 0) <= complete;
  }).map(({ value, how }) => ({ kind: "escape", place: value.selector, text: how }));
}

/**
 * Return the values on the way to the destination that may have been made, unseen, from the source.
 * @param {Flow} flow
 * @param {Map<Value, Moment>} starts
 * @param {Map<Value, Moment>} goals
 * @returns {Doubt[]}
 */
function unknownOrigins(flow, starts, goals) {
  const made = [...starts.keys()].map(({ id }) => Math.min(...flow.makers[id].map((op) => op.id), Infinity));
  const since = starts.size ? Math.min(...made.map((id) => id === Infinity ? -1 : id)) : -1;
  return [...flow.up(goals.keys()).keys()].filter((value) => {
    const [reader] = flow.readers[value.id];
    return value.origin === "unknown" && (!reader || reader.id > since);
  }).map((value) => ({ kind: "origin", place: value.selector, text: value.name }));
}
