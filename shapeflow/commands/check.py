"""``shapeflow check``: judge the claims of walkthroughs on a trace."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from shapeflow.commands.console import coloured, wants_colour
from shapeflow.common.control_characters import printed
from shapeflow.common.files import fitting
from shapeflow.common.printing import put, put_coloured, put_commands, say
from shapeflow.errors import InputError, ShapeflowError

if TYPE_CHECKING:
    from shapeflow.walkthrough.document import Document
    from shapeflow.walkthrough.verdict import CheckResult

EXAMPLES = """\
examples:
  shapeflow check bus.trace.json                        the walkthrough that is shipped for the trace's model
  shapeflow check bus.trace.json docs/model.md          your own; several may follow, or a pattern 'docs/*.md'
  shapeflow check --run docs/model.md                   run the model first, as the document's 'run' says
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


@dataclass
class Judged:
    """The documents of one command, as far as they could be judged."""

    results: list[CheckResult] = field(default_factory=list)
    errors: dict[str, ShapeflowError] = field(default_factory=dict)
    """Document that could not be judged at all -> why."""

    def exit_code(self, *, allow_undecided: bool) -> int:
        """Return that of the worst."""
        codes = [int(result.exit_code(allow_undecided=allow_undecided)) for result in self.results]
        return max([*codes, *(int(error.exit_code) for error in self.errors.values())])


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.epilog = EXAMPLES
    add = parser.add_argument
    add("trace", nargs="?", type=Path, metavar="TRACE", help="NAME.trace.json or NAME.trace.json.gz")
    add(
        "walkthrough",
        nargs="*",
        type=Path,
        metavar="WALKTHROUGH",
        help="Markdown with claims; also a pattern",
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
    judged = Judged()
    judge = _run_first if args.run else _stored
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
            say(f"{error.render()}\n")
    if last is not None:
        raise last


def _check_options(args: argparse.Namespace) -> None:
    """Refuse options that do not go together, before anything is run."""
    if args.write and not args.update:
        raise InputError("usage", "--write only means something with --update", where="option --write")
    if args.update and args.format != "text":
        what = f"--update shows a change, not --format {args.format}"
        raise InputError("usage", what, where="option --format", hint="two commands, one of them --update")
    if args.badge:
        from shapeflow.reporting.verdicts.badge import check_badge_name

        check_badge_name(args.badge)


def _stored(args: argparse.Namespace, judged: Judged) -> None:
    """Judge walkthroughs on a stored trace."""
    from shapeflow.model.trace import Trace
    from shapeflow.walkthrough.check import check
    from shapeflow.walkthrough.reader import read
    from shapeflow.walkthrough.shipped import shipped

    if args.trace is None:
        example = "shapeflow check NAME.trace.json WALKTHROUGH.md"
        raise InputError("usage", "a trace is missing", where="argument TRACE", expected=example)
    for option in ("device", "output", "trust"):
        if getattr(args, option):
            what = f"--{option} only means something with --run"
            raise InputError(
                "usage", what, where=f"option --{option}", hint="shapeflow check --run WALKTHROUGH"
            )
    if not args.walkthrough:
        trace = Trace.load(args.trace)
        if args.write:
            what = "a walkthrough that comes with shapeflow is not written over"
            raise InputError(
                "usage", what, where="option --write", hint="a copy of it, named behind the trace"
            )
        judged.results.append(check(trace, read(shipped(trace.run.target))))
        return
    documents = _read(args.walkthrough, judged)  # first: they are read sooner than a large trace
    if not documents:
        return
    trace = Trace.load(args.trace)
    for document in documents:
        try:
            judged.results.append(check(trace, document))
        except ShapeflowError as error:
            judged.errors[document.path] = error


def _run_first(args: argparse.Namespace, judged: Judged) -> None:
    """Make the traces that walkthroughs ask for, each once, and judge on them."""
    from shapeflow.commands.options import check_trace_name
    from shapeflow.runs.documents import run_documents, run_key
    from shapeflow.walkthrough.check import check

    if args.trace is not None:
        what = f"'{args.trace}' is not needed with --run"
        hint = "shapeflow check --run WALKTHROUGH"
        raise InputError("usage", what, where="argument TRACE", hint=hint)
    if args.output is not None:
        check_trace_name(args.output)
    runs: dict[str, list[Document]] = {}
    for document in _read(args.run, judged):
        runs.setdefault(run_key(document), []).append(document)
    if args.output is not None and len(runs) > 1:
        what = f"the walkthroughs ask for {len(runs)} runs, and -o keeps one"
        raise InputError("usage", what, where="option -o", hint="one walkthrough, or no -o")
    for documents in runs.values():
        try:
            trace = run_documents(documents, device=args.device, quiet=args.quiet, trust=args.trust)
            if args.output:
                trace.save(args.output)
        except ShapeflowError as error:
            judged.errors.update({document.path: error for document in documents})
            continue
        for document in documents:
            try:
                judged.results.append(check(trace, document))
            except ShapeflowError as error:
                judged.errors[document.path] = error


def _read(words: Sequence[Path], judged: Judged) -> list[Document]:
    """Read the walkthroughs that paths and patterns name, as far as they can be read."""
    from shapeflow.walkthrough.reader import read

    documents: dict[Path, Document] = {}
    for word in words:
        path = word
        try:
            for path in fitting([word], "walkthrough"):
                documents.setdefault(path, read(path))
        except ShapeflowError as error:
            judged.errors[str(path)] = error
    return list(documents.values())


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
    inputs = [Path(result.document.path) for result in judged.results] + ([args.trace] if args.trace else [])
    try:
        save(args.badge, content.encode(), inputs=inputs)
    except InputError as error:
        hint = "another name for the badge" if error.code.startswith("output-") else error.hint
        raise error.amend(where="option --badge", hint=hint) from None
