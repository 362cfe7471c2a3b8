"""Which dims of a reshaped or indexed tensor are dims that it had before."""

from __future__ import annotations

import re
from collections.abc import Sequence
from math import prod


def regrouped(before: Sequence[int], after: Sequence[int]) -> dict[int, int]:
    """Return which dims of a reshaped tensor are dims that it had: those neither merged nor split."""
    if not prod(before) or prod(before) != prod(after):
        return {}
    left = [dim for dim, size in enumerate(before) if size > 1]
    right = [dim for dim, size in enumerate(after) if size > 1]
    kept: dict[int, int] = {}
    groups: list[tuple[list[int], list[int]]] = []
    while left and right:
        olds, news = [left.pop(0)], [right.pop(0)]
        size, wanted = before[olds[0]], after[news[0]]
        while size != wanted:
            if size < wanted:
                olds.append(left.pop(0))
                size *= before[olds[-1]]
            else:
                news.append(right.pop(0))
                wanted *= after[news[-1]]
        groups.append((olds, news))
        if len(olds) == len(news) == 1:
            kept[news[0]] = olds[0]
    return kept | _ones(before, after, groups)


def _ones(
    before: Sequence[int], after: Sequence[int], groups: Sequence[tuple[list[int], list[int]]]
) -> dict[int, int]:
    """Return which dims of size 1 are the same: equally many between the same others."""

    def slots(sizes: Sequence[int], side: int) -> dict[int, list[int]]:
        found: dict[int, list[int]] = {}
        for dim in (dim for dim, size in enumerate(sizes) if size == 1):
            slot = sum((group[side][0] < dim) + (group[side][-1] < dim) for group in groups)
            found.setdefault(slot, []).append(dim)
        return found

    left, right = slots(before, 0), slots(after, 1)
    pairs = [(left.get(slot, []), dims) for slot, dims in right.items()]
    return {
        new: old
        for olds, news in pairs
        if len(olds) == len(news)
        for old, new in zip(olds, news, strict=True)
    }


def indexed(indices: Sequence[str], rank: int) -> list[int]:
    """Return for each dim of what plain indices give the dim that it was, -1 for a new one; [] if unclear."""
    plain = re.compile(r"-?\d*(:-?\d*){1,2}|-?\d+|None|\.\.\.|Ellipsis|slice\(.*\)")
    if not indices or not all(plain.fullmatch(text) for text in indices):
        return []
    rest = [text in ("...", "Ellipsis") for text in indices]
    taken = sum(not more and text != "None" for more, text in zip(rest, indices, strict=True))
    at = rest.index(True) if True in rest else len(indices)
    whole = [*indices[:at], *[":"] * (rank - taken), *indices[at + 1 :]]
    kept: list[int] = []
    dim = 0
    for text in whole:
        if text == "None":
            kept.append(-1)
            continue
        if ":" in text or text.startswith("slice"):
            kept.append(dim)
        dim += 1
    return kept if dim == rank else []
