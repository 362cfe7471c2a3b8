// Searching the trace: words in paths, classes, ops and files, or the pattern of a shape.

/**
 * Read a query: `[1, 200, *]`, `f32[...,256]`, `5184`, or words that must all occur.
 * @param {string} text
 * @param {Map<string, SizeSymbol>} symbols by name
 * @returns {Query}
 */
function readQuery(text, symbols) {
  const query = text.trim();
  const shape = /^([a-z]+\d*)?\[([^\]]*)\]?$/i.exec(query);
  if (shape) {
    const dims = shape[2].split(",").map((part) => part.trim());
    if (!dims.at(-1)) dims.pop(); // nothing between the brackets, or not written to the end
    return { kind: "shape", dtype: shape[1] ?? "", dims: dims.map((dim) => readDim(dim, symbols)) };
  }
  if (/^\d+$/.test(query)) return { kind: "size", size: Number(query) };
  return { kind: "words", words: query.toLowerCase().split(/\s+/).filter(Boolean) };
}

/**
 * @param {string} word
 * @param {Map<string, SizeSymbol>} symbols
 * @returns {DimPattern}
 */
function readDim(word, symbols) {
  if (word === "*" || word === "_" || word === "") return "any";
  if (word === "...") return "rest";
  return symbols.get(word)?.size ?? (/^\d+$/.test(word) ? Number(word) : "none");
}

/**
 * Return whether dims fit a pattern, in which one `rest` stands for any number of them.
 * @param {DimPattern[]} pattern
 * @param {number[]} dims
 */
function fits(pattern, dims) {
  const rest = pattern.indexOf("rest");
  const same = (/** @type {DimPattern} */ wanted, /** @type {number} */ size) => wanted === "any" || wanted === size;
  if (rest < 0) return pattern.length === dims.length && pattern.every((wanted, i) => same(wanted, dims[i]));
  const after = pattern.length - rest - 1;
  return dims.length >= pattern.length - 1
    && pattern.slice(0, rest).every((wanted, i) => same(wanted, dims[i]))
    && pattern.slice(rest + 1).every((wanted, i) => same(wanted, dims[dims.length - after + i]));
}

/**
 * Return whether all words occur in a text.
 * @param {string[]} words in lower case
 * @param {string} text
 */
function hasWords(words, text) {
  const searched = text.toLowerCase();
  return words.every((word) => searched.includes(word));
}

/**
 * Return the types with a size among their dims.
 * @param {TensorType[]} types
 * @param {number} size
 */
const typesWithSize = (types, size) => new Set(types.filter((type) => type.dims.includes(size)));

/**
 * Return the calls and ops that fit a query, in the order of the run.
 * @param {Trace} trace
 * @param {Query} query
 * @returns {CallsAndOps}
 */
function findInTrace(trace, query) {
  if (query.kind === "words") {
    const { words } = query;
    if (!words.length) return { calls: [], ops: [] };
    return {
      calls: trace.calls.filter((call) => hasWords(words, `${call.selector} ${call.class_name}`)),
      ops: trace.ops.filter((op) => hasWords(words, `${op.selector} ${op.source?.place ?? ""}`)),
    };
  }
  const types = query.kind === "size" ? typesWithSize(trace.types, query.size) : new Set(trace.types.filter((type) => (
    (!query.dtype || query.dtype === type.dtype) && fits(query.dims, type.dims))));
  const holds = (/** @type {Port} */ port) => port.value !== null && types.has(port.value.type);
  return {
    calls: trace.calls.filter((call) => call.inputs.some(holds) || call.outputs.some(holds)),
    ops: trace.ops.filter((op) => op.outputs.some(holds)),
  };
}
