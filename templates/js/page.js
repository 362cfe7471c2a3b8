// The page as a whole: links, keys, filters, colours that light up, theme.

/** Open what the address names: a place in the trace, a size, a claim or a section. */
function follow() {
  const hash = location.hash.slice(1);
  all(".graph .picked").forEach((node) => node.classList.remove("picked"));
  if (hash.startsWith("at=") || hash.startsWith("size=")) {
    if (!trace) return;
    let wanted = "";
    try { wanted = decodeURIComponent(hash.slice(hash.indexOf("=") + 1)); } catch { wanted = hash; }
    const target = hash.startsWith("size=") ? { kind: "size", id: Number(wanted) } : trace.find(wanted);
    shrink();
    if (target) inspect(target);
    else { byId("inspected").replaceChildren(make("p", {}, words("no-such", { name: wanted }))); byId("inspector").classList.add("open"); }
    for (const node of all(".graph a[href]")) if (node.getAttribute("href") === location.hash) node.closest(".node, .cluster")?.classList.add("picked");
    return;
  }
  const element = hash && document.getElementById(decodeHash(hash));
  if (!element) return;
  for (let around = element; around; around = around.parentElement) if (around.tagName === "DETAILS") around.open = true;
  if (element.matches(".claim") && getComputedStyle(element).display === "none") setFilter("all");
  closeMenu();
  element.scrollIntoView({ block: element.matches(".claim") ? "center" : "start" });
  markCurrent(element.closest(".part")?.id);
}

function decodeHash(hash) { try { return decodeURIComponent(hash); } catch { return hash; } }

function markCurrent(id) {
  for (const entry of all("#contents a[data-section]")) {
    if (entry.dataset.section === id) entry.setAttribute("aria-current", "true"); else entry.removeAttribute("aria-current");
  }
}

/** Show the claims of one kind; sections and contents without any step back. */
function setFilter(name) {
  if (["failure", "explorer", "unused", "uncovered"].includes(name)) { go(`#${name}`); return; }
  if (name === "all") delete document.body.dataset.filter; else document.body.dataset.filter = name;
  for (const button of all(".filter")) button.setAttribute("aria-pressed", String(button.dataset.filter === name));
  const fit = (claim) => name === "all" || (name === "said" ? "said" in claim.dataset : claim.dataset.tone === name);
  for (const part of all(".part")) {
    const claims = all(".claim", part);
    const none = name !== "all" && !claims.some(fit) && !["numbers", "explorer"].includes(part.id);
    part.classList.toggle("fit-none", none);
    byId("contents").querySelector(`[data-section="${CSS.escape(part.id)}"]`)?.parentElement.classList.toggle("fit-none", none);
  }
  for (const block of all(".claims")) block.classList.toggle("fit-none", name !== "all" && !all(".claim", block).some(fit));
  byId("cleared")?.remove();
  if (name === "all") return;
  const shown = all(".claim").filter(fit);
  byId("text").prepend(make("div", { id: "cleared", role: "status" }, shown.length ? words("n-found", { n: shown.length }) : words("filter-none"), " · ", make("button", { type: "button", click: () => setFilter("all") }, words("filter-clear"))));
  shown[0]?.scrollIntoView({ block: "center" });
}

/** Go to the next or previous of some elements, seen from the middle of the window. */
function step(elements, direction, focusOn) {
  const middle = byId("text").dataset.at;
  const shown = elements.filter((element) => element.getClientRects().length);
  let index = shown.findIndex((element) => element.id && element.id === middle);
  if (index < 0) {
    const top = window.innerHeight / 3;
    index = direction > 0 ? shown.findIndex((element) => element.getBoundingClientRect().top > top) - 1 : shown.findLastIndex((element) => element.getBoundingClientRect().top < 0) + 1;
    if (direction > 0 && index === -2) index = shown.length;
  }
  const target = shown[index + direction];
  if (!target) return;
  byId("text").dataset.at = target.id;
  history.replaceState(null, "", `#${target.id}`);
  follow();
  focusOn(target).focus({ preventScroll: true });
}

/** Return the claims as they stand in the page: link, text, tone, verdict, and the places they rest on. */
function readClaims() {
  return all(".claim").map((claim) => [
    claim.id, claim.querySelector(".text").textContent, claim.dataset.tone, claim.querySelector(".verdict").textContent,
    all(".entry .at", claim).map((place) => place.textContent),
  ]);
}

const keys = {
  "/": () => byId("search").focus(),
  j: () => step(all(".part"), 1, (part) => part.querySelector(".title") ?? part),
  k: () => step(all(".part"), -1, (part) => part.querySelector(".title") ?? part),
  n: () => step(all(".claim[data-failed]"), 1, (claim) => claim.querySelector("summary")),
  p: () => step(all(".claim[data-failed]"), -1, (claim) => claim.querySelector("summary")),
  o: () => toggleHere(),
  O: () => { const claims = all("details.claim"); const open = claims.some((claim) => !claim.open); for (const claim of claims) claim.open = open; },
  c: () => copy(location.href),
  t: () => switchTheme(),
  "?": () => byId("keys").showModal(),
  Escape: () => { if (shrink()) return; closeInspector(); closeMenu(); closeSearch(); },
};

