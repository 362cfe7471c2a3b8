"""Torch functions that must not see where a tensor of a shapes-only run is.

To the model every tensor is on the CPU; below, concrete ones are and symbolic ones are on ``meta``. Operators
take both. Some functions tell a tensor's device, compare devices in C++ or read numbers before any operator
is called; here is what they give instead.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional, init

from shapeflow.errors import NeedsValues
from shapeflow.recording import torch_internals
from shapeflow.recording.attention import takes_fused_kernel
from shapeflow.recording.identity import SHORT_DTYPES, notation
from shapeflow.recording.ops import Functions
from shapeflow.recording.ports import map_tensors, tensors_of
from shapeflow.recording.shapes_only import autocast, reads, texts
from shapeflow.recording.shapes_only.concrete import ConcreteValues
from shapeflow.recording.shapes_only.devices import on_cpu
from shapeflow.recording.shapes_only.memo import lift
from shapeflow.recording.source import is_hidden
from shapeflow.recording.targets import target_name

Handler = Callable[..., Any]

_CPU = torch.device("cpu")


class CpuView(Functions):
    """Make every tensor look like one on the CPU, and refuse to read symbolic ones."""

    def __init__(self, concrete: ConcreteValues) -> None:
        super().__init__()
        self._concrete = concrete
        self.handlers = handlers(concrete)
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> CpuView:
        self._stack.enter_context(no_drawing_again())
        self._stack.enter_context(
            torch_internals.rebuilding_replaced(partial(texts.made_again, self._concrete))
        )
        super().__enter__()
        return self

    def __exit__(self, *exception: Any) -> None:
        super().__exit__(*exception)
        self._stack.close()

    def call(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Run one torch function, or what is called instead."""
        if torch.is_autocast_enabled("cpu") and autocast.is_cast(func, args):
            args, kwargs = autocast.cast(func, args), autocast.cast(func, kwargs)
            with autocast.switched_off():
                return self.call(func, args, kwargs)
        handler = self.handlers.get(func)
        if handler is None:
            args, kwargs = on_cpu(func, args, kwargs)
        try:
            return func(*args, **kwargs) if handler is None else handler(*args, **kwargs)
        except RuntimeError as error:
            given = tensors_of((args, kwargs)).values()
            if _is_the_models(error) or not any(tensor.is_meta for tensor in given):
                raise
            if "meta tensor" in str(error):  # it reads numbers in C++ without calling an operator
                symbolic = [tensor for tensor in given if not self._concrete.has_values(tensor)]
                if symbolic:
                    raise NeedsValues(target_name(func), ", ".join(map(notation, symbolic))) from None
                known = self._concrete.values_of
                return func(*map_tensors(args, known), **map_tensors(kwargs, known))
            if handler is not None or "device" not in str(error).lower():
                raise
        # It compared devices in C++ before any operator was called: now all its tensors are without data.
        with self._concrete.nothing_new():
            return func(*map_tensors(args, self._moved), **map_tensors(kwargs, self._moved))

    def _moved(self, tensor: Tensor) -> Tensor:
        """Return a tensor like this one without data; one that is concrete keeps its values."""
        if not tensor.requires_grad and self._concrete.has_values(tensor):
            return self._concrete.without_data(tensor)
        return _without_data(tensor)


def _is_the_models(error: BaseException) -> bool:
    """Return True if code of the model's raised an error, and not torch."""
    step = error.__traceback__
    while step is not None and step.tb_next is not None:
        step = step.tb_next
    return step is not None and not is_hidden(step.tb_frame.f_code.co_filename)


