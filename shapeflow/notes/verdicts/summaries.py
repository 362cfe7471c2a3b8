"""Summaries of a model as torchinfo and torchsummary print them: each row is of one call of one module.

Both list calls in the order in which they ran: torchinfo as a tree, a module before what is in it, and
torchsummary numbered, a module behind what is in it, without containers and the model itself.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from shapeflow.model.records import Call
from shapeflow.model.trace import Trace
from shapeflow.notes.mention import Mention, Note
from shapeflow.notes.placing.relations import FITS, relation
from shapeflow.notes.verdicts.mark import Mark, Verdict

_HEAD = re.compile(r"(?i)\bLayer \(type\b.*\bOutput Shape\b")
_COLUMN = re.compile(r"(?i)\b(?P<side>Input|Output|Kernel) Shape\b")
_TREE = re.compile(
    r"(?P<bars>[\s│|]*)(?:[├└]─+)?(?P<kind>[A-Za-z]\w*)(?:\s\((?P<name>[\w.]+)\))?(?::\s(?P<index>\d+(?:-\d+)?))?\s{2,}"
)
"""A row of torchinfo: ``│    └─Conv2d (conv1): 2-1``."""
_NUMBERED = re.compile(r"\s*(?P<kind>[A-Za-z]\w*)-(?P<number>\d+)\s+\[")
"""A row of torchsummary: ``Conv2d-1``."""
_STEP = 5
"""Columns by which torchinfo moves a module to the right of the one that it is in."""
_TRUSTED = 0.8
"""So much of the rows have to be calls of the classes that they say."""
_CONTAINERS = frozenset({"Sequential", "ModuleList"})
"""Modules that torchsummary leaves out."""
_SURE = 0.97


@dataclass(frozen=True, slots=True)
class _Row:
    """A line of a summary."""

    line: int
    kind: str
    depth: int
    name: str
    """Of the attribute that holds the module, where the summary says it."""
    number: int
    """Among the rows of this depth, or of torchsummary among all, from 1; 0: it is not told."""


def summary_marks(trace: Trace, note: Note, batch: int, mentions: Sequence[Mention]) -> dict[int, Mark]:
    """Return what the rows of printed summaries say of the calls that they are of, by id of a mention.

    Args:
        trace: the run.
        note: the text.
        batch: how many inputs the run had at once.
        mentions: those that may be marked.
    """
    by_line: dict[int, list[Mention]] = defaultdict(list)
    for mention in mentions:
        if mention.span.cell is None:
            by_line[mention.span.line].append(mention)
    found: dict[int, Mark] = {}
    for head, rows in _summaries(note.lines):
        calls = _calls_of(trace, rows)
        columns = [(match.start(), match["side"].lower()) for match in _COLUMN.finditer(head)]
        marks: dict[int, Mark] = {}
        for row in rows:
            call = calls.get(row.line)
            if call is None:
                continue
            for mention in by_line[row.line]:
                side = _side(columns, mention)
                if side != "kernel" and (mark := _mark(trace, mention, call, side, batch)) is not None:
                    marks[mention.id] = mark
        # Most of it is wrong where the summary is of other inputs, or of another size of the model.
        if 2 * sum(mark.verdict == "confirmed" for mark in marks.values()) >= len(marks):
            found |= marks
    return found


def _summaries(lines: Sequence[str]) -> Iterator[tuple[str, list[_Row]]]:
    """Yield the heads of summaries with their rows."""
    head, rows = "", list[_Row]()
    for number, line in enumerate(lines, 1):
        if _HEAD.search(line):
            if rows:
                yield head, rows
            head, rows = line, []
            continue
        numbered = _NUMBERED.match(line) if head else None
        tree = _TREE.match(line) if head and numbered is None else None
        if numbered is not None:
            rows.append(_Row(number, numbered["kind"], 0, "", int(numbered["number"])))
        elif tree is not None and ("[" in line or "--" in line):
            branch = max(line.find("├", 0, tree.start("kind")), line.find("└", 0, tree.start("kind")))
            depth = branch // _STEP + 1 if branch >= 0 else 0
            index = (tree["index"] or "0").rpartition("-")[2]
            rows.append(_Row(number, tree["kind"], depth, tree["name"] or "", int(index)))
        elif rows and not line.strip("=-_ │|"):
            continue
        elif rows:
            yield head, rows
            head, rows = "", []
    if rows:
        yield head, rows


def _calls_of(trace: Trace, rows: Sequence[_Row]) -> dict[int, Call]:
    """Return the call that each row is of, by its line; none if too many rows are of other classes."""
    if any(row.name for row in rows):
        found = _by_names(trace, rows)
    elif any(row.depth for row in rows):
        found = _by_depth(trace, rows)
    else:
        ended = [call for call in _ended(trace) if call.path and call.class_name not in _CONTAINERS]
        found = {row.line: ended[row.number - 1] for row in rows if 0 < row.number <= len(ended)}
    kinds = {row.line: row.kind for row in rows}
    right = {line: call for line, call in found.items() if call.class_name == kinds[line]}
    return right if len(right) >= _TRUSTED * len(found) else {}


def _by_names(trace: Trace, rows: Sequence[_Row]) -> dict[int, Call]:
    """Return the calls of rows that name the attributes which hold the modules."""
    calls: dict[str, list[Call]] = defaultdict(list)
    for call in _forwards(trace):
        calls[call.path].append(call)
    taken: dict[str, int] = defaultdict(int)
    found, parents = {}, list[str]()
    for row in rows:
        parents = parents[: max(row.depth - 1, 0)]
        path = ".".join((*parents, row.name)) if row.depth else ""
        parents += [row.name] if row.depth else []
        there = calls.get(path, [])
        if taken[path] < len(there):
            found[row.line] = there[taken[path]]
        taken[path] += 1
    return found


def _by_depth(trace: Trace, rows: Sequence[_Row]) -> dict[int, Call]:
    """Return the calls of rows by their depth, and by their number among those as deep."""
    levels: dict[int, list[Call | None]] = defaultdict(list)
    held = {module.path for module in trace.modules if not module.callable}
    for call in _forwards(trace):
        parts = call.path.split(".") if call.path else []
        for end in range(1, len(parts)):
            container = ".".join(parts[:end])
            if container in held:
                held.discard(container)
                levels[end].append(None)
        levels[len(parts)].append(call)
    counts: dict[int, int] = defaultdict(int)
    found: dict[int, Call] = {}
    for row in rows:
        counts[row.depth] = row.number or counts[row.depth] + 1
        level = levels[row.depth]
        at = counts[row.depth] - 1
        if at < len(level) and (there := level[at]) is not None:
            found[row.line] = there
    return found


def _forwards(trace: Trace) -> list[Call]:
    return [call for call in trace.calls if call.method == "forward"]


def _ended(trace: Trace) -> list[Call]:
    """Return the calls of modules in the order in which they ended."""
    inside: Mapping[int | None, list[Call]] = defaultdict(list)
    for call in trace.calls:
        inside[call.parent].append(call)
    found: list[Call] = []
    waiting = [(call, False) for call in reversed(inside[None])]
    while waiting:
        call, done = waiting.pop()
        if done:
            found.append(call)
        else:
            waiting.append((call, True))
            waiting += [(one, False) for one in reversed(inside[call.id])]
    return [call for call in found if call.method == "forward"]


def _side(columns: Sequence[tuple[int, str]], mention: Mention) -> str:
    """Return which column of the head a mention stands in: input, output or kernel."""
    at = mention.span.column - 1
    before = [side for start, side in columns if start <= at + 2]
    return before[-1] if before and len(columns) > 1 else "output"


def _mark(trace: Trace, mention: Mention, call: Call, side: str, batch: int) -> Mark | None:
    """Return what a call took, or gave first, compared with what a row says; None if it is no tensor."""
    ports = [port for port in (call.inputs if side == "input" else call.outputs) if port.value is not None]
    if not ports:
        return None
    values = [trace.values[port.value] for port in ports if port.value is not None]
    hows = [relation(mention.pattern, value.shape, {}, batch) for value in values]
    fit = next((number for number, how in enumerate(hows) if how in FITS), 0)
    verdict: Verdict = "confirmed"
    if hows[fit] not in FITS:
        verdict = "layout differs" if hows[fit] == "layout" else "contradicted"
    place = f"{call.exact_name}:{ports[fit].name}"
    return Mark(
        mention, verdict, place, str(values[fit]), ("the row of the summary is of this call",), (), _SURE
    )
