"""Names that code gives the sizes of a tensor: ``B, N, C = x.shape``, ``T = x.size(1)``."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Taken:
    """Sizes that a statement takes from a tensor."""

    axes: tuple[tuple[str, int], ...]
    """Names, each with its axis; a negative one counts from the end."""
    tensor: str
    line: int
    rank: int = 0
    """How many axes the tensor must have; 0: that does not show."""

    def fits(self, rank: int) -> bool:
        """Return whether a tensor of so many axes has those that are taken."""
        return self.rank in (0, rank) and all(-rank <= axis < rank for _, axis in self.axes)


def axes_taken(parts: Iterable[ast.AST]) -> Iterator[Taken]:
    """Yield the sizes that statements give names.

    Args:
        parts: of a function, statements among them.
    """
    for part in parts:
        if not isinstance(part, ast.Assign):
            continue
        for target in part.targets:
            if isinstance(target, ast.Tuple | ast.List):
                yield from _of_several(target.elts, part.value, part.lineno)
            elif isinstance(target, ast.Name) and (one := _axis(part.value)) is not None:
                yield Taken(((target.id, one[1]),), one[0], part.lineno)


def _of_several(targets: Sequence[ast.expr], value: ast.expr, line: int) -> Iterator[Taken]:
    """Yield what several names get at once."""
    names = [target.id if isinstance(target, ast.Name) else "_" for target in targets]
    if isinstance(value, ast.Tuple | ast.List) and len(value.elts) == len(names):
        for name, part in zip(names, value.elts, strict=True):
            if name != "_" and (one := _axis(part)) is not None:
                yield Taken(((name, one[1]),), one[0], line)
        return
    first, last, whole = 0, None, value
    if isinstance(value, ast.Subscript) and isinstance(value.slice, ast.Slice):
        bounds = [_number(one) for one in (value.slice.lower, value.slice.upper)]
        if None in bounds or value.slice.step is not None:
            return
        first, last, whole = bounds[0] or 0, value.slice.upper and bounds[1], value.value
    tensor = _shape_of(whole)
    if not tensor:
        return
    stars = [number for number, target in enumerate(targets) if isinstance(target, ast.Starred)]
    if stars and (first or last is not None):
        return
    split = stars[0] if stars else len(names)
    axes = [(name, first + number) for number, name in enumerate(names[:split])]
    axes += [(name, number - len(names)) for number, name in enumerate(names) if number > split]
    rank = len(names) if not stars and whole is value else 0
    if first < 0 and first + len(names) > 0:
        return
    yield Taken(tuple((name, axis) for name, axis in axes if name != "_"), tensor, line, rank)


def _axis(value: ast.expr) -> tuple[str, int] | None:
    """Return the tensor and the axis of ``x.shape[1]``, ``x.size(1)`` or ``len(x)``; else None."""
    if isinstance(value, ast.Subscript):
        tensor, axis = _shape_of(value.value), _number(value.slice)
        return (tensor, axis) if tensor and axis is not None else None
    if isinstance(value, ast.Call) and len(value.args) == 1 and not value.keywords:
        if (
            isinstance(value.func, ast.Name)
            and value.func.id == "len"
            and isinstance(value.args[0], ast.Name)
        ):
            return value.args[0].id, 0
        axis = _number(value.args[0])
        if isinstance(value.func, ast.Attribute) and value.func.attr == "size" and axis is not None:
            return (value.func.value.id, axis) if isinstance(value.func.value, ast.Name) else None
    return None


def _shape_of(value: ast.expr) -> str:
    """Return the name of the tensor whose shape an expression is; empty for anything else."""
    if isinstance(value, ast.Call) and not value.args and not value.keywords:
        whole = value.func if isinstance(value.func, ast.Attribute) and value.func.attr == "size" else None
    else:
        whole = value if isinstance(value, ast.Attribute) and value.attr == "shape" else None
    return whole.value.id if whole is not None and isinstance(whole.value, ast.Name) else ""


def _number(value: ast.expr | None) -> int | None:
    """Return a whole number as written, 0 for nothing; None for anything else."""
    if value is None:
        return 0
    sign = 1
    if isinstance(value, ast.UnaryOp) and isinstance(value.op, ast.USub):
        sign, value = -1, value.operand
    return sign * value.value if isinstance(value, ast.Constant) and type(value.value) is int else None
