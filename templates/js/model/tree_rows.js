// Which rows the explorer has, and what its filter found.

/**
 * Return the rows of the explorer.
 * @param {Trace} trace
 * @param {TreeView} view
 * @returns {Row[]}
 */
function treeRows(trace, view) {
  const { hits } = view;
  /** @type {Row[]} */
  const rows = [];
  const add = (/** @type {Part} */ item, /** @type {number} */ depth) => {
    const row = { item, depth, key: keyOf(item), full: isFull(item, view) };
    rows.push(row);
    if (!row.full || !isOpen(row, view)) return;
    if (item.kind === "repeat") item.calls.forEach((call) => add(call, depth + 1));
    if (item.kind === "call") addAll(partsInside(item, view), depth + 1);
  };
  const addAll = (/** @type {Part[]} */ parts, /** @type {number} */ depth) => {
    for (const part of parts) if (!view.changesOnly || showsChange(trace, part, hits)) add(part, depth);
  };
  const roots = trace.roots.filter((call) => !hits || hits.around.has(call));
  addAll(inOrder(view.foldRepeats && !hits ? folded(roots) : roots), 0);
  return rows;
}

/**
 * @param {Call} call
 * @param {TreeView} view
 */
function partsInside(call, { hits, showOps, foldRepeats }) {
  const calls = hits ? call.children.filter((child) => hits.around.has(child)) : call.children;
  const ops = showOps ? call.ops.filter((op) => !hits || hits.ops.has(op)) : [];
  return inOrder([...(foldRepeats && !hits ? folded(calls) : calls), ...ops]);
}

/**
 * Return whether there is something to open in a row.
 * @param {Part} item
 * @param {TreeView} view
 */
function isFull(item, view) {
  if (item.kind === "op") return false;
  return item.kind === "repeat" || item.children.length > 0 || (view.showOps && item.ops.length > 0);
}

/**
 * Return whether a row is open: by hand, or because the filter found something in it.
 * @param {Pick<Row, "item" | "key">} row
 * @param {Pick<TreeView, "open" | "hits">} view
 */
function isOpen({ item, key }, { open, hits }) {
  return open.has(key) || (item.kind === "call" && hits !== null && hits.above.has(item));
}

/**
 * Return whether a row stays where only changes of the shape are shown: it makes one, or holds what does.
 * @param {Trace} trace
 * @param {Part} part
 * @param {Hits | null} hits
 */
function showsChange(trace, part, hits) {
  if (part.kind === "repeat" || changesShape(part)) return true;
  if (part.kind === "op") return false;
  return hits !== null || trace.ops.slice(part.first_op, part.last_op).some(changesShape);
}

/**
 * Return what names a row among all rows.
 * @param {Part} item
 */
const keyOf = (item) => `${item.kind}-${item.id}`;

/**
 * Return how much of a row claims constrain, in percent; null if nothing is known of that.
 * @param {Part} item
 */
function coveredOf(item) {
  if (item.kind === "op") return null;
  if (item.kind === "call") return item.covered;
  const known = item.calls.flatMap(({ covered }) => covered ?? []);
  return known.length ? Math.round(known.reduce((sum, covered) => sum + covered, 0) / known.length) : null;
}

/**
 * Return the keys of the outermost rows that only lead to one other call each.
 * @param {Trace} trace
 */
function firstOpen(trace) {
  /** @type {Set<string>} */
  const open = new Set();
  for (const root of trace.roots) {
    let call = root;
    open.add(keyOf(call));
    while (call.children.length === 1) {
      [call] = call.children;
      open.add(keyOf(call));
    }
  }
  return open;
}

/**
 * Return the keys of the rows that must be open for a part to be seen.
 * @param {Part} target
 */
function keysAround(target) {
  const holder = target.kind === "op" ? target.call : target.kind === "call" ? target.parent : target.calls[0].parent;
  const line = holder ? lineOf(holder) : [];
  const repeats = [...line, ...(target.kind === "call" ? [target] : [])].flatMap((call) => call.repeat ?? []);
  return [...line, ...repeats].map(keyOf);
}

/**
 * Return what was found together with the calls that lead to it.
 * @param {CallsAndOps} found
 * @returns {Hits}
 */
function hitsOf({ calls, ops }) {
  /** @type {Set<Call>} */
  const above = new Set();
  const climb = (/** @type {Call | null} */ start) => {
    for (let call = start; call && !above.has(call); call = call.parent) above.add(call);
  };
  for (const call of calls) climb(call.parent);
  for (const op of ops) climb(op.call);
  return { calls: new Set(calls), ops: new Set(ops), above, around: new Set([...above, ...calls]) };
}

/**
 * Return the row that an arrow key leads to; null if the key means something else.
 * @param {string} key
 * @param {Row[]} rows
 * @param {number} selected
 * @param {number} pageRows rows in sight
 */
function rowAfter(key, rows, selected, pageRows) {
  const steps = new Map([["ArrowDown", 1], ["ArrowUp", -1], ["PageDown", pageRows], ["PageUp", -pageRows]]);
  const last = rows.length - 1;
  if (key === "Home") return 0;
  if (key === "End") return last;
  const step = steps.get(key);
  return step === undefined ? null : Math.max(0, Math.min(last, selected + step));
}

/**
 * Return the row that holds another one; itself if it is outermost.
 * @param {Row[]} rows
 * @param {number} index
 */
function rowAround(rows, index) {
  const around = rows.findLastIndex((row, i) => i < index && row.depth < rows[index].depth);
  return Math.max(0, around);
}
