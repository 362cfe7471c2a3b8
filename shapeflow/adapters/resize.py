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
    stretched: frozenset[str] = frozenset(),
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Return arguments in which some dims have other sizes.

    Rows are repeated or left out, never invented: token ids stay in the vocabulary, a mask stays a mask.

    Args:
        args: positional arguments.
        kwargs: keyword arguments.
        sizes: ``(port, dim)`` -> size; ports as in the trace, ``in[0]`` or ``in.mask``.
        parameters: the names of what is given by position; a port may have either name.
        stretched: ports of masks, in which what is hidden stays at its end: each row stands for some that
            follow one another, as in a picture of another size.
    """
    wanted: dict[int, dict[int, int]] = {}
    masks: set[int] = set()
    for name, other, value in arguments(args, kwargs, parameters):
        for place, leaf in walk(name, value):
            if isinstance(leaf, Tensor):
                places = (place, other and other + place[len(name) :])
                dims = {dim: size for (port, dim), size in sizes.items() if port in places}
                wanted.setdefault(id(leaf), {}).update(dims)
                masks |= {id(leaf)} if place in stretched else set()
    made: dict[int, Tensor] = {}

    def change(tensor: Tensor) -> Tensor:
        if id(tensor) not in made:  # one tensor given in two places stays one
            stretches = id(tensor) in masks
            made[id(tensor)] = _resized(tensor, wanted.get(id(tensor), {}), stretches=stretches)
        return made[id(tensor)]

    return map_tensors(args, change), map_tensors(kwargs, change)


def _resized(tensor: Tensor, dims: Mapping[int, int], *, stretches: bool) -> Tensor:
    for dim, size in dims.items():
        old = tensor.shape[dim]
        if old == 0:
            shape = [size if axis == dim else length for axis, length in enumerate(tensor.shape)]
            tensor = torch.zeros(shape, dtype=tensor.dtype, device=tensor.device)
        elif old != size:
            rows = torch.arange(size, device=tensor.device)
            rows = rows * old // size if stretches and dim else rows % old
            tensor = tensor.index_select(dim, rows)
    return tensor
