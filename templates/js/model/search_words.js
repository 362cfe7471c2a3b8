// The words of a search: how a reader's text is taken apart, and where its parts stand in another text.

/** Words that say nothing about what is looked for. Of Chinese they are cut out of what is written without spaces. */
const STOP_WORDS = new Set(`a about an and are as at be been by can could did do does for from had has have how i if in
  into is isn't it its me my of on or s shall should so t than that the their them then there these they this those to
  was we were what when where which while who whom whose why will with would you your`.split(/\s+/));
const STOP_CHINESE = /为什么|为何|什么|怎么样?|怎样|如何|哪里|哪些|哪个|是否|请问|[的了吗呢]/gu;

/** What readers call one thing, in the words of either language; each is found by the others. */
const SAME_THINGS = [
  ["skip connection", "residual", "shortcut", "残差", "跳跃连接", "跳连", "捷径"],
  ["unused", "discarded", "never read", "nobody reads", "nobody ever reads", "未使用", "没人用", "没有人用", "没用", "不用",
    "没有使用", "没有人读", "没人读", "未被使用", "没有被使用", "没被使用", "无人读取", "丢弃", "舍弃"],
  ["picture", "image", "photo", "图像", "图片", "照片"],
  ["confidence", "置信度", "可信度"],
  ["probability", "概率"],
];

const WORD = /[\p{L}\p{N}]+(?:['._:/@*][\p{L}\p{N}*]+)*/gu;
const HAN = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]+/u;
const IN_WORD = /[\p{L}\p{N}]/u;

/**
 * Return a text as it is compared: one kind of letters, one kind of spaces. Its length stays the same.
 * @param {string} text
 */
function plainText(text) {
  const lower = text.toLowerCase();
  return (lower.length === text.length ? lower : text).replace(/\s/g, " ");
}

/**
 * Return an English word without its ending: `unused` and `using` are found by `use`. Names stay whole.
 * @param {string} word
 */
function stemOf(word) {
  if (!/^[a-z]+$/.test(word)) return word;
  const cut = /(?:ies|y|ions?|ings?|ed|es|(?<!s)s|e)$/.exec(word);
  return cut && cut.index >= 3 ? word.slice(0, cut.index) : word;
}

/**
 * Read what somebody looks for: words, which must all occur, and phrases in quotes.
 * @param {string} text
 * @returns {Term[]}
 */
function readTerms(text) {
  /** @type {Term[]} */
  const terms = [];
  const add = (/** @type {Term[]} */ ...more) => terms.push(...more);
  const unquoted = plainText(text).replace(/["“”«»]([^"“”«»]+)["“”«»]?/g, (_, phrase) => {
    add({ kind: "phrase", text: phrase.trim(), also: [] });
    return " ";
  });
  const rest = SAME_THINGS.reduce((left, names) => {
    const said = names.find((name) => name.includes(" ") && left.includes(name));
    if (!said) return left;
    add({ kind: "phrase", text: said, also: names.filter((name) => name !== said) });
    return left.replaceAll(said, " ");
  }, unquoted);
  for (const [found] of rest.matchAll(WORD)) add(...wordTerms(found));
  const telling = terms.filter(({ kind, text: word }) => (
    kind === "phrase" || (!STOP_WORDS.has(word) && word.replaceAll(STOP_CHINESE, ""))));
  return (telling.length ? telling : terms).filter((term) => term.text);
}

/**
 * Return the terms of what stands between spaces; Chinese is cut at the words that say nothing.
 * @param {string} found
 * @returns {Term[]}
 */
function wordTerms(found) {
  if (!HAN.test(found)) return [{ kind: "word", text: found, also: namesOf(found) }];
  return found.split(new RegExp(`(${HAN.source})`, "u")).flatMap((part) => {
    if (!HAN.test(part)) return part ? [/** @type {Term} */ ({ kind: "word", text: part, also: namesOf(part) })] : [];
    const pieces = part.split(STOP_CHINESE).filter(Boolean);
    return (pieces.length ? pieces : [part]).map((piece) => (
      /** @type {Term} */ ({ kind: "han", text: piece, also: namesOf(piece) })));
  });
}

