// The claims in the page: read for the other panels, opened to their evidence.

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
    sign: textIn(claim, ".mark"),
    verdict: textIn(claim, ".verdict"),
    section: claim.closest(".part")?.id ?? "",
    places: all(".entry .at", claim).map((place) => place.textContent ?? ""),
  }));
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
