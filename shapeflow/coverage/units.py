"""What there is in a trace to be constrained: its calls, ports, sizes, dtypes, joins, parameters, attributes.

A call that only hands on what it was given (an ``Identity``, dropout in evaluation) has nothing to constrain.
Sizes and dtypes are those of tensors at the ports of calls, each tensor once. A join is an op or call that is
given two or more tensors from different places, such as a residual, a ``cat`` or the query, key and value of
attention.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from shapeflow.model.containers import told
from shapeflow.model.records import Call, Op, Port
from shapeflow.model.trace import Trace
from shapeflow.walkthrough.constraint import Item

KINDS = ("calls", "ports", "dims", "dtypes", "joins", "parameters", "attributes")
"""What is measured, in the order in which it is shown."""


_LIKE_ANOTHER = frozenset({"type_as", "expand_as", "view_as", "reshape_as"})
"""Targets of ops that take from a second tensor its dtype or shape only."""


class Unit(NamedTuple):
    """One thing that is covered or not."""

    kind: str
    """One of ``KINDS``."""
    module: str
    """Path of the module that it belongs to."""
    needs: tuple[Item, ...]
    """It is covered if some claim constrains each of these."""
    instead: Item | None = None
    """Or if some claim constrains this."""
    call: int | None = None
    """The call that it happens in; None for parameters, attributes and what is outside of all calls."""

    def covered(self, by: frozenset[Item]) -> bool:
        """Return whether it is covered by claims that constrain these items."""
        return self.instead in by or (bool(self.needs) and by.issuperset(self.needs))

    @property
    def items(self) -> Iterator[Item]:
        """All that it depends on."""
        yield from self.needs
        if self.instead is not None:
            yield self.instead


def units_of(trace: Trace) -> tuple[Unit, ...]:
    """Return all that there is to be constrained in a trace."""
    calls = [call for call in trace.calls if not hands_on(call)]
    return (
        *(Unit("calls", call.path, (Item("call", call.id),), call=call.id) for call in calls),
        *_ports(calls),
        *_tensors(trace, calls),
        *_joins(trace, calls),
        *_parameters(trace),
        *_attributes(trace),
    )


def hands_on(call: Call) -> bool:
    """Return whether all that a call gives is what it was given."""
    given = {port.value for port in told(call.inputs) if port.value is not None}
    gives = [port.value for port in told(call.outputs)]
    return bool(gives) and None not in gives and given.issuperset(gives)


def _tensor_ports(ports: Sequence[Port]) -> Iterator[Port]:
    return (port for port in told(ports) if port.value is not None)


def _ports(calls: Iterable[Call]) -> Iterator[Unit]:
    for call in calls:
        for port in (*_tensor_ports(call.inputs), *_tensor_ports(call.outputs)):
            yield Unit("ports", call.path, (Item("port", call.id, port.name),), call=call.id)


def _tensors(trace: Trace, calls: Sequence[Call]) -> Iterator[Unit]:
    """Yield the sizes and dtypes of the tensors at ports; a tensor is of the innermost call that gives it."""
    homes: dict[int, Call] = {}
    for call in reversed(calls):
        for port in _tensor_ports(call.outputs):
            homes.setdefault(port.value or 0, call)
    for call in calls:
        for port in _tensor_ports(call.inputs):
            homes.setdefault(port.value or 0, call)
    for number, call in sorted(homes.items(), key=lambda home: home[0]):
        value = trace.values[number]
        if value.origin not in ("parameter", "buffer"):
            for axis in range(len(value.shape)):
                yield Unit("dims", call.path, (Item("dim", number, axis),), call=call.id)
            yield Unit("dtypes", call.path, (Item("dtype", number),), call=call.id)


def _joins(trace: Trace, calls: Iterable[Call]) -> Iterator[Unit]:
    for op in trace.ops:
        ports = _from_different_places(trace, op.inputs)
        if len(ports) > 1 and is_authors(trace, op) and op.target not in _LIKE_ANOTHER:
            module = "" if op.call is None else trace.calls[op.call].path
            feeds = tuple(Item("feed", op.id, port.name) for port in ports)
            yield Unit("joins", module, feeds, call=op.call)
    for call in calls:
        ports = _from_different_places(trace, told(call.inputs))
        if len(ports) > 1:
            given = tuple(Item("given", call.id, port.name) for port in ports)
            yield Unit("joins", call.path, given, call=call.id)


def is_authors(trace: Trace, op: Op) -> bool:
    """Return whether the model's author wrote an op: not torch, inside a composite op or its own modules.

    An op of ``torch.nn.MultiheadAttention`` has the source line in which that is called.
    """
    if op.parent is not None:
        return False
    return op.call is None or op.source is None or op.source != trace.calls[op.call].source


def _from_different_places(trace: Trace, ports: Sequence[Port]) -> list[Port]:
    """Return the ports that hold tensors made from different ones; none if there is but one such tensor."""
    found: dict[int, Port] = {}
    for port in ports:
        if port.value is not None and trace.values[port.value].origin in ("op", "input"):
            found.setdefault(port.value, port)
    return list(found.values()) if len(found) > 1 else []


def _parameters(trace: Trace) -> Iterator[Unit]:
    seen = set()
    for value in trace.values:
        if value.origin in ("parameter", "buffer") and value.name not in seen:
            seen.add(value.name)
            dims = tuple(Item("dim", value.id, axis) for axis in range(len(value.shape)))
            yield Unit("parameters", value.name.rpartition(".")[0], dims, Item("parameter", value.id))


def _attributes(trace: Trace) -> Iterator[Unit]:
    for position, module in enumerate(trace.modules):
        yield Unit("attributes", module.path, (Item("class", position),))
        for name in module.attributes:
            yield Unit("attributes", module.path, (Item("attribute", position, name),))
