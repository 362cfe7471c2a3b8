import assert from "node:assert/strict";
import { test } from "node:test";

import { model } from "./load.mjs";
import { data } from "./sample.mjs";

const { Trace, readAddress, readRide, rideAddress, rideOf } = model;
const trace = new Trace(data);
const told = ({ steps }) => steps.map(({ kind, op, kept, after }) => (
  [kind, op?.selector ?? "", kept.length, after.type.dims.join()]));

test("where little changes the shape, what keeps it has steps of its own", () => {
  assert.deepEqual(told(rideOf(trace, "in.image", ".@0:out")), [
    ["start", "", 0, "1,3,8,8"],
    ["change", "encoder/conv2d@0", 0, "1,16,4,4"],
    ["same", "encoder.layers.0/relu@0", 0, "1,16,4,4"],
    ["same", "encoder.layers.2/relu@0", 0, "1,16,4,4"],
    ["change", ".head()/flatten@0", 0, "1,256"],
  ]);
});

test("where the end is an op that reads it, that op is the last step", () => {
  const ride = rideOf(trace, "encoder/conv2d@0:out", "encoder.layers.1/relu6@0");
  assert.deepEqual(told(ride).at(-1), ["end", "encoder.layers.1/relu6@0", 0, "1,16,4,4"]);
});

test("the same tensor in both places is a ride of one step", () => {
  assert.deepEqual(told(rideOf(trace, "in.image", "encoder/conv2d@0:in[0]")), [["start", "", 0, "1,3,8,8"]]);
});

test("against the current there is no way, and the last op that is reached is named", () => {
  const ride = rideOf(trace, "encoder.layers.2/relu@0", "encoder.layers.0/relu@0:out");
  assert.deepEqual([ride.answer, ride.steps.length, ride.last], ["no", 0, null]);
  const further = rideOf(trace, "encoder.layers.1/relu6@0", ".@0:out");
  assert.deepEqual([further.answer, further.last?.selector], ["undecided", "encoder.layers.1/relu6@0"]);
  assert.deepEqual(further.doubts.map(({ kind, text }) => [kind, text]), [["escape", "item"]]);
});

test("what has no name or holds no tensor is told apart", () => {
  assert.equal(rideOf(trace, "nowhere", ".@0:out").unnamed, "nowhere");
  assert.equal(rideOf(trace, "encoder@0:nothing", ".@0:out").unnamed, "encoder@0:nothing");
  assert.equal(rideOf(trace, ".@0:in.mask", ".@0:out").empty, ".@0:in.mask");
});

test("addresses of rides are read as they were meant", () => {
  for (const [start, end, step] of [
    ["in.image", ".@0:out", 7], [".head()@0", ".head()/flatten@0:in[0]", 1], ["a..b", "..", 12], ["x%2E.", "层@0", 3],
    ["in['<b>']", "a#b&c=d@4:out", 2],
  ]) {
    const address = rideAddress(start, end, step);
    assert.deepEqual(readRide(address), { start, end, step }, address);
    assert.equal(readAddress(address).kind, "follow");
  }
});

test("what somebody typed is read as far as it goes", () => {
  assert.deepEqual(readRide("#follow=a..b"), { start: "a", end: "b", step: 1 });
  assert.deepEqual(readRide("#follow=a%zz..b@2"), { start: "a%zz", end: "b", step: 2 });
  for (const hash of ["", "#at=a", "#follow=", "#follow=a", "#follow=..b", "#follow=a.."]) {
    assert.equal(readRide(hash), null, hash);
  }
});

/** Return a chain of ops in calls of one repeat, each with as many ops of the given shapes. */
function chain(shapes, layers) {
  const call = (id) => ({ kind: "call", id, selector: `layers.${id}@0`, parent: null, repeat: null,
    first_op: id * shapes.length, last_op: (id + 1) * shapes.length });
  const calls = Array.from({ length: layers }, (_, id) => call(id));
  const repeat = { kind: "repeat", calls };
  for (const one of calls) one.repeat = repeat;
  const value = (dims) => ({ type: { dims, dtype: "f32" } });
  let before = value(shapes.at(-1));
  const legs = calls.flatMap((one) => shapes.map((dims, i) => {
    const leg = { op: { id: one.first_op + i, call: one }, before, after: value(dims) };
    before = leg.after;
    return leg;
  }));
  return { legs, calls };
}

test("what keeps the shape goes with the next step that changes it, or with the end", () => {
  const { legs, calls } = chain([[4, 2], [4, 2], [8], [8]], 3);
  calls.forEach((one) => { one.repeat = null; });
  const groups = model.withoutRepeats(legs);
  assert.deepEqual(groups.map(({ kept, legs: own }) => [kept.length, own[0].op.id]),
    [[0, 0], [1, 2], [1, 4], [1, 6], [1, 8], [1, 10], [0, 11]]);
});

test("of calls that are alike the first is shown, if the others keep the shape", () => {
  const { legs } = chain([[4, 2], [8], [2, 4], [8]], 6);
  const groups = model.withoutRepeats(legs);
  assert.deepEqual(groups.map(({ kept, legs: own }) => [kept.length, own.length]),
    [[0, 1], [0, 1], [0, 1], [0, 1], [19, 1]]);
});

test("long ways are folded to twenty steps behind the start, and no op gets lost", () => {
  for (const shapes of [[[2], [3], [5]], [[2]]]) {
    const { legs, calls } = chain(shapes, 40);
    calls.forEach((one) => { one.repeat = null; });
    const ways = [legs, legs.map((leg) => ({ ...leg, op: { ...leg.op, call: null } }))];
    for (const way of ways) {
      const groups = model.fewer(model.withoutRepeats(way));
      assert.ok(groups.length <= 20);
      assert.deepEqual(model.allLegs(groups), way);
    }
  }
});
