"""Equations of ``einsum`` that a text quotes, ``bqc,bchw->bqhw``: confirmed where the run has such an op."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

from shapeflow.notes.mention import Span
from shapeflow.notes.statements.lines import Line
from shapeflow.notes.statements.statement import Statement
from shapeflow.notes.statements.subjects import Subjects
from shapeflow.notes.statements.wording import is_against

_EQUATION = re.compile(
    r"(?<![\w.,])[A-Za-z.]{1,9}(?:\s?,\s?[A-Za-z.]{1,9})+\s?(?:->|→)\s?[A-Za-z.]{0,9}(?![\w,])"
    r"|(?<=[\"'`])[A-Za-z.]{2,9}\s?(?:->|→)\s?[A-Za-z.]{0,9}(?=[\"'`])"
)


class Equations:
    """The equations of one trace.

    Args:
        subjects: what can be meant in the trace.
    """

    def __init__(self, subjects: Subjects) -> None:
        trace = subjects.trace
        places: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
        for op in trace.ops:
            if op.target == "einsum" and op.inputs and op.call is not None:
                key = trace.calls[op.call].key
                places[key][_plain(op.inputs[0].text.strip("'\""))].add(op.target)
        self._claims: dict[str, tuple[str, str]] = {}
        """Equation -> a module whose only one it is, and the claim that it has it."""
        for key, equations in places.items():
            for equation in equations if len(equations) == 1 else ():
                self._claims.setdefault(equation, (key, f'{key or "."}/einsum  "{equation}"'))

    def read(self, line: Line) -> Iterator[Statement]:
        """Yield the equations of a line that the run has."""
        for found in _EQUATION.finditer(line.text) if self._claims else ():
            known = self._claims.get(_plain(found[0]))
            if known and not is_against(line.sentence(*found.span())):
                span = Span(line.passage.line, found.start() + 1, found.end() + 1, line.passage.cell)
                headings = line.passage.frame.headings
                yield Statement(span, found[0], "attribute", (known[1],), known[0], "says nothing", headings)


def _plain(equation: str) -> str:
    return re.sub(r"\s", "", equation).replace("→", "->")
