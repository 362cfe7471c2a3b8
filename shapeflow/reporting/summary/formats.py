"""The summary of a run for programs and documents: plain data, CSV and Markdown."""

from __future__ import annotations

import csv as csv_module
import io
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from shapeflow.common.control_characters import visible_line
from shapeflow.common.units import format_bytes, format_count
from shapeflow.model.summary_rows import Layer, Named, Size, Tensors, Totals
from shapeflow.reporting.summary.text import shape_of, size_text
from shapeflow.reporting.summary.totals_text import costs_text, parameters_text, recorded_text, run_text

COLUMNS = (
    *(
        "level",
        "name",
        "selector",
        "class",
        "call",
        "calls",
        "input",
        "more_inputs",
        "output",
        "more_outputs",
    ),
    *("parameters", "trainable", "shared", "multiply_adds", "flops", "bytes", "raised"),
)
"""Of CSV and data frames."""


def data(layers: Sequence[Layer], totals: Totals) -> dict[str, Any]:
    """Return layers and totals as plain data."""
    numbers = asdict(totals) | {"multiply_adds": totals.multiply_adds, "frozen": totals.frozen}
    return {"layers": rows(layers), "totals": numbers}


def rows(layers: Sequence[Layer]) -> list[dict[str, Any]]:
    """Return the layers as plain data, one dict a row."""
    return [
        {
            "level": layer.level,
            "name": layer.name,
            "selector": layer.selector,
            "class": layer.class_name,
            "call": layer.call,
            "calls": layer.calls,
            "input": _side(layer.input),
            "output": _side(layer.output),
            "parameters": layer.parameters,
            "trainable": layer.trainable,
            "shared": layer.shared,
            "multiply_adds": layer.multiply_adds,
            "flops": layer.flops,
            "bytes": layer.bytes,
            "raised": layer.raised,
        }
        for layer in layers
    ]


def flat_rows(layers: Sequence[Layer]) -> list[dict[str, Any]]:
    """Return the layers with one value a column, as CSV and data frames have them."""
    flat = []
    for row, layer in zip(rows(layers), layers, strict=True):
        row["input"], row["more_inputs"] = shape_of(layer.input), size_text(layer.input.more)
        row["output"], row["more_outputs"] = shape_of(layer.output), size_text(layer.output.more)
        flat.append({name: row[name] for name in COLUMNS})
    return flat


def _side(side: Tensors) -> dict[str, Any] | None:
    """Return a tensor; a size is a number, or the least and the largest of the calls of a row."""
    if not side.dtype:
        return None
    return {"dtype": side.dtype, "shape": [_size(size) for size in side.shape], "more": _size(side.more)}


def _size(size: Size) -> int | list[int]:
    return size if isinstance(size, int) else list(size)


def csv(layers: Sequence[Layer]) -> str:
    """Return the layers as CSV, with a heading."""
    stream = io.StringIO()
    table = flat_rows(layers)
    writer = csv_module.DictWriter(stream, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows({key: _harmless(value) for key, value in row.items()} for row in table)
    return stream.getvalue()


def _harmless(value: object) -> object:
    """Return what a spreadsheet takes as text: a cell that begins like a formula gets a blank before it."""
    if isinstance(value, str):
        value = visible_line(value)
        return f" {value}" if value.startswith(("=", "+", "-", "@")) else value
    return value


def markdown(layers: Sequence[Layer], totals: Totals) -> str:
    """Return layers and totals as Markdown."""
    heading = ["layer", "class", "input", "output", "params", "multiply-adds", "FLOPs", "bytes"]
    lines = [f"| {' | '.join(heading)} |", "|---|---|---|---|--:|--:|--:|--:|"]
    for layer in layers:
        times = f" × {layer.calls}" if layer.calls > 1 else ""
        parameters = format_count(layer.parameters) if layer.parameters else ""
        cells = [
            "&emsp;" * layer.level + _code(layer.name) + times,
            _code(layer.class_name),
            _shape(layer.input),
            _shape(layer.output),
            parameters + (" shared" if layer.shared else ""),
            format_count(layer.multiply_adds) if layer.flops else "",
            format_count(layer.flops) if layer.flops else "",
            format_bytes(layer.bytes) if layer.bytes else "",
        ]
        lines.append(f"| {' | '.join(cells)} |")
    facts = [("parameters", parameters_text(totals)), ("multiply-adds", costs_text(totals))]
    if totals.peak_bytes:
        facts.append(("activations", f"at most {format_bytes(totals.peak_bytes)} at once"))
    facts += [("input", _ends(totals.inputs)), ("output", _ends(totals.outputs))]
    facts += [("run", run_text(totals)), ("recorded", recorded_text(totals))]
    told = [f"- {name}: {text}" for name, text in facts if text]
    return "\n".join(
        [*(lines if layers else []), "", *told, *(f"- {_plain(note)}" for note in totals.notes), ""]
    )


def _ends(ends: Sequence[Named]) -> str:
    return ", ".join(_code(f"{end.name} {end.content}".strip()) for end in ends)


def _shape(side: Tensors) -> str:
    text = shape_of(side)
    return (_code(text) if text else "") + (f" +{size_text(side.more)}" if side.more else "")


def _code(text: str) -> str:
    """Return text as code in a cell, whatever it has in it."""
    text = visible_line(text).replace("|", "\\|")
    longest = max((len(run) for run in text.replace("`", "` ").split() if set(run) == {"`"}), default=0)
    if "`" in text:
        fence = "`" * (max(longest, text.count("`")) + 1)
        return f"{fence} {text} {fence}"
    return f"`{text}`" if text else ""


def _plain(text: str) -> str:
    """Return a sentence in which nothing is markup."""
    return "".join(f"\\{sign}" if sign in "\\`*_[]<>#|" else sign for sign in visible_line(text))
