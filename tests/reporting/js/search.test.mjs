import assert from "node:assert/strict";
import { test } from "node:test";

import { model } from "./load.mjs";

const { findSections, markedParts, placesOf, plainText, readTerms, snippetOf, stemOf } = model;

const section = (id, name, passages, claims = "", weight = 1) => {
  const starts = passages.map((_, i) => passages.slice(0, i).join("\n").length + Number(i > 0));
  return {
    id, name, passages, starts, weight,
    title: plainText(name), text: plainText(passages.join("\n")), claims: plainText(claims),
  };
};

const sections = [
  section("start", "", ["Give it a picture of a bus, and it finds every bus in the image."]),
  section("neck", "4 The pyramid", ["Four levels leave the neck.", "P3 is the coarsest one."], "neck:out[3] unused"),
  section("dropped", "4.3 The discarded level", ["The neck returns P3.", "P3: nobody ever reads it again."]),
  section("decoder", "8 The decoder", ["The decoder has a residual around its attention."]),
  section("pixel", "10.2 The pixel decoder of the head", ["The decoder adds P1 to it."]),
  section("table", "All statements", ["P3 is unused", "the decoder is a decoder"], "", 0.4),
  section("丢弃", "4.3 丢弃的层级", ["算出来以后，再也没有人读取它。", "最终的置信度是两个概率的乘积。"]),
];

/** Return the ids of what is found. */
const ids = (text) => findSections(sections, readTerms(text)).map((found) => found.section.id);

for (const [word, stem] of [
  ["unused", "unus"], ["connections", "connect"], ["queries", "quer"], ["query", "quer"], ["boxes", "box"],
  ["bus", "bus"], ["cross", "cross"], ["p3", "p3"], ["used", "used"], ["neck:out", "neck:out"],
]) {
  test(`the stem of '${word}'`, () => assert.equal(stemOf(word), stem));
}

for (const [text, terms] of [
  ["why is P3 unused", ["p3", "unused"]],
  ["what is it", ["what", "is", "it"]],
  ['the "skip it" of P3', ["skip it", "p3"]],
  ["“open", ["open"]],
  ["skip connection of a head", ["skip connection", "head"]],
  ["convs.3 pixel_decoder", ["convs.3", "pixel_decoder"]],
  ["为什么P3没有被使用", ["p3", "没有被使用"]],
  ["", []],
  ["((*?", []],
]) {
  test(`the terms of '${text}'`, () => assert.deepEqual(readTerms(text).map((term) => term.text), terms));
}

for (const [text, first] of [
  ["bus", ["start"]],
  ["why is P3 unused", ["dropped"]],
  ["decoder", ["decoder", "pixel"]],
  ["skip connections", ["decoder"]],
  ["photo", ["start"]],
  ["level", ["dropped", "neck"]],
  ['"returns P3"', ["dropped"]],
  ["置信度", ["丢弃"]],
  ["没有人读取它", ["丢弃"]],
  ["丢弃的层级", ["丢弃"]],
  ["zebra", []],
  ["", []],
]) {
  test(`sections for '${text}'`, () => assert.deepEqual(ids(text).slice(0, first.length || 1), first));
}

test("all words must be there, if there is a section that has them", () => {
  assert.deepEqual(ids("P1 adds"), ["pixel"]);
  const [some] = findSections(sections, readTerms("P1 zebra"));
  assert.equal(some.section.id, "pixel");
  assert.equal(some.all, false);
});

test("a word is found as written, in another form, at the beginning, and least inside of one", () => {
  const [term] = readTerms("scores");
  const fits = placesOf(term, "scores score scored underscore scoreboard").map((place) => place.fit);
  assert.deepEqual(fits, [1, 0.9, 0.9, 0.2, 0.4]);
});

test("a snippet is the part around what was found, and marks it", () => {
  const passage = `${"before ".repeat(60)}the needle ${"after ".repeat(60)}`;
  const parts = snippetOf(passage, readTerms("needle"));
  assert.deepEqual(parts.filter((part) => part.found).map((part) => part.text), ["needle"]);
  const text = parts.map((part) => part.text).join("");
  assert.ok(text.length < 160 && text.startsWith("…") && text.endsWith("…"), text);
});

test("marks lose no letter, whatever the text", () => {
  for (const text of ["İstanbul <b>", "ﬃ ẞ", "", "置信度置信度", "a".repeat(5000)]) {
    assert.equal(markedParts(text, readTerms("a 置信度 b")).map((part) => part.text).join(""), text);
  }
});
