"""The summary of a run as a table for a terminal: fitted to its width, or whole for a pipe."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from shutil import get_terminal_size
from textwrap import wrap
from typing import TextIO

from shapeflow.common.control_characters import visible_line
from shapeflow.common.text import display_width, listing
from shapeflow.common.units import format_bytes, format_count
from shapeflow.model.summary_rows import Layer, Size, Tensors

HEADINGS = ("layer", "input", "output", "params", "MACs", "FLOPs", "bytes")
NUMBERS = frozenset(HEADINGS[3:])
INDENT = "  "
NARROWEST = 40
"""Columns that are taken to be there in any case."""
CUT = "…"

BOLD, FAINT, CYAN, RED, PLAIN = "1", "2", "36", "1;31", ""
Line = list[tuple[str, str]]
"""Pieces of text, each with its style."""


@dataclass(frozen=True, slots=True)
class _Cell:
    """The parts of a cell; ``rest`` is cut first."""

    text: str
    rest: str = ""
    times: str = ""

    @property
    def width(self) -> int:
        return display_width(self.text + self.rest + self.times)


def width_of(stream: TextIO) -> int | None:
    """Return the columns that fit into a stream: of a terminal, or as COLUMNS says; None: any number."""
    if os.environ.get("COLUMNS", "").isdecimal() or stream.isatty():
        return max(get_terminal_size().columns, NARROWEST)
    return None


@dataclass(frozen=True, slots=True)
class _Layout:
    """A way to lay a table out, and when it will do."""

    without: tuple[str, ...] = ()
    """Columns that are left out."""
    gap: int = 2
    compact: bool = False
    """Shapes without blanks."""
    shortest: int | None = None
    """So many columns for the layer are enough; None: it must not be cut."""


_LAYOUTS = (
    _Layout(),
    _Layout(compact=True),
    _Layout(("bytes",)),
    _Layout(("bytes",), compact=True, shortest=24),
    _Layout(("bytes",), gap=1, compact=True, shortest=20),
    _Layout(("bytes", "input"), compact=True, shortest=20),
    _Layout(("bytes", "input", "MACs"), gap=1, compact=True, shortest=16),
    _Layout(("bytes", "input", "MACs", "FLOPs"), gap=1, compact=True, shortest=8),
)
"""From the widest to the narrowest: the first that will do is taken."""


def table_lines(layers: Sequence[Layer], dtype: str, width: int | None) -> list[Line]:
    """Return the rows of a table, its heading first, and below what its marks mean and what it lacks.

    Args:
        layers: the rows.
        dtype: the dtype that shapes are told without.
        width: columns that there are; None: any number.
    """
    if not layers:
        return []
    for layout in _LAYOUTS:
        rows = [_row(layer, dtype, compact=layout.compact) for layer in layers]
        columns = [name for name in HEADINGS if name not in layout.without]
        widths = {name: max(len(name), *(row[name].width for row in rows)) for name in columns}
        if width is None:
            break
        room = width - sum(widths[name] + layout.gap for name in columns[1:])
        if room >= min(widths["layer"], layout.shortest or widths["layer"]):
            break
    if width is not None:
        widths["layer"] = min(widths["layer"], max(room, len(HEADINGS[0])))
    gap = " " * layout.gap
    lines = [[(_heading(columns, widths, gap), FAINT)]]
    cut = False
    for layer, row in zip(layers, rows, strict=True):
        cell = _fitted(row["layer"], widths["layer"])
        cut |= cell != row["layer"]
        lines.append(_line(layer, cell, [row[name].text for name in columns[1:]], columns, widths, gap))
    legend = "; ".join([*_lacks(layout.without, cut, width), *_marks(layers, dtype)])
    return [*lines, *([(text, FAINT)] for text in wrap(legend, width or 1000))]


def _row(layer: Layer, dtype: str, *, compact: bool) -> dict[str, _Cell]:
    times = f" × {layer.calls}" if layer.calls > 1 else ""
    name = INDENT * layer.level + visible_line(layer.name)
    end = times + (" raised" if layer.raised else "")
    return {
        "layer": _Cell(name, f" {visible_line(layer.class_name)}", end),
        "input": _Cell(_side(layer.input, dtype, compact=compact)),
        "output": _Cell(_side(layer.output, dtype, compact=compact)),
        "params": _Cell(_parameters(layer)),
        "MACs": _Cell(_amount(layer.multiply_adds)),
        "FLOPs": _Cell(_amount(layer.flops)),
        "bytes": _Cell(format_bytes(layer.bytes).replace(" ", "") if layer.bytes else ""),
    }


def shape_of(side: Tensors, dtype: str = "", *, compact: bool = False) -> str:
    """Return ``f32[1, 256]``, without the dtype if it is the given one; other text if there is no tensor."""
    if not side.dtype:
        return visible_line(side.text)
    sizes = map(size_text, side.shape)
    head = "" if side.dtype == dtype else side.dtype
    return f"{head}[{(',' if compact else ', ').join(sizes)}]"


def size_text(size: Size) -> str:
    """Return a size, or ``4-16`` for several."""
    return str(size) if isinstance(size, int) else f"{size[0]}-{size[1]}"


def _side(side: Tensors, dtype: str, *, compact: bool) -> str:
    text = shape_of(side, dtype, compact=compact)
    if not side.dtype and len(text) > 16:
        text = text[:15] + CUT
    return f"{text} +{size_text(side.more)}" if side.more else text


def _parameters(layer: Layer) -> str:
    if not layer.parameters:
        return ""
    text = format_count(layer.parameters).replace(" ", "")
    if layer.trainable == 0:
        text = f"({text})"
    return f"{text}*" if layer.shared else text


def _amount(number: int) -> str:
    return format_count(number).replace(" ", "") if number else ""


def _heading(columns: Sequence[str], widths: dict[str, int], gap: str) -> str:
    cells = [name.rjust(widths[name]) if name in NUMBERS else name.ljust(widths[name]) for name in columns]
    return gap.join(cells).rstrip()


def _line(
    layer: Layer, name: _Cell, cells: Sequence[str], columns: Sequence[str], widths: dict[str, int], gap: str
) -> Line:
    """Return one row: the layer, and its other cells."""
    style = RED if layer.raised else BOLD if layer.level < 2 else PLAIN
    line: Line = [(name.text, style), (name.rest, FAINT), (name.times, style)]
    filled = " " * (widths["layer"] - name.width)
    for column, cell in zip(columns[1:], cells, strict=True):
        space = " " * (widths[column] - display_width(cell))
        text = space + cell if column in NUMBERS else cell + space
        line.append((f"{filled}{gap}{text}", PLAIN if column in NUMBERS else CYAN))
        filled = ""
    text, style = line[-1]
    return [*line[:-1], (text.rstrip(), style)]


def _fitted(cell: _Cell, width: int) -> _Cell:
    """Return a cell that is at most so wide: first the class gives way, then the end of the name."""
    if cell.width <= width:
        return cell
    room = width - display_width(cell.text + cell.times)
    if room >= 0:
        return _Cell(cell.text, _shortened(cell.rest, room) if room >= 4 else "", cell.times)
    return _Cell(_shortened(cell.text, width - display_width(cell.times)), "", cell.times)


def _shortened(text: str, width: int) -> str:
    if display_width(text) <= width:
        return text
    while text and display_width(text) > width - 1:
        text = text[:-1]
    return text + CUT


def _lacks(left: Sequence[str], cut: bool, width: int | None) -> Iterator[str]:
    """Yield what a narrow terminal does not show."""
    if left or cut:
        what = [*(["names cut"] if cut else []), *([f"{listing(left, len(left))} left out"] if left else [])]
        yield f"{', '.join(what)} to fit {width} columns: --csv has all"


def _marks(layers: Sequence[Layer], dtype: str) -> Iterator[str]:
    """Yield what the marks in a table mean, as far as there are any."""
    sides = [side for layer in layers for side in (layer.input, layer.output)]
    if dtype and any(side.dtype == dtype for side in sides):
        yield f"{dtype} where no dtype is told"
    if any(side.more for side in sides):
        yield "+1: one more tensor"
    if any(layer.shared for layer in layers):
        yield "*: in a row above, too, counted once"
    if any(layer.parameters and layer.trainable == 0 for layer in layers):
        yield "( ): frozen"


def written(lines: Sequence[Line], *, colour: bool) -> str:
    """Return lines as one text."""
    if not colour:
        return "\n".join("".join(text for text, _ in line).rstrip() for line in lines)
    return "\n".join(
        "".join(f"\033[{style}m{text}\033[0m" if style and text else text for text, style in line)
        for line in lines
    )
