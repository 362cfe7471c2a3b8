"""What ``shapeflow check`` is given: traces, then walkthroughs; or walkthroughs whose runs it makes first."""

from __future__ import annotations

import argparse
import glob
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from shapeflow.commands.meant import load_trace
from shapeflow.common.files import fitting
from shapeflow.common.text import listing
from shapeflow.errors import InputError, ShapeflowError

if TYPE_CHECKING:
    from shapeflow.model.trace import Trace
    from shapeflow.walkthrough.document import Document
    from shapeflow.walkthrough.verdict import CheckResult

TRACES = (".trace.json", ".trace.json.gz")
WALKTHROUGHS = (".md", ".markdown")


@dataclass
class Judged:
    """The documents of one command, as far as they could be judged."""

    results: list[CheckResult] = field(default_factory=list)
    errors: dict[str, ShapeflowError] = field(default_factory=dict)
    """Document that could not be judged at all -> why."""
    files: list[Path] = field(default_factory=list)
    """The traces that were read."""

    def exit_code(self, *, allow_undecided: bool) -> int:
        """Return that of the worst."""
        codes = [int(result.exit_code(allow_undecided=allow_undecided)) for result in self.results]
        return max([*codes, *(int(error.exit_code) for error in self.errors.values())])

    def judge(
        self, document: Document, traces: Sequence[Trace] | Mapping[str, Trace], *, partial: bool = False
    ) -> None:
        """Judge one document; with ``partial`` claims on runs without a trace are only counted."""
        from shapeflow.walkthrough.check import check

        try:
            self.results.append(check(traces, document, partial=partial))
        except ShapeflowError as error:
            self.errors[document.path] = error

    def read(self, words: Sequence[str | Path]) -> list[Document]:
        """Read the walkthroughs that paths and patterns name, as far as they can be read."""
        from shapeflow.walkthrough.reader import read

        documents: dict[Path, Document] = {}
        for word in words:
            path = Path(word)
            try:
                for path in fitting([Path(word)], "walkthrough"):
                    documents.setdefault(path, read(path))
            except ShapeflowError as error:
                self.errors[str(path)] = error
        return list(documents.values())


