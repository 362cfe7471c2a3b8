"""Values as a text writes them, compared with those that a module holds: ``7`` is also ``[7, 7]``."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

NUMBER = r"-?\d+(?:\.\d+)?(?:[eE]-?\d+)?"
"""A number of a setting, as it is written."""
VALUE = rf"(?:[(\[]\s*{NUMBER}\s*(?:,\s*{NUMBER}\s*)*,?\s*[)\]]|{NUMBER}|True|False|None)"
"""A setting, as it is written."""
_TOLERANCE = 1e-6
"""How far a number may be from one that single precision has made of it, in parts of its size."""


def compared(value: object, text: str) -> tuple[bool, str] | None:
    """Return whether a text says a value, and how a claim writes it; None if they are of other kinds.

    Args:
        value: a plain attribute of a module.
        text: a number, a list of numbers, True, False or None.
    """
    if text in ("True", "False"):
        return (value is (text == "True"), text) if isinstance(value, bool) else None
    held, said = _numbers(value), [float(one) for one in re.findall(NUMBER, text)]
    if text == "None":
        return (value is None, text) if value is None or held else None
    if not held or not said:
        return None
    if isinstance(value, list | tuple) and len(said) == 1 and (text[:1] not in "([" or len(held) == 1):
        said *= len(held)  # one number for all axes
    elif not isinstance(value, list | tuple) and len(set(said)) == 1:
        said = said[:1]  # the same number for all axes
    elif len(said) != len(held):
        return None if isinstance(value, list | tuple) else (False, _list(said))
    return _same(held, said), _list(said) if isinstance(value, list | tuple) else _text(said[0])


def _numbers(value: object) -> list[float]:
    """Return the numbers that a value is or holds; none if it is anything else."""
    items: Sequence[object] = value if isinstance(value, list | tuple) else [value]
    numbers = [float(one) for one in items if isinstance(one, int | float) and not isinstance(one, bool)]
    return numbers if len(numbers) == len(items) else []


def _same(held: Sequence[float], said: Sequence[float]) -> bool:
    return all(math.isclose(a, b, rel_tol=_TOLERANCE) for a, b in zip(held, said, strict=True))


def _list(numbers: Sequence[float]) -> str:
    return f"[{', '.join(map(_text, numbers))}]"


def _text(number: float) -> str:
    return str(int(number)) if number.is_integer() and abs(number) < 1e15 else repr(number)
