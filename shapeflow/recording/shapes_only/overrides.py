"""Torch functions that must not see where a tensor of a shapes-only run is.

To the model every tensor is on the CPU; below, some symbolic ones are on ``meta``. Operators take both. Some
functions tell a tensor's device, compare devices in C++ or read numbers before any operator is called; here
is what they give instead.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional, init

from shapeflow.common.shared import Changes
from shapeflow.errors import NeedsValues, ShapeflowError
from shapeflow.recording import torch_internals
from shapeflow.recording.attention import takes_fused_kernel
from shapeflow.recording.modes import put_on
from shapeflow.recording.notation import SHORT_DTYPES, notation
from shapeflow.recording.ops import Functions
from shapeflow.recording.ports import map_tensors, tensors_of
from shapeflow.recording.shapes_only import autocast, composites, memory, reads, texts
from shapeflow.recording.shapes_only.concrete import ConcreteValues
from shapeflow.recording.shapes_only.devices import on_cpu
from shapeflow.recording.shapes_only.places import with_index
from shapeflow.recording.shapes_only.refusals import as_really
from shapeflow.recording.shapes_only.trials import Trials
from shapeflow.recording.targets import GRADIENTS, target_name

Handler = Callable[..., Any]

_CPU = torch.device("cpu")


_BY_DEVICE = frozenset(
    {
        *(functional.scaled_dot_product_attention, functional.max_pool1d, torch.max_pool1d),
        *(torch.lstm, torch.gru, torch.rnn_tanh, torch.rnn_relu),
        getattr(functional, "linear_cross_entropy", None),
    }
)
"""Functions that go another way on the CPU than without data, before any operator is called."""


class CpuView(Functions):
    """Make every tensor look like one on the CPU, and refuse to read symbolic ones."""

    def __init__(self, concrete: ConcreteValues, trials: Trials) -> None:
        super().__init__()
        self._concrete = concrete
        self._trials = trials
        self.handlers = handlers(concrete)

    def begin(self, changes: Changes) -> None:
        """Be on until the changes end."""
        torch_internals.truncated_normal_replaced.begin(_drawn_once, changes)
        rebuilt = partial(texts.made_again, self._concrete)
        torch_internals.rebuilding_replaced.begin(rebuilt, changes)
        put_on(self, changes)

    def call(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Run one torch function, or what is called instead."""
        lacking = self._concrete.lacking
        if self.watch is not None:  # a run is recorded
            lacking.stop(args, kwargs)
        try:
            return self._called(func, args, kwargs)
        except Exception as error:
            lacking.note(error)
            raise

    def _called(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if torch.is_autocast_enabled("cpu") and autocast.is_cast(func, args):
            args, kwargs = autocast.cast(func, args), autocast.cast(func, kwargs)
            with autocast.switched_off():
                return self._called(func, args, kwargs)
        handler = self.handlers.get(func)
        if handler is None:
            args, kwargs = on_cpu(func, args, kwargs)
        if func in _BY_DEVICE:
            self._trials.check_function(func, args, kwargs)
        unknown = self._concrete.without_values
        try:
            return func(*args, **kwargs) if handler is None else handler(*args, **kwargs)
        except ShapeflowError:
            raise
        except Exception as error:
            given = tensors_of((args, kwargs)).values()
            compared = "device" in str(error).lower() and func not in GRADIENTS  # these cannot be run twice
            odd = [tensor for tensor in given if tensor.is_meta or not self._concrete.has_values(tensor)]
            if not odd or handler is not None or not compared:
                return as_really(self._trials, self._concrete, func, args, kwargs, error)
        # It compared devices in C++ before any operator was called: now all its tensors are without data.
        args, kwargs = map_tensors(args, unknown), map_tensors(kwargs, unknown)
        try:
            with self._concrete.nothing_new():
                return func(*args, **kwargs)
        except ShapeflowError:
            raise
        except Exception as error:
            return as_really(self._trials, self._concrete, func, args, kwargs, error)


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
        kind.data.__get__: partial(memory.get_data, concrete),
        kind.data.__set__: partial(memory.set_data, concrete),
        Tensor.to_padded_tensor: partial(composites.padded, concrete),
        functional.one_hot: partial(composites.one_hot, concrete),
        functional.scaled_dot_product_attention: partial(_attention, concrete),
        torch_internals.nested_from_mask: partial(composites.nested, concrete),
        torch_internals.jagged_view: partial(composites.jagged, concrete),
        torch_internals.pack_padded: partial(composites.pack, concrete),
        torch_internals.native_attention: partial(composites.fused_attention, concrete),
        torch_internals.encoder_layer_forward: lambda source, *_: concrete.without_values(
            torch.empty_like(source)
        ),
    }
    if torch_internals.grouped_product is not None:
        found[torch_internals.grouped_product] = partial(composites.grouped, concrete)
    found |= texts.handlers(concrete)
    for access in (Tensor.__getitem__, Tensor.__setitem__):
        found[access] = partial(with_index, access)
    for move in (Tensor.cuda, Tensor.cpu, Tensor.pin_memory):
        found[move] = lambda tensor, *_, **__: tensor
    found |= reads.handlers(concrete)
    for make in (torch.tensor, torch.as_tensor, torch.asarray):
        found[make] = partial(_from_data, concrete, make)
    for function in (torch.lstm, torch.gru, torch.rnn_tanh, torch.rnn_relu, torch_internals.weight_norm):
        found[function] = _all_symbolic(concrete, function)
    for name, function in vars(init).items():
        if name.endswith("_") and not name.startswith("_") and callable(function):
            found[function] = partial(_initialise, concrete, function)
    return found


def _from_data(concrete: ConcreteValues, function: Handler, /, *args: Any, **kwargs: Any) -> Any:
    """Make a tensor of Python's numbers, concrete on any device; torch reads tensors among them unseen."""
    data: Any = args[0] if args else kwargs.get("data", kwargs.get("obj"))
    unknown = [tensor for tensor in tensors_of(data).values() if not concrete.has_values(tensor)]
    if unknown and not isinstance(data, Tensor):
        raise NeedsValues(target_name(function), ", ".join(map(notation, unknown)))
    if unknown:
        copy = function is torch.tensor or bool(kwargs.get("copy"))
        source = data if function is torch.as_tensor else data.detach()
        made: Tensor = source.to(
            kwargs.get("dtype") or data.dtype, copy=copy
        )  # the same memory, if not copied
        return made.requires_grad_(bool(kwargs.get("requires_grad"))) if copy else made
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


def _attention(
    concrete: ConcreteValues,
    /,
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
        result: Tensor = torch_internals.flash_attention_on_cpu(
            *map(concrete.without_values, (query, key, value))
        )[0]
        return result
    if any(tensor.is_meta for tensor in (query, key, value)):  # torch wants all three on one device
        query, key, value = map(concrete.without_values, (query, key, value))
    return functional.scaled_dot_product_attention(query, key, value, attn_mask, **flags)


def _all_symbolic(concrete: ConcreteValues, function: Handler) -> Handler:
    """Return ``function`` for numbers that are all symbolic; counts and lengths stay as they are."""

    def without_numbers(tensor: Tensor) -> Tensor:
        return concrete.without_values(tensor) if tensor.is_floating_point() else tensor

    def handler(*args: Any, **kwargs: Any) -> Any:
        return function(*map_tensors(args, without_numbers), **map_tensors(kwargs, without_numbers))

    return handler


def _drawn_once(tensor: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """Keep ``trunc_normal_`` from looking at weights: it draws until no number is too large."""
    with torch.no_grad():
        return tensor.normal_()
