"""What a run amounts to, in words: the lines below the table."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap

from shapeflow.common.control_characters import visible_line
from shapeflow.common.text import counted
from shapeflow.common.units import format_bytes, format_count
from shapeflow.model.summary_rows import Named, Totals
from shapeflow.reporting.summary.text import FAINT, PLAIN, Line

LABEL = 15
MOST_ENDS = 3
"""Inputs and outputs of the run that are told, each; all are told if there is but one more."""


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
        place = f", in {totals.peak_place}" if totals.peak_place else ""
        facts.append(("activations", f"at most {format_bytes(totals.peak_bytes)} at once{place}"))
    facts += [("input", text) for text in ends_text(totals.inputs)]
    facts += [("made", totals.made)] if totals.made else []
    of = f" of {totals.outputs_of}" if totals.outputs_of else ""
    facts += [
        ("output", f"{text}{of if not number else ''}")
        for number, text in enumerate(ends_text(totals.outputs))
    ]
    facts += [("run", run_text(totals)), ("recorded", recorded_text(totals))]
    facts += [*(("note", note) for note in totals.notes), *more]
    lines: list[Line] = []
    before = ""
    for label, text in facts:
        shown = "" if label == before and label in ("input", "output") else label
        lines += _labelled(shown, visible_line(text), width, faint=label in ("note", "more"))
        before = label
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


def ends_text(ends: Sequence[Named]) -> list[str]:
    """Return inputs or outputs of a run, one a line."""
    lines = [
        f"{end.name + ' ' if end.name else ''}{end.content}{f' × {end.count}' if end.count > 1 else ''}"
        for end in ends
    ]
    left = len(lines) - MOST_ENDS
    return lines if left < 2 else [*lines[:MOST_ENDS], f"and {left} more"]


def run_text(totals: Totals) -> str:
    """Return how the model ran."""
    device = "shapes only, nothing was computed" if totals.device == "meta" else f"on {totals.device}"
    modes = [mode for mode in (totals.mode, totals.gradients) if mode] or ["in which mode is not recorded"]
    return "; ".join([device, *modes, *filter(None, [totals.asked])])


def recorded_text(totals: Totals) -> str:
    """Return how much was recorded."""
    text = f"{counted(totals.calls, 'call')}, {counted(totals.ops, 'op')}, "
    text += counted(totals.shapes, "distinct shape")
    return text + (f"; {counted(totals.unused, 'value')} produced but never read" if totals.unused else "")


def _labelled(label: str, text: str, width: int | None, *, faint: bool) -> list[Line]:
    style = FAINT if faint else PLAIN
    pieces = [text] if width is None else wrap(text, max(width - LABEL, 20), break_on_hyphens=False) or [""]
    return [
        [((label if not number else "").ljust(LABEL), FAINT), (piece, style)]
        for number, piece in enumerate(pieces)
    ]
