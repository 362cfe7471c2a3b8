"""The whole trace as tables for a page's script, small enough to travel inside the page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from math import prod
from typing import Any

from shapeflow.common import units
from shapeflow.model.call_tree import CallTree, Repeat
from shapeflow.model.containers import Ports, told
from shapeflow.model.costs import relative_name, total_flops
from shapeflow.model.exact_names import ExactNames
from shapeflow.model.records import Call, Op, Port, Value
from shapeflow.model.trace import Trace
from shapeflow.reporting.view.columns import Interned, column, table
from shapeflow.reporting.view.explorer_model import (
    AttributeRow,
    CallRow,
    ContainerRow,
    EscapeRow,
    LineRow,
    ModuleRow,
    OpRow,
    PortRow,
    RepeatRow,
    SizeRow,
    SourceRow,
    TokenRow,
    TypeRow,
    ValueRow,
)
from shapeflow.reporting.view.sources import Sources, Tokens

REAL = ("f", "bf", "c")
"""How the dtypes of real and complex numbers begin."""

LONGEST_TEXT = 400
"""Characters of one argument or attribute that a page keeps."""


def columns(
    trace: Trace,
    names: ExactNames,
    tree: CallTree,
    sources: Sources,
    origins: Mapping[int, tuple[str, str]],
    said: Callable[[str], str] = str,
) -> dict[str, Any]:
    """Return the trace as tables by name; ``explorer_model`` describes their rows.

    Args:
        trace: the run.
        names: of everything in it.
        tree: of its calls.
        sources: the lines that are shown.
        origins: size -> the selector of where it comes from, and why.
        said: returns an English sentence in the report's language.
    """
    return _Tables(trace, names, tree, sources, said).all(origins)


def with_walkthrough(
    tables: Mapping[str, Any], calls: int, covered: Mapping[int, float], partners: Mapping[int, str]
) -> dict[str, Any]:
    """Return tables with what a walkthrough says of the calls.

    Args:
        tables: of the trace.
        calls: how many it has.
        covered: call -> how much of it some claim constrains, in percent; empty without a walkthrough.
        partners: call -> what stands for it in another model; empty without a map.
    """
    said = {
        "covered": column([round(covered[call]) if call in covered else None for call in range(calls)]),
        "partner": column([partners.get(call, "") for call in range(calls)]),
    }
    return {**tables, "calls": {**tables["calls"], **said}}


class _Tables:
    """Makes the rows of a trace; what many of them share is stored once."""

    def __init__(
        self,
        trace: Trace,
        names: ExactNames,
        tree: CallTree,
        sources: Sources,
        said: Callable[[str], str],
    ) -> None:
        self.trace = trace
        self.said = said
        self.names = names
        self.tree = tree
        self.sources = sources
        self.flops = total_flops(trace)
        self.repeats = _repeats(tree)
        self.repeat_of = {call: n for n, repeat in enumerate(self.repeats) for call in repeat.calls}
        self.storages = Counter(value.storage for value in trace.values)
        self.types: Interned[TypeRow] = Interned()
        self.type_of = [self.types(_type(value)) for value in trace.values]
        self.modules: Interned[ModuleRow] = Interned()
        self.attributes: Interned[AttributeRow] = Interned()
        self.lines: Interned[tuple[int, Tokens]] = Interned()

    def all(self, origins: Mapping[int, tuple[str, str]]) -> dict[str, Any]:
        """Return all tables; those that others point into come last, when they are complete."""
        trace = self.trace
        owners: list[Call | Op] = [*trace.calls, *trace.ops]
        sides = [side for owner in owners for side in (owner.inputs, owner.outputs)]
        ports = (port for side in sides for port in told(side))
        return {
            "calls": table(CallRow, map(self.call, trace.calls)),
            "ops": table(OpRow, map(self.op, trace.ops)),
            "ports": table(PortRow, map(_port, ports)),
            "containers": table(ContainerRow, _containers(sides)),
            "values": table(ValueRow, map(self.value, trace.values)),
            "repeats": table(RepeatRow, (RepeatRow(r.selector, r.label, r.typical) for r in self.repeats)),
            "sizes": table(SizeRow, (SizeRow(n, at, self.said(why)) for n, (at, why) in origins.items())),
            "escapes": table(EscapeRow, (EscapeRow(e.value, _cut(e.how), e.call) for e in trace.escapes)),
            "types": table(TypeRow, self.types.items),
            "modules": table(ModuleRow, self.modules.items),
            "attributes": table(AttributeRow, self.attributes.items),
            "sources": table(SourceRow, self.places()),
            "lines": table(LineRow, (LineRow(number, len(line)) for number, line in self.lines.items)),
            "tokens": table(TokenRow, (_token(*part) for _, line in self.lines.items for part in line)),
        }

    def call(self, call: Call) -> CallRow:
        takes, gives = self.main_types(call)
        around = "" if call.parent is None else self.trace.calls[call.parent].path
        return CallRow(
            selector=self.names.call(call.id),
            label=relative_name(call.path, call.method, around),
            method=call.method,
            class_name=call.class_name,
            module=self.module(call),
            parent=call.parent,
            first_op=call.first_op,
            last_op=call.last_op,
            flops=_amount(call.flops),
            share=units.format_percent(call.flops / self.flops) if call.flops and self.flops else "",
            source=call.source,
            raised=call.raised,
            takes=takes,
            gives=gives,
            input_count=len(told(call.inputs)),
            output_count=len(told(call.outputs)),
            repeat=self.repeat_of.get(call.id),
            difference=self.difference(call),
            covered=None,
            partner="",
        )

    def difference(self, call: Call) -> str:
        repeat = self.repeats[self.repeat_of[call.id]] if call.id in self.repeat_of else None
        if repeat is None or call.id not in repeat.outliers:
            return ""
        return self.said(self.tree.difference(call.id, repeat.typical))

    def module(self, call: Call) -> int | None:
        module = self.trace.module_by_path.get(call.path)
        if module is None or call.method != "forward":
            return None
        attributes = (
            AttributeRow(_cut(name), _cut(repr(value))) for name, value in module.attributes.items()
        )
        row = ModuleRow(units.format_count(module.parameters), tuple(map(self.attributes, attributes)))
        return self.modules(row)

    def op(self, op: Op) -> OpRow:
        takes, gives = self.main_types(op)
        return OpRow(
            selector=self.names.op(op.id),
            target=op.target,
            call=op.call,
            parent=op.parent,
            flops=_amount(op.flops),
            source=op.source,
            takes=takes,
            gives=gives,
            input_count=len(op.inputs),
            output_count=len(op.outputs),
        )

    def main_types(self, owner: Call | Op) -> tuple[int | None, int | None]:
        """Return the types of the tensor that goes in and of the one that comes out.

        A result that has the type of something given is what a layer passes on: a residual, and not the
        weights of an attention or a mask beside it. Else the most telling tensors of both sides stand for it.
        """
        values = self.trace.values
        given = [
            value for value in _values(owner.inputs) if values[value].origin not in ("parameter", "buffer")
        ]
        made = _values(owner.outputs)
        first = next((value for value in made if self.is_real(value)), None)
        if first is not None and any(self.type_of[value] == self.type_of[first] for value in given):
            return self.type_of[first], self.type_of[first]
        sides = (self.telling(given or _values(owner.inputs)), self.telling(made))
        takes, gives = (None if value is None else self.type_of[value] for value in sides)
        if any(self.type_of[value] == gives for value in given):
            return gives, gives
        return takes, gives

    def is_real(self, value: int) -> bool:
        """Return whether a tensor holds numbers, and not truth values, indices or codes."""
        return self.trace.values[value].dtype.startswith(REAL)

    def telling(self, values: Sequence[int]) -> int | None:
        """Return the tensor that says most of several: the largest of real numbers, no mask or index."""
        real = [value for value in values if self.is_real(value)]
        return max(real or values, key=lambda value: prod(self.trace.values[value].shape), default=None)

    def value(self, value: Value) -> ValueRow:
        return ValueRow(
            selector=self.names.value(value.id),
            type=self.type_of[value.id],
            origin=value.origin,
            producer=value.producer,
            name=value.name,
            storage=value.storage if self.storages[value.storage] > 1 else None,
            materialized=value.materialized,
            unused=value.id in self.tree.unused,
        )

    def places(self) -> Iterable[SourceRow]:
        """Yield a row for each source place; those that no call and no op names stay empty."""
        used = {op.source for op in self.trace.ops} | {call.source for call in self.trace.calls}
        for position, source in enumerate(self.trace.sources):
            view = self.sources.view(position) if position in used else None
            if view is None:
                yield SourceRow("", 0, "", installed=False, lines=())
                continue
            lines = tuple(self.lines((line.number, line.tokens)) for line in view.lines)
            yield SourceRow(view.place, source.line, view.function, view.installed, lines)


def _repeats(tree: CallTree) -> list[Repeat]:
    folded = (item for siblings in [tree.roots, *tree.children] for item in tree.fold(siblings))
    return [item for item in folded if isinstance(item, Repeat)]


def _values(ports: Sequence[Port]) -> list[int]:
    return [port.value for port in told(ports) if port.value is not None]


def _type(value: Value) -> TypeRow:
    return TypeRow(value.dtype, value.shape, units.format_bytes(value.bytes))


def _containers(sides: Iterable[Sequence[Port]]) -> Iterator[ContainerRow]:
    """Yield what is in the ports that stand for containers, by their positions among all ports."""
    position = 0
    for side in sides:
        if isinstance(side, Ports):
            for number, port in enumerate(side.told):
                if port.container is not None:
                    held = [(leaf.name, leaf.value) for leaf in side.below(port) if leaf.value is not None]
                    names = tuple(name.removeprefix(port.name) for name, _ in held)
                    yield ContainerRow(position + number, names, tuple(value for _, value in held))
        position += len(told(side))


def _port(port: Port) -> PortRow:
    return PortRow(port.name, port.alias, port.value, _cut(port.text))


def _token(css_class: str, text: str) -> TokenRow:
    return TokenRow(css_class, _cut(text))


def _amount(number: int) -> str:
    return units.format_count(number) if number else ""


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_TEXT else f"{text[: LONGEST_TEXT - 1]}…"
