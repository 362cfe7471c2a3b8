// What the scripts share, for the type checker and for readers. There is no code here: no page carries it.
//
// The rows are those of shapeflow/reporting/view/explorer_model.py, where each field is explained.

/**
 * One field of all rows, in their order: the items themselves, or each distinct one once with its position by row.
 * @template Item
 * @typedef {Item[] | { dictionary: Item[], indices: number[] }} Column
 */
/**
 * Rows as columns by the name of the field.
 * @template Row
 * @typedef {{ [Field in keyof Row]: Column<Row[Field]> }} Table
 */

/**
 * @typedef {object} CallRow
 * @property {string} selector
 * @property {string} label
 * @property {string} method
 * @property {string} class_name
 * @property {number | null} module
 * @property {number | null} parent
 * @property {number} first_op
 * @property {number} last_op
 * @property {string} flops
 * @property {string} share
 * @property {number | null} source
 * @property {boolean} raised
 * @property {number | null} takes
 * @property {number | null} gives
 * @property {number} input_count
 * @property {number} output_count
 * @property {number | null} repeat
 * @property {string} difference
 * @property {number | null} covered
 * @property {string} partner
 */
/**
 * @typedef {object} OpRow
 * @property {string} selector
 * @property {string} target
 * @property {number | null} call
 * @property {number | null} parent
 * @property {string} flops
 * @property {number | null} source
 * @property {number | null} takes
 * @property {number | null} gives
 * @property {number} input_count
 * @property {number} output_count
 */
/** @typedef {{ name: string, alias: string, value: number | null, text: string }} PortRow */
/** @typedef {{ port: number, names: string[], values: number[] }} ContainerRow */
/** @typedef {"op" | "input" | "parameter" | "buffer" | "unknown"} Origin */
/**
 * @typedef {object} ValueRow
 * @property {string} selector
 * @property {number} type
 * @property {Origin} origin
 * @property {number | null} producer
 * @property {string} name
 * @property {number | null} storage
 * @property {boolean} materialized
 * @property {boolean} unused
 */
/** @typedef {{ dtype: string, dims: number[], memory: string }} TensorType */
/** @typedef {{ parameters: string, attributes: number[] }} ModuleRow */
/** @typedef {{ name: string, text: string }} Attribute */
/** @typedef {{ selector: string, label: string, typical: number }} RepeatRow */
/** @typedef {{ place: string, line: number, function: string, installed: boolean, lines: number[] }} SourceRow */
/** @typedef {{ number: number, tokens: number }} LineRow */
/** @typedef {{ css_class: string, text: string }} Token */
/** @typedef {{ size: number, selector: string, reason: string }} SizeOrigin */
/** @typedef {{ value: number, how: string, call: number | null }} EscapeRow */

/**
 * A trace as it travels inside the page.
 * @typedef {object} TraceData
 * @property {Table<CallRow>} calls
 * @property {Table<OpRow>} ops
 * @property {Table<PortRow>} ports those of all calls, then of all ops, inputs before outputs
 * @property {Table<ContainerRow>} containers
 * @property {Table<ValueRow>} values
 * @property {Table<TensorType>} types
 * @property {Table<ModuleRow>} modules
 * @property {Table<Attribute>} attributes
 * @property {Table<RepeatRow>} repeats
 * @property {Table<SourceRow>} sources
 * @property {Table<LineRow>} lines
 * @property {Table<Token>} tokens
 * @property {Table<SizeOrigin>} sizes
 * @property {Table<EscapeRow>} escapes
 */

/**
 * A named size.
 * @typedef {object} SizeSymbol
 * @property {string} name
 * @property {number} size
 * @property {number} colour
 * @property {string} text
 * @property {string} meaning
 * @property {string} bound
 * @property {boolean} telling true if the size alone says that this symbol is meant
 */
/**
 * Everything the scripts are given; trace and texts are plain, or compressed and in base64.
 * @typedef {object} PageData
 * @property {string} language
 * @property {string} target of the run
 * @property {string} other the other model of the walkthrough's map; empty without one
 * @property {{ sections: Record<string, string> } | null} elsewhere the same page in another language: sections by
 *   their id here
 * @property {Record<string, string>} words
 * @property {string} breaks a regular expression: where a selector may go on in the next line
 * @property {SizeSymbol[]} symbols
 * @property {TraceData | string} trace
 * @property {TextsData | string} texts
 */
/**
 * What stands behind the line of a claim.
 * @typedef {object} ClaimRow
 * @property {string} anchor
 * @property {string} place
 * @property {string} said
 * @property {string} what
 * @property {string} expected
 * @property {string} because
 * @property {string} hint
 * @property {string} places
 * @property {number} more
 */
/**
 * @typedef {object} StatementRow
 * @property {string} id
 * @property {string} line
 * @property {string} says
 * @property {string} status
 * @property {string} verdict
 * @property {string} tone
 * @property {string} anchor
 * @property {string} section
 * @property {string} reason
 */
/** @typedef {{ here: string, link: string, there: string, shapes: string, note: string }} PlaceRow */
/**
 * Texts that a page shows when something is opened.
 * @typedef {object} TextsData
 * @property {Table<ClaimRow>} claims
 * @property {Table<StatementRow>} statements
 * @property {string[]} drawings
 * @property {Table<PlaceRow>} places
 */
