// The steps inside a call, with those folded away that keep the shape.

/**
 * Return a list of the steps in a call.
 * @param {Call} call
 */
function stepsElement(call) {
  const list = make("ol");
  for (const { changes, parts } of stepGroups(call)) {
    if (changes) list.append(...parts.map(stepElement));
    else {
      const row = make("li");
      const open = () => row.replaceWith(...parts.map(stepElement));
      row.append(button({ class: "kept" }, words("steps-keep", { n: parts.length }), open));
      list.append(row);
    }
  }
  return list;
}

/**
 * @param {Part} part
 */
function stepElement(part) {
  const row = make("li");
  const line = make("div", { class: "step" });
  row.append(line);
  if (part.kind === "op") {
    line.append(link(part.selector, part.target), typesElement(mainTypes(part)), where(part.source?.place ?? ""));
    return row;
  }
  const call = part.kind === "repeat" ? part.calls[0] : part;
  if (call.children.length || call.ops.length) line.append(toggler(row, () => stepsElement(call)));
  const title = part.kind === "repeat" ? titleOf(part) : part.label;
  line.append(link(part.selector, title), typesElement(mainTypes(part)), where(call.class_name));
  const odd = part.kind === "repeat" ? part.calls.filter((one) => one.difference) : [];
  row.append(...odd.map((one) => (
    make("div", { class: "odd" }, link(one.selector), ` ${words("differs")}${words("colon")}${one.difference}`))));
  return row;
}

/** @param {string} text */
const where = (text) => make("span", { class: "where" }, text);

/**
 * Return a button that opens and closes what `content` makes, below `row`.
 * @param {HTMLElement} row
 * @param {() => HTMLElement} content
 */
function toggler(row, content) {
  /** @type {HTMLElement | null} */
  let shown = null;
  const options = { class: "open", "aria-expanded": "false", "aria-label": words("inside") };
  const toggle = button(options, "▸", () => {
    if (shown) { shown.remove(); shown = null; } else { shown = content(); row.append(shown); }
    toggle.textContent = shown ? "▾" : "▸";
    toggle.setAttribute("aria-expanded", String(Boolean(shown)));
  });
  return toggle;
}

/** Fill the steps of sections when they are first opened. */
function watchSteps() {
  for (const details of /** @type {HTMLDetailsElement[]} */ (all("details.steps"))) {
    details.addEventListener("toggle", () => { if (details.open) fillSteps(details); });
  }
}

/**
 * Show the steps of a section's calls; they are in the data once, not in the page.
 * @param {HTMLDetailsElement} details
 */
function fillSteps(details) {
  const [rows] = all(".rows", details);
  if (!state.trace || rows.childElementCount) return;
  for (const selector of (details.dataset.calls ?? "").split("\n")) {
    const found = state.trace.find(selector);
    const call = found?.kind === "repeat" ? found.calls[0] : found;
    if (call?.kind !== "call") continue;
    const head = make("div", { class: "step" }, link(call.selector, selector), typesElement(mainTypes(call)));
    rows.append(head, stepsElement(call));
  }
}
