// Where somebody reads: kept while the page around it changes, and found again.

/** @typedef {{ address: string, anchor: Element | null, top: number }} TextPlace Where somebody reads. */

const PIECES = "p, li, tr, pre, summary, figure, .title, h1";

/**
 * Return the first piece of text below the bar.
 * @returns {Element | null}
 */
function pieceInSight() {
  const text = byId("text").getBoundingClientRect();
  const across = Math.min(window.innerWidth - 10, text.left + text.width / 2);
  for (const down of [70, 110, 150, 200, 260]) {
    const piece = document.elementFromPoint(across, down)?.closest(`main :is(${PIECES})`);
    if (piece) return piece;
  }
  return null;
}

/**
 * Return what was clicked last, if it is in sight.
 * @returns {Element | null}
 */
function inHand() {
  const element = document.activeElement?.closest("#text > section *");
  const { top, bottom } = element?.getBoundingClientRect() ?? { top: -1, bottom: -1 };
  return element && top > 0 && bottom < window.innerHeight ? element : null;
}

/**
 * Return where the text is read, with the address to go back to.
 * @param {string} address
 * @param {Element | null} [anchor] what shall stay where it is
 * @returns {TextPlace}
 */
function placeOf(address, anchor = pieceInSight()) {
  return { address, anchor, top: anchor?.getBoundingClientRect().top ?? 0 };
}

/**
 * Move the text, and again until the sections that came into sight have the room that they really need.
 * @param {Element} goal what it is moved for; whatever moves it next takes its place
 * @param {() => void} move
 * @param {number} [tries]
 */
function settle(goal, move, tries = 5) {
  state.goal = goal;
  move();
  const { top } = goal.getBoundingClientRect();
  requestAnimationFrame(() => requestAnimationFrame(() => {
    const moved = Math.abs(goal.getBoundingClientRect().top - top) >= 1;
    if (state.goal === goal && (moved || tries === 5) && tries) settle(goal, move, tries - 1);
  }));
}

/**
 * Scroll so that what was read stands where it stood.
 * @param {TextPlace} place
 */
function returnTo({ anchor, top }) {
  state.goal = null;
  if (!anchor?.checkVisibility()) { window.scrollTo(0, 0); return; }
  settle(anchor, () => window.scrollBy(0, anchor.getBoundingClientRect().top - top));
}

/**
 * Change the page so that the text stays where it is read.
 * @param {() => void} change
 */
function keepPlace(change) {
  const place = window.scrollY ? placeOf("", inHand() ?? pieceInSight()) : null;
  change();
  if (place?.anchor) returnTo(place);
}
