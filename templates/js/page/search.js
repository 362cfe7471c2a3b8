// The search box above everything: sections, claims, calls, ops, shapes and sizes.

const MOST_HITS = 80;

function startSearch() {
  const input = byId("search", HTMLInputElement);
  input.addEventListener("input", delayed(70, runSearch));
  input.addEventListener("focus", () => { if (input.value) runSearch(); });
  input.addEventListener("keydown", searchKey);
  document.addEventListener("pointerdown", (event) => { if (!around(event, ".search")) closeSearch(); });
}

function closeSearch() {
  byId("hits").hidden = true;
  byId("search").setAttribute("aria-expanded", "false");
  byId("search").removeAttribute("aria-activedescendant");
}

function runSearch() {
  const text = byId("search", HTMLInputElement).value.trim();
  if (!text) { closeSearch(); return; }
  const query = readQuery(text, symbolsByName);
  const { calls, ops } = state.trace ? findInTrace(state.trace, query) : { calls: [], ops: [] };
  const inPage = hitsInPage(text, query);
  const inTrace = [...calls, ...ops].slice(0, MOST_HITS).map(({ kind, selector }) => (
    { sort: kind, text: selector, href: addressOf(selector) }));
  showHits([...inPage, ...inTrace].slice(0, MOST_HITS), inPage.length + calls.length + ops.length);
}

/**
 * Return the sections and claims that have all words of a text, and the size that it may be.
 * @param {string} text
 * @param {Query} query
 * @returns {SearchHit[]}
 */
function hitsInPage(text, query) {
  const wanted = text.toLowerCase().split(/\s+/);
  const titles = query.kind === "shape" ? [] : all("main .part > .title > span:first-child");
  const sections = titles.map((title) => (
    { sort: "section", text: title.textContent ?? "", href: `#${title.closest(".part")?.id}` }));
  const claims = state.claims.map((claim) => ({ sort: "claim", text: claim.text, href: `#${claim.anchor}` }));
  const fitting = [...sections, ...claims].filter((hit) => hasWords(wanted, hit.text));
  if (query.kind !== "size") return fitting;
  return [{ sort: "size", text: words("comes-from", { n: text }), href: `#size=${text}` }, ...fitting];
}

/**
 * @param {SearchHit[]} hits
 * @param {number} total how many there are, also those that are not shown
 */
function showHits(hits, total) {
  state.search = { hits, at: hits.length ? 0 : -1 };
  const count = total ? words("n-found", { n: total }) : words("nothing-found");
  byId("hits").replaceChildren(make("div", { class: "hit-count" }, count), ...hits.map(hitElement));
  byId("hits").hidden = false;
  byId("search").setAttribute("aria-expanded", "true");
  moveHit(0);
}

/**
 * @param {SearchHit} hit
 * @param {number} index
 */
function hitElement({ sort, text, href }, index) {
  return make("div", { class: "hit-row", role: "option", id: `hit-${index}`, click: () => go(href) },
    make("span", { class: "sort" }, words(sort)), make("code", {}, shorten(text, 160)));
}

/** @param {number} step */
function moveHit(step) {
  const { search } = state;
  const count = search.hits.length;
  if (!count) return;
  search.at = (search.at + step + count) % count;
  all(".hit-row").forEach((row, i) => row.setAttribute("aria-selected", String(i === search.at)));
  byId("search").setAttribute("aria-activedescendant", `hit-${search.at}`);
  byId(`hit-${search.at}`).scrollIntoView({ block: "nearest" });
}

/** @param {string} href */
function go(href) {
  closeSearch();
  byId("search").blur();
  if (location.hash === href) follow(); else location.hash = href;
}

/** @param {KeyboardEvent} event */
function searchKey(event) {
  const { hits, at } = state.search;
  if (event.key === "Escape") { closeSearch(); byId("search").blur(); return; }
  if (event.key === "ArrowDown" || event.key === "ArrowUp") moveHit(event.key === "ArrowDown" ? 1 : -1);
  else if (event.key === "Enter" && hits[at]) go(hits[at].href);
  else return;
  event.preventDefault();
}
