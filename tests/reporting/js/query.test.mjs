import assert from "node:assert/strict";
import { test } from "node:test";

import { model } from "./load.mjs";
import { data, selectors } from "./sample.mjs";

const { Trace, findInTrace, fits, readQuery } = model;
const trace = new Trace(data);
const symbols = new Map([["B", { size: 1 }], ["N", { size: 256 }]]);

for (const [text, query] of [
  ["[1, 200, *]", { kind: "shape", dtype: "", dims: [1, 200, "any"] }],
  [" f32[..., 256] ", { kind: "shape", dtype: "f32", dims: ["rest", 256] }],
  ["[B, _, N]", { kind: "shape", dtype: "", dims: [1, "any", 256] }],
  ["[B, X]", { kind: "shape", dtype: "", dims: [1, "none"] }],
  ["[]", { kind: "shape", dtype: "", dims: [] }],
  ["[1, ", { kind: "shape", dtype: "", dims: [1] }],
  ["5184", { kind: "size", size: 5184 }],
  ["Block  trunk", { kind: "words", words: ["block", "trunk"] }],
  ["", { kind: "words", words: [] }],
]) {
  test(`reading '${text}'`, () => assert.deepEqual(readQuery(text, symbols), query));
}

for (const [pattern, dims, right] of [
  [[], [], true],
  [[1, "any"], [1, 7], true],
  [[1, "any"], [1, 7, 7], false],
  [["rest"], [], true],
  [["rest", 7], [1, 2, 7], true],
  [[1, "rest", 7], [1, 7], true],
  [[1, "rest", 7], [7], false],
  [["none"], [1], false],
]) {
  test(`[${pattern}] ${right ? "fits" : "does not fit"} [${dims}]`, () => assert.equal(fits(pattern, dims), right));
}

for (const [text, calls, ops] of [
  ["encoder layers.1", ["encoder.layers.1@0"], ["encoder.layers.1/relu6@0", "encoder.layers.1/clamp@0"]],
  ["model", [".@0", ".head()@0"], []],
  ["tiny/encoder.py", [], ["encoder/conv2d@0"]],
  ["[1, 256]", [".@0"], [".head()/flatten@0"]],
  ["[B, N]", [".@0"], [".head()/flatten@0"]],
  ["3", [".@0"], []],
  ["bf16[...]", [], []],
  ["[*, 16, ...]", ["encoder.layers.2@0"], [
    "encoder/conv2d@0", "encoder.layers.0/relu@0", "encoder.layers.1/relu6@0", "encoder.layers.2/relu@0",
  ]],
  ["", [], []],
]) {
  test(`searching '${text}'`, () => {
    const found = findInTrace(trace, readQuery(text, symbols));
    assert.deepEqual([selectors(found.calls), selectors(found.ops)], [calls, ops]);
  });
}
