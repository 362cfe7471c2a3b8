"""The functions of formulas, on arrays of numpy, which is loaded on first use.

Every result is checked for its size before it is made, so a claim cannot ask for more than a bounded amount.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from math import prod
from typing import TYPE_CHECKING, Any

from shapeflow.errors import Columns, WalkthroughError

if TYPE_CHECKING:
    from numpy import ndarray

    Array = ndarray[Any, Any]

MAX_ELEMENTS = 2**25
"""Elements of any result on the way."""
MAX_PRODUCTS = 2**34
"""Multiplications of one product."""


class FormulaError(WalkthroughError):
    """A formula that has no result on these numbers."""

    def __init__(self, what: str, columns: Columns | None = None) -> None:
        super().__init__("formula", what, columns=columns)


def _bounded(shape: Sequence[int]) -> None:
    """Refuse a result that would be too large."""
    if prod(shape) > MAX_ELEMENTS:
        raise FormulaError(f"a result of {prod(shape):,} elements is too large")


def _whole(number: Array) -> int:
    """Return an argument that has to be a whole number."""
    value = float(number) if number.ndim == 0 else 0.5
    if not value.is_integer():
        raise FormulaError("an axis or size has to be a whole number")
    return int(value)


def _elementwise(name: str) -> Callable[..., Array]:
    """Return a function of numpy that works element by element, with broadcasting."""

    def apply(*arrays: Array) -> Array:
        import numpy

        _bounded(numpy.broadcast_shapes(*(array.shape for array in arrays)))
        result: Array = getattr(numpy, name)(*arrays)
        return result

    return apply


def _reduced(name: str) -> Callable[..., Array]:
    """Return a function of numpy that folds axes; without axes all of them."""

    def apply(array: Array, *axes: Array) -> Array:
        import numpy

        return numpy.asarray(getattr(numpy, name)(array, axis=tuple(map(_whole, axes)) or None))

    return apply


def _joined(name: str) -> Callable[..., Array]:
    """Return ``concatenate`` or ``stack``; the axis comes last."""

    def apply(*arguments: Array) -> Array:
        import numpy

        *arrays, axis = arguments
        _bounded([sum(array.size for array in arrays)])
        result: Array = getattr(numpy, name)(arrays, axis=_whole(axis))
        return result

    return apply


def _matmul(left: Array, right: Array) -> Array:
    import numpy

    if left.ndim > 1 and right.ndim > 1:
        shape = numpy.broadcast_shapes(left.shape[:-2], right.shape[:-2])
        _bounded((*shape, left.shape[-2], right.shape[-1]))
        _few_products(prod(shape) * left.shape[-2] * left.shape[-1] * right.shape[-1])
    return numpy.asarray(left @ right)


def einsum(equation: str, arrays: Sequence[Array]) -> Array:
    """Return the sum of products that an equation with an arrow describes."""
    import numpy

    if not re.fullmatch(r"[A-Za-z, ]+->[A-Za-z ]*", equation):
        raise FormulaError("an equation such as 'bqc,bchw->bqhw' is expected")
    inputs, output = equation.replace(" ", "").split("->")
    terms = inputs.split(",")
    if [len(term) for term in terms] != [array.ndim for array in arrays]:
        raise FormulaError(f"'{inputs}' does not fit the dims of its {len(arrays)} tensors")
    sizes = {
        letter: size
        for term, array in zip(terms, arrays, strict=True)
        for letter, size in zip(term, array.shape, strict=True)
    }
    _bounded([sizes.get(letter, 1) for letter in output])
    _few_products(prod(sizes.values()))
    return numpy.asarray(numpy.einsum(equation, *arrays, optimize=len(arrays) == 2))


def _few_products(number: int) -> None:
    if number > MAX_PRODUCTS:
        raise FormulaError(f"{number:,} multiplications are too many")


def _sigmoid(array: Array) -> Array:
    import numpy

    return numpy.asarray(0.5 * (1 + numpy.tanh(array / 2)))


def _softmax(array: Array, axis: Array) -> Array:
    import numpy

    raised = numpy.exp(array - array.max(axis=_whole(axis), keepdims=True))
    return numpy.asarray(raised / raised.sum(axis=_whole(axis), keepdims=True))


def _layer_norm(array: Array) -> Array:
    """Normalise the last axis as torch does, without weight and bias."""
    import numpy

    centred = array - array.mean(-1, keepdims=True)
    return numpy.asarray(centred / numpy.sqrt(centred.var(-1, keepdims=True) + 1e-5))


def _cxcywh_to_xyxy(boxes: Array) -> Array:
    import numpy

    cx, cy, width, height = (boxes[..., i] for i in range(4))
    corners = (cx - width / 2, cy - height / 2, cx + width / 2, cy + height / 2)
    return numpy.asarray(numpy.stack(corners, axis=-1))


def _reshape(array: Array, *sizes: Array) -> Array:
    import numpy

    return numpy.asarray(array.reshape([_whole(size) for size in sizes]))


def _permute(array: Array, *axes: Array) -> Array:
    import numpy

    return numpy.transpose(array, [_whole(axis) for axis in axes])


def _transpose(array: Array, first: Array, second: Array) -> Array:
    return array.swapaxes(_whole(first), _whole(second))


def _unsqueeze(array: Array, axis: Array) -> Array:
    import numpy

    return numpy.asarray(numpy.expand_dims(array, _whole(axis)))


def _relu(array: Array) -> Array:
    import numpy

    return numpy.asarray(numpy.maximum(array, 0))


FUNCTIONS: dict[str, Callable[..., Array]] = {
    "+": _elementwise("add"),
    "-": _elementwise("subtract"),
    "*": _elementwise("multiply"),
    "/": _elementwise("divide"),
    "@": _matmul,
    "neg": _elementwise("negative"),
    "abs": _elementwise("abs"),
    "cat": _joined("concatenate"),
    "clamp": _elementwise("clip"),
    "cos": _elementwise("cos"),
    "cxcywh_to_xyxy": _cxcywh_to_xyxy,
    "exp": _elementwise("exp"),
    "layer_norm": _layer_norm,
    "log": _elementwise("log"),
    "max": _reduced("max"),
    "mean": _reduced("mean"),
    "min": _reduced("min"),
    "permute": _permute,
    "relu": _relu,
    "reshape": _reshape,
    "sigmoid": _sigmoid,
    "sin": _elementwise("sin"),
    "softmax": _softmax,
    "sqrt": _elementwise("sqrt"),
    "stack": _joined("stack"),
    "sum": _reduced("sum"),
    "tanh": _elementwise("tanh"),
    "transpose": _transpose,
    "unsqueeze": _unsqueeze,
    "where": _elementwise("where"),
}
"""What the names of ``formula.FUNCTIONS`` do, ``einsum`` aside."""
