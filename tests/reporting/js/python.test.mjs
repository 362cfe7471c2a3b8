// What Python and the scripts must agree on, with a page's data and answers that Python wrote to $SHAPEFLOW_SAMPLE.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { model } from "./load.mjs";
import { selectors } from "./sample.mjs";

const { Trace, addressOf, fillWords, readAddress } = model;
const file = process.env.SHAPEFLOW_SAMPLE;
const options = { skip: file ? false : "tests/reporting/test_scripts.py writes the sample" };
const { page, addresses, words, patterns, users, counts } = file ? JSON.parse(readFileSync(file, "utf8")) : {};
const trace = file ? new Trace(page.trace) : null;

test("all records arrive", options, () => {
  const { calls, ops, values, sources } = trace;
  assert.deepEqual([calls.length, ops.length, values.length, sources.length], counts);
});

test("a record is found by its selector", options, () => {
  for (const record of [...trace.calls, ...trace.ops, ...trace.values, ...trace.repeats]) {
    assert.equal(trace.find(record.selector), record, record.selector);
  }
});

test("addresses are read as they were meant, and written alike", options, () => {
  for (const [selector, address] of Object.entries(addresses)) {
    assert.deepEqual(readAddress(address), { kind: "at", name: selector });
    assert.equal(decodeURIComponent(addressOf(selector)), decodeURIComponent(address));
  }
});

test("words are filled in alike", options, () => {
  for (const { key, values, text } of words) assert.equal(fillWords(page.words[key], values), text);
});

test("a pattern means the same calls", options, () => {
  for (const [pattern, calls] of Object.entries(patterns)) {
    assert.deepEqual(selectors(trace.find(pattern)?.calls ?? []), calls, pattern);
  }
});

test("the same ops read a value", options, () => {
  for (const [value, ops] of Object.entries(users)) assert.deepEqual(selectors(trace.users(trace.values[value])), ops);
});
