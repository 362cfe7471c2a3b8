"""``shapeflow annotate``: what a recorded run says of the shapes that a text states, in the text as it is."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from shapeflow.commands.console import print_json, say, tell
from shapeflow.common.collector import collection_paused
from shapeflow.common.control_characters import printed
from shapeflow.common.printing import put, put_commands
from shapeflow.common.text import counted
from shapeflow.errors import ExitCode, InputError

if TYPE_CHECKING:
    from shapeflow.model.trace import Trace
    from shapeflow.notes.annotate import Annotation
    from shapeflow.notes.findings import Finding

EXAMPLES = """\
examples:
  shapeflow annotate note.md sam3.trace.json                       what is wrong, line by line
  shapeflow annotate note.md sam3.trace.json -o note.html          the text with its marks, as a page
  shapeflow annotate net.py tour.ipynb --model net.py:build        comments and notebooks; makes the trace
  shapeflow annotate note.md sam3.trace.json --fix                 the change that puts sizes right
  shapeflow annotate note.md sam3.trace.json --to-walkthrough guarded.md     what holds, as claims

A text says where a shape is meant in a line of its own, where that is not plain:
  <!-- shapeflow: backbone.neck:out -->       and leaves shapes out with       <!-- shapeflow: ignore -->
Exit code 1: the run contradicts the text, or the text itself does. What cannot be told does not fail."""

TRACES = (".trace.json", ".trace.json.gz")
FORMATS = ("text", "json", "github", "sarif")


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.epilog = EXAMPLES
    add = parser.add_argument
    files = "texts (Markdown, NAME.ipynb, NAME.py), and the trace NAME.trace.json[.gz]"
    add("files", nargs="+", metavar="FILE", help=files)
    add("--model", metavar="MODEL", help="make the trace of this model, shapes only; see shapeflow trace")
    add(
        "--input", action="append", default=[], metavar="NAME=VALUE", help="with --model: what the model gets"
    )
    add("--trust", action="store_true", help="without a trace: run code outside the text's repository, too")
    add("-o", "--output", type=Path, metavar="FILE.html", help="write the texts with their marks as a page")
    add("--report", metavar="FILE", help="the report that places in the page lead to, seen from the page")
    add("--lang", choices=("en", "zh"), help="language of the page (default: en)")
    add("--force", action="store_true", help="replace a file that shapeflow did not make")
    add("--format", choices=FORMATS, default="text", help="how to show the result (default: text)")
    add("--json", action="store_true", help="the same as --format json; messages are JSON, too")
    add("--all", action="store_true", help="show each shape and other statement with its verdict")
    add("--baseline", type=Path, metavar="FILE", help="findings in this file are known and do not fail")
    add("--update-baseline", action="store_true", help="write the findings of now into the baseline")
    add("--fix", action="store_true", help="show the change that puts sizes right in the author's notation")
    add("--write", action="store_true", help="with --fix: write the change into the texts")
    add(
        "--to-walkthrough",
        type=Path,
        metavar="FILE.md",
        help="write what is confirmed as claims, for one text",
    )
    add("--propose", metavar="COMMAND", help="a program that chooses among the places of what is open")


def run(args: argparse.Namespace) -> int:
    """Judge the texts and show what was found."""
    from shapeflow.notes.reading.note import read_note

    _check_options(args)
    texts = [Path(file) for file in args.files if not file.endswith(TRACES)]
    notes, unread = [], False
    for path in texts:  # first: they are read sooner than a trace is made
        try:
            notes.append(read_note(path))
        except InputError as error:
            if len(texts) == 1 or args.update_baseline:  # else what is known of this text would be lost
                raise
            unread = True
            tell(error.diagnostic)
    if not notes:
        return int(ExitCode.WRONG_INPUT)
    trace = _trace(args, texts)
    with collection_paused():
        from shapeflow.notes.annotate import annotate

        annotations = [annotate(trace, note) for note in notes]
        if args.propose:
            from shapeflow.notes.proposals import proposed

            annotations = [proposed(trace, annotation, args.propose) for annotation in annotations]
        code = _show(args, trace, annotations)
    return int(ExitCode.WRONG_INPUT) if unread else code


def _show(args: argparse.Namespace, trace: Trace, annotations: Sequence[Annotation]) -> int:
    from shapeflow.notes.findings import findings

    found = {one.note.path: findings(one) for one in annotations}
    known = _known(args, found)
    new = [one for path, own in found.items() for one in own if one.fingerprint not in known.get(path, ())]
    if args.fix:
        from shapeflow.commands.annotate_files import fix

        fix(annotations, write=args.write)
    elif args.to_walkthrough:
        from shapeflow.commands.annotate_files import write_walkthrough

        write_walkthrough(trace, annotations[0], args.to_walkthrough, force=args.force)
    elif args.output:
        _write_page(args, trace, annotations)
    else:
        _print(args, annotations, frozenset().union(*known.values()) if known else frozenset())
    _warn(annotations)
    return int(ExitCode.DIFFERENT if any(one.fails for one in new) else ExitCode.FINE)


def _print(args: argparse.Namespace, annotations: Sequence[Annotation], known: frozenset[str]) -> None:
    """Print the result in the format that is wanted."""
    if args.format == "json":
        from shapeflow.reporting.annotated.json_data import to_data

        print_json(to_data(annotations))
    elif args.format == "github":
        from shapeflow.reporting.annotated.github import to_github

        put_commands(to_github(annotations, known))
    elif args.format == "sarif":
        from shapeflow.reporting.annotated.sarif import to_sarif

        put(to_sarif(annotations, known))
    else:
        from shapeflow.reporting.annotated.text import every, summary, told

        for annotation in annotations:
            for message in every(annotation) if args.all else told(annotation, known):
                put(printed(message))
            put(printed(summary(annotation)))


def _write_page(args: argparse.Namespace, trace: Trace, annotations: Sequence[Annotation]) -> None:
    from shapeflow.reporting.annotated.html import annotated_page
    from shapeflow.reporting.annotated.text import summary
    from shapeflow.reporting.output import save

    page = annotated_page(trace, annotations, language=args.lang or "en", report=args.report)
    inputs = [Path(file) for file in args.files]
    save(args.output, page.encode("utf-8", errors="replace"), force=args.force, inputs=inputs)
    for annotation in annotations:
        say(summary(annotation))
    say(f"{args.output}  {args.output.stat().st_size / 1e6:.2f} MB")


def _known(args: argparse.Namespace, found: dict[str, list[Finding]]) -> dict[str, frozenset[str]]:
    """Return the fingerprints of what does not fail, by text; writes them first if that is wanted."""
    if args.baseline is None:
        return {}
    from shapeflow.notes.baseline import baseline_text, read_baseline

    if args.update_baseline:
        from shapeflow.reporting.output import save

        save(args.baseline, baseline_text(found).encode(), force=args.force, inputs=map(Path, args.files))
        total = sum(map(len, found.values()))
        say(f"{args.baseline}  {counted(total, 'finding')} known from now on")
    return read_baseline(args.baseline)


def _trace(args: argparse.Namespace, texts: Sequence[Path]) -> Trace:
    """Return the trace that was named, or one of the model that was named or that a text is about."""
    from shapeflow.model.trace import Trace

    traces = [Path(file) for file in args.files if file.endswith(TRACES)]
    if traces:
        with collection_paused():
            return Trace.load(traces[0])
    if args.model:
        from shapeflow.runs.execute import run as run_model

        return run_model(args.model, inputs=args.input)
    from shapeflow.runs.documents import run_documents
    from shapeflow.walkthrough.reader import read

    for path in texts:
        if path.suffix.lower() in (".md", ".markdown"):
            document = read(path)
            if document.model or document.run:
                return run_documents([document], run="", device=None, quiet=True, trust=args.trust)
    raise InputError(
        "usage",
        "there is no trace, and neither an option nor the text says which model it is about",
        where="argument FILE",
        expected="a trace, --model MODEL, or front matter with 'model: MODEL' in the text",
        hint=f"shapeflow annotate {args.files[0]} NAME.trace.json",
    )


def _warn(annotations: Sequence[Annotation]) -> None:
    """Say what was not read, where a comment names no place, and where a text may be about another model."""
    for annotation in annotations:
        for sentence in annotation.note.unread:
            say(f"{annotation.note.path}: {sentence}")
        for mark in annotation.marks:
            if mark.mention.frame.selector and not mark.place:
                say(f"{annotation.note.path}:{mark.mention.span.line}: {mark.evidence[0]}")
        if annotation.note.kind == "python" and not annotation.note.mentions:
            path = annotation.note.path
            say(f"{path}: no shapes in it; shapeflow source TRACE FILE --write puts them there")
        fitting = sum(mark.verdict != "not in this run" for mark in annotation.marks)
        text = annotation.note.kind != "python"
        if text and len(annotation.marks) >= 8 and fitting <= len(annotation.marks) / 5:
            say(f"{annotation.note.path}: hardly a shape of it is in this run; is it about another model?")


COMPANIONS = {
    "write": ("fix",),
    "lang": ("output",),
    "report": ("output",),
    "force": ("output", "to_walkthrough", "update_baseline"),
}
"""Option -> those of which one has to stand beside it."""


def _check_companions(args: argparse.Namespace) -> None:
    """Refuse options that would be ignored."""
    for option, others in COMPANIONS.items():
        if getattr(args, option) and not any(getattr(args, other) for other in others):
            names = " or ".join(
                "-o" if other == "output" else f"--{other.replace('_', '-')}" for other in others
            )
            what = f"--{option} only means something with {names}"
            raise InputError("usage", what, where=f"option --{option}")
    other = next((name for name in ("fix", "to_walkthrough", "output") if getattr(args, name)), "")
    if args.all and (other in ("fix", "to_walkthrough") or args.format in ("github", "sarif")):
        name = f"--{other.replace('_', '-')}" if other else f"--format {args.format}"
        what = f"--all and {name} exclude each other"
        raise InputError("usage", what, where="option --all")


def _check_options(args: argparse.Namespace) -> None:
    """Refuse options that do not go together, before anything is read."""
    if args.json and args.format not in ("text", "json"):
        what = f"--json and --format {args.format} exclude each other"
        raise InputError("usage", what, where="option --json", hint="two commands")
    if args.json:
        args.format = "json"
    if args.input and not args.model:
        raise InputError("usage", "--input only means something with --model", where="option --input")
    texts = [file for file in args.files if not file.endswith(TRACES)]
    if not texts:
        raise InputError(
            "usage", "a text is missing", where="argument FILE", expected="NAME.md, .ipynb or .py"
        )
    traces = len(args.files) - len(texts)
    if traces > 1:
        raise InputError("usage", f"one trace is needed, and {traces} are given", where="argument FILE")
    if traces and args.model:
        raise InputError("usage", "a trace and --model exclude each other", where="option --model")
    _check_companions(args)
    if args.update_baseline and args.baseline is None:
        raise InputError("usage", "--update-baseline needs --baseline FILE", where="option --update-baseline")
    if args.to_walkthrough and len(texts) > 1:
        what = f"a walkthrough is made of one text, and {len(texts)} are given"
        raise InputError("usage", what, where="option --to-walkthrough")
    shown = [name for name in ("fix", "to_walkthrough", "output") if getattr(args, name)]
    if len(shown) > 1 or (shown and args.format != "text"):
        names = [f"--{name.replace('_', '-')}" for name in shown] + (
            [f"--format {args.format}"] if args.format != "text" else []
        )
        raise InputError(
            "usage", f"{' and '.join(names)} exclude each other", where="options", hint="two commands"
        )
    if args.output and args.output.suffix.lower() not in (".html", ".htm"):
        what = f"'{args.output.name}' does not end in .html, and a page is written"
        raise InputError("usage", what, where="option -o", hint=f"-o {args.output.stem}.html")
