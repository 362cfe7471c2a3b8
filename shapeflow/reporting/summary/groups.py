"""Which calls of a run are one row of its summary, and which rows are opened."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import chain

from shapeflow.model.call_tree import CallTree, pattern
from shapeflow.model.containers import told
from shapeflow.model.costs import inner_calls, path_of
from shapeflow.model.records import Call, Port, Records
from shapeflow.model.summary_rows import Size, Tensors

MOST_ROWS = 20
"""Rows of a table whose depth nobody asked for: with the totals below, they fit a screen."""
MOST_FIRST_ROWS = 60
"""The same if it shows only what is directly in the model: one row alone would say nothing."""
DEEPEST = 12
LOOP = 3
"""Calls of one module whose sizes differ are one row from so many different ones on."""


@dataclass(slots=True)
class Group:
    """Calls that are one row, and the rows below it."""

    level: int
    calls: Sequence[int]
    path: str
    """One path for all: ``layers.0-5.norm``; without a helper's name."""
    above: str
    """The path of the row around it."""
    input: Tensors
    output: Tensors
    inner: list[Group] | None = None
    """None: not opened."""
    hidden: list[Group] = field(default_factory=list)
    """What opening it would show."""


def grouped(trace: Records, depth: int | None, unfold: bool) -> list[Group]:
    """Return the rows of a run in its order, each before those in it.

    Args:
        trace: the run.
        depth: levels of calls below the outermost ones; None: as many as fit a screen, or all if unfolded.
        unfold: give each call a row of its own.
    """
    grouper = _Grouper(trace, unfold)
    roots = grouper.groups(grouper.tree.roots, "", 0)
    if depth is None and not unfold:
        _open_what_fits(grouper, roots)
    else:
        _open_to(grouper, roots, DEEPEST if depth is None else depth)
    return [group for root in roots for group in _walk(root)]


def _walk(group: Group) -> Iterator[Group]:
    yield group
    for inner in group.inner or ():
        yield from _walk(inner)


def _open_to(grouper: _Grouper, groups: Iterable[Group], depth: int) -> None:
    for group in groups:
        if group.level < depth:
            group.inner = grouper.inner(group)
            _open_to(grouper, group.inner, depth)


def _open_what_fits(grouper: _Grouper, roots: list[Group]) -> None:
    """Open level by level, the costliest first; rows of one class are opened together or not at all."""
    level, count = roots, len(roots)
    for depth in range(DEEPEST):
        most = MOST_ROWS if depth else MOST_FIRST_ROWS
        opened: list[Group] = []
        for alike in _by_class(grouper, level):
            for group in alike:
                group.hidden = grouper.inner(group)
            added = sum(len(group.hidden) for group in alike)
            if added and count + added <= most:
                count += added
                for group in alike:
                    group.inner = group.hidden
                    opened += group.hidden
        level = opened


def _by_class(grouper: _Grouper, level: Iterable[Group]) -> list[list[Group]]:
    """Return the groups of one level by their class, the costliest first."""
    calls = grouper.trace.calls
    found: dict[str, list[Group]] = {}
    for group in level:
        found.setdefault(calls[group.calls[0]].class_name, []).append(group)

    def cost(groups: Iterable[Group]) -> tuple[int, int]:
        all_calls = [calls[number] for group in groups for number in group.calls]
        return sum(call.flops for call in all_calls), sum(c.last_op - c.first_op for c in all_calls)

    return sorted(found.values(), key=cost, reverse=True)


