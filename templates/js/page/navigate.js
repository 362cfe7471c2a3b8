// Going from place to place: what an address names, and the next or previous of some elements.

/**
 * Go somewhere, as a step that the browser can take back.
 * @param {string} address
 */
function goTo(address) { if (location.hash === address) follow(); else location.hash = address; }

/**
 * Put another address in place of this one.
 * @param {string} address
 */
function replaceAddress(address) {
  try { history.replaceState({ filter: state.filter.name }, "", address); } catch { /* some allow few a second */ }
}

/** Show what the address names: a place in the trace, a size, a claim, a section, some claims, or the explorer. */
function follow() {
  if (followRide()) return;
  const { kind, name } = readAddress(location.hash);
  // An address that has been here before carries its filter; the browser scrolls to where it was left by itself.
  const seen = Boolean(history.state);
  const back = inExplorer() && location.hash === state.textAddress;
  for (const node of all(".graph .picked")) node.classList.remove("picked");
  setView(kind === "explorer");
  if (kind === "explorer") openExplorer(name);
  else {
    setFilter(filterOf(kind, name));
    if (kind === "id") followId(name, !(seen && state.opened));
    else if (kind !== "show") followInTrace(kind, name);
    state.textAddress = location.hash;
  }
  state.opened = true;
  replaceAddress(location.href);
  if (back) settle(byId("text"), () => window.scrollTo(0, state.textTop)); // some browsers go to the section
}

/**
 * @param {string} kind
 * @param {string} name
 */
function followInTrace(kind, name) {
  if (!state.trace) return;
  const found = kind === "size" ? sizeOf(name) : state.trace.find(name);
  closeFigure(); // what is found is shown beside the page
  if (found) inspect(found, name); else inspectNothing(name);
  pickInFigures(kind, name);
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

/**
 * Open a section or claim.
 * @param {string} id
 * @param {boolean} [scroll]
 */
function followId(id, scroll = true) {
  const element = id ? document.getElementById(id) : null;
  if (!element) return;
  uncover(element);
  closeMenu();
  const block = element.matches(".claim") ? "center" : "start";
  if (scroll) settle(element, () => element.scrollIntoView({ block }));
  markCurrent(element.closest("#summary, .part")?.id);
  showFound(element);
}

/**
 * Open everything that an element is folded in.
 * @param {Element} element
 */
function uncover(element) {
  for (let at = /** @type {Element | null} */ (element); at; at = at.parentElement) {
    if (at instanceof HTMLDetailsElement) at.open = true;
    if (at.getAttribute("hidden") === "until-found") {
      at.dispatchEvent(new Event("beforematch", { bubbles: true }));
      at.removeAttribute("hidden");
    }
  }
}

/**
 * Light up a section in the contents, and keep it in sight there.
 * @param {string | undefined} id
 */
function markCurrent(id) {
  const contents = byId("contents");
  for (const entry of all("a[data-section]", contents)) {
    const current = entry.dataset.section === id;
    if (current === entry.hasAttribute("aria-current")) continue;
    if (!current) { entry.removeAttribute("aria-current"); continue; }
    entry.setAttribute("aria-current", "true");
    const [box, row] = [contents.getBoundingClientRect(), entry.getBoundingClientRect()];
    if (row.top < box.top || row.bottom > box.bottom) contents.scrollTop += row.top - box.top - box.height / 3;
  }
  if (id === "summary" && !contents.matches(":hover")) contents.scrollTop = 0;
  markStation(id);
}

/**
 * Go to the next or previous of some elements, seen from the middle of the window.
 * @param {HTMLElement[]} elements
 * @param {1 | -1} direction
 * @param {string} focused what gets the focus inside of it
 * @param {boolean} [around] whether the first follows the last
 */
function walk(elements, direction, focused, around = false) {
  const { dataset } = byId("text");
  const at = elements.findIndex((element) => element.id && element.id === dataset.at);
  const end = around ? elements.at(direction > 0 ? 0 : -1) : undefined;
  const target = (at < 0 ? nearest(elements, direction) : elements[at + direction]) ?? end;
  if (!target) return;
  dataset.at = target.id;
  replaceAddress(`#${target.id}`);
  followId(target.id);
  const [inner = target] = all(focused, target);
  inner.focus({ preventScroll: true });
}

/** @param {1 | -1} direction */
function walkSections(direction) {
  walk(all("#text > .part").filter((part) => part.getClientRects().length), direction, ".title");
}

/**
 * Go to the next or previous claim that differs; if none does, to what could not be decided, else say that all hold.
 * With a filter on, it is the claims that are shown.
 * @param {1 | -1} direction
 */
function walkClaims(direction) {
  const claims = all("main .claim");
  const filtered = state.filter.name !== "all";
  const differing = claims.filter((claim) => (
    filtered ? fitsFilter(claim, state.filter.name) : "failed" in claim.dataset));
  const open = claims.filter((claim) => claim.matches(".doubt, .idle"));
  const walked = differing.length || filtered ? differing : open;
  if (!walked.length) {
    const holding = claims.filter((claim) => claim.matches(".good")).length || claims.length;
    toast(words(filtered ? "filter-none" : holding ? "walk-none" : "walk-no-claims", { n: holding }));
    return;
  }
  const before = byId("text").dataset.at;
  walk(walked, direction, "summary", true);
  const at = walked.findIndex((claim) => claim.id === byId("text").dataset.at);
  const position = words("walk-position", { at: at + 1, n: walked.length });
  const first = !walked.some((claim) => claim.id === before);
  toast(walked === open && first ? `${words("walk-open", { n: open.length })} ${position}` : position);
}

/**
 * Return the first element below the upper third of the window, or the last one above the window.
 * @param {HTMLElement[]} elements
 * @param {1 | -1} direction
 */
function nearest(elements, direction) {
  /** @param {Element} element what is folded away counts where its fold stands */
  const top = (element) => {
    let shown = /** @type {Element} */ (element);
    while (!shown.getClientRects().length && shown.parentElement) shown = shown.parentElement;
    return shown.getBoundingClientRect().top;
  };
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
