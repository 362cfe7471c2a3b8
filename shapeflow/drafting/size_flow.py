"""Sizes explained by the flow: the dims of what an op made by the dims of what it was given.

What ``flatten`` makes of ``[B, C, H/4, W/4]`` is ``C*(H/4)*(W/4)``. Only where nothing that went into an op
gives the size in every run is an expression looked for in the sizes of the inputs of the model.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from math import prod

from shapeflow.model.records import Call, Op, Port, Value
from shapeflow.model.trace import Trace

Row = tuple[int, ...]
"""A size in every run."""
Known = tuple[Row, str]
"""A dim: its sizes, and what they are called."""
UNKNOWN = "_"
JOINING = ("cat", "concat", "concatenate", "hstack", "vstack")
MOST_FOLDED = 4
"""Dims that are folded into one."""


class SizeFlow:
    """The dims of every tensor of a run as text.

    Args:
        trace: the run.
        others: runs of the same model with other sizes.
        fit: gives the expression for a row that the flow does not explain; ``_`` for none.
        names: the names of the rows that are sizes of the model's inputs.
        widths: the names of sizes that come from the parameters.
    """

    def __init__(
        self,
        trace: Trace,
        others: Sequence[Trace],
        fit: Callable[[Row], str],
        names: Mapping[Row, str],
        widths: Mapping[int, str],
    ) -> None:
        self._widths = widths
        self._trace = trace
        self._others = others
        self._fit = fit
        self._names = names
        self._twins = [_twins(trace, other) for other in others]
        self._dims: dict[int, tuple[Known, ...]] = {}
        for value in trace.values:
            rows = self._rows(value.id)
            if rows is not None:
                self._dims[value.id] = self._explained(value, rows)

    def dims(self, value: int) -> tuple[str, ...] | None:
        """Return the dims of a tensor; None if some run has no such tensor, or one of other dims."""
        known = self._dims.get(value)
        return None if known is None else tuple(text for _, text in known)

    def _rows(self, value: int) -> list[Row] | None:
        shapes = [self._trace.values[value].shape]
        for other, twins in zip(self._others, self._twins, strict=True):
            if value not in twins:
                return None
            shapes.append(other.values[twins[value]].shape)
        if len({len(shape) for shape in shapes}) != 1:
            return None
        return list(zip(*shapes, strict=True))

    def _explained(self, value: Value, rows: Sequence[Row]) -> tuple[Known, ...]:
        if value.producer is None:
            known = self._widths if value.origin == "parameter" else {}
            return tuple((row, known.get(row[0]) or self._alone(row)) for row in rows)
        op = self._trace.ops[value.producer]
        given = [self._dims[port.value] for port in op.inputs if port.value in self._dims]
        return tuple((row, self._text(op, given, place, row, len(rows))) for place, row in enumerate(rows))

    def _text(self, op: Op, given: Sequence[Sequence[Known]], place: int, row: Row, rank: int) -> str:
        if len(set(row)) == 1:
            wide = self._widths.get(row[0])
            return wide if wide and wide in _same(given, place, row, rank) else str(row[0])
        for text in _same(given, place, row, rank):
            return text
        if row in self._names:
            return self._names[row]
        if op.target in JOINING:
            joined = _sum(given, place, row)
            if joined:
                return joined
        for dims in given:
            for folded in _folded(dims, row):
                return folded
        return self._fit(row)

    def _alone(self, row: Row) -> str:
        return str(row[0]) if len(set(row)) == 1 else self._names.get(row) or self._fit(row)


def _same(given: Sequence[Sequence[Known]], place: int, row: Row, rank: int) -> Iterator[str]:
    """Yield the texts of dims that have these sizes: first of those at the same place."""
    for dims in given:
        for at in dict.fromkeys((place, len(dims) - rank + place, *range(len(dims)))):
            if 0 <= at < len(dims) and dims[at][0] == row and dims[at][1] != UNKNOWN:
                yield dims[at][1]


def _folded(dims: Sequence[Known], row: Row) -> Iterator[str]:
    """Yield the product of dims beside each other that gives a row."""
    for first in range(len(dims)):
        for last in range(first + 2, min(len(dims), first + MOST_FOLDED) + 1):
            some = dims[first:last]
            if row == tuple(map(prod, zip(*(sizes for sizes, _ in some), strict=True))):
                moving = [text for sizes, text in some if len(set(sizes)) > 1]
                factor = prod(sizes[0] for sizes, _ in some if len(set(sizes)) == 1)
                if UNKNOWN not in moving:
                    yield "*".join([str(factor)] * (factor != 1) + [bracketed(text) for text in moving])


def _sum(given: Sequence[Sequence[Known]], place: int, row: Row) -> str:
    """Return the sum of the sizes at one place, if it is the row."""
    some = [dims[place] for dims in given if place < len(dims)]
    if row != tuple(map(sum, zip(*(sizes for sizes, _ in some), strict=True))):
        return ""
    moving = [text for sizes, text in some if len(set(sizes)) > 1]
    if UNKNOWN in moving:
        return ""
    counted = [
        f"{moving.count(text)}*{bracketed(text)}" if moving.count(text) > 1 else text
        for text in dict.fromkeys(moving)
    ]
    fixed = sum(sizes[0] for sizes, _ in some if len(set(sizes)) == 1)
    return " + ".join([*counted, *([str(fixed)] if fixed else [])])


def bracketed(text: str) -> str:
    """Return an expression as a factor: in brackets, unless it is a name or one function of something."""
    depth = 0
    for place, sign in enumerate(text):
        depth += (sign == "(") - (sign == ")")
        if depth == 0 and (
            sign in "+-/% " or (sign == ")" and place < len(text) - 1 and text[place + 1] != "*")
        ):
            return f"({text})"
    return text


def _twins(trace: Trace, other: Trace) -> dict[int, int]:
    """Return which tensor of another run is the same as each of this one, where the calls tell."""
    theirs = {_key(call): call for call in other.calls}
    own_ops, their_ops = _ops_by_call(trace), _ops_by_call(other)
    found: dict[int, int] = {}
    for call in trace.calls:
        twin = theirs.get(_key(call))
        if twin is None:
            continue
        _pair(found, call.ports, twin.ports)
        ops, there = own_ops.get(call.id, []), their_ops.get(twin.id, [])
        if [op.target for op in ops] == [op.target for op in there]:
            for op, same in zip(ops, there, strict=True):
                _pair(found, op.ports, same.ports)
    return found


def _pair(found: dict[int, int], ports: Sequence[Port], theirs: Sequence[Port]) -> None:
    by_name = {port.name: port.value for port in theirs}
    for port in ports:
        value = by_name.get(port.name)
        if port.value is not None and value is not None:
            found.setdefault(port.value, value)


def _key(call: Call) -> tuple[str, str, int]:
    return call.path, call.method, call.index


def _ops_by_call(trace: Trace) -> dict[int | None, list[Op]]:
    ops: dict[int | None, list[Op]] = {}
    for op in trace.ops:
        ops.setdefault(op.call, []).append(op)
    return ops
