"""``shapeflow graph``: the data flow between calls as a drawing."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from shapeflow.commands import poster
from shapeflow.commands.console import print_json, say, written
from shapeflow.commands.meant import load_trace
from shapeflow.common.collector import collection_paused
from shapeflow.common.files import with_ending
from shapeflow.common.text import nearest
from shapeflow.errors import ExitCode, InputError, SelectorError

if TYPE_CHECKING:
    from shapeflow.graph.model import Graph
    from shapeflow.model.trace import Trace

EXAMPLES = """\
examples:
  shapeflow graph bus.trace.json -o bus.svg                          the whole run, folded to what can be read
  shapeflow graph bus.trace.json transformer.decoder -o decoder.svg  the inside of one call
  shapeflow graph bus.trace.json 'backbone.vision_backbone.convs.*' -o pyramid.png
  shapeflow graph bus.trace.json transformer --depth 2 -o two.dot
  shapeflow graph bus.trace.json --path A B -o path.svg              the way from A to B, if data flows there
  shapeflow graph bus.trace.json transformer --json                  its boxes and arrows as data
  shapeflow graph bus.trace.json --poster -o bus.svg                 the whole model in one picture
  shapeflow graph bus.trace.json --poster --card -o card.png         the same, 1200 x 630, for a chat

svg, dot and mmd (Mermaid) can be written everywhere; png and pdf need the system's Graphviz,
a poster as png the extra 'graph'."""

FORMATS = ("svg", "png", "pdf", "dot", "mmd")
POSTER_FORMATS = ("svg", "png")


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.epilog = EXAMPLES
    add = parser.add_argument
    add("trace", type=Path, metavar="TRACE", help="NAME.trace.json or NAME.trace.json.gz")
    add("selector", nargs="?", metavar="SELECTOR", help="what to draw; by default the whole run")
    add("--depth", type=int, metavar="N", help="open N levels of calls (default: as many as stay readable)")
    add("--path", nargs=2, metavar=("A", "B"), help="only the way from A to B")
    add("-o", "--output", type=Path, metavar="FILE", help="NAME.{svg,png,pdf,dot,mmd}")
    add("--json", action="store_true", help="boxes and arrows as one JSON object; with -o, what was drawn")
    add("--force", action="store_true", help="replace a file that shapeflow did not make")
    add("-q", "--quiet", action="store_true", help="do not say what was drawn")
    poster.configure(parser)


@collection_paused()
def run(args: argparse.Namespace) -> int:
    """Draw."""
    from shapeflow.graph.json_data import data_of
    from shapeflow.reporting.output import save

    poster.check_options(args)
    _check_output(args)
    form = _format(args.output, POSTER_FORMATS if args.poster else FORMATS) if args.output else ""
    if args.poster:
        return poster.run(args, form)
    if args.depth is not None and args.depth < 1:
        raise InputError(
            "usage", f"a depth of {args.depth} shows nothing", where="option --depth", expected="1 or more"
        )
    if args.path and (args.selector or args.depth):
        raise InputError(
            "usage", "--path is drawn by itself", where="option --path", hint="leave SELECTOR and --depth out"
        )
    trace = load_trace(args.trace)
    graph = _graph(trace, args)
    if not args.output:
        print_json(data_of(graph))
        return int(ExitCode.FINE)
    save(args.output, _content(trace, graph, form), force=args.force, inputs=[args.trace])
    folded = f"; {graph.left_out}" if graph.left_out else ""
    boxes, arrows = len(graph.nodes), len(graph.edges)
    say(f"{args.output}  {boxes} boxes, {arrows} arrows{folded}", args.quiet or args.json)
    if args.json:
        print_json(written([args.output], boxes=boxes, arrows=arrows, left_out=graph.left_out or None))
    return int(ExitCode.FINE)


def _check_output(args: argparse.Namespace) -> None:
    """Refuse to draw nowhere; data needs no file."""
    if args.output is None and (args.poster or not args.json):
        form = "svg" if args.poster else "FORMAT"
        raise InputError(
            "usage",
            "the following arguments are required: -o/--output",
            where="shapeflow graph",
            expected=f"-o NAME.{form}" + ("" if args.poster else f", one of {', '.join(FORMATS)}, or --json"),
            hint=f"-o {args.trace.name.partition('.')[0] or 'graph'}.svg",
        )


def _format(path: Path, formats: tuple[str, ...]) -> str:
    """Return the format that a file's ending names."""
    ending = path.suffix.lower().removeprefix(".")
    if ending in formats:
        return ending
    close = nearest(ending, formats, 1)
    raise InputError(
        "unknown-format",
        f"'{path.name or path}' does not end in a format that can be drawn",
        where="option -o",
        expected=", ".join(f".{name}" for name in formats),
        hint=str(with_ending(path, f".{close[0] if close else 'svg'}")),
    )


def _graph(trace: Trace, args: argparse.Namespace) -> Graph:
    """Return what was asked for."""
    from shapeflow.graph.build import LIMIT, READABLE, graph_of
    from shapeflow.graph.route import route

    if args.path:
        return route(trace, *args.path)
    if args.selector is None:
        return graph_of(trace, depth=args.depth, limit=READABLE if args.depth is None else LIMIT)
    calls = _calls(trace, args.selector)
    if not calls:
        raise InputError(
            "nothing-to-draw",
            f"'{args.selector}' names nothing that runs in a call",
            where="argument SELECTOR",
            hint="shapeflow show TRACE SELECTOR",
        )
    return graph_of(trace, calls, depth=args.depth)


def _calls(trace: Trace, selector: str) -> list[int]:
    """Return the calls that a selector names; of a module that only holds others, the calls in it."""
    try:
        return sorted({match.call.id for match in trace.select(selector) if match.call})
    except SelectorError as error:
        inside = f"{selector}."
        below = {call.id for call in trace.calls if call.path.startswith(inside)}
        if error.code != "never-called" or not below:
            raise
        calls = (trace.calls[call] for call in below)
        return sorted(call.id for call in calls if call.parent not in below)


def _colours(trace: Trace) -> dict[int, str]:
    """Return the colour of sizes: those that the model's walkthrough names, else those met most often."""
    from shapeflow.reporting.poster.style import SYMBOLS
    from shapeflow.reporting.view.colours import Colours, symbols_of
    from shapeflow.walkthrough.check import check
    from shapeflow.walkthrough.shipped import find_shipped

    path = find_shipped(trace.run.target)
    result = check(trace, path, partial=True).about(trace) if path else None
    named = Colours(symbols_of(trace, result)).by_size
    return {size: SYMBOLS[symbol.colour] for size, symbol in named.items()}


def _content(trace: Trace, graph: Graph, form: str) -> bytes:
    """Return the drawing as the bytes of a file."""
    from shapeflow.graph.dot import to_dot
    from shapeflow.graph.engine import render
    from shapeflow.graph.mermaid import to_mermaid

    if form == "mmd":
        return f"%% made with shapeflow\n{to_mermaid(graph)}".encode()
    text = to_dot(graph, _colours(trace))
    return text.encode() if form == "dot" else render(text, form)
