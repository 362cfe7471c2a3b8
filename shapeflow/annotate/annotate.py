"""A text with what a trace says of each shape that it states."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from shapeflow.annotate.mention import Mention, Note
from shapeflow.annotate.placing import Placing
from shapeflow.annotate.sites import Sites
from shapeflow.annotate.symbols import defined, solved, voted
from shapeflow.annotate.verdicts import Judge, Mark
from shapeflow.model.trace import Trace


@dataclass(frozen=True, slots=True)
class Annotation:
    """A text, and what a trace says of the shapes in it."""

    note: Note
    marks: tuple[Mark, ...]
    symbols: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    """The sizes that the symbols of the text have, where they are known."""


def annotate(trace: Trace, note: Note) -> Annotation:
    """Return a text with what a trace says of each shape that it states."""
    sites = Sites(trace)
    given = defined(note.definitions)
    placing = Placing(sites, _stated(note), {}, _batch(trace))
    placing.given = given
    placed = placing.run()
    sizes = solved(voted(sites, placed), given)
    if sizes:
        placing.renew(sizes)
        placed = placing.run(2)
    judge = Judge(placing)
    marks = tuple(judge.mark(one) for one in placed)
    return Annotation(note, marks, {symbol: (size,) for symbol, size in sizes.items()})


def _stated(note: Note) -> tuple[Mention, ...]:
    """Return the mentions that nothing in the text takes out."""
    return tuple(
        mention
        for mention in note.mentions
        if not any(
            one.cell == mention.span.cell and one.first <= mention.span.line <= one.last for one in note.ignored
        )
    )


def _batch(trace: Trace) -> int:
    """Return the leading size that most inputs of the model have; 1 if they differ."""
    roots = [call for call in trace.calls if call.parent is None]
    sizes = [
        trace.values[port.value].shape[0]
        for call in roots
        for port in call.inputs
        if port.value is not None and trace.values[port.value].shape
    ]
    return max(set(sizes), key=sizes.count) if sizes else 1
