"""Plain values as written in a claim: numbers, text, True, None, lists; read, never evaluated."""

from __future__ import annotations

import ast
import struct
from collections.abc import Mapping
from math import isclose
from typing import Any

from shapeflow.shapes.matching import Bindings, evaluate
from shapeflow.shapes.notation import ShapeTextError, parse_expression
from shapeflow.walkthrough.parts import Part

MAX_CHARACTERS = 500


def read_literal(given: Part) -> Any:
    """Return the plain value that a text writes; a text that writes none stands for itself.

    Raises:
        ClaimError: nothing is written, or more than a plain value should need.
    """
    if not given.text:
        raise given.error(
            "claim-syntax", "a value is missing here", expected='1, 0.5, "text", True or [1, 2]'
        )
    if len(given.text) > MAX_CHARACTERS:
        raise given.error("claim-syntax", f"a plain value has at most {MAX_CHARACTERS} characters")
    try:
        return ast.literal_eval(given.text)  # reads constants only: nothing in it can run
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return Bare(given.text)


class Bare(str):
    """Text without quotes: the name of a class or function, or a size in symbols."""

    __slots__ = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The names in it, if it can be a size."""
        try:
            return parse_expression(str(self)).symbols
        except ShapeTextError:
            return ()

    def sized(self, bindings: Bindings) -> Any:
        """Return the size it stands for, if its symbols have one, else the text."""
        try:
            size = evaluate(parse_expression(str(self)), bindings)
        except ShapeTextError:
            return str(self)
        return size if isinstance(size, int) else str(self)


def same(expected: Any, found: Any) -> bool:
    """Return whether two plain values are the same; a list may be written for a tuple, 4 for 4.0.

    A number that went through single precision, 0.10000000149011612, is the 0.1 that it was.
    """
    if isinstance(expected, bool) or isinstance(found, bool):
        return expected is found
    if isinstance(expected, int | float) and isinstance(found, int | float):
        return expected == found or isclose(expected, found, rel_tol=1e-9) or _as_float32(expected) == found
    if isinstance(expected, list | tuple) and isinstance(found, list | tuple):
        return len(expected) == len(found) and all(map(same, expected, found))
    if isinstance(expected, Mapping) and isinstance(found, Mapping):
        return expected.keys() == found.keys() and all(same(expected[key], found[key]) for key in expected)
    return bool(expected == found)


def _as_float32(number: float) -> float | None:
    try:
        (single,) = struct.unpack("f", struct.pack("f", number))
    except OverflowError:
        return None
    return float(single)


def literal_text(value: Any) -> str:
    """Return a plain value as a claim writes it."""
    return f'"{value}"' if isinstance(value, str) and '"' not in value else repr(value)
