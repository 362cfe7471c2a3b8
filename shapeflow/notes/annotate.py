"""A text with what a trace says of each shape, and of what else it states without doubt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from shapeflow.model.trace import Trace
from shapeflow.notes.mention import Mention, Note
from shapeflow.notes.own_source.code import own_code
from shapeflow.notes.own_source.quoted import constants, quoted_marks
from shapeflow.notes.places.sites import Sites
from shapeflow.notes.placing.placing import Placing
from shapeflow.notes.placing.symbols import as_given, defined, held, solved, voted
from shapeflow.notes.reading.note import read_note
from shapeflow.notes.statements.judging import judged_statements
from shapeflow.notes.statements.statement import StatementMark
from shapeflow.notes.verdicts.choices import without_choices
from shapeflow.notes.verdicts.enclosed import with_enclosed
from shapeflow.notes.verdicts.judge import Judge
from shapeflow.notes.verdicts.lettered import with_one_size
from shapeflow.notes.verdicts.mark import Mark
from shapeflow.notes.verdicts.other_models import of_this_model
from shapeflow.notes.verdicts.other_runs import of_this_run
from shapeflow.notes.verdicts.selected import selected_mark
from shapeflow.notes.verdicts.settling import settled
from shapeflow.notes.verdicts.summaries import summary_marks


@dataclass(frozen=True, slots=True)
class Annotation:
    """A text, and what a trace says of the shapes in it."""

    note: Note
    marks: tuple[Mark, ...]
    symbols: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    """The sizes that the symbols of the text have, where they are known."""
    statements: tuple[StatementMark, ...] = ()
    """Counts, attributes and flow that the run confirms or contradicts without doubt."""


def annotate(trace: Trace, note: Note | str | Path) -> Annotation:
    """Return a text with what a trace says of each shape that it states.

    What the text itself names is looked up, comments in the model's own code are judged by their line, and
    all others are placed together.

    Args:
        trace: the run.
        note: the text, or a file with it: Markdown, a notebook or Python.

    Raises:
        InputError: the file cannot be read, or is not text.
    """
    if not isinstance(note, Note):
        note = read_note(Path(note))
    batch = batch_of(trace)
    mentions = _stated(note)
    certain: dict[int, Mark] = {}
    code = own_code(trace, note, batch)
    for mention in mentions:
        mark = selected_mark(trace, mention, batch) or (code.mark(mention) if code else None)
        if mark is not None:
            certain[mention.id] = mark
    if code is not None:
        certain = code.agreed(certain)
    rest = tuple(mention for mention in mentions if mention.id not in certain)
    # What quoted code decides still tells where the shapes beside it are.
    quoted = quoted_marks(trace, note, batch, rest) if code is None else {}
    known = {**summary_marks(trace, note, batch, rest), **quoted}
    marks, sizes = _placed(trace, rest, note, batch, known)
    marks = with_one_size(marks, certain.values())
    placed = {mark.mention.id: mark for mark in of_this_model(trace, of_this_run(trace, marks))}
    found = without_choices({**placed, **certain, **quoted})
    return Annotation(
        note,
        tuple(found[mention.id] for mention in mentions),
        {symbol: (size,) for symbol, size in sizes.items()},
        judged_statements(trace, note),
    )


def _placed(
    trace: Trace, mentions: Sequence[Mention], note: Note, batch: int, known: Mapping[int, Mark]
) -> tuple[list[Mark], Mapping[str, int]]:
    """Return the marks of mentions that are placed by their words and shapes, and the sizes of symbols.

    Args:
        trace: the run.
        mentions: what is placed.
        note: the text with its definitions.
        batch: how many inputs the run had at once.
        known: marks that code or a summary in the text decides, by id of their mention.
    """
    given = defined(note.definitions)
    if not mentions:
        return [], given
    judge = judge_of(Sites(trace), mentions, given, batch, constants(note))
    placed = judge.placing.placed
    marks = [known.get(mark.mention.id, mark) for mark in settled(judge, placed)]
    marks = with_enclosed(judge, marks, {one.mention.id: one for one in placed}, known)
    return marks, judge.placing.sizes or given


def judge_of(
    sites: Sites,
    mentions: Sequence[Mention],
    given: Mapping[str, int],
    batch: int,
    code: Mapping[str, int] = MappingProxyType({}),
) -> Judge:
    """Return what judges mentions, after all of them have been placed together.

    Args:
        sites: the places of a trace.
        mentions: what is placed.
        given: sizes that the text gives its symbols.
        batch: how many inputs the run had at once.
        code: sizes that code in the text gives names.
    """
    placing = Placing(sites, mentions, {}, batch)
    placing.given = given = as_given(given, mentions, sites.by_shape, batch)
    votes = voted(sites, placing.run_heard())
    written = {symbol for mention in mentions for symbol in mention.pattern.symbols}
    known = {name: size for name, size in {**code, **held(sites.trace)}.items() if name in written}
    sizes = solved(votes, given, known)
    if sizes:
        placing.fits.renew(sizes)
        placing.run(2)
    return Judge(placing)


def left_to_place(trace: Trace, note: Note) -> tuple[Mention, ...]:
    """Return the mentions of a text whose place neither the text itself nor the model's own code says."""
    batch = batch_of(trace)
    code = own_code(trace, note, batch)
    return tuple(
        mention
        for mention in _stated(note)
        if selected_mark(trace, mention, batch) is None and not (code and code.mark(mention))
    )


def _stated(note: Note) -> tuple[Mention, ...]:
    """Return the mentions that nothing in the text takes out."""
    return tuple(
        mention
        for mention in note.mentions
        if not any(
            one.cell == mention.span.cell and one.first <= mention.span.line <= one.last
            for one in note.ignored
        )
    )


def batch_of(trace: Trace) -> int:
    """Return the leading size that most inputs of the model have; of several that which more results have."""
    roots = [call for call in trace.calls if call.parent is None]
    given, made = (
        [
            trace.values[port.value].shape[0]
            for call in roots
            for port in (call.outputs if out else call.inputs)
            if port.value is not None and trace.values[port.value].shape
        ]
        for out in (False, True)
    )
    return max(given, key=lambda size: (given.count(size), made.count(size))) if given else 1
