// Going from place to place: what an address names, and the next or previous of some elements.

/** Open what the address names: a place in the trace, a size, a claim or a section. */
function follow() {
  const { kind, name } = readAddress(location.hash);
  for (const node of all(".graph .picked")) node.classList.remove("picked");
  if (kind === "id") followId(name);
  else if (state.trace) {
    const found = kind === "size" ? sizeOf(name) : state.trace.find(name);
    closeFigure(); // what is found is shown beside the page
    if (found) inspect(found, name); else inspectNothing(name);
    pickInFigures(kind, name);
  }
}

/**
 * @param {string} name
 * @returns {Size}
 */
const sizeOf = (name) => ({ kind: "size", size: Number(name) });

/**
 * Mark the boxes of figures that stand for a place.
 * @param {string} kind
 * @param {string} name
 */
function pickInFigures(kind, name) {
  for (const anchor of all(".graph a[href]")) {
    const address = readAddress(anchor.getAttribute("href") ?? "");
    if (address.kind === kind && address.name === name) anchor.closest(".node, .cluster")?.classList.add("picked");
  }
}

/** @param {string} id */
function followId(id) {
  const element = document.getElementById(id);
  if (!element) return;
  for (let at = /** @type {HTMLElement | null} */ (element); at; at = at.parentElement) {
    if (at instanceof HTMLDetailsElement) at.open = true;
  }
  if (element.matches(".claim") && getComputedStyle(element).display === "none") setFilter("all");
  closeMenu();
  element.scrollIntoView({ block: element.matches(".claim") ? "center" : "start" });
  markCurrent(element.closest(".part")?.id);
}

/** @param {string | undefined} id */
function markCurrent(id) {
  for (const entry of all("#contents a[data-section]")) {
    if (entry.dataset.section === id) entry.setAttribute("aria-current", "true");
    else entry.removeAttribute("aria-current");
  }
  markStation(id);
}

/**
 * Go to the next or previous of some elements, seen from the middle of the window.
 * @param {HTMLElement[]} elements
 * @param {1 | -1} direction
 * @param {string} focused what gets the focus inside of it
 */
function walk(elements, direction, focused) {
  const { dataset } = byId("text");
  const shown = elements.filter((element) => element.getClientRects().length);
  const at = shown.findIndex((element) => element.id && element.id === dataset.at);
  const target = at < 0 ? nearest(shown, direction) : shown[at + direction];
  if (!target) return;
  dataset.at = target.id;
  history.replaceState(null, "", `#${target.id}`);
  follow();
  const [inner = target] = all(focused, target);
  inner.focus({ preventScroll: true });
}

/**
 * Return the first element below the upper third of the window, or the last one above the window.
 * @param {HTMLElement[]} elements
 * @param {1 | -1} direction
 */
function nearest(elements, direction) {
  const top = (/** @type {HTMLElement} */ element) => element.getBoundingClientRect().top;
  if (direction > 0) return elements.find((element) => top(element) > window.innerHeight / 3);
  return elements.findLast((element) => top(element) < 0);
}

/** Open or close the claim or figure at hand: the one with the focus, else the first of the section at hand. */
function toggleHere() {
  const focused = document.activeElement?.closest("main details");
  const part = document.activeElement?.closest(".part") ?? document.getElementById(byId("text").dataset.at ?? "");
  const details = focused ?? part?.querySelector("details");
  if (details instanceof HTMLDetailsElement) details.open = !details.open;
}

function closeMenu() {
  byId("contents").classList.remove("open");
  byId("menu").setAttribute("aria-expanded", "false");
}
