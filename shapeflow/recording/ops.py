"""Record torch function calls as ops, at the level at which the model's author wrote them.

A function mode gives the names (``einsum``, ``interpolate``, ``getitem``); ``operators`` tells what happens
below. Results of an op without tensors (sizes, flags) are not recorded; a value read into Python is an
escape.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from shapeflow.recording.attention import OwnMode, attention_flops, fused_flops, opened, score_shape
from shapeflow.recording.draft import Draft, OpDraft
from shapeflow.recording.identity import short_dtype
from shapeflow.recording.names import QUESTIONS, escape_name, target_name
from shapeflow.recording.ports import arguments, walk

_NO_TENSOR = (bool, int, float, str, torch.Size, torch.dtype, torch.device, type(None))


_MOVES = frozenset({Tensor.data.__set__, Tensor.set_})  # type: ignore[attr-defined]
"""Functions that give a tensor other memory: `x.data = y` is the first."""


class FunctionRecorder(OwnMode):
    """Records each torch function call as an op of the draft.

    Args:
        draft: where the records go.
    """

    def __init__(self, draft: Draft) -> None:
        super().__init__()
        self._draft = draft
        self._opened = opened()
        self._names: dict[Any, tuple[str, str | None]] = {}

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Run one torch function and record it."""
        kwargs = kwargs or {}
        if func in QUESTIONS:
            return func(*args, **kwargs)
        names = self._names.get(func)
        if names is None:
            target = target_name(func)
            names = self._names[func] = target, escape_name(func, target)
        name, escape = names
        # What we ask a tensor is nobody else's business, and costs less so.
        with torch._C.DisableTorchFunction():
            op = self._draft.begin_op(name, arguments(args, kwargs))
            if escape is not None:
                self._draft.escape(op, escape)
        try:
            result = self._run(func, args, kwargs)
        except BaseException:
            self._draft.fail_op(op)
            raise
        with torch._C.DisableTorchFunction():
            if escape is not None:
                self._draft.drop_op(op)
            else:
                self._end(op, func, args, kwargs, result)
        return result

    def _run(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        composite = self._opened.get(func)
        if composite is None:
            return func(*args, **kwargs)
        with self:
            return composite(*args, **kwargs)

    def _end(
        self, op: OpDraft, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any], result: Any
    ) -> None:
        if func in _MOVES:
            self._draft.identity.moved(args[0])
        if (
            func is Tensor.__setitem__ or func in _MOVES
        ):  # these change what they are called on, and give nothing
            result = args[0]
        leaves = [] if isinstance(result, _NO_TENSOR) else walk("out", result)
        if op.target == "scaled_dot_product_attention":
            self._attention(op, *args, **kwargs)
        elif op.target in ("_native_multi_head_attention", "_transformer_encoder_layer_fwd"):
            op.flops = fused_flops(op.target, args)
        self._draft.end_op(op, leaves)

    def _attention(self, op: OpDraft, query: Tensor, key: Tensor, value: Tensor, *_: Any, **__: Any) -> None:
        op.flops = attention_flops(query, key, value)
        self._draft.derive(op, "score", short_dtype(query.dtype), score_shape(query, key))
