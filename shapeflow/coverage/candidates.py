"""Lines that may cover what is not covered; whether they hold is for ``proposals`` to find out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from shapeflow.coverage.measure import Coverage
from shapeflow.coverage.units import Unit, hands_on
from shapeflow.model.call_tree import pattern
from shapeflow.model.containers import told
from shapeflow.model.exact_names import ExactNames
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
    alike: int = 0


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
        self.exact = ExactNames(self.trace)
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

    def call(self, call: Call) -> str:
        """Return the selector of a call; without a number where there is no other."""
        name = selector_of(call.key)
        return name if len(self.calls[call.key]) == 1 else f"{name}@{call.index}"

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
                owners = [selector_of(key)] if all_calls else [names.call(call) for call, _ in mine]
                for number, owner in enumerate(owners):
                    meant = mine if all_calls else [mine[number]]
                    units = names.units(item for pair in meant for item in names.port_items(*pair))
                    yield Candidate(units, ((f"{owner}:{port_name}  {shape}",),))


def _folded(call: Call) -> str:
    """Return the pattern of all calls of a path but for its numbers."""
    steps = [step if step.isdigit() else escape(step) for step in call.path.split(".")]
    return call_name(pattern(".".join(steps)), call.method)


def _joins(names: _Names) -> Iterator[Candidate]:
    """Yield where the inputs of a join come from; of alike ones the first."""
    groups: dict[str, list[Unit]] = {}
    for unit in names.coverage.missing:
        if unit.kind == "joins":
            groups.setdefault(_place(names, unit.needs[0]), []).append(unit)
    for units in groups.values():
        lines = tuple(names_of_join(names, units[0].needs))
        yield Candidate((units[0],), (*_made_of(names, units[0]), lines), len(units) - 1)


def _place(names: _Names, item: Item) -> str:
    """Return where a join is, the same for alike ones."""
    if item.kind == "given":
        return pattern(names.trace.calls[item.record].name)
    op = names.trace.ops[item.record]
    path = "" if op.call is None else names.trace.calls[op.call].name
    return f"{pattern(path)}/{op.target} {names.trace.line(op.source)}"


def names_of_join(names: _Names, items: Sequence[Item]) -> Iterator[str]:
    """Yield a line for each input of a join: what it comes from."""
    for item in items:
        owner: Call | Op
        if item.kind == "given":
            owner = names.trace.calls[item.record]
            name = names.call(owner)
        else:
            owner = names.trace.ops[item.record]
            name = names.exact.op(item.record)
        port = next(port for port in told(owner.inputs) if port.name == item.part)
        assert port.value is not None, "an input of a join is a tensor"
        yield f"{names.exact.value(port.value)} reaches {name}:{port.name}"


def _made_of(names: _Names, unit: Unit) -> Iterator[tuple[str, ...]]:
    """Yield the one line that says what a sum or product is made of, for languages that have it."""
    item = unit.needs[0]
    sign = {"add": "+", "mul": "*", "sub": "-"}.get(
        names.trace.ops[item.record].target if item.kind == "feed" else ""
    )
    if sign and len(unit.needs) == 2:
        ports = {port.name: port for port in names.trace.ops[item.record].inputs}
        sides = [names.exact.value(ports[str(need.part)].value or 0) for need in unit.needs]
        made = names.trace.ops[item.record].outputs[0].value
        if made is not None:
            yield (f"{names.exact.value(made)} = {f' {sign} '.join(sides)}",)


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
            exact = f"{names.exact.op(op.id)}:{port.name}  {shape}"
            folded = pattern(exact.partition("@")[0]) + f":{port.name}  {shape}"
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
