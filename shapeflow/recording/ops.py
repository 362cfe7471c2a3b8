"""Record torch function calls as ops, at the level at which the model's author wrote them.

A function mode gives the names (``einsum``, ``interpolate``, ``getitem``); ``operators`` tells what happens
below. Results of an op without tensors (sizes, flags) are not recorded; a value read into Python is an
escape.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any, NamedTuple

import torch
from torch import Tensor

from shapeflow.model.doubts import SHARING
from shapeflow.recording.attention import attention_flops, fused_flops, opened, score_shape
from shapeflow.recording.builders import OpBuilder
from shapeflow.recording.flops import grouped_flops
from shapeflow.recording.modes import OwnMode
from shapeflow.recording.notation import part_sizes, short_dtype, sizes
from shapeflow.recording.ports import tensors_of, walk
from shapeflow.recording.repeats import Repeats, is_torchs_own
from shapeflow.recording.targets import METADATA_QUERIES, escape_name, is_reflected, target_name
from shapeflow.recording.torch_internals import no_torch_dispatch, no_torch_function
from shapeflow.recording.trace_builder import TraceBuilder

_NO_TENSOR = (bool, int, float, str, torch.Size, torch.dtype, torch.device, type(None))


_MOVES = frozenset({Tensor.data.__set__, Tensor.set_})  # type: ignore[attr-defined]
"""Functions that give a tensor other memory: `x.data = y` is the first."""

Run = Callable[[Any, tuple[Any, ...], dict[str, Any]], Any]
"""Runs a function."""

_OF_LISTS = ("_foreach_", "_fused_")
"""How the names of functions begin that optimisers call with all their parameters at once."""

_FUSED = ("_native_multi_head_attention", "_transformer_encoder_layer_fwd")
_GROUPED = ("_grouped_mm", "_scaled_grouped_mm")
_COUNTED = frozenset({"scaled_dot_product_attention", *_FUSED, *_GROUPED})
"""Ops whose FLOPs are told here, since no operator below them has all."""


class _Known(NamedTuple):
    """What is known of a function by itself."""

    target: str
    escape: str | None
    is_reflected: bool
    repeats: bool
    """Whether a call that is like an earlier one does what that did."""
    is_special: bool
    """Whether more is to be done at its end than to take its result."""


class FunctionWatch:
    """Records each torch function call as an op.

    Args:
        builder: where the records go.
        is_here: tells whether what happens now is part of the recording.
        repeats: knows what functions do that ran before; None where all operators have to be seen.
    """

    def __init__(
        self, builder: TraceBuilder, is_here: Callable[[], bool], repeats: Repeats | None = None
    ) -> None:
        self.is_here = is_here
        self._builder = builder
        self._repeats = repeats
        self._opened = opened()
        self._known: dict[Any, _Known] = {}

    def begin(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> OpBuilder:
        """Open an op for a function that is about to run; what it reads into Python is an escape."""
        known = self._known.get(func)
        if known is None:
            known = self._known[func] = self._looked_up(func)
        if known.is_reflected:  # the operands in the order in which the author wrote them
            args = (*reversed(args[:2]), *args[2:])
        # What we ask a tensor is nobody else's business, and costs less so.
        with no_torch_function():
            op = self._builder.begin_op(known.target, args, kwargs)
            if known.escape is not None:
                self._builder.escape(op, known.escape)
                if known.escape in SHARING:
                    for tensor in tensors_of((args, kwargs)).values():
                        self._builder.identity.handed_out(tensor)
        return op

    def _looked_up(self, func: Any) -> _Known:
        target = target_name(func)
        escape = escape_name(func, target)
        special = escape is not None or func in self._opened
        return _Known(
            target,
            escape,
            is_reflected(func),
            not special and self._repeats is not None and is_torchs_own(func),
            special or func is Tensor.__setitem__ or func in _MOVES or target in _COUNTED,
        )

    def parts_of(self, func: Any) -> Any:
        """Return what runs instead of a composite function that is shown one level deep; None for others."""
        return self._opened.get(func)

    def run(self, run: Run, op: OpBuilder, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Return what a function gives; one that is like an earlier one runs without the dispatch mode."""
        repeats = self._repeats
        if repeats is None or not self._known[func].repeats:
            return run(func, args, kwargs)
        key = repeats.key(func, op, args, kwargs)
        if key is None:
            return run(func, args, kwargs)
        flops = repeats.flops(key)
        if flops is not None:
            op.flops = flops
            with no_torch_dispatch():
                return run(func, args, kwargs)
        inputs, escapes = len(op.inputs), len(self._builder.escapes)
        result = run(func, args, kwargs)
        repeats.learn(key, op, inputs, escapes)
        return result

    def failed(self, op: OpBuilder, error: BaseException) -> None:
        """Close the op of a function that raised."""
        self._builder.fail_op(op, error)

    def end(
        self, op: OpBuilder, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any], result: Any
    ) -> None:
        """Close the op of a function that has run."""
        known = self._known[func]
        with no_torch_function():
            if not known.is_special and type(result) is Tensor:  # what nearly all are
                self._builder.end_op(op, [("out", result)])
                return
            if known.escape is not None:
                self._builder.drop_op(op)
                return
            if func in _MOVES:
                self._builder.identity.moved(args[0])
                if len(args) > 1 and isinstance(args[1], Tensor):
                    self._builder.identity.shares(args[0], args[1])
            changes = func is Tensor.__setitem__ or func in _MOVES
            if result is None and (changes or (op.target.startswith(_OF_LISTS) and op.target.endswith("_"))):
                result = args[0]
            if op.target == "scaled_dot_product_attention":
                self._attention(op, *args, **kwargs)
            elif op.target in _FUSED:
                op.flops = fused_flops(op.target, args)
            elif op.target in _GROUPED and len(args) > 1:
                op.flops = grouped_flops(*args[:2])
            self._builder.end_op(op, [] if isinstance(result, _NO_TENSOR) else walk("out", result))

    def _attention(
        self, op: OpBuilder, query: Tensor, key: Tensor, value: Tensor, *_: Any, **__: Any
    ) -> None:
        parts = zip(*map(part_sizes, (query, key, value)), strict=False)  # of a nested tensor each
        op.flops = sum(attention_flops(*shapes) for shapes in parts)
        shape = score_shape(*(torch.Size(sizes(tensor)) for tensor in (query, key)))
        self._builder.derive(op, "score", short_dtype(query.dtype), shape)


class Functions(OwnMode):
    """Sees every torch function, tells its watch of it if it has one, and runs it."""

    watch: FunctionWatch | None = None
    handlers: Mapping[Any, Callable[..., Any]] = MappingProxyType({})
    """What is called instead of some functions."""

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Run one torch function."""
        if kwargs is None:
            kwargs = {}
        if func in METADATA_QUERIES:
            return self.handlers.get(func, func)(*args, **kwargs)
        watch = self.watch
        if watch is None or not watch.is_here():
            return self.call(func, args, kwargs)
        op = watch.begin(func, args, kwargs)
        try:
            parts = watch.parts_of(func)
            if parts is None:
                result = watch.run(self.call, op, func, args, kwargs)
            else:
                with self.again():
                    result = parts(*args, **kwargs)
        except BaseException as error:
            watch.failed(op, error)
            raise
        watch.end(op, func, args, kwargs, result)
        return result

    def call(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Run a function, or what is called instead."""
        return self.handlers.get(func, func)(*args, **kwargs)

    @contextmanager
    def again(self) -> Iterator[None]:
        """Let this mode see what is called inside, too."""
        OwnMode.__enter__(self)
        try:
            yield
        finally:
            OwnMode.__exit__(self, None, None, None)
