"""The report as JSON, for other programs."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from shapeflow.common.control_characters import json_text
from shapeflow.reporting.view.model import ReportView
from shapeflow.reporting.view.pieces import Piece

SCHEMA = "shapeflow.report/1"
PICTURES = ("svg", "explorer", "data", "masks", "area", "places", "ticks", "elsewhere")
"""Fields that only a page needs."""


def render(view: ReportView) -> str:
    """Return the view as one JSON object; coloured texts are plain, drawings are Mermaid only."""
    return json_text(as_data(view), indent=1) + "\n"


def as_data(view: ReportView) -> dict[str, Any]:
    """Return the view as plain dicts and lists, without what only a page needs."""
    data = _plain(asdict(view, dict_factory=_without_pictures))
    assert isinstance(data, dict)
    data.pop("explorer", None)
    return {"schema": SCHEMA, **data}


def _without_pictures(items: list[tuple[str, Any]]) -> dict[str, Any]:
    return {name: value for name, value in items if name not in PICTURES}


def _plain(thing: Any) -> Any:
    """Return a thing with lists of pieces joined to text."""
    if isinstance(thing, dict):
        if set(thing) == set(Piece.__slots__):
            return thing["text"]
        return {name: _joined(_plain(value), value) for name, value in thing.items()}
    if isinstance(thing, list | tuple):
        return [_plain(item) for item in thing]
    return thing


def _joined(plain: Any, original: Any) -> Any:
    """Return the text of a list of pieces; anything else as it is."""
    pieces = isinstance(original, list | tuple) and original and all(_is_piece(item) for item in original)
    return "".join(plain) if pieces else plain


def _is_piece(item: Any) -> bool:
    return isinstance(item, dict) and set(item) == set(Piece.__slots__)
