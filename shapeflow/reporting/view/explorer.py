"""The whole trace as columns of plain numbers and interned texts, small enough to travel inside a page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from shapeflow.common.control_characters import visible
from shapeflow.model.call_tree import Repeat, Structure
from shapeflow.model.exact_names import Names
from shapeflow.model.records import Call, Module, Op, Port
from shapeflow.model.trace import Trace
from shapeflow.reporting.view.sources import Sources

LONGEST_TEXT = 400
"""Characters of one argument, name or attribute that a page keeps."""

ORIGINS = ("op", "input", "parameter", "buffer", "unknown")


class _Interned:
    """Texts or tuples by position, each stored once."""

    def __init__(self) -> None:
        self.items: list[Any] = []
        self.known: dict[Any, int] = {}

    def __call__(self, item: Any) -> int:
        if item not in self.known:
            self.known[item] = len(self.items)
            self.items.append(item)
        return self.known[item]


def columns(
    trace: Trace, names: Names, tree: Structure, sources: Sources, origins: Mapping[int, tuple[str, str]]
) -> dict[str, Any]:
    """Return the trace for a page's script.

    ``texts`` and ``types`` are interned; everything else refers to them by position:

    - ``values``: parallel lists ``type``, ``origin``, ``producer`` (-1: none), ``name``, ``storage``; and the
      ids of those that are a ``ghost`` (never materialized) or ``unused``
    - ``calls``: ``[path, method, index, class, parent, first, last, flops, source, raised, in, out]``
    - ``ops``: ``[target, call, in, out, source, parent, flops, index]``
    - ports are flat: ``name, alias, value or -1, text, …``
    - ``repeats``: ``[selector, label, calls, [[odd call, difference], …]]``
    """
    texts, types = _Interned(), _Interned()
    table = _Table(trace, texts)
    data: dict[str, Any] = {
        "values": table.values(types),
        "calls": [table.call(call) for call in trace.calls],
        "ops": [table.op(op, names) for op in trace.ops],
        "escapes": [[escape.value, table.text(escape.how)] for escape in trace.escapes],
        "modules": {visible(module.path): table.module(module) for module in _called(trace)},
        "repeats": _repeats(trace, tree, table.text),
        "sizes": {str(size): list(origin) for size, origin in origins.items()},
    }
    data["sources"], data["lines"] = _sources(trace, sources, table.text)
    data["texts"] = texts.items
    data["types"] = [[dtype, *shape] for dtype, shape in types.items]
    return data


class _Table:
    """Turns records into rows of numbers."""

    def __init__(self, trace: Trace, texts: _Interned) -> None:
        self.trace = trace
        self.texts = texts

    def text(self, words: str) -> int:
        """Return the position of a text; a long one is cut."""
        words = visible(words)
        return self.texts(words if len(words) <= LONGEST_TEXT else f"{words[: LONGEST_TEXT - 1]}…")

    def ports(self, items: Iterable[Port]) -> list[int]:
        flat: list[int] = []
        for port in items:
            flat += [self.text(port.name), self.text(port.alias), _or_none(port.value), self.text(port.text)]
        return flat

    def values(self, types: _Interned) -> dict[str, list[int]]:
        values = self.trace.values
        return {
            "type": [types((value.dtype, value.shape)) for value in values],
            "origin": [ORIGINS.index(value.origin) for value in values],
            "producer": [_or_none(value.producer) for value in values],
            "name": [self.text(value.name) for value in values],
            "storage": [_or_none(value.storage) for value in values],
            "ghost": [value.id for value in values if not value.materialized],
            "unused": [value.id for value in self.trace.unused()],
        }

    def call(self, call: Call) -> list[Any]:
        place = [self.text(call.path), self.text(call.method), call.index, self.text(call.class_name)]
        inside = [_or_none(call.parent), call.first_op, call.last_op, call.flops]
        more = [_or_none(call.source), int(call.raised)]
        return [*place, *inside, *more, self.ports(call.inputs), self.ports(call.outputs)]

    def op(self, op: Op, names: Names) -> list[Any]:
        index = int(names.op(op.id).rpartition("@")[2])
        given, made = self.ports(op.inputs), self.ports(op.outputs)
        more = [_or_none(op.source), _or_none(op.parent), op.flops, index]
        return [self.text(op.target), _or_none(op.call), given, made, *more]

    def module(self, module: Module) -> list[Any]:
        pairs = [self.text(text) for name, value in module.attributes.items() for text in (name, repr(value))]
        return [module.parameters, module.own_parameters, pairs]


def _or_none(number: int | None) -> int:
    return -1 if number is None else number


def _called(trace: Trace) -> list[Module]:
    paths = {call.path for call in trace.calls}
    return [module for module in trace.modules if module.path in paths]


def _repeats(trace: Trace, tree: Structure, text: Any) -> list[Any]:
    found = []
    for siblings in [tree.roots, *tree.children]:
        for item in tree.fold(siblings):
            if isinstance(item, Repeat):
                odd = [[call, text(tree.difference(call, item.typical))] for call in item.odd]
                found.append([text(item.selector), text(item.label), list(item.calls), odd])
    return found


def _sources(trace: Trace, sources: Sources, text: Any) -> tuple[list[Any], dict[str, Any]]:
    """Return the places, and the coloured lines around them by file and line number."""
    used = {op.source for op in trace.ops} | {call.source for call in trace.calls}
    places: list[Any] = []
    lines: dict[str, dict[str, list[int]]] = {}
    for position, source in enumerate(trace.sources):
        view = sources.view(position) if position in used else None
        if view is None:
            places.append(0)
            continue
        # A line that is not the installed one stands alone, under a name that no file has.
        key = source.file if view.installed else f"{source.file}:{position}"
        kept = lines.setdefault(key, {})
        for line in view.lines:
            if str(line.number) not in kept:
                kept[str(line.number)] = [text(part) for token in line.tokens for part in token]
        places.append([text(source.file), source.line, text(source.function), text(key), int(view.installed)])
    return places, lines
