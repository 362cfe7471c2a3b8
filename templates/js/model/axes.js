// Which axis of a tensor became which, from the op and the shapes. Where those do not tell, nothing is said.

const RESHAPES = new RegExp("^(_?unsafe_view|view|reshape|flatten|unflatten|ravel|squeeze|unsqueeze|view_as|"
  + "reshape_as|atleast_\\dd)$");
const SWAPS = /^(transpose|swapaxes|swapdims)$/;
const REDUCTIONS = new RegExp("^(sum|mean|prod|max|min|amax|amin|argmax|argmin|any|all|std|var|norm|vector_norm|"
  + "logsumexp|median|nansum|nanmean|count_nonzero)$");
const BROADCASTS = new RegExp("^r?(add|sub|mul|div|truediv|floordiv|pow|fmod|remainder|mod|where|maximum|minimum|"
  + "and|or|xor|lt|le|gt|ge|eq|ne|logical_\\w+|masked_fill|lerp|addcmul|addcdiv)$");
/**
 * Ops that leave each axis where it is, and what they do to one that changes.
 * @type {[RegExp, AxisChange][]}
 */
const IN_PLACE = [
  [/^(cat|concat|concatenate)$/, "joined"],
  [/^(split|chunk|tensor_split|split_with_sizes|narrow|index_select|topk)$/, "cut"],
  [/^(repeat_interleave|tile|repeat)$/, "repeated"],
  [/^pad$/, "padded"],
  [/^(interpolate|upsample\w*|(adaptive_)?(max|avg)_pool[123]d(_with_indices)?)$/, "resized"],
];

/**
 * Return what became of the axes of a tensor in an op; null where the op and the shapes do not tell.
 * @param {Op} op
 * @param {Value} before what the op read
 * @param {Value} after what it made
 * @returns {AxisLink[] | null}
 */
function axesOf(op, before, after) {
  const places = op.inputs.filter((port) => port.value === before).map((port) => port.name);
  const [from, to] = [before.type.dims, after.type.dims];
  const links = places.length ? new Axes(op, places, from, to).links() : null;
  return links && fitsSizes(links, from, to) ? links : null;
}

class Axes {
  /**
   * @param {Op} op
   * @param {string[]} places the ports where the tensor is read
   * @param {number[]} from its sizes
   * @param {number[]} to those of the result
   */
  constructor(op, places, from, to) {
    this.op = op;
    this.places = places;
    this.from = from;
    this.to = to;
    this.name = op.target.replace(/(?<=.)_$/, "");
    this.first = places.length === 1 && places[0] === "in[0]";
  }

  /** @returns {AxisLink[] | null} */
  links() {
    const { name, from, to, first } = this;
    if (name === "einsum") return this.#einsum();
    if (/^(cat|concat|concatenate)$/.test(name)) return this.#joined();
    if (name === "stack") return this.#stacked();
    if (/^(matmul|bmm|mm|baddbmm|addmm)$/.test(name)) return this.#product();
    if (name === "scaled_dot_product_attention") return this.#attention();
    if (BROADCASTS.test(name)) return this.#broadcast();
    if (!first) return null;
    if (/^(expand|expand_as|broadcast_to)$/.test(name)) return this.#broadcast();
    if (RESHAPES.test(name)) return regrouped(from, to);
    if (name === "permute") return this.#permuted(this.#numbers(1, "dims"));
    if (SWAPS.test(name)) return this.#swapped(this.#number(1, "dim0"), this.#number(2, "dim1"));
    if (/^(t|mT|T|adjoint|mH)$/.test(name) && from.length === 2) return this.#swapped(0, 1);
    if (/^(mT|adjoint|mH)$/.test(name)) return this.#swapped(from.length - 2, from.length - 1);
    if (REDUCTIONS.test(name)) return this.#reduced();
    if (name === "linear") return this.#lastOf("mixed");
    const conv = /^conv(_transpose)?([123])d$/.exec(name);
    if (conv) return this.#convolved(Number(conv[2]));
    if (/^(embedding|one_hot|view_as_real|view_as_complex)$/.test(name)) return this.#lastComesOrGoes();
    if (/^(getitem|select|unbind)$/.test(name)) return this.#indexed();
    const change = IN_PLACE.find(([names]) => names.test(name))?.[1];
    if (change && from.length === to.length && this.#goesThatWay(change)) return this.#sameRank(change);
    return null;
  }

  /**
   * Return each axis as kept where its size is the same, and as changed otherwise.
   * @param {AxisChange} change
   */
  #sameRank(change) {
    return this.from.map((size, axis) => axisLink([axis], [axis], size === this.to[axis] ? "kept" : change));
  }

