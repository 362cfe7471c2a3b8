"""What formulas of value claims are made of: a closed set of functions over numbers and tensors."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from shapeflow.walkthrough.parts import SelectorPart

FUNCTIONS: dict[str, tuple[int, int]] = {
    "abs": (1, 1),
    "cat": (2, 20),
    "clamp": (3, 3),
    "cos": (1, 1),
    "cxcywh_to_xyxy": (1, 1),
    "einsum": (2, 6),
    "exp": (1, 1),
    "layer_norm": (1, 1),
    "log": (1, 1),
    "max": (1, 9),
    "mean": (1, 9),
    "min": (1, 9),
    "permute": (2, 9),
    "relu": (1, 1),
    "reshape": (2, 9),
    "sigmoid": (1, 1),
    "sin": (1, 1),
    "softmax": (2, 2),
    "sqrt": (1, 1),
    "stack": (2, 20),
    "sum": (1, 9),
    "tanh": (1, 1),
    "transpose": (3, 3),
    "unsqueeze": (2, 2),
    "where": (3, 3),
}
"""Name -> fewest and most arguments."""
CONSTANTS = {"pi": 3.141592653589793, "inf": float("inf")}


@dataclass(frozen=True, slots=True)
class Number:
    """A number as written."""

    value: float


@dataclass(frozen=True, slots=True)
class Symbol:
    """The size of a symbol."""

    name: str
    place: tuple[int, int]


Items = tuple[int | slice, ...]
"""What stands in the brackets of ``x[0, :]``."""


@dataclass(frozen=True, slots=True)
class Captured:
    """The numbers of one tensor of the run, or of a part of it."""

    selector: SelectorPart
    items: Items = ()
    """Which part; empty: all of it. A run keeps no more than is needed."""

    @property
    def name(self) -> str:
        """The name under which a trace keeps the numbers: the selector, with the part in brackets."""
        return (
            f"{self.selector.text}[{', '.join(map(_item_text, self.items))}]"
            if self.items
            else self.selector.text
        )


@dataclass(frozen=True, slots=True)
class Text:
    """A text in quotes: the equation of ``einsum``."""

    text: str


@dataclass(frozen=True, slots=True)
class Apply:
    """A function or operator and what it is applied to."""

    name: str
    """A name of ``FUNCTIONS``, or one of ``+ - * / @ neg``."""
    arguments: tuple[Node, ...]
    place: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Index:
    """``x[0, :]``."""

    array: Node
    items: Items
    place: tuple[int, int]


Node = Number | Symbol | Captured | Text | Apply | Index


def captured_in(node: Node) -> Iterator[Captured]:
    """Yield the tensors, or parts of them, that a formula needs, in order."""
    if isinstance(node, Captured):
        yield node
    elif isinstance(node, Apply):
        for argument in node.arguments:
            yield from captured_in(argument)
    elif isinstance(node, Index):
        yield from captured_in(node.array)


def _item_text(item: int | slice) -> str:
    if isinstance(item, int):
        return str(item)
    return f"{'' if item.start is None else item.start}:{'' if item.stop is None else item.stop}"
