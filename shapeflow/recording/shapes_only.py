"""The whole forward with no arithmetic on large tensors.

Large tensors live on ``meta``: shape, strides, dtype, no data. Small tensors whose values follow from Python
values are really computed on the CPU, they are *known*; so a model may read its small integers
(``spatial_shapes[0, 0]``) and gets true ones. Everything else is *unknown*, and reading it is an error that
names the op and the way out.

To the model this looks like a run on the CPU: every tensor says ``device='cpu'``. The model is built under
the same mode, so no weight is ever allocated.

Not done here: arithmetic of any kind on unknown tensors, random numbers (always unknown), sparse and nested
tensors.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from enum import Enum, auto
from typing import Any, Protocol

import torch
from torch import Tensor
from torch.multiprocessing.reductions import StorageWeakRef
from torch.utils._python_dispatch import TorchDispatchMode

from shapeflow.errors import NeedsValues
from shapeflow.recording.devices import CpuStandIn
from shapeflow.recording.identity import notation
from shapeflow.recording.meta import MetaMemo, build, lift
from shapeflow.recording.ports import map_tensors

KNOWN_LIMIT = 65_536
"""Elements up to which a tensor may be known."""


class Observer(Protocol):
    """Sees every operator that is answered."""

    def begin(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Look at an operator before it takes effect; what is returned is handed to ``end``."""

    def end(self, begun: Any, flops: int, result: Any) -> None:
        """Look at its FLOPs and its result."""

    def failed(self, begun: Any) -> None:
        """Be told that it raised."""


_META = torch.device("meta")
_CPU = torch.device("cpu")


class _Kind(Enum):
    """What an operator does with memory and values; decides how it is answered."""

    FACTORY = auto()
    """No tensor goes in."""
    COPY = auto()
    """Conversion of dtype or device: a known tensor stays known."""
    VIEW = auto()
    """The result shares memory with an argument."""
    PURE = auto()
    """New results that depend on nothing else."""
    WRITE = auto()
    """Writes into an argument."""
    READ = auto()
    """The result's shape, or a Python number, depends on data."""
    QUESTION = auto()
    """Asks for a size, a stride, a dtype."""


_READERS = frozenset({"aten::item", "aten::is_nonzero", "aten::equal", "aten::allclose"})
"""Operators that read data without a tag that says so: ``inference_mode`` hands them over undivided."""


