"""What a trace says of the statements of a text that are no shapes: the claims that say the same, judged."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain, islice

from shapeflow.model.trace import Trace
from shapeflow.notes.mention import Note
from shapeflow.notes.statements.activations import Activations
from shapeflow.notes.statements.amounts import Amounts
from shapeflow.notes.statements.arrows import arrows
from shapeflow.notes.statements.attributes import attributes
from shapeflow.notes.statements.counts import counts
from shapeflow.notes.statements.equations import Equations
from shapeflow.notes.statements.flows import flows
from shapeflow.notes.statements.layer_calls import layer_calls
from shapeflow.notes.statements.layer_ranges import LayerRanges
from shapeflow.notes.statements.lines import plain_lines
from shapeflow.notes.statements.named_settings import named_settings
from shapeflow.notes.statements.names import is_about
from shapeflow.notes.statements.parameter_counts import ParameterCounts
from shapeflow.notes.statements.repeats import Repeats
from shapeflow.notes.statements.run_costs import RunCosts
from shapeflow.notes.statements.settings import Settings
from shapeflow.notes.statements.size_lists import SizeLists
from shapeflow.notes.statements.statement import Statement, StatementMark
from shapeflow.notes.statements.subjects import Subjects
from shapeflow.notes.statements.widths import Widths
from shapeflow.walkthrough.check import check
from shapeflow.walkthrough.reader import parse
from shapeflow.walkthrough.verdict import Verdict

LEAST_WRONG = 4
"""So many statements, and most of all, have to be wrong before a text is taken to be about another model."""
READERS = (layer_calls, named_settings, counts, attributes, flows, arrows)


def judged_statements(trace: Trace, note: Note) -> tuple[StatementMark, ...]:
    """Return the statements of a text that the run confirms or contradicts without doubt, in its order."""
    stated = list(_stated(trace, note))
    if not stated:
        return ()
    lines = [claim for one in stated for claim in one.claims]
    document = parse("\n".join(["```shapes", *lines, "```"]))
    verdicts = iter(check(trace, document, partial=True).verdicts)
    marks = [_mark(one, list(islice(verdicts, len(one.claims)))) for one in stated]
    sure = [mark for mark in marks if mark is not None]
    wrong = sum(mark.verdict == "contradicted" for mark in sure)
    if wrong >= LEAST_WRONG and wrong > len(sure) - wrong:
        return tuple(mark for mark in sure if mark.verdict == "confirmed")  # it is about another model
    return tuple(sure)


def _stated(trace: Trace, note: Note) -> Iterator[Statement]:
    if not note.passages:
        return
    subjects = Subjects(trace)
    about = is_about(note.passages, subjects)
    others = (
        SizeLists(subjects, about=about is True),
        LayerRanges(subjects, about=about is True),
        Activations(subjects),
        Repeats(subjects),
        ParameterCounts(subjects, about=about is True),
        Widths(subjects),
        Settings(subjects, about=about is True),
        Amounts(subjects),
        Equations(subjects),
        RunCosts(subjects),
    )
    known = subjects.vocabulary | set(re.findall(r"[a-z]+", trace.run.target.lower()))
    for line in plain_lines(note.passages, note.ignored, known):
        found: list[Statement] = []
        read = chain(*(reader(line, subjects) for reader in READERS), *(one.read(line) for one in others))
        for one in read:  # the first count more
            if not any(_overlap(one, other) for other in found):
                found.append(one)
        if line.weak or about is False:
            found = [replace(one, failing="says nothing") for one in found]
        yield from sorted(found, key=lambda one: one.span.column)


def _overlap(one: Statement, other: Statement) -> bool:
    return one.span.column < other.span.end and other.span.column < one.span.end


def _mark(statement: Statement, verdicts: Sequence[Verdict]) -> StatementMark | None:
    """Return what the run says of a statement; None where its claims do not agree, or one is in doubt."""
    statuses = {one.status for one in verdicts}
    first = verdicts[0]
    found = " ".join(first.found.split())
    if statuses == {"holds"}:
        return StatementMark(statement, "confirmed", found, statement.claims[0])
    if statuses != {"contradicted"} or statement.failing == "says nothing":
        return None
    if statement.failing == "contradicts if direct" and first.evidence.ops:
        return None
    return StatementMark(statement, "contradicted", found, statement.claims[0])
