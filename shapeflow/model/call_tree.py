"""The call tree of a trace: which calls have equal structure, and which of those side by side differ."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

from shapeflow.model.containers import told, values_at
from shapeflow.model.records import Call, Port, Records
from shapeflow.model.unused import unused

LEAST = 3
"""Fewer alike calls than this are shown one by one."""

WRAPPER_OPS = 2
"""A call with one inner call and at most this many ops of its own is only a wrapper."""

DEEP = 100
"""What is around calls is remembered up to this depth: a trace of calls in calls in calls stays small."""

NUMBER = re.compile(r"(?<![^.])\d+(?![^.])")
"""A segment of a path that is only digits."""


@dataclass(frozen=True, slots=True)
class Repeat:
    """Calls of one kind beside each other, such as the 32 blocks of a transformer."""

    label: str
    """``blocks.0 … 31``."""
    selector: str
    """Names all of them: ``trunk.blocks.*``."""
    calls: tuple[int, ...]
    outliers: tuple[int, ...]
    """Those whose structure is not that of most."""

    @property
    def typical(self) -> int:
        """The first call that is like most of them."""
        return next((call for call in self.calls if call not in self.outliers), self.calls[0])


class CallTree:
    """The call tree of a trace, and which of its calls are alike."""

    def __init__(self, trace: Records) -> None:
        self.trace = trace
        self.children: list[list[int]] = [[] for _ in trace.calls]
        self.roots: list[int] = []
        self.own_ops: list[list[int]] = [[] for _ in trace.calls]
        for call in trace.calls:
            (self.roots if call.parent is None else self.children[call.parent]).append(call.id)
        for op in trace.ops:
            if op.call is not None:
                self.own_ops[op.call].append(op.id)
        self.given = [tensors(op.inputs) for op in trace.ops]
        """Op -> the values it reads."""
        self.made = [tensors(op.outputs) for op in trace.ops]
        """Op -> the values it gives."""
        self.unused = frozenset(value.id for value in unused(trace))
        self.signature = self._signatures()
        self._ancestors: dict[int | None, tuple[int, ...]] = {}
        self._crossing: dict[int, tuple[tuple[int, ...], tuple[int, ...]]] = {}

    def _signatures(self) -> list[int]:
        """Number the calls so that equal numbers mean equal class, shapes, ops and inner calls."""
        known: dict[object, int] = {}
        result = [0] * len(self.trace.calls)
        ops = self.trace.ops
        for call in reversed(self.trace.calls):
            key = (
                call.class_name,
                call.method,
                shapes(self.trace, call.inputs),
                shapes(self.trace, call.outputs),
                tuple((ops[op].target, shapes(self.trace, ops[op].outputs)) for op in self.own_ops[call.id]),
                tuple(result[child] for child in self.children[call.id]),
            )
            result[call.id] = known.setdefault(key, len(known))
        return result

    def ancestors(self, call: int | None) -> tuple[int, ...]:
        """Return the calls around ``call``, itself included, from the inside out."""
        known = self._ancestors.get(call)
        if known is not None:
            return known
        found: list[int] = []
        inside = call
        while inside is not None:
            found.append(inside)
            inside = self.trace.calls[inside].parent
        if len(found) <= DEEP:
            self._ancestors[call] = tuple(found)
        return tuple(found)

    def crossing(self, call: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Return the values that what runs in a call reads from outside, and those that leave it.

        What is read are inputs of the run and what other ops made: a parameter comes from nowhere. A value
        leaves a call that returns it, and so does one that others read, or that nobody reads at all.
        """
        if call not in self._crossing:
            self._crossing[call] = self._crosses(call)
        return self._crossing[call]

    def _crosses(self, call: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
        record = self.trace.calls[call]
        returned = set(values_at(record.outputs))
        made: dict[int, None] = {}
        read: dict[int, None] = {}
        for op in range(record.first_op, record.last_op):
            given = self.given[op]
            read.update((value, None) for value in given if value not in made)
            for value in self.made[op]:
                # A tensor handed on unchanged is made here only if the call returns it.
                if value not in given or value in returned:
                    made[value] = None
        last = self.last_read
        leaving = [v for v in made if v in returned or last.get(v, record.last_op) >= record.last_op]
        values = self.trace.values
        arriving = [v for v in read if values[v].producer is not None or values[v].origin == "input"]
        return tuple(arriving), tuple(leaving)

    @cached_property
    def last_read(self) -> dict[int, int]:
        """Value -> the last op that reads it; nothing for a value that no op reads."""
        return {value: op for op, given in enumerate(self.given) for value in given}

    def hands_on(self, call: int) -> bool:
        """Return whether a call does next to nothing but call one other, such as a wrapper."""
        return len(self.children[call]) == 1 and len(self.own_ops[call]) <= WRAPPER_OPS

    def fold(self, calls: Sequence[int]) -> list[int | Repeat]:
        """Return ``calls`` with those of one path pattern folded, in the order of the run."""
        groups: dict[tuple[str, str], list[int]] = {}
        for call in calls:
            groups.setdefault(self.kind(call), []).append(call)
        folded: list[int | Repeat] = []
        for group in groups.values():
            folded += [self.repeat(group)] if len(group) >= LEAST else group
        return sorted(folded, key=lambda item: item.calls[0] if isinstance(item, Repeat) else item)

    def kind(self, call: int) -> tuple[str, str]:
        """Return what calls that are drawn as one have in common: their path but for numbers."""
        return self._kinds[call]

    @cached_property
    def _kinds(self) -> list[tuple[str, str]]:
        return [(pattern(call.path), call.method) for call in self.trace.calls]

    def repeat(self, calls: Sequence[int]) -> Repeat:
        """Return ``calls`` as one repeat and say which are unlike the rest."""
        counts = Counter(self.signature[call] for call in calls)
        usual, times = counts.most_common(1)[0]
        outliers = tuple(call for call in calls if self.signature[call] != usual) if times > 1 else ()
        records = [self.trace.calls[call] for call in calls]
        return Repeat(_label(records), _selector(records), tuple(calls), outliers)

    def difference(self, outlier: int, typical: int) -> str:
        """Return in one line the first place where ``outlier`` is unlike ``typical``; empty if it is not."""
        if self.signature[outlier] == self.signature[typical]:
            return ""
        mine, other = self.trace.calls[outlier], self.trace.calls[typical]
        if mine.class_name != other.class_name:
            return f"{mine.class_name} instead of {other.class_name}"
        unlike = self._ports(_told(mine), _told(other))
        return unlike or self._inner(outlier, typical) or self._ops(outlier, typical)

    def _inner(self, outlier: int, typical: int) -> str:
        """Return the first difference in inner calls of the same name."""
        usual = {tail(self.trace.calls[child]): child for child in reversed(self.children[typical])}
        for child in self.children[outlier]:
            name = tail(self.trace.calls[child])
            if name in usual and self.signature[child] != self.signature[usual[name]]:
                unlike = self.difference(child, usual[name])
                return unlike if " in " in unlike else f"{unlike} in {name}"
        return ""

    def _ops(self, outlier: int, typical: int) -> str:
        """Return the first difference in the ops of two calls, or in how many there are."""
        ops = self.trace.ops
        for left, right in zip(self.own_ops[outlier], self.own_ops[typical], strict=False):
            mine, other = ops[left], ops[right]
            if mine.target != other.target:
                return f"{mine.target} instead of {other.target}"
            unlike = self._ports(mine.inputs + mine.outputs, other.inputs + other.outputs)
            if unlike:
                return f"{mine.target} {unlike}"
        for noun, parts in (("inner calls", self.children), ("ops", self.own_ops)):
            if len(parts[outlier]) != len(parts[typical]):
                return f"{len(parts[outlier])} {noun} instead of {len(parts[typical])}"
        return "other arguments"

    def _ports(self, mine: Sequence[Port], other: Sequence[Port]) -> str:
        """Return the first tensor that has another shape at the same place."""
        values = self.trace.values
        usual = {port.name: port.value for port in other}
        for port in mine:
            twin = usual.get(port.name)
            if port.value is not None and twin is not None and values[port.value].shape != values[twin].shape:
                return f"{port.name} {values[port.value]} instead of {values[twin]}"
        return ""


def shapes(trace: Records, ports: Sequence[Port]) -> tuple[object, ...]:
    """Return dtype and shape of each port, or its text where it holds no tensor.

    A large container is told by its class: what it holds grows from call to call.
    """
    return tuple(
        port.text if port.value is None else (trace.values[port.value].dtype, trace.values[port.value].shape)
        for port in told(ports)
    )


def _told(call: Call) -> tuple[Port, ...]:
    return (*told(call.inputs), *told(call.outputs))


def tensors(ports: Iterable[Port]) -> list[int]:
    """Return the ids of the values at ports, each once."""
    return list(dict.fromkeys(port.value for port in ports if port.value is not None))


@lru_cache(maxsize=1 << 15)
def pattern(path: str) -> str:
    """Return ``path`` with ``*`` for every segment that is a number."""
    return NUMBER.sub("*", path)


def tail(call: Call, segments: int = 2) -> str:
    """Return the end of a path, as in ``blocks.7``, ``attn`` or ``backbone.encode()``."""
    parts = call.path.split(".") if call.path else ["."]
    wanted = segments if parts[-1].isdigit() else 1
    name = ".".join(parts[-wanted:])
    if call.method == "forward":
        return name
    return f"{'' if name == '.' else name}.{call.method}()"


def _label(calls: Sequence[Call]) -> str:
    """Return ``blocks.0 … 31`` for numbered paths, ``norm`` for one path called again and again."""
    first, last = calls[0], calls[-1]
    if first.path == last.path:
        return tail(first)
    parts, others = first.path.split("."), last.path.split(".")
    start = next(i for i, (a, b) in enumerate(zip(parts, others, strict=False)) if a != b)
    numbers = [call.path.split(".")[start] for call in calls]
    head = ".".join([*parts[max(0, start - 1) : start], f"{numbers[0]} … {numbers[-1]}", *parts[start + 1 :]])
    return head if first.method == "forward" else f"{head}.{first.method}()"


def _selector(calls: Sequence[Call]) -> str:
    columns = zip(*(call.path.split(".") for call in calls), strict=False)
    path = ".".join(column[0] if len(set(column)) == 1 else "*" for column in columns)
    return path or "." if calls[0].method == "forward" else f"{path}.{calls[0].method}()"
