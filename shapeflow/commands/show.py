"""``shapeflow show``: look up calls, ops and values of a trace, and how data flows between them."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from pathlib import Path

from shapeflow import query
from shapeflow.commands.console import pointing, print_json, say, tell
from shapeflow.commands.meant import load_trace
from shapeflow.commands.show_failure import show_failure
from shapeflow.commands.show_lines import source_lines
from shapeflow.commands.show_overview import USUAL, at_a_glance, check_options
from shapeflow.commands.show_text import (
    FAINT,
    PATH,
    Line,
    making_lines,
    match_lines,
    path_lines,
    print_lines,
    reach_lines,
)
from shapeflow.commands.summary_table import add_options, check_forms, is_plain, put_table
from shapeflow.common.collector import collection_paused
from shapeflow.common.control_characters import visible_line
from shapeflow.common.places import display_target
from shapeflow.common.printing import put
from shapeflow.common.text import counted
from shapeflow.common.units import format_count
from shapeflow.errors import ExitCode, InputError
from shapeflow.model.flow import all_reach, producers, use_of, users, values_at, wasted_flops
from shapeflow.model.match import Match
from shapeflow.model.members import left_out
from shapeflow.model.selector import op_matches, select
from shapeflow.model.size_origin import size_origin
from shapeflow.model.source_lines import source_place
from shapeflow.model.trace import Trace

EXAMPLES = """\
examples:
  shapeflow show sam3.trace.json                                      what was recorded
  shapeflow show sam3.trace.json transformer.encoder                  a call with its inputs and outputs
  shapeflow show sam3.trace.json 'transformer.encoder.layers.*:out'   ports of several calls
  shapeflow show sam3.trace.json 'transformer.decoder.bbox_embed@-1:out'
  shapeflow show sam3.trace.json 'segmentation_head.mask_predictor/einsum'
  shapeflow show sam3.trace.json decoder.py:333                       what a line of source made
  shapeflow show sam3.trace.json A --reaches B                        exit 0: yes; 1: no or undecided
  shapeflow show sam3.trace.json --overview --max-chars 3000          the whole model at a glance
  shapeflow show sam3.trace.json transformer.encoder:out.memory --size 0      where a size comes from
  shapeflow show sam3.trace.json --unused                             what nobody reads

A selector is PATH[@K][:PORT]: '.' is the model itself, 'PATH.name()' a helper method, 'PATH/name' an op,
'*' one name, '**' any number of them, '@-1' the last call; FILE:LINE is what that line of source made,
FILE:NAME what the lines made that give the variable NAME a value."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.epilog = EXAMPLES
    add = parser.add_argument
    add("trace", type=Path, metavar="TRACE", help="NAME.trace.json or NAME.trace.json.gz")
    add(
        "selector", nargs="?", metavar="SELECTOR", help="PATH[@K][:PORT] or FILE:LINE; without it an overview"
    )
    add = parser.add_mutually_exclusive_group().add_argument
    add("--reaches", metavar="OTHER", help="whether data flows from SELECTOR to OTHER, and how")
    add("--users", action="store_true", help="the ops that read it")
    add("--producers", action="store_true", help="the ops that made it")
    add("--unused", action="store_true", help="what nobody reads; with a SELECTOR, whether that is used")
    add(
        "--size",
        type=int,
        metavar="DIM",
        help="where the size of a dim comes from; -1: the last",
    )
    add(
        "--overview",
        action="store_true",
        help="the model, or what is in SELECTOR, at a glance, for --max-chars",
    )
    add(
        "--failure",
        action="store_true",
        help="why the run crashed, and how the operand that was wrong was made",
    )
    parser.add_argument("--max-chars", type=int, metavar="N", help=f"at most N characters (default: {USUAL})")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    add_options(parser)


@collection_paused()
def run(args: argparse.Namespace) -> int:
    """Look up and print."""
    check_options(args)
    check_forms(args, table=args.selector is None and not (args.overview or args.unused))
    trace = load_trace(args.trace)
    if args.failure:
        return show_failure(trace, args.trace, json=args.json)
    if args.selector is None:
        return _without_selector(trace, args)
    asked = {"reaches": _reaches, "size": _size, "unused": _use, "overview": at_a_glance}
    answer = next((answer for option, answer in asked.items() if _is_given(args, option)), _look_up)
    return answer(trace, args)


def _is_given(args: argparse.Namespace, option: str) -> bool:
    return getattr(args, option) is not None and getattr(args, option) is not False


def _without_selector(trace: Trace, args: argparse.Namespace) -> int:
    """Answer about the whole run; refuse the questions that are about a part of it."""
    asked = next((one for one in ("reaches", "users", "producers", "size") if _is_given(args, one)), "")
    if asked:
        usage = "shapeflow show TRACE SELECTOR"
        raise InputError("usage", f"--{asked} needs a selector", where=f"option --{asked}", expected=usage)
    if args.overview:
        return at_a_glance(trace, args)
    return _unused(trace, args.json) if args.unused else _counts(trace, args)


