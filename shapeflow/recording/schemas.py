"""What an operator's schema and tags tell: what it does with values and memory, and what it writes to."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum, auto
from functools import cache
from typing import Any

import torch
from torch import Tensor


class Kind(Enum):
    """What an operator does with values and memory."""

    FACTORY = auto()
    """Makes numbers from sizes and Python numbers alone."""
    COPY = auto()
    """Copies or converts: the values stay the same."""
    VIEW = auto()
    """The result shares memory with an argument."""
    PURE = auto()
    """New results that depend on the arguments' values and on nothing else."""
    WRITE = auto()
    """Writes into an argument."""
    READ = auto()
    """The result's shape, or a Python number, depends on values; or it is not known to be new."""
    QUESTION = auto()
    """Asks for a size, a stride, a dtype."""


_COPIES = frozenset({"_to_copy", "to", "clone", "contiguous", "lift_fresh_copy"})
_READERS = frozenset(
    {
        *("item", "is_nonzero", "equal", "allclose", "masked_select", "repeat_interleave"),
        "_nested_tensor_from_mask_left_aligned",
        *("broadcast_tensors", "meshgrid", "atleast_1d", "atleast_2d", "atleast_3d", "pad"),
    }
)
"""Operators that ``inference_mode`` hands over undivided though they read values, give views or have several
ways to go, and no tag or mark says so: they are answered part by part."""
_FACTORIES = frozenset(
    {
        *("zeros_like", "ones_like", "full_like", "empty_like"),
        *("new_zeros", "new_ones", "new_full", "new_empty", "new_empty_strided"),
    }
)
"""Operators that ask a tensor for its shape and dtype alone."""
_NORMALISATIONS = {
    "native_batch_norm": "training",
    "cudnn_batch_norm": "training",
    "miopen_batch_norm": "training",
    "_batch_norm_impl_index": "training",
    "batch_norm": "training",
    "instance_norm": "use_input_stats",
}
"""Operators that write running statistics if an argument says so, and do not say so in their schema."""


@cache
def kind_of(func: Any) -> Kind:
    """Return what an operator does."""
    schema, name = func._schema, func.overloadpacket.__name__
    dependent = {torch.Tag.data_dependent_output, torch.Tag.dynamic_output_shape} & set(func.tags)
    takes_tensor = any("Tensor" in str(argument.type) for argument in schema.arguments)
    gives_tensor = any("Tensor" in str(output.type) for output in schema.returns)
    answers = {
        Kind.WRITE: bool(_marked(schema)),
        Kind.COPY: name in _COPIES,
        Kind.VIEW: any(output.alias_info is not None for output in schema.returns),
        Kind.READ: bool(dependent) or name in _READERS,
        Kind.QUESTION: bool(schema.returns) and not gives_tensor,
        Kind.FACTORY: not takes_tensor or name in _FACTORIES,
    }
    return next((kind for kind, answer in answers.items() if answer), Kind.PURE)


@cache
def is_random(func: Any) -> bool:
    """Return True if an operator draws random numbers."""
    return torch.Tag.nondeterministic_seeded in func.tags


@cache
def _writes(func: Any) -> tuple[tuple[tuple[int, str], ...], tuple[int, str] | None]:
    """Return the arguments that an operator writes to, and the one that says whether it does, if one does."""
    flag = _NORMALISATIONS.get(func.overloadpacket.__name__)
    if flag is None:
        return _marked(func._schema), None
    places = [(position, argument.name) for position, argument in enumerate(func._schema.arguments)]
    statistics = tuple(place for place in places if place[1] in ("running_mean", "running_var"))
    return statistics, next((place for place in places if place[1] == flag), None)


def _marked(schema: Any) -> tuple[tuple[int, str], ...]:
    return tuple(
        (position, argument.name)
        for position, argument in enumerate(schema.arguments)
        if argument.alias_info is not None and argument.alias_info.is_write
    )


def written_tensors(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Iterator[Tensor]:
    """Yield the tensors that a call of an operator writes to."""
    places, flag = _writes(func)
    if not places or (flag is not None and not _argument(flag, args, kwargs)):
        return
    for place in places:
        target = _argument(place, args, kwargs)
        for tensor in target if isinstance(target, list | tuple) else (target,):
            if isinstance(tensor, Tensor):
                yield tensor


def _argument(place: tuple[int, str], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    position, name = place
    return args[position] if position < len(args) else kwargs.get(name)
