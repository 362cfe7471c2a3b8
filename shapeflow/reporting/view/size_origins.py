"""Where a size comes from: the first op whose result has it, and how it follows from the op's inputs."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

from shapeflow.model.exact_names import ExactNames
from shapeflow.model.records import Op
from shapeflow.model.trace import Trace

LONGEST_PRODUCT = 3


def size_origins(trace: Trace, names: ExactNames) -> dict[int, tuple[str, str]]:
    """Return for each size in the run where it is first seen and why it has this number.

    Returns:
        size -> (selector of the place, text such as ``72 * 72`` or the name of a parameter).
    """
    found: dict[int, tuple[str, str]] = {}
    for value in trace.values:
        if value.origin == "input":
            for size in value.shape:
                found.setdefault(size, (names.value(value.id), f"{value.name or 'input'} {value}"))
    for op in trace.ops:
        given = [
            size for port in op.inputs if port.value is not None for size in trace.values[port.value].shape
        ]
        for port in op.outputs:
            if port.value is None:
                continue
            for size in trace.values[port.value].shape:
                if size not in found:
                    found[size] = (names.op(op.id), _reason(trace, op, size, given))
    return found


def _reason(trace: Trace, op: Op, size: int, given: Sequence[int]) -> str:
    """Return how ``size`` follows from what ``op`` was given, as far as that can be told."""
    for port in op.inputs:
        if port.value is not None and size in trace.values[port.value].shape:
            value = trace.values[port.value]
            if value.origin in ("parameter", "buffer"):
                return f"{value.name} {value}"
    tensors = [trace.values[port.value].shape for port in op.inputs if port.value is not None]
    for shape in tensors:
        product = _product(shape, size)
        if product:
            return product
    if op.target in ("cat", "concat", "concatenate", "stack", "hstack", "vstack"):
        sums = _sum_along(tensors, size)
        if sums:
            return sums
    for shape in tensors:
        for other in shape:
            for part in (*shape, *_numbers(op)):
                if part > 1 and other == size * part:
                    return f"{other} / {part}"
    before = [shape for shape in tensors if shape]
    if before:
        return f"{op.target} of {', '.join(str(list(shape)) for shape in before[:2])}"
    return f"{op.target}({', '.join(port.text for port in op.inputs[:4] if port.value is None)})"


def _product(shape: Sequence[int], size: int) -> str:
    """Return ``72 * 72`` if neighbouring dims multiply to ``size``, else any dims that do."""
    useful = [dim for dim in shape if dim > 1]
    for count in range(2, LONGEST_PRODUCT + 1):
        runs = [useful[i : i + count] for i in range(len(useful) - count + 1)]
        for group in [*runs, *combinations(useful, count)]:
            total = 1
            for dim in group:
                total *= dim
            if total == size:
                return " * ".join(map(str, group))
    return ""


def _sum_along(shapes: Sequence[Sequence[int]], size: int) -> str:
    """Return ``32 + 1`` if the shapes joined along one axis give ``size``."""
    if len(shapes) < 2 or len({len(shape) for shape in shapes}) != 1:
        return f"{len(shapes)} together" if len(shapes) == size else ""
    for column in zip(*shapes, strict=True):
        if sum(column) == size:
            return " + ".join(map(str, column))
    return f"{len(shapes)} together" if len(shapes) == size else ""


def _numbers(op: Op) -> list[int]:
    """Return the whole numbers among the arguments that are not tensors."""
    texts = " ".join(port.text for port in op.inputs if port.value is None)
    return [
        int(word)
        for word in texts.replace(",", " ").replace("(", " ").replace(")", " ").split()
        if word.isdigit() and len(word) < 10
    ]
