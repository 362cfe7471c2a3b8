// A tensor as a bar with a segment an axis and a sheet to scale, and what became of the axes on the way to the next.

const BAR = 52;
const GAP = 8;
const BETWEEN = 118;

/**
 * @param {string} tag
 * @param {Record<string, string | number>} attributes
 * @param {(Node | string)[]} children
 */
function svgPart(tag, attributes = {}, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  element.append(...children);
  return element;
}

/**
 * Return the drawing of a step: one tensor, or two with what joins their axes.
 * @param {RideStep} step
 * @param {number} width
 */
function rideDrawing(step, width) {
  const links = step.kind === "change" && step.op && step.before ? axesOf(step.op, step.before, step.after) : null;
  const before = step.kind === "change" || step.kind === "many" ? step.before : null;
  const sheet = width < 480 ? 62 : 132;
  const dims = [before?.type.dims ?? [], step.after.type.dims];
  const unit = barUnit(dims, width - sheet - 26);
  const top = before ? BAR + BETWEEN : 0;
  const below = sheetSize(dims[1], sheet);
  const height = top + 12 + Math.max(BAR, below.h + (below.sheets - 1) * 3);
  const marks = (/** @type {"from" | "to"} */ side) => new Set((links ?? []).flatMap((one) => (
    one.how === "kept" ? [] : one[side])));
  const lower = bar(dims[1], sheet + 26, top + 8, unit, marks("to"));
  const parts = [sheetOf(dims[1], sheet, top + 8, "after"), lower.element];
  if (before) {
    const upper = bar(dims[0], sheet + 26, 8, unit, marks("from"));
    const between = betweenBars(links, upper.spans, lower.spans);
    parts.unshift(sheetOf(dims[0], sheet, 8, "before"), ...between, upper.element);
  }
  const size = { viewBox: `0 0 ${width} ${height}`, width, height };
  return svgPart("svg", { class: "tensors", role: "img", "aria-label": spoken(before, step.after), ...size }, ...parts);
}

/** @param {Value | null} before @param {Value} after */
function spoken(before, after) {
  const text = (/** @type {Value} */ { type }) => `${type.dtype}[${type.dims.join(", ")}]`;
  return before ? `${text(before)} → ${text(after)}` : text(after);
}

/** @param {number} size */
const weight = (size) => 2.6 + Math.log2(Math.max(1, size));

/**
 * Return how wide one unit of weight is, so that the widest of several bars has place.
 * @param {number[][]} shapes
 * @param {number} width
 */
function barUnit(shapes, width) {
  const room = shapes.map((dims) => (width - GAP * dims.length) / dims.reduce((sum, size) => sum + weight(size), 0));
  return Math.min(24, ...room.filter((one) => one > 0 && Number.isFinite(one)));
}

/**
 * Return a bar with a segment an axis, and where each begins and ends.
 * @param {number[]} dims
 * @param {number} left
 * @param {number} top
 * @param {number} unit
 * @param {Set<number>} marked
 */
function bar(dims, left, top, unit, marked) {
  /** @type {[number, number][]} */
  const spans = [];
  const element = svgPart("g", { class: "bar-of" });
  let at = left;
  dims.forEach((size, axis) => {
    const width = weight(size) * unit;
    spans.push([at, at + width]);
    element.append(segment(size, { left: at, top, width }, marked.has(axis)));
    at += width + GAP;
  });
  if (!dims.length) element.append(segment(words("ride-number"), { left, top, width: 72 }, false));
  return { element, spans };
}

/**
 * Return the letter of a size; some have none but the number itself.
 * @param {SizeSymbol | undefined} symbol
 */
const letterOf = (symbol) => symbol && symbol.name !== String(symbol.size) ? symbol.name : "";

/**
 * Return an axis as a box with its size and its letter, beside each other or, where it is narrow, below each other.
 * @param {number | string} size
 * @param {{ left: number, top: number, width: number }} box
 * @param {boolean} marked
 */
function segment(size, { left, top, width }, marked) {
  const symbol = typeof size === "number" ? symbolsBySize.get(size) : undefined;
  const letter = letterOf(symbol);
  const x = left + width / 2;
  const text = (/** @type {string} */ kind, /** @type {string} */ content, /** @type {number} */ y) => (
    svgPart("text", { class: kind, x, y, "text-anchor": "middle" }, content));
  const group = svgPart("g", { class: `seg ${symbol ? `d y${symbol.colour}` : "plain"}${marked ? " marked" : ""}` },
    svgPart("rect", { x: left, y: top, width, height: BAR, rx: 5 }));
  if (symbol) group.setAttribute("data-s", symbol.name);
  if (letter && width < 10.5 * (String(size).length + letter.length) + 14) {
    group.append(text("size", String(size), top + 20), text("letter", letter, top + 37));
  } else {
    const both = text("size", String(size), top + BAR / 2 + 6);
    if (letter) both.append(" ", svgPart("tspan", { class: "letter" }, letter));
    group.append(both);
  }
  return group;
}

