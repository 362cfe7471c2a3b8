// The page as a whole: keys, theme, and what happens when it opens.

/** @type {Record<string, () => void>} */
const keys = {
  "/": () => byId("search").focus(),
  j: () => walk(all(".part"), 1, ".title"),
  k: () => walk(all(".part"), -1, ".title"),
  n: () => walk(all(".claim[data-failed]"), 1, "summary"),
  p: () => walk(all(".claim[data-failed]"), -1, "summary"),
  o: toggleHere,
  O: toggleClaims,
  c: () => copy(location.href),
  t: switchTheme,
  "?": showHelp,
  Escape: () => { closeInspector(); closeMenu(); closeSearch(); },
};

function showHelp() { byId("keys", HTMLDialogElement).showModal(); }

function switchTheme() {
  const { dataset } = document.documentElement;
  const dark = dataset.theme ? dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  dataset.theme = dark ? "light" : "dark";
  remembered.set("theme", dataset.theme);
}

/** @param {KeyboardEvent} event */
function pageKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || around(event, "input, textarea, select, dialog")) return;
  if (!Object.hasOwn(keys, event.key)) return;
  event.preventDefault();
  keys[event.key]();
}

function watchButtons() {
  byId("theme").addEventListener("click", switchTheme);
  byId("help").addEventListener("click", showHelp);
  byId("menu").addEventListener("click", () => {
    byId("menu").setAttribute("aria-expanded", String(byId("contents").classList.toggle("open")));
  });
  byId("inspector-close").addEventListener("click", closeInspector);
  for (const choice of all("button[data-filter]")) {
    choice.addEventListener("click", () => setFilter(choice.dataset.filter ?? "all"));
  }
}

function watchPage() {
  document.addEventListener("keydown", pageKey);
  window.addEventListener("hashchange", follow);
  // A second click on the same link changes no address, but the reader may have closed the panel.
  document.addEventListener("click", (event) => {
    if (around(event, "a[href^='#']")?.getAttribute("href") === location.hash) follow();
  });
  window.addEventListener("beforeprint", openForPrint);
  const seen = new IntersectionObserver((entries) => {
    for (const entry of entries) if (entry.isIntersecting) markCurrent(entry.target.id);
  }, { rootMargin: "-15% 0px -75% 0px" });
  for (const part of all(".part")) seen.observe(part);
  document.addEventListener("toggle", (event) => {
    if (event.target instanceof HTMLElement && event.target.matches(".claim[open]")) fillSources(event.target);
  }, true);
}

/** @param {Trace} trace */
function showTrace(trace) {
  state.trace = trace;
  startTree(trace);
  all(".claim[open]").forEach(fillSources);
  follow();
  document.documentElement.dataset.ready = "true";
  performance.mark("ready");
}

function start() {
  const theme = remembered.get("theme");
  if (theme === "dark" || theme === "light") document.documentElement.dataset.theme = theme;
  state.claims = readClaims();
  watchButtons();
  watchFigures();
  watchPage();
  watchDims();
  watchMemory();
  watchSteps();
  startSearch();
  startMinimap();
  loadTrace().then(showTrace, () => {
    byId("tree").textContent = words("explorer-off");
    document.documentElement.dataset.ready = "false";
  });
  follow();
}

start();
