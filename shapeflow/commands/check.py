"""``shapeflow check``: judge the claims of walkthroughs on a trace."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from shapeflow.commands.check_inputs import Judged, judge_runs, judge_stored
from shapeflow.commands.console import coloured, tell, wants_colour
from shapeflow.common.collector import collection_paused
from shapeflow.common.control_characters import printed
from shapeflow.common.printing import put, put_coloured, put_commands
from shapeflow.errors import InputError, ShapeflowError

if TYPE_CHECKING:
    from shapeflow.walkthrough.verdict import CheckResult

EXAMPLES = """\
examples:
  shapeflow check bus.trace.json                        the walkthrough that is shipped for the trace's model
  shapeflow check bus.trace.json docs/model.md          your own; several may follow, or a pattern 'docs/*.md'
  shapeflow check --run docs/model.md                   run the model first, as the document's 'run' says
  shapeflow check a.trace.json b.trace.json docs/model.md    a trace for each run that the document names
  shapeflow check --run docs/model.md --format github   annotations on the lines of the claims, in CI
  shapeflow check --run docs/model.md --update          show what would put sizes, dtypes and numbers right
  shapeflow check --run docs/model.md --update --write  and do it

--run runs the code that the document names, as you. It has to be in the document's Git repository (without
one: in its folder), unless you --trust it; do not run documents of people whose code you would not run."""

FORMATS: dict[str, str] = {
    "text": "shapeflow.reporting.verdicts.text",
    "json": "shapeflow.reporting.verdicts.json_data",
    "junit": "shapeflow.reporting.verdicts.junit",
    "github": "shapeflow.reporting.verdicts.github",
}
"""Format -> module; all but text have ``render(*results, allow_undecided, errors) -> str``."""
_PRINT = {"github": put_commands}
"""How a format is printed, if it is more than text that is shown as it is."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.epilog = EXAMPLES
    add = parser.add_argument
    add(
        "files",
        nargs="*",
        metavar="FILE",
        help="TRACE... WALKTHROUGH...: NAME.trace.json[.gz], one for each run that the documents name "
        "(RUN=TRACE where a trace does not say which it is); then Markdown with claims, or a pattern",
    )
    add(
        "--run",
        nargs="+",
        type=Path,
        metavar="WALKTHROUGH",
        help="make the trace as the document's 'run' says: runs its code",
    )
    add("--trust", action="store_true", help="with --run: run code outside the document's repository, too")
    add("--device", choices=("meta", "cpu", "cuda"), help="with --run: another device than the document's")
    add("-o", "--output", type=Path, metavar="FILE", help="with --run: keep the trace")
    add("--format", choices=tuple(FORMATS), default="text", help="how to show the result (default: text)")
    add("--json", action="store_true", help="the same as --format json; messages are JSON, too")
    add("--allow-undecided", action="store_true", help="claims that the trace cannot decide do not fail")
    add(
        "--all", action="store_true", help="show each claim that fails, also where many follow from one cause"
    )
    add(
        "--badge", type=Path, metavar="FILE", help="also write a badge: NAME.svg, or NAME.json for shields.io"
    )
    add("--update", action="store_true", help="show the change that puts sizes, dtypes and numbers right")
    add("--write", action="store_true", help="with --update: write the change into the documents")
    add("-q", "--quiet", action="store_true", help="only what fails, and no progress")


def run(args: argparse.Namespace) -> int:
    """Judge and show."""
    _check_options(args)
    if args.json:
        args.format = "json"
    judged = Judged()
    judge = judge_runs if args.run else judge_stored
    with collection_paused():  # a trace is many objects, all of which stay
        judge(args, judged)
    code = judged.exit_code(allow_undecided=args.allow_undecided)
    if args.update:
        from shapeflow.commands.update import update

        code = update(judged.results, write=args.write, allow_undecided=args.allow_undecided)
        code = max([code, *(int(error.exit_code) for error in judged.errors.values())])
    else:
        text = _text(judged.results, args) if args.format == "text" else _rendered(judged, args)
        if text:
            (put_coloured if args.format == "text" else _PRINT.get(args.format, put))(text)
        if args.format == "github":
            from shapeflow.commands.job_summary import add_to_job_summary

            add_to_job_summary(judged.results, judged.errors)
    if args.badge:
        _write_badge(args, judged)
    _tell(judged.errors)
    return code


def _tell(errors: dict[str, ShapeflowError]) -> None:
    """Say why documents could not be judged; the last of them ends the command, as a single one does."""
    *others, last = errors.values() or [None]
    for error in others:
        if error is not None:
            tell(error.diagnostic, text=f"{error.render()}\n")
    if last is not None:
        raise last


def _check_options(args: argparse.Namespace) -> None:
    """Refuse options that do not go together, before anything is run."""
    if args.write and not args.update:
        raise InputError("usage", "--write only means something with --update", where="option --write")
    if args.json and args.format not in ("text", "json"):
        what = f"--json and --format {args.format} exclude each other"
        raise InputError("usage", what, where="option --json", hint="two commands")
    if args.update and (args.json or args.format != "text"):
        option = "--json" if args.json else f"--format {args.format}"
        what, hint = f"--update shows a change, not {option}", "two commands, one of them --update"
        raise InputError("usage", what, where=f"option {option.split(maxsplit=1)[0]}", hint=hint)
    if args.badge:
        from shapeflow.reporting.verdicts.badge import check_badge_name

        check_badge_name(args.badge)


def _rendered(judged: Judged, args: argparse.Namespace) -> str:
    """Return the results in another format than text."""
    render = import_module(FORMATS[args.format]).render
    if len(judged.errors) == 1 and not judged.results and args.format != "github":
        return ""  # the error is all there is to say
    return str(render(*judged.results, allow_undecided=args.allow_undecided, errors=judged.errors))


def _text(results: Sequence[CheckResult], args: argparse.Namespace) -> str:
    """Return the results as text, in colour on a terminal."""
    from shapeflow.reporting.verdicts.text import sentence, summary

    colour = wants_colour(sys.stdout)
    parts = []
    for result in results:
        told = result.told(every=args.all, hint="(--all shows each)")
        messages = [coloured(printed(message)) if colour else printed(message) for message in told]
        name = f"{result.document.path}:" if len(results) > 1 else ""
        if not args.quiet:
            messages.append(printed(f"{name}\n{summary(result)}" if name else summary(result)))
        elif messages:
            messages.append(printed(f"{name} {sentence(result)}".lstrip()))
        parts += messages
    return "\n\n".join(parts)


def _write_badge(args: argparse.Namespace, judged: Judged) -> None:
    """Write the badge, but not over a file of somebody else."""
    from shapeflow.reporting.output import save
    from shapeflow.reporting.verdicts.badge import render

    content = render(
        judged.results, args.badge, allow_undecided=args.allow_undecided, errors=len(judged.errors)
    )
    inputs = [*(Path(result.document.path) for result in judged.results), *judged.files]
    try:
        save(args.badge, content.encode(), inputs=inputs)
    except InputError as error:
        hint = "another name for the badge" if error.code.startswith("output-") else error.hint
        raise error.amend(where="option --badge", hint=hint) from None
