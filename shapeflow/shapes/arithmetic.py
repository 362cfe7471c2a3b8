"""One step of the arithmetic of sizes: on whole numbers, and on fractions inside ``ceil`` and ``floor``."""

from __future__ import annotations

import math
from fractions import Fraction

from shapeflow.errors import Diagnostic

MAX_SIZE = 2**63 - 1
"""No tensor has more elements than this."""
PRECEDENCE = {"+": 1, "-": 1, "*": 2, "/": 2, "//": 2, "%": 2}
"""Operators that are written, and how strongly each binds."""
EXACT = "/ exactly"
"""A division inside ``ceil`` or ``floor``, which may leave a remainder."""
FUNCTIONS = ("ceil", "floor")
OPERATORS = frozenset({*PRECEDENCE, EXACT, *(f"{name}()" for name in FUNCTIONS)})
"""The items of an expression that are neither a size nor a name."""

Number = int | Fraction


def rounded(function: str, value: Number) -> int:
    """Return the whole number that ``ceil()`` or ``floor()`` gives."""
    return math.ceil(value) if function == "ceil()" else math.floor(value)


def apply(operator: str, left: Number, right: Number, text: str) -> Number | Diagnostic:
    """Return one step of arithmetic in the expression ``text``, or why it gives no size."""
    if operator in ("/", "//", "%", EXACT) and right == 0:
        return Diagnostic("symbol-fraction", f"'{text}' divides by zero")
    if operator == "/":
        whole, remainder = divmod(left, right)
        if remainder:
            what = f"'{text}' is not a whole number"
            return Diagnostic("symbol-fraction", what, because=f"{left} / {right} leaves {remainder}")
        return whole
    result = _result(operator, left, right)
    if not -MAX_SIZE <= result <= MAX_SIZE:
        return Diagnostic("size-out-of-range", f"'{text}' is larger than any tensor")
    return result


def _result(operator: str, left: Number, right: Number) -> Number:
    """Return what an operator gives that always gives something."""
    if operator == "//":
        return left // right
    if operator == "%":
        return left % right
    if operator == EXACT:
        return Fraction(left) / right
    if operator == "*":
        return left * right
    return left + right if operator == "+" else left - right
