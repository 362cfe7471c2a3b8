// The search box above everything: sections, claims, calls, ops, shapes and sizes.

const MOST_HITS = 80;
const search = { rows: [], at: -1 };

function startSearch() {
  const input = byId("search");
  let waiting = 0;
  input.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(runSearch, 70); });
  input.addEventListener("focus", () => { if (input.value) runSearch(); });
  input.addEventListener("keydown", searchKey);
  document.addEventListener("pointerdown", (event) => { if (!event.target.closest(".search")) closeSearch(); });
}

function closeSearch() {
  byId("hits").hidden = true;
  byId("search").setAttribute("aria-expanded", "false");
  byId("search").removeAttribute("aria-activedescendant");
}

function runSearch() {
  const text = byId("search").value.trim();
  if (!text) { closeSearch(); return; }
  const rows = [];
  const query = readQuery(text);
  const fit = (candidate) => text.toLowerCase().split(/\s+/).every((word) => candidate.toLowerCase().includes(word));
  if (query.kind === "size") rows.push(["size", words("comes-from", { n: text }), `#size=${text}`]);
  if (query.kind !== "shape") {
    for (const title of all("main .part > .title > span:first-child")) if (fit(title.textContent)) rows.push(["section", title.textContent, `#${title.closest(".part").id}`]);
  }
  for (const [anchor, claim] of page.claims) if (fit(claim)) rows.push(["claim", claim, `#${anchor}`]);
  const found = trace ? findInTrace(query) : { calls: [], ops: [] };
  const total = rows.length + found.calls.length + found.ops.length;
  for (const call of found.calls) { if (rows.length >= MOST_HITS) break; rows.push(["call", trace.calls[call].selector, `#at=${encode(trace.calls[call].selector)}`]); }
  for (const op of found.ops) { if (rows.length >= MOST_HITS) break; const selector = trace.opSelector(op); rows.push(["op", selector, `#at=${encode(selector)}`]); }
  search.rows = rows.slice(0, MOST_HITS);
  search.at = search.rows.length ? 0 : -1;
  paintHits(total);
}

function paintHits(total) {
  const box = byId("hits");
  const count = make("div", { class: "hit-count" }, total ? words("n-found", { n: total }) : words("nothing-found"));
  box.replaceChildren(count, ...search.rows.map(([kind, text, href], i) =>
    make("div", { class: "hit-row", role: "option", id: `hit-${i}`, "aria-selected": String(i === search.at), click: () => go(href) },
      make("span", { class: "sort" }, words(kind)), make("code", {}, text.length > 160 ? `${text.slice(0, 160)}…` : text))));
  box.hidden = false;
  byId("search").setAttribute("aria-expanded", "true");
  moveHit(0);
}

function moveHit(step) {
  if (!search.rows.length) return;
  search.at = (search.at + step + search.rows.length) % search.rows.length;
  all(".hit-row").forEach((row, i) => row.setAttribute("aria-selected", String(i === search.at)));
  byId("search").setAttribute("aria-activedescendant", `hit-${search.at}`);
  byId(`hit-${search.at}`).scrollIntoView({ block: "nearest" });
}

function go(href) {
  closeSearch();
  byId("search").blur();
  if (location.hash === href) follow(); else location.hash = href;
}

function searchKey(event) {
  if (event.key === "ArrowDown" || event.key === "ArrowUp") { event.preventDefault(); moveHit(event.key === "ArrowDown" ? 1 : -1); }
  else if (event.key === "Enter" && search.rows[search.at]) { event.preventDefault(); go(search.rows[search.at][2]); }
  else if (event.key === "Escape") { closeSearch(); event.target.blur(); }
}
