"""``shapeflow graph --poster``: the whole model in one picture."""

from __future__ import annotations

import argparse
from pathlib import Path

from shapeflow.commands.console import print_json, say, written
from shapeflow.commands.judged import judged
from shapeflow.commands.meant import load_trace
from shapeflow.errors import ExitCode, InputError


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    group = parser.add_argument_group("the whole model in one picture")
    add = group.add_argument
    add("--poster", action="store_true", help="a poster, 1920 x 1080, as svg or png")
    add("--card", action="store_true", help="with --poster: 1200 x 630, as chats show links")
    add(
        "--walkthrough",
        type=Path,
        metavar="FILE",
        help="with --poster: whose sections are shown (default: the model's own, if it has one)",
    )
    add("--lang", choices=("en", "zh"), help="with --poster: its language")


def check_options(args: argparse.Namespace) -> None:
    """Refuse options that do not go together.

    Raises:
        InputError: options of a poster without ``--poster``, or others with it.
    """
    if args.poster and (args.selector or args.depth or args.path):
        raise InputError(
            "usage",
            "a poster shows the whole run",
            where="option --poster",
            hint="leave SELECTOR, --depth and --path out",
        )
    alone = [f"--{name}" for name in ("card", "walkthrough", "lang") if getattr(args, name)]
    if alone and not args.poster:
        raise InputError(
            "usage", f"{alone[0]} is for a poster", where=f"option {alone[0]}", hint="add --poster"
        )


def run(args: argparse.Namespace, form: str) -> int:
    """Draw the poster."""
    from shapeflow.reporting.output import save
    from shapeflow.reporting.poster.build import poster_of
    from shapeflow.reporting.poster.files import poster_file
    from shapeflow.reporting.translator import Translator
    from shapeflow.reporting.view.colours import Colours, symbols_of
    from shapeflow.reporting.view.summary import picture_of

    trace = load_trace(args.trace)
    result, language = judged(trace, args.walkthrough, args.lang)
    result = result.about(trace) if result else None
    words = Translator(language)
    colours = Colours(symbols_of(trace, result, words))
    poster = poster_of(trace, result, colours, words)
    picture = picture_of(trace)
    content = poster_file(
        poster, form, words, colours, card=args.card, picture=picture.data if picture else ""
    )
    inputs = [args.trace, *([args.walkthrough] if args.walkthrough else [])]
    save(args.output, content, force=args.force, inputs=inputs)
    stations, ribbons = len(poster.stations), len(poster.ribbons)
    say(f"{args.output}  {stations} stations, {ribbons} ribbons", args.quiet or args.json)
    if args.json:
        print_json(written([args.output], stations=stations, ribbons=ribbons))
    return int(ExitCode.FINE)