/** @typedef {{ claims: Map<string, ClaimRow>, statements: StatementRow[], places: PlaceRow[],
 *   drawings: string[] }} Texts */

// -- the records of a trace, which hold each other -----------------------------------------------------------

/**
 * @typedef {Omit<CallRow, "module" | "parent" | "source" | "takes" | "gives" | "repeat"> & {
 *   kind: "call", id: number, module: Module | null, parent: Call | null, source: Source | null,
 *   takes: TensorType | null, gives: TensorType | null, repeat: Repeat | null, children: Call[] }
 *   & CallParts} Call
 */
/**
 * What is not read before it is asked for; `ops` are the call's own, without those that a composite op shows.
 * @typedef {{ readonly inputs: Port[], readonly outputs: Port[], readonly ops: Op[] }} CallParts
 */
/**
 * @typedef {Omit<OpRow, "call" | "parent" | "source" | "takes" | "gives"> & {
 *   kind: "op", id: number, call: Call | null, parent: Op | null, source: Source | null,
 *   takes: TensorType | null, gives: TensorType | null, inputs: Port[], outputs: Port[] }} Op
 */
/**
 * A port; what a large container holds is by its place in it.
 * @typedef {Omit<PortRow, "value"> & { value: Value | null, held?: Map<string, Value> }} Port
 */
/**
 * @typedef {Omit<ValueRow, "type" | "producer"> & {
 *   kind: "value", id: number, type: TensorType, producer: Op | null }} Value
 */
/** @typedef {{ parameters: string, attributes: Attribute[] }} Module */
/** @typedef {{ kind: "repeat", id: number, selector: string, label: string, typical: Call, calls: Call[] }} Repeat */
/** @typedef {{ number: number, tokens: Token[] }} Line */
/** @typedef {{ place: string, line: number, function: string, installed: boolean, lines: Line[] }} Source */
/** @typedef {{ value: Value, how: string, call: Call | null }} Escape */
/** @typedef {{ ops: Op[], values: Value[], escapes: Escape[] }} Details What makes up most of a trace. */

/** @typedef {Call | Op | Repeat} Part A step of a call. */
/** @typedef {Part | Value} Found What a selector can name. */
/** @typedef {{ kind: "size", size: number }} Size */
/** @typedef {{ takes: TensorType | null, gives: TensorType | null }} MainTypes */
/** @typedef {{ calls: Call[], ops: Op[] }} CallsAndOps */

/**
 * What a reader looks for. A dim is a size, `any` one, or the `rest` of them; `none` fits nothing.
 * @typedef {number | "any" | "rest" | "none"} DimPattern
 */
/**
 * @typedef {{ kind: "shape", dtype: string, dims: DimPattern[] }
 *   | { kind: "size", size: number } | { kind: "words", words: string[] }} Query
 */

/** @typedef {{ kind: "word" | "phrase" | "han", text: string, also: string[] }} Term `also`: other names of it. */
/** @typedef {{ start: number, end: number, fit: number }} Place Where a term stands in a text, and how well it fits. */
/** @typedef {{ text: string, found: boolean }} MarkedPart */
/** @typedef {{ title: number, passages: Map<number, number>, claims: number, times: number, best: number }} TermFit */
/**
 * A section as it is searched.
 * @typedef {object} SearchSection
 * @property {string} id
 * @property {string} name its title as it is written
 * @property {string} title in plain letters, as text and claims
 * @property {string[]} passages as they are written
 * @property {string} text all passages
 * @property {number[]} starts of the passages in the text
 * @property {string} claims
 * @property {number} weight below one for tables that repeat what sections say
 */
/** @typedef {{ section: SearchSection, passage: number, all: boolean }} FoundSection `all`: it has all terms. */
// -- what the page knows beside the trace ----------------------------------------------------------------------

/** @typedef {{ item: Part, depth: number, key: string, full: boolean }} Row A row of the explorer. */
/**
 * What the filter found: the calls and ops, the calls `above` them, and both kinds of calls together `around`.
 * @typedef {{ calls: Set<Call>, ops: Set<Op>, above: Set<Call>, around: Set<Call> }} Hits
 */
/**
 * What the explorer shows.
 * @typedef {object} TreeView
 * @property {Set<string>} open keys of rows
 * @property {Hits | null} hits null without a filter
 * @property {boolean} showOps
 * @property {boolean} foldRepeats
 * @property {boolean} changesOnly
 */
/**
 * A claim as it stands in the page.
 * @typedef {object} Claim
 * @property {string} anchor
 * @property {string} text
 * @property {string} tone
 * @property {string} sign of its verdict
 * @property {string} verdict
 * @property {string} section id
 * @property {string[]} places in the trace that it rests on
 */
/**
 * What the search found: where it is, its name in parts, and what is said beside and below it.
 * @typedef {object} SearchHit
 * @property {string} href
 * @property {MarkedPart[]} name
 * @property {string} [tone] of a claim
 * @property {string} [sign] of its verdict
 * @property {string} [note]
 * @property {MarkedPart[]} [snippet]
 * @property {TensorType | null} [gives]
 */
/** @typedef {{ key: string, total: number, shown: number, hits: SearchHit[] }} HitGroup `key`: of its heading. */
