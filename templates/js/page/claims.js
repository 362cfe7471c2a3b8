// The claims in the page: read for the other panels, filtered, opened to their evidence.

/**
 * Return the claims as they stand in the page.
 * @returns {Claim[]}
 */
function readClaims() {
  const textIn = (/** @type {Element} */ claim, /** @type {string} */ selector) => (
    claim.querySelector(selector)?.textContent ?? "");
  return all(".claim").map((claim) => ({
    anchor: claim.id,
    text: textIn(claim, ".text"),
    tone: claim.dataset.tone ?? "",
    verdict: textIn(claim, ".verdict"),
    places: all(".entry .at", claim).map((place) => place.textContent ?? ""),
  }));
}

/**
 * Show the claims of one kind; sections and contents without any step back.
 * @param {string} name
 */
function setFilter(name) {
  if (["failure", "explorer", "unused", "uncovered"].includes(name)) { go(`#${name}`); return; }
  if (name === "all") delete document.body.dataset.filter; else document.body.dataset.filter = name;
  for (const choice of all(".filter")) choice.setAttribute("aria-pressed", String(choice.dataset.filter === name));
  const fit = (/** @type {HTMLElement} */ claim) => (
    name === "all" || (name === "said" ? "said" in claim.dataset : claim.dataset.tone === name));
  const fitNone = (/** @type {HTMLElement} */ box) => name !== "all" && !all(".claim", box).some(fit);
  for (const part of all(".part")) {
    const none = fitNone(part) && !["numbers", "explorer"].includes(part.id);
    part.classList.toggle("fit-none", none);
    for (const entry of all(`#contents [data-section="${CSS.escape(part.id)}"]`)) {
      entry.parentElement?.classList.toggle("fit-none", none);
    }
  }
  for (const box of all(".claims")) box.classList.toggle("fit-none", fitNone(box));
  document.getElementById("cleared")?.remove();
  if (name === "all") return;
  const shown = all(".claim").filter(fit);
  const count = shown.length ? words("n-found", { n: shown.length }) : words("filter-none");
  const clear = button({}, words("filter-clear"), () => setFilter("all"));
  byId("text").prepend(make("div", { id: "cleared", role: "status" }, count, " · ", clear));
  shown[0]?.scrollIntoView({ block: "center" });
}

/**
 * Show the source lines of a claim's evidence; they are in the data once, not in the page hundreds of times.
 * @param {HTMLElement} claim
 */
function fillSources(claim) {
  if (!state.trace) return;
  for (const place of all("[data-source]", claim)) {
    place.replaceChildren(sourceElement(state.trace.sources[Number(place.dataset.source)]));
    delete place.dataset.source;
  }
}

/** Open all claims, or close them if all are open. */
function toggleClaims() {
  const claims = /** @type {HTMLDetailsElement[]} */ (all("details.claim"));
  const open = claims.some((claim) => !claim.open);
  for (const claim of claims) claim.open = open;
}

/** Open what a paper cannot: the claims that differ and the traceback. */
function openForPrint() {
  for (const details of /** @type {HTMLDetailsElement[]} */ (all(".claim[data-failed], .failure details"))) {
    details.open = true;
    fillSources(details);
  }
}
