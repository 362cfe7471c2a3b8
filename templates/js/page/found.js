// What was looked for, marked where the reader went. The page itself is not changed: ranges are lit.

const MARKS = "found";

/**
 * Mark what is looked for in a section or claim, and bring the first of it into sight.
 * @param {Element} element
 */
function showFound(element) {
  const terms = state.found;
  state.found = [];
  if (!terms.length || typeof Highlight === "undefined") return;
  const ranges = rangesIn(element, terms);
  if (!ranges.length) return;
  CSS.highlights.set(MARKS, new Highlight(...ranges));
  const { bottom } = ranges[0].getBoundingClientRect();
  if (bottom > window.innerHeight - 40) window.scrollBy(0, bottom - window.innerHeight / 2);
}

/** Take the marks away; returns whether there were any. */
function clearFound() { return typeof Highlight !== "undefined" && CSS.highlights.delete(MARKS); }

/**
 * @param {Element} element
 * @param {Term[]} terms
 */
function rangesIn(element, terms) {
  const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT, (node) => (
    node.parentElement?.closest("svg, .steps, .quiet") ? NodeFilter.FILTER_REJECT : NodeFilter.FILTER_ACCEPT));
  /** @type {Range[]} */
  const ranges = [];
  while (walker.nextNode()) {
    const node = /** @type {Text} */ (walker.currentNode);
    for (const { start, end } of apart(node.data, terms)) {
      const range = new Range();
      range.setStart(node, start);
      range.setEnd(node, end);
      ranges.push(range);
    }
  }
  return ranges;
}
