// A ride along a tensor: the way of data from one place to another, as steps that change the shape.

/** @typedef {{ op: Op, before: Value, after: Value }} Leg */
/** @typedef {{ kept: Leg[], legs: Leg[] }} RideGroup */
/**
 * A step of a ride: the tensor at the start, an op that changes its shape or that keeps it at the end of the way,
 * several ops as one, or the op at the end that only reads it.
 * @typedef {object} RideStep
 * @property {"start" | "change" | "same" | "many" | "end"} kind
 * @property {Leg[]} legs
 * @property {Leg[]} kept before them: what keeps the shape
 * @property {Value | null} before
 * @property {Value} after
 * @property {Op | null} op
 * @property {Call | null} call
 */
/** @typedef {Reach & { start: string, end: string, steps: RideStep[] }} Ride */

const MOST_STEPS = 21; // with the start: twenty key presses lead to the end
const FEW_STEPS = 5;

/**
 * Return the address of a ride; the number behind the last `@` is always the step.
 * @param {string} start
 * @param {string} end
 * @param {number} step from 1
 */
function rideAddress(start, end, step = 1) {
  const part = (/** @type {string} */ selector) => (
    addressOf(selector).slice("#at=".length).replace(/\.(?=\.|$)/g, "%2E")); // two dots stand between the parts
  return `#follow=${part(start)}..${part(end)}@${step}`;
}

/**
 * Return what the address of a ride names; null if it is none.
 * @param {string} hash
 */
function readRide(hash) {
  const parts = /^#?follow=(.+?)\.\.(?!$)(.+)$/.exec(hash);
  if (!parts) return null;
  const [, end, step] = /^(.*?)(?:@(\d+))?$/.exec(parts[2]) ?? ["", parts[2], "1"];
  return { start: decodeName(parts[1]), end: decodeName(end), step: Number(step ?? 1) };
}

/**
 * Return the ride from one place to another.
 * @param {Trace} trace
 * @param {string} start
 * @param {string} end
 * @returns {Ride}
 */
function rideOf(trace, start, end) {
  const reach = trace.flow().reach(start, end);
  if (reach.answer !== "yes") return { ...reach, start, end, steps: [] };
  const legs = reach.ops.map((op, i) => ({ op, before: reach.values[i], after: reach.values[i + 1] }));
  const [after] = reach.values;
  const call = after.producer?.call ?? null;
  /** @type {RideStep} */
  const first = { kind: "start", legs: [], kept: [], before: null, after, op: null, call };
  const steps = [first, ...fewer(withoutRepeats(legs)).map(stepOf)];
  const [last] = reach.values.slice(-1);
  const goal = trace.find(end);
  if (goal?.kind === "op" && !reach.ops.includes(goal) && valuesAt(goal.inputs).includes(last)) {
    steps.push({ kind: "end", legs: [], kept: [], before: last, after: last, op: goal, call: goal.call });
  }
  return { ...reach, start, end, steps };
}

/** @param {Leg} leg */
const keepsShape = ({ before, after }) => before.type.dims.join() === after.type.dims.join();

/**
 * Return groups of legs, each of which becomes a step: what keeps the shape goes with the next that changes it.
 * @param {{ legs: Leg[], keeps: boolean }[]} parts
 * @returns {RideGroup[]}
 */
function grouped(parts) {
  /** @type {RideGroup[]} */
  const groups = [];
  /** @type {Leg[]} */
  let kept = [];
  for (const { legs, keeps } of parts) {
    if (keeps) kept.push(...legs);
    else { groups.push({ kept, legs }); kept = []; }
  }
  if (kept.length) groups.push({ kept: kept.slice(0, -1), legs: kept.slice(-1) }); // the way ends with them
  return groups;
}

/**
 * Return a way in groups; of calls that are alike only the first is shown, if the others keep the shape.
 * @param {Leg[]} legs
 */
