"""Inputs that only one model of transformers takes, where they are more than a shape."""

from __future__ import annotations

from collections.abc import Callable

import torch

from shapeflow.adapters.inputs.fields import Fields
from shapeflow.adapters.inputs.rules import Made
from shapeflow.adapters.inputs.text import ROWS, words


def seen_by_two(fields: Fields) -> Made:
    """Return texts of a robot with two cameras: 256 tokens stand for the picture of each."""
    token = fields.number("image_token_id", side="picture")
    text = words(fields, [[token] * 512] * ROWS)
    return torch.tensor(text.ids), f"{text.made}, 512 of them for the pictures of two cameras"


def among(name: str, count: int) -> Callable[[Fields], Made]:
    """Return a maker of texts in which as many tokens of a kind stand for something else."""

    def make(fields: Fields) -> Made:
        text = words(fields, [[fields.special().get(name, 5)] * count] * ROWS)
        return torch.tensor(text.ids), f"{text.made}, and {count} that stand for something else"

    return make


def mask_among(count: int) -> Callable[[Fields], Made]:
    """Return a maker of the mask that goes with ``among``."""

    def make(fields: Fields) -> Made:
        return torch.tensor(words(fields, [[5] * count] * ROWS).mask), "1 for each real token, 0 for padding"

    return make


def places(count: int) -> Callable[[Fields], Made]:
    """Return a maker of what says where the tokens of ``among`` stand."""

    def make(fields: Fields) -> Made:
        ids = torch.tensor(words(fields, [[-1] * count] * ROWS).ids)
        return (ids == -1).long(), f"1 at the {count} places of the picture"

    return make


def atoms(fields: Fields) -> Made:
    """Return the atoms of two molecules, as ESMFold2 takes them in one parcel."""
    from transformers.models.esmfold2.modeling_esmfold2 import EsmFold2AtomInputs

    count, per_token = 64, 4
    several = torch.arange(count).repeat(ROWS, 1)
    parcel = EsmFold2AtomInputs(
        ref_pos=torch.rand(ROWS, count, 3),
        ref_charge=torch.zeros(ROWS, count),
        atom_attention_mask=torch.ones(ROWS, count, dtype=torch.bool),
        ref_element=torch.full((ROWS, count), 6),
        ref_atom_name_chars=torch.full((ROWS, count, 4), 5),
        ref_space_uid=several // per_token,
        atom_to_token=several // per_token,
    )
    return parcel, f"{count} atoms of {count // per_token} tokens in each of {ROWS} molecules"


def without_cache(fields: Fields) -> Made:
    """Return that no cache is kept: there are models that cannot build theirs."""
    return (
        False,
        "its cache cannot be built from its configuration, which does not say how many layers it has",
    )
