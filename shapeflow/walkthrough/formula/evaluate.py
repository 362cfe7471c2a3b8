"""Evaluate a formula on the numbers that a real run kept, with numpy, which is loaded on first use."""

from __future__ import annotations

from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from shapeflow.shapes.matching import Bindings
from shapeflow.walkthrough.formula.ast import Apply, Captured, Index, Node, Number, Symbol, Text
from shapeflow.walkthrough.formula.functions import FUNCTIONS, FormulaError, einsum

if TYPE_CHECKING:
    from shapeflow.walkthrough.formula.functions import Array

DTYPES = {
    "bool": "?",
    "f16": "<f2",
    "f32": "<f4",
    "f64": "<f8",
    "i8": "i1",
    "i16": "<i2",
    "i32": "<i4",
    "i64": "<i8",
    "u8": "u1",
}
"""How the numbers of a dtype are stored."""


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
        arrays: the numbers of its tensors, by name.
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
        if isinstance(node, Captured):
            return self.arrays[node.name]
        if isinstance(node, Symbol):
            binding = self.bindings.get(node.name)
            if binding is None:
                raise FormulaError(f"'{node.name}' has no size yet", node.place)
            return numpy.asarray(float(binding.size))
        if isinstance(node, Index):
            array = self.value(node.array)
            return self.guarded(lambda: numpy.asarray(array[node.items]), "an index", [array], node.place)
        if isinstance(node, Text):
            raise FormulaError("a text has no numbers")
        return self.applied(node)

    def applied(self, node: Apply) -> Array:
        """Return the result of a function or operator."""
        if node.name == "einsum":
            equation, *rest = node.arguments
            arrays = [self.value(argument) for argument in rest]
            text = equation.text if isinstance(equation, Text) else ""
            return self.guarded(lambda: einsum(text, arrays), "einsum", arrays, node.place)
        values = [self.value(argument) for argument in node.arguments]
        return self.guarded(lambda: FUNCTIONS[node.name](*values), f"'{node.name}'", values, node.place)

    def guarded(
        self, step: Callable[[], Array], name: str, given: Sequence[Array], place: tuple[int, int]
    ) -> Array:
        """Return the result of one step, or say where it failed and on what shapes."""
        try:
            return step()
        except FormulaError as error:
            raise error.amend(columns=error.columns or place) from None
        except (ValueError, IndexError, TypeError, MemoryError):
            shapes = " and ".join(str(list(array.shape)) for array in given if array.ndim)
            raise FormulaError(f"{name} does not fit {shapes or 'these numbers'}", place) from None
