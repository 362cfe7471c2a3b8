// The explorer: a view of its own over the text, with the whole call tree. Only the rows in sight are in the page.

const ROW = 27;

/** @param {string} id */
const isChecked = (id) => byId(id, HTMLInputElement).checked;

/** @returns {TreeView} */
function treeView() {
  const { open, hits } = state.tree;
  const showOps = isChecked("show-ops") || (hits !== null && hits.ops.size > 0);
  return { open, hits, showOps, foldRepeats: isChecked("fold-repeats"), changesOnly: isChecked("shape-only") };
}

const inExplorer = () => document.documentElement.dataset.view === "explorer";

/**
 * Show the explorer or the text. The text stays as it is below, so that its place is kept.
 * @param {boolean} explorer
 */
function setView(explorer) {
  if (explorer === inExplorer()) return;
  const { dataset, classList, clientWidth } = document.documentElement;
  if (explorer) state.textTop = window.scrollY;
  // Where the scroll bar of the text takes room, the room stays, so that no line of the text breaks otherwise.
  if (explorer) classList.toggle("has-bar", window.innerWidth > clientWidth);
  if (explorer) dataset.view = "explorer"; else delete dataset.view;
  for (const id of ["text", "contents"]) byId(id).inert = explorer;
  closeMenu();
  if (!explorer) { setInspector(byId("page").classList.contains("beside")); return; }
  clearFound();
  if (state.trace && !state.tree.rows.length) startTree(state.trace);
  byId("tree").focus({ preventScroll: true });
}

/** Go back to the text where it was left. */
function leaveExplorer() {
  history.pushState({ filter: state.filter.name }, "", state.textAddress || location.pathname + location.search);
  setView(false);
}

/**
 * Show a place of the trace in the tree and in the inspector.
 * @param {string} name its selector; empty: only the tree
 */
function openExplorer(name) {
  if (!state.trace || !name) return;
  const found = state.trace.find(name);
  if (!found) { inspectNothing(name); return; }
  const owner = found.kind === "value" ? state.trace.byName().get(ownerOf(name)) ?? found.producer : found;
  if (owner && owner.kind !== "value" && state.tree.rows[state.tree.selected]?.item !== owner) revealInTree(owner);
  inspect(found, name);
}

/** @param {Trace} trace */
function startTree(trace) {
  const box = byId("tree");
  box.replaceChildren(make("div", { class: "space" }));
  state.tree.open = firstOpen(trace);
  box.addEventListener("scroll", paintTree, { passive: true });
  box.addEventListener("keydown", treeKey);
  new ResizeObserver(paintTree).observe(box);
  for (const id of ["show-ops", "fold-repeats", "shape-only"]) byId(id).addEventListener("change", layTree);
  byId("filter").addEventListener("input", delayed(90, filterTree));
  byId("filter").addEventListener("keydown", filterKey);
  layTree();
}

/** @param {KeyboardEvent} event */
function filterKey(event) {
  const input = byId("filter", HTMLInputElement);
  if (event.key === "Escape" && input.value) { input.value = ""; filterTree(); }
  else if (event.key === "ArrowDown" || event.key === "Enter" || event.key === "Escape") byId("tree").focus();
  else return;
  event.preventDefault();
  event.stopPropagation();
}

/** Work out which rows there are, from what is open and what the filter found. */
function layTree() {
  const { tree } = state;
  tree.rows = treeRows(theTrace(), treeView());
  tree.selected = Math.min(tree.selected, Math.max(0, tree.rows.length - 1));
  all("#tree .space")[0].style.height = `${tree.rows.length * ROW}px`;
  paintTree();
}

function paintTree() {
  const { rows, selected } = state.tree;
  const box = byId("tree");
  const first = Math.max(0, Math.floor(box.scrollTop / ROW) - 8);
  const last = Math.min(rows.length, Math.ceil((box.scrollTop + box.clientHeight) / ROW) + 8);
  const shown = rows.slice(first, last).map((row, i) => rowElement(row, first + i));
  if (selected < rows.length && (selected < first || selected >= last)) {
    shown.push(rowElement(rows[selected], selected));
  }
  all("#tree .space")[0].replaceChildren(...shown);
  if (rows.length) box.setAttribute("aria-activedescendant", `row-${selected}`);
  else box.removeAttribute("aria-activedescendant");
}

/**
 * @param {Row} row
 * @param {number} index
 */
function rowElement(row, index) {
  const { tree } = state;
  const { item } = row;
  const open = row.full && isOpen(row, tree);
  const hit = (item.kind === "call" && tree.hits?.calls.has(item)) || (item.kind === "op" && tree.hits?.ops.has(item));
  const raised = item.kind === "call" && item.raised;
  const element = make("div", {
    id: `row-${index}`, role: "treeitem",
    class: ["row", item.kind === "op" && "op", raised && "raised", hit && "hit"].filter(Boolean).join(" "),
    "aria-level": row.depth + 1, "aria-selected": String(index === tree.selected),
    "aria-expanded": row.full ? String(open) : null, style: `top:${index * ROW}px;padding-left:${8 + row.depth * 18}px`,
  });
  const covered = coveredOf(item);
  if (covered !== null) element.append(marginElement(covered));
  const sign = row.full ? (open ? "▾" : "▸") : item.kind === "op" ? "·" : "";
  element.append(make("span", { class: "twist", "aria-hidden": "true" }, sign), ...rowTexts(item));
  element.addEventListener("click", (event) => {
    tree.selected = index;
    if (row.full && around(event, ".twist")) toggleRow(row);
    else { paintTree(); showRow(row); }
  });
  element.addEventListener("dblclick", () => { if (row.full) toggleRow(row); });
  return element;
}