def split(words: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return which words are traces and which are walkthroughs.

    Walkthroughs begin with the first that ends as one or is a pattern; the first word is always a trace. If
    none ends as a walkthrough, the last is it, unless it ends as a trace.

    Raises:
        InputError: a trace comes behind a walkthrough.
    """
    begin = next((i for i, word in enumerate(words) if i and _is_walkthrough(word)), len(words))
    if begin == len(words) > 1 and not words[-1].endswith(TRACES):
        begin -= 1
    late = [word for word in words[begin:] if word.endswith(TRACES)]
    if words[0].endswith(WALKTHROUGHS):
        late += [word for word in words[1:begin] if word.endswith(TRACES)]
    if late:
        what = f"the trace '{late[0]}' comes behind a walkthrough"
        expected = "shapeflow check TRACE... WALKTHROUGH..."
        raise InputError("usage", what, where="argument TRACE", expected=expected)
    return list(words[:begin]), list(words[begin:])


def _is_walkthrough(word: str) -> bool:
    return word.endswith(WALKTHROUGHS) or (glob.has_magic(word) and not word.endswith(TRACES))


def judge_stored(args: argparse.Namespace, judged: Judged) -> None:
    """Judge walkthroughs on stored traces."""
    from shapeflow.walkthrough.reader import read
    from shapeflow.walkthrough.runs import by_run, traces_for
    from shapeflow.walkthrough.shipped import shipped

    if not args.files:
        example = "shapeflow check NAME.trace.json WALKTHROUGH.md"
        raise InputError("usage", "a trace is missing", where="argument TRACE", expected=example)
    for option in ("device", "output", "trust"):
        if getattr(args, option):
            what = f"--{option} only means something with --run"
            raise InputError(
                "usage", what, where=f"option --{option}", hint="shapeflow check --run WALKTHROUGH"
            )
    files, words = split(args.files)
    if not words:
        traces = _load(files, [], judged)
        if args.write:
            what = "a walkthrough that comes with shapeflow is not written over"
            hint = "a copy of it, named behind the trace"
            raise InputError("usage", what, where="option --write", hint=hint)
        # nobody asked for all of its runs: the walkthrough is the one that there is
        judged.judge(read(shipped(traces[0].run.target)), traces, partial=True)
        return
    documents = judged.read(words)  # first: they are read sooner than a large trace
    if not documents:
        return
    traces = _load(files, documents, judged)
    for document in documents:
        try:
            given = by_run(document, traces_for(document, traces, documents))
            _check_complete(document, given)
        except ShapeflowError as error:
            judged.errors[document.path] = error
        else:
            judged.judge(document, given)


def _load(words: Sequence[str], documents: Sequence[Document], judged: Judged) -> list[Trace]:
    """Read traces given as ``FILE``, or as ``RUN=FILE`` where a document names its runs."""
    traces = []
    for word in words:
        run, equals, file = word.partition("=")
        named = bool(equals) and any(one.runs for one in documents) and not Path(word).exists()
        path = Path(file if named else word)
        trace = load_trace(path)
        judged.files.append(path)
        traces.append(replace(trace, run=replace(trace.run, name=run)) if named else trace)
    return traces


def _check_complete(document: Document, given: Mapping[str, Trace]) -> None:
    """Refuse a document with a run that there is no trace of."""
    missing = [name for name in document.run_names if name not in given]
    if missing:
        runs = listing([f"the run '{name}'" for name in missing])
        words = " ".join(f"{name}=FILE" for name in document.run_names)
        raise InputError(
            "run-missing",
            f"no trace is given of {runs}",
            where="argument TRACE",
            expected=f"one for each run that '{document.path}' names: {listing(list(document.run_names), 6)}",
            hint=f"shapeflow check {words} {document.path}",
        )


def judge_runs(args: argparse.Namespace, judged: Judged) -> None:
    """Make the runs that walkthroughs ask for, each once, and judge on them."""
    from shapeflow.commands.options import check_trace_name
    from shapeflow.runs.documents import run_documents, runs_of

    if args.files:
        what = f"'{args.files[0]}' is not needed with --run"
        hint = "shapeflow check --run WALKTHROUGH"
        raise InputError("usage", what, where="argument TRACE", hint=hint)
    if args.output is not None:
        check_trace_name(args.output)
    documents = _askable(judged, args)
    runs = runs_of(documents)
    if args.output is not None and len(runs) > len({name for name, _ in runs}):
        what = f"the walkthroughs ask for {len(runs)} runs, and -o keeps one of each name"
        raise InputError("usage", what, where="option -o", hint="one walkthrough, or no -o")
    traces: dict[str, dict[str, Trace]] = {document.path: {} for document in documents}
    for name, asking in runs:
        wanted = [document for document in asking if document.path not in judged.errors]
        if not wanted:
            continue
        try:
            trace = run_documents(
                wanted, run=name, device=args.device, quiet=args.quiet or args.json, trust=args.trust
            )
            if args.output:
                trace.save(_output(args.output, name))
        except ShapeflowError as error:
            judged.errors.update({document.path: error for document in wanted})
            continue
        for document in wanted:
            traces[document.path][name] = trace
    for document in documents:
        if document.path not in judged.errors:
            judged.judge(document, traces[document.path])


def _askable(judged: Judged, args: argparse.Namespace) -> list[Document]:
    """Return the walkthroughs all of whose runs can be asked for, before the first of them takes its time."""
    from shapeflow.runs.documents import request_of

    found = []
    for document in judged.read(args.run):
        try:
            for name in document.run_names:
                request_of(document, args.device, name)
            found.append(document)
        except ShapeflowError as error:
            judged.errors[document.path] = error
    return found


def _output(path: Path, run: str) -> Path:
    """Return where the trace of a run goes: ``bus.training.trace.json`` for ``bus.trace.json``."""
    stem, ending, rest = path.name.rpartition(".trace.json")
    return path.with_name(f"{stem}.{run}{ending}{rest}") if run else path
