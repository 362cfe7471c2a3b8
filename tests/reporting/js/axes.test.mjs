import assert from "node:assert/strict";
import { test } from "node:test";

import { model } from "./load.mjs";

const { axesOf } = model;
const tensor = (dims) => ({ kind: "value", type: { dtype: "f32", dims, memory: "" } });

/** Return what became of the axes, each as `from>to how`; texts stand for arguments, dims for other tensors. */
function axes(target, from, to, given = [], place = 0) {
  const [before, after] = [tensor(from), tensor(to)];
  const inputs = given.map((one, i) => {
    const [name, held] = Array.isArray(one) && typeof one[0] === "string" ? one : [`in[${i < place ? i : i + 1}]`, one];
    return { name, alias: "", value: Array.isArray(held) ? tensor(held) : null, text: Array.isArray(held) ? "" : held };
  });
  inputs.splice(place, 0, { name: `in[${place}]`, alias: "", value: before, text: "" });
  const links = axesOf({ target, inputs }, before, after);
  return links && links.map(({ from: a, to: b, how }) => `${a}>${b} ${how}`).sort().join("; ");
}

const told = [
  ["view", [2, 5184, 256], [2, 72, 72, 256], [], "0>0 kept; 1>1,2 split; 2>3 kept"],
  ["flatten", [2, 8, 9, 256], [2, 72, 256], [], "0>0 kept; 1,2>1 merged; 3>2 kept"],
  ["reshape", [4, 6], [6, 4], [], "0,1>0,1 regrouped"],
  ["reshape", [2, 1, 3], [2, 3], [], "0>0 kept; 1> gone; 2>1 kept"],
  ["unsqueeze", [3, 5], [3, 1, 5], ["1"], "0>0 kept; 1>2 kept; >1 new"],
  ["permute", [4, 4, 4], [4, 4, 4], ["1", "2", "0"], "0>2 moved; 1>0 moved; 2>1 moved"],
  ["permute", [2, 3, 4], [4, 2, 3], ["(2, 0, 1)"], "0>1 moved; 1>2 moved; 2>0 moved"],
  ["transpose", [2, 3, 4], [2, 4, 3], ["-1", "-2"], "0>0 kept; 1>2 moved; 2>1 moved"],
  ["t", [2, 3], [3, 2], [], "0>1 moved; 1>0 moved"],
  ["linear", [2, 7, 16], [2, 7, 32], [[32, 16]], "0>0 kept; 1>1 kept; 2>2 mixed"],
  ["conv2d", [1, 3, 8, 8], [1, 16, 4, 4], [[16, 3, 2, 2]], "0>0 kept; 1>1 mixed; 2>2 resized; 3>3 resized"],
  ["cat", [2, 32, 8], [2, 40, 8], [[2, 8, 8]], "0>0 kept; 1>1 joined; 2>2 kept"],
  ["stack", [2, 3], [2, 4, 3], [["in.dim", "1"], ["in[0][1]", [2, 3]]], "0>0 kept; 1>2 kept; >1 new"],
  ["chunk", [2, 12], [2, 4], ["3"], "0>0 kept; 1>1 cut"],
  ["sum", [2, 3, 4], [2, 4], ["1"], "0>0 kept; 1> reduced; 2>1 kept"],
  ["mean", [2, 3, 4], [2, 3, 1], ["-1"], "0>0 kept; 1>1 kept; 2>2 reduced"],
  ["max", [2, 3], [], [], "0> reduced; 1> reduced"],
  ["norm", [5, 2, 3], [5, 2], ["2", "-1"], "0>0 kept; 1>1 kept; 2> reduced"],
  ["add_", [1, 4], [3, 4], [[3, 4]], "0>0 repeated; 1>1 kept"],
  ["embedding", [1, 32], [1, 32, 64], [[100, 64]], "0>0 kept; 1>1 kept; >2 new"],
  ["unbind", [6, 1, 4], [6, 1], ["-1"], "0>0 kept; 1>1 kept; 2> chosen"],
  ["getitem", [2, 9, 4], [2, 1, 3], [["in[1][0]", "..."], ["in[1][1]", "None"], ["in[1][2]", ":3"], ["in[1][3]", "0"]],
    "0>0 kept; 1>2 cut; 2> chosen; >1 new"],
  ["getitem", [2, 9, 4], [1, 9, 3], [["in[1][0]", "0"], ["in[1][1]", "None"], ["in[1][2]", "..."], ["in[1][3]", "1:"]],
    "0> chosen; 1>1 kept; 2>2 cut; >0 new"],
];

