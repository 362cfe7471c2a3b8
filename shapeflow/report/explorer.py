"""The whole trace as columns of plain numbers and interned texts, small enough to travel inside a page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from shapeflow.graph.folding import Repeat, Structure
from shapeflow.report.names import Names
from shapeflow.report.sources import Sources
from shapeflow.trace import Module, Port, Trace

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

    - ``values``: parallel lists ``type``, ``origin``, ``producer`` (-1: none), ``name``, ``storage``, ``ghost``
    - ``calls``: ``[path, method, index, class, parent, first op, last op, flops, source, raised, in, out]``
    - ``ops``: ``[target, call, in, out, source, parent, flops, index]``
    - ports are flat: ``name, alias, value or -1, text, …``
    - ``repeats``: ``[selector, label, calls, [[odd call, difference], …]]``
    """
    texts = _Interned()
    types = _Interned()

    def text(words: str) -> int:
        return texts(words if len(words) <= LONGEST_TEXT else f"{words[: LONGEST_TEXT - 1]}…")

    def ports(items: Iterable[Port]) -> list[int]:
        flat: list[int] = []
        for port in items:
            flat += [text(port.name), text(port.alias)]
            flat += [-1 if port.value is None else port.value, text(port.text)]
        return flat

    values = trace.values
    indexes = [int(selector.rpartition("@")[2]) for selector in names.ops]
    data: dict[str, Any] = {
        "values": {
            "type": [types((value.dtype, value.shape)) for value in values],
            "origin": [ORIGINS.index(value.origin) for value in values],
            "producer": [-1 if value.producer is None else value.producer for value in values],
            "name": [text(value.name) for value in values],
            "storage": [-1 if value.storage is None else value.storage for value in values],
            "ghost": [value.id for value in values if not value.materialized],
            "unused": [value.id for value in trace.unused()],
        },
        "calls": [
            [
                text(call.path),
                text(call.method),
                call.index,
                text(call.class_name),
                -1 if call.parent is None else call.parent,
                call.first_op,
                call.last_op,
                call.flops,
                -1 if call.source is None else call.source,
                int(call.raised),
                ports(call.inputs),
                ports(call.outputs),
            ]
            for call in trace.calls
        ],
        "ops": [
            [
                text(op.target),
                -1 if op.call is None else op.call,
                ports(op.inputs),
                ports(op.outputs),
                -1 if op.source is None else op.source,
                -1 if op.parent is None else op.parent,
                op.flops,
                indexes[op.id],
            ]
            for op in trace.ops
        ],
        "escapes": [[escape.value, text(escape.how)] for escape in trace.escapes],
        "modules": {module.path: _module(module, text) for module in _called(trace)},
        "repeats": _repeats(trace, tree, text),
        "sizes": {str(size): list(origin) for size, origin in origins.items()},
    }
    data["sources"], data["lines"] = _sources(trace, sources, text)
    data["texts"] = texts.items
    data["types"] = [[dtype, *shape] for dtype, shape in types.items]
    return data


def _called(trace: Trace) -> list[Module]:
    paths = {call.path for call in trace.calls}
    return [module for module in trace.modules if module.path in paths]


def _module(module: Module, text: Any) -> list[Any]:
    attributes = [item for name, value in module.attributes.items() for item in (text(name), text(repr(value)))]
    return [module.parameters, module.own_parameters, attributes]


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
