"""Where another model has the same parts, by the sections of the walkthrough that names the map."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from shapeflow.errors import SelectorError
from shapeflow.model.exact_names import ExactNames
from shapeflow.model.match import Match
from shapeflow.model.path_index import selector_of
from shapeflow.model.trace import Trace
from shapeflow.reporting.view.counterpart_model import CounterpartPart, CounterpartView, MapView

if TYPE_CHECKING:
    from shapeflow.walkthrough.document import Document
    from shapeflow.walkthrough.model_map import Counterpart, ModelMap


def mapped(
    trace: Trace, names: ExactNames, document: Document | None, language: str
) -> tuple[MapView | None, dict[int, str]]:
    """Return the map that a document names, and what stands for each call in the other model.

    Args:
        trace: the run.
        names: of everything in it.
        document: the walkthrough; with None, or one that names no map, there is none.
        language: of the notes.

    Raises:
        InputError: the table cannot be read.
        WalkthroughError: the table is not one, or a row cannot be used.
    """
    from shapeflow.walkthrough.model_map import read_map

    found = read_map(document) if document else None
    if document is None or found is None:
        return None, {}
    return _map_view(trace, names, document, found, language), _partners(trace, found)


def _map_view(trace: Trace, names: ExactNames, document: Document, found: ModelMap, language: str) -> MapView:
    from shapeflow.walkthrough.statements import number_of

    sections = {number_of(section.title): section for section in document.sections}
    parts = tuple(
        CounterpartPart(
            sections[number].title,
            sections[number].id,
            tuple(_view(trace, names, row, language) for row in rows),
        )
        for number, rows in groupby(found.rows, key=lambda row: row.section)
    )
    return MapView(found.model, parts)


def _partners(trace: Trace, found: ModelMap) -> dict[int, str]:
    """Return what stands for each call in the other model, for the calls that the map has."""
    keys = {call.id: selector_of(call.key) for call in trace.calls}
    partners = found.partners(set(keys.values()))
    return {call: partners[key] for call, key in keys.items() if key in partners}


def _view(trace: Trace, names: ExactNames, row: Counterpart, language: str) -> CounterpartView:
    return CounterpartView(
        here=row.here,
        link=_link(trace, names, row.here) if row.here else "",
        there=row.there,
        shapes=" → ".join(row.shapes) if row.shapes else "",
        note=row.note(language),
    )


def _link(trace: Trace, names: ExactNames, selector: str) -> str:
    """Return the name of the first thing that a selector names; empty if it names nothing in this run."""
    try:
        first: Match = trace.select(selector)[0]
    except SelectorError:
        return ""
    if first.tensor is not None:
        return names.value(first.value.id) if first.value is not None else ""
    return first.name