function withoutRepeats(legs) {
  /** @type {Map<Repeat, Call>} */
  const shown = new Map();
  /** @type {{ legs: Leg[], keeps: boolean }[]} */
  const parts = [];
  for (let at = 0; at < legs.length;) {
    const leg = legs[at];
    const line = leg.op.call ? lineOf(leg.op.call) : [];
    const again = line.find((call) => call.repeat && (shown.get(call.repeat) ?? call) !== call);
    const inside = again ? runInside(legs, at, again) : [];
    for (const call of line) if (call.repeat && !shown.has(call.repeat)) shown.set(call.repeat, call);
    if (inside.length && keepsShape(joinedLeg(inside))) {
      parts.push({ legs: inside, keeps: true });
      at += inside.length;
    } else {
      parts.push({ legs: [leg], keeps: keepsShape(leg) });
      at += 1;
    }
  }
  const groups = grouped(parts);
  // Where little changes the shape, what keeps it is worth a step, too, if that does not become too many.
  const each = grouped(parts.map(({ legs, keeps }) => ({ legs, keeps: keeps && legs.length > 1 })));
  return groups.length < FEW_STEPS - 1 && each.length < MOST_STEPS ? each : groups;
}

/**
 * Return the legs from a position on that run in a call.
 * @param {Leg[]} legs
 * @param {number} at
 * @param {Call} call
 */
function runInside(legs, at, call) {
  const runs = (/** @type {Leg} */ { op }) => call.first_op <= op.id && op.id < call.last_op;
  const end = legs.findIndex((leg, i) => i >= at && !runs(leg));
  return legs.slice(at, end < 0 ? legs.length : end);
}

/**
 * Return several legs as one.
 * @param {Leg[]} legs
 * @returns {Leg}
 */
const joinedLeg = (legs) => ({ ...legs[legs.length - 1], before: legs[0].before });

/**
 * Fold calls until there are few enough groups: first those that keep the shape, the smallest first.
 * @param {RideGroup[]} groups
 */
function fewer(groups) {
  while (groups.length > MOST_STEPS - 1) {
    const spans = spansOf(groups);
    const keeping = spans.filter(({ from, to }) => keepsShape(joinedLeg(allLegs(groups.slice(from, to)))));
    const [span = null] = (keeping.length ? keeping : spans).sort((a, b) => (a.to - a.from) - (b.to - b.from));
    const { from, to } = span ?? { from: groups.length - 2, to: groups.length };
    const legs = allLegs(groups.slice(from, to));
    const next = keeping.length ? groups[to] : null;
    if (next) groups = [...groups.slice(0, from), { ...next, kept: [...legs, ...next.kept] }, ...groups.slice(to + 1)];
    else groups = [...groups.slice(0, from), { kept: [], legs }, ...groups.slice(to)];
  }
  return groups;
}

/** @param {RideGroup[]} groups */
const allLegs = (groups) => groups.flatMap(({ kept, legs }) => [...kept, ...legs]);

/**
 * Return where several groups in a row run in one call.
 * @param {RideGroup[]} groups
 */
function spansOf(groups) {
  /** @type {Map<Call, { from: number, to: number }>} */
  const spans = new Map();
  groups.forEach((group, i) => {
    const [{ op }] = group.legs.slice(-1);
    for (const call of op.call ? lineOf(op.call) : []) {
      const span = spans.get(call);
      if (span) span.to = i + 1; else spans.set(call, { from: i, to: i + 1 });
    }
  });
  return [...spans.values()].filter(({ from, to }) => to - from > 1);
}

/**
 * @param {RideGroup} group
 * @returns {RideStep}
 */
function stepOf({ kept, legs }) {
  const { op, before, after } = joinedLeg(legs);
  const kind = legs.length > 1 ? "many" : keepsShape(legs[0]) ? "same" : "change";
  return { kind, legs, kept, before, after, op, call: legs.length > 1 ? callAround(legs) : op.call };
}

/**
 * Return the innermost call in which all legs run.
 * @param {Leg[]} legs
 */
function callAround(legs) {
  const [first, ...others] = legs.map(({ op }) => op.call ? lineOf(op.call) : []);
  return first.findLast((call) => others.every((line) => line.includes(call))) ?? null;
}
