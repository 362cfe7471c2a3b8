"""Working out a formula over the numbers that a real run kept. Needs numpy, which is loaded on first use.

Every step is checked for its size before it is made, so a claim cannot ask for more than a bounded amount.
"""

from __future__ import annotations

import re
from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Callable, Mapping, Sequence
from math import prod
from typing import TYPE_CHECKING, Any

from shapeflow.bindings import Bindings
from shapeflow.walkthrough.formula import Apply, Index, Kept, Node, Number, Symbol, Text

if TYPE_CHECKING:
    from numpy import ndarray

    Array = ndarray[Any, Any]

MAX_ELEMENTS = 2**25
"""Elements of any result on the way."""
MAX_PRODUCTS = 2**34
"""Multiplications of one product."""

DTYPES = {"f32": "<f4", "f64": "<f8", "f16": "<f2", "i64": "<i8", "i32": "<i4", "u8": "u1", "bool": "?"}
"""How the numbers of a dtype are stored."""


class FormulaError(Exception):
    """A formula that cannot be worked out on these numbers."""

    def __init__(self, what: str, place: tuple[int, int] | None = None) -> None:
        super().__init__(what)
        self.what = what
        self.place = place


def decode(kept: Mapping[str, Any]) -> Array:
    """Return the numbers of one kept tensor.

    Raises:
        FormulaError: the record is damaged.
    """
    import numpy

    try:
        shape = tuple(int(size) for size in kept["shape"])
        data = kept["data"]
        if isinstance(data, str):
            stored = numpy.frombuffer(b64decode(data, validate=True), DTYPES[kept.get("dtype", "f32")])
        else:
            stored = numpy.asarray(data)
        return stored.astype("f8").reshape(shape)
    except (KeyError, TypeError, ValueError, NotBase64):
        raise FormulaError("the numbers kept in the trace cannot be read") from None


def evaluate(node: Node, arrays: Mapping[str, Array], bindings: Bindings) -> Array:
    """Return the result of a formula.

    Args:
        node: the formula.
        arrays: the numbers of its tensors, by selector.
        bindings: the sizes of its symbols.

    Raises:
        FormulaError: a symbol has no size, shapes do not fit, or a result would be too large.
    """
    import numpy

    with numpy.errstate(all="ignore"):
        return _Evaluator(arrays, bindings).value(node)


class _Evaluator:
    """Walks a formula's tree, which the parser keeps small."""

    def __init__(self, arrays: Mapping[str, Array], bindings: Bindings) -> None:
        self.arrays = arrays
        self.bindings = bindings

    def value(self, node: Node) -> Array:
        """Return the numbers of a node."""
        import numpy

        if isinstance(node, Number):
            return numpy.asarray(node.value)
        if isinstance(node, Kept):
            return self.arrays[node.selector.text]
        if isinstance(node, Symbol):
            binding = self.bindings.get(node.name)
            if binding is None:
                raise FormulaError(f"'{node.name}' has no size yet", node.place)
            return numpy.asarray(float(binding.size))
        if isinstance(node, Index):
            return self.guarded(lambda: numpy.asarray(self.value(node.array)[node.items]), node.place)
        if isinstance(node, Text):
            raise FormulaError("a text has no numbers")
        return self.applied(node)

    def applied(self, node: Apply) -> Array:
        """Return the result of a function or operator."""
        if node.name == "einsum":
            equation, *rest = node.arguments
            arrays = [self.value(argument) for argument in rest]
            text = equation.text if isinstance(equation, Text) else ""
            return self.guarded(lambda: _einsum(text, arrays), node.place)
        values = [self.value(argument) for argument in node.arguments]
        return self.guarded(lambda: _FUNCTIONS[node.name](*values), node.place)

    def guarded(self, step: Callable[[], Array], place: tuple[int, int]) -> Array:
        """Return the result of one step, or say where it failed."""
        try:
            return step()
        except FormulaError as error:
            raise FormulaError(error.what, error.place or place) from None
        except (ValueError, IndexError, TypeError, MemoryError) as error:
            what = str(error).splitlines()[0] if str(error) else "this cannot be worked out"
            raise FormulaError(f"the shapes do not fit: {what[:120]}", place) from None


def _bounded(shape: Sequence[int]) -> None:
    """Refuse a result that would be too large."""
    if prod(shape) > MAX_ELEMENTS:
        raise FormulaError(f"a result of {prod(shape):,} elements is too large")


def _whole(number: Array) -> int:
    """Return an argument that has to be a whole number."""
    value = float(number) if number.ndim == 0 else 0.5
    if value != int(value):
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


def _einsum(equation: str, arrays: Sequence[Array]) -> Array:
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


_FUNCTIONS: dict[str, Callable[..., Array]] = {
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
