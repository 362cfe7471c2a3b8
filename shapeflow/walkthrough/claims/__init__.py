"""The kinds of claim, one a file: each reads its line and judges it on a trace."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Protocol

from shapeflow.walkthrough.context import Body


class BodyType(Protocol):
    """The class of a body."""

    @classmethod
    def parse(cls, text: str) -> Body:
        """Read a line in which everything but the claim is blanked.

        Raises:
            ClaimError: it cannot be read; columns are those of ``text``.
        """
        ...


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of claim."""

    name: str
    looks: re.Pattern[str]
    """What a line of this kind begins with, or holds."""
    body: str
    """``module:class`` with ``parse`` and ``judge``."""


KINDS = (
    Kind("count", re.compile(r"\s*count\s"), "shapeflow.walkthrough.claims.count:Count"),
    Kind("attribute", re.compile(r"\s*attr\s"), "shapeflow.walkthrough.claims.attribute:Attribute"),
    Kind("class", re.compile(r"\s*class\s"), "shapeflow.walkthrough.claims.class_name:ClassName"),
    Kind("value", re.compile(r"\s*value\s"), "shapeflow.walkthrough.claims.value:Value"),
    Kind(
        "flow",
        re.compile(r"[^\"']*\s(?:reaches(?:\s|$)|unused\s*$)"),
        "shapeflow.walkthrough.claims.flow:Flow",
    ),
    Kind("none", re.compile(r"\s*\S+\s+None\s*$"), "shapeflow.walkthrough.claims.none:Nothing"),
    Kind("op", re.compile(r"\s*\S+\s+[\"']"), "shapeflow.walkthrough.claims.op:OpText"),
    Kind("shape", re.compile(""), "shapeflow.walkthrough.claims.shape:Shape"),
)
"""In the order in which they are tried; a new kind is one file and one line here."""


def kind_of(text: str) -> Kind:
    """Return the kind of a line."""
    return next(kind for kind in KINDS if kind.looks.match(text))


@cache
def body_type(kind: Kind) -> type[BodyType]:
    """Return the class that reads lines of a kind."""
    module, _, name = kind.body.partition(":")
    found: type[BodyType] = getattr(import_module(module), name)
    return found
