// The memory curve: pointer and arrow keys go along it and say what is alive there.

/**
 * @typedef {{
 *   ops: number,
 *   points: [op: number, left: number, top: number, size: string, name: number][],
 *   names: string[],
 *   alive: number[][],
 *   tensors: [name: string, text: string][],
 * }} Curve
 */

function watchMemory() {
  all(".curve[data-curve]").forEach((element) => {
    /** @type {Curve} */
    const curve = JSON.parse(element.dataset.curve ?? "");
    const reading = element.closest(".memory")?.querySelector(".reading");
    const dot = element.querySelector(".here");
    if (!(reading instanceof HTMLElement) || !(dot instanceof HTMLElement)) return;
    let at = -1;
    /** @param {number} index */
    const show = (index) => {
      const next = Math.max(0, Math.min(curve.points.length - 1, index));
      if (next === at) return;
      at = next;
      const [, left, top] = curve.points[at];
      dot.hidden = reading.hidden = false;
      dot.style.left = `${left}%`;
      dot.style.top = `${top}%`;
      reading.replaceChildren(...told(curve, at));
      element.setAttribute("aria-valuenow", String(at));
      element.setAttribute("aria-valuetext", reading.textContent ?? "");
    };
    element.addEventListener("pointermove", (event) => {
      const box = element.getBoundingClientRect();
      show(nearestPoint(curve, ((event.clientX - box.left) / box.width) * 100));
    });
    element.addEventListener("focus", () => show(at < 0 ? highest(curve) : at));
    element.addEventListener("keydown", (event) => {
      const goal = goalOf(event.key, at, curve.points.length);
      if (goal === undefined || event.ctrlKey || event.altKey || event.metaKey) return;
      event.preventDefault();
      event.stopPropagation();
      show(goal);
    });
  });
}

/**
 * Return what is said of a point.
 * @param {Curve} curve
 * @param {number} at
 * @returns {Node[]}
 */
function told(curve, at) {
  const [op, , , size, name] = curve.points[at];
  const where = make("div", {}, words("memory-here", { size, op: "" }), link(curve.names[name]),
    ` (${op + 1} / ${curve.ops})`);
  const largest = curve.alive[at] ?? [];
  if (!largest.length) return [where];
  const rows = largest.map((number) => {
    const [selector, text] = curve.tensors[number];
    return make("li", {}, link(selector), ` ${text}`);
  });
  return [where, make("div", { class: "quiet" }, words("memory-largest")), make("ol", {}, ...rows)];
}

/**
 * Return the point that is nearest to a place, in percent from the left.
 * @param {Curve} curve
 * @param {number} left
 */
function nearestPoint(curve, left) {
  let best = 0;
  curve.points.forEach((point, i) => {
    if (Math.abs(point[1] - left) < Math.abs(curve.points[best][1] - left)) best = i;
  });
  return best;
}

/** @param {Curve} curve */
const highest = (curve) => curve.points.reduce((best, point, i) => (point[2] < curve.points[best][2] ? i : best), 0);

/**
 * Return the point to which a key goes.
 * @param {string} key
 * @param {number} at
 * @param {number} count
 * @returns {number | undefined}
 */
function goalOf(key, at, count) {
  const page = Math.ceil(count / 10);
  /** @type {Record<string, number>} */
  const goals = {
    ArrowLeft: at - 1, ArrowDown: at - 1, ArrowRight: at + 1, ArrowUp: at + 1,
    PageDown: at - page, PageUp: at + page, Home: 0, End: count - 1,
  };
  return goals[key];
}
