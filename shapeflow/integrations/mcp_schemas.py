"""The JSON Schemas of what tools answer: the same rows as those of ``shapeflow COMMAND --json``."""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
NUMBER: Schema = {"type": "integer"}
OR_NONE: Schema = {"type": ["string", "null"]}
LEFT_OUT: Schema = {"type": "integer", "description": "How many more there are than the limit."}


def record(text: str = "", /, **properties: Schema) -> Schema:
    """Return the schema of an object with these properties, all of them required."""
    data: Schema = {"type": "object", "properties": properties, "required": list(properties)}
    return data | ({"description": text} if text else {})


def several(items: Schema, text: str = "") -> Schema:
    """Return the schema of a list."""
    return {"type": "array", "items": items} | ({"description": text} if text else {})


STEP = record(call=OR_NONE, ops=several(TEXT), dtype=TEXT, shape=several(NUMBER))
PORT = {
    "type": "object",
    "required": ["path", "call", "port", "dtype", "shape", "source"],
    "properties": {
        "path": TEXT,
        "call": {"type": ["integer", "null"], "description": "K in PATH@K."},
        "port": OR_NONE,
        "dtype": OR_NONE,
        "shape": {"type": ["array", "null"], "items": NUMBER},
        "source": {"type": ["string", "null"], "description": "FILE:LINE that made it."},
        "made": {"type": ["string", "null"], "description": "How it was made, in the notation of claims."},
        "text": {"type": "string", "description": "What is there, if it is no tensor."},
    },
}
PORTS = record(rows=several(PORT), left_out=LEFT_OUT)
TRACES = record(
    traces=several(record(trace=TEXT, bytes=NUMBER)),
    walkthroughs=several(TEXT, "Documents with claims that 'check' can judge."),
)
OVERVIEW = record(trace=TEXT, text=TEXT, shown=NUMBER, left_out=NUMBER)
LINES = record(
    lines=several(
        record(
            line=TEXT,
            function=TEXT,
            code=TEXT,
            made=several(
                record(
                    "Calls or ops that are alike but for numbers in their paths.",
                    selector=TEXT,
                    times=NUMBER,
                    kind={"enum": ["call", "op"]},
                    what=TEXT,
                    outputs=several(record(port=TEXT, content=TEXT)),
                )
            ),
        )
    ),
    left_out=LEFT_OUT,
)
REACH = record(
    answer={"enum": ["yes", "no", "undecided"]},
    path=several(STEP, "A shortest path, a step a call."),
    doubts=several(TEXT, "Why it is undecided."),
)
USE = record(unused={"type": ["boolean", "null"]}, use=OR_NONE, path=several(STEP))
SIZE = record(
    size=NUMBER,
    dim=NUMBER,
    text=TEXT,
    origin=record(
        kind={"enum": ["input", "parameter", "buffer", "op", "unknown"]},
        selector=OR_NONE,
        tensor=TEXT,
        dim=NUMBER,
        made=OR_NONE,
        source=OR_NONE,
    ),
    through=several(TEXT, "The ops that handed it on, from the tensor back to its origin."),
)
VERDICT = {
    "type": "object",
    "required": ["claim", "line", "status", "passed"],
    "properties": {
        "claim": TEXT,
        "line": NUMBER,
        "status": TEXT,
        "passed": {"type": "boolean"},
        "what": OR_NONE,
        "expected": OR_NONE,
        "found": OR_NONE,
        "because": OR_NONE,
        "hint": OR_NONE,
    },
}
LINT = record(
    complete={"type": "boolean", "description": "False if the run ended early: then less can be found."},
    findings=several(
        record(
            rule=TEXT,
            what=TEXT,
            because=TEXT,
            evidence=several(TEXT),
            places=several(TEXT, "Selectors: the first, then those like it."),
            source=OR_NONE,
            line=OR_NONE,
            silence=TEXT,
        ),
        "What is most often a bug first.",
    ),
    left_out=LEFT_OUT,
)
CHECK = record(
    document=TEXT,
    passed={"type": "boolean"},
    counts={"type": "object", "additionalProperties": NUMBER, "description": "Claims by status."},
    causes=several({"type": "object"}, "What many claims that fail have in common."),
    verdicts=several(VERDICT, "Those that fail; of claims that were handed over, all."),
    left_out=LEFT_OUT,
)
