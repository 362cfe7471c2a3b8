// The filter: only the claims of one kind, each under the heading of its section. It has an address.

/** What is shown, as an address says it (so does `Count.address`), by the name that the page's buttons have for it. */
const SHOWN = new Map([
  ["good", "holds"], ["bad", "contradicted"], ["doubt", "undecided"], ["idle", "not-judged"], ["said", "corrections"],
]);
const FILTERS = new Map([...SHOWN].map(([name, shown]) => [shown, name]));

/**
 * Go to the claims of one kind, or to what else a count in the first sentence stands for.
 * @param {string} name
 */
function goToFilter(name) {
  if (name === "all") { leaveFilter(); return; }
  goTo(SHOWN.has(name) ? `#show=${SHOWN.get(name)}` : `#${name}`);
}

/** Go back to where the whole text was left. */
function leaveFilter() {
  const { before } = state.filter;
  history.pushState(null, "", before?.address || location.pathname + location.search);
  setFilter("all");
}

/**
 * Return the filter that an address asks for. A link to a place keeps the one that is on, if the place is seen with it.
 * @param {string} kind
 * @param {string} name
 */
function filterOf(kind, name) {
  if (kind === "show") return FILTERS.get(name) ?? "all";
  const stamped = history.state?.filter;
  if (typeof stamped === "string") return stamped;
  if (kind !== "id" || state.filter.name === "all") return state.filter.name;
  return document.getElementById(name)?.checkVisibility() ? state.filter.name : "all";
}

/**
 * Show the claims of one kind; all else but the headings above them goes.
 * @param {string} name
 */
function setFilter(name) {
  const { filter } = state;
  if (name === filter.name) return;
  if (filter.name === "all") filter.before = placeOf(state.textAddress);
  filter.name = name;
  if (name === "all") delete document.body.dataset.filter; else document.body.dataset.filter = name;
  for (const choice of all(".filter")) choice.setAttribute("aria-pressed", String(choice.dataset.filter === name));
  markFitting(name);
  sayFilter(name);
  if (name === "all") { if (filter.before) returnTo(filter.before); }
  else window.scrollTo(0, 0);
}

/**
 * @param {HTMLElement} claim
 * @param {string} name
 */
const fitsFilter = (claim, name) => (
  name === "all" || (name === "said" ? "said" in claim.dataset : claim.classList.contains(name)));

/** @param {string} name */
function markFitting(name) {
  const fitting = new Set(all(".claim").filter((claim) => fitsFilter(claim, name)));
  /** @type {Set<Element>} */
  const around = new Set();
  for (const claim of fitting) {
    for (let at = claim.parentElement; at && at.id !== "text" && !around.has(at); at = at.parentElement) around.add(at);
  }
  for (const claim of all(".claim")) claim.classList.toggle("fits", name !== "all" && fitting.has(claim));
  for (const box of all("main .fits-around")) box.classList.remove("fits-around");
  if (name !== "all") for (const box of around) box.classList.add("fits-around");
  openFolds(name === "all" ? [] : [...around]);
  for (const part of all("#text > .part")) {
    const none = name !== "all" && !around.has(part);
    for (const entry of all(`#contents [data-section="${CSS.escape(part.id)}"]`)) {
      entry.parentElement?.classList.toggle("fit-none", none);
    }
  }
}

/** @type {HTMLDetailsElement[]} */
let unfolded = [];

/**
 * Open the folds that have claims which are shown, and close those that were opened for another filter.
 * @param {Element[]} boxes
 */
function openFolds(boxes) {
  for (const fold of unfolded) fold.open = false;
  const folds = /** @type {HTMLDetailsElement[]} */ (boxes.filter((box) => box instanceof HTMLDetailsElement));
  unfolded = folds.filter((fold) => !fold.open);
  for (const fold of unfolded) fold.open = true;
}

/** @param {string} name */
function sayFilter(name) {
  document.getElementById("cleared")?.remove();
  if (name === "all") return;
  const count = all(".claim.fits").length;
  const [choice] = all(`.filter[data-filter="${name}"]`);
  const kind = choice?.firstChild?.textContent?.trim();
  byId("text").prepend(make("div", { id: "cleared", role: "status" },
    kind ? `${kind}${words("colon")}` : "", count ? words("n-claims-shown", { n: count }) : words("filter-none"), " · ",
    button({}, words("filter-clear"), leaveFilter)));
}
