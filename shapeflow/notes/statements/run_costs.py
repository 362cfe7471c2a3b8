"""What a run costs: ``4.09 GMACs``, ``FLOPs: 8.18G``; people say FLOPs for both, so nothing here is wrong."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

from shapeflow.model.costs import total_flops
from shapeflow.notes.mention import Span
from shapeflow.notes.statements.lines import Line
from shapeflow.notes.statements.names import NAME
from shapeflow.notes.statements.plainness import names_another
from shapeflow.notes.statements.scope import plain
from shapeflow.notes.statements.statement import Statement
from shapeflow.notes.statements.subjects import VAGUE, Subjects
from shapeflow.notes.statements.wording import is_against
from shapeflow.notes.words.words import text_tokens

_UNITS = {"M": 10**6, "G": 10**9, "B": 10**9, "T": 10**12}
_NUMBER = r"(?P<number{0}>\d+\.\d+|\d{{2,}})\s?(?P<unit{0}>[MGBT])"
_WHAT = r"(?:FLOPs?|FLOPS|Flops|MACs?|MAdds|Mult-?Adds|multiply-adds)"
_COST = re.compile(
    rf"(?<![\w.,~≈<>-]){_NUMBER.format(1)}\s?{_WHAT}(?!\w|/)|(?<!\w){_WHAT}\s*(?::|=|is|为|：)\s*{_NUMBER.format(2)}(?!\w)"
)
_WHOLE = frozenset({"model", "network"})
"""Words that name no part."""


class RunCosts:
    """The arithmetic of the run of one trace.

    Args:
        subjects: what can be meant in the trace.
    """

    def __init__(self, subjects: Subjects) -> None:
        self._subjects = subjects
        self._flops = total_flops(subjects.trace) if subjects.trace.run.complete else 0

    def read(self, line: Line) -> Iterator[Statement]:
        """Yield the costs of the whole model that a line gives and that are those of the run."""
        text = plain(line.text)
        for found in _COST.finditer(text) if self._flops else ():
            said = _COST.sub(" ", line.sentence(*found.span()))
            part = text_tokens(plain(said)) & (self._subjects.vocabulary | VAGUE) - _WHOLE - self._root()
            if (
                part
                or NAME.search(said)
                or is_against(said)
                or names_another(said, line.title, self._subjects)
            ):
                continue
            number, unit = found["number1"] or found["number2"], found["unit1"] or found["unit2"]
            for kind, true in (("flops", self._flops), ("multiply-adds", self._flops // 2)):
                if _is_about(number, _UNITS[unit], true):
                    span = Span(line.passage.line, found.start() + 1, found.end() + 1, line.passage.cell)
                    claim = f"{kind} . = {number}{unit}"
                    headings = line.passage.frame.headings
                    yield Statement(span, found[0], "count", (claim,), "", "says nothing", headings)
                    break

    def _root(self) -> frozenset[str]:
        root = self._subjects.trace.module_by_path.get("")
        return self._subjects.tokens(root) if root else frozenset()


def _is_about(number: str, unit: int, true: int) -> bool:
    """Return whether a number is rounded to the one that is written."""
    digits = len(number.partition(".")[2])
    return round(Decimal(true) / unit, digits) == Decimal(number)
