"""Which value a tensor is: identity by weak reference, storages, in-place writes and live bytes.

A bare ``id()`` is reused as soon as a tensor dies, so every entry holds a weak reference whose end removes
it. A storage is known while a tracked tensor lives on it; a write to it gives every tensor on it a new value
at the next look. No tensor is kept alive.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn.parameter import is_lazy

from shapeflow.trace import Origin, Value

SHORT_DTYPES = {
    torch.float16: "f16",
    torch.float32: "f32",
    torch.float64: "f64",
    torch.bfloat16: "bf16",
    torch.complex32: "c32",
    torch.complex64: "c64",
    torch.complex128: "c128",
    torch.int8: "i8",
    torch.int16: "i16",
    torch.int32: "i32",
    torch.int64: "i64",
    torch.uint8: "u8",
    torch.uint16: "u16",
    torch.uint32: "u32",
    torch.uint64: "u64",
    torch.bool: "bool",
}


def short_dtype(dtype: torch.dtype) -> str:
    """Return ``f32`` for ``torch.float32`` and so on; ``float8_e4m3fn`` becomes ``f8_e4m3fn``."""
    return SHORT_DTYPES.get(dtype) or str(dtype).removeprefix("torch.").replace("float", "f", 1)


def sizes(tensor: Tensor) -> tuple[int, ...]:
    """Return the shape of a tensor; for a nested tensor that of the padded one, with the largest sizes."""
    if is_lazy(tensor):
        return ()
    if not tensor.is_nested:
        return tuple(tensor.shape)
    with torch._C._DisableTorchDispatch():
        if tensor.layout is torch.jagged:
            offsets: Tensor = tensor.offsets()  # type: ignore[attr-defined]
            longest = 0 if offsets.is_meta else int(offsets.diff().max())
            return tuple(size if type(size) is int else longest for size in tensor.shape)
        parts = tensor._nested_tensor_size()
        return (len(parts), *parts.amax(0).tolist())


def notation(tensor: Tensor) -> str:
    """Return the one notation of a tensor: ``f32[1, 256]``."""
    return f"{short_dtype(tensor.dtype)}{list(sizes(tensor))}"


@dataclass(slots=True)
class _Storage:
    number: int
    bytes: int
    tensors: int = 0
    """Tracked tensors alive on it."""
    epoch: int = 0
    """Counts the writes."""
    writer: int | None = None
    """The op that wrote last, or made it; None for memory from outside the run."""
    activation: bool = False
    """True if an op made it: counted in the live bytes."""


class _TensorRef(weakref.ref[Tensor]):
    __slots__ = ("address", "key", "storage")

    key: int
    address: int
    storage: _Storage | None


@dataclass(slots=True)
class _Entry:
    ref: _TensorRef
    value: int
    epoch: int


class Identity:
    """The values of a run, and which live tensor is which.

    Args:
        names: what is known before the run: parameters and buffers, with their names.
    """

    def __init__(self, names: Iterable[tuple[Tensor, Origin, str]] = ()) -> None:
        self.values: list[Value] = []
        self.live_bytes = 0
        self.peak_bytes = 0
        self._names: dict[int, tuple[weakref.ref[Tensor], Origin, str]] = {}
        for tensor, origin, name in names:
            self._names.setdefault(id(tensor), (weakref.ref(tensor), origin, name))
        self._entries: dict[int, _Entry] = {}
        self._storages: dict[int, _Storage] = {}
        self._storage_count = 0
        self._forget = self._make_forget()

    def value_of(self, tensor: Tensor, origin: Origin = "unknown", name: str = "") -> tuple[int, int | None]:
        """Return the id of the value that ``tensor`` is now, and the op that wrote it unseen, if one did.

        A tensor seen for the first time gets a new value: a parameter, a buffer, or of the ``origin`` given.
        The second item is the op that wrote to the storage since the last look; it made this value.
        """
        entry = self._entries.get(id(tensor))
        if entry is not None and entry.ref() is tensor:
            storage = entry.ref.storage
            if storage is None or entry.epoch == storage.epoch:
                return entry.value, None
            return self._add(tensor, "op", "", storage.writer), storage.writer
        named = self._named(tensor)
        if named is not None:
            return self._add(tensor, *named), None
        storage = self._storages.get(address(tensor))
        if storage is not None and storage.writer is not None:  # another object for memory that an op filled
            return self._add(tensor, "op", "", storage.writer), storage.writer
        return self._add(tensor, origin, name), None

    def produced(self, tensor: Tensor, op: int) -> int:
        """Return the value of ``tensor`` as a result of ``op``; a tensor handed through keeps its own."""
        entry = self._entries.get(id(tensor))
        if entry is not None and entry.ref() is tensor:
            storage = entry.ref.storage
            if storage is None or entry.epoch == storage.epoch:
                return entry.value
        elif self._named(tensor) is not None:
            return self.value_of(tensor)[0]
        return self._add(tensor, "op", "", op)

    def outlived(self) -> bool:
        """Return True if a tensor that an op made is still alive."""
        values = self.values
        return any(
            values[entry.value].origin == "op" for entry in self._entries.values() if entry.ref() is not None
        )

    def written(self, tensor: Tensor, op: int | None) -> None:
        """Note that ``op`` writes to the storage of ``tensor``."""
        storage = self._storages.get(address(tensor))
        if storage is not None:
            storage.epoch += 1
            storage.writer = op

    def reshaped(self, tensor: Tensor) -> None:
        """Note that the shape of ``tensor`` changes in place: it becomes another value on its memory."""
        entry = self._entries.get(id(tensor))
        if entry is not None and entry.ref() is tensor:
            entry.epoch = -1

    def moved(self, tensor: Tensor) -> None:
        """Note that ``tensor`` has been given other memory: it is no more what it was before."""
        entry = self._entries.pop(id(tensor), None)
        if entry is not None and entry.ref() is tensor:
            self._forget(entry.ref)
        self._names.pop(id(tensor), None)

    def _named(self, tensor: Tensor) -> tuple[Origin, str] | None:
        known = self._names.get(id(tensor))
        return (known[1], known[2]) if known is not None and known[0]() is tensor else None

    def derived(self, dtype: str, shape: tuple[int, ...], op: int) -> int:
        """Return a new value for a tensor that ``op`` needs in its mathematics and never builds."""
        value = Value(len(self.values), dtype, shape, "op", op, materialized=False)
        self.values.append(value)
        return value.id

    def _add(self, tensor: Tensor, origin: Origin, name: str, op: int | None = None) -> int:
        identifier = len(self.values)
        storage = self._track(tensor, identifier, op)
        self.values.append(
            Value(
                identifier,
                short_dtype(tensor.dtype),
                sizes(tensor),
                origin,
                op,
                name,
                None if storage is None else storage.number,
            )
        )
        return identifier

    def _track(self, tensor: Tensor, value: int, op: int | None) -> _Storage | None:
        entry = self._entries.get(id(tensor))
        if entry is not None and entry.ref() is tensor:
            entry.value = value
            if entry.ref.storage is not None:
                entry.epoch = entry.ref.storage.epoch
            return entry.ref.storage
        place = address(tensor)
        storage = self._storages.get(place) if place else None
        if place and storage is None:
            storage = _Storage(self._storage_count, tensor.untyped_storage().nbytes(), writer=op)
            storage.activation = op is not None
            self._storage_count += 1
            self._storages[place] = storage
            if storage.activation:
                self.live_bytes += storage.bytes
                self.peak_bytes = max(self.peak_bytes, self.live_bytes)
        reference = _TensorRef(tensor, self._forget)
        reference.key, reference.address, reference.storage = id(tensor), place, storage
        if storage is not None:
            storage.tensors += 1
        self._entries[id(tensor)] = _Entry(reference, value, storage.epoch if storage else 0)
        return storage

    def _make_forget(self) -> Any:
        entries, storages, this = self._entries, self._storages, weakref.ref(self)

        def forget(reference: _TensorRef) -> None:
            entry = entries.get(reference.key)
            if entry is not None and entry.ref is reference:
                del entries[reference.key]
            storage = reference.storage
            if storage is None:
                return
            storage.tensors -= 1
            if storage.tensors == 0 and storages.get(reference.address) is storage:
                del storages[reference.address]
                identity = this()
                if identity is not None and storage.activation:
                    identity.live_bytes -= storage.bytes

        return forget


def address(tensor: Tensor) -> int:
    """Return what identifies a tensor's memory while it lives, also without data; 0 if it has none."""
    try:
        return int(tensor.untyped_storage()._cdata)
    except (NotImplementedError, RuntimeError, ValueError):  # sparse, nested, not yet initialised …
        return 0
