"""The plain arguments of a recorded op as numbers."""

from __future__ import annotations

import re

from shapeflow.model.handed_on import argument
from shapeflow.model.records import Op

_NUMBER = re.compile(r"-?\d+")


def axis_argument(op: Op, place: int, rank: int, default: int | None, *names: str) -> int | None:
    """Return an axis that an op was given as a number; the default if it was given none.

    Args:
        op: the op.
        place: its position among the arguments.
        rank: how many axes there are.
        default: what it is if it is not given.
        *names: names of the argument; ``dim`` if there are none.
    """
    for name in names or ("dim",):
        text = argument(op, name, place)
        if text is not None and _NUMBER.fullmatch(text) and rank:
            return int(text) % rank
    return default


def axes_argument(op: Op, place: int, rank: int) -> tuple[int, ...]:
    """Return the axes that an op was given, as one number or several; none if it was given none."""
    names = ("in.dim", "in.axis", f"in[{place}]")
    texts = [
        p.text for p in op.inputs if p.value is None and p.name.partition("[")[0] in ("in.dim", "in.axis")
    ]
    texts = texts or [
        port.text
        for port in op.inputs
        if port.value is None and (port.name in names or port.name.startswith(f"in[{place}]["))
    ]
    numbers = _NUMBER.findall(" ".join(text for text in texts if not re.search(r"[a-z.]", text)))
    return tuple(int(number) % rank for number in numbers) if rank else ()


def flag(op: Op, name: str, place: int = -1) -> bool:
    """Return whether an op was given True for an argument."""
    return argument(op, name, place) == "True"


def numbers(op: Op) -> tuple[int, ...]:
    """Return all whole numbers among the arguments but the first."""
    texts = (port.text for port in op.inputs if port.value is None and port.name != "in[0]")
    return tuple(int(number) for text in texts for number in re.findall(r"-?\d+", text))
