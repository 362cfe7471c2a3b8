"""What happens below the torch functions: every operator, through a dispatch mode.

It tells what is written in place, what is read that is no argument, and how many FLOPs an op takes, and it is
the net for operators that no function call is open for (scripted functions, C++ callers): those are recorded
under their own name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import nullcontext
from typing import Any

import torch
from torch import Tensor

from shapeflow.model.records import Escape, Port
from shapeflow.recording.builders import OpBuilder
from shapeflow.recording.dispatch_mode import DispatchMode
from shapeflow.recording.flops import flop_formula, flops_of, may_count
from shapeflow.recording.ports import walk
from shapeflow.recording.redispatch import have_own_dispatch, holds_others, redispatch
from shapeflow.recording.schemas import Operator, deciding_size, operator_of, tensors_in
from shapeflow.recording.torch_internals import HigherOrderOperator, no_torch_function
from shapeflow.recording.trace_builder import TraceBuilder


class OperatorWatch:
    """Tells the trace builder of each operator: its writes, its FLOPs, and those outside of all functions.

    Args:
        builder: where the records go.
        is_here: tells whether what happens now is part of the recording.
    """

    def __init__(self, builder: TraceBuilder, is_here: Callable[[], bool]) -> None:
        self.is_here = is_here
        self._builder = builder

    def begin(self, operator: Operator, args: tuple[Any, ...], kwargs: dict[str, Any]) -> OpBuilder | None:
        """Note what an operator writes to; returns a new op if it has to be recorded by itself."""
        builder, alone = self._builder, None
        if builder.passes:
            builder.passes[-1].reads(tensors_in((*args, *kwargs.values())))
        if not builder.open_ops:
            # The last step of making a tensor of Python's numbers has what it makes as its argument.
            made = operator.func is torch.ops.aten.lift_fresh.default
            alone = (
                builder.begin_op("tensor", (), {}) if made else builder.begin_op(operator.name, args, kwargs)
            )
        op = builder.open_op
        if op is not None:
            self._also_read(op, tensors_in((*args, *kwargs.values()) if kwargs else args))
            if operator.reads_number:
                op.read_number = True
            if operator.sized_by_data:
                self._size_decided(op, deciding_size(operator, args, kwargs))
        if op is not None and operator.writes:
            for tensor in operator.written(args, kwargs):
                op.wrote = True
                if operator.reshapes:
                    builder.identity.reshaped(tensor)
                else:
                    builder.identity.written(tensor, op.id)
        return alone

    def _also_read(self, op: OpBuilder, tensors: Iterable[Tensor]) -> None:
        """Add to an open op what an operator in it reads that was there before and is none of its arguments.

        Functions reach tensors also through what they close over and through containers of any class.
        """
        identity = self._builder.identity
        for tensor in tensors:
            value = identity.current(tensor)
            if value is None:
                if not identity.seen_before(tensor, op.id):
                    continue
                value = self._builder.read(tensor)  # a parameter, or something that another op wrote to
            elif value >= op.first_value:
                continue
            # What a tensor that wraps others (nested, masked) holds is an argument by its wrapper.
            if value not in op.given and not identity.have_own_dispatch(op.given):
                op.inputs.append(Port(f"in.unseen[{len(op.inputs)}]", value))

    def _size_decided(self, op: OpBuilder, by: Iterable[Tensor]) -> None:
        """Note that the numbers of some tensors decide how large the result of an op is: so they leave it."""
        for tensor in by:
            value = self._builder.identity.current(tensor)
            if value is None:
                self._builder.escape(op, "size")
            else:
                escape = Escape(value, "size", op.call, op.source)
                if escape not in self._builder.escapes[-1:]:  # what is composed of others tells it once
                    self._builder.escapes.append(escape)

    def end(self, begun: OpBuilder | None, flops: int, result: Any) -> None:
        """Add an operator's FLOPs to the op that is open, and close the op that it is alone in."""
        op = self._builder.open_op
        if op is not None:
            op.flops += flops
        if begun is not None:
            self._builder.end_op(begun, walk("out", result))

    def failed(self, begun: OpBuilder | None, error: BaseException) -> None:
        """Close the op of an operator that raised."""
        if begun is not None:
            self._builder.fail_op(begun, error)


Count = Callable[[Any, tuple[Any, ...], dict[str, Any]], int]
"""Gives the FLOPs of an operator by its arguments' shapes alone; raises where that cannot be told."""


class RealOperators(DispatchMode):
    """Passes every operator on unchanged, after telling the watch of it and of its FLOPs.

    Args:
        watch: is told of each operator.
        count: gives the FLOPs.
    """

    def __init__(self, watch: OperatorWatch, count: Count) -> None:
        super().__init__()
        self._watch = watch
        self._count = count

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Run one operator."""
        kwargs = kwargs or {}
        if not self._watch.is_here():
            return redispatch(func, types, args, kwargs)
        # No function is called here: a function mode has seen it before, or the caller is not in Python.
        with no_torch_function():
            begun = self._watch.begin(operator_of(func), args, kwargs)
            by_result = _has_formula(func, types, args)
            flops = 0 if by_result else self._flops(func, args, kwargs)
            inside = _Inside(self._flops) if flops is None and holds_others(types) else nullcontext()
            try:
                with inside:
                    result = redispatch(func, types, args, kwargs)
            except BaseException as error:
                self._watch.failed(begun, error)
                raise
            if by_result:
                flops = _flops_by_result(func, args, kwargs, result)
            self._watch.end(begun, inside.flops if isinstance(inside, _Inside) else flops or 0, result)
        return result

    def _flops(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> int | None:
        if isinstance(func, HigherOrderOperator) or not may_count(func):
            return 0
        try:
            return self._count(func, args, kwargs)
        except Exception:  # no meta formula for this operator: its FLOPs stay uncounted, and the run goes on
            return None


def _has_formula(func: Any, types: Any, args: tuple[Any, ...]) -> bool:
    """Return whether a formula gives an operator's FLOPs at once, by what it is given and what it gave."""
    if isinstance(func, HigherOrderOperator) or flop_formula(func) is None or have_own_dispatch(types):
        return False
    return all(tensor.layout is torch.strided and not tensor.is_nested for tensor in tensors_in(args))


def _flops_by_result(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> int:
    try:
        return flops_of(func, args, kwargs, result)
    except Exception:  # the formula does not know all that the kernel takes
        return 0


class _Inside(DispatchMode):
    """Adds up the FLOPs of the operators that a tensor calls on what it holds, such as a jagged one.

    Args:
        count: gives the FLOPs of an operator.
    """

    lasts = False

    def __init__(self, count: Callable[[Any, tuple[Any, ...], dict[str, Any]], int | None]) -> None:
        super().__init__()
        self._count = count
        self.flops = 0

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Run one operator, and add what it takes."""
        if have_own_dispatch(types):
            return NotImplemented
        kwargs = kwargs or {}
        self.flops += self._count(func, args, kwargs) or 0
        return redispatch(func, types, args, kwargs)
