// What a step of a ride shows: the drawing, the op and its call, the lines of source, and what the text says there.

const LINES_AROUND = 1;
const MOST_OTHERS = 3;

/**
 * Return a step as elements.
 * @param {Ride} ride
 * @param {number} position from 0
 * @param {number} width of the drawing
 */
function ridePanel(ride, position, width) {
  const step = ride.steps[position];
  return make("article", { class: "ride-panel" },
    make("div", { class: "ride-head" }, ...rideTitle(ride, step)),
    keptElement(step),
    make("div", { class: "ride-drawing" }, rideDrawing(step, width),
      make("div", { class: "ride-shapes" }, shapesOf(step))),
    changesElement(step),
    alsoReads(step),
    make("div", { class: "ride-beside" }, textAbout(step.call), linesOf(step)));
}

/** @param {RideStep} step */
function shapesOf({ kind, before, after }) {
  return typesElement({ takes: kind === "start" || kind === "end" ? null : before?.type ?? null, gives: after.type });
}

/**
 * @param {Ride} ride
 * @param {RideStep} step
 * @returns {Child[]}
 */
function rideTitle({ start, end, steps }, step) {
  const { kind, op, call, legs, after } = step;
  const at = call && make("span", { class: "ride-call" }, link(call.selector), " ",
    make("span", { class: "quiet" }, call.class_name));
  const title = (/** @type {string} */ text) => make("h2", { id: "ride-step" }, text);
  if (kind === "start") {
    const { producer, origin, name } = after;
    const from = producer ? `${words("made-by")} ${producer.target}` : `${words(originKey(origin))} ${name}`;
    return [title(words("ride-starts")), link(start), make("span", { class: "quiet" }, from)];
  }
  if (kind === "end") return [title(words("ride-ends", { op: op?.target ?? "" })), link(end), at];
  if (kind === "many") return [title(words("ride-many", { n: legs.length })), at, opList(legs)];
  const last = step === steps.at(-1) ? make("span", { class: "ride-end" }, words("ride-end"), " ", link(end)) : null;
  return [title(op?.target ?? ""), at, last];
}

/** @param {Leg[]} legs */
const opList = (legs) => make("details", { class: "ride-kept" }, make("summary", {}, words("ride-which")),
  make("ol", {}, ...legs.map(({ op, before, after }) => (
    make("li", {}, link(op.selector), " ", typesElement({ takes: before.type, gives: after.type }))))));

/** @param {RideStep} step */
function keptElement({ kept }) {
  if (!kept.length) return null;
  const list = opList(kept);
  const key = kept.every(keepsShape) ? "ride-kept" : "ride-kept-sum";
  all("summary", list)[0].textContent = words(key, { n: kept.length });
  return list;
}

/** @param {RideStep} step */
function changesElement({ kind, op, before, after }) {
  if (kind === "same") return make("p", { class: "ride-change" }, words("ride-same"));
  if (kind === "many") return make("p", { class: "ride-change quiet" }, words("ride-only-shapes-many"));
  if (kind !== "change" || !op || !before) return null;
  const links = axesOf(op, before, after);
  if (!links) return make("p", { class: "ride-change quiet" }, words("ride-only-shapes"));
  const named = (/** @type {number[]} */ axes, /** @type {Value} */ value) => axes.map((axis) => {
    const size = value.type.dims[axis];
    const letter = letterOf(symbolsBySize.get(size));
    return letter ? `${letter} = ${size}` : String(size);
  }).join(" × ");
  const told = links.filter(({ how }) => how !== "kept").map(({ from, to, how }) => (
    words(`ride-${how}`, { a: named(from, before), b: named(to, after) })));
  return make("p", { class: "ride-change" }, [...new Set(told)].join(words("ride-and")));
}

/** @param {RideStep} step */
function alsoReads({ op, before, kind }) {
  if (!op || kind === "many") return null;
  const links = op.inputs.flatMap(({ value, name, alias }) => (
    !value || value === before ? [] : [make("a", { href: addressOf(value.selector), title: alias || name },
      shapeElement(value.type))]));
  if (!links.length) return null;
  const rest = links.length > MOST_OTHERS ? ` ${words("n-more", { n: links.length - MOST_OTHERS })}` : null;
  const shown = links.slice(0, MOST_OTHERS).flatMap((one) => [" ", one]);
  return make("p", { class: "ride-also" }, words("ride-also"), ...shown, rest);
}

/** @param {RideStep} step */
function linesOf({ op, after }) {
  const source = (op ?? after.producer)?.source;
  if (!source?.lines.length) return null;
  const lines = source.lines.filter((line) => Math.abs(line.number - source.line) <= LINES_AROUND);
  return sourceElement({ ...source, lines });
}

/**
 * Return the first sentence of the innermost section that names a call, or one around it.
 * @param {Call | null} call
 */
function textAbout(call) {
  const found = sectionAbout(call);
  if (!found) return null;
  const title = make("a", { href: `#${found.id}` }, found.title);
  return make("blockquote", { class: "ride-text" }, found.sentence ? make("p", {}, found.sentence) : null,
    make("footer", {}, title));
}

/**
 * Return the innermost section that names a call, or the nearest call around it that one names.
 * @param {Call | null} call
 */
function sectionAbout(call) {
  const sections = rideSections();
  for (const one of call ? lineOf(call).reverse() : []) {
    if (one !== call && !one.parent) return null; // what is said of all that runs is not said of this
    const [inner = null] = sections.filter(({ calls }) => calls.has(one)).sort((a, b) => b.level - a.level);
    if (inner) return inner;
  }
  return null;
}

const rideSections = once(() => all(".part [data-calls]").map((element) => {
  const part = element.closest(".part");
  const calls = (/** @type {HTMLElement} */ (element).dataset.calls ?? "").split("\n").flatMap((selector) => {
    const found = theTrace().find(selector);
    return found?.kind === "call" ? [found] : found?.kind === "repeat" ? found.calls : [];
  });
  const level = Number(/level(\d+)/.exec(part?.className ?? "")?.[1] ?? 1);
  const title = part?.querySelector(".title > span")?.textContent ?? "";
  return { id: part?.id ?? "", title, level, calls: new Set(calls), sentence: part ? firstSentence(part) : "" };
}));

/**
 * Return the first sentence of a section's own text.
 * @param {Element} part
 */
function firstSentence(part) {
  const paragraph = all(".prose > p", part).find((one) => !one.querySelector("math") && one.textContent?.trim());
  const text = paragraph?.textContent?.trim() ?? "";
  if (!("Segmenter" in Intl)) return /^.*?(?:[.!?](?=\s|$)|[。！？])/s.exec(text)?.[0] ?? text;
  const [first] = new Intl.Segmenter(page.language, { granularity: "sentence" }).segment(text);
  return first?.segment.trim() ?? "";
}
