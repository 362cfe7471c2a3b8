"""Mistakes put into a text on purpose: a fifth of what it says rightly is changed as people get it wrong."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Collection, Mapping, Sequence

from shapeflow.notes.mention import Mention, Note
from shapeflow.notes.placing.relations import FITS, relation
from shapeflow.shapes.notation import parse_shape

Verdicts = Mapping[int, tuple[str, ...]]
"""Id of a mention -> what should be said of it, any of these."""
NEIGHBOURS = 5


def planted(
    note: Note,
    verdicts: Verdicts,
    draw: random.Random,
    share: float = 0.2,
    shapes: Collection[tuple[int, ...]] = (),
) -> tuple[Note, Verdicts]:
    """Return a text with some of its right shapes changed, and what should be said of it now.

    Args:
        note: the text.
        verdicts: what should be said of it; mentions that are not in it are left alone.
        draw: what is chosen at random.
        share: how much of what is right is changed.
        shapes: those of the run; a text may have taken one of them for another.
    """
    mentions = list(note.mentions)
    found = dict(verdicts)
    for place, mention in enumerate(note.mentions):
        if set(verdicts.get(mention.id, ())) != {"confirmed"} or draw.random() >= share:
            continue
        dims = _changed(note.mentions, place, draw, shapes)
        if dims is None:
            continue
        text = f"[{', '.join(dims)}]"
        mentions[place] = dataclasses.replace(mention, pattern=parse_shape(text), text=text)
        same = sorted(dims) == sorted(_texts(mention))
        found[mention.id] = ("layout differs",) if same else ("contradicted",)
    return dataclasses.replace(note, mentions=tuple(mentions)), found


def _changed(
    mentions: Sequence[Mention], place: int, draw: random.Random, shapes: Collection[tuple[int, ...]]
) -> list[str] | None:
    """Return the dims of a shape after one of some mistakes; None if it is right all the same."""
    dims = _texts(mentions[place])
    sizes = [int(dim) if dim.isdecimal() else -1 for dim in dims]
    large = [at for at, size in enumerate(sizes) if size > 1]
    if len(dims) < 2 or not large:
        return None
    near = [
        one for one in mentions[max(0, place - NEIGHBOURS) : place + NEIGHBOURS] if one is not mentions[place]
    ]
    new = list(dims)
    at = draw.choice(large)
    how = draw.choice(("slip", "size of a neighbour", "swap", "a neighbour", "a neighbour", "of the run"))
    if how == "slip":
        size = sizes[at]
        new[at] = str(
            draw.choice((size * 2, size + 1, max(size // 2, 2), size - 1 if size > 2 else size + 1))
        )
    elif how == "size of a neighbour":
        near_sizes = [
            dim for one in near for dim in _texts(one) if dim.isdecimal() and int(dim) not in (1, sizes[at])
        ]
        new[at] = draw.choice(near_sizes) if near_sizes else new[at]
    elif how == "swap":
        first = draw.randrange(len(new) - 1)
        new[first], new[first + 1] = new[first + 1], new[first]
    elif how == "of the run":
        others = [one for one in shapes if tuple(sizes) != one and _is_like(one, sizes)]
        new = list(map(str, draw.choice(sorted(others)))) if others else new
    else:
        alike = [one for one in map(_texts, near) if len(one) == len(dims) and all(map(str.isdecimal, one))]
        new = list(draw.choice(alike)) if alike else new
    right = relation(parse_shape(f"[{', '.join(new)}]"), tuple(sizes), {}, sizes[0]) in FITS
    return None if right else new


def _is_like(shape: tuple[int, ...], sizes: Sequence[int]) -> bool:
    """Return whether a shape has the same sizes in another order, or but for one the same ones."""
    return len(shape) == len(sizes) and (
        sorted(shape) == sorted(sizes)
        or sum(one != other for one, other in zip(shape, sizes, strict=True)) == 1
    )


def _texts(mention: Mention) -> list[str]:
    return [dim.text.strip() for dim in mention.pattern.dims]
