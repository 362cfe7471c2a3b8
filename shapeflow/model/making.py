"""How a value was made: the ops that computed it, and what its numbers were handed on from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from shapeflow.model.handed_on import gives, handed_on, keeps_arrangement
from shapeflow.model.items import item_of, origin_of
from shapeflow.model.links import Links
from shapeflow.model.records import Op, Port, Records

OPERATORS = {
    "add": "+",
    "sub": "-",
    "subtract": "-",
    "mul": "*",
    "multiply": "*",
    "div": "/",
    "divide": "/",
    "true_divide": "/",
    "matmul": "@",
    "bmm": "@",
    "mm": "@",
}
"""The ops that a formula writes between their operands."""
_SIDES = ("in[0]", "in[1]")
"""The ports of what stands left and right of the sign."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step back from a value."""

    same: tuple[int, ...]
    """Values whose numbers it has, arranged anew at most."""
    moves: tuple[Op, ...]
    """The ops that handed these on."""
    ops: tuple[Op, ...]
    """The ops that computed it: the author's own before the details of a composite op."""


def step_back(trace: Records, value: int) -> Step:
    """Return how a value came about; what was written through a view of its memory has no known making."""
    known = trace.cached(_steps)
    if value not in known:
        known[value] = _step_back(trace, value)
    return known[value]


def _steps(trace: Records) -> dict[int, Step]:
    """Return what was found so far, by value."""
    return {}


def _step_back(trace: Records, value: int) -> Step:
    makers = sorted((trace.ops[op] for op in trace.cached(Links).makers[value]), key=_is_detail)
    same: dict[int, None] = {}
    ops, moves = [], []
    for op in makers:
        if not gives(op, value):
            continue
        source = handed_on(trace, op, value)
        if source is not None:
            same[source] = None
            moves.append(op)
            continue
        ops.append(op)
        item = item_of(trace, op, value)
        origin = origin_of(trace, item) if item else None
        if origin is not None:
            same[origin] = None
    return Step(tuple(same), tuple(moves), tuple(ops))


def same_numbers(trace: Records, value: int, arranged: bool = False) -> Iterator[int]:
    """Yield a value and, nearest first, those that it has its numbers from as they are.

    Args:
        trace: the run.
        value: id of the value.
        arranged: only those whose axes are the same, too.
    """
    queue = [value]
    for number in queue:  # it grows while it is walked
        yield number
        step = step_back(trace, number)
        if not arranged or (step.moves and all(map(keeps_arrangement, step.moves))):
            queue += [source for source in step.same if source not in queue]


def operator_of(op: Op) -> str:
    """Return the sign that a formula writes for an op: ``+``; empty for one that is a function there."""
    sign = OPERATORS.get(op.target.rstrip("_"), "")
    if not sign:
        return ""
    others = [port for port in op.inputs if port.name not in _SIDES]
    return sign if len(op.inputs) - len(others) == 2 and all(_says_nothing(port) for port in others) else ""


def operands(op: Op) -> tuple[Port, Port]:
    """Return what stands on both sides of the sign of an op."""
    first, second = (port for port in op.inputs if port.name in _SIDES)
    return first, second


def _is_detail(op: Op) -> bool:
    return op.parent is not None


def _says_nothing(port: Port) -> bool:
    """Return whether an argument has the value that it has if it is not given."""
    return port.name == "in.out" or port.text == {"in.alpha": "1", "in.rounding_mode": "None"}.get(port.name)
