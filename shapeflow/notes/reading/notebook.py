"""Notebooks cut into passages: Markdown cells, comments of code cells, and what they printed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from shapeflow.errors import InputError
from shapeflow.notes.mention import Frame, Passage
from shapeflow.notes.reading.folding import fold
from shapeflow.notes.reading.markdown import Reader
from shapeflow.notes.reading.python_code import code_passages, parsed

MAX_OUTPUT = 2_000
"""Lines that one cell printed and that are read."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell: its source, and behind it what it printed."""

    kind: str
    source: tuple[str, ...]
    output: tuple[str, ...]


def read_cells(text: str, path: str) -> tuple[Cell, ...]:
    """Return the cells of a notebook.

    Raises:
        InputError: ``file-unreadable``: it is no notebook.
    """
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        what = f"'{path}' is not a notebook"
        raise InputError(
            "file-unreadable", what, where=path, because=f"its JSON cannot be read: {error}"
        ) from None
    cells = data.get("cells") if isinstance(data, dict) else None
    if cells is None and isinstance(data, dict) and isinstance(data.get("worksheets"), list):
        sheets = [sheet for sheet in data["worksheets"] if isinstance(sheet, dict)]
        cells = [cell for sheet in sheets for cell in sheet.get("cells") or ()]
    if not isinstance(cells, list):
        what = f"'{path}' is not a notebook"
        raise InputError("file-unreadable", what, where=path, because="it holds no list of cells")
    return tuple(_cell(cell) for cell in cells)


def _cell(data: Any) -> Cell:
    if not isinstance(data, dict):
        return Cell("raw", (), ())
    kind = data.get("cell_type")
    source = _lines(data.get("source", data.get("input", "")))
    printed: list[str] = []
    outputs = data.get("outputs")
    for output in outputs if kind == "code" and isinstance(outputs, list) else ():
        if isinstance(output, dict) and output.get("output_type") != "error":
            held = output.get("data")
            plain = held.get("text/plain", "") if isinstance(held, dict) else output.get("text", "")
            printed += _lines(plain)
    return Cell(str(kind), source, tuple(printed[:MAX_OUTPUT]))


def _lines(source: object) -> tuple[str, ...]:
    """Return the lines of a text that a notebook keeps as one string or as several."""
    text = "".join(part for part in source if isinstance(part, str)) if isinstance(source, list) else source
    return tuple(text.replace("\r\n", "\n").split("\n")) if isinstance(text, str) and text else ()


def notebook_passages(cells: tuple[Cell, ...]) -> Iterator[Passage]:
    """Yield the passages of a notebook; the headings of one cell hold for those below it."""
    headings: tuple[str, ...] = ()
    for number, cell in enumerate(cells):
        if cell.kind in ("markdown", "heading"):
            reader = Reader(cell.source, number, headings)
            yield from reader.passages()
            headings = reader.headings
        elif cell.kind == "code":
            frame = Frame(headings=headings, language="python")
            yield from code_passages(cell.source, 1, frame, 0, number, parsed(cell.source))
            yield from _output(cell, number, headings)


def _output(cell: Cell, number: int, headings: tuple[str, ...]) -> Iterator[Passage]:
    last = next((line.strip() for line in reversed(cell.source) if line.strip()), "")
    for line, text in enumerate(cell.output, len(cell.source) + 1):
        if text.strip():
            frame = Frame("output", headings, line=text.strip(), statement=last)
            yield Passage(line, fold(text), frame, 1, cell=number)
