// Searching the trace: words in paths, classes and ops, or the pattern of a shape.

/** Read a query: `[1, 200, *]`, `f32[...,256]`, `5184`, or words that must all occur. */
function readQuery(text) {
  const query = text.trim();
  const shape = /^([a-z]+\d*)?\[([^\]]*)\]?$/i.exec(query);
  if (shape) {
    const dims = shape[2].split(",").map((part) => part.trim()).filter((part, i, parts) => part || i < parts.length - 1);
    return { kind: "shape", dtype: shape[1] ?? "", dims: dims.map(readDim) };
  }
  if (/^\d+$/.test(query)) return { kind: "size", size: Number(query), words: [query] };
  return { kind: "words", words: query.toLowerCase().split(/\s+/).filter(Boolean) };
}

function readDim(word) {
  if (word === "*" || word === "_" || word === "") return "any";
  if (word === "...") return "rest";
  const symbol = symbolsByName.get(word);
  if (symbol) return symbol.size;
  return /^\d+$/.test(word) ? Number(word) : "none";
}

/** Return whether dims fit a pattern, in which one `rest` stands for any number of them. */
function fits(pattern, dims) {
  const rest = pattern.indexOf("rest");
  const same = (wanted, size) => wanted === "any" || wanted === size;
  if (rest < 0) return pattern.length === dims.length && pattern.every((wanted, i) => same(wanted, dims[i]));
  const after = pattern.length - rest - 1;
  return dims.length >= pattern.length - 1 && pattern.slice(0, rest).every((wanted, i) => same(wanted, dims[i]))
    && pattern.slice(rest + 1).every((wanted, i) => same(wanted, dims[dims.length - after + i]));
}

/** Return the ids of the types that a query for a shape or size means. */
function fittingTypes(query) {
  const found = new Set();
  trace.data.types.forEach(([dtype, ...dims], id) => {
    const right = query.kind === "size" ? dims.includes(query.size) : (!query.dtype || query.dtype === dtype) && fits(query.dims, dims);
    if (right) found.add(id);
  });
  return found;
}

/** Return the calls and ops that fit a query, in the order of the run. */
function findInTrace(query) {
  const calls = [];
  const ops = [];
  if (query.kind === "words") {
    if (!query.words.length) return { calls, ops };
    const fit = (text) => query.words.every((word) => text.includes(word));
    for (const call of trace.calls) if (fit(`${call.selector} ${call.class}`.toLowerCase())) calls.push(call.id);
    const places = trace.data.sources.map((_, position) => trace.sourcePlace(position).toLowerCase());
    trace.data.ops.forEach((row, id) => {
      if (fit(`${trace.opSelector(id)} ${row[4] < 0 ? "" : places[row[4]]}`.toLowerCase())) ops.push(id);
    });
    return { calls, ops };
  }
  const types = fittingTypes(query);
  const holds = (flat) => {
    for (let i = 2; i < flat.length; i += 4) if (flat[i] >= 0 && types.has(trace.data.values.type[flat[i]])) return true;
    return false;
  };
  trace.data.calls.forEach((row, id) => { if (holds(row[10]) || holds(row[11])) calls.push(id); });
  trace.data.ops.forEach((row, id) => { if (holds(row[3])) ops.push(id); });
  return { calls, ops };
}
