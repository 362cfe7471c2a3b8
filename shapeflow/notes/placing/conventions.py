"""How an author writes shapes throughout a text: height, width and channels of one picture."""

from __future__ import annotations

from collections.abc import Iterable

from shapeflow.notes.mention import Mention
from shapeflow.notes.placing.relations import numbers_of

LEAST_TURNED, MOST_OF = 3, 0.6
"""So many shapes, and such a part of those with three sizes, show that an author puts channels last."""
Shape = tuple[int, ...]


def is_turned(mention: Mention, shape: Shape) -> bool:
    """Return whether a text gives height, width, channels of what a tensor has with channels first."""
    numbers = numbers_of(mention.pattern, {})
    if numbers is None or len(numbers) != 3 or len(shape) != 4:
        return False
    return (numbers[2], *numbers[:2]) == shape[1:] and numbers != shape[1:]


def is_channels_last(mentions: Iterable[Mention], shapes: Iterable[Shape]) -> bool:
    """Return whether a text gives height, width, channels where tensors have channels first."""
    there = {shape for shape in shapes if len(shape) in (3, 4)}
    there |= {shape[1:] for shape in there if len(shape) == 4}
    given = [numbers_of(mention.pattern, {}) for mention in mentions]
    three = [numbers for numbers in given if numbers is not None and len(numbers) == 3]
    turned = [one for one in three if one not in there and (one[2], *one[:2]) in there]
    return len(turned) >= max(LEAST_TURNED, MOST_OF * len(three))