for (const [target, from, to, given, expected] of told) {
  test(`${target} ${from} -> ${to}`, () => assert.equal(axes(target, from, to, given), expected));
}

test("the factor says which axis a product sums over", () => {
  assert.equal(axes("matmul", [8, 10, 32], [8, 10, 5], [[8, 32, 5]]), "0>0 kept; 1>1 kept; 2> summed; >2 new");
  assert.equal(axes("matmul", [8, 32, 5], [8, 10, 5], [[8, 10, 32]], 1), "0>0 kept; 1> summed; 2>2 kept; >1 new");
  assert.equal(axes("bmm", [8, 4, 4], [8, 4, 4], [[8, 4, 4]]), "0>0 kept; 1>1 kept; 2> summed; >2 new");
});

test("an equation says all", () => {
  const equation = "'bqc,bchw->bqhw'";
  const at = (place, from, other) => axes("einsum", from, [1, 200, 9, 9], place === 1
    ? [["in[0]", equation], ["in[2]", other]] : [["in[0]", equation], ["in[1]", other]], place);
  assert.equal(at(1, [1, 200, 256], [1, 256, 9, 9]), "0>0 kept; 1>1 kept; 2> summed; >2 new; >3 new");
  assert.equal(at(2, [1, 256, 9, 9], [1, 200, 256]), "0>0 kept; 1> summed; 2>2 kept; 3>3 kept; >1 new");
});

test("attention keeps the places of queries and the channels of values", () => {
  const [long, short] = [[1, 8, 200, 32], [1, 8, 33, 32]];
  assert.equal(axes("scaled_dot_product_attention", long, long, [short, short]),
    "0>0 kept; 1>1 kept; 2>2 kept; 3> summed; >3 new");
  assert.equal(axes("scaled_dot_product_attention", short, long, [long, short], 2),
    "0>0 kept; 1>1 kept; 2> summed; 3>3 kept; >2 new");
});

test("channels of a convolution in groups are not mixed from all", () => {
  const conv = (groups, from, to) => axes("conv1d", [1, from, 9], [1, to, 9], [["in.groups", groups]]);
  assert.equal(conv("1", 8, 8), "0>0 kept; 1>1 mixed; 2>2 kept");
  assert.equal(conv("8", 8, 8), "0>0 kept; 1>1 kept; 2>2 kept");
  assert.equal(conv("2", 8, 16), "0>0 kept; 2>2 kept", "nothing is said of the channels");
});

test("nothing is said where the op and the shapes do not tell", () => {
  assert.equal(axes("nobody_knows", [2, 3], [3, 2]), null);
  assert.equal(axes("permute", [2, 3], [3, 2], ["…"]), null);
  assert.equal(axes("permute", [2, 3, 4], [2, 3, 4], ["2", "1", "0"]), null, "the sizes contradict it");
  assert.equal(axes("sum", [2, 2], [2], ["…"]), null);
  assert.equal(axes("linear", [32, 16], [2, 7, 32], [[2, 7, 16]], 1), null, "the weight");
  assert.equal(axes("getitem", [9, 4], [5, 4], [[5]]), null, "places from a tensor");
  assert.equal(axes("where", [5], [2]), null);
  assert.equal(axes("view", [2, 0, 4], [0, 8]), null);
  assert.equal(axes("scaled_dot_product_attention", [1, 2, 7, 4], [1, 8, 7, 4], [], 0), null, "heads that are shared");
});

test("of axes of size one nothing tells which is which, unless they match", () => {
  assert.equal(axes("squeeze", [1, 1, 5], [1, 5], ["0"]), "2>1 kept");
  assert.equal(axes("view", [1, 6, 1], [1, 2, 3, 1]), "0>0 kept; 1>1,2 split; 2>3 kept");
});
