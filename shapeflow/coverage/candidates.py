"""Lines that may cover what is not covered; whether they hold is for ``proposals`` to find out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from shapeflow.coverage.makings import Names, made_at, made_by, numbered, widened
from shapeflow.coverage.measure import Coverage
from shapeflow.coverage.units import Unit, hands_on
from shapeflow.model.call_tree import pattern
from shapeflow.model.containers import told
from shapeflow.model.path_index import selector_of
from shapeflow.model.pattern import escape
from shapeflow.model.records import Call, Op, Port, call_name
from shapeflow.walkthrough.claims.literal import literal_text
from shapeflow.walkthrough.constraint import Item


@dataclass(frozen=True, slots=True)
class Candidate:
    """Lines for some things that are not covered."""

    missing: tuple[Unit, ...]
    """What it may cover."""
    alternatives: tuple[tuple[str, ...], ...]
    """Each some lines; the first that hold are taken."""


def candidates(coverage: Coverage) -> Iterator[Candidate]:
    """Yield lines for all that is not covered."""
    names = _Names(coverage)
    yield from _shapes(names)
    yield from _joins(names)
    yield from _parameters(names)
    yield from _attributes(names)


class _Names:
    """What is not covered, by item, and how things are called."""

    def __init__(self, coverage: Coverage) -> None:
        self.coverage = coverage
        self.trace = coverage.trace
        self.of = Names(self.trace)
        self.by_item: dict[Item, list[Unit]] = {}
        for unit in coverage.missing:
            for item in unit.items:
                self.by_item.setdefault(item, []).append(unit)
        self.calls: dict[str, list[Call]] = {}
        for call in self.trace.calls:
            self.calls.setdefault(call.key, []).append(call)

    def units(self, items: Iterable[Item]) -> tuple[Unit, ...]:
        """Return what is not covered and depends on some items."""
        return tuple(dict.fromkeys(unit for item in items for unit in self.by_item.get(item, ())))

    def port_items(self, call: Call, port: Port) -> list[Item]:
        """Return what a shape at a port of a call constrains."""
        value = port.value
        assert value is not None, "a port that holds a tensor"
        axes = range(len(self.trace.values[value].shape))
        return [
            Item("call", call.id),
            Item("port", call.id, port.name),
            Item("dtype", value),
            *(Item("dim", value, axis) for axis in axes),
        ]


def _shapes(names: _Names) -> Iterator[Candidate]:
    """Yield a shape for each port of calls where anything is missing."""
    groups: dict[tuple[str, str, str], list[tuple[Call, Port]]] = {}
    for call in names.trace.calls:
        if hands_on(call):
            continue
        for port in (*told(call.inputs), *told(call.outputs)):
            if port.value is not None:
                groups.setdefault((pattern(call.path), call.method, port.name), []).append((call, port))
    for (_, _, port_name), group in groups.items():
        if not names.units(item for pair in group for item in names.port_items(*pair)):
            continue
        by_shape: dict[str, list[tuple[Call, Port]]] = {}
        for call, port in group:
            by_shape.setdefault(str(names.trace.value_at(port)), []).append((call, port))
        for shape, pairs in by_shape.items():
            keys = dict.fromkeys(call.key for call, _ in pairs)
            whole = len(by_shape) == 1
            folded = _folded(pairs[0][0]) if whole and len(keys) > 1 else ""
            if folded:
                units = names.units(item for pair in pairs for item in names.port_items(*pair))
                yield Candidate(units, ((f"{folded}:{port_name}  {shape}",),))
                continue
            for key in keys:
                mine = [(call, port) for call, port in pairs if call.key == key]
                all_calls = len(mine) == len(names.calls[key])
                owners = [selector_of(key)] if all_calls else [names.of.call(call) for call, _ in mine]
                for number, owner in enumerate(owners):
                    meant = mine if all_calls else [mine[number]]
                    units = names.units(item for pair in meant for item in names.port_items(*pair))
                    yield Candidate(units, ((f"{owner}:{port_name}  {shape}",),))


def _folded(call: Call) -> str:
    """Return the pattern of all calls of a path but for its numbers."""
    steps = [step if step.isdigit() else escape(step) for step in call.path.split(".")]
    return call_name(pattern(".".join(steps)), call.method)


def _joins(names: _Names) -> Iterator[Candidate]:
    """Yield how a join is made, or where its inputs come from: of alike ones one line if that holds."""
    groups: dict[tuple[str, tuple[str, ...]], list[tuple[Unit, tuple[str, ...]]]] = {}
    for unit in names.coverage.missing:
        if unit.kind == "joins":
            for lines in _lines_of_join(names, unit):
                key = (_place(names, unit.needs[0]), tuple(map(widened, lines)))
                groups.setdefault(key, []).append((unit, lines))
    for (_, wide), group in groups.items():
        units = tuple(unit for unit, _ in group)
        exact = [lines for _, lines in group]
        several = tuple(numbered(line, _numbers(lines[i] for lines in exact)) for i, line in enumerate(wide))
        alternatives = [dict.fromkeys(wide), dict.fromkeys(several), dict.fromkeys(exact[0])]
        yield Candidate(units, tuple(tuple(lines) for lines in alternatives if all(lines)))


def _numbers(lines: Iterable[str]) -> Iterator[int]:
    """Yield the last number in the path of each place."""
    for line in lines:
        found = re.findall(r"\.(\d+)(?=[.:@/])", f".{line.partition(' = ')[0]}")
        yield int(found[-1]) if found else -1


def _place(names: _Names, item: Item) -> str:
    """Return where a join is, the same for alike ones."""
    if item.kind == "given":
        return pattern(names.trace.calls[item.record].name)
    op = names.trace.ops[item.record]
    path = "" if op.call is None else names.trace.calls[op.call].name
    return f"{pattern(path)}/{op.target} {names.trace.line(op.source)}"


def _lines_of_join(names: _Names, unit: Unit) -> Iterator[tuple[str, ...]]:
    """Yield lines on one join, the most readable first."""
    first = unit.needs[0]
    if first.kind == "feed":
        yield from ((line,) for line in made_by(names.of, names.trace.ops[first.record]))
    else:
        call = names.trace.calls[first.record]
        places = [f"{names.of.call(call)}:{item.part}" for item in unit.needs]
        lines = [next(made_at(names.of, place), "") for place in places]
        if all(lines):
            yield tuple(lines)
    yield tuple(_inputs(names, unit.needs))


def _inputs(names: _Names, items: Sequence[Item]) -> Iterator[str]:
    """Yield a line for each input of a join: what it comes from."""
    for item in items:
        owner: Call | Op
        if item.kind == "given":
            owner = names.trace.calls[item.record]
            name = names.of.call(owner)
        else:
            owner = names.trace.ops[item.record]
            name = names.of.op(owner)
        port = next(port for port in told(owner.inputs) if port.name == item.part)
        assert port.value is not None, "an input of a join is a tensor"
        yield f"{names.of.value(port.value)} reaches {name}:{port.name}"


def _parameters(names: _Names) -> Iterator[Candidate]:
    """Yield a shape for each parameter and buffer that is missing, by its name, or where an op takes it."""
    taken: dict[int, tuple[Op, Port]] = {}
    for op in names.trace.ops:
        for port in op.inputs if op.parent is None else ():
            if port.value is not None:
                taken.setdefault(port.value, (op, port))
    groups: dict[tuple[str, str], list[Unit]] = {}
    for unit in names.coverage.missing:
        if unit.kind == "parameters" and unit.instead is not None:
            value = names.trace.values[unit.instead.record]
            groups.setdefault((pattern(value.name), str(value)), []).append(unit)
    for (name, shape), units in groups.items():
        value = names.trace.values[units[0].instead.record if units[0].instead else 0]
        alternatives = [(f"{name}  {shape}",), (f"{value.name}  {shape}",)]
        if value.id in taken:
            op, port = taken[value.id]
            exact = f"{names.of.op(op)}:{port.name}  {shape}"
            folded = pattern(re.split("[@:]", exact)[0]) + f":{port.name}  {shape}"
            alternatives += [(folded,), (exact,)]
        yield Candidate(tuple(units), tuple(dict.fromkeys(alternatives)))


def _attributes(names: _Names) -> Iterator[Candidate]:
    """Yield the classes and attributes that are missing, those of alike modules together."""
    groups: dict[tuple[str, str, str], list[Unit]] = {}
    for unit in names.coverage.missing:
        if unit.kind != "attributes":
            continue
        item = unit.needs[0]
        module = names.trace.modules[item.record]
        text = module.class_name if item.kind == "class" else literal_text(module.attributes[str(item.part)])
        groups.setdefault((pattern(module.path), str(item.part), text), []).append(unit)
    for (path, name, text), units in groups.items():
        exact = names.trace.modules[units[0].needs[0].record].path
        lines = [
            f"attr {there}.{name} = {text}" if name else f"class {there or '.'} = {text}"
            for there in dict.fromkeys((path, exact))
        ]
        yield Candidate(tuple(units), tuple((line,) for line in lines))
