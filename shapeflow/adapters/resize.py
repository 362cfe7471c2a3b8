"""Give a model's input tensors other sizes, with contents that stay as valid as they were."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from shapeflow.recording.ports import arguments, map_tensors, walk


def resized(
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    sizes: Mapping[tuple[str, int], int],
    parameters: tuple[str, ...] = (),
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Return arguments in which some dims have other sizes.

    Rows are repeated or left out, never invented: token ids stay in the vocabulary, a mask stays a mask.

    Args:
        args: positional arguments.
        kwargs: keyword arguments.
        sizes: ``(port, dim)`` -> size; ports as in the trace, ``in[0]`` or ``in.mask``.
        parameters: the names of what is given by position; a port may have either name.
    """
    wanted: dict[int, dict[int, int]] = {}
    for name, other, value in arguments(args, kwargs, parameters):
        for place, leaf in walk(name, value):
            if isinstance(leaf, Tensor):
                places = (place, other and other + place[len(name) :])
                dims = {dim: size for (port, dim), size in sizes.items() if port in places}
                wanted.setdefault(id(leaf), {}).update(dims)
    made: dict[int, Tensor] = {}

    def change(tensor: Tensor) -> Tensor:
        if id(tensor) not in made:  # one tensor given in two places stays one
            made[id(tensor)] = _resized(tensor, wanted.get(id(tensor), {}))
        return made[id(tensor)]

    return map_tensors(args, change), map_tensors(kwargs, change)


def _resized(tensor: Tensor, dims: Mapping[int, int]) -> Tensor:
    for dim, size in dims.items():
        old = tensor.shape[dim]
        if old == 0:
            shape = [size if axis == dim else length for axis, length in enumerate(tensor.shape)]
            tensor = torch.zeros(shape, dtype=tensor.dtype, device=tensor.device)
        elif old != size:
            tensor = tensor.index_select(dim, torch.arange(size, device=tensor.device) % old)
    return tensor
