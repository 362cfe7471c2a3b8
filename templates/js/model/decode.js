// The tables of the page's data as records that hold each other.

/**
 * Return the rows of a table.
 * @template Row
 * @param {Table<Row>} table
 * @returns {Row[]}
 */
function decode(table) {
  const names = /** @type {(keyof Row)[]} */ (Object.keys(table));
  const columns = names.map((name) => itemsOf(table[name]));
  const rows = columns[0].map(() => /** @type {Row} */ ({}));
  names.forEach((name, column) => {
    columns[column].forEach((item, position) => { rows[position][name] = item; });
  });
  return rows;
}

/**
 * Return the items of a column.
 * @template Item
 * @param {Column<Item>} column
 * @returns {Item[]}
 */
const itemsOf = (column) => (
  Array.isArray(column) ? column : column.indices.map((position) => column.dictionary[position]));

/**
 * Return the item at a position, if there is a position.
 * @template Item
 * @param {Item[]} items
 * @param {number | null} position
 */
const itemAt = (items, position) => position === null ? null : items[position];

/**
 * Return a function that takes the next so many items of a list.
 * @template Item
 * @param {Item[]} items
 */
function takerOf(items) {
  let at = 0;
  return (/** @type {number} */ count) => items.slice(at, at += count);
}

/**
 * Return a function that makes something when it is first asked for.
 * @template Thing
 * @param {() => Thing} make
 */
function once(make) {
  /** @type {Thing | undefined} */
  let made;
  return () => made ??= make();
}

// Rows become records where they are: their positions are replaced by what is there. Copies take many times as long.

/**
 * Return the types of a trace, its call tree, and a function that returns the rest.
 * @param {TraceData} data
 */
function readTrace(data) {
  const types = decode(data.types);
  const sources = readSources(data);
  const rows = decode(data.calls);
  const calls = /** @type {Call[]} */ (/** @type {unknown} */ (rows));
  const repeats = decode(data.repeats).map((row, id) => (
    /** @type {Repeat} */ ({ ...row, kind: "repeat", id, typical: calls[row.typical], calls: [] })));
  const details = once(() => readDetails(data, calls, types, sources));
  const modules = readModules(data);
  rows.forEach((row, id) => Object.assign(row, {
    kind: "call", id, module: itemAt(modules, row.module), source: itemAt(sources, row.source),
    takes: itemAt(types, row.takes), gives: itemAt(types, row.gives),
    parent: itemAt(calls, row.parent), repeat: itemAt(repeats, row.repeat), children: [],
  }));
  const parts = {
    id: 0,
    get inputs() { return details().partsByCall[this.id].inputs; },
    get outputs() { return details().partsByCall[this.id].outputs; },
    get ops() { return details().partsByCall[this.id].ops; },
  };
  for (const call of calls) {
    call.parent?.children.push(call);
    call.repeat?.calls.push(call);
    Object.setPrototypeOf(call, parts);
  }
  return { types, sources, calls, repeats, sizes: decode(data.sizes), details };
}

/**
 * Return the ops and values of a trace, and what of them belongs to each call.
 * @param {TraceData} data
 * @param {Call[]} calls
 * @param {TensorType[]} types
 * @param {Source[]} sources
 */
function readDetails(data, calls, types, sources) {
  const rows = { ops: decode(data.ops), values: decode(data.values), ports: decode(data.ports) };
  const { ops, values, ports } = /** @type {{ ops: Op[], values: Value[], ports: Port[] }} */ (
    /** @type {unknown} */ (rows));
  rows.values.forEach((row, id) => Object.assign(row, {
    kind: "value", id, type: types[row.type], producer: itemAt(ops, row.producer),
  }));
  rows.ports.forEach((row, id) => { ports[id].value = itemAt(values, row.value); });
  for (const { port, names, values: held } of decode(data.containers)) {
    ports[port].held = new Map(names.map((name, i) => [name, values[held[i]]]));
  }
  const portsTaken = takerOf(ports);
  /** @type {CallParts[]} */
  const partsByCall = calls.map((call) => (
    { inputs: portsTaken(call.input_count), outputs: portsTaken(call.output_count), ops: [] }));
  rows.ops.forEach((row, id) => Object.assign(row, {
    kind: "op", id, source: itemAt(sources, row.source), call: itemAt(calls, row.call), parent: itemAt(ops, row.parent),
    takes: itemAt(types, row.takes), gives: itemAt(types, row.gives),
    inputs: portsTaken(row.input_count), outputs: portsTaken(row.output_count),
  }));
  for (const op of ops) if (op.call && !op.parent) partsByCall[op.call.id].ops.push(op);
  const escapes = decode(data.escapes).map((row) => (
    { ...row, value: values[row.value], call: itemAt(calls, row.call) }));
  return { ops, values, escapes, partsByCall };
}

/**
 * @param {TraceData} data
 * @returns {Module[]}
 */
function readModules(data) {
  const attributes = decode(data.attributes);
  return decode(data.modules).map((row) => (
    { ...row, attributes: row.attributes.map((position) => attributes[position]) }));
}

/**
 * @param {TraceData} data
 * @returns {Source[]}
 */
function readSources(data) {
  const tokens = takerOf(decode(data.tokens));
  const lines = decode(data.lines).map((row) => ({ ...row, tokens: tokens(row.tokens) }));
  return decode(data.sources).map((row) => ({ ...row, lines: row.lines.map((position) => lines[position]) }));
}
