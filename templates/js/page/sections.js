// The sections of the page as they are searched; their text is read from the page when it is first asked for.

const PASSAGES = "p, li, tr, pre, blockquote, figcaption, dd, summary, .math";
/** What is no prose: it is searched by itself, or says nothing in words. */
const NO_PROSE = ".claims, .rest, .refuted, .about, .steps, details.graph, svg, #causes";
/** Lines, boxes and dots of drawings made of letters. */
const DRAWN = /[\u2500-\u25ff]+/g;
/** Tables that repeat what sections say. */
const TABLES = ["corrections", "statements", "map", "numbers"];

/** @type {() => SearchSection[]} */
const theSections = once(() => {
  /** @type {Map<string, string[]>} */
  const claims = new Map();
  for (const { text, section } of theClaims()) claims.set(section, [...claims.get(section) ?? [], text]);
  return all("#summary, #text > .part").map((part) => readSection(part, claims.get(part.id) ?? []));
});

/**
 * @param {HTMLElement} part
 * @param {string[]} claims
 * @returns {SearchSection}
 */
function readSection(part, claims) {
  const [heading] = all(".title > span:first-child", part);
  // The first section has the title of the page, which the first screen shows.
  const name = part.id === "summary" ? words("first-screen") : (heading ?? all("h1")[0])?.textContent ?? "";
  const passages = all(PASSAGES, part)
    .filter((element) => !element.closest(NO_PROSE) && !element.querySelector(PASSAGES))
    .map((element) => (element.textContent ?? "").replace(DRAWN, " ").replace(/\s+/g, " ").trim())
    .filter(Boolean);
  /** @type {number[]} */
  const starts = [];
  let length = 0;
  for (const passage of passages) {
    starts.push(length);
    length += passage.length + 1;
  }
  return {
    id: part.id, name, passages, starts, title: heading ? plainText(shorten(name, 400)) : "",
    text: plainText(passages.join("\n")), claims: plainText(claims.join("\n")),
    weight: TABLES.includes(part.id) ? 0.4 : 1,
  };
}
