import assert from "node:assert/strict";
import { test } from "node:test";

import { model } from "./load.mjs";
import { data, selectors } from "./sample.mjs";

const { Trace, lineOf, ownerOf, titleOf } = model;
const trace = new Trace(data);

for (const [selector, kind, found] of [
  ["encoder@0", "call", "encoder@0"],
  ["encoder", "call", "encoder@0"],
  [".", "call", ".@0"],
  [".head()", "call", ".head()@0"],
  ["encoder/conv2d@0", "op", "encoder/conv2d@0"],
  ["encoder/conv2d", "op", "encoder/conv2d@0"],
  ["encoder.layers.*", "repeat", "encoder.layers.*"],
  ["encoder.weight", "value", "encoder.weight"],
  [".@0:out", "value", ".@0:out"],
  [".:in[0]", "value", "in.image"],
  [".:in.image", "value", "in.image"],
  [".:in.mask", "call", ".@0"],
  ["encoder/conv2d@0:in[1]", "value", "encoder.weight"],
]) {
  test(`${selector} names a ${kind}`, () => {
    const record = trace.find(selector);
    assert.deepEqual([record.kind, record.selector], [kind, found]);
  });
}

for (const selector of ["", "nothing", "encoder.layers.*:out", "encoder.weight:out", "nothing.*", "**", "__proto__"]) {
  test(`'${selector}' names nothing`, () => assert.equal(trace.find(selector), null));
}

test("a pattern means all calls it fits, helper methods only where it says so", () => {
  assert.deepEqual(selectors(trace.find("*.layers.*").calls), [
    "encoder.layers.0@0", "encoder.layers.1@0", "encoder.layers.2@0",
  ]);
  assert.deepEqual(selectors(trace.find("*").calls), ["encoder@0"]);
  assert.deepEqual(selectors(trace.find(".*()").calls), [".head()@0"]);
  assert.equal(trace.find("*.layers.*"), trace.find("*.layers.*"), "it is found once");
});

test("who reads a value, each op once", () => {
  assert.deepEqual(selectors(trace.users(trace.values[3])), ["encoder.layers.1/relu6@0", "encoder.layers.2/relu@0"]);
  assert.deepEqual(trace.users(trace.values[4]), []);
});

test("where a value is seen", () => {
  const seen = (value) => trace.places(value).map(({ call, port }) => `${call.selector}:${port.name}`);
  assert.deepEqual(seen(trace.values[0]), [".@0:in[0]"]);
  assert.deepEqual(seen(trace.values[6]), [".@0:out"]);
});

test("who shares memory", () => {
  assert.deepEqual(trace.sameMemory(trace.values[2]), [trace.values[3]]);
  assert.deepEqual(trace.sameMemory(trace.values[4]), []);
});

test("what a composite op was opened into", () => {
  assert.deepEqual(selectors(trace.inside(trace.ops[2])), ["encoder.layers.1/clamp@0"]);
});

test("names", () => {
  assert.deepEqual(selectors(lineOf(trace.calls[3])), [".@0", "encoder@0", "encoder.layers.1@0"]);
  assert.equal(titleOf(trace.repeats[0]), "layers.0 … 2 × 3");
  assert.equal(ownerOf("encoder@0:out.a"), "encoder@0");
  assert.equal(ownerOf("encoder@0"), "");
});
