// The search box above everything: sections by what they say, claims, calls, ops, shapes and sizes.

/** How many of a kind are shown before one asks for more. */
const FIRST_HITS = 6;
const MOST_HITS = 200;

function startSearch() {
  const input = byId("search", HTMLInputElement);
  // Who has gone on by Enter before does not want the list any more.
  input.addEventListener("input", delayed(20, () => { if (document.activeElement === input) runSearch(); }));
  input.addEventListener("focus", () => {
    theSections(); // read before the first word is written
    if (input.value && byId("hits").hidden) runSearch();
  });
  input.addEventListener("keydown", searchKey);
  document.addEventListener("pointerdown", (event) => { if (!around(event, ".search")) closeSearch(); });
}

/** Close the list; returns whether it was open. */
function closeSearch() {
  const open = !byId("hits").hidden;
  byId("hits").hidden = true;
  byId("search").setAttribute("aria-expanded", "false");
  byId("search").removeAttribute("aria-activedescendant");
  return open;
}

function runSearch() {
  const text = byId("search", HTMLInputElement).value.trim();
  if (!text) { closeSearch(); return; }
  const query = readQuery(text, symbolsByName);
  const terms = query.kind === "shape" ? [] : readTerms(text);
  const sections = sectionHits(terms);
  const claims = claimHits(terms);
  const trace = traceHits(query);
  const sizes = query.kind === "size" ? sizeHits(query.size) : groupOf("size", [], 0);
  // Who writes a path looks for a place in the model, who writes words for what is said about it.
  const places = query.kind !== "words" || /[._/:@]/.test(text);
  const partly = sections.key === "sections-some";
  const groups = places || partly ? [sizes, claims, trace, sections] : [sections, claims, trace];
  state.search = { groups: groups.filter(({ hits }) => hits.length), hits: [], at: 0, terms };
  showHits();
  byId("hits").dataset.query = text; // says which words the list answers
}

/**
 * @param {string} key
 * @param {SearchHit[]} hits
 * @param {number} [total]
 * @returns {HitGroup}
 */
const groupOf = (key, hits, total = hits.length) => ({ key, total, shown: FIRST_HITS, hits: hits.slice(0, MOST_HITS) });

/** @param {Term[]} terms */
function sectionHits(terms) {
  const found = findSections(theSections(), terms);
  return groupOf(found.length && !found[0].all ? "sections-some" : "sections", found.map(({ section, passage }) => ({
    href: `#${section.id}`,
    name: markedParts(shorten(section.name, 160), terms),
    snippet: passage < 0 ? [] : snippetOf(section.passages[passage], terms),
  })));
}

/**
 * Return the claims that have all terms; those that differ first.
 * @param {Term[]} terms
 */
function claimHits(terms) {
  if (!terms.length) return groupOf("claims", []);
  const names = new Map(theSections().map(({ id, name }) => [id, name]));
  const order = (/** @type {Claim} */ { tone }) => Math.max(0, ["said", "idle", "good", "doubt", "bad"].indexOf(tone));
  const found = theClaims().filter(({ text, verdict }) => {
    const searched = plainText(`${text} ${verdict}`);
    return terms.every((term) => placesOf(term, searched).length > 0);
  });
  found.sort((a, b) => order(b) - order(a));
  return groupOf("claims", found.map((claim) => ({
    href: `#${claim.anchor}`, tone: claim.tone, sign: claim.sign, name: markedParts(shorten(claim.text, 160), terms),
    note: [claim.verdict, shorten(names.get(claim.section) ?? "", 80)].filter(Boolean).join(" · "),
  })));
}

/** @param {Query} query */
function traceHits(query) {
  const { calls, ops } = state.trace ? findInTrace(state.trace, query) : { calls: [], ops: [] };
  const hits = [...calls, ...ops].slice(0, MOST_HITS).map((part) => ({
    href: addressOf(part.selector), name: [{ text: shorten(part.selector, 160), found: false }], gives: part.gives,
    note: part.kind === "call" ? part.class_name : `${words("op")} ${part.source?.place ?? ""}`,
  }));
  return groupOf("in-the-trace", hits, calls.length + ops.length);
}

