"""What operators of a shapes-only run are given, as they are to be called or named."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from shapeflow.recording.notation import notation
from shapeflow.recording.schemas import tensors_in

CPU = torch.device("cpu")


def on_cpu(kwargs: dict[str, Any]) -> dict[str, Any]:
    """Return keyword arguments for really doing what is asked for any device."""
    changes = {"device": CPU, "pin_memory": False}
    return {name: changes.get(name, value) for name, value in kwargs.items()} if kwargs else kwargs


def tensors_among(args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[Tensor]:
    """Return the tensors among arguments, positional and by name."""
    return tensors_in((*args, *kwargs.values()) if kwargs else args)


def notations(args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
    """Return the tensors among arguments in the one notation."""
    return ", ".join(notation(tensor) for tensor in tensors_among(args, kwargs))
