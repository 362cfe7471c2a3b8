"""A tensor of a shapes-only run as text, copied, and pickled.

Printing decides nothing about shapes, so a symbolic tensor prints its size in the place of its numbers.
"""

from __future__ import annotations

import copy
import sys
from collections.abc import Callable
from contextlib import nullcontext
from functools import partial
from types import FrameType
from typing import Any

import torch
from torch import Tensor

from shapeflow.errors import NeedsValues
from shapeflow.recording import torch_internals
from shapeflow.recording.notation import notation
from shapeflow.recording.shapes_only.concrete import ConcreteValues
from shapeflow.recording.shapes_only.stand_ins import lift
from shapeflow.recording.source import calling_file, is_hidden

UNKNOWN = "?"
"""What stands for a symbolic number in a text with a format of its own."""


def handlers(concrete: ConcreteValues) -> dict[Any, Callable[..., Any]]:
    """Return what is called instead of the functions that make a text or a copy of a tensor."""
    return {
        Tensor.__repr__: partial(_repr, concrete),
        Tensor.__format__: partial(_format, concrete),
        Tensor.untyped_storage: partial(_memory, concrete),
    }


def _repr(concrete: ConcreteValues, tensor: Tensor, **options: Any) -> str:
    if concrete.has_values(tensor):
        return str(concrete.values_of(tensor).__repr__(**options))
    with torch_internals.no_torch_function(), torch_internals.no_torch_dispatch():
        return str(lift(tensor).__repr__(**options)).replace("device='meta', ", "")


def _format(concrete: ConcreteValues, tensor: Tensor, form: str) -> str:
    """Return a number by its format; a symbolic one as a question mark."""
    if concrete.has_values(tensor):
        return format(concrete.values_of(tensor), form)
    if tensor.dim() == 0 and form:
        return UNKNOWN
    with torch_internals.no_torch_function(), torch_internals.no_torch_dispatch():
        return str(lift(tensor).__format__(form)).replace("device='meta', ", "")


def _memory(concrete: ConcreteValues, tensor: Tensor) -> torch.UntypedStorage:
    """Return what a tensor lies in: a copy of it shares that, and a file gets its numbers."""
    without_data = concrete.is_symbolic(tensor) and not concrete.is_protected(tensor)
    if without_data and _is_taken_apart() and calling_file() != copy.__file__:
        if not concrete.has_values(tensor):
            raise NeedsValues("pickle", notation(tensor))
        return concrete.values_of(tensor).untyped_storage()
    return tensor.untyped_storage()


def _is_taken_apart() -> bool:
    """Return True if a tensor is being taken apart, to be copied or pickled, by a function of torch's."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_code is not torch_internals.taken_apart.__code__:
        frame = frame.f_back if is_hidden(frame.f_code.co_filename) else None
    return frame is not None


def made_again(concrete: ConcreteValues, memory: Any, *place: Any) -> Tensor:
    """Return a new tensor on a memory, made by the calls by which torch makes a copy."""
    untyped = torch_internals.untyped_of(memory)
    on_meta = untyped.device.type == "meta"
    with concrete.nothing_new() if on_meta else nullcontext():
        made = torch.empty(
            (0,), dtype=memory.dtype, device=torch.device("cpu") if on_meta else untyped.device
        )
    return made.set_(untyped, *place)
