"""``shapeflow show --overview``: the whole model, or what is in some calls, in so many characters."""

from __future__ import annotations

import argparse

from shapeflow.commands.console import pointing, print_json
from shapeflow.common.printing import put
from shapeflow.errors import ExitCode, InputError
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
    from shapeflow.reporting.overview import calls_at, overview, overview_row

    with pointing(args.selector or ""):
        calls = None if args.selector is None else calls_at(trace, args.selector)
    most = (args.max_chars or USUAL) - 1  # the end of the line
    if args.json:
        print_json(overview_row(trace, str(args.trace), most, calls))
    else:
        put(overview(trace, most, calls).text)
    return ExitCode.FINE
