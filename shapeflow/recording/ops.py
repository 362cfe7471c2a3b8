"""Record torch function calls as ops, at the level at which the model's author wrote them.

A function mode gives the names (``einsum``, ``interpolate``, ``getitem``); a dispatch mode below it tells what was
written in place, counts FLOPs, and is the net for operators that no function call is open for (scripted functions,
C++ callers): those are recorded under their operator's name. Results of an op without tensors (sizes, flags) are
not recorded; a value read into Python is an escape.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode

from shapeflow.recording.attention import OPENED, attention_flops, score_shape
from shapeflow.recording.devices import on_cpu
from shapeflow.recording.draft import Draft, OpDraft
from shapeflow.recording.identity import short_dtype
from shapeflow.recording.meta import MetaMemo, flop_formula
from shapeflow.recording.ports import arguments, walk

_READS = {
    "item": "item",
    "tolist": "tolist",
    "numpy": "numpy",
    "array": "numpy",
    "bool": "bool",
    "int": "int",
    "float": "float",
    "index": "index",
    "contains": "contains",
    "is_nonzero": "bool",
    "equal": "equal",
    "allclose": "allclose",
}
"""Functions that read a value into Python, and how an escape is called."""

_SAME_NAME = frozenset({Tensor.bool, Tensor.int, Tensor.float})
"""Conversions of a tensor's dtype, which are called as the reading ``__bool__``, ``__int__``, ``__float__`` are."""

_SWAPPED = {
    "radd": "add",
    "rmul": "mul",
    "rsub": "sub",
    "rtruediv": "truediv",
    "rpow": "pow",
    "rmatmul": "matmul",
}

_QUIET = {
    getattr(Tensor, name).__get__
    for name in (
        "shape",
        "device",
        "dtype",
        "ndim",
        "is_meta",
        "is_cpu",
        "is_cuda",
        "requires_grad",
        "layout",
    )
    if hasattr(getattr(Tensor, name), "__get__")
} | {
    Tensor.size,
    Tensor.dim,
    Tensor.numel,
    Tensor.stride,
    Tensor.is_floating_point,
    Tensor.__len__,
    Tensor.is_complex,
}
"""Questions about a tensor that are asked often and never give one."""


def target_name(func: Any) -> str:
    """Return the name of a torch function as people write it: ``add`` for ``Tensor.__add__``, ``T`` for the getter."""
    name = getattr(func, "__name__", type(func).__name__)
    if name in ("__get__", "__set__"):
        return str(getattr(getattr(func, "__self__", None), "__name__", name))
    if name.startswith("__") and name.endswith("__"):
        bare = name.strip("_")
        if (
            bare.startswith("i")
            and hasattr(Tensor, f"__{bare[1:]}__")
            and bare not in ("invert", "index", "int")
        ):
            return bare[1:] + "_"
        return _SWAPPED.get(bare, bare)
    return str(name)


