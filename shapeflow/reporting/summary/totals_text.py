"""What a run amounts to, in words: the lines below the table."""

from __future__ import annotations

import re
from collections.abc import Sequence
from textwrap import wrap

from shapeflow.common.control_characters import visible_line
from shapeflow.common.text import counted
from shapeflow.common.units import format_bytes, format_count
from shapeflow.model.summary_rows import Named, Totals
from shapeflow.reporting.summary.text import FAINT, PLAIN, Line

LABEL = 15
MOST_ENDS = 2
"""Inputs of the run that are told, and outputs; all if there is but one more."""


def totals_lines(totals: Totals, width: int | None, more: Sequence[tuple[str, str]] = ()) -> list[Line]:
    """Return the totals, a line or more each, with their labels.

    Args:
        totals: what the run amounts to.
        width: columns that there are; None: any number.
        more: labels and texts of further lines, such as the command that tells more.
    """
    facts: list[tuple[str, str]] = [
        ("parameters", parameters_text(totals)),
        ("multiply-adds", costs_text(totals)),
    ]
    if totals.peak_bytes:
        facts.append(("activations", peak_text(totals, width)))
    of = f" of {totals.outputs_of}" if totals.outputs_of else ""
    facts += [("input", ends_text(totals.inputs))] if totals.inputs else []
    facts += [("made", totals.made)] if totals.made else []
    facts += [("output", ends_text(totals.outputs) + of)] if totals.outputs else []
    facts += [("run", run_text(totals)), ("recorded", recorded_text(totals))]
    facts += [*(("note", note) for note in totals.notes), *more]
    lines: list[Line] = []
    for label, text in facts:
        lines += _labelled(label, visible_line(text), width, faint=label in ("note", "more"))
    return lines


def parameters_text(totals: Totals) -> str:
    """Return the parameters, which of them are trained, and how many modules share."""
    text = f"{totals.parameters:,}"
    if totals.parameter_bytes:
        text += f" ({format_bytes(totals.parameter_bytes)})"
    if totals.trainable is not None and totals.parameters:
        if totals.frozen == 0:
            text += ", all trainable"
        elif totals.trainable == 0:
            text += ", all frozen"
        else:
            text += f", {totals.trainable:,} trainable, {totals.frozen:,} frozen"
    if totals.shared:
        text += f", {totals.shared:,} shared by several modules and counted once"
    return text


def costs_text(totals: Totals) -> str:
    """Return multiply-adds and FLOPs."""
    if not totals.flops:
        return "none: no products of matrices and no convolutions"
    macs, flops = format_count(totals.multiply_adds), format_count(totals.flops)
    text = f"{macs} ({flops} FLOPs, two each): matrix products and convolutions"
    if not totals.flops_outside:
        return text
    return f"{text}; {format_count(totals.flops_outside // 2)} in no layer, such as a backward pass"


def peak_text(totals: Totals, width: int | None = None) -> str:
    """Return the most activations at once, and where that was: with the line of source if there is room."""
    text = f"at most {format_bytes(totals.peak_bytes)} at once"
    if totals.peak_place:
        text += f", in {totals.peak_place}"
    line = f" ({totals.peak_line})" if totals.peak_line else ""
    return text + line if width is None or len(text + line) <= width - LABEL else text


def ends_text(ends: Sequence[Named]) -> str:
    """Return inputs or outputs of a run."""
    texts = [
        f"{end.name + ' ' if end.name else ''}{end.content}{f' × {end.count}' if end.count > 1 else ''}"
        for end in ends
    ]
    left = len(texts) - MOST_ENDS
    return "; ".join(texts if left < 2 else [*texts[:MOST_ENDS], f"and {left} more"])


def run_text(totals: Totals) -> str:
    """Return how the model ran."""
    device = "shapes only" if totals.device == "meta" else f"on {totals.device}"
    modes = [mode for mode in (totals.mode, totals.gradients.partition(":")[0]) if mode]
    return "; ".join([device, *(modes or ["in which mode is not recorded"]), *filter(None, [totals.asked])])


def recorded_text(totals: Totals) -> str:
    """Return how much was recorded."""
    text = f"{counted(totals.calls, 'call')}, {counted(totals.ops, 'op')}, "
    text += counted(totals.shapes, "distinct shape")
    return text + (f"; {counted(totals.unused, 'unused tensor')}" if totals.unused else "")


def _labelled(label: str, text: str, width: int | None, *, faint: bool) -> list[Line]:
    style = FAINT if faint else PLAIN
    pieces = [text] if width is None else _wrapped(text, max(width - LABEL, 20))
    return [
        [((label if not number else "").ljust(LABEL), FAINT), (piece, style)]
        for number, piece in enumerate(pieces)
    ]


def _wrapped(text: str, width: int) -> list[str]:
    """Return lines of a text; a shape is not broken in two if it fits a line."""
    whole = re.sub(r"(?<=\d), (?=\d+[,\]])", ",\u00a0", text)
    return [line.replace("\u00a0", " ") for line in wrap(whole, width, break_on_hyphens=False)] or [""]
