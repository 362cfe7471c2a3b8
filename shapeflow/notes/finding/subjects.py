"""What the words before a mention call it, and whether they say that it goes in or comes out."""

from __future__ import annotations

import re

from shapeflow.notes.finding.cues import INPUTS, OUTPUTS, SHAPES
from shapeflow.notes.mention import Frame, Role

MAX_SUBJECT = 60

_MARKER = re.compile(r"^\s*(?:[-*+•·>│├└┃|#─]+|\d{1,3}[.)]|\[[ xX]\])\s+")
_BREAK = re.compile(r"[,;。|]|→|-+>|=+>|\.\s|\b(?:and|und|et|y|и)\s|[和与及]")
_TAIL = re.compile(
    r"(?:[\s:=(\[{`*_$\"'\\<-]|∈|ℝ|\^|\\in\b|\\mathbb\s*\{?R\}?|(?<![A-Za-z])R\^|torch\.Size|\b\w*Tensor\b|\bof\b|\bis\b|\bare\b"
    r"|\bhas\b|\bwith\b|\bthe\b|\ba\b|[为是の의는은が를])+$"
)


def role_of(frame: Frame) -> Role:
    """Return whether words near a mention call it an input or an output: the nearest word decides.

    Where a cell has words of its own, ``K: [1, 77, 320]``, its column speaks of what the row does.
    """
    named = re.search(r"[^\W\d_]", frame.before) is not None
    for text in (frame.before, frame.row, "" if named else frame.column, *reversed(frame.lead)):
        ends = {
            "in": max((m.end() for m in INPUTS.finditer(text)), default=-1),
            "out": max((m.end() for m in OUTPUTS.finditer(text)), default=-1),
        }
        if ends["in"] != ends["out"]:
            return "in" if ends["in"] > ends["out"] else "out"
    return ""


def subject_of(before: str, frame: Frame) -> str:
    """Return the words directly before a mention that name it, without signs and words for a shape."""
    words = _trimmed(_MARKER.sub("", before))
    pieces = [piece for piece in _BREAK.split(words) if piece.strip()]
    if not pieces or (frame.region == "cell" and not words):
        return ""
    return _MARKER.sub("", _trimmed(pieces[-1]))[-MAX_SUBJECT:].strip(" `*_\"'#|>")


def _trimmed(text: str) -> str:
    """Return a text without the signs and the words for a shape at its end."""
    for _ in range(4):
        shorter = _TAIL.sub("", text)
        tail = shorter[-40:]
        last = max((m.start() for m in SHAPES.finditer(tail) if m.end() == len(tail)), default=0)
        if last > 0:
            shorter = shorter[: len(shorter) - len(tail) + last]
        if shorter == text:
            break
        text = shorter
    return text.strip()