/**
 * Return the bands between two bars; without known links only an arrow.
 * @param {AxisLink[] | null} links
 * @param {[number, number][]} upper
 * @param {[number, number][]} lower
 */
function betweenBars(links, upper, lower) {
  const [top, bottom] = [8 + BAR, 8 + BAR + BETWEEN];
  if (!links) {
    const x = upper[0]?.[0] ?? lower[0]?.[0] ?? 40;
    return [svgPart("path", { class: "unknown", d: `M${x + 16} ${top + 8}V${bottom - 12}m-6 -9l6 9l6 -9` })];
  }
  const order = [...links].sort((a, b) => Number(a.how !== "kept") - Number(b.how !== "kept"));
  const moved = links.filter((one) => one.how === "moved").flatMap((one) => one.from.map((axis) => upper[axis]));
  const bands = order.map((one) => band(one, upper, lower, top, bottom));
  return moved.length ? [...bands, bandWord("moved", moved, (top + bottom) / 2 + 4)] : bands;
}

/**
 * Return a band that joins the axes of a link, with a word on it where something happens to them.
 * @param {AxisLink} one
 * @param {[number, number][]} upper
 * @param {[number, number][]} lower
 * @param {number} top
 * @param {number} bottom
 */
function band({ from, to, how }, upper, lower, top, bottom) {
  const middle = (top + bottom) / 2;
  const above = from.map((axis) => upper[axis]);
  const below = to.map((axis) => lower[axis]);
  const shapes = above.flatMap((a) => below.map((b) => svgPart("path", { d: ribbon(a, b, top, bottom) })));
  const joined = shapes.length > 0;
  if (!joined) {
    for (const [left, right] of above) shapes.push(svgPart("path", { d: spike(left, right, top, middle - 16) }));
    for (const [left, right] of below) shapes.push(svgPart("path", { d: spike(left, right, bottom, middle + 16) }));
  }
  const group = svgPart("g", { class: `ride-band ${how === "kept" ? "kept" : "changed"}` }, ...shapes);
  if (how !== "kept" && how !== "moved") { // bands that cross have one word together
    group.append(bandWord(how, [...above, ...below], middle + (joined ? 4 : above.length ? -4 : 12)));
  }
  return group;
}

/**
 * @param {AxisChange} how
 * @param {[number, number][]} spans of the axes
 * @param {number} y
 */
function bandWord(how, spans, y) {
  const x = spans.reduce((sum, [left, right]) => sum + (left + right) / 2, 0) / spans.length;
  return svgPart("text", { class: "how", x, y, "text-anchor": "middle" }, words(`ride-how-${how}`));
}

/**
 * @param {readonly [number, number]} a
 * @param {readonly [number, number]} b
 * @param {number} top
 * @param {number} bottom
 */
function ribbon(a, b, top, bottom) {
  const middle = (top + bottom) / 2;
  return `M${a[0]} ${top}C${a[0]} ${middle} ${b[0]} ${middle} ${b[0]} ${bottom}L${b[1]} ${bottom}`
    + `C${b[1]} ${middle} ${a[1]} ${middle} ${a[1]} ${top}Z`;
}

/** @param {number} left @param {number} right @param {number} wide @param {number} sharp */
function spike(left, right, wide, sharp) {
  const middle = (left + right) / 2;
  const bend = `${middle} ${(wide + sharp) / 2}`;
  return `M${left} ${wide}Q${bend} ${middle} ${sharp}Q${bend} ${right} ${wide}Z`;
}

/**
 * Return how a tensor looks as sheets: the last two axes longer than 1 are height and width, on a logarithmic scale.
 * @param {number[]} dims
 * @param {number} room
 */
function sheetSize(dims, room) {
  const long = dims.filter((size) => size !== 1);
  const [height, width] = [long.at(-2) ?? 1, long.at(-1) ?? 1];
  const count = long.slice(0, -2).reduce((all_, size) => all_ * size, 1);
  const most = room - 4 * 6;
  const side = (/** @type {number} */ size) => size === 0 ? 2 : Math.min(most, 5 + (most - 5) * Math.log2(size) / 13);
  const sheets = Math.min(count, 1 + Math.ceil(Math.log2(Math.max(1, count)) / 1.6), 7);
  return { sheets, w: side(width), h: Math.min(side(height), room > 100 ? 92 : 56) };
}

/**
 * Return a tensor as sheets.
 * @param {number[]} dims
 * @param {number} room
 * @param {number} top
 * @param {string} name
 */
function sheetOf(dims, room, top, name) {
  const { sheets, w, h } = sheetSize(dims, room);
  const group = svgPart("g", { class: `sheets-of ${name}` });
  for (let i = sheets - 1; i >= 0; i -= 1) {
    const place = { x: 2 + i * 4, y: top + (sheets - 1 - i) * 3 };
    group.append(svgPart("rect", { class: "leaf", ...place, width: w, height: h, rx: 2 }));
  }
  return group;
}
