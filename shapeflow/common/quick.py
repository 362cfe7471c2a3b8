"""Make frozen records at the cost of ones that are not frozen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, field, fields, make_dataclass
from typing import Any, TypeVar

Record = TypeVar("Record")


def maker(kind: type[Record]) -> Callable[..., Record]:
    """Return what makes records of a frozen dataclass with slots, given its fields by position.

    A frozen class sets each field by a call of ``object.__setattr__``, which takes longer than all else where
    thousands are made. So a twin is made that has the same slots and is not frozen, and becomes one of them.
    """
    told: Any = kind
    twin = make_dataclass(
        kind.__name__,
        [
            (each.name, each.type, field() if each.default is MISSING else field(default=each.default))
            for each in fields(told)
        ],
        slots=True,
    )

    def make(*values: Any) -> Record:
        made: Any = twin(*values)
        made.__class__ = kind
        return made  # type: ignore[no-any-return]

    return make