/** @param {number} size */
function sizeHits(size) {
  const name = [{ text: words("comes-from", { n: String(size) }), found: false }];
  return groupOf("size", [{ href: `#size=${size}`, name }]);
}

function showHits() {
  const { search } = state;
  search.hits = search.groups.flatMap(({ hits, shown }) => hits.slice(0, shown));
  let index = 0;
  byId("hits").replaceChildren(...search.groups.map((group) => {
    const heading = make("div", { class: "hit-head", id: `hits-${group.key}` },
      `${words(group.key)} `, make("span", {}, group.total.toLocaleString("en")));
    const rows = group.hits.slice(0, group.shown).map((hit) => hitElement(hit, index++));
    const box = make("div", { role: "group", "aria-labelledby": heading.id }, heading, ...rows);
    if (group.hits.length > group.shown) {
      const rest = group.hits.length - group.shown;
      const open = () => { group.shown = MOST_HITS; showHits(); byId("search").focus(); };
      box.append(button({ class: "hit-more", tabindex: "-1" }, words("n-more", { n: rest }), open));
    }
    return box;
  }));
  if (!search.groups.length) byId("hits").append(make("div", { class: "hit-head" }, words("nothing-found")));
  byId("hits").hidden = false;
  byId("search").setAttribute("aria-expanded", "true");
  moveHit(0);
}

/** @param {MarkedPart[]} parts */
const markedElements = (parts) => parts.map(({ text, found }) => found ? make("mark", {}, text) : text);

/**
 * @param {SearchHit} hit
 * @param {number} index
 */
function hitElement({ href, name, tone, sign, note, snippet, gives }, index) {
  const path = note !== undefined;
  return make("div", { class: "hit-row", role: "option", id: `hit-${index}`, click: () => goFound(href) },
    tone ? make("span", { class: `mark ${tone}`, "aria-hidden": "true" }, sign) : null,
    make(path ? "code" : "strong", { class: "hit-name" }, ...markedElements(name)),
    gives ? shapeElement(gives) : null,
    note ? make("span", { class: "hit-note" }, note) : null,
    snippet?.length ? make("span", { class: "hit-snippet" }, ...markedElements(snippet)) : null);
}

/** @param {number} step */
function moveHit(step) {
  const { search } = state;
  const count = search.hits.length;
  if (!count) { byId("search").removeAttribute("aria-activedescendant"); return; }
  document.getElementById(`hit-${search.at}`)?.removeAttribute("aria-selected");
  search.at = (search.at + step + count) % count;
  const row = byId(`hit-${search.at}`);
  row.setAttribute("aria-selected", "true");
  byId("search").setAttribute("aria-activedescendant", row.id);
  const box = byId("hits");
  if (row.offsetTop < box.scrollTop) box.scrollTop = search.at ? row.offsetTop - 30 : 0;
  else if (row.offsetTop + row.offsetHeight > box.scrollTop + box.clientHeight) {
    box.scrollTop = row.offsetTop + row.offsetHeight - box.clientHeight;
  }
}

/**
 * Go to what was found, and mark there what was looked for.
 * @param {string} href
 */
function goFound(href) {
  closeSearch();
  clearFound();
  byId("search").blur();
  state.found = state.search.terms;
  goTo(inExplorer() && href.startsWith("#at=") ? explorerAddress(readAddress(href).name) : href);
}

/** @param {KeyboardEvent} event */
function searchKey(event) {
  const asked = byId("search", HTMLInputElement).value.trim();
  if (event.key === "Enter" && byId("hits").dataset.query !== asked) runSearch(); // of what is written by now
  const { hits, at } = state.search;
  if (event.key === "Escape") { if (!closeSearch()) byId("search").blur(); return; }
  if (event.key === "ArrowDown" || event.key === "ArrowUp") moveHit(event.key === "ArrowDown" ? 1 : -1);
  else if (event.key === "Enter" && asked && hits[at]) goFound(hits[at].href);
  else return;
  event.preventDefault();
}
