// Searching the text: which sections somebody means, and the passage that says so.

const LONGEST_SNIPPET = 150;
/** How well a term fits at least where it is a word by itself, or begins one. */
const WHOLE = 0.3;
/** Of sections that fit alike the one comes first that readers meet first: so much less does the last one count. */
const LATER = 0.12;

/**
 * Return sections in the order in which a reader would name them. A section counts if it has all terms, in its
 * title, its passages or its claims; if there is none, those that have the most of them.
 * @param {SearchSection[]} sections
 * @param {Term[]} terms
 * @returns {FoundSection[]}
 */
function findSections(sections, terms) {
  if (!terms.length) return [];
  const matches = sections.map((section, at) => ({
    section, fits: terms.map((term) => fitOf(section, term)), first: 1 - LATER * at / sections.length,
  }));
  const whole = terms.map((_, i) => matches.filter(({ fits }) => fits[i].best >= WHOLE).length);
  const telling = whole.map((having) => Math.log(1 + (sections.length - having + 0.5) / (having + 0.5)));
  // Inside of other words a word counts only where it stands nowhere by itself: "rope" is not in "properties".
  const has = (/** @type {TermFit} */ { best }, /** @type {number} */ i) => best > 0 && (best >= WHOLE || !whole[i]);
  const length = terms.reduce((sum, term) => sum + term.text.length, 0);
  const found = matches.map(({ section, fits, first }) => ({
    section, covered: fits.filter(has).length / terms.length, ...ranked(section, fits, telling, length, first),
  })).filter(({ covered, rank }) => covered > 0 && rank > 0);
  const most = Math.max(0, ...found.map(({ covered }) => covered));
  if (most < 0.5) return [];
  return found.filter(({ covered }) => covered >= most - 0.001)
    .sort((a, b) => b.rank - a.rank)
    .map(({ section, passage, covered }) => ({ section, passage, all: covered > 0.999 }));
}

/**
 * Return how much of some weights counts, as a share of all.
 * @param {number[]} weights
 * @param {(position: number) => number} counts
 */
function share(weights, counts) {
  const sum = weights.reduce((all, weight) => all + weight, 0) || 1;
  return weights.reduce((all, weight, i) => all + weight * counts(i), 0) / sum;
}

/**
 * Return how well a term fits the title, each passage and the claims of a section.
 * @param {SearchSection} section
 * @param {Term} term
 * @returns {TermFit}
 */
function fitOf(section, term) {
  const title = strongest(placesOf(term, section.title));
  /** @type {Map<number, number>} */
  const passages = new Map();
  let times = 0;
  for (const { start, fit } of placesOf(term, section.text)) {
    const passage = passageAt(section.starts, start);
    passages.set(passage, Math.max(fit, passages.get(passage) ?? 0));
    times += fit;
  }
  const claims = strongest(placesOf(term, section.claims));
  return { title, passages, claims, times, best: Math.max(title, claims, ...passages.values()) };
}

/** @param {Place[]} places */
const strongest = (places) => places.reduce((best, { fit }) => Math.max(best, fit), 0);

/**
 * Return the last passage that starts at or before a position.
 * @param {number[]} starts
 * @param {number} position
 */
function passageAt(starts, position) {
  let [low, high] = [0, starts.length - 1];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (starts[middle] <= position) low = middle; else high = middle - 1;
  }
  return low;
}

/**
 * Return how high a section ranks, and its most telling passage: titles tell most, then a passage that has all terms,
 * then how often they occur for the length of the section; claims tell least.
 * @param {SearchSection} section
 * @param {TermFit[]} fits
 * @param {number[]} telling
 * @param {number} asked letters of the terms
 * @param {number} first how early it comes
 */
function ranked(section, fits, telling, asked, first) {
  let [passage, best] = [-1, 0];
  for (const at of new Set(fits.flatMap((fit) => [...fit.passages.keys()]))) {
    const said = share(telling, (i) => fits[i].passages.get(at) ?? 0);
    if (said > best) [passage, best] = [at, said];
  }
  const length = 1 + section.text.length / 1500;
  const often = share(telling, (i) => fits[i].times / (fits[i].times + length));
  // "The decoder" is more about decoders than "The pixel decoder of the head".
  const alone = 0.6 + 0.4 * Math.min(1, asked / (section.title.length || 1));
  const title = share(telling, (i) => fits[i].title) * alone;
  const claims = share(telling, (i) => fits[i].claims);
  const together = fits.length > 1 ? 2 * best * best : 0.5 * best; // that one word occurs is little news
  return { passage, rank: (3 * title + together + 1.5 * often + 0.4 * claims) * section.weight * first };
}

/**
 * Return the part of a passage around what was found in it.
 * @param {string} passage
 * @param {Term[]} terms
 * @returns {MarkedPart[]}
 */
function snippetOf(passage, terms) {
  const places = apart(passage, terms);
  const first = places[0]?.start ?? 0;
  const last = places.findLast(({ end }) => end - first <= LONGEST_SNIPPET - 40)?.end ?? first;
  const room = Math.max(0, LONGEST_SNIPPET - (last - first));
  const from = passage.length <= LONGEST_SNIPPET ? 0 : wordStart(passage, Math.max(0, first - Math.floor(room / 3)));
  const cut = passage.slice(from, from + LONGEST_SNIPPET);
  const ends = from + LONGEST_SNIPPET < passage.length;
  return markedParts(`${from ? "…" : ""}${cut}${ends ? "…" : ""}`, terms);
}

/**
 * Return a position near another one at which no word is cut.
 * @param {string} text
 * @param {number} at
 */
function wordStart(text, at) {
  const space = text.indexOf(" ", at);
  return at && space >= 0 && space - at < 20 ? space + 1 : at;
}
