// The whole call tree, of which only the rows in sight are in the page.

const ROW = 27;
const tree = { rows: [], open: new Set(), selected: 0, hits: null, space: null };

function startTree() {
  const box = byId("tree");
  tree.space = make("div", { class: "space" });
  box.replaceChildren(tree.space);
  const openDown = (id) => { tree.open.add(`c${id}`); const { children } = trace.calls[id]; if (children.length === 1) openDown(children[0]); };
  trace.roots.forEach(openDown);
  box.addEventListener("scroll", paintTree, { passive: true });
  box.addEventListener("keydown", treeKey);
  new ResizeObserver(paintTree).observe(box);
  for (const id of ["show-ops", "fold-repeats", "shape-only"]) byId(id).addEventListener("change", () => layTree());
  let waiting = 0;
  byId("filter").addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(filterTree, 90); });
  byId("filter").addEventListener("keydown", (event) => { if (event.key === "ArrowDown" || event.key === "Enter") { event.preventDefault(); byId("tree").focus(); } });
  layTree();
}

/** Work out which rows there are, from what is open and what the filter found. */
function layTree() {
  const ops = byId("show-ops").checked || (tree.hits !== null && tree.hits.ops.size > 0);
  const fold = byId("fold-repeats").checked && tree.hits === null;
  const only = byId("shape-only").checked;
  const rows = [];
  const wanted = (call) => tree.hits === null || tree.hits.around.has(call);
  const addCall = (id, depth) => {
    const call = trace.calls[id];
    const key = `c${id}`;
    const full = call.children.length > 0 || (ops && call.ops.length > 0);
    rows.push({ kind: "call", id, depth, key, full });
    if (full && (tree.open.has(key) || (tree.hits !== null && tree.hits.above.has(id)))) addInside(call, depth + 1);
  };
  const addInside = (call, depth) => {
    const parts = call.children.filter(wanted).map((id) => [trace.calls[id].first, "call", id]);
    if (ops) for (const op of call.ops) if (tree.hits === null || tree.hits.ops.has(op)) parts.push([op, "op", op]);
    if (ops) parts.sort((a, b) => a[0] - b[0] || (a[1] < b[1] ? -1 : 1));
    addParts(parts, depth);
  };
  const addParts = (parts, depth) => {
    const seen = new Set();
    for (const [, kind, id] of parts) {
      const repeat = kind === "call" && fold ? trace.repeatOf.get(id) : null;
      const types = kind === "call" ? trace.callTypes(id) : trace.opTypes(id);
      if (kind === "op") { if (!only || trace.changes(types)) rows.push({ kind, id, depth, key: `o${id}`, full: false }); continue; }
      if (only && !repeat && tree.hits === null && !trace.changes(types) && !insideChanges(id)) continue;
      if (!repeat) { addCall(id, depth); continue; }
      if (seen.has(repeat.id)) continue;
      seen.add(repeat.id);
      rows.push({ kind: "repeat", id: repeat.id, depth, key: `r${repeat.id}`, full: true });
      if (tree.open.has(`r${repeat.id}`)) for (const call of repeat.calls) addCall(call, depth + 1);
    }
  };
  addParts(trace.roots.filter(wanted).map((id) => [trace.calls[id].first, "call", id]), 0);
  tree.rows = rows;
  tree.selected = Math.min(tree.selected, Math.max(0, rows.length - 1));
  tree.space.style.height = `${rows.length * ROW}px`;
  paintTree();
}

/** Return whether anything inside a call changes a shape. */
function insideChanges(id) {
  const call = trace.calls[id];
  for (let op = call.first; op < call.last; op += 1) if (trace.changes(trace.opTypes(op))) return true;
  return false;
}

function paintTree() {
  const box = byId("tree");
  const first = Math.max(0, Math.floor(box.scrollTop / ROW) - 8);
  const last = Math.min(tree.rows.length, Math.ceil((box.scrollTop + box.clientHeight) / ROW) + 8);
  const rows = [];
  for (let i = first; i < last; i += 1) rows.push(rowElement(i));
  if (tree.selected < tree.rows.length && (tree.selected < first || tree.selected >= last)) rows.push(rowElement(tree.selected));
  tree.space.replaceChildren(...rows);
  if (tree.rows.length) box.setAttribute("aria-activedescendant", `row-${tree.selected}`);
  else box.removeAttribute("aria-activedescendant");
}

function rowElement(index) {
  const row = tree.rows[index];
  const element = make("div", {
    id: `row-${index}`, class: "row", role: "treeitem", "aria-level": row.depth + 1, "aria-selected": String(index === tree.selected),
    "aria-expanded": row.full ? String(isOpen(row)) : null, style: `top:${index * ROW}px;padding-left:${8 + row.depth * 18}px`,
  });
  element.append(make("span", { class: "twist", "aria-hidden": "true" }, row.full ? (isOpen(row) ? "▾" : "▸") : row.kind === "op" ? "·" : ""));
  const view = { call: callRow, op: opRow, repeat: repeatRow }[row.kind](row.id, element);
  element.append(...view);
  element.addEventListener("click", (event) => {
    tree.selected = index;
    if (event.target.classList.contains("twist") && row.full) toggleRow(row);
    else { paintTree(); showRow(row); }
  });
  element.addEventListener("dblclick", () => { if (row.full) toggleRow(row); });
  return element;
}