class FunctionRecorder(TorchFunctionMode):
    """Records each torch function call as an op of the draft.

    Args:
        draft: where the records go.
        redirect_cuda: answer ``cuda`` with the CPU, on a machine without it.
        stand_ins: functions to run instead of torch's, for a shapes-only run.
    """

    def __init__(self, draft: Draft, redirect_cuda: bool, stand_ins: dict[Any, Any]) -> None:
        super().__init__()
        self._draft = draft
        self._redirect_cuda = redirect_cuda
        self._stand_ins = stand_ins
        self._names: dict[Any, str] = {}

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Run one torch function and record it."""
        kwargs = kwargs or {}
        if func in _QUIET:
            return func(*args, **kwargs)
        name = self._names.get(func)
        if name is None:
            name = self._names[func] = target_name(func)
        draft = self._draft
        if name in _READS and func not in _SAME_NAME:
            return self._read(func, name, args, kwargs)
        if self._redirect_cuda:
            args, kwargs = on_cpu(func, args, kwargs)
        with torch._C.DisableTorchFunction():  # what we ask a tensor is nobody else's business, and costs less
            op = draft.begin_op(name, arguments(args, kwargs))
        try:
            result = self._run(func, args, kwargs)
        except BaseException:
            draft.fail_op(op)
            raise
        with torch._C.DisableTorchFunction():
            self._end(op, name, args, result)
        return result

    def _run(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        opened = OPENED.get(func)
        if opened is not None:
            with self:
                return opened(*args, **kwargs)
        stand_in = self._stand_ins.get(func)
        return func(*args, **kwargs) if stand_in is None else stand_in(*args, **kwargs)

    def _end(self, op: OpDraft, name: str, args: tuple[Any, ...], result: Any) -> None:
        if name == "setitem":
            result = args[0]
        if isinstance(result, Tensor):
            leaves: list[tuple[str, Any]] = [("out", result)]
        elif result is None or isinstance(result, bool | int | float | str | torch.Size | torch.dtype):
            leaves = []
        else:
            leaves = walk("out", result)
        if name == "scaled_dot_product_attention":
            self._attention(op, *args[:3])
        self._draft.end_op(op, leaves)

    def _attention(
        self, op: OpDraft, query: Tensor, key: Tensor, value: Tensor | None = None, *_: Any
    ) -> None:
        if value is None:
            return
        op.flops = attention_flops(query, key, value)
        self._draft.derive(op, "score", short_dtype(query.dtype), score_shape(query, key))

    def _read(self, func: Any, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        for tensor in args:
            if isinstance(tensor, Tensor):
                self._draft.escape(tensor, _READS[name])
        op = self._draft.begin_op(name, arguments(args, kwargs))
        try:
            result = func(*args, **kwargs)
        except BaseException:
            self._draft.fail_op(op)
            raise
        self._draft.drop_op(op)
        return result


class OperatorWatch:
    """Sees every operator below the functions: writes, FLOPs, and operators that no function is open for."""

    def __init__(self, draft: Draft) -> None:
        self._draft = draft
        self._writes: dict[Any, tuple[tuple[int, str], ...]] = {}

    def begin(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> OpDraft | None:
        """Note what an operator writes to; returns a new op if it has to be recorded by itself."""
        draft = self._draft
        alone = None
        if draft.open_op is None:
            alone = draft.begin_op(func.overloadpacket.__name__, arguments(args, kwargs))
        op = draft.open_op
        writes = self._writes.get(func)
        if writes is None:
            writes = self._writes[func] = tuple(
                (position, argument.name)
                for position, argument in enumerate(func._schema.arguments)
                if argument.alias_info is not None and argument.alias_info.is_write
            )
        for position, name in writes:
            target = args[position] if position < len(args) else kwargs.get(name)
            for tensor in target if isinstance(target, list | tuple) else [target]:
                if isinstance(tensor, Tensor) and op is not None:
                    op.wrote = True
                    draft.identity.written(tensor, op.id)
        return alone

    def end(self, begun: OpDraft | None, flops: int, result: Any) -> None:
        """Add an operator's FLOPs to the op that is open, and close the op that it is alone in."""
        op = self._draft.open_op
        if op is not None:
            op.flops += flops
        if begun is not None:
            self._draft.end_op(begun, walk("out", result))


class RealOperators(TorchDispatchMode):
    """Passes every operator on unchanged, after telling the watch; counts FLOPs by asking about shapes alone."""

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return False  # the wrapper that torch would add imports its compiler, which takes seconds

    def __init__(self, watch: OperatorWatch) -> None:
        super().__init__()
        self._watch = watch
        self._memo = MetaMemo()
        self._counted: dict[Any, bool] = {}

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Run one operator."""
        kwargs = kwargs or {}
        with torch._C.DisableTorchFunction():
            begun = self._watch.begin(func, args, kwargs)
            flops = self._flops(func, args, kwargs)
        result = func(*args, **kwargs)
        with torch._C.DisableTorchFunction():
            self._watch.end(begun, flops, result)
        return result

    def _flops(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> int:
        counts = self._counted.get(func)
        if counts is None:
            counts = self._counted[func] = _may_count(func)
        if not counts:
            return 0
        try:
            return self._memo.ask(func, args, kwargs).flops
        except (RuntimeError, NotImplementedError, TypeError):
            return 0  # no meta formula for this operator: its FLOPs stay uncounted


def _may_count(func: Any) -> bool:
    """Return True if torch has a FLOP formula for the operator, or for the ones it is composed of."""
    name = func.overloadpacket.__name__
    composed = (
        "linear",
        "matmul",
        "einsum",
        "bilinear",
        "conv1d",
        "conv2d",
        "conv3d",
        "conv_transpose2d",
        "lstm",
    )
    return flop_formula(func) is not None or name in composed or name.startswith(("conv", "gru", "rnn"))
