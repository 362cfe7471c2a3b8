"""What an operator's schema and tags tell: what it does with values and memory, and what it writes to."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from functools import cache
from itertools import zip_longest
from math import prod
from typing import Any

import torch
from torch import Tensor

from shapeflow.recording.torch_internals import HigherOrderOperator, schema_of


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
    QUERY = auto()
    """Asks for a size, a stride, a dtype."""
    HIGHER = auto()
    """A function that calls operators, such as ``cond``."""


_COPIES = frozenset({"_to_copy", "to", "clone", "contiguous", "lift_fresh_copy"})
_READERS = frozenset(
    {
        *("item", "is_nonzero", "equal", "allclose", "masked_select", "repeat_interleave"),
        "_nested_tensor_from_mask_left_aligned",
        *("broadcast_tensors", "meshgrid", "atleast_1d", "atleast_2d", "atleast_3d", "pad"),
    }
)
"""Operators that ``inference_mode`` hands over undivided though they read values, give views or have several
ways to go, and no tag or mark says so: they run part by part."""
_NUMBER_READERS = frozenset({"_local_scalar_dense", "item", "is_nonzero", "equal"})
_SIZED_BY_DATA = frozenset({"nms", "masked_select", "repeat_interleave", "nonzero"})
"""Operators of this kind that not every version of torch, or no package of its own, marks so."""
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


Place = tuple[int, str]
"""Position and name of an argument."""


@dataclass(frozen=True, slots=True)
class Operator:
    """What is known of an operator before it is called."""

    func: Any
    name: str
    kind: Kind
    is_random: bool = False
    """It draws random numbers."""
    is_pointwise: bool = False
    """Its result has the shape to which its arguments broadcast."""
    reads_number: bool = False
    """It reads a number into Python, or compares all of them."""
    sized_by_data: bool = False
    """How large its result is depends on numbers."""
    reshapes: bool = False
    """It changes the shape of its first argument in place."""
    gives_nothing: bool = False
    """It has no result."""
    writes: tuple[Place, ...] = ()
    """The arguments it writes to."""
    writes_if: Place | None = None
    """The argument that says whether it does, if one does."""

    @property
    def writes_first_alone(self) -> bool:
        """True if it always writes to its first argument, which is a tensor, and to nothing else."""
        return len(self.writes) == 1 and self.writes[0][0] == 0 and self.writes_if is None

    def written(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[Tensor]:
        """Return the tensors that a call with these arguments writes to."""
        if not self.writes or (self.writes_if is not None and not _argument(self.writes_if, args, kwargs)):
            return []
        targets = [_argument(place, args, kwargs) for place in self.writes]
        return tensors_in(targets)


def tensors_in(arguments: Iterable[Any]) -> list[Tensor]:
    """Return the tensors among an operator's arguments, and those in its lists of tensors."""
    found: list[Tensor] = []
    for value in arguments:
        if isinstance(value, Tensor):
            found.append(value)
        elif isinstance(value, list | tuple):
            found += [item for item in value if isinstance(item, Tensor)]
    return found


def deciding_size(operator: Operator, args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[Tensor]:
    """Return the tensors whose numbers decide how large the result of an operator is; mostly none do."""
    if not operator.sized_by_data:
        return []
    if operator.name == "index":  # by numbers it gives as many as there are; by a mask as many as are true
        return [tensor for tensor in tensors_in(args[1:]) if tensor.dtype in (torch.bool, torch.uint8)]
    masks = {"masked_select": args[1:], "repeat_interleave": args[1:] or args}
    return tensors_in((*masks.get(operator.name, args), *kwargs.values()))


def broadcast_elements(tensors: Sequence[Tensor]) -> int:
    """Return the most elements that a tensor has to which these broadcast; without end for nested ones."""
    if any(tensor.is_nested for tensor in tensors):
        return sys.maxsize
    sizes = zip_longest(*[reversed(tensor.shape) for tensor in tensors], fillvalue=1)
    return prod([max(dim) for dim in sizes])


@cache
def operator_of(func: Any) -> Operator:
    """Return what is known of an operator (an ``OpOverload`` of torch) by its schema and its tags."""
    if isinstance(func, HigherOrderOperator):
        return Operator(func, func.__name__, Kind.HIGHER)
    schema, name, tags = schema_of(func), func.overloadpacket.__name__, set(func.tags)
    flag = _NORMALISATIONS.get(name)
    places = [(position, argument.name) for position, argument in enumerate(schema.arguments)]
    marked = tuple(place for place in places if _is_written(schema.arguments[place[0]]))
    statistics = tuple(place for place in places if place[1] in ("running_mean", "running_var"))
    return Operator(
        func,
        name,
        _kind(schema, name, tags),
        torch.Tag.nondeterministic_seeded in tags,
        torch.Tag.pointwise in tags,
        torch.Tag.data_dependent_output in tags or name in _NUMBER_READERS,
        torch.Tag.dynamic_output_shape in tags or name in _SIZED_BY_DATA,
        torch.Tag.inplace_view in tags,
        not schema.returns,
        marked if flag is None else statistics,
        next((place for place in places if place[1] == flag), None),
    )


def _kind(schema: Any, name: str, tags: set[torch.Tag]) -> Kind:
    dependent = {torch.Tag.data_dependent_output, torch.Tag.dynamic_output_shape} & tags
    takes_tensor = any("Tensor" in str(argument.type) for argument in schema.arguments)
    gives_tensor = any("Tensor" in str(output.type) for output in schema.returns)
    applies = {
        Kind.WRITE: any(map(_is_written, schema.arguments)),
        Kind.COPY: name in _COPIES,
        Kind.VIEW: any(output.alias_info is not None for output in schema.returns),
        Kind.READ: bool(dependent) or name in _READERS,
        Kind.QUERY: bool(schema.returns) and not gives_tensor,
        Kind.FACTORY: not takes_tensor or name in _FACTORIES,
    }
    return next((kind for kind, does in applies.items() if does), Kind.PURE)


def _is_written(argument: Any) -> bool:
    return argument.alias_info is not None and argument.alias_info.is_write


def _argument(place: Place, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    position, name = place
    return args[position] if position < len(args) else kwargs.get(name)
