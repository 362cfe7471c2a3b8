"""A network of diffusers, and the sizes that its inputs have."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import partial
from math import isqrt
from typing import Any

from torch import nn

from shapeflow.adapters.inputs.fields import Fields
from shapeflow.adapters.inputs.latents import ROWS, TEXT, text_width
from shapeflow.adapters.inputs.said import dims_said, value_of
from shapeflow.adapters.inputs.uses import Use, use_of

SIDES = {"H": 32, "W": 32}
LETTERS = {"B": "batch", "F": "frames", "H": "height", "W": "width", "C": "channels"}
OF_TEXT = re.compile(r"text|txt|prompt|caption|cap_|lyric|encoder_hidden")
"""Names of inputs that are texts."""
SOUNDS = 16
"""How many vectors a sound has beside a video."""
WORDS: tuple[tuple[str, str], ...] = (
    (r"(.*_)?height|h", "H"),
    (r"(.*_)?width|w", "W"),
    (r"(num_)?frames?|f|t", "F"),
    (r"num_text.*|(.*_)?(text|prompt|key|ctx|context|lyric)_?(seq|tokens|len).*", "T"),
)
"""Pattern of a name that a docstring gives a dim -> the letter that a convention has for it."""


@dataclass(slots=True)
class Network:
    """A network and what is known of its main input."""

    model: nn.Module
    fields: Fields
    main: str
    dims: list[str]
    shape: list[int]
    kept: dict[str, Use] = field(default_factory=dict)
    given_words: int = 0
    """How many vectors there are for a text that a user gives; 0: none is given."""

    def size(self, dim: str, default: int = 1) -> int:
        """Return the size of a dim of the main input."""
        return self.shape[self.dims.index(dim)] if dim in self.dims else default

    def named(self, dim: int | str) -> int:
        """Return the size that a convention writes as a letter, a field of the configuration, or a sum."""
        if isinstance(dim, int):
            return dim
        size = value_of(dim, self._letter)
        assert size is not None, dim
        return size

    def _letter(self, name: str) -> Any:
        if name in ("T", "N"):
            return self.words if name == "T" else self.tokens
        if name in LETTERS:
            return self.size(LETTERS[name], ROWS if name == "B" else SIDES.get(name, 5))
        own = self.fields.get(name)
        return own if isinstance(own, int | list | tuple) else 8

    @property
    def tokens(self) -> int:
        """Return how many packed patches, or samples, there are in a row of the main input."""
        return self.size("tokens", self.size("samples", 64))

    @property
    def sides(self) -> tuple[int, int]:
        """Return how many rows and columns of packed patches there are: as alike as the number allows."""
        rows = next(side for side in range(isqrt(self.tokens), 0, -1) if self.tokens % side == 0)
        return rows, self.tokens // rows

    @property
    def words(self) -> int:
        """Return how many vectors there are for a text."""
        if self.given_words:
            return self.given_words
        said = self.dims_of("encoder_hidden_states")
        if len(said) == 3 and said[1] in self.dims_of(self.main)[1:]:
            return self.tokens
        return self.fields.number("max_text_seq_length", "text_len", default=TEXT)

    @property
    def width(self) -> int:
        """Return how wide the vectors of the text are."""
        return text_width(self.model, self.fields)

    def use(self, name: str) -> Use:
        """Return what the forward does with an argument."""
        if name not in self.kept:
            self.kept[name] = use_of(self.model, name)
        return self.kept[name]

    def dims_of(self, name: str) -> list[str]:
        """Return the dims that the docstring of the forward gives an argument."""
        return dims_said(type(self.model).forward.__doc__ or "", name)

    def shape_said(self, name: str) -> list[int] | None:
        """Return the shape that the docstring gives an argument, None if that cannot be worked out."""
        dims = self.dims_of(name)
        sizes = [self._said(name, dim, place, place == len(dims) - 1) for place, dim in enumerate(dims)]
        known = [size for size in sizes if size is not None]
        return known if dims and len(known) == len(dims) else None

    def _said(self, name: str, dim: str, place: int, last: bool) -> int | None:
        if place == 0 and re.fullmatch(r"b|n|bs|bsz|batch.*", dim, re.IGNORECASE):
            return ROWS
        width = self.use(name).width if last else 0
        return width or value_of(dim, partial(self._word, name, last=last))

    def _word(self, name: str, word: str, *, last: bool) -> Any:
        """Return the size, or the sizes, that a word in a docstring stands for."""
        own = self.fields.get(word)
        if isinstance(own, int | list | tuple):
            return own
        main = self.dims_of(self.main)
        if word in main[1:] and len(main) == len(self.shape):
            return self.shape[main.index(word)]  # the same word is the same size
        for pattern, letter in WORDS:
            if re.fullmatch(pattern, word, re.IGNORECASE):
                return self.named(letter)
        if "audio" in word:
            return SOUNDS
        if re.fullmatch(r"c|(num_)?channels", word, re.IGNORECASE) and "channels" in self.dims:
            return self.size("channels")
        return self._length_or_width(name, word, last)

    def _length_or_width(self, name: str, word: str, last: bool) -> int | None:
        is_text = OF_TEXT.search(name) is not None
        if re.search(r"len|seq|tokens|^[ln]$", word, re.IGNORECASE):
            return self.words if is_text else self.tokens
        return self.width if last and is_text and re.search(r"dim|^d", word.lower()) else None
