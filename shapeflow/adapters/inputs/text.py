"""Texts as token ids: several tokens, special ones where they belong, the second text shorter and padded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from shapeflow.adapters.inputs.fields import Fields

ROWS, TOKENS, DECODED, SHORTER = 2, 16, 8, 4
"""Texts in a batch, tokens in one, tokens for a decoder, and how many the second text has less."""


@dataclass(frozen=True, slots=True)
class Words:
    """Token ids and which of them are real."""

    ids: list[list[int]]
    mask: list[list[int]]
    made: str


def words(fields: Fields, parts: Sequence[Sequence[int]] = (), *, length: int = TOKENS) -> Words:
    """Return a batch of texts.

    Args:
        fields: the model's configuration.
        parts: for each text tokens that stand for something else, such as the patches of a picture; they come
            after the first word.
        length: how many tokens a text has, those of ``parts`` not counted.
    """
    special = fields.special()
    vocabulary = fields.number("vocab_size", "n_vocab", "text_vocab_size", side="source", default=100)
    longest = fields.number("max_position_embeddings", "n_positions", side="source", default=length)
    length = min(length, longest) if longest > 3 else length
    first, last = (_known(special, name, vocabulary) for name in ("bos_token_id", "eos_token_id"))
    padding = _known(special, "pad_token_id", vocabulary) or 0
    ordinary = _ordinary(vocabulary, set(special.values()))
    ids, mask = [], []
    for row in range(ROWS):
        real = length - (SHORTER if row and length > 2 * SHORTER else 0)
        ends = ([first] if first is not None else []), ([last] if last is not None else [])
        inner = [ordinary[(7 * row + 3 * place) % len(ordinary)] for place in range(real)]
        inner = inner[: real - len(ends[0]) - len(ends[1])]
        middle = list(parts[row]) if parts else []
        text = [*ends[0], *inner[:1], *middle, *inner[1:], *ends[1]]
        short = length + max(map(len, parts), default=0) - len(text)
        ids.append(text + [padding] * short)
        mask.append([1] * len(text) + [0] * short)
    made = f"{ROWS} texts of {length} token ids below vocab_size {vocabulary:,}"
    if length > 2 * SHORTER:
        made += f", the second padded by {SHORTER} at its end"
    return Words(ids, mask, made)


def started(fields: Fields) -> Words:
    """Return a batch of texts as a decoder is given them: the token that starts one, then words."""
    special = fields.special()
    vocabulary = fields.number(
        "decoder_vocab_size", "vocab_size", "n_vocab", "codebook_size", side="text", default=100
    )
    start = next(
        (
            known
            for name in ("decoder_start_token_id", "bos_token_id", "pad_token_id")
            if (known := _known(special, name, vocabulary)) is not None
        ),
        0,
    )
    ordinary = _ordinary(vocabulary, set(special.values()))
    rows = [
        [start] + [ordinary[(5 * row + 2 * place) % len(ordinary)] for place in range(DECODED - 1)]
        for row in range(ROWS)
    ]
    made = f"{ROWS} texts of {DECODED} token ids below vocab_size {vocabulary:,}, the first of each starts it"
    return Words(rows, [[1] * DECODED] * ROWS, made)


def _known(special: dict[str, int], name: str, vocabulary: int) -> int | None:
    """Return a special token if the vocabulary has it."""
    value = special.get(name)
    return value if value is not None and 0 <= value < vocabulary else None


def _ordinary(vocabulary: int, special: set[int]) -> list[int]:
    """Return some token ids without a meaning of their own."""
    middle = [token for token in range(vocabulary // 3, vocabulary) if token not in special][:64]
    return middle or [token for token in range(vocabulary) if token not in special] or [0]
