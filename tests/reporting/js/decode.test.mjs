import assert from "node:assert/strict";
import { test } from "node:test";

import { model } from "./load.mjs";
import { data, selectors } from "./sample.mjs";

const { Trace, decode, once, readSources } = model;
const trace = new Trace(data);

test("a column is a list, or names each distinct item once", () => {
  const words = { dictionary: ["relu", "add"], indices: [1, 0, 1] };
  assert.deepEqual(decode({ id: [7, 8, 9], word: words }), [
    { id: 7, word: "add" }, { id: 8, word: "relu" }, { id: 9, word: "add" },
  ]);
  assert.deepEqual(decode({ id: [], word: [] }), []);
});

test("ports go to their owners in order, calls first, inputs before outputs", () => {
  const named = (ports) => ports.map((port) => port.value?.selector ?? port.text);
  const [root, , , , last] = trace.calls;
  assert.deepEqual([named(root.inputs), named(root.outputs)], [["in.image", "None"], [".@0:out"]]);
  assert.deepEqual([named(last.inputs), named(last.outputs)], [["encoder.layers.0/relu@0:out"], []]);
  assert.deepEqual(named(trace.ops[0].inputs), ["in.image", "encoder.weight"]);
  assert.deepEqual(named(trace.ops[5].outputs), [".@0:out"]);
});

test("positions become the records they point to", () => {
  const [root, encoder, , middle] = trace.calls;
  assert.equal(encoder.parent, root);
  assert.deepEqual(selectors(root.children), ["encoder@0", ".head()@0"]);
  assert.deepEqual(encoder.module, { parameters: "192", attributes: [{ name: "depth", text: "3" }] });
  assert.equal(middle.repeat.calls[1], middle);
  assert.equal(middle.repeat.typical, trace.calls[2]);
  assert.equal(trace.values[2].producer, trace.ops[0]);
  assert.equal(trace.values[2].type, trace.types[1]);
  assert.equal(trace.escapes[0].value, trace.values[4]);
});

test("a call's own ops are without those that a composite op shows", () => {
  assert.deepEqual(selectors(trace.calls[3].ops), ["encoder.layers.1/relu6@0"]);
  assert.equal(trace.ops[3].parent, trace.ops[2]);
});

test("ops and values are not read before they are asked for", () => {
  const unread = new Trace({ ...data, get ops() { throw new Error("read"); } });
  assert.equal(unread.calls.length, 6);
  assert.throws(() => unread.calls[0].inputs, /read/);
});

test("lines have their tokens, places their lines", () => {
  const [source] = readSources(data);
  assert.deepEqual(source.lines.map((line) => line.tokens.map((token) => token.text).join("")), [
    "    # patches", "    x = conv(x)",
  ]);
});

test("a thing is made once", () => {
  let made = 0;
  const number = once(() => { made += 1; return made; });
  assert.deepEqual([number(), number()], [1, 1]);
});
