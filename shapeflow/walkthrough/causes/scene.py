"""What all finders of causes look at, and places in the run in words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from shapeflow.errors import Diagnostic, SelectorError
from shapeflow.model.links import Links
from shapeflow.model.match import Match
from shapeflow.model.moments import FIRST
from shapeflow.model.path_index import PathIndex
from shapeflow.model.records import Call, Value
from shapeflow.model.selector import parse, select
from shapeflow.model.trace import Trace
from shapeflow.walkthrough.cause import Cause
from shapeflow.walkthrough.document import Document
from shapeflow.walkthrough.verdict import CheckResult, Verdict

Judge = Callable[[Document], CheckResult]
"""Judges a document on the trace that the check is about."""

LEAST = 2
"""Claims that a cause explains at least; one alone is told by its own message."""


@dataclass(frozen=True)
class Scene:
    """A check in which something fails, and the trace."""

    result: CheckResult
    trace: Trace
    judge: Judge
    least: int = LEAST
    """Claims that a cause explains at least."""

    @property
    def document(self) -> Document:
        """The walkthrough."""
        return self.result.document

    @cached_property
    def links(self) -> Links:
        """Which op makes and reads which value."""
        return self.trace.cached(Links)

    def named(self, selector: str) -> list[Match]:
        """Return what a selector names; nothing if it names nothing."""
        try:
            return select(self.trace, selector)
        except SelectorError:
            return []

    def keys(self, selector: str) -> list[str]:
        """Return the modules and methods that the path of a selector fits, called or not."""
        try:
            path = parse(selector).path
        except SelectorError:
            return []
        return self.trace.cached(PathIndex).find(path) if path else []

    def below(self, value: int) -> set[int]:
        """Return the values that a value flows into, itself included."""
        return set(self.links.way({value: FIRST}, {})[0])

    def op_place(self, op: int) -> str:
        """Return where an op ran: its line, its name and its call."""
        record = self.trace.ops[op]
        call = "" if record.call is None else self.trace.calls[record.call].exact_name
        return self._place(
            record.source, f"{record.target} in {call}" if call else f"{record.target} outside all calls"
        )

    def call_place(self, call: Call) -> str:
        """Return where a call was made: its line, and the call that made it."""
        parent = (
            "outside all calls" if call.parent is None else f"in {self.trace.calls[call.parent].exact_name}"
        )
        return self._place(call.source, parent)

    def value_place(self, value: Value) -> str:
        """Return where a value was made; empty if that is not known."""
        if value.producer is not None:
            return self.op_place(value.producer)
        kinds = {"input": "an input of the run", "parameter": "the parameter", "buffer": "the buffer"}
        return f"{kinds[value.origin]} {value.name}".rstrip() if value.origin in kinds else ""

    def _place(self, source: int | None, rest: str) -> str:
        line = self.trace.line(source)
        return f"{line}, {rest}" if line else rest

    def order(self, value: Value) -> int:
        """Return when a value was made, as the number of its op; inputs are first, weights last."""
        if value.producer is not None:
            return value.producer
        return -1 if value.origin == "input" else len(self.trace.ops)


def cause(
    verdicts: Iterable[Verdict], first: Verdict, reason: Diagnostic, size: tuple[str, int] | None = None
) -> Cause:
    """Return the cause of some verdicts."""
    return Cause(
        diagnostic=reason,
        claims=tuple(sorted({verdict.claim.id for verdict in verdicts})),
        first=first.claim.id,
        size=size,
    )


def upstream(scene: Scene, value: Value, holds: Callable[[Value], bool]) -> Value:
    """Return the first value of those that lead to ``value`` without a gap and all have something in common.

    Weights are not followed: what a layer does with its input is where a change shows first.
    """
    seen = {value.id}
    while value.producer is not None:
        read = [scene.trace.values[number] for number in scene.links.read[value.producer]]
        before = [one for one in read if one.origin not in ("parameter", "buffer") and holds(one)]
        step = next((one for one in before if one.id not in seen), None)
        if step is None:
            break
        seen.add(step.id)
        value = step
    return value


def there_text(scene: Scene, start: Value, name: str, value: Value) -> str:
    """Return what is at the first place, with a weight of its size that it reads, and what a claim saw."""
    sizes = set(start.shape)
    read = () if start.producer is None else scene.links.read[start.producer]
    weights = [
        f"{one.name} {one}"
        for one in map(scene.trace.values.__getitem__, read)
        if one.origin in ("parameter", "buffer") and one.name and sizes & set(one.shape)
    ]
    made = f", made with {weights[0]}" if weights else ""
    if str(start) == str(value):
        return f"{start} in {name}{made}"
    return f"{start}{made}\nand then {value} in {name}"


def inside(path: str, root: str) -> bool:
    """Return whether a path is that of a module or of something below it."""
    return path == root or path.startswith(f"{root}.")


def earliest(scene: Scene, values: Sequence[Value]) -> Value:
    """Return the value that was made first."""
    return min(values, key=lambda value: (scene.order(value), value.id))


def counts_of(verdict: Verdict) -> tuple[int, int]:
    """Return the number that a claim writes and the one that there is, -1 for what is no number."""
    written = verdict.expected.partition(" = ")[2].split(" ")[0] or verdict.expected
    wanted, found = written.strip(), verdict.found.strip()
    return (int(wanted) if wanted.isdecimal() else -1), (int(found) if found.isdecimal() else -1)
