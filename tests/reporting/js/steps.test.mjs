import assert from "node:assert/strict";
import { test } from "node:test";

import { model } from "./load.mjs";
import { data, selectors } from "./sample.mjs";

const { Trace, changesShape, mainTypes, partsOf, stepGroups } = model;
const trace = new Trace(data);

test("parts come in the order of the run, repeats as one", () => {
  assert.deepEqual(selectors(partsOf(trace.calls[1])), ["encoder/conv2d@0", "encoder.layers.*"]);
  assert.deepEqual(selectors(partsOf(trace.calls[0])), ["encoder@0", ".head()@0"]);
});

test("a call without ops stands before the op that follows it", () => {
  const call = { kind: "call", selector: "empty@0", first_op: 4, last_op: 4, repeat: null };
  const parts = partsOf({ children: [call], ops: [trace.ops[3], trace.ops[4]] });
  assert.deepEqual(selectors(parts), ["encoder.layers.1/clamp@0", "empty@0", "encoder.layers.2/relu@0"]);
});

test("steps that keep the shape are together between those that change it", () => {
  const { children, ops } = trace.calls[1];
  const groups = stepGroups({ children: [...children, trace.calls[5]], ops });
  assert.deepEqual(groups.map(({ changes, parts }) => [changes, selectors(parts)]), [
    [true, ["encoder/conv2d@0"]], [false, ["encoder.layers.*"]], [true, [".head()@0"]],
  ]);
});

test("what changes the shape", () => {
  const [, narrow, flat] = trace.types;
  assert.equal(changesShape({ kind: "op", takes: narrow, gives: narrow }), false);
  assert.equal(changesShape({ kind: "op", takes: narrow, gives: { ...narrow, dtype: "bf16" } }), false);
  assert.equal(changesShape({ kind: "op", takes: narrow, gives: flat }), true);
  assert.equal(changesShape({ kind: "op", takes: null, gives: flat }), true, "it starts from nothing");
  assert.equal(changesShape({ kind: "op", takes: null, gives: { ...flat, dims: [] } }), true);
  assert.equal(changesShape({ kind: "op", takes: narrow, gives: null }), false);
});

test("a repeat takes what its first call takes and gives what its last one gives", () => {
  const [first, second] = trace.types;
  const calls = [{ takes: first, gives: first }, { takes: first, gives: second }];
  assert.deepEqual(mainTypes({ kind: "repeat", calls }), { takes: first, gives: second });
});
