"""``shapeflow show --overview``: the whole model, or what is in some calls, in so many characters."""

from __future__ import annotations

import argparse

from shapeflow.commands.console import pointing, print_json
from shapeflow.common.control_characters import json_text
from shapeflow.common.printing import put
from shapeflow.errors import ExitCode, InputError, SelectorError
from shapeflow.model.records import Call
from shapeflow.model.trace import Trace

LEAST, USUAL = 400, 4_000
"""Characters: fewer say too little; as many as nobody asked for otherwise."""


def check_options(args: argparse.Namespace) -> None:
    """Refuse a limit without an overview, and one that says too little."""
    if args.max_chars is not None and not args.overview:
        what = "--max-chars only means something with --overview"
        raise InputError("usage", what, where="option --max-chars", hint="add --overview")
    if args.max_chars is not None and args.max_chars < LEAST:
        raise InputError(
            "usage",
            f"{args.max_chars} characters say too little",
            where="option --max-chars",
            expected=f"{LEAST} or more",
            hint=f"--max-chars {LEAST}",
        )


def at_a_glance(trace: Trace, args: argparse.Namespace) -> int:
    """Print what says most; the JSON object, too, is no longer than was asked for."""
    with pointing(args.selector or ""):
        calls = None if args.selector is None else calls_at(trace, args.selector)
    most = (args.max_chars or USUAL) - 1  # the end of the line
    if args.json:
        print_json(overview_row(trace, str(args.trace), most, calls))
    else:
        from shapeflow.reporting.overview import overview

        put(overview(trace, most, calls).text)
    return ExitCode.FINE


def overview_row(trace: Trace, name: str, most: int, calls: list[Call] | None = None) -> dict[str, object]:
    """Return an overview as plain data that is at most so many characters of JSON.

    Args:
        trace: the run.
        name: its file.
        most: characters of the whole object.
        calls: only what is in these; None: the whole run.
    """
    from shapeflow.reporting.overview import overview

    room = most
    while True:
        made = overview(trace, room, calls)
        row: dict[str, object] = {"schema": "shapeflow.overview/1", "trace": name, "text": made.text}
        row |= {"shown": made.shown, "left_out": made.left_out}
        excess = len(json_text(row)) - most
        if excess <= 0 or not made.text:
            return row
        room = min(room, len(made.text)) - excess


def calls_at(trace: Trace, selector: str) -> list[Call]:
    """Return the calls that a selector names.

    Raises:
        SelectorError: it names nothing, or ops and ports only (``no-call``).
    """
    found = trace.select(selector)
    calls = [match.call for match in found if match.call and not (match.op or match.port)]
    if not calls:
        raise SelectorError(
            "no-call", f"'{selector}' names no call", expected="a module or a helper method that ran"
        )
    return calls
