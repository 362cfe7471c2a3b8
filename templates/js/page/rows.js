// What the page shows only when it is opened: the evidence of claims, and the rows of long tables.

/** Return the texts by what asks for them. */
async function loadTexts() {
  const { claims, statements, places, drawings } = await unpacked(page.texts);
  return {
    claims: new Map(rowsOf(claims).map((row) => [row.anchor, row])),
    statements: rowsOf(statements),
    places: rowsOf(places),
    drawings,
  };
}

/**
 * Return the rows of a table that may have none.
 * @template Row
 * @param {Table<Row>} table
 * @returns {Row[]}
 */
const rowsOf = (table) => Object.keys(table).length ? decode(table) : [];

/**
 * Fill an opened part with what belongs into it.
 * @param {HTMLElement} details
 */
function fill(details) {
  if (!state.texts) return;
  if (details.matches(".claim")) fillClaim(details);
  for (const box of all(":scope > .rows-here:empty", details)) fillRows(box);
}

/**
 * Show what a claim rests on; what does not hold has its reasons in the page, or gets them here.
 * @param {HTMLElement} details
 */
function fillClaim(details) {
  const row = state.texts?.claims.get(details.id);
  if (!row || !state.trace || details.dataset.filled) return;
  details.dataset.filled = "true";
  const [body = details.appendChild(make("div", { class: "body" }))] = all(":scope > .body", details);
  const [list = body.appendChild(make("dl", { class: "evidence" }))] = all(":scope > .evidence", body);
  if (!("failed" in details.dataset)) {
    if (row.what) list.before(make("p", { class: "what" }, ...withCode(row.what)));
    list.append(...reasonsOf(row));
  }
  if (row.places) list.append(...row.places.split("\n").flatMap(evidenceOf));
  if (row.more) body.append(make("p", { class: "quiet" }, words("n-more", { n: row.more })));
  const said = row.said && row.said !== textOf(details.previousElementSibling) ? ` · ${row.said}` : "";
  body.append(make("p", { class: "place" }, make("a", { href: `#${row.anchor}` }, words("permalink")), " ",
    make("span", { class: "quiet" }, `${row.place}${said}`)));
}

/** @param {Element | null} element */
const textOf = (element) => element?.textContent ?? "";

/**
 * Return a text whose parts in backticks are code.
 * @param {string} text
 * @returns {Child[]}
 */
const withCode = (text) => text.split("`").flatMap((part, i) => (
  i % 2 ? [make("code", {}, ...breakable(part))] : breakable(part)));

/**
 * Return why a claim does not hold.
 * @param {ClaimRow} row
 */
function reasonsOf({ expected, because, hint }) {
  const told = [["expected", expected], ["because", because], ["hint", hint]].filter(([, text]) => text);
  return told.map(([key, text]) => evidencePair(words(key), make("code", {}, ...breakable(text))));
}

/**
 * @param {string} label
 * @param {Child[]} content
 */
const evidencePair = (label, ...content) => make("div", {}, make("dt", {}, label), make("dd", {}, ...content));

/**
 * Return what is known of a place that a claim rests on, from the trace.
 * @param {string} selector
 * @returns {HTMLElement[]}
 */
function evidenceOf(selector) {
  const found = theTrace().find(selector);
  const named = make("a", { class: "at", href: addressOf(selector) }, make("code", {}, ...breakable(selector)));
  const entry = evidencePair(words("observed"), named);
  entry.className = "entry";
  const told = entry.lastElementChild;
  if (!found || !told) return [entry];
  if (found.kind === "value") {
    told.append(" ", shapeElement(found.type));
    return [entry, ...flowOf(found), ...sourceOf(found.producer?.source)];
  }
  if (found.kind === "repeat") return [entry];
  if (found.kind === "call") told.append(" ", make("span", { class: "quiet" }, found.class_name));
  if (found.kind === "op" && found.gives) told.append(" ", shapeElement(found.gives));
  return [entry, ...sourceOf(found.source)];
}

/**
 * Return where a tensor comes from and who reads it.
 * @param {Value} value
 */
function flowOf(value) {
  const { producer, origin, name } = value;
  const from = producer ? [opLink(producer)] : origin === "op" ? [] : [`${words(`origin-${origin}`)} ${name}`];
  const users = theTrace().users(value);
  const shown = users.slice(0, MOST_USERS).map((op) => make("span", { class: "use" }, opLink(op)));
  const more = users.length - shown.length;
  if (more > 0) shown.push(make("span", { class: "use quiet" }, words("n-more", { n: more })));
  if (value.unused) shown.unshift(make("span", { class: "badge" }, words("nobody")));
  return [
    ...(from.length ? [evidencePair(words("made-by"), ...from)] : []),
    ...(shown.length ? [evidencePair(words("used-by"), ...shown)] : []),
  ];
}

const MOST_USERS = 4;

/** @param {Op} op */
const opLink = (op) => make("span", {}, link(op.selector, nameOf(op.selector)), " ",
  make("span", { class: "quiet" }, op.source?.place ?? ""));

/** @param {Source | null | undefined} source */
const sourceOf = (source) => source ? [make("div", { class: "wide" }, sourceElement(source))] : [];

/**
 * Show the rows of a long table.
 * @param {HTMLElement} box
 */
function fillRows(box) {
  const { rows, first, count } = box.dataset;
  const range = [Number(first), Number(first) + Number(count)];
  if (rows === "statements") box.append(make("table", {}, make("tbody", {}, ...statementRows(range))));
  else {
    const heads = [words("in-model", { model: page.target }), words("in-model", { model: page.other }),
      words("differs-how")].map((text) => make("th", {}, text));
    box.append(make("table", {}, make("thead", {}, make("tr", {}, ...heads)), make("tbody", {}, ...placeRows(range))));
  }
}

/** @type {Record<string, string>} */
const SAID_ICONS = { good: "✓", bad: "✗", doubt: "≈", said: "≠", idle: "○" };

/** @param {number[]} range */
function statementRows([from, to]) {
  return (state.texts?.statements ?? []).slice(from, to).map((row) => make("tr", {},
    make("td", {}, row.line), make("td", {}, row.says),
    make("td", { class: row.tone }, `${SAID_ICONS[row.tone] ?? ""} ${row.verdict}`),
    make("td", {}, row.anchor ? make("a", { href: `#${row.anchor}` }, row.section) : "",
      row.anchor && row.reason ? " " : "", row.reason)));
}

/** @param {number[]} range */
function placeRows([from, to]) {
  const none = () => make("span", { class: "quiet" }, words("no-such-place"));
  const code = (/** @type {string} */ text) => make("code", {}, ...breakable(text));
  return (state.texts?.places ?? []).slice(from, to).map((row) => make("tr", {},
    make("td", {}, row.link ? link(row.link, row.here) : row.here ? code(row.here) : none()),
    make("td", {}, row.there ? code(row.there) : none()),
    make("td", {}, row.shapes ? make("code", {}, row.shapes) : "", row.shapes ? " " : "", row.note)));
}
