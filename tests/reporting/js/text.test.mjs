import assert from "node:assert/strict";
import { test } from "node:test";

import { model } from "./load.mjs";

const { addressOf, fillWords, readAddress, shorten, withoutIndent } = model;

test("words count and are filled in", () => {
  assert.equal(fillWords("{n} call|{n} calls", { n: 1 }), "1 call");
  assert.equal(fillWords("{n} call|{n} calls", { n: 1200 }), "1,200 calls");
  assert.equal(fillWords("{a} and {a}, {b}", { a: "$&", b: "{a}" }), "$& and $&, {a}");
});

for (const selector of ["backbone.forward_image()@0:out[1]", "a'b/c d", "x=y&z#%", "层.0@0", "f{1}@-1"]) {
  test(`the address of ${selector} names it`, () => {
    assert.deepEqual(readAddress(addressOf(selector)), { kind: "at", name: selector });
  });
}

test("addresses stay readable", () => {
  assert.equal(addressOf("layers.0.forward()@0:out.a"), "#at=layers.0.forward()@0:out.a");
});

test("what an address names", () => {
  assert.deepEqual(readAddress("#size=5184"), { kind: "size", name: "5184" });
  assert.deepEqual(readAddress("#1-image"), { kind: "id", name: "1-image" });
  assert.deepEqual(readAddress(""), { kind: "id", name: "" });
  assert.deepEqual(readAddress("#at=100%"), { kind: "at", name: "100%" });
});

test("long texts are cut", () => {
  assert.equal(shorten("abcdef", 3), "abc…");
  assert.equal(shorten("abc", 3), "abc");
});

test("the indent that all lines share is taken away, over several tokens", () => {
  const line = (...texts) => ({ number: 1, tokens: texts.map((text) => ({ css_class: "", text })) });
  const lines = [line("    ", "  x = 1"), line("    y = 2"), line(""), line("  ", "  ", "    z")];
  const texts = withoutIndent(lines).map(({ tokens }) => tokens.map((token) => token.text).join(""));
  assert.deepEqual(texts, ["  x = 1", "y = 2", "", "    z"]);
  assert.equal(lines[1].tokens[0].text, "    y = 2", "what was given stays as it is");
});