def _counts(trace: Trace, args: argparse.Namespace) -> int:
    """Say what was recorded."""
    if args.json:
        print_json(query.overview_row(trace, len(trace.unused())))
        return ExitCode.FINE
    if is_plain(args):
        put(
            visible_line(f"{args.trace.name}: {display_target(trace.run.target)} on {trace.run.device}")
            + "\n"
        )
    put_table(trace, args, args.trace)
    return ExitCode.FINE


def _look_up(trace: Trace, args: argparse.Namespace) -> int:
    """Print what a selector names, or the ops before or behind it."""
    with pointing(args.selector):
        if args.users or args.producers:
            ops = (users if args.users else producers)(trace, args.selector)
            matches = query.output_matches(trace, op_matches(trace, ops))
        else:
            matches = trace.select(args.selector)
            place = source_place(args.selector)
            if place is not None and not place.port:
                return _lines(trace, matches, as_json=args.json)
    _tell_what_is_left_out(trace, args.selector)
    if args.json:
        _print_rows(query.port_rows(trace, matches, made=not (args.users or args.producers)))
    elif not matches:
        say("no op " + ("reads it" if args.users else "made it"))
    elif args.users or args.producers:
        print_lines(match_lines(trace, matches))
    else:
        print_lines([*match_lines(trace, matches), *making_lines(trace, matches)])
    return ExitCode.FINE


def _lines(trace: Trace, matches: Sequence[Match], *, as_json: bool) -> int:
    """Print what lines of source made."""
    rows = query.line_rows(trace, matches)
    if as_json:
        _print_rows(rows)
    else:
        print_lines(source_lines(rows))
    return ExitCode.FINE


def _tell_what_is_left_out(trace: Trace, *selectors: str) -> None:
    """Say on standard error what patterns name and what did not take part."""
    for selector in selectors:
        error = left_out(trace, selector, select(trace, selector))
        if error is not None:
            tell(error.diagnostic, "warning")


def _reaches(trace: Trace, args: argparse.Namespace) -> int:
    """Print whether data flows from one place to another."""
    with pointing(args.selector):
        values_at(trace, args.selector)
    with pointing(args.reaches, "--reaches"):
        source, goal, reach = args.selector, args.reaches, trace.reaches(args.selector, args.reaches)
        if reach:
            source, goal, reach = all_reach(trace, source, goal)
    _tell_what_is_left_out(trace, args.selector, args.reaches)
    if args.json:
        print_json(query.reach_row(trace, reach))
    else:
        print_lines(reach_lines(trace, source, goal, reach))
    return ExitCode.FINE if reach else ExitCode.DIFFERENT


def _size(trace: Trace, args: argparse.Namespace) -> int:
    """Print where a size comes from, and how it got here."""
    with pointing(args.selector):
        origin = size_origin(trace, args.selector, args.size)
    row = query.size_row(trace, origin)
    if args.json:
        print_json(row)
    else:
        through = [[(f"  through {name}", FAINT)] for name in row["through"]]
        print_lines([[(row["text"], PATH)], *through])
    return ExitCode.FINE


def _use(trace: Trace, args: argparse.Namespace) -> int:
    """Print whether what a selector names is unused, and if not, its nearest use."""
    with pointing(args.selector):
        use = use_of(trace, args.selector)
    _tell_what_is_left_out(trace, args.selector)
    if args.json:
        print_json(query.use_row(trace, use))
    elif use is None:
        what = f"'{args.selector}' is unused: nothing that is returned or read depends on it"
        put(visible_line(what))
    else:
        verb = "is used" if use.certain else "may be used"
        title: Line = [(f"'{args.selector}' {verb}: {use.text}", PATH)]
        print_lines([title, *path_lines(trace, use)])
    return ExitCode.DIFFERENT if use else ExitCode.FINE


def _unused(trace: Trace, as_json: bool) -> int:
    """Print all values that nobody reads."""
    values = [value.id for value in trace.unused()]
    matches = query.unused_matches(trace, values)
    if as_json:
        _print_rows(query.port_rows(trace, matches))
        return ExitCode.FINE
    if matches:
        print_lines([*match_lines(trace, matches), []])
    flops = wasted_flops(trace)
    wasted = f"; {format_count(flops)} FLOPs for nothing" if flops else ""
    put(f"{counted(len(values), 'value')} produced but never read{wasted}")
    return ExitCode.FINE


def _print_rows(rows: Iterable[object]) -> None:
    """Print one JSON object a line."""
    for row in rows:
        print_json(row)
