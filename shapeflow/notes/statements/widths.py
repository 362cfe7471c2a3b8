"""Widths of layers that a text names in code: ```fc1`: 768 → 3072``."""

from __future__ import annotations

import re
from collections.abc import Iterator

from shapeflow.model.records import Module
from shapeflow.notes.mention import Span
from shapeflow.notes.statements.lines import Line
from shapeflow.notes.statements.plainness import is_plain
from shapeflow.notes.statements.scope import plain, scoped
from shapeflow.notes.statements.statement import Failing, Statement
from shapeflow.notes.statements.subjects import Subjects
from shapeflow.notes.statements.wording import is_against, sentence

_NAME = re.compile(r"(?:`|\[)(?:self\.)?(?P<name>[A-Za-z_][\w.]*)(?:`|\])(?:\(\s*\))?")
_STEP = re.compile(
    r"(?<![A-Za-z0-9_.,×*/^+-])(?P<a>\d{1,6})(?:\s?-?(?:d|dims?|维|維|次元|차원))?"
    r"\s*(?:→|->|=>|\bto\b|\bauf\b|\bnach\b|\bzu\b|\bà\b|扩展到|扩展至|压缩回|压缩到|映射到|投影到|变为|到|から|에서)\s*"
    r"(?P<b>\d{1,6})(?![\d.]|\s*[×x*/^+-]\s*\d|\s*(?:→|->|=>))"
)
_SHORT_WORDS = 24
"""Characters between a name and what is said of it."""
MOST = 200


class Widths:
    """What the layers of one trace take and give.

    Args:
        subjects: what can be meant in the trace.
    """

    def __init__(self, subjects: Subjects) -> None:
        self._subjects = subjects

    def read(self, line: Line) -> Iterator[Statement]:
        """Yield the widths that a line gives of layers that it names."""
        for name in _NAME.finditer(line.text):
            text = plain(line.text)
            last = sentence(line.text, name.start(), name.end())[1]
            later = _NAME.search(line.text, name.end())
            end = min(last, later.start() if later else last)
            found = _STEP.search(text, name.end(), end)
            between = text[name.end() : found.start()] if found else ""
            if found and len(between) <= _SHORT_WORDS and not re.search(r"[\d,;]", between):
                yield from self._stated(line, name, found)

    def _stated(self, line: Line, name: re.Match[str], found: re.Match[str]) -> Iterator[Statement]:
        span = (name.start(), found.end())
        if is_against(line.sentence(*span)):
            return
        layers = [one for one in self._subjects.ending(name["name"]) if _weight(one, found)]
        before = line.text[sentence(line.text, *span)[0] : name.start()]
        modules = scoped(line, before, layers, self._subjects).modules
        shapes = {_weight(one, found) for one in modules}
        if not modules or len(modules) > MOST or len(shapes) > 1:
            return
        claims = tuple(f"{one.path}.weight  [{_weight(one, found)}]" for one in modules)
        sure = line.clear(*span) is not None and is_plain(line, *span, self._subjects)
        failing: Failing = "contradicts" if sure else "says nothing"
        place = Span(line.passage.line, found.start() + 1, found.end() + 1, line.passage.cell)
        yield Statement(
            place,
            line.text[found.start() : found.end()],
            "attribute",
            claims,
            modules[0].path,
            failing,
            line.passage.frame.headings,
        )


def _weight(module: Module, found: re.Match[str]) -> str:
    """Return the dims that the weight of a layer has if it is so; empty where it is about no such layer."""
    kind, attributes = module.class_name, module.attributes
    first, second = found["a"], found["b"]
    if {"in_features", "out_features"} <= attributes.keys():
        return f"{second}, {first}"
    if (
        {"in_channels", "out_channels"} <= attributes.keys()
        and kind.startswith("Conv")
        and "Transpose" not in kind
    ):
        rest = ", ".join("_" * (int(kind[4]) if kind[4:5].isdigit() else 2))
        return f"{second}, {first if attributes.get('groups') == 1 else '_'}, {rest}"
    return ""
