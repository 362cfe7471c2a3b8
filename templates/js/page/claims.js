// The claims in the page: read for the other panels, opened to their evidence.

/**
 * Return the claims as they stand in the page, with the places that they rest on.
 * @returns {Claim[]}
 */
function readClaims() {
  return all(".claim").map((claim) => {
    const [mark, text] = all(":scope > summary > :is(.mark, .text)", claim);
    const verdict = claim.querySelector(":scope > summary > .verdict")?.textContent;
    return {
      anchor: claim.id,
      text: textOf(text),
      tone: claim.classList.item(1) ?? "",
      sign: textOf(mark),
      verdict: verdict ?? (mark.title || words("holds")),
      section: claim.closest(".part")?.id ?? "",
      get places() { return (state.texts?.claims.get(claim.id)?.places ?? "").split("\n").filter(Boolean); },
    };
  });
}

/** Open all claims, or close them if all are open. */
function toggleClaims() {
  const claims = /** @type {HTMLDetailsElement[]} */ (all("details.claim, details.rest, details.refuted"));
  const open = claims.some((claim) => !claim.open);
  for (const claim of claims) claim.open = open;
}

/** @type {HTMLDetailsElement[]} */
let openedForPrint = [];

/** Open what a paper cannot: all lines, what stands behind those that differ, and the traceback. */
function openForPrint() {
  all("svg[data-drawing]").forEach(draw);
  const wanted = ".rest, .refuted, .claim[data-failed], .failure details, .topic, .about-run";
  openedForPrint = /** @type {HTMLDetailsElement[]} */ (all(wanted)).filter((details) => !details.open);
  for (const details of openedForPrint) {
    details.open = true;
    fill(details);
  }
}

/** Close again what was opened for paper. */
function closeAfterPrint() {
  for (const details of openedForPrint) details.open = false;
  openedForPrint = [];
}
