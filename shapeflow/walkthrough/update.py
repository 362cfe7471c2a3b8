"""Put a walkthrough right where only sizes, dtypes or numbers are wrong; all other bytes stay as they are."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from shapeflow.common.files import is_stream, read_bytes, write_bytes
from shapeflow.errors import Columns, InputError, WalkthroughError
from shapeflow.walkthrough.check import check
from shapeflow.walkthrough.reader import MAX_BYTES, parse
from shapeflow.walkthrough.verdict import CheckResult, Verdict

_LINES = re.compile(r"[^\r\n]*(?:\r\n|\r|\n|$)")
_BEFORE_COMMENT = re.compile(r"([ ]+)(?=#)")
ONE_BY_ONE = 40
"""Claims that are tried one after the other, where all of them together break others."""


@dataclass(frozen=True, slots=True)
class Edit:
    """A text in place of some columns of a line."""

    line: int
    """From 1."""
    columns: Columns
    text: str


@dataclass(frozen=True)
class Update:
    """A document as it is, and as it would be."""

    path: str
    before: str
    """With its line ends and byte order mark."""
    after: str
    lines: tuple[int, ...]
    """The lines that change, from 1."""
    result: CheckResult
    """What the trace says of the document as it would be."""

    def diff(self) -> str:
        """Return the change as a unified diff."""
        before, after = (_LINES.findall(text)[:-1] for text in (self.before, self.after))
        plain = [[f"{line.rstrip(chr(13) + chr(10))}\n" for line in lines] for lines in (before, after)]
        return "".join(difflib.unified_diff(plain[0], plain[1], self.path, self.path)).rstrip("\n")

    def write(self) -> Path:
        """Write the document, wholly or not at all.

        Raises:
            WalkthroughError: ``document-changed``: it is not what was read.
            InputError: it cannot be written.
        """
        path = Path(self.path)
        if is_stream(path):
            what = f"'{path}' is no file that can be put right"
            raise InputError("not-writable", what, where=self.path, expected="a file")
        if _text_of(path) != self.before:
            raise _changed(self.path)
        return write_bytes(path, self.after.encode())


def propose(result: CheckResult) -> Update:
    """Return what would put a document right: changed sizes in its front matter, then line by line.

    A line is changed only if its claim holds afterwards and no other claim fails for it. Lines with ``said``
    are left alone: what others say does not change.

    Raises:
        WalkthroughError: ``document-changed``: the file is not what was judged; ``trace-failed-run``.
        InputError: it cannot be read.
    """
    path = result.document.path
    run = next((trace.run for trace in result.traces.values() if not trace.run.complete), None)
    if run is not None:
        raise WalkthroughError(
            "trace-failed-run",
            "the run ended early, so what it shows is no reason to change a document",
            where=path,
            found=f"{run.failure.type}: {run.failure.first_line}" if run.failure else "",
            hint="a run that ends",
        )
    before = _text_of(Path(path))
    if parse(before.removeprefix("\ufeff"), path).text != result.document.text:
        raise _changed(path)
    sizes = _sizes(before, result)
    now = _judged(before, sizes, result) if sizes else result
    edits = _line_edits(now.failed)
    good = _kept(before, sizes, edits, now)
    after = _edited(before, [*sizes, *good])
    lines = tuple(sorted({edit.line for edit in (*sizes, *good)}))
    return Update(path, before, after, lines, _judged(before, [*sizes, *good], result))


def _sizes(before: str, result: CheckResult) -> list[Edit]:
    """Return the edits of sizes in the front matter that explain why claims fail, in all runs at once."""
    document = result.document
    held = _holding(result)
    edits: list[Edit] = []
    for cause in result.causes:
        symbol, size = cause.size or ("", 0)
        span = document.dim_spans.get(symbol)
        if span is None or not document.dims[symbol].strip().isdecimal():
            continue
        more = [*edits, Edit(span.line, (span.start, span.end), str(size))]
        if len(result.traces) < 2 or held <= _holding(_judged(before, more, result)):
            edits = more
    return edits


def _holding(result: CheckResult) -> set[tuple[int, str]]:
    """Return which claims hold in which runs; in a document with several a claim may hold in some of them."""
    return {
        (verdict.claim.id, run)
        for verdict in result.verdicts
        for run in verdict.claim.scope.runs
        if verdict.passed or (verdict.failing and run not in verdict.failing)
    }


def _line_edits(failed: Iterable[Verdict]) -> dict[int, list[Edit]]:
    """Return the edits that each claim offers that fails, by its id."""
    return {
        verdict.claim.id: [Edit(verdict.claim.span.line, one.columns, one.text) for one in verdict.repairs]
        for verdict in failed
        if verdict.repairs and not verdict.claim.said
    }


def _kept(before: str, sizes: Sequence[Edit], edits: dict[int, list[Edit]], now: CheckResult) -> list[Edit]:
    """Return the edits after which their claims hold, and all that hold now."""
    held = _holding(now)

    def outcome(chosen: Iterable[int]) -> tuple[set[int], bool]:
        """Return which of the chosen claims hold with their edits, and whether no other one fails."""
        chosen = list(chosen)
        changes = [edit for number in chosen for edit in edits[number]]
        again = _judged(before, [*sizes, *changes], now)
        passed = {verdict.claim.id for verdict in again.verdicts if verdict.passed}
        return passed.intersection(chosen), held <= _holding(again)

    chosen, harmless = outcome(edits)
    while harmless and len(chosen) < len(edits):
        edits = {number: edits[number] for number in edits if number in chosen}
        chosen, harmless = outcome(edits)
    if not harmless:
        chosen = set()
        for number in list(edits)[:ONE_BY_ONE]:
            holds, fine = outcome([*chosen, number])
            if fine and len(holds) == len(chosen) + 1:
                chosen = holds
    return [edit for number in sorted(chosen) for edit in edits[number]]


def _judged(before: str, edits: Sequence[Edit], result: CheckResult) -> CheckResult:
    """Judge a document as it would be."""
    return check(result.traces, parse(_edited(before, edits).removeprefix("\ufeff"), result.document.path))


def _edited(before: str, edits: Iterable[Edit]) -> str:
    """Return a text with edits in it."""
    lines = _LINES.findall(before)
    by_line: dict[int, list[Edit]] = {}
    for edit in edits:
        by_line.setdefault(edit.line - 1, []).append(edit)
    for number, here in by_line.items():
        lines[number] = _edited_line(lines[number], sorted(here, key=lambda edit: edit.columns))
    return "".join(lines)


def _edited_line(line: str, edits: Sequence[Edit]) -> str:
    """Return a line with edits in it, and its comment where it was if blanks before it are all that takes."""
    for edit in reversed(edits):
        line = line[: edit.columns[0]] + edit.text + line[edit.columns[1] :]
    head = edits[-1].columns[1] + sum(len(edit.text) - edit.columns[1] + edit.columns[0] for edit in edits)
    blanks = _BEFORE_COMMENT.search(line, head)
    if not blanks:
        return line
    longer = head - edits[-1].columns[1]
    return line[: blanks.start()] + " " * max(1, len(blanks[1]) - longer) + line[blanks.end() :]


def _text_of(path: Path) -> str:
    """Return what a file holds, its line ends and byte order mark included."""
    try:
        return read_bytes(path, "walkthrough", ".md", limit=MAX_BYTES).decode("utf-8")
    except UnicodeDecodeError:
        raise _changed(str(path)) from None


def _changed(path: str) -> WalkthroughError:
    return WalkthroughError(
        "document-changed",
        f"'{path}' has changed since it was judged, so nothing was written",
        where=path,
        hint="the same command again",
    )
