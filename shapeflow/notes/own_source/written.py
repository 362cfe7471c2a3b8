"""What a shape in the model's own source says as it is written: sizes, letters, a whole tensor."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from shapeflow.notes.mention import Mention
from shapeflow.notes.placing.relations import BATCHES, WHOLE, relation, sizes_of
from shapeflow.shapes.notation import Expression

MOST_LETTERS = 4
"""At least one of so many dims is a size where a shape is called confirmed."""
LEAST_DIMS = 3
"""A shape without any size is called wrong only if it has so many dims: ``H x W`` may be a part of one."""


def has_sizes(mention: Mention) -> bool:
    """Return whether a shape as written says more than letters: one size among few of them."""
    meanings = [dim.meaning for dim in mention.pattern.dims]
    sizes = [one for one in meanings if isinstance(one, Expression) and not one.symbols]
    return not mention.pattern.symbols or (bool(sizes) and MOST_LETTERS * len(sizes) >= len(meanings))


def tells(mention: Mention) -> bool:
    """Return whether a shape as written has a size that tells, or several ones, among few letters."""
    meanings = [dim.meaning for dim in mention.pattern.dims]
    sizes = [one.text.strip() for one in meanings if isinstance(one, Expression) and not one.symbols]
    tell = any(size != "1" for size in sizes) or len(sizes) > 1
    return not mention.pattern.symbols or (tell and 3 * len(sizes) >= len(meanings))


def first_letter(mention: Mention) -> str:
    """Return the letter that a shape begins with; empty for a size."""
    meaning = mention.pattern.dims[0].meaning if mention.pattern.dims else None
    return meaning.symbol if isinstance(meaning, Expression) else ""


def is_of_one(mention: Mention) -> bool:
    """Return whether a shape as written says enough to be one without the batch: channels, then a picture."""
    dims = [dim.text.strip() for dim in mention.pattern.dims]
    if all(dim.isdecimal() for dim in dims):
        return sum(dim != "1" for dim in dims) > 1
    picture = [re.split(r"\W", dim)[0].lower() in ("h", "w") for dim in dims[1:]]
    return dims[0].isdecimal() and int(dims[0]) > 1 and len(dims) > 2 and all(picture)


def is_whole(mention: Mention) -> bool:
    """Return whether a shape as written can only be one of a whole tensor."""
    dims = [dim.text.strip() for dim in mention.pattern.dims]
    if len(dims) < LEAST_DIMS and mention.text[:1].isdigit():
        return False  # ``1000x600`` may be a picture
    return len(dims) >= LEAST_DIMS or any(dim.isdecimal() for dim in dims) or dims[0].lower() in BATCHES


def is_merged(mention: Mention, shape: Sequence[int], batch: int) -> bool:
    """Return whether a shape as written has two axes of one as a single size: of a view of it."""
    for at in range(1, len(shape) - 1):
        merged = (*shape[:at], shape[at] * shape[at + 1], *shape[at + 2 :])
        if len(merged) != len(mention.pattern.dims):
            return False
        meaning = mention.pattern.dims[at].meaning
        sized = isinstance(meaning, Expression) and not meaning.symbols and 1 not in shape[at : at + 2]
        if sized and relation(mention.pattern, merged, {}, batch) in WHOLE:
            return True
    return False


def is_reordered(mention: Mention, shape: Sequence[int]) -> bool:
    """Return whether all sizes of a shape as written are in one of as many dims, at other places."""
    sizes = sizes_of(mention.pattern, {})
    known = [size for size in sizes if size is not None]
    there = shape[1:] if first_letter(mention).lower() in BATCHES else shape
    return len(sizes) == len(shape) and 0 < len(known) < len(sizes) and not Counter(known) - Counter(there)
