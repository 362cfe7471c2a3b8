"""``shapeflow show``: look up calls, ops and values of a trace, and how data flows between them."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from shapeflow.errors import ExitCode, InputError, SelectorError

if TYPE_CHECKING:
    from shapeflow.model.trace import Trace

HELP = "look up calls, ops and values of a trace, and how data flows between them"
EXAMPLES = """\
examples:
  shapeflow show sam3.trace.json                                      what was recorded
  shapeflow show sam3.trace.json transformer.encoder                  a call with its inputs and outputs
  shapeflow show sam3.trace.json 'transformer.encoder.layers.*:out'   ports of several calls
  shapeflow show sam3.trace.json 'transformer.decoder.bbox_embed@-1:out'
  shapeflow show sam3.trace.json 'segmentation_head.mask_predictor/einsum'
  shapeflow show sam3.trace.json A --reaches B                        exit 0: yes; 1: no or undecided
  shapeflow show sam3.trace.json --unused                             what nobody reads

A selector is PATH[@K][:PORT]: '.' is the model itself, 'PATH.name()' a helper method, 'PATH/name' an op,
'*' one name, '**' any number of them, '@-1' the last call."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.epilog = EXAMPLES
    add = parser.add_argument
    add("trace", type=Path, metavar="TRACE", help="NAME.trace.json or NAME.trace.json.gz")
    add("selector", nargs="?", metavar="SELECTOR", help="PATH[@K][:PORT]; without it an overview")
    add = parser.add_mutually_exclusive_group().add_argument
    add("--reaches", metavar="OTHER", help="whether data flows from SELECTOR to OTHER, and how")
    add("--users", action="store_true", help="the ops that read it")
    add("--producers", action="store_true", help="the ops that made it")
    add("--unused", action="store_true", help="what nobody reads; with a SELECTOR, whether that is used")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")


def run(args: argparse.Namespace) -> int:
    """Look up and print."""
    from shapeflow.model.trace import Trace

    trace = Trace.load(args.trace)
    if args.selector is None:
        asked = next((option for option in ("reaches", "users", "producers") if getattr(args, option)), "")
        if asked:
            usage = "shapeflow show TRACE SELECTOR"
            raise InputError(
                "usage", f"--{asked} needs a selector", where=f"option --{asked}", expected=usage
            )
        return _unused(trace, args.json) if args.unused else _overview(trace, args)
    if args.reaches is not None:
        return _reaches(trace, args)
    if args.unused:
        return _use(trace, args)
    return _look_up(trace, args)


@contextmanager
def _pointing(text: str, option: str = "") -> Iterator[None]:
    """Put carets under the part of a selector that is meant."""
    from shapeflow.common.text import Span

    try:
        yield
    except SelectorError as error:
        start, end = error.span or (0, len(text))
        place = f"option {option}" if option else "SELECTOR"
        error.where = error.where or f"{place}, column {start + 1}"
        if not error.frame and text.isprintable():
            error.frame = Span(place, 1, text, start, end).frame()
        raise


def _overview(trace: Trace, args: argparse.Namespace) -> int:
    """Say what was recorded."""
    from shapeflow.commands.lookup import print_object
    from shapeflow.reporting.run_summary import write

    run = trace.run
    counts = {name: len(getattr(trace, name)) for name in ("modules", "calls", "ops", "values", "escapes")}
    if args.json:
        facts = {"target": run.target, "device": run.device, "complete": run.complete, **counts}
        print_object({**facts, "unused": len(trace.unused())})
        return ExitCode.FINE
    print(f"{args.trace.name}: {run.target} on {run.device}\n")
    write(trace, sys.stdout, 1)
    return ExitCode.FINE


def _look_up(trace: Trace, args: argparse.Namespace) -> int:
    """Print what a selector names, or the ops before or behind it."""
    from shapeflow.commands import lookup
    from shapeflow.model.flow import producers, users
    from shapeflow.model.selector import select

    with _pointing(args.selector):
        if args.users or args.producers:
            ops = (users if args.users else producers)(trace, args.selector)
            matches = lookup.outputs_of(trace, lookup.op_matches(trace, ops))
        else:
            matches = select(trace, args.selector)
    if args.json:
        lookup.print_json(trace, matches)
    elif not matches:
        print("no op " + ("reads it" if args.users else "made it"), file=sys.stderr)
    else:
        lookup.print_lines(lookup.match_lines(trace, matches))
    return ExitCode.FINE


def _reaches(trace: Trace, args: argparse.Namespace) -> int:
    """Print whether data flows from one place to another."""
    from shapeflow.commands import lookup
    from shapeflow.model.flow import reaches, values_at

    with _pointing(args.selector):
        values_at(trace, args.selector)
    with _pointing(args.reaches, "--reaches"):
        reach = reaches(trace, args.selector, args.reaches)
    if args.json:
        doubts = [doubt.text for doubt in reach.doubts]
        path = lookup.path_data(trace, reach) if reach else []
        lookup.print_object({"answer": reach.answer, "path": path, "doubts": doubts})
    else:
        lookup.print_lines(lookup.reach_lines(trace, args.selector, args.reaches, reach))
    return ExitCode.FINE if reach else ExitCode.DIFFERENT


def _use(trace: Trace, args: argparse.Namespace) -> int:
    """Print whether what a selector names is unused, and if not, its nearest use."""
    from shapeflow.commands import lookup
    from shapeflow.model.flow import use_of

    with _pointing(args.selector):
        use = use_of(trace, args.selector)
    if args.json:
        path = lookup.path_data(trace, use) if use else []
        lookup.print_object({"unused": use is None, "use": use.text if use else None, "path": path})
    elif use is None:
        print(f"'{args.selector}' is unused: nothing that is returned or read depends on it")
    else:
        title: lookup.Line = [(f"'{args.selector}' is used: {use.text}", lookup.PATH)]
        lookup.print_lines([title, *lookup.path_lines(trace, use)])
    return ExitCode.DIFFERENT if use else ExitCode.FINE


def _unused(trace: Trace, as_json: bool) -> int:
    """Print all values that nobody reads."""
    from shapeflow.commands import lookup
    from shapeflow.common.text import counted
    from shapeflow.common.units import short
    from shapeflow.model.flow import wasted_flops

    values = {value.id for value in trace.unused()}
    makers = [op for op in trace.ops if op.parent is None and any(p.value in values for p in op.outputs)]
    matches = lookup.outputs_of(trace, lookup.op_matches(trace, makers))
    matches = [match for match in matches if match.port is not None and match.port.value in values]
    if as_json:
        lookup.print_json(trace, matches)
        return ExitCode.FINE
    if matches:
        lookup.print_lines([*lookup.match_lines(trace, matches), []])
    wasted = f"; {short(wasted_flops(trace))} FLOPs for nothing" if wasted_flops(trace) else ""
    print(f"{counted(len(values), 'value')} made and read by nobody{wasted}")
    return ExitCode.FINE