/**
 * Return the thin margin that says how much of a row is guarded by claims.
 * @param {number} covered in percent
 */
const marginElement = (covered) => make("span", {
  class: "covered", style: `--covered:${covered}%`, title: `${covered} % ${words("covered")}`, "aria-hidden": "true",
});

/** @param {Part} item */
function rowTexts(item) {
  const [name, note, odd] = rowWords(item);
  return [make("span", { class: "name" }, name), make("span", { class: "class" }, note),
    odd ? make("span", { class: "odd" }, odd) : "", typesElement(mainTypes(item))];
}

/**
 * Return name, class or place, and what is odd about a row.
 * @param {Part} item
 */
function rowWords(item) {
  if (item.kind === "op") return [item.target, item.source?.place ?? "", ""];
  if (item.kind === "call") return [item.label, item.class_name, item.difference ? words("differs") : ""];
  const odd = item.calls.filter((call) => call.difference).length;
  return [titleOf(item), item.typical.class_name, odd ? words("n-differ-from-rest", { n: odd }) : ""];
}

/** @param {Row} row */
function toggleRow(row) {
  const { open } = state.tree;
  if (open.has(row.key)) open.delete(row.key); else open.add(row.key);
  layTree();
}

/** @param {Row} row */
function showRow({ item }) {
  replaceAddress(explorerAddress(item.selector));
  inspect(item);
}

/** @param {number} index */
function selectRow(index) {
  const { tree } = state;
  tree.selected = Math.max(0, Math.min(tree.rows.length - 1, index));
  const box = byId("tree");
  const top = tree.selected * ROW;
  if (top < box.scrollTop) box.scrollTop = top;
  else if (top + ROW > box.scrollTop + box.clientHeight) box.scrollTop = top + ROW - box.clientHeight;
  paintTree();
}

/** @param {KeyboardEvent} event */
function treeKey(event) {
  const { rows, selected, open } = state.tree;
  const row = rows[selected];
  if (!row || event.ctrlKey || event.metaKey || event.altKey) return;
  const pageRows = Math.floor(byId("tree").clientHeight / ROW) - 1;
  const next = rowAfter(event.key, rows, selected, pageRows);
  if (next !== null) selectRow(next);
  else if (event.key === "ArrowRight") {
    if (row.full && !isOpen(row, state.tree)) toggleRow(row); else if (row.full) selectRow(selected + 1);
  } else if (event.key === "ArrowLeft") {
    if (row.full && open.has(row.key)) toggleRow(row); else selectRow(rowAround(rows, selected));
  } else if (event.key === "Enter" || event.key === " ") showRow(row);
  else if (event.key === "c") copy(row.item.selector);
  else return;
  event.preventDefault();
  event.stopPropagation();
}

function filterTree() {
  const { tree } = state;
  const text = byId("filter", HTMLInputElement).value;
  const found = text.trim() ? findInTrace(theTrace(), readQuery(text, symbolsByName)) : null;
  tree.hits = found && hitsOf(found);
  byId("found").textContent = found ? countsOf(found) : "";
  if (found) tree.selected = 0;
  layTree();
  if (!tree.hits) return;
  const { calls, ops } = tree.hits;
  selectRow(tree.rows.findIndex(({ item }) => (
    item.kind === "op" ? ops.has(item) : item.kind === "call" && calls.has(item))));
}

/** @param {CallsAndOps} found */
function countsOf({ calls, ops }) {
  if (!calls.length && !ops.length) return words("nothing-found");
  return [words("n-calls", { n: calls.length }), words("n-ops", { n: ops.length })].join(words("comma-list"));
}

/**
 * Open the tree down to a part and bring it into view; an op that another one was opened into stands for it.
 * @param {Part} target
 */
function revealInTree(target) {
  const { tree } = state;
  let part = target;
  while (part.kind === "op" && part.parent) part = part.parent;
  byId("filter", HTMLInputElement).value = "";
  byId("found").textContent = "";
  tree.hits = null;
  if (part.kind === "op") byId("show-ops", HTMLInputElement).checked = true;
  byId("shape-only", HTMLInputElement).checked = false;
  for (const key of keysAround(part)) tree.open.add(key);
  layTree();
  const row = tree.rows.findIndex(({ item }) => item === part);
  const [first] = part.kind === "repeat" ? part.calls : [];
  selectRow(row >= 0 ? row : tree.rows.findIndex(({ item }) => item === first));
}
