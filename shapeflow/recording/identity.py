"""Which value a tensor is: identity by weak reference, storages, in-place writes and live bytes.

A bare ``id()`` is reused as soon as a tensor dies, so every entry holds a weak reference. A storage is known
while a tracked tensor lives on it; a write to it gives every tensor on it a new value at the next look. No
tensor is kept alive.
"""

from __future__ import annotations

import weakref
from collections import deque
from collections.abc import Container, Iterable, Iterator
from operator import is_

from torch import Tensor
from torch.nn import Parameter
from torch.nn.parameter import is_lazy

from shapeflow.common.quick import maker
from shapeflow.model.records import Origin, Value
from shapeflow.recording.followed import Followed, Tracked
from shapeflow.recording.live_memory import LiveMemory
from shapeflow.recording.notation import SHORT_DTYPES, short_dtype, sizes
from shapeflow.recording.redispatch import have_own_dispatch
from shapeflow.recording.storages import Storage, holding

_PLAIN: frozenset[type] = frozenset({Tensor, Parameter})
"""What most tensors are."""


_make_value = maker(Value)


class Identity:
    """The values of a run, and which live tensor is which.

    Args:
        names: what is known before the run: parameters and buffers, with their names.
    """

    def __init__(self, names: Iterable[tuple[Tensor, Origin, str]] = ()) -> None:
        self.values: list[Value] = []
        self.memory = LiveMemory()
        self._names: dict[int, tuple[weakref.ref[Tensor], Origin, str]] = {}
        for tensor, origin, name in names:
            self._names.setdefault(id(tensor), (weakref.ref(tensor), origin, name))
        self._tracked: dict[int, Tracked] = {}
        self._with_own_dispatch: dict[int, Tracked] = {}
        """The tracked tensors of classes that run operators their own way, such as those that wrap others."""
        self.has_nested = False
        """True once there was a nested tensor, whose shape does not tell those of its parts."""
        self._writes = 0
        """Counts whatever makes a tensor that is known another value."""
        self._gone: deque[Tracked] = deque()

    def current(self, tensor: Tensor) -> int | None:
        """Return the value that ``tensor`` was when it was last seen, None if it may be another one now."""
        tracked = self._tracked.get(id(tensor))
        if tracked is None or tracked() is not tensor:
            return None
        return tracked.value if tracked.storage is None or tracked.epoch == tracked.storage.epoch else None

    def follow(self, tensors: Iterable[Tensor]) -> Followed:
        """Return what tells later, at little cost, whether tensors that were seen are what they are now."""
        return Followed([self._tracked[id(tensor)] for tensor in tensors], self._writes)

    def together(self, parts: Iterable[Followed]) -> Followed:
        """Return the tensors that several follow as one, each of which was asked just now."""
        return Followed([one for part in parts for one in part.tracked], self._writes)

    def is_unchanged(self, followed: Followed) -> bool:
        """Return whether tensors are alive and the values that they were when they began to be followed."""
        self.let_go()
        if not all(map(is_, map(self._tracked.get, followed.ids), followed.tracked)):
            return False
        if followed.writes != self._writes:
            for tracked, value in zip(followed.tracked, followed.values, strict=True):
                storage = tracked.storage
                if tracked.value != value or (storage is not None and tracked.epoch != storage.epoch):
                    return False
            followed.writes = self._writes
        return True

    def value_of(self, tensor: Tensor, origin: Origin = "unknown", name: str = "") -> tuple[int, int | None]:
        """Return the id of the value that ``tensor`` is now, and the op that wrote it unseen, if one did.

        A tensor seen for the first time gets a new value: a parameter, a buffer, or of the ``origin`` given.
        The second item is the op that wrote to the storage since the last look; it made this value.
        """
        value = self.current(tensor)
        if value is not None:
            return value, None
        tracked = self._seen(tensor)
        if tracked is not None:
            storage = tracked.storage
        else:
            named = self._named(tensor)
            if named is not None:
                return self._add_unseen(tensor, *named, None), None
            if origin == "unknown":
                self.adopted(tensor)
            storage = self._storage(tensor)
            if storage is None or storage.writer is None:
                return self._add(tensor, origin, name), None
        # It was written to, or is another object for memory that an op filled.
        writer = None if storage is None else storage.writer
        return self._add(tensor, "op", "", writer), writer

    def produced(self, tensor: Tensor, op: int) -> int:
        """Return the value of ``tensor`` as a result of ``op``; a tensor handed through keeps its own."""
        if id(tensor) in self._tracked or id(tensor) in self._names:  # most results are new
            value = self.current(tensor)
            if value is not None:
                return value
            if self._seen(tensor) is None and self._named(tensor) is not None:
                return self.value_of(tensor)[0]
            return self._add(tensor, "op", "", op)
        return self._add_unseen(tensor, "op", "", op)

    def is_new(self, value: int, origin: Origin) -> bool:
        """Return True for the youngest value if it is of this origin."""
        return value == len(self.values) - 1 and self.values[value].origin == origin

    def name_of(self, tensor: Tensor) -> str:
        """Return the name of a parameter, buffer or input, empty for another tensor."""
        named, tracked = self._named(tensor), self._seen(tensor)
        if named is not None:
            return named[1]
        return "" if tracked is None else self.values[tracked.value].name

    def read_beside(self, tensor: Tensor) -> str:
        """Return the name of a tensor on the same memory that was read, if ``tensor`` itself never was."""
        if self._seen(tensor) is not None:
            return ""
        storage = self._storage(tensor)
        on = {} if storage is None else self.memory.on(storage)
        there = [known.value for known in on.values()]
        return next((name for value in there if (name := self.values[value].name)), "?" if there else "")

    def values_on(self, tensor: Tensor) -> Iterable[int]:
        """Return the values that are read with ``tensor``, also if the object was not seen before."""
        if self._seen(tensor) is not None or self._named(tensor) is not None:
            return (self.value_of(tensor)[0],)
        storage = self._storage(tensor)
        if storage is None or not storage.epoch:  # it is what it was when it was saved
            return ()
        alive = [tracked() for tracked in [*self.memory.on(storage).values()]]
        return [self.value_of(other)[0] for other in alive if other is not None]

    def alive(self) -> Iterator[tuple[Tensor, int, int | None]]:
        """Yield the living tensors: each with its last value, and the op that wrote to it since, if any."""
        for tracked in list(self._tracked.values()):
            tensor, storage = tracked(), tracked.storage
            if tensor is not None:
                stale = storage is not None and tracked.epoch != storage.epoch
                yield tensor, tracked.value, storage.writer if stale and storage else None

    def have_own_dispatch(self, values: Container[int]) -> bool:
        """Return whether a living tensor that is one of some values runs operators its own way."""
        self.let_go()
        return any(tracked.value in values for tracked in self._with_own_dispatch.values())

    def written(self, tensor: Tensor, op: int | None) -> None:
        """Note that ``op`` writes to the storage of ``tensor``."""
        storage = self._storage(tensor)
        if storage is not None:
            storage.epoch += 1
            storage.writer = op
            self._writes += 1

    def reshaped(self, tensor: Tensor) -> None:
        """Note that the shape of ``tensor`` changes in place: it becomes another value on its memory."""
        tracked = self._seen(tensor)
        if tracked is not None:
            tracked.epoch = -1
            self._writes += 1

    def seen_before(self, tensor: Tensor, op: int) -> bool:
        """Return whether ``tensor``, whose value is not known now, was there before ``op``."""
        tracked = self._seen(tensor)
        if tracked is None:
            return self._named(tensor) is not None
        return tracked.storage is not None and tracked.storage.writer not in (None, op) and tracked.epoch >= 0

    def handed_out(self, tensor: Tensor) -> None:
        """Note that Python got the memory of ``tensor``, and may make another tensor on it."""
        storage = self._storage(tensor)
        if storage is not None:
            self.memory.handed_out.add(tensor, storage)

    def adopted(self, tensor: Tensor) -> None:
        """Note that ``tensor``, not seen before, may be on memory that another one is on."""
        if self._storage(tensor) is None:
            known = [(tracked(), tracked.storage) for tracked in list(self._tracked.values())]
            storage = holding(tensor, known)
            if storage is not None:
                self.memory.put(tensor, storage)

    def shares(self, tensor: Tensor, other: Tensor) -> None:
        """Note that two tensors have the same memory, whatever torch says of it."""
        storage = self._storage(other)
        if storage is not None:
            self.memory.put(tensor, storage)

    def moved(self, tensor: Tensor) -> None:
        """Note that ``tensor`` has been given other memory: it is not what it was before."""
        tracked = self._seen(tensor)
        if tracked is not None:
            self._forget(tracked)
        self._names.pop(id(tensor), None)

    def _seen(self, tensor: Tensor) -> Tracked | None:
        tracked = self._tracked.get(id(tensor))
        return tracked if tracked is not None and tracked() is tensor else None

    def _named(self, tensor: Tensor) -> tuple[Origin, str] | None:
        known = self._names.get(id(tensor))
        return (known[1], known[2]) if known is not None and known[0]() is tensor else None

    def derived(self, dtype: str, shape: tuple[int, ...], op: int) -> int:
        """Return a new value for a tensor that ``op`` needs in its mathematics and never builds."""
        value = Value(len(self.values), dtype, shape, "op", op, materialized=False)
        self.values.append(value)
        return value.id

    def unseen(self, dtype: str, shape: tuple[int, ...]) -> int:
        """Return a new value for a tensor that is read and that nobody hands over."""
        self.values.append(Value(len(self.values), dtype, shape, "unknown"))
        return len(self.values) - 1

    def _add(self, tensor: Tensor, origin: Origin, name: str, op: int | None = None) -> int:
        """Make a new value, which ``tensor`` is now."""
        seen = self._seen(tensor)
        if seen is None:
            return self._add_unseen(tensor, origin, name, op)
        identifier = self._value(tensor, origin, op, name, seen.storage)
        # Only now is the tensor this value: Ctrl-C may have come before, and then the trace is finished.
        seen.value = identifier
        seen.epoch = 0 if seen.storage is None else seen.storage.epoch
        self._writes += 1
        return identifier

    def _add_unseen(self, tensor: Tensor, origin: Origin, name: str, op: int | None) -> int:
        """Make a new value, which a tensor is that was not seen before."""
        tracked = self._track(tensor, op)
        storage = tracked.storage
        tracked.value = identifier = self._value(tensor, origin, op, name, storage)
        tracked.epoch = 0 if storage is None else storage.epoch
        self._tracked[tracked.key] = tracked
        kind = type(tensor)
        if kind not in _PLAIN and have_own_dispatch((kind,)):
            self._with_own_dispatch[tracked.key] = tracked
        return identifier

    def _value(
        self, tensor: Tensor, origin: Origin, op: int | None, name: str, storage: Storage | None
    ) -> int:
        """Make a new value of what a tensor is now; return its number."""
        values, dtype = self.values, tensor.dtype
        if type(tensor) in _PLAIN and not tensor.is_nested:  # what nearly all are
            shape = tuple(tensor.shape)
        else:
            shape = sizes(tensor)
            self.has_nested = self.has_nested or (not is_lazy(tensor) and tensor.is_nested)
        number = None if storage is None else storage.number
        identifier = len(values)
        short = SHORT_DTYPES.get(dtype) or short_dtype(dtype)
        values.append(_make_value(identifier, short, shape, origin, op, name, number))
        return identifier

    def _track(self, tensor: Tensor, op: int | None) -> Tracked:
        """Return what follows a tensor that was not seen before, and follow the storage that it is on."""
        if self._gone:
            self.let_go()
        tracked = Tracked(tensor, self._gone.append)
        tracked.key, tracked.epoch, tracked.value = id(tensor), 0, -1
        self.memory.join(tracked, tensor, op)
        return tracked

    def let_go(self) -> None:
        """Forget the tensors that are gone; to be called before memory is looked up or counted.

        A weak reference only puts itself on a list: a Ctrl-C while Python code runs in it would be lost.
        """
        while self._gone:
            self._forget(self._gone.popleft())

    def _forget(self, gone: Tracked) -> None:
        if self._tracked.get(gone.key) is gone:
            del self._tracked[gone.key]
            self._with_own_dispatch.pop(gone.key, None)
        self.memory.leave(gone)

    def _storage(self, tensor: Tensor) -> Storage | None:
        """Return the memory of a tensor, if one that is alive is known to be on it."""
        self.let_go()
        return self.memory.of(tensor)
