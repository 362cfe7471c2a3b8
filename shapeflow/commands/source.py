"""``shapeflow source``: the model's own source with the shapes that each line made."""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from shapeflow.commands.console import say, wants_colour
from shapeflow.commands.meant import load_trace
from shapeflow.common.collector import collection_paused
from shapeflow.common.control_characters import json_text, printed, visible_line
from shapeflow.common.printing import put, put_coloured
from shapeflow.errors import ExitCode, InputError

if TYPE_CHECKING:
    from shapeflow.model.records import Value
    from shapeflow.model.trace import Trace
    from shapeflow.source.lines import SourceFile

EXAMPLES = """\
examples:
  shapeflow source sam3.trace.json                                which files ran
  shapeflow source sam3.trace.json encoder.py                     a file, by the end of its name
  shapeflow source sam3.trace.json transformer.encoder.layers.0   what the code of one call made
  shapeflow source sam3.trace.json -o source.html                 all of it as one page
  shapeflow source net.trace.json net.py --write                  shapes as comments in a file of your own
  shapeflow source sam3.trace.json encoder.py --json              for a program: line, name, shapes

A name stands before a shape where the source tells which variable got it; else the op or module does.
A line marked with - certainly never ran. An unmarked line without shapes may have run: nothing tells."""

SIGNS = {"never": "\033[2m", "ran": "", "": ""}


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.epilog = EXAMPLES
    add = parser.add_argument
    add("trace", type=Path, metavar="TRACE", help="NAME.trace.json or NAME.trace.json.gz")
    add(
        "asked", nargs="?", metavar="FILE|PATH", help="a file, by the end of its name; or a selector of calls"
    )
    add("--whole", action="store_true", help="also show the lines of which nothing is known")
    add(
        "--symbols",
        action="store_true",
        help="a letter for each dim that is, axis for axis, one of the model's inputs: f32[B, 48, 64]",
    )
    form = parser.add_mutually_exclusive_group().add_argument
    form("--json", action="store_true", help="print one JSON object")
    form("--markdown", action="store_true", help="print a table")
    form(
        "--write",
        action="store_true",
        help="put shapes into comments of a file of your own, and update those",
    )
    form("--diff", action="store_true", help="show the change that --write makes, and make none")
    form("-o", "--output", type=Path, metavar="FILE.html", help="write a page that needs no other file")
    add("--report", metavar="FILE", help="the report that shapes in the page lead to, seen from the page")
    add("--lang", choices=("en", "zh"), help="language of the page (default: en)")
    add("--force", action="store_true", help="replace a file that shapeflow did not make")


@collection_paused()
def run(args: argparse.Namespace) -> int:
    """Show the source."""
    from shapeflow.source.collect import source_files, wanted
    from shapeflow.source.data import to_data, to_markdown

    _check_options(args)
    trace = load_trace(args.trace)
    text_of, symbols = _letters(trace) if args.symbols else (str, {})
    files = source_files(trace, wanted(trace, args.asked), beside=args.trace.parent, text_of=text_of)
    if args.asked is None:
        files = [file for file in files if file.made or file.never]
    if args.write or args.diff:
        from shapeflow.commands.source_comments import comment

        change, summary = comment(trace, files, beside=args.trace.parent, write=args.write)
        if args.diff and change:
            put(printed(change))
        say(summary)
    elif args.output is not None:
        _write(args, trace, files, symbols)
    elif args.json:
        put(json_text(to_data(files, symbols)))
    elif args.markdown:
        put(to_markdown(files).rstrip("\n"))
    elif args.asked is None and len(files) > 1:
        _list(files)
        say(f"one of them: shapeflow source {args.trace} FILE")
    else:
        for number, file in enumerate(files):
            if number:
                put("")
            _print(file, args.whole)
    if symbols and not (args.json or args.output):
        sizes = ", ".join(f"{name} = {size}" for name, size in symbols.items())
        put(f"\n{sizes}" if args.markdown else sizes)
    return int(ExitCode.FINE)


def _check_options(args: argparse.Namespace) -> None:
    """Refuse options that would be ignored."""
    if args.symbols and (args.write or args.diff):
        what = "--symbols only means something where shapes are shown: in a file your own letters are kept"
        raise InputError("usage", what, where="option --symbols")
    for option in ("lang", "report", "force"):
        if getattr(args, option) and args.output is None:
            what = f"--{option} only means something with -o"
            raise InputError("usage", what, where=f"option --{option}")


def _letters(trace: Trace) -> tuple[Callable[[Value], str], Mapping[str, int]]:
    """Return how a tensor is written with letters, and their sizes."""
    from shapeflow.model.input_letters import Letters

    letters = Letters(trace)
    return letters.text, letters.sizes


def _write(
    args: argparse.Namespace, trace: Trace, files: list[SourceFile], symbols: Mapping[str, int]
) -> None:
    """Write the page."""
    from shapeflow.reporting.output import save
    from shapeflow.reporting.source_page.html import source_page

    if args.output.suffix.lower() not in (".html", ".htm"):
        raise InputError(
            "usage",
            f"'{args.output.name}' does not end in .html, and a page is written",
            where="option -o",
            hint=f"-o {args.output.stem}.html; --markdown and --json print to standard output",
        )
    text = source_page(trace, files, language=args.lang or "en", report=args.report, symbols=symbols)
    save(args.output, text.encode("utf-8", errors="replace"), force=args.force, inputs=[args.trace])
    say(f"{args.output}  {args.output.stat().st_size / 1e6:.2f} MB")


def _list(files: list[SourceFile]) -> None:
    """Print which files ran, those with most first."""
    from shapeflow.source.text import head

    for file in sorted(files, key=lambda file: -file.made):
        put(visible_line(head(file)))


def _print(file: SourceFile, whole: bool) -> None:
    """Print one file."""
    from shapeflow.source.text import file_lines, head

    width = shutil.get_terminal_size((100, 24)).columns
    colour = wants_colour(sys.stdout)
    put(visible_line(head(file)))
    for state, text in file_lines(file, width, whole=whole):
        if colour and SIGNS.get(state):
            put_coloured(f"{SIGNS[state]}{visible_line(text)}\033[0m")
        else:
            put(visible_line(text))
