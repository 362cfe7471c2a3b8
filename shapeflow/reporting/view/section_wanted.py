"""What a section's figure is about: the calls and ops that its claims rest on, and the ends they speak of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from shapeflow.errors import ShapeflowError
from shapeflow.graph.wanted import Wanted
from shapeflow.model.flow import values_at
from shapeflow.reporting.view.material import SectionMaterial

if TYPE_CHECKING:
    from shapeflow.walkthrough.verdict import Verdict

MOST_ENDS = 3
"""Most places that data never gets to in one figure."""


def wanted_of(parts: SectionMaterial, verdicts: Sequence[Verdict]) -> Wanted:
    """Return what the figure of a section with these verdicts shows solid."""
    found = _Named(parts)
    for verdict in verdicts:
        if verdict.claim.kind == "flow":
            found.flow(verdict)
        else:
            found.add(verdict)
    return Wanted(
        frozenset(found.calls), frozenset(found.ops), tuple(found.loose), tuple(found.cuts[:MOST_ENDS])
    )


class _Named:
    """Collects what claims name."""

    def __init__(self, parts: SectionMaterial) -> None:
        self.parts = parts
        self.calls: set[int] = set()
        self.ops: set[int] = set()
        self.loose: dict[int, None] = {}
        self.cuts: list[tuple[int, str]] = []

    def add(self, verdict: Verdict) -> None:
        """Add what a claim about calls, ops or tensors rests on."""
        evidence = verdict.evidence
        self.calls.update(evidence.calls)
        for op in evidence.ops:
            self._op(op)
        if not evidence.calls and not evidence.ops:
            for value in evidence.values:
                self._home(value)

    def flow(self, verdict: Verdict) -> None:
        """Add the ends of a way, or where there is none the place where it ends."""
        claim = verdict.claim.body
        verb = getattr(claim, "verb", "")
        holds = verdict.status == "holds" and not verdict.claim.said
        if verb == "reaches" or not holds:
            for value in (*verdict.evidence.values[:1], *verdict.evidence.values[-1:]):
                self._home(value)
            return
        values = self._values(claim.source.text)  # type: ignore[union-attr]
        for value in values:
            self._home(value)
        if verb == "unused":
            self.loose.update((value, None) for value in values if value in self.parts.tree.unused)
        elif len(values) == 1:
            self.cuts.append((values[0], claim.destination.text))  # type: ignore[union-attr]

    def _values(self, selector: str) -> tuple[int, ...]:
        try:
            return values_at(self.parts.trace, selector)
        except ShapeflowError:
            return ()

    def _home(self, value: int) -> None:
        """Add the call that gives a value, else the op that made it."""
        home = self.parts.names.homes.get(value)
        if home is not None and home[0] == "call":
            self.calls.add(home[1])
        elif home is not None:
            self._op(home[1])

    def _op(self, op: int) -> None:
        """Add an op; of one inside a composite op the whole, as a figure tells it."""
        ops, tree = self.parts.trace.ops, self.parts.tree
        around = ops[op].parent
        if around is not None and ops[around].outputs:
            op = around
        call = ops[op].call
        if call is not None and tree.own_ops[call] == [op] and not tree.children[call]:
            self.calls.add(call)  # it is all that the call does
        else:
            self.ops.add(op)