class _Grouper:
    """Groups the calls of a trace."""

    def __init__(self, trace: Records, unfold: bool) -> None:
        self.trace = trace
        self.tree = trace.cached(CallTree)
        self._unfold = unfold

    def inner(self, group: Group) -> list[Group]:
        """Return what is in the calls of a group."""
        of = self.tree.children.__getitem__ if self._unfold else partial(inner_calls, self.tree)
        calls = [child for call in group.calls for child in of(call)]
        return self.groups(calls, group.path, group.level + 1)

    def groups(self, calls: Sequence[int], above: str, level: int) -> list[Group]:
        """Return calls that have one row around them as rows, in the order of the run."""
        exact: dict[object, list[int]] = {}
        for number in calls:
            call = self.trace.calls[number]
            if not self._unfold and self._says_nothing(call):
                continue
            key = number if self._unfold else (*_kind(call), *map(_looks, self._sides(call)))
            exact.setdefault(key, []).append(number)
        found = []
        for group in self._loops(list(exact.values())):
            sides = [self._sides(self.trace.calls[number]) for number in group]
            given, made = (_merged(list(dict.fromkeys(column))) for column in zip(*sides, strict=True))
            found.append(Group(level, group, path_of(self.trace, group), above, given, made))
        return found

    def _loops(self, groups: list[list[int]]) -> list[list[int]]:
        """Put groups together that are the same modules called again and again with other sizes."""
        if self._unfold:
            return groups
        loops: dict[object, list[list[int]]] = {}
        for group in groups:
            first = self.trace.calls[group[0]]
            paths = frozenset(self.trace.calls[number].path for number in group)
            ranks = [(side.dtype, len(side.shape), side.text) for side in self._sides(first)]
            loops.setdefault((paths, first.method, first.class_name, first.raised, *ranks), []).append(group)
        found: list[list[int]] = []
        for loop in loops.values():
            found += [sorted(chain.from_iterable(loop))] if len(loop) >= LOOP else loop
        return sorted(found, key=lambda group: group[0])

    def _says_nothing(self, call: Call) -> bool:
        """Return whether a call is a helper that makes no tensor, such as one that checks or picks."""
        if call.method == "forward" or call.raised or call.flops or self.tree.children[call.id]:
            return False
        return not any(made_in(self.trace, call, value) for value in _held(call.outputs))

    def _sides(self, call: Call) -> tuple[Tensors, Tensors]:
        return tensors_of(self.trace, call.inputs), made_by(self.trace, call)


def _looks(side: Tensors) -> tuple[object, ...]:
    """Return by what calls are told apart: not by what else they get, such as a cache that grows."""
    return side.dtype, side.shape, side.text


def _kind(call: Call) -> tuple[object, ...]:
    return pattern(call.path), call.method, call.class_name, call.raised


def tensors_of(trace: Records, ports: Sequence[Port]) -> Tensors:
    """Return the first tensor at some ports, and how many other ones there are."""
    return _first_of(trace, _held(ports))


def made_by(trace: Records, call: Call) -> Tensors:
    """Return what a call gives, first what it made; what it passes on counts only if it made nothing."""
    held = _held(call.outputs)
    made = [value for value in held if made_in(trace, call, value)]
    if not held:
        return Tensors(text=next((port.text for port in told(call.outputs) if port.text), ""))
    return _first_of(trace, made or held)


def _held(ports: Sequence[Port]) -> list[int]:
    """Return the values at some ports; what a cache holds only if there is nothing else."""
    alone = dict.fromkeys(port.value for port in told(ports) if port.value is not None)
    return list(alone or dict.fromkeys(port.value for port in ports if port.value is not None))


def made_in(trace: Records, call: Call, value: int) -> bool:
    """Return whether a value was made while a call ran."""
    producer = trace.values[value].producer
    return producer is not None and call.first_op <= producer < call.last_op


def _first_of(trace: Records, values: Sequence[int]) -> Tensors:
    if not values:
        return Tensors()
    first = trace.values[values[0]]
    return Tensors(first.dtype, first.shape, len(values) - 1)


def _merged(sides: Sequence[Tensors]) -> Tensors:
    """Return one side for several of one rank: sizes that differ are given from the least to the largest."""
    first = sides[0]
    if len(sides) == 1:
        return first
    sizes = tuple(_between(column) for column in zip(*(side.shape for side in sides), strict=True))
    return Tensors(first.dtype, sizes, _between([side.more for side in sides]), first.text)


def _between(sizes: Iterable[Size]) -> Size:
    numbers = [size for size in sizes if isinstance(size, int)]
    least, most = min(numbers), max(numbers)
    return least if least == most else (least, most)
