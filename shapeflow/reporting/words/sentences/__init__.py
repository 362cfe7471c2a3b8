"""Sentences that are made outside of the report, English and Chinese, a table a subject; see ``Sentences``.

Verdicts, causes and the notes of a trace are written in English where the fact is known, and stay so in
messages, JSON and traces. Here each of their sentences stands as a pattern with its Chinese. ``{n}`` is a
number, ``{@call}`` a word, ``{names}`` a list, ``{value}`` a shape or word, any other name in braces any
text, and ``<a|b>`` one of several words. What is filled in stays as it is; only ``{*reason}`` is looked up.
"""

from __future__ import annotations

from shapeflow.reporting.words.sentences import causes, made, notes, places, reasons, syntax, trace

PAIRS: tuple[tuple[str, str], ...] = (
    *reasons.PAIRS,
    *causes.PAIRS,
    *places.PAIRS,
    *syntax.PAIRS,
    *trace.PAIRS,
    *made.PAIRS,
    *notes.PAIRS,
)
"""English pattern, Chinese pattern."""
