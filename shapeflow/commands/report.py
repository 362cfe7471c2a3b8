"""``shapeflow report``: the walkthrough with the trace laid into it, as a page, Markdown, text or data."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from shapeflow.commands.console import print_json, say, wants_colour, written
from shapeflow.commands.judged import translation
from shapeflow.commands.meant import load_trace
from shapeflow.commands.pages import BOTH, views_of
from shapeflow.common.collector import collection_paused
from shapeflow.common.printing import put, put_coloured
from shapeflow.errors import ExitCode, InputError

if TYPE_CHECKING:
    from shapeflow.reporting.view.model import ReportView

EXAMPLES = """\
examples:
  shapeflow report bus.trace.json                          bus.html, with the walkthrough of the trace's model
  shapeflow report bus.trace.json docs/model.md -o model.html
  shapeflow report bus.trace.json --lang zh                the page in Chinese
  shapeflow report bus.trace.json --lang both              bus.html and bus.zh.html, which lead to each other
  shapeflow report bus.trace.json --format markdown        for a pull request, to standard output
  shapeflow report bus.trace.json --no-walkthrough         the trace alone

An output that shapeflow made before is replaced; any other file only with --force."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.epilog = EXAMPLES
    add = parser.add_argument
    add("trace", type=Path, metavar="TRACE", help="NAME.trace.json or NAME.trace.json.gz")
    add(
        "walkthrough",
        nargs="?",
        type=Path,
        metavar="WALKTHROUGH",
        help="Markdown with claims; by default the model's own",
    )
    add(
        "-o",
        "--output",
        type=Path,
        metavar="FILE",
        help="by default NAME.html; other formats go to standard output",
    )
    add(
        "--format",
        metavar="FORMAT",
        help="html, markdown, terminal or json (default: as FILE ends, else html)",
    )
    add(
        "--lang",
        choices=("en", "zh", BOTH),
        help="language of the page (default: that of the walkthrough, else en); "
        "both: NAME.html in English and NAME.zh.html in Chinese",
    )
    add(
        "--json",
        action="store_true",
        help="the report as --format json, on standard output; with -o FILE, what was written",
    )
    add("--no-walkthrough", action="store_true", help="report the trace alone")
    add("--force", action="store_true", help="replace a file that shapeflow did not make")
    add("-q", "--quiet", action="store_true", help="do not say where the report is")


@collection_paused()
def run(args: argparse.Namespace) -> int:
    """Make the report."""
    from shapeflow.reporting import ENDINGS, beginner, format_of
    from shapeflow.reporting.output import save

    if args.no_walkthrough and args.walkthrough:
        raise InputError(
            "usage", "a walkthrough and --no-walkthrough exclude each other", where="shapeflow report"
        )
    form = args.format or (format_of(args.output) if args.output else "json" if args.json else "html")
    begin = beginner(form)
    finishing: list[Callable[[ReportView], str]] = []

    def views(output: Path) -> list[tuple[Path, ReportView]]:
        """Return the views; what can be done of their pages before they have figures is begun."""
        return views_of(
            trace,
            output,
            args.lang,
            args.walkthrough,
            alone=args.no_walkthrough,
            copy=True,
            meanwhile=lambda view: finishing.append(begin(view)),
        )

    to_file = args.output is not None or form == "html"
    if args.lang == BOTH and not to_file:
        raise InputError(
            "usage",
            "two languages need two files, and standard output is one",
            where="option --lang",
            hint=f"-o {_stem(args.trace)}{next((e for e, name in ENDINGS.items() if name == form), '.txt')}",
        )
    trace = load_trace(args.trace)
    if not to_file:
        ((_, view),) = views(Path())
        text = _rendered(view, form, finishing[0]).removesuffix("\n")
        (put_coloured if _is_for_terminal(form) else put)(text)
        return int(ExitCode.FINE)
    inputs = [args.trace, *filter(None, (args.walkthrough, translation(args.walkthrough, "zh")))]
    written_views = views(args.output or Path(f"{_stem(args.trace)}.html"))
    for (path, view), finish in zip(written_views, finishing, strict=True):
        content = _rendered(view, form, finish).encode("utf-8", errors="replace")
        save(path, content, force=args.force, inputs=inputs)
        say(f"{path}  {path.stat().st_size / 1e6:.2f} MB", args.quiet or args.json)
    if args.json:
        print_json(written([path for path, _ in written_views]))
    return int(ExitCode.FINE)


def _rendered(view: ReportView, form: str, render: Callable[[ReportView], str]) -> str:
    """Render the view; on a terminal, text gets colour and the terminal's width."""
    if _is_for_terminal(form):
        from shapeflow.reporting.formats.terminal import coloured

        return coloured(view, wants_colour(sys.stdout))
    return render(view)


def _is_for_terminal(form: str) -> bool:
    return form == "terminal" and sys.stdout.isatty()


def _stem(path: Path) -> str:
    """Return ``bus`` for ``bus.trace.json.gz``, in the current folder."""
    name = path.name
    for ending in (".gz", ".json", ".trace"):
        name = name.removesuffix(ending)
    return name or "report"
