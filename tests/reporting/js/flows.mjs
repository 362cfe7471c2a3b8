// The ways through a trace, with what Python's `reaches` answers, which test_rides.py writes to $SHAPEFLOW_FLOWS.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { model } from "./load.mjs";

const { Trace, rideOf } = model;
const file = process.env.SHAPEFLOW_FLOWS;
const options = { skip: file ? false : "tests/reporting/test_rides.py writes the sample" };
const { page, questions, shapes, read } = file ? JSON.parse(readFileSync(file, "utf8")) : {};
const trace = file ? new Trace(page.trace) : null;
const KINDS = { escape: "escape", origin: "unknown origin", unseen: "not looked into" };

test("whether data flows, and why nobody can be sure", options, () => {
  for (const { start, end, answer, ops, last, doubts } of questions) {
    const ride = rideOf(trace, start, end);
    const why = ride.doubts.map(({ kind }) => KINDS[kind]).sort();
    const found = [ride.answer, ride.shortest, ride.last?.id ?? null, why];
    assert.deepEqual(found, [answer, ops, last, doubts], `${start} -> ${end}`);
  }
});

test("each step goes on where the last one ended, with the shapes of the trace", options, () => {
  for (const { start, end, starts, ends } of questions) {
    const { answer, ops, values, steps } = rideOf(trace, start, end);
    if (answer !== "yes") continue;
    assert.ok(starts.includes(values[0].id) && ends.includes(values.at(-1).id), `${start} -> ${end}`);
    ops.forEach((op, i) => {
      assert.ok(read[op.id].includes(values[i].id), "it reads what is before it");
      assert.ok(values[i + 1].producer === op || op.outputs.some((port) => port.value === values[i + 1]));
    });
    for (const value of values) assert.deepEqual(value.type.dims, shapes[value.id]);
    assert.equal(steps[0].after, values[0]);
    steps.slice(1).forEach((step, i) => {
      const before = step.kept[0]?.before ?? step.before;
      assert.equal(before, steps[i].after, `${start} -> ${end}, step ${i + 2}`);
    });
    assert.equal(steps.at(-1).after, values.at(-1));
    assert.ok(steps.length <= 22);
    const legs = steps.flatMap(({ kept, legs: own }) => [...kept, ...own]);
    assert.deepEqual(legs.map(({ op }) => op), ops, "no op gets lost");
  }
});
