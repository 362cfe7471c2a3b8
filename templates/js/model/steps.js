// The steps inside a call, and what each does to the shape.

/**
 * Return the parts of a call in the order of the run: inner calls, repeats as one, and its own ops.
 * @param {Call} call
 * @returns {Part[]}
 */
function partsOf(call) { return inOrder([...folded(call.children), ...call.ops]); }

/**
 * Return calls with those of one repeat as one.
 * @param {Call[]} calls
 * @returns {(Call | Repeat)[]}
 */
function folded(calls) { return [...new Set(calls.map((call) => call.repeat ?? call))]; }

/**
 * Return parts in the order of the run, a call without ops before the op that follows it.
 * @param {Part[]} parts calls before ops
 */
function inOrder(parts) {
  const start = (/** @type {Part} */ part) => (
    part.kind === "op" ? part.id : part.kind === "call" ? part.first_op : part.calls[0].first_op);
  return parts.sort((a, b) => start(a) - start(b));
}

/**
 * Return what goes in and what comes out, of a repeat at its two ends.
 * @param {Part} part
 * @returns {MainTypes}
 */
function mainTypes(part) {
  if (part.kind !== "repeat") return part;
  return { takes: part.calls[0].takes, gives: part.calls[part.calls.length - 1].gives };
}

/**
 * Return whether the result has another shape than what went in; what starts from nothing has.
 * @param {Part} part
 */
function changesShape(part) {
  const { takes, gives } = mainTypes(part);
  return gives !== null && takes?.dims.join() !== gives.dims.join();
}

/**
 * Return the parts of a call in groups: each that changes the shape alone, those between them together.
 * @param {Call} call
 * @returns {{ changes: boolean, parts: Part[] }[]}
 */
function stepGroups(call) {
  /** @type {{ changes: boolean, parts: Part[] }[]} */
  const groups = [];
  for (const part of partsOf(call)) {
    const changes = changesShape(part);
    const last = groups.at(-1);
    if (last && !changes && !last.changes) last.parts.push(part); else groups.push({ changes, parts: [part] });
  }
  return groups;
}
