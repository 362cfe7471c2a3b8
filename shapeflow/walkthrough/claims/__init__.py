"""The kinds of claim, one a file: each reads its line and judges it on a trace."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Protocol, cast

from shapeflow.shapes.corrections import opens_a_shape
from shapeflow.walkthrough.context import Body
from shapeflow.walkthrough.parts import first_word

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

GROUP = "shapeflow.claims"
"""Entry points with which other packages add kinds of claim: name -> a ``Kind``."""


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
    example: str
    """A line of this kind."""
    keywords: tuple[str, ...] = ()
    """The words in it that a line with a typo may have meant."""
    accepted: str = ""
    """What can stand behind a selector, for kinds that do not begin with a keyword."""


KINDS = (
    Kind(
        "count",
        re.compile(r"\s*count\s"),
        "shapeflow.walkthrough.claims.count:Count",
        "count encoder.layers.* = 6",
        keywords=("count",),
    ),
    Kind(
        "attribute",
        re.compile(r"\s*attr\s"),
        "shapeflow.walkthrough.claims.attribute:Attribute",
        "attr encoder.num_layers = 6",
        keywords=("attr",),
    ),
    Kind(
        "class",
        re.compile(r"\s*class\s"),
        "shapeflow.walkthrough.claims.class_name:ClassName",
        "class encoder.layers.0 = EncoderLayer",
        keywords=("class",),
    ),
    Kind(
        "value",
        re.compile(r"\s*value\s"),
        "shapeflow.walkthrough.claims.value:ValueClaim",
        "value head:out ~= sigmoid(logits:out)  (tolerance 1e-5)",
        keywords=("value",),
    ),
    Kind(
        "chain",
        re.compile(r"\s*chain\s"),
        "shapeflow.walkthrough.claims.chain:Chain",
        "chain encoder.layers.*, encoder.norm",
        keywords=("chain",),
    ),
    Kind(
        "order",
        re.compile(r"\s*\S+\s+before\s"),
        "shapeflow.walkthrough.claims.order:Order",
        "encoder.self_attn before encoder.mlp",
        keywords=("before",),
        accepted="'before'",
    ),
    Kind(
        "making",
        re.compile(r"\s*\S+\s+=(?:\s|$)"),
        "shapeflow.walkthrough.claims.making:Making",
        "encoder:out = encoder:in[0] + encoder.mlp:out",
        accepted="'=' and what it is made of",
    ),
    Kind(
        "flow",
        re.compile(r"[^\"']*\s(?:reaches(?:\s|$)|unused\s*$)"),
        "shapeflow.walkthrough.claims.flow:Flow",
        "encoder:out never reaches head:out",
        keywords=("reaches", "never", "unused"),
        accepted="'reaches', 'never reaches' or 'unused'",
    ),
    Kind(
        "where",
        re.compile(r"\s*where\s"),
        "shapeflow.walkthrough.claims.where:Where",
        "where S % 14 == 0",
        keywords=("where",),
    ),
    Kind(
        "amount",
        re.compile(r"\s*(?:parameters|trainable|flops|multiply-adds|memory)\s"),
        "shapeflow.walkthrough.claims.amount:Amount",
        "parameters encoder = 9.5M",
        keywords=("parameters", "trainable", "flops", "multiply-adds", "memory"),
    ),
    Kind(
        "op",
        re.compile(r"\s*\S+\s+[\"']"),
        "shapeflow.walkthrough.claims.op:OpText",
        'mask_head/einsum  "bqc,bchw->bqhw"',
        accepted='"text"',
    ),
    Kind(
        "none",
        re.compile(r"\s*\S+\s+None\s*$"),
        "shapeflow.walkthrough.claims.none:Nothing",
        ".:out.presence  None",
        keywords=("None",),
        accepted="None",
    ),
    Kind(
        "shape",
        re.compile(""),
        "shapeflow.walkthrough.claims.shape:Shape",
        "encoder:out  f32[B, 256, H/14, _]",
        accepted="a shape such as [B, 256, H, W]",
    ),
)
"""In the order in which they are tried; a new kind is one file and one row here."""

MARKERS = ("said", "real")
"""Words in front of any claim."""


def kind_of(text: str) -> Kind:
    """Return the kind of a line; those of other packages are asked only where none of ours is meant."""
    *ours, last = KINDS
    found = next((kind for kind in ours if kind.looks.match(text)), last)
    if found is last and not opens_a_shape(first_word(text)[1].text):
        found = next((kind for kind in _added() if kind.looks.match(text)), last)
    return found


@cache
def body_type(kind: Kind) -> type[BodyType]:
    """Return the class that reads lines of a kind."""
    module, _, name = kind.body.partition(":")
    found: type[BodyType] = getattr(import_module(module), name)
    return found


def keywords() -> tuple[str, ...]:
    """Return the words that a line with a typo may have meant."""
    return (*(word for kind in (*KINDS, *_added()) for word in kind.keywords), *MARKERS)


def accepted_syntax() -> str:
    """Return what can stand behind a selector, in words."""
    return ", ".join(kind.accepted for kind in reversed(KINDS) if kind.accepted)


def _added() -> list[Kind]:
    """Return the kinds that other packages bring."""
    return [cast("Kind", point.load()) for point in _entry_points()]


@cache
def _entry_points() -> tuple[EntryPoint, ...]:
    from importlib.metadata import entry_points

    return tuple(entry_points(group=GROUP))