  /**
   * Return whether all sizes that change get smaller, or larger, as a change says.
   * @param {AxisChange} change
   */
  #goesThatWay(change) {
    const changed = changedAxes(this.from, this.to);
    if (change === "cut") return changed.every((axis) => this.to[axis] < this.from[axis]);
    return change === "resized" || changed.every((axis) => this.to[axis] > this.from[axis]);
  }

  #lastComesOrGoes() {
    if (Math.abs(this.to.length - this.from.length) !== 1) return null;
    const count = Math.min(this.from.length, this.to.length);
    return [
      ...range(count).map((axis) => axisLink([axis], [axis], "kept")),
      ...range(this.from.length).slice(count).map((axis) => axisLink([axis], [], "gone")),
      ...range(this.to.length).slice(count).map((axis) => axisLink([], [axis], "new")),
    ];
  }

  /** @param {AxisChange} how */
  #lastOf(how) {
    const last = this.from.length - 1;
    if (this.to.length !== this.from.length || last < 0) return null;
    return [...range(last).map((axis) => axisLink([axis], [axis], "kept")), axisLink([last], [last], how)];
  }

  /**
   * Each channel is mixed from all, unless groups of them are kept apart: then only one channel a group tells which.
   * @param {number} spatial the number of axes over which a kernel moves
   */
  #convolved(spatial) {
    const { from, to } = this;
    const channels = from.length - spatial - 1;
    if (to.length !== from.length || channels < 0) return null;
    const groups = this.#text(6, "groups") === null ? 1 : this.#number(6, "groups");
    const apart = groups === from[channels] && groups === to[channels];
    return this.#sameRank("resized").flatMap((one, axis) => {
      if (axis !== channels || (apart && groups > 1)) return [one];
      return groups === 1 ? [{ ...one, how: /** @type {AxisChange} */ ("mixed") }] : [];
    });
  }

  #joined() {
    const given = this.op.inputs.filter((port) => port.value).length;
    if (this.from.length !== this.to.length || changedAxes(this.from, this.to).length !== 1 || given < 2) return null;
    return this.#sameRank("joined");
  }

  #stacked() {
    const axis = this.#axis(this.#number(1, "dim") ?? 0, this.to.length);
    return this.to.length === this.from.length + 1 ? this.#inserted(axis) : null;
  }

  /** @param {number} axis */
  #inserted(axis) {
    return [...this.from.map((_, i) => axisLink([i], [i < axis ? i : i + 1], "kept")), axisLink([], [axis], "new")];
  }

  /** @param {number | null} a @param {number | null} b */
  #swapped(a, b) {
    if (a === null || b === null) return null;
    const rank = this.from.length;
    const order = range(rank);
    [order[this.#axis(a, rank)], order[this.#axis(b, rank)]] = [this.#axis(b, rank), this.#axis(a, rank)];
    return this.#permuted(order);
  }

  /** @param {number[] | null} order for each axis of the result the one it was */
  #permuted(order) {
    if (order?.length !== this.from.length) return null;
    return order.map((axis) => this.#axis(axis, order.length)).map((axis, i) => (
      axisLink([axis], [i], axis === i ? "kept" : "moved")));
  }

  #reduced() {
    const { from, to } = this;
    const place = /norm$/.test(this.name) ? 2 : 1; // what kind of norm stands before its dims
    const dims = this.#numbers(place, "dim")?.map((axis) => this.#axis(axis, from.length));
    const gone = dims?.length ? dims : to.length ? null : range(from.length);
    if (!gone) return null;
    const keeps = to.length === from.length;
    if (!keeps && to.length !== from.length - gone.length) return null;
    if (keeps && gone.some((axis) => to[axis] !== 1)) return null;
    let at = 0;
    return from.map((_, axis) => {
      if (!gone.includes(axis)) return axisLink([axis], [at++], "kept");
      return axisLink([axis], keeps ? [at++] : [], "reduced");
    });
  }

  /** The last axis of the left factor and the last but one of the right one are summed over. */
  #product() {
    const left = { matmul: "in[0]", bmm: "in[0]", mm: "in[0]", baddbmm: "in[1]", addmm: "in[1]" }[this.name];
    const right = { matmul: "in[1]", bmm: "in[1]", mm: "in[1]", baddbmm: "in[2]", addmm: "in[2]" }[this.name];
    const rank = this.from.length;
    const [place] = this.places;
    if (this.places.length !== 1 || rank < 2 || this.to.length !== rank) return null;
    if (place !== left && place !== right) return null;
    const summed = place === left ? rank - 1 : rank - 2;
    if (range(rank - 2).some((axis) => ![1, this.to[axis]].includes(this.from[axis]))) return null;
    const leading = range(rank - 2).map((axis) => (
      axisLink([axis], [axis], this.from[axis] === this.to[axis] ? "kept" : "repeated")));
    const kept = place === left ? rank - 2 : rank - 1;
    return [
      ...leading, axisLink([kept], [kept], "kept"), axisLink([summed], [], "summed"), axisLink([], [summed], "new"),
    ];
  }

  /** Scores are made over the axes of queries and keys; the result has the queries' places and the values' channels. */
  #attention() {
    const rank = this.from.length;
    const role = { "in[0]": "query", "in[1]": "key", "in[2]": "value" }[this.places[0]];
    if (this.places.length !== 1 || !role || rank < 2 || this.to.length !== rank) return null;
    const leading = range(rank - 2);
    if (leading.some((axis) => this.from[axis] !== this.to[axis])) return null;
    const kept = { query: [rank - 2], key: [], value: [rank - 1] }[role] ?? [];
    const other = [rank - 2, rank - 1].filter((axis) => !kept.includes(axis));
    return [
      ...[...leading, ...kept].map((axis) => axisLink([axis], [axis], "kept")),
      ...other.map((axis) => axisLink([axis], [], "summed")), ...other.map((axis) => axisLink([], [axis], "new")),
    ];
  }

  #broadcast() {
    const { from, to } = this;
    const more = to.length - from.length;
    if (more < 0) return null;
    if (from.some((size, axis) => size !== 1 && size !== to[axis + more])) return null;
    return [...range(more).map((axis) => axisLink([], [axis], "new")), ...from.map((size, axis) => (
      axisLink([axis], [axis + more], size === to[axis + more] ? "kept" : "repeated")))];
  }

  #einsum() {
    const equation = /^['"]([\w,\s]*)->([\w\s]*)['"]$/.exec(this.#text(0, "equation") ?? "");
    const position = Number(/^in\[(\d+)\]$/.exec(this.places[0])?.[1] ?? -1) - 1;
    const given = equation?.[1].replaceAll(" ", "").split(",")[position];
    const made = equation?.[2].replaceAll(" ", "");
    if (this.places.length !== 1 || !given || made === undefined || new Set(given).size !== given.length) return null;
    if (given.length !== this.from.length || made.length !== this.to.length) return null;
    return [
      ...[...given].map((letter, axis) => {
        const at = made.indexOf(letter);
        return at < 0 ? axisLink([axis], [], "summed") : axisLink([axis], [at], at === axis ? "kept" : "moved");
      }),
      ...[...made].flatMap((letter, axis) => given.includes(letter) ? [] : [axisLink([], [axis], "new")]),
    ];
  }

  /** Indices are followed where all of them are slices, numbers, `None` and `...`. */
  #indexed() {
    const { from, to, name } = this;
    if (name !== "getitem") {
      const axis = this.#axis(this.#number(1, "dim") ?? 0, from.length);
      return to.length === from.length - 1 ? indexedBy([...range(axis).map(() => ":"), "0"], from, to) : null;
    }
    const ports = this.op.inputs.filter((port) => /^in\[1\](\[\d+\])?$/.test(port.name));
    return ports.every((port) => !port.value) ? indexedBy(ports.map((port) => port.text), from, to) : null;
  }

  /** @param {number} axis @param {number} rank */
  #axis(axis, rank) { return axis < 0 ? axis + rank : axis; }

  /** @param {number} position @param {string} name */
  #text(position, name) {
    const names = [`in[${position}]`, `in.${name}`];
    return this.op.inputs.find((port) => names.includes(port.name) || names.includes(port.alias))?.text ?? null;
  }

  /** @param {number} position @param {string} name */
  #number(position, name) {
    const text = this.#text(position, name);
    return text !== null && /^-?\d+$/.test(text) ? Number(text) : null;
  }

  /** Return the numbers of one argument, or of all from a position on. @param {number} position @param {string} name */
  #numbers(position, name) {
    const text = this.#text(position, name);
    if (text === null) return null;
    if (/^[[(]/.test(text)) return text.match(/-?\d+/g)?.map(Number) ?? null;
    if (!/^-?\d+$/.test(text)) return null;
    const all = [Number(text)];
    for (let at = position + 1; name === "dims"; at += 1) {
      const more = this.op.inputs.find((port) => port.name === `in[${at}]`)?.text;
      if (more === undefined || !/^-?\d+$/.test(more)) break;
      all.push(Number(more));
    }
    return all;
  }
}
