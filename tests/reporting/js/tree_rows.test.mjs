import assert from "node:assert/strict";
import { test } from "node:test";

import { model } from "./load.mjs";
import { data } from "./sample.mjs";

const { Trace, coveredOf, firstOpen, hitsOf, keysAround, rowAfter, rowAround, treeRows } = model;
const trace = new Trace(data);
const [root, encoder, , middle] = trace.calls;
const plain = { open: new Set(), hits: null, showOps: false, foldRepeats: true, changesOnly: false };
const all = new Set([".@0", "encoder@0", "encoder.layers.*"].map((name) => trace.find(name)).map(model.keyOf));

/** Return the rows as `depth selector`. */
const shown = (view) => treeRows(trace, { ...plain, ...view }).map(({ depth, item }) => `${depth} ${item.selector}`);

test("the margin of repeats is the mean of those of which it is known", () => {
  assert.equal(coveredOf(trace.find("encoder.layers.0@0")), 100);
  assert.equal(coveredOf(trace.find("encoder.layers.2@0")), null);
  assert.equal(coveredOf(trace.find("encoder.layers.*")), 73);
  assert.equal(coveredOf(trace.ops[0]), null);
});

test("only what is open shows what is in it", () => {
  assert.deepEqual(shown({}), ["0 .@0"]);
  assert.deepEqual(shown({ open: firstOpen(trace) }), ["0 .@0", "1 encoder@0", "1 .head()@0"]);
});

test("repeats are one row until they are opened", () => {
  const open = new Set([root, encoder].map(model.keyOf));
  assert.deepEqual(shown({ open }), ["0 .@0", "1 encoder@0", "2 encoder.layers.*", "1 .head()@0"]);
  assert.deepEqual(shown({ open: all }), [
    "0 .@0", "1 encoder@0", "2 encoder.layers.*", "3 encoder.layers.0@0", "3 encoder.layers.1@0",
    "3 encoder.layers.2@0", "1 .head()@0",
  ]);
  assert.deepEqual(shown({ open, foldRepeats: false }), [
    "0 .@0", "1 encoder@0", "2 encoder.layers.0@0", "2 encoder.layers.1@0", "2 encoder.layers.2@0", "1 .head()@0",
  ]);
});

test("ops stand where they ran", () => {
  assert.deepEqual(shown({ open: all, showOps: true }).slice(0, 4), [
    "0 .@0", "1 encoder@0", "2 encoder/conv2d@0", "2 encoder.layers.*",
  ]);
});

test("a row is full if there is something to open", () => {
  const rows = (view) => treeRows(trace, { ...plain, open: all, ...view });
  const full = (view, selector) => rows(view).find((row) => row.item.selector === selector).full;
  assert.equal(full({}, ".head()@0"), false);
  assert.equal(full({ showOps: true }, ".head()@0"), true);
  assert.equal(full({}, "encoder.layers.*"), true);
});

test("only what changes the shape, or holds what does", () => {
  const open = new Set([root, encoder].map(model.keyOf));
  assert.deepEqual(shown({ open, changesOnly: true, foldRepeats: false }), ["0 .@0", "1 encoder@0", "1 .head()@0"]);
  assert.deepEqual(shown({ open, changesOnly: true, showOps: true, foldRepeats: false }), [
    "0 .@0", "1 encoder@0", "2 encoder/conv2d@0", "1 .head()@0",
  ]);
});

test("a filter shows what it found and the way to it, unfolded", () => {
  const hits = hitsOf({ calls: [middle], ops: [] });
  assert.deepEqual(shown({ hits }), ["0 .@0", "1 encoder@0", "2 encoder.layers.1@0"]);
  const ops = hitsOf({ calls: [], ops: [trace.ops[0]] });
  assert.deepEqual(shown({ hits: ops, showOps: true }), ["0 .@0", "1 encoder@0", "2 encoder/conv2d@0"]);
  assert.deepEqual(shown({ hits: hitsOf({ calls: [], ops: [] }) }), []);
});

test("what must be open for something to be seen", () => {
  assert.deepEqual(keysAround(middle), ["call-0", "call-1", "repeat-0"]);
  assert.deepEqual(keysAround(trace.ops[2]), ["call-0", "call-1", "call-3", "repeat-0"]);
  assert.deepEqual(keysAround(root), []);
});

for (const [key, from, to] of [
  ["ArrowDown", 1, 2], ["ArrowDown", 6, 6], ["ArrowUp", 0, 0], ["PageDown", 0, 4], ["PageUp", 6, 2], ["Home", 5, 0],
  ["End", 1, 6], ["x", 1, null],
]) {
  test(`${key} leads from row ${from} to ${to}`, () => {
    assert.equal(rowAfter(key, treeRows(trace, { ...plain, open: all }), from, 4), to);
  });
}

test("the row around a row", () => {
  const rows = treeRows(trace, { ...plain, open: all });
  assert.deepEqual([4, 2, 6, 0].map((index) => rowAround(rows, index)), [2, 1, 0, 0]);
});
