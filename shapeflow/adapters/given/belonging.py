"""Which inputs of a forward belong together, by their names: a mask of pixels to the pictures."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

DESCRIBES = re.compile(
    r"(^|_)(masks?|pos|positions?|(position|type|rope)_(ids|pos)|bbox|boxes|padding|places|segment_ids|langs)$"
)
"""Ending of the name of an input that says something of each part of another."""
MASK = re.compile(r"(^|_)masks?$")
SEQUENCE = (
    "input_ids",
    "inputs_embeds",
    "input_values",
    "input_features",
    "flattened_patches",
    "inputs",
    "hidden_states",
    "sample",
    "latents",
    "states",
    "x",
)
"""Names of what a model reads, which inputs that only say ``attention_mask`` or ``bbox`` belong to."""
OWNERS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (r"txt_ids|text_rope_pos|text_(attention_)?mask|text_embedding_mask", ("encoder_hidden_states",)),
    (r"text_embedding_mask_t5", ("encoder_hidden_states_t5",)),
    (r"img_ids|padding_mask|condition_mask", ("hidden_states", *SEQUENCE)),
    (r"feature_attention_mask", ("input_features", "input_values")),
    (r"actions|rewards|returns_to_go|timesteps", ("states",)),
    (r"visual_.*", ("visual_feats", "visual_embeds")),
)
"""Name of an input, as a pattern -> what it belongs to if that is there, the likeliest first."""


def is_mask(place: str) -> bool:
    """Return whether an input is a mask."""
    return MASK.search(_own_name(place)) is not None


class Names:
    """The places of all inputs of a call.

    Args:
        sizes: place, as ``input_ids``, ``in[0]`` or ``batch.mask`` -> its shape among inputs that agree with
            each other; None if it was not among these.
    """

    def __init__(self, sizes: Mapping[str, Sequence[int] | None]) -> None:
        self._sizes = sizes
        self._owners = {place: self._found(place) for place in sizes}

    def belong(self, one: str, other: str) -> bool:
        """Return whether one of two inputs says something of the other, or both of a third."""
        first, second = self.owners(one), self.owners(other)
        return other in first or one in second or bool(first & second)

    def owners(self, place: str) -> frozenset[str]:
        """Return the inputs that one says something of; none if it stands for itself, or nothing is known."""
        return self._owners.get(place, frozenset())

    def _found(self, place: str) -> frozenset[str]:
        own, inside = _own_name(place), _inside(place)
        beside = {
            _own_name(other): other
            for other in self._sizes
            if other != place and _inside(other) == inside and self._share(place, other)
        }
        for pattern, owners in OWNERS:
            if re.fullmatch(pattern, own) and (found := [beside[name] for name in owners if name in beside]):
                return frozenset(found[:1])
        if DESCRIBES.search(own) is None:
            return frozenset()
        described = {name: other for name, other in beside.items() if DESCRIBES.search(name) is None}
        alike = {other: _common(own, name) for name, other in described.items()}
        most = max(alike.values(), default=0)
        if most:
            return frozenset(other for other, count in alike.items() if count == most)
        if own.startswith(("decoder_", "encoder_")):  # of something that is not there
            return frozenset()
        return frozenset([described[name] for name in SEQUENCE if name in described][:1])

    def _share(self, one: str, other: str) -> bool:
        """Return whether two inputs have a size in common besides the batch, as far as that is known."""
        first, second = self._sizes[one], self._sizes[other]
        if first is None or second is None:
            return True
        return bool(set(first[first[:1] == second[:1] :]) & set(second[1:]))


def _common(one: str, other: str) -> int:
    """Return how many words two names begin with together; ``input`` alone says nothing."""
    count = 0
    for word, another in zip(one.split("_"), other.split("_"), strict=False):
        if word != another:
            break
        count += 1
    return 0 if count == 1 and one.startswith("input_") else count


def _own_name(place: str) -> str:
    """Return the name of an input without what it is inside of, and without its number in a list."""
    return re.sub(r"(\[\d+\])+$", "", place).rpartition(".")[2]


def _inside(place: str) -> str:
    return place.rpartition(".")[0]
