"""What the page's scripts are given, as JSON that cannot end its element."""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict
from typing import Any

from shapeflow.common.beside import in_thread
from shapeflow.reporting.formats.prose import BREAKS
from shapeflow.reporting.translator import Translator
from shapeflow.reporting.view.claim_model import ClaimRow, rows_of
from shapeflow.reporting.view.columns import table
from shapeflow.reporting.view.counterpart_model import CounterpartView
from shapeflow.reporting.view.model import ReportView
from shapeflow.reporting.view.statement_model import StatementPart, StatementView

DRAWINGS_LIMIT = 150_000
"""Characters of figures that stand in the page; more are compressed, and drawn when a reader comes near."""
PLAIN_LIMIT = 300_000
"""Characters of data that travel as plain text; more is compressed, which older browsers cannot read."""

ESCAPES = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}


def carried_drawings(view: ReportView) -> dict[str, int]:
    """Return the figures of sections that travel in the data, with positions; none where there are few."""
    drawings = [section.drawing.svg for section in view.sections if section.drawing and section.drawing.svg]
    if sum(map(len, drawings)) <= DRAWINGS_LIMIT:
        return {}
    return {svg: number for number, svg in enumerate(dict.fromkeys(drawings))}


def drawn(svg: str, carried: Mapping[str, int]) -> str:
    """Return a figure, or where it travels in the data an empty one of its size for the script to fill."""
    if svg not in carried:
        return svg
    head, _, _ = svg.partition(">")
    return f'{head} data-drawing="{carried[svg]}"></svg>'


def page_data(view: ReportView) -> str:
    """Return what the page's script needs, as JSON that cannot end its element."""
    return begin_page_data(view)(view)()


def begin_page_data(view: ReportView) -> Callable[[ReportView], Callable[[], str]]:
    """Begin with the trace, which is most of it and is compressed meanwhile.

    Args:
        view: the report, which may be without figures.

    Returns:
        what takes the same view with figures, and returns what waits for the compression.
    """
    trace = _carried("trace", _json(view.explorer))
    return lambda finished: _page_data(finished, trace)


def _page_data(view: ReportView, trace: Callable[[], str]) -> Callable[[], str]:
    data: dict[str, Any] = {
        "language": view.language,
        "target": view.target,
        "other": view.map.model if view.map else "",
        "elsewhere": {"sections": view.elsewhere.sections} if view.elsewhere else None,
        "words": Translator(view.language).all(),
        "breaks": BREAKS.pattern,
        "symbols": [asdict(symbol) for symbol in view.symbols],
    }
    texts = _json(
        {
            "claims": table(ClaimRow, rows_of(view.claims)),
            "statements": table(StatementView, _statements(view.statements)),
            "drawings": list(carried_drawings(view)),
            "places": table(CounterpartView, (row for part in _map_parts(view) for row in part.rows)),
        }
    )
    parts = [_carried("texts", texts), trace]
    return lambda: _escaped(f"{_json(data)[:-1]},{','.join(part() for part in parts)}}}")


def _carried(name: str, text: str) -> Callable[[], str]:
    """Return what gives data as a member of an object: as it is, or much of it compressed in base64."""
    if len(text) <= PLAIN_LIMIT:
        return lambda: f'"{name}":{text}'
    compressed = in_thread(lambda: zlib.compress(text.encode(), 9))
    return lambda: f'"{name}":"{base64.b64encode(compressed()).decode()}"'


def _statements(parts: Iterable[StatementPart]) -> Iterator[StatementView]:
    """Yield the statements in the order in which the page shows them."""
    for part in parts:
        yield from _statements(part.parts)
        yield from part.statements


def _map_parts(view: ReportView) -> Iterable[Any]:
    return view.map.parts if view.map else ()


def _json(data: Mapping[str, Any]) -> str:
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"))


def _escaped(text: str) -> str:
    """Return JSON in which nothing can be taken for HTML; lone surrogates are replaced."""
    for character, escaped in ESCAPES.items():
        text = text.replace(character, escaped)
    return text.encode("utf-8", errors="replace").decode("utf-8")