/** Open or close the claim or figure at hand: the one with the focus, else the first of the section at hand. */
function toggleHere() {
  const focused = document.activeElement?.closest("main details");
  const part = document.activeElement?.closest(".part") ?? byId(byId("text").dataset.at ?? "");
  const details = focused ?? part?.querySelector("details");
  if (details) details.open = !details.open;
}

function switchTheme() {
  const root = document.documentElement;
  const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
  remember.set("theme", root.dataset.theme);
}

/** Show the source lines of a claim's evidence; they are in the data once, not in the page hundreds of times. */
function fillSources(claim) {
  if (!trace) return;
  for (const place of all("[data-source]", claim)) {
    const view = sourceView(Number(place.dataset.source));
    if (view) place.replaceChildren(view);
    delete place.dataset.source;
  }
}

/** Let a drawing fill the window, or put it back. */
function enlarge(button) {
  const full = button.closest(".drawing").classList.toggle("full");
  button.setAttribute("aria-pressed", String(full));
  document.body.style.overflow = full ? "hidden" : "";
}

function shrink() {
  const full = document.querySelector(".drawing.full");
  if (full) enlarge(full.querySelector(".enlarge"));
  return full !== null;
}

function closeMenu() {
  byId("contents").classList.remove("open");
  byId("menu").setAttribute("aria-expanded", "false");
}

/** Light up all dims of the kind under the pointer and say what they stand for. */
function watchDims() {
  const tip = byId("tip");
  const symbolOf = (element) => {
    const dim = element.closest?.(".d[data-s]");
    if (dim) return symbolsByName.get(dim.dataset.s);
    const drawn = element.closest?.(".graph tspan[class^='y']");
    const colour = drawn && /\by(\d+)\b/.exec(drawn.getAttribute("class"));
    return colour ? symbolsBySize.get(Number(drawn.textContent)) : null;
  };
  document.addEventListener("pointerover", (event) => {
    const symbol = symbolOf(event.target);
    if (!symbol) { tip.hidden = true; delete document.documentElement.dataset.lit; return; }
    document.documentElement.dataset.lit = symbol.colour;
    tip.textContent = explained(symbol);
    tip.hidden = false;
    const box = event.target.getBoundingClientRect();
    tip.style.left = `${Math.max(6, Math.min(box.left, window.innerWidth - tip.offsetWidth - 10))}px`;
    tip.style.top = `${box.top > 44 ? box.top - tip.offsetHeight - 6 : box.bottom + 6}px`;
  });
  document.addEventListener("click", (event) => {
    const symbol = event.target.closest?.("a.symbol, summary") ? null : symbolOf(event.target);
    const plain = event.target.closest?.("#inspected .n[data-n]");
    if (!symbol && !plain) return;
    event.preventDefault();
    location.hash = `#size=${symbol ? symbol.size : plain.dataset.n}`;
  });
}

function start() {
  const theme = remember.get("theme");
  if (theme === "dark" || theme === "light") document.documentElement.dataset.theme = theme;
  byId("theme").addEventListener("click", switchTheme);
  byId("help").addEventListener("click", () => byId("keys").showModal());
  byId("menu").addEventListener("click", () => byId("menu").setAttribute("aria-expanded", String(byId("contents").classList.toggle("open"))));
  byId("inspector-close").addEventListener("click", closeInspector);
  for (const button of all("[data-filter]:is(button)")) button.addEventListener("click", () => setFilter(button.dataset.filter));
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, textarea, select, dialog")) return;
    if (!(event.key in keys)) return;
    event.preventDefault();
    keys[event.key]();
  });
  window.addEventListener("hashchange", follow);
  // A second click on the same link changes no address, but the reader may have closed the panel.
  document.addEventListener("click", (event) => { const target = event.target.closest?.("a[href^='#']"); if (target && target.getAttribute("href") === location.hash) follow(); });
  window.addEventListener("beforeprint", () => { for (const claim of all(".claim[data-failed], .failure details")) { claim.open = true; fillSources(claim); } });
  const seen = new IntersectionObserver((entries) => { for (const entry of entries) if (entry.isIntersecting) markCurrent(entry.target.id); }, { rootMargin: "-15% 0px -75% 0px" });
  for (const part of all(".part")) seen.observe(part);
  for (const button of all(".enlarge")) button.addEventListener("click", () => enlarge(button));
  page.claims = readClaims();
  watchDims();
  watchSteps();
  startSearch();
  document.addEventListener("toggle", (event) => { if (event.target.matches?.(".claim[open]")) fillSources(event.target); }, true);
  loadTrace().then((loaded) => { trace = loaded; startTree(); all(".claim[open]").forEach(fillSources); follow(); document.documentElement.dataset.ready = "true"; performance.mark("ready"); },
    () => { byId("tree").textContent = words("explorer-off"); document.documentElement.dataset.ready = "false"; });
  follow();
}

start();
