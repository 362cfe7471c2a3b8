"""Calls of torch's own functions that are like an earlier one: what the operators below them do is known.

The blocks of a model repeat, and so do their calls: the same function, shapes, dtypes and settings. To take
an operator through a dispatch mode costs more than all else that a recording does with it. So a call that is
like one that did nothing but make new tensors runs without the mode, as it would if nobody recorded, and has
the FLOPs of the earlier one.
"""

from __future__ import annotations

from types import (
    BuiltinFunctionType,
    FunctionType,
    MethodDescriptorType,
    MethodWrapperType,
    WrapperDescriptorType,
)
from typing import Any

import torch
from torch import Tensor
from torch.nn import Parameter

from shapeflow.recording.builders import OpBuilder
from shapeflow.recording.dispatch_mode import DispatchMode
from shapeflow.recording.modes import OwnMode
from shapeflow.recording.targets import GRADIENTS
from shapeflow.recording.torch_internals import (
    dispatch_mode_at,
    dispatch_mode_count,
    function_modes,
    in_function_transform,
    saved_tensors_hooks,
)
from shapeflow.recording.trace_builder import TraceBuilder

MOST_ITEMS = 8
"""Of a tuple or a list: the text of a longer one leaves some out."""
LONGEST = 64
"""Characters of a text: that of a longer one is cut."""

_WRITTEN_IN_C = BuiltinFunctionType | MethodDescriptorType | WrapperDescriptorType
_IN_PYTHON = frozenset({"torch.nn.functional", "torch.functional", Tensor.split.__module__})
"""Modules of torch whose functions call nothing but torch's own, and depend on their arguments alone."""
_TOLD: frozenset[type] = frozenset(
    {
        *(Tensor, Parameter, bool, int, float, type(None), type(Ellipsis)),
        *(torch.dtype, torch.device, torch.layout, torch.memory_format),
    }
)
"""What the port of an argument tells all of that matters: of a tensor its shape and dtype."""
_SEQUENCES: frozenset[type] = frozenset({tuple, list, torch.Size})

Key = tuple[Any, ...]
"""What two calls have in common that are alike."""


def is_torchs_own(func: Any) -> bool:
    """Return whether what a function does follows from its arguments alone, and no code of a user's runs."""
    if func in GRADIENTS:
        return False
    if isinstance(func, FunctionType):
        return func.__module__ in _IN_PYTHON
    if isinstance(func, MethodWrapperType):  # an attribute that is read
        return func.__name__ == "__get__" and getattr(func.__self__, "__objclass__", None) in Tensor.__mro__
    if not isinstance(func, _WRITTEN_IN_C):
        return False
    owner = getattr(func, "__objclass__", None)
    return owner in Tensor.__mro__ if owner is not None else str(func.__module__).split(".")[0] == "torch"


class Repeats:
    """Knows the FLOPs of calls of functions, from those that ran before.

    Args:
        builder: where the records of the run are.
        operators: the dispatch mode that tells of operators.
    """

    def __init__(self, builder: TraceBuilder, operators: DispatchMode) -> None:
        self._builder, self._operators = builder, operators
        self._flops: dict[Key, int] = {}
        self._is_ours = all(isinstance(mode, OwnMode) for mode in function_modes())

    def key(self, func: Any, op: OpBuilder, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Key | None:
        """Return what a call has in common with those that are like it; None if that cannot be told.

        Args:
            func: a function for which ``is_torchs_own`` says yes.
            op: its record, which has just begun.
            args: what it is called with.
            kwargs: what it is called with, too.
        """
        if not self._may_be_known() or not _all_told(args) or not (not kwargs or _all_told(kwargs.values())):
            return None
        key, values = [func], self._builder.identity.values
        for port in op.inputs:
            if port.value is None:
                key += (port.name, port.text)
            else:
                value = values[port.value]
                key += (port.name, value.shape, value.dtype)
        return tuple(key)

    def flops(self, key: Key) -> int | None:
        """Return the FLOPs of a call if they are known; then it may run without the dispatch mode."""
        return self._flops.get(key)

    def learn(self, key: Key, op: OpBuilder, inputs: int, escapes: int) -> None:
        """Note what a function took that has run under the dispatch mode, if it made new tensors alone.

        Args:
            key: what its call has in common with those that are like it.
            op: its record, to which nothing that it made is added yet.
            inputs: how many inputs it had when it began.
            escapes: how many escapes there were then.
        """
        builder = self._builder
        if (
            not (op.wrote or op.read_number or op.outputs)
            and op is builder.ops[-1]
            and len(op.inputs) == inputs
            and len(builder.escapes) == escapes
            and len(builder.identity.values) == op.first_value
        ):
            self._flops[key] = op.flops

    def _may_be_known(self) -> bool:
        """Return whether nobody else sees the operators, and nothing but arguments decides what they do."""
        return (
            self._is_ours
            and dispatch_mode_count() == 1
            and dispatch_mode_at(0) is self._operators
            and not self._builder.passes
            and not self._builder.identity.has_nested
            and not in_function_transform()
            and not (torch.is_grad_enabled() and _saves_elsewhere())
        )


def _saves_elsewhere() -> bool:
    """Return whether somebody may be called with each tensor that autograd saves."""
    return saved_tensors_hooks is None or saved_tensors_hooks(True) is not None


def _all_told(arguments: Any) -> bool:
    """Return whether the ports of some arguments tell all of them that matters."""
    for value in arguments:
        kind = type(value)
        if kind in _TOLD or (kind is str and len(value) <= LONGEST):
            continue
        if kind is slice:
            if not _all_told((value.start, value.stop, value.step)):
                return False
        elif kind not in _SEQUENCES or len(value) > MOST_ITEMS or not _all_told(value):
            return False
    return True
