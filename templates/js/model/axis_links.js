// Which axes before an op are which behind it: making, checking and naming such links.

/**
 * @typedef {"kept" | "moved" | "split" | "merged" | "regrouped" | "new" | "gone" | "chosen" | "cut" | "joined"
 *   | "repeated" | "padded" | "resized" | "mixed" | "reduced" | "summed"} AxisChange
 */
/** @typedef {{ from: number[], to: number[], how: AxisChange }} AxisLink */

/** @param {number} count */
const range = (count) => Array.from({ length: count }, (_, i) => i);

/**
 * @param {number[]} from
 * @param {number[]} to
 * @param {AxisChange} how
 * @returns {AxisLink}
 */
const axisLink = (from, to, how) => ({ from, to, how });

const REARRANGED = new Set(["kept", "moved", "split", "merged", "regrouped"]);

/**
 * Return whether links agree with the sizes: no axis is in two, and what is only rearranged keeps its size.
 * @param {AxisLink[]} links
 * @param {number[]} from
 * @param {number[]} to
 */
function fitsSizes(links, from, to) {
  const product = (/** @type {number[]} */ axes, /** @type {number[]} */ dims) => (
    axes.reduce((all, axis) => all * dims[axis], 1));
  const apart = (/** @type {number[]} */ axes, /** @type {number} */ count) => (
    new Set(axes).size === axes.length && axes.every((axis) => axis >= 0 && axis < count));
  return apart(links.flatMap((one) => one.from), from.length) && apart(links.flatMap((one) => one.to), to.length)
    && links.every((one) => !REARRANGED.has(one.how) || product(one.from, from) === product(one.to, to));
}

/**
 * Return the axes whose sizes differ between two shapes of one rank.
 * @param {number[]} from
 * @param {number[]} to
 */
const changedAxes = (from, to) => range(from.length).filter((axis) => from[axis] !== to[axis]);

/**
 * Return how axes go into each other where elements keep their order; null where their number differs.
 * Between axes of size 1 nothing tells which is which, unless equally many stand at one place.
 * @param {number[]} from
 * @param {number[]} to
 * @returns {AxisLink[] | null}
 */
function regrouped(from, to) {
  const count = (/** @type {number[]} */ dims) => dims.reduce((all, size) => all * size, 1);
  if (!count(from) || count(from) !== count(to)) return null;
  const long = (/** @type {number[]} */ dims) => range(dims.length).filter((axis) => dims[axis] > 1);
  const [left, right] = [long(from), long(to)];
  /** @type {AxisLink[]} */
  const links = [];
  while (left.length) {
    const one = axisLink([left.shift() ?? 0], [right.shift() ?? 0], "kept");
    let [before, after] = [from[one.from[0]], to[one.to[0]]];
    while (before !== after) {
      if (before < after) { const axis = left.shift() ?? 0; one.from.push(axis); before *= from[axis]; }
      else { const axis = right.shift() ?? 0; one.to.push(axis); after *= to[axis]; }
    }
    if (one.from.length > 1) one.how = one.to.length > 1 ? "regrouped" : "merged";
    else if (one.to.length > 1) one.how = "split";
    links.push(one);
  }
  return [...links, ...linksOfOnes(from, to, links)];
}

/**
 * @param {number[]} from
 * @param {number[]} to
 * @param {AxisLink[]} groups of the longer axes
 * @returns {AxisLink[]}
 */
function linksOfOnes(from, to, groups) {
  const slots = (/** @type {number[]} */ dims, /** @type {"from" | "to"} */ side) => {
    /** @type {Map<number, number[]>} */
    const found = new Map();
    for (const axis of range(dims.length).filter((one) => dims[one] === 1)) {
      const slot = groups.reduce((sum, group) => (
        sum + Number(group[side][0] < axis) + Number((group[side].at(-1) ?? 0) < axis)), 0);
      found.set(slot, [...found.get(slot) ?? [], axis]);
    }
    return found;
  };
  const [left, right] = [slots(from, "from"), slots(to, "to")];
  return [...new Set([...left.keys(), ...right.keys()])].flatMap((slot) => {
    const [gone, come] = [left.get(slot) ?? [], right.get(slot) ?? []];
    if (gone.length === come.length) return gone.map((axis, i) => axisLink([axis], [come[i]], "kept"));
    if (!come.length) return gone.map((axis) => axisLink([axis], [], "gone"));
    return gone.length ? [] : come.map((axis) => axisLink([], [axis], "new"));
  });
}

/**
 * Return what indices do to the axes; null where some are more than slices, numbers, `None` and `...`.
 * @param {string[]} indices as they are written
 * @param {number[]} from
 * @param {number[]} to
 * @returns {AxisLink[] | null}
 */
function indexedBy(indices, from, to) {
  const plain = /^(-?\d*(:-?\d*){1,2}|-?\d+|None|\.\.\.|Ellipsis)$/;
  if (!indices.length || !indices.every((text) => plain.test(text))) return null;
  const isRest = (/** @type {string} */ text) => text === "..." || text === "Ellipsis";
  const taken = indices.filter((text) => text !== "None" && !isRest(text)).length;
  const rest = range(from.length - taken).map(() => ":");
  const at = indices.findIndex(isRest);
  const whole = at < 0 ? [...indices, ...rest] : [...indices.slice(0, at), ...rest, ...indices.slice(at + 1)];
  /** @type {AxisLink[]} */
  const links = [];
  let [axis, made] = [0, 0];
  for (const text of whole) {
    if (text === "None") links.push(axisLink([], [made++], "new"));
    else if (!text.includes(":")) links.push(axisLink([axis++], [], "chosen"));
    else links.push(axisLink([axis], [made], from[axis++] === to[made++] ? "kept" : "cut"));
  }
  return axis === from.length && made === to.length ? links : null;
}