def handlers(concrete: ConcreteValues) -> dict[Any, Handler]:
    """Return the functions that are called otherwise here, with what is called instead."""
    kind: Any = Tensor  # whose attributes are descriptors, which its type does not say
    found: dict[Any, Handler] = {
        kind.device.__get__: lambda *_: _CPU,
        kind.is_meta.__get__: lambda *_: False,
        kind.is_cpu.__get__: lambda *_: True,
        Tensor.get_device: lambda *_: -1,
        Tensor.to: _convert,
        Tensor.type_as: _convert,
        Tensor.type: _type,
        Tensor.new_tensor: lambda tensor, data, dtype=None, **_: torch.tensor(
            data, dtype=dtype or tensor.dtype
        ),
        kind.data.__get__: partial(_get_data, concrete),
        kind.data.__set__: partial(_set_data, concrete),
        Tensor.to_padded_tensor: _padded,
        functional.scaled_dot_product_attention: _attention,
        torch_internals.nested_from_mask: partial(_nested, concrete),
        torch_internals.pack_padded: partial(_pack, concrete),
        torch_internals.native_attention: _fused_attention,
        torch_internals.encoder_layer_forward: lambda source, *_: _without_data(torch.empty_like(source)),
    }
    if torch_internals.grouped_product is not None:
        found[torch_internals.grouped_product] = _grouped
    found |= texts.handlers(concrete)
    for move in (Tensor.cuda, Tensor.cpu, Tensor.pin_memory):
        found[move] = lambda tensor, *_, **__: tensor
    found |= reads.handlers(concrete)
    for make in (torch.tensor, torch.as_tensor, torch.asarray):
        found[make] = partial(_from_data, make)
    for function in (torch.lstm, torch.gru, torch.rnn_tanh, torch.rnn_relu, torch_internals.weight_norm):
        found[function] = _all_symbolic(function)
    for name, function in vars(init).items():
        if name.endswith("_") and not name.startswith("_") and callable(function):
            found[function] = partial(_initialise, concrete, function)
    return found


def _from_data(function: Handler, /, *args: Any, **kwargs: Any) -> Any:
    """Make a tensor of Python's numbers, which are concrete on any device."""
    if kwargs.get("device") is not None:
        kwargs["device"] = _CPU
    return function(*args, **kwargs)


def _initialise(concrete: ConcreteValues, function: Handler, /, *args: Any, **kwargs: Any) -> Any:
    """Leave weights as they are: they have no values here."""
    if args and isinstance(args[0], torch.nn.Parameter):
        concrete.forget(args[0])
        return args[0]
    return function(*args, **kwargs)


def _convert(tensor: Tensor, *args: Any, **kwargs: Any) -> Any:
    """Convert to a dtype; a move to a device is none, since the model sees every tensor on one."""
    named = [value.dtype if isinstance(value, Tensor) else value for value in (*args, kwargs.get("other"))]
    dtype = next((value for value in named if isinstance(value, torch.dtype)), kwargs.get("dtype"))
    flags = [value for value in args if isinstance(value, bool)]
    copy = kwargs.get("copy", flags[1] if len(flags) > 1 else False)
    return tensor.to(dtype, copy=copy, memory_format=kwargs.get("memory_format"))


def _type(tensor: Tensor, dtype: Any = None, non_blocking: bool = False, **_: Any) -> Any:
    """Name the type of a tensor on the CPU, or convert to one; those of CUDA tensors stand for the CPU's."""
    if dtype is None:
        return torch.empty(0, dtype=tensor.dtype, device=_CPU).type()
    if isinstance(dtype, type):
        dtype = f"{dtype.__module__}.{dtype.__name__}"
    return tensor.to(dtype if isinstance(dtype, torch.dtype) else _DTYPES[dtype.replace(".cuda", "")])


_DTYPES = {
    torch.empty(0, dtype=dtype).type(): dtype for dtype in SHORT_DTYPES if dtype is not torch.complex32
}


def _get_data(concrete: ConcreteValues, tensor: Tensor, *_: Any) -> Tensor:
    """Return what a tensor holds; that of a parameter stays symbolic under this name, too."""
    if not concrete.has_values(tensor):
        concrete.forget(tensor)
    data: Tensor = tensor.data
    return data


def _set_data(concrete: ConcreteValues, tensor: Tensor, value: Tensor) -> None:
    """Replace what a tensor holds by a tensor of the other kind, which torch refuses."""
    if tensor.is_meta and not value.is_meta:
        value = _without_data(value)
    elif value.is_meta and not tensor.is_meta:
        value = torch.empty_strided(value.size(), value.stride(), dtype=value.dtype, device="cpu")
        concrete.forget(value)
    tensor.data = value


