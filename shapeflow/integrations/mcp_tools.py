"""The tools of the MCP server: questions about stored traces. None runs a model, and none writes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from shapeflow.common.text import nearest
from shapeflow.errors import InputError
from shapeflow.integrations import mcp_answers as answers
from shapeflow.integrations import mcp_schemas as schemas
from shapeflow.integrations.mcp_answers import Answer, Arguments
from shapeflow.integrations.mcp_arguments import Parameter, checked, input_schema
from shapeflow.integrations.trace_folder import Folder


@dataclass(frozen=True, slots=True)
class Tool:
    """One tool."""

    name: str
    title: str
    text: str
    """What it answers and when to use it."""
    parameters: tuple[Parameter, ...]
    output_schema: dict[str, Any]
    answer: Callable[[Folder, Arguments], Answer]

    @property
    def input_schema(self) -> dict[str, Any]:
        """The JSON Schema of its arguments."""
        return input_schema(self.parameters)


def call(folder: Folder, name: str, given: Arguments) -> Answer:
    """Return what a tool answers.

    Raises:
        ShapeflowError: there is no such tool (``unknown-tool``), or it cannot be answered.
    """
    tool = TOOLS.get(name)
    if tool is None:
        close = nearest(name, TOOLS, 1)
        what = f"no tool '{name}'"
        raise InputError("unknown-tool", what, expected=", ".join(TOOLS), hint=close[0] if close else "")
    return tool.answer(folder, checked(name, tool.parameters, given))


_TRACE = Parameter(
    "trace",
    "File name of the trace, as list_traces gives it.",
    required=True,
    example="sam3.trace.json.gz",
)
_SELECTOR = Parameter(
    "selector",
    "What is meant: a module's path, PATH@K for its K-th call, PATH.name() for a helper method, PATH/op for "
    "an op, each with :in, :in.NAME, :out, :out[1] or :out.NAME for a port; '.' is the model, * one name, "
    "** any number of names, [0-5] numbers.",
    required=True,
    example="encoder.layers.0:out",
)
_LIMIT = Parameter("limit", "Most rows.", "integer", default=50, least=1, most=1_000)

TOOLS: dict[str, Tool] = {
    tool.name: tool
    for tool in (
        Tool(
            "list_traces",
            "List traces",
            "The recorded runs that can be asked about, and the documents with claims. Begin here.",
            (),
            schemas.TRACES,
            answers.list_traces,
        ),
        Tool(
            "overview",
            "Model at a glance",
            "What a recorded model consists of, with shapes, parameters and FLOPs, repeats folded, in at "
            "most max_chars characters. With a selector: what is in these calls. Ask this first.",
            (
                _TRACE,
                Parameter("selector", "Only what is in these calls: a module or helper method."),
                Parameter(
                    "max_chars",
                    "Most characters of the answer.",
                    "integer",
                    default=4_000,
                    least=400,
                    most=100_000,
                ),
            ),
            schemas.OVERVIEW,
            answers.overview,
        ),
        Tool(
            "show",
            "Shapes and source lines",
            "Dtype, shape, source line and making of the tensors that a selector names; or the ops that read "
            "them (what: users), or that made them (what: producers).",
            (
                _TRACE,
                _SELECTOR,
                Parameter(
                    "what", "Which side of it.", default="ports", choices=("ports", "users", "producers")
                ),
                _LIMIT,
            ),
            schemas.PORTS,
            answers.show,
        ),
        Tool(
            "line",
            "What a line of source made",
            "The calls and ops that a line of the model's source made in this run, those of repeated blocks "
            "folded. A line that made nothing is answered with the nearest ones that did.",
            (
                _TRACE,
                Parameter(
                    "place",
                    "FILE:LINE, FILE:FIRST-LAST, or FILE:NAME for the lines that give a variable its value; "
                    "the end of the file's path is enough.",
                    required=True,
                    example="model/decoder.py:77",
                ),
                _LIMIT,
            ),
            schemas.LINES,
            answers.made_by_line,
        ),
        Tool(
            "reaches",
            "Does data flow there",
            "Whether data of one place flows to another, with a shortest path. 'undecided' is no 'no': the "
            "doubts say what could not be seen.",
            (
                _TRACE,
                Parameter("source", "A selector: from where.", required=True, example="image_encoder:out"),
                Parameter("destination", "A selector: to where.", required=True, example="mask_head:out"),
            ),
            schemas.REACH,
            answers.reaches,
        ),
        Tool(
            "size_origin",
            "Where a size comes from",
            "Back along the data flow from one dim of one tensor to what first had its size: an input, a "
            "parameter, or the op that made it and from what. Ask this when a size is not what you expect.",
            (
                _TRACE,
                _SELECTOR,
                Parameter(
                    "dim",
                    "Which dim, from 0; -1 is the last.",
                    "integer",
                    required=True,
                    least=-64,
                    most=63,
                    example="1",
                ),
            ),
            schemas.SIZE,
            answers.size_of,
        ),
        Tool(
            "is_unused",
            "Is it used",
            "Whether nothing that the model returns depends on a tensor, else its nearest use.",
            (_TRACE, _SELECTOR),
            schemas.USE,
            answers.is_unused,
        ),
        Tool(
            "never_read",
            "Produced but never read",
            "All tensors that were produced and that nothing reads: work for nothing.",
            (_TRACE, _LIMIT),
            schemas.PORTS,
            answers.never_read,
        ),
        Tool(
            "lint",
            "What is probably wrong",
            "What runs without an error and is probably wrong: a block unlike its siblings, a broadcast that "
            "looks accidental, a reshape that mixes axes. Each with evidence; an empty list is no proof.",
            (
                _TRACE,
                Parameter("ignore", "Rules to leave out, RULE or RULE:PATH, with blanks between them."),
                _LIMIT,
            ),
            schemas.LINT,
            answers.lint,
        ),
        Tool(
            "check",
            "Check claims",
            "Judge claims on a recorded run: those of a walkthrough below the folder, or claims that you "
            "write yourself, a line each, such as 'encoder:out  [1, 196, 256]', 'A reaches B', "
            "'A never reaches B', 'count encoder.layers.* = 6'. Without either, the walkthrough that is "
            "shipped for the model. "
            "Never runs a model.",
            (
                _TRACE,
                Parameter("claims", "Claims, a line each.", example="encoder:out  [1, 196, 256]"),
                Parameter("walkthrough", "File name of a Markdown document with claims."),
                _LIMIT,
            ),
            schemas.CHECK,
            answers.check,
        ),
    )
}
"""Name -> tool, in the order in which they are of use."""
