"""The table of a run's layers in the form that was asked for: ``trace`` and ``show`` print it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from shapeflow.common.printing import put
from shapeflow.errors import InputError

if TYPE_CHECKING:
    from shapeflow.model.trace import Trace

FORMS = ("json", "csv", "markdown")


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare how deep the table is and in which form; ``--json`` is declared by the command itself."""
    add = parser.add_argument
    add(
        "--depth", type=_level, metavar="N", help="levels of calls in the table (default: what fits a screen)"
    )
    add("--unfold", action="store_true", help="a row for each call, also of layers that are alike")
    add("--csv", action="store_true", help="print the table as CSV")
    add("--markdown", action="store_true", help="print the table as Markdown")


def _level(text: str) -> int:
    """Return a depth, or refuse it in argparse's way."""
    if not text.isascii() or not text.isdigit() or len(text) > 6:
        raise argparse.ArgumentTypeError(f"levels are counted from 0, not '{text}'")
    return int(text)


def check_forms(args: argparse.Namespace, *, table: bool = True) -> None:
    """Check that one form is asked for at most, and options of the table only where it is printed.

    Args:
        args: the options.
        table: whether the table is printed.

    Raises:
        InputError: there are two forms, or options without a table.
    """
    given = [
        name for name in ("depth", "unfold", "csv", "markdown") if getattr(args, name) not in (None, False)
    ]
    if given and not table:
        raise InputError(
            "usage",
            f"--{given[0]} is for the table of the whole run",
            where=f"option --{given[0]}",
            hint="leave the SELECTOR and the other question out, or that option",
        )
    asked = [f"--{form}" for form in FORMS if getattr(args, form)]
    if len(asked) > 1:
        raise InputError(
            "usage",
            f"{asked[0]} and {asked[1]} are two forms of one table",
            where=f"option {asked[1]}",
            hint=f"only {asked[0]}, or a second run of the command",
        )


def is_plain(args: argparse.Namespace) -> bool:
    """Return whether the table is for a person, not for a program or a document."""
    return not any(getattr(args, form) for form in FORMS)


def put_table(
    trace: Trace, args: argparse.Namespace, file: object, facts: Sequence[tuple[str, str]] = ()
) -> None:
    """Print the table of a run.

    Args:
        trace: the run.
        args: the options of the table.
        file: the trace file, for the command that tells more.
        facts: labels and texts of further lines for a person.
    """
    from shapeflow.reporting.summary import write

    table = trace.summary(args.depth, unfold=args.unfold)
    if args.csv:
        put(table.to_csv().rstrip("\n"))
    elif args.markdown:
        put(table.to_markdown().rstrip("\n"))
    else:
        more = f"shapeflow show {file} LAYER, --depth N, --unfold, --csv"
        write(table, sys.stdout, [*facts, ("more", more)])