/**
 * Return the other names of a thing.
 * @param {string} word
 */
function namesOf(word) {
  const stem = stemOf(word);
  const group = SAME_THINGS.find((names) => names.some((name) => stemOf(name) === stem));
  return group ? group.filter((name) => stemOf(name) !== stem) : [];
}

/**
 * Return where a term stands in a text, each place with how well it fits: 1 as it is written, less for another form
 * of the word, the beginning of a longer word, and least in the middle of one.
 * @param {Term} term
 * @param {string} text in plain letters
 * @returns {Place[]}
 */
function placesOf(term, text) {
  const places = term.kind === "word" ? wordPlaces(term.text, text)
    : term.kind === "phrase" ? wordPlaces(term.text, text, 1) : hanPlaces(term.text, text);
  for (const name of term.also) {
    const found = wordPlaces(name, text, HAN.test(name) ? 0 : 0.5);
    places.push(...found.map((place) => ({ ...place, fit: place.fit * 0.7 })));
  }
  return places;
}

/**
 * @param {string} word
 * @param {string} text
 * @param {number} [least] fit of a place that counts
 */
function wordPlaces(word, text, least = 0) {
  const stem = word.includes(" ") ? word : stemOf(word);
  /** @type {Place[]} */
  const places = [];
  for (let at = text.indexOf(stem); at >= 0; at = text.indexOf(stem, at + stem.length)) {
    const inside = at > 0 && IN_WORD.test(text[at - 1]) && IN_WORD.test(stem[0]) && !HAN.test(stem[0]);
    let end = at + stem.length;
    if (!HAN.test(stem)) while (end < text.length && IN_WORD.test(text[end]) && !HAN.test(text[end])) end += 1;
    const whole = text.slice(at, end);
    const fit = inside ? 0.2 : whole === word ? 1 : stemOf(whole) === stem ? 0.9 : 0.4;
    // Two letters in the middle of a word are no more than chance.
    if (fit >= least && !(inside && stem.length < 3)) {
      places.push({ start: at, end: inside ? at + stem.length : end, fit });
    }
  }
  return places;
}

/**
 * Return where Chinese stands: as it is written, else those of its pairs of characters that occur, if they are most.
 * @param {string} written
 * @param {string} text
 */
function hanPlaces(written, text) {
  const whole = wordPlaces(written, text);
  if (whole.length || written.length < 3) return whole;
  const pairs = Array.from({ length: written.length - 1 }, (_, i) => wordPlaces(written.slice(i, i + 2), text));
  const known = pairs.filter((places) => places.length);
  const share = known.length / pairs.length;
  return share < 0.5 ? [] : known.flat().map((place) => ({ ...place, fit: 0.5 * share }));
}

/**
 * Return a text in parts, those that were looked for marked; where two overlap, the longer one is marked.
 * @param {string} text
 * @param {Term[]} terms
 * @returns {MarkedPart[]}
 */
function markedParts(text, terms) {
  /** @type {MarkedPart[]} */
  const parts = [];
  let done = 0;
  for (const { start, end } of apart(text, terms)) {
    if (start > done) parts.push({ text: text.slice(done, start), found: false });
    parts.push({ text: text.slice(start, end), found: true });
    done = end;
  }
  if (done < text.length) parts.push({ text: text.slice(done), found: false });
  return parts;
}

/**
 * Return the places of terms in a text, in its order, none in another.
 * @param {string} text
 * @param {Term[]} terms
 */
function apart(text, terms) {
  const plain = plainText(text);
  const places = terms.flatMap((term) => placesOf(term, plain)).sort((a, b) => a.start - b.start || b.end - a.end);
  /** @type {Place[]} */
  const kept = [];
  for (const place of places) if (!kept.length || place.start >= kept[kept.length - 1].end) kept.push(place);
  return kept;
}