function callRow(id, element) {
  const call = trace.calls[id];
  if (call.raised) element.classList.add("raised");
  if (tree.hits?.calls.has(id)) element.classList.add("hit");
  const parent = call.parent < 0 ? "" : trace.calls[call.parent].path;
  const short = call.path.startsWith(`${parent}.`) && parent ? call.path.slice(parent.length + 1) : call.path;
  const name = call.method === "forward" ? short || "." : `${call.path === parent ? "" : short}.${call.method}()`;
  const repeat = trace.repeatOf.get(id);
  return [make("span", { class: "name" }, name), make("span", { class: "class" }, call.class), repeat?.odd.has(id) ? make("span", { class: "odd" }, words("differs")) : "", typesElement(trace.callTypes(id))];
}

function opRow(id, element) {
  element.classList.add("op");
  if (tree.hits?.ops.has(id)) element.classList.add("hit");
  const op = trace.data.ops[id];
  return [make("span", { class: "name" }, trace.text(op[0])), make("span", { class: "class" }, trace.sourcePlace(op[4])), typesElement(trace.opTypes(id))];
}

function repeatRow(id) {
  const repeat = trace.repeats[id];
  const first = trace.calls[repeat.calls[0]];
  const odd = repeat.odd.size ? make("span", { class: "odd" }, words("n-differ-from-rest", { n: repeat.odd.size })) : "";
  return [make("span", { class: "name" }, `${repeat.label} × ${repeat.calls.length}`), make("span", { class: "class" }, first.class), odd, typesElement([trace.callTypes(first.id)[0], trace.callTypes(repeat.calls.at(-1))[1]])];
}

const isOpen = (row) => tree.open.has(row.key) || (tree.hits !== null && row.kind === "call" && tree.hits.above.has(row.id));

function toggleRow(row) {
  if (tree.open.has(row.key)) tree.open.delete(row.key); else tree.open.add(row.key);
  layTree();
}

function showRow(row) {
  const selector = row.kind === "call" ? trace.calls[row.id].selector : row.kind === "op" ? trace.opSelector(row.id) : trace.repeats[row.id].selector;
  history.replaceState(null, "", `#at=${encode(selector)}`);
  inspect({ kind: row.kind, id: row.id });
}

function selectRow(index) {
  tree.selected = Math.max(0, Math.min(tree.rows.length - 1, index));
  const box = byId("tree");
  const top = tree.selected * ROW;
  if (top < box.scrollTop) box.scrollTop = top;
  else if (top + ROW > box.scrollTop + box.clientHeight) box.scrollTop = top + ROW - box.clientHeight;
  paintTree();
}

function treeKey(event) {
  const row = tree.rows[tree.selected];
  if (!row || event.ctrlKey || event.metaKey || event.altKey) return;
  const pageRows = Math.floor(byId("tree").clientHeight / ROW) - 1;
  const moves = { ArrowDown: 1, ArrowUp: -1, PageDown: pageRows, PageUp: -pageRows, Home: -tree.rows.length, End: tree.rows.length };
  if (event.key in moves) selectRow(tree.selected + moves[event.key]);
  else if (event.key === "ArrowRight") { if (row.full && !isOpen(row)) toggleRow(row); else if (row.full) selectRow(tree.selected + 1); }
  else if (event.key === "ArrowLeft") { if (row.full && tree.open.has(row.key)) toggleRow(row); else selectRow(tree.rows.findLastIndex((other, i) => i < tree.selected && other.depth < row.depth)); }
  else if (event.key === "Enter" || event.key === " ") showRow(row);
  else if (event.key === "c") copy(row.kind === "call" ? trace.calls[row.id].selector : row.kind === "op" ? trace.opSelector(row.id) : trace.repeats[row.id].selector);
  else return;
  event.preventDefault();
  event.stopPropagation();
}

function filterTree() {
  const text = byId("filter").value;
  if (!text.trim()) { tree.hits = null; byId("found").textContent = ""; layTree(); return; }
  const { calls, ops } = findInTrace(readQuery(text));
  const above = new Set();
  const around = new Set(calls);
  const climb = (call) => { for (let at = call; at >= 0 && !above.has(at); at = trace.calls[at].parent) { above.add(at); around.add(at); } };
  for (const call of calls) climb(trace.calls[call].parent);
  for (const op of ops) climb(trace.opCall[op]);
  tree.hits = { calls: new Set(calls), ops: new Set(ops), above, around };
  byId("found").textContent = calls.length + ops.length ? `${words("n-calls", { n: calls.length })}, ${words("n-ops", { n: ops.length })}` : words("nothing-found");
  tree.selected = 0;
  layTree();
  const first = tree.rows.findIndex((row) => row.kind === "op" ? tree.hits.ops.has(row.id) : tree.hits.calls.has(row.id));
  selectRow(Math.max(0, first));
}

/** Open the tree down to a call, op or tensor and bring it into view. */
function revealInTree(target) {
  const call = target.kind === "call" ? target.id : target.kind === "op" ? trace.opCall[target.id] : -1;
  byId("filter").value = "";
  tree.hits = null;
  byId("found").textContent = "";
  if (target.kind === "op") byId("show-ops").checked = true;
  byId("shape-only").checked = false;
  const line = call < 0 ? [] : trace.line(call);
  line.forEach((at, depth) => {
    if (depth < line.length - 1 || target.kind === "op") tree.open.add(`c${at}`);
    const repeat = trace.repeatOf.get(at);
    if (repeat) tree.open.add(`r${repeat.id}`);
  });
  layTree();
  byId("explorer").scrollIntoView();
  const key = target.kind === "op" ? `o${target.id}` : `c${call}`;
  selectRow(tree.rows.findIndex((row) => row.key === key));
  byId("tree").focus({ preventScroll: true });
}
