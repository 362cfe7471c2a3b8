"""Where the size of one dim of one tensor comes from: back along the flow to what first had it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Literal

from shapeflow.common.text import counted
from shapeflow.errors import SelectorError
from shapeflow.model.axis_source import Axis, source_of
from shapeflow.model.exact_names import ExactNames
from shapeflow.model.flow import value_at
from shapeflow.model.records import Op, Records, Value

LONGEST, MOST = 60, 8
"""Characters of an argument that is told, and how many arguments are."""

Kind = Literal["input", "parameter", "buffer", "op", "unknown"]


@dataclass(frozen=True, slots=True)
class SizeOrigin:
    """Where a size comes from, and the way there."""

    size: int
    dim: int
    kind: Kind
    """What first has it: an input of the run, a parameter or buffer, or the result of an op."""
    place: Axis
    """The tensor that first has it, and in which dim."""
    why: str
    """For an op what it was given: ``flatten(f32[1, 256, 72, 72], 2)``."""
    op: int | None
    """The op that made it, for the kind ``op``."""
    steps: tuple[int, ...]
    """The ops that handed it on, from the tensor that was asked about back to the origin."""


def size_origin(trace: Records, selector: str, dim: int) -> SizeOrigin:
    """Return where the size of a dim of the one tensor that a selector names comes from.

    Raises:
        SelectorError: the selector names nothing, no tensor or several, or the tensor has no such dim.
    """
    value = value_at(trace, selector)
    rank = len(value.shape)
    if not -rank <= dim < rank:
        has = f"dims 0 to {rank - 1}" if rank else "none: it is a single number"
        raise SelectorError(
            "no-dim",
            f"'{selector}' has {counted(rank, 'dim')}, so there is no dim {dim}",
            expected=has,
            found=str(value),
        )
    return _back(trace, value, dim % rank)


def _back(trace: Records, value: Value, asked: int) -> SizeOrigin:
    dim, size = asked, value.shape[asked]
    steps: list[int] = []
    seen = {(value.id, dim)}
    while value.producer is not None:
        op = trace.ops[value.producer]
        axis = source_of(trace, op, value, dim)
        if axis is None or (axis.value, axis.dim) in seen:
            return SizeOrigin(size, asked, "op", Axis(value.id, dim), _why(trace, op), op.id, tuple(steps))
        steps.append(op.id)
        value, dim = trace.values[axis.value], axis.dim
        seen.add((value.id, dim))
    kind: Kind = value.origin if value.origin != "op" else "unknown"
    return SizeOrigin(size, asked, kind, Axis(value.id, dim), "", None, tuple(steps))


def _why(trace: Records, op: Op) -> str:
    """Return an op with what it was given; equal tensors of a list are told once."""
    given: list[str] = []
    for port in op.inputs:
        keyword = port.name.removeprefix("in.") if port.name.startswith("in.") else ""
        text = trace.content(port)
        if text != "None" and len(text) < LONGEST:
            given.append(f"{keyword}={text}" if keyword else text)
    counts = Counter(given)
    told = [f"{counts[text]} of {text}" if counts[text] > 2 else text for text in dict.fromkeys(given)]
    return f"{op.target}({', '.join(told[:MOST])}{', …' if len(told) > MOST else ''})"


def describe(trace: Records, origin: SizeOrigin) -> str:
    """Return the origin as a sentence."""
    value = trace.values[origin.place.value]
    place = f"dim {origin.place.dim} of {trace.cached(ExactNames).value(value.id) or 'a tensor'}, {value}"
    if origin.kind == "op" and origin.op is not None:
        op: Op = trace.ops[origin.op]
        line = trace.line(op.source)
        at = f" at {line}" if line else ""
        return f"{origin.size} is made by {trace.cached(ExactNames).op(op.id)}{at}: {origin.why}"
    nouns = {"input": "an input", "parameter": "a parameter", "buffer": "a buffer"}
    return f"{origin.size} is {place}, {nouns.get(origin.kind, 'of unknown origin')}"