def _attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    **options: Any,
) -> Tensor:
    """Attend with the kernel that a real run takes: models rely on the layout of its result in ``view``."""
    flags = {"dropout_p": dropout_p, "is_causal": is_causal, **options}
    if takes_fused_kernel(query, key, value, attn_mask, **flags):
        result: Tensor = torch_internals.flash_attention_on_cpu(*map(_without_data, (query, key, value)))[0]
        return result
    if any(tensor.is_meta for tensor in (query, key, value)):  # torch wants all three on one device
        query, key, value = map(_without_data, (query, key, value))
    return functional.scaled_dot_product_attention(query, key, value, attn_mask, **flags)


def _nested(concrete: ConcreteValues, tensor: Tensor, mask: Tensor, mask_check: bool = True) -> Tensor:
    """Give a padded tensor, as long as the longest row, in place of a nested one."""
    if not concrete.has_values(mask):
        raise NeedsValues("_nested_tensor_from_mask", notation(mask))
    longest = int(concrete.values_of(mask).sum(1).max())
    return _without_data(tensor).new_empty((tensor.shape[0], longest, *tensor.shape[2:]))


def _padded(tensor: Tensor, padding: float, output_size: Any = None) -> Tensor:
    if tensor.is_nested and not tensor.is_meta:
        return tensor.to_padded_tensor(padding, output_size)
    return _without_data(tensor).new_empty(tensor.shape if output_size is None else output_size)


def _pack(concrete: ConcreteValues, data: Tensor, lengths: Tensor, batch_first: bool) -> Any:
    """Pack sequences of known lengths (aten/src/ATen/native/PackedSequence.cpp)."""
    if not concrete.has_values(lengths):
        raise NeedsValues("pack_padded_sequence", notation(lengths))
    lengths = concrete.values_of(lengths)
    counts = (lengths[:, None] > torch.arange(int(lengths.max()))).sum(0)
    return _without_data(data).new_empty((int(lengths.sum()), *data.shape[2:])), counts


def _grouped(first: Tensor, second: Tensor, offs: Tensor | None = None, *_: Any, **named: Any) -> Tensor:
    """Give the shape of a grouped product; the meta formula takes bf16 alone (torch/_meta_registrations.py).

    ``offs`` says where groups end: in the rows of a flat ``first``, or in the columns of a flat ``second``.
    """
    shape = [first.shape[-2], second.shape[-1]]
    groups = len(first) if second.dim() == 3 else 0 if offs is None else len(offs)
    if first.dim() == second.dim():
        shape.insert(0, groups)
    return _without_data(first).new_empty(shape, dtype=named.get("out_dtype") or first.dtype)


def _fused_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    embed_dim: int,
    num_head: int,
    qkv_weight: Tensor,
    qkv_bias: Tensor,
    proj_weight: Tensor,
    proj_bias: Tensor,
    mask: Tensor | None = None,
    need_weights: bool = True,
    average_attn_weights: bool = True,
    mask_type: int | None = None,
) -> tuple[Tensor, Tensor | None]:
    """Give the results of the fused kernel (aten/src/ATen/native/transformers/attention.cpp)."""
    result = _without_data(torch.empty_like(query))
    heads = [] if average_attn_weights else [num_head]
    weights = (query.shape[0], *heads, query.shape[1], key.shape[1])
    return result, _without_data(query).new_empty(weights) if need_weights else None


def _without_data(tensor: Tensor) -> Tensor:
    """Return a tensor like this one on ``meta``, of which gradients know where it comes from."""
    with torch_internals.no_torch_function(), torch_internals.no_torch_dispatch():
        return tensor.to("meta") if tensor.requires_grad and torch.is_grad_enabled() else lift(tensor)


def _all_symbolic(function: Handler) -> Handler:
    """Return ``function`` for numbers that are all symbolic; counts and lengths stay as they are."""

    def without_numbers(tensor: Tensor) -> Tensor:
        return _without_data(tensor) if tensor.is_floating_point() else tensor

    def handler(*args: Any, **kwargs: Any) -> Any:
        return function(*map_tensors(args, without_numbers), **map_tensors(kwargs, without_numbers))

    return handler


@contextmanager
def no_drawing_again() -> Iterator[None]:
    """Keep ``trunc_normal_`` from looking at weights: it draws until no number is too large."""

    def unseen(tensor: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        with torch.no_grad():
            return tensor.normal_()

    with torch_internals.truncated_normal_replaced(unseen):
        yield
