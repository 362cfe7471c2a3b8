// The page as a whole: keys, theme, and what happens when it opens.

/** @type {Record<string, () => void>} */
const keys = {
  "/": () => byId("search").focus(),
  e: () => { if (inExplorer()) leaveExplorer(); else goTo("#explorer"); },
  c: () => copy(location.href),
  t: switchTheme,
  "?": showHelp,
  Escape: () => { if (!closeTopmost()) closeMenu(); },
};

/** @type {Record<string, () => void>} */
const textKeys = {
  j: () => walkSections(1),
  k: () => walkSections(-1),
  n: () => walkClaims(1),
  p: () => walkClaims(-1),
  o: toggleHere,
  O: toggleClaims,
};

/** Close what lies on top of the rest; returns whether anything did. */
function closeTopmost() {
  if (closeSearch() || clearFound()) return true;
  if (inExplorer()) {
    leaveExplorer();
    return true;
  }
  return closeInspector();
}

function showHelp() {
  const dialog = byId("keys", HTMLDialogElement);
  dialog.showModal();
  all("h2", dialog)[0].focus(); // and not the button at its end, which a small window would scroll to
}

function switchTheme() {
  const { dataset } = document.documentElement;
  const dark = dataset.theme ? dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  dataset.theme = dark ? "light" : "dark";
  remembered.set("theme", dataset.theme);
}

/** @param {KeyboardEvent} event */
function pageKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || around(event, "input, textarea, select, dialog")) return;
  const meant = inExplorer() ? keys : { ...keys, ...textKeys };
  if (!Object.hasOwn(meant, event.key)) return;
  event.preventDefault();
  meant[event.key]();
}

function watchButtons() {
  byId("theme").addEventListener("click", switchTheme);
  byId("help").addEventListener("click", showHelp);
  byId("menu").addEventListener("click", () => {
    byId("menu").setAttribute("aria-expanded", String(byId("contents").classList.toggle("open")));
  });
  byId("explorer-close").addEventListener("click", leaveExplorer);
  byId("inspector-close").addEventListener("click", closeInspector);
  for (const choice of all("button[data-filter]")) {
    choice.addEventListener("click", () => goToFilter(choice.dataset.filter ?? "all"));
  }
}

function watchPage() {
  document.addEventListener("keydown", pageKey);
  window.addEventListener("hashchange", follow);
  document.addEventListener("click", (event) => {
    const address = around(event, "a[href^='#']")?.getAttribute("href") ?? "";
    // A second click on the same link changes no address, but the reader may have closed the panel.
    if (address === location.hash) follow();
    const place = readAddress(address);
    if (place.kind !== "at" || !inExplorer()) return;
    event.preventDefault(); // a place leads to its row, and not out of the explorer
    goTo(explorerAddress(place.name));
  });
  window.addEventListener("beforeprint", openForPrint);
  window.addEventListener("afterprint", closeAfterPrint);
  const seen = new IntersectionObserver((entries) => {
    for (const entry of entries) if (entry.isIntersecting) markCurrent(entry.target.id);
  }, { rootMargin: "-15% 0px -75% 0px" });
  for (const part of all("#summary, #text > .part")) seen.observe(part);
  document.addEventListener("toggle", (event) => {
    if (event.target instanceof HTMLDetailsElement && event.target.open) fill(event.target);
  }, true);
}

/** @param {[Trace, Texts]} loaded */
function showTrace([trace, texts]) {
  state.trace = trace;
  state.texts = texts;
  all("details[open]").forEach(fill);
  watchDrawings();
  if (inExplorer()) startTree(trace);
  if (["at", "size", "explorer", "follow"].includes(readAddress(location.hash).kind)) follow();
  document.documentElement.dataset.ready = "true";
  performance.mark("ready");
  // What the first search needs is made ready when there is nothing else to do, a piece at a time.
  const prepared = [theClaims, theSections, trace.details, trace.byName, trace.flow, offerRides];
  for (const prepare of prepared) whenIdle(prepare);
}

/** @param {() => unknown} act */
function whenIdle(act) {
  if (typeof requestIdleCallback === "function") requestIdleCallback(() => act()); else setTimeout(act, 300);
}

function start() {
  const theme = remembered.get("theme");
  if (theme === "dark" || theme === "light") document.documentElement.dataset.theme = theme;
  watchButtons();
  watchFigures();
  watchPage();
  watchDims();
  watchMemory();
  watchSteps();
  startSearch();
  startMinimap();
  startRides();
  watchLanguage();
  follow();
  performance.mark("interactive");
  Promise.all([loadTrace(), loadTexts()]).then(showTrace, () => {
    byId("tree").textContent = words("explorer-off");
    document.documentElement.dataset.ready = "false";
  });
}

start();