class _Plan:
    """The facts about one operator that its schema and tags tell."""

    __slots__ = ("func", "is_range", "kind", "random", "returned", "views_in_place", "written")

    def __init__(self, func: Any) -> None:
        schema = func._schema
        self.func = func
        self.random = torch.Tag.nondeterministic_seeded in func.tags
        self.views_in_place = torch.Tag.inplace_view in func.tags
        self.written: list[tuple[int, str]] = [
            (position, argument.name)
            for position, argument in enumerate(schema.arguments)
            if argument.alias_info is not None and argument.alias_info.is_write
        ]
        self.is_range = schema.name in ("aten::arange", "aten::linspace", "aten::scalar_tensor")
        self.returned = bool(schema.returns)
        self.kind = self._find_kind(schema)

    def _find_kind(self, schema: Any) -> _Kind:
        if self.written:
            return _Kind.WRITE
        name = schema.name
        if name in ("aten::_to_copy", "aten::to", "aten::clone", "aten::contiguous", "aten::lift_fresh_copy"):
            return _Kind.COPY
        if any(output.alias_info is not None for output in schema.returns):
            return _Kind.VIEW
        tags = self.func.tags
        if (
            torch.Tag.data_dependent_output in tags
            or torch.Tag.dynamic_output_shape in tags
            or name in _READERS
        ):
            return _Kind.READ
        if schema.returns and not any("Tensor" in str(output.type) for output in schema.returns):
            return _Kind.QUESTION
        if not any("Tensor" in str(argument.type) for argument in schema.arguments):
            return _Kind.FACTORY
        return _Kind.PURE

    def targets(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[Any]:
        """Return the arguments that are written to."""
        return [
            args[position] if position < len(args) else kwargs.get(name) for position, name in self.written
        ]


class ShapesOnly(TorchDispatchMode):
    """Run what is inside without arithmetic on large tensors.

    Args:
        protect: tensors that exist already and must not be changed, such as the parameters and buffers of a
            model that was built before. Their small values may be read, never written.
    """

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return False  # the wrapper that torch would add imports its compiler, which takes seconds

    def __init__(self, protect: Iterable[Tensor] = ()) -> None:
        super().__init__()
        self.observer: Observer | None = None
        self.memo = MetaMemo()
        self._plans: dict[Any, _Plan] = {}
        self._unknown: dict[int, StorageWeakRef] = {}
        self._protected = {tensor.untyped_storage()._cdata: tensor for tensor in protect}
        self._stand_in = CpuStandIn(self)
        self._stack = contextlib.ExitStack()
        self._flops = 0

    def __enter__(self) -> ShapesOnly:
        self._random_state = torch.random.get_rng_state()
        self._stack.enter_context(self._stand_in)
        super().__enter__()
        return self

    def __exit__(self, *exception: Any) -> None:
        super().__exit__(*exception)
        self._stack.close()
        torch.random.set_rng_state(self._random_state)
        self._protected.clear()

    # What is known ----------------------------------------------------------------------------------------

    def is_known(self, tensor: Tensor) -> bool:
        """Return True if the values of ``tensor`` are true and may be read."""
        if tensor.is_meta or tensor.numel() > KNOWN_LIMIT or isinstance(tensor, torch.nn.Parameter):
            return False
        return tensor.layout == torch.strided and tensor.untyped_storage()._cdata not in self._unknown

    def make_unknown(self, tensor: Tensor) -> None:
        """From now on nothing on this storage may be read, whoever views it."""
        if not tensor.is_meta:
            storage = tensor.untyped_storage()
            self._unknown[storage._cdata] = StorageWeakRef(storage)  # keeps the address from being used again

    # Operators --------------------------------------------------------------------------------------------

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Answer one operator."""
        kwargs = kwargs or {}
        with torch._C.DisableTorchFunction():
            if self.observer is None:
                return self._answer(func, args, kwargs)
            begun = self.observer.begin(func, args, kwargs)
            self._flops = 0
            try:
                result = self._answer(func, args, kwargs)
            except BaseException:
                self.observer.failed(begun)
                raise
            self.observer.end(begun, self._flops, result)
            return result

    def _answer(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        plan = self._plans.get(func)
        if plan is None:
            plan = self._plans[func] = _Plan(func)
        kind = plan.kind
        if kind is _Kind.FACTORY:
            return self._make(plan, args, kwargs)
        if kind is _Kind.QUESTION:
            return func(*args, **kwargs)
        if kind is _Kind.WRITE:
            return self._write(plan, args, kwargs)
        known = _all_known(self, args, kwargs)
        if kind is _Kind.VIEW:
            return self._view(plan, args, kwargs, known)
        if kind is _Kind.READ or (known and plan.func is torch.ops.aten.index.Tensor):
            return self._read(plan, args, kwargs, known)
        if kind is _Kind.COPY:
            return self._convert(plan, args, kwargs, known)
        return self._compute(plan, args, kwargs, known)

    def _make(self, plan: _Plan, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if plan.random or not plan.is_range:
            answer = self.memo.ask(plan.func, args, kwargs)
            if plan.random or not _small(answer.outputs):
                return build(answer.outputs, args)
        if "device" in kwargs:
            kwargs = {**kwargs, "device": _CPU}
        return plan.func(*args, **{**kwargs, "pin_memory": False} if "pin_memory" in kwargs else kwargs)

    @staticmethod
    def _convert(plan: _Plan, args: tuple[Any, ...], kwargs: dict[str, Any], known: bool) -> Any:
        device = _CPU if known else _META
        kwargs = {name: value for name, value in kwargs.items() if name not in ("device", "pin_memory")}
        args = tuple(device if isinstance(value, torch.device) else value for value in args)
        if known:
            return plan.func(*args, **kwargs)
        return plan.func(*map_tensors(args, lift), **map_tensors(kwargs, lift))

    def _view(self, plan: _Plan, args: tuple[Any, ...], kwargs: dict[str, Any], known: bool) -> Any:
        if known:
            return plan.func(*args, **kwargs)
        tensor = args[0] if args else None
        if (
            isinstance(tensor, Tensor)
            and not tensor.is_meta
            and tensor.untyped_storage()._cdata in self._unknown
        ):
            return plan.func(*args, **kwargs)  # stays on the storage that is marked unknown
        return plan.func(*map_tensors(args, lift), **map_tensors(kwargs, lift))

    def _read(self, plan: _Plan, args: tuple[Any, ...], kwargs: dict[str, Any], known: bool) -> Any:
        if known:
            return plan.func(*args, **kwargs)
        if plan.func is torch.ops.aten.index.Tensor and not _by_mask(args[1]):
            return self._compute(plan, args, kwargs, known)
        found = ", ".join(notation(tensor) for tensor in _tensors(args, kwargs))
        raise NeedsValues(plan.func.overloadpacket.__name__, found)

    def _compute(self, plan: _Plan, args: tuple[Any, ...], kwargs: dict[str, Any], known: bool) -> Any:
        answer = self.memo.ask(plan.func, args, kwargs)
        self._flops = answer.flops
        if known and not plan.random and _small(answer.outputs):
            if "device" in kwargs:
                kwargs = {**kwargs, "device": _CPU}
            return plan.func(*args, **kwargs)
        return build(answer.outputs, args)

    def _write(self, plan: _Plan, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        known = _all_known(self, args, kwargs) and not plan.random
        targets = [target for target in plan.targets(args, kwargs) if isinstance(target, Tensor | list)]
        written = [
            tensor for target in targets for tensor in (target if isinstance(target, list) else [target])
        ]
        if plan.views_in_place:
            return plan.func(*args, **kwargs)
        if known and not any(tensor.untyped_storage()._cdata in self._protected for tensor in written):
            return plan.func(*args, **kwargs)
        self.memo.ask(plan.func, args, kwargs)  # raises if the arguments do not fit together
        for tensor in written:
            self.make_unknown(tensor)
        if not plan.returned:
            return None
        return targets[0] if len(targets) == 1 else tuple(targets)


def _tensors(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Iterable[Tensor]:
    for value in (*args, *kwargs.values()):
        if isinstance(value, Tensor):
            yield value
        elif isinstance(value, list | tuple):
            for item in value:
                if isinstance(item, Tensor):
                    yield item


def _all_known(mode: ShapesOnly, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    return all(mode.is_known(tensor) for tensor in _tensors(args, kwargs))


def _by_mask(indices: Iterable[Any]) -> bool:
    return any(isinstance(index, Tensor) and index.dtype in (torch.bool, torch.uint8) for index in indices)


def _small(outputs: Any) -> bool:
    """Return True if every tensor described by ``outputs`` may be known."""
    if isinstance(outputs, tuple) and len(outputs) == 3 and isinstance(outputs[2], torch.dtype):
        return bool(outputs[0].numel() <= KNOWN_LIMIT)
    if isinstance(outputs, list | tuple):
        return all(_small(item) for item in outputs)
    return True
