"""Load weights into a model and say in plain words what did not fit."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import nn

from shapeflow.common.text import counted, listing, nearest
from shapeflow.errors import InputError

OPTION = "option --checkpoint"
NO_WEIGHTS = (
    "Without a checkpoint the weights are random numbers from a seed: "
    "the shapes are true, the values mean nothing."
)


def read_weights(path: Path) -> dict[str, Any]:
    """Return the contents of a ``.pt`` (tensors only, nothing is executed) or ``.safetensors`` file.

    Raises:
        InputError: no such file, or not a checkpoint.
    """
    if not path.is_file():
        folder = path.parent
        close = nearest(path.name, [entry.name for entry in folder.iterdir()] if folder.is_dir() else [], 1)
        raise InputError(
            "checkpoint-missing",
            f"no checkpoint file '{path}'",
            where=OPTION,
            because="shapes do not depend on weights; only value claims do",
            hint=f"--checkpoint {folder / close[0]}"
            if close
            else "leave --checkpoint out for a shapes-only run",
        )
    try:
        if path.suffix == ".safetensors":
            from safetensors.torch import load_file

            return dict(load_file(path))
        loaded = torch.load(path, map_location="cpu", weights_only=True, mmap=zipfile.is_zipfile(path))
    except Exception as error:  # each kind of broken file fails in its own way
        raise InputError(
            "checkpoint-unreadable",
            f"'{path}' cannot be read as a checkpoint",
            where=OPTION,
            expected="tensors by name, saved by torch.save (.pt) or safetensors (.safetensors)",
            found=f"{path.stat().st_size:,} bytes",
            because=str(error).strip().splitlines()[0][:160] if str(error).strip() else type(error).__name__,
        ) from None
    if not isinstance(loaded, dict):
        raise InputError(
            "checkpoint-unreadable",
            f"'{path}' holds no tensors by name",
            where=OPTION,
            expected="a dict of tensors",
            found=type(loaded).__name__,
        )
    return loaded


def _unwrapped(weights: dict[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """Return weights without what a wrapper put before all names, ``model.``, where none fits with it."""
    first, dot, _ = next(iter(weights), "").partition(".")
    prefix = first + dot
    if not dot or any(name in own or not name.startswith(prefix) for name in weights):
        return weights
    return {name.removeprefix(prefix): value for name, value in weights.items()}


def load_into(
    model: nn.Module, path: Path, rename: Callable[[dict[str, Any]], dict[str, Any]], *, shapes_only: bool
) -> list[str]:
    """Load a checkpoint and return notes on keys that are missing or not expected.

    Args:
        model: gets the weights; in a shapes-only run names and shapes are compared and nothing is copied.
        path: the file.
        rename: takes the file's contents to the model's own names.
        shapes_only: whether the model has no weights.

    Raises:
        InputError: the file cannot be read, or it is of another model.
    """
    own = {name: tensor.shape for name, tensor in model.state_dict().items()}
    weights = _unwrapped(rename(read_weights(path)), own)
    given = {name: value.shape for name, value in weights.items() if isinstance(value, torch.Tensor)}
    fitting = [name for name in own if given.get(name) == own[name]]
    other_shape = [name for name in own if name in given and given[name] != own[name]]
    missing, unexpected = (
        [name for name in own if name not in given],
        [name for name in given if name not in own],
    )
    if other_shape or len(fitting) * 2 < len(own):
        first = other_shape[0] if other_shape else ""
        raise InputError(
            "checkpoint-other-model",
            f"'{path}' is a checkpoint of another model",
            where=OPTION,
            expected=f"{counted(len(own), 'tensor')}, such as {listing(list(own), 2)}",
            found=f"{counted(len(given), 'tensor')}, such as {listing(list(given), 2)}; {len(fitting):,} fit",
            because=f"'{first}' is {list(given[first])}, the model has {list(own[first])}" if first else "",
        )
    if not shapes_only:
        model.load_state_dict({name: weights[name] for name in fitting}, strict=False)
    notes = []
    if missing:
        notes.append(f"The checkpoint lacks {counted(len(missing), 'tensor')}: {listing(missing)}.")
    if unexpected:
        extra = counted(len(unexpected), "tensor")
        notes.append(f"The checkpoint has {extra} that the model does not: {listing(unexpected)}.")
    return notes
