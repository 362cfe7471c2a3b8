// A small trace as the page gets it: an encoder with three layers, of which the middle one differs, and a head.

/** Return rows as columns. */
export const table = (rows) => (
  Object.fromEntries(Object.keys(rows[0]).map((name) => [name, rows.map((row) => row[name])])));

const call = (selector, row) => ({
  selector, label: selector.replace(/@\d+$/, ""), method: "forward", class_name: "Layer", module: null, parent: null,
  first_op: 0, last_op: 0, flops: "", share: "", source: null, raised: false, takes: 1, gives: 1,
  input_count: 0, output_count: 0, repeat: null, difference: "", covered: null, ...row,
});
const op = (selector, row) => ({
  selector, target: selector.replace(/^.*\/|@\d+$/g, ""), call: null, parent: null, flops: "", source: null,
  takes: 1, gives: 1, input_count: 0, output_count: 0, ...row,
});
const value = (selector, type, row = {}) => ({
  selector, type, origin: "op", producer: null, name: "", storage: null, materialized: true, unused: false, ...row,
});
const port = (name, at, text = "", alias = "") => ({ name, alias, value: at, text });

const layer = { parent: 1, repeat: 0 };

/** The page's data. */
export const data = {
  calls: table([
    call(".@0", { first_op: 0, last_op: 6, takes: 0, gives: 2, class_name: "Model", input_count: 2, output_count: 1 }),
    call("encoder@0", { parent: 0, first_op: 0, last_op: 5, takes: 0, class_name: "Encoder", module: 0 }),
    call("encoder.layers.0@0", { ...layer, first_op: 1, last_op: 2, label: "layers.0", covered: 100 }),
    call("encoder.layers.1@0", { ...layer, first_op: 2, last_op: 4, label: "layers.1", difference: "relu6 instead", covered: 45 }),
    call("encoder.layers.2@0", { ...layer, first_op: 4, last_op: 5, label: "layers.2", input_count: 1 }),
    call(".head()@0", { parent: 0, first_op: 5, last_op: 6, method: "head", gives: 2, class_name: "Model" }),
  ]),
  ops: table([
    op("encoder/conv2d@0", { call: 1, takes: 0, source: 0, input_count: 2, output_count: 1 }),
    op("encoder.layers.0/relu@0", { call: 2, input_count: 1, output_count: 1 }),
    op("encoder.layers.1/relu6@0", { call: 3, input_count: 1, output_count: 1 }),
    op("encoder.layers.1/clamp@0", { call: 3, parent: 2 }),
    op("encoder.layers.2/relu@0", { call: 4, input_count: 2, output_count: 1 }),
    op(".head()/flatten@0", { call: 5, gives: 2, input_count: 1, output_count: 1 }),
  ]),
  ports: table([
    port("in[0]", 0, "", "in.image"), port("in.mask", null, "None"), port("out", 6), // of the root
    port("in[0]", 3), // of the last layer
    port("in[0]", 0), port("in[1]", 1), port("out", 2), // of the ops from here on
    port("in[0]", 2), port("out", 3),
    port("in[0]", 3), port("out", 4),
    port("in[0]", 3), port("in[1]", 3), port("out", 5),
    port("in[0]", 5), port("out", 6),
  ]),
  values: table([
    value("in.image", 0, { origin: "input", name: "in.image" }),
    value("encoder.weight", 3, { origin: "parameter", name: "encoder.weight" }),
    value("encoder/conv2d@0:out", 1, { producer: 0, storage: 7 }),
    value("encoder.layers.0/relu@0:out", 1, { producer: 1, storage: 7 }),
    value("encoder.layers.1/relu6@0:out", 1, { producer: 2, unused: true }),
    value("encoder.layers.2/relu@0:out", 1, { producer: 4 }),
    value(".@0:out", 2, { producer: 5 }),
  ]),
  containers: { port: [], names: [], values: [] },
  types: table([
    { dtype: "f32", dims: [1, 3, 8, 8], memory: "768 B" },
    { dtype: "f32", dims: [1, 16, 4, 4], memory: "1.00 KiB" },
    { dtype: "f32", dims: [1, 256], memory: "1.00 KiB" },
    { dtype: "bf16", dims: [16, 3, 2, 2], memory: "384 B" },
  ]),
  modules: table([{ parameters: "192", attributes: [1] }]),
  attributes: table([{ name: "depth", text: "2" }, { name: "depth", text: "3" }]),
  repeats: table([{ selector: "encoder.layers.*", label: "layers.0 … 2", typical: 2 }]),
  sources: table([{ place: "tiny/encoder.py:20", line: 20, function: "forward", installed: true, lines: [0, 1] }]),
  lines: table([{ number: 19, tokens: 1 }, { number: 20, tokens: 2 }]),
  tokens: table([
    { css_class: "c1", text: "    # patches" }, { css_class: "", text: "    x = " }, { css_class: "n", text: "conv(x)" },
  ]),
  sizes: table([{ size: 256, selector: ".head()/flatten@0", reason: "16 * 4 * 4" }]),
  escapes: table([{ value: 4, how: "item", call: 3 }]),
};

/** Return the selectors of records. */
export const selectors = (records) => records.map((record) => record.selector);
