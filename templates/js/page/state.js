// What the page is given and what changes while it is read. Everything else that is global is a function.

/** @type {PageData} */
const page = JSON.parse(byId("data").textContent ?? "");

/**
 * Everything that changes while a page is read.
 * @typedef {object} PageState
 * @property {Trace | null} trace null until it is unpacked
 * @property {Texts | null} texts likewise
 * @property {{ rows: Row[], open: Set<string>, selected: number, hits: Hits | null }} tree
 * @property {{ groups: HitGroup[], hits: SearchHit[], at: number, terms: Term[] }} search
 * @property {Term[]} found what is marked in the text at the next place that is gone to
 * @property {{ name: string, before: TextPlace | null }} filter the claims that are shown
 * @property {string} textAddress the last address that named a place in the text, also while the explorer is open
 * @property {number} textTop how far the text was scrolled when the explorer opened
 * @property {Element | null} goal what was scrolled to last, until something else moves the text
 * @property {boolean} opened whether the address that the page was opened with has been followed
 * @property {number} toastTimer
 */
/** @type {PageState} */
const state = {
  trace: null,
  texts: null,
  tree: { rows: [], open: new Set(), selected: 0, hits: null },
  search: { groups: [], hits: [], at: -1, terms: [] },
  found: [],
  filter: { name: "all", before: null },
  textAddress: "",
  textTop: 0,
  goal: null,
  opened: false,
  toastTimer: 0,
};

const symbolsByName = new Map(page.symbols.map((symbol) => [symbol.name, symbol]));
const symbolsBySize = new Map(page.symbols.filter((symbol) => symbol.telling).map((symbol) => [symbol.size, symbol]));

/** The claims as they stand in the page; hundreds, so they are read when they are first asked for. */
const theClaims = once(() => readClaims());

/** Return the trace, for what happens only where there is one. */
function theTrace() {
  if (!state.trace) throw new Error("the trace is not unpacked yet");
  return state.trace;
}

/**
 * Return data of the page; compressed data is unpacked first.
 * @template Data
 * @param {Data | string} data
 * @returns {Promise<Data>}
 */
async function unpacked(data) {
  if (typeof data !== "string") return data;
  const packed = atob(data);
  const bytes = new Uint8Array(packed.length);
  for (let at = 0; at < packed.length; at += 1) bytes[at] = packed.charCodeAt(at); // `from` takes ten times as long
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return JSON.parse(await new Response(stream).text());
}

/** Return the trace. */
const loadTrace = async () => new Trace(await unpacked(page.trace));

/** What is kept for the next visit, where the browser allows it. */
const remembered = {
  /** @param {string} key */
  get(key) { try { return localStorage.getItem(`shapeflow.${key}`); } catch { return null; } },
  /**
   * @param {string} key
   * @param {string} value
   */
  set(key, value) { try { localStorage.setItem(`shapeflow.${key}`, value); } catch { /* not allowed here */ } },
};
