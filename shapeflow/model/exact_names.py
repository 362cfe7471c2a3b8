"""Exact selectors for everything in a trace, so that every place in a report can be linked and pasted."""

from __future__ import annotations

from shapeflow.model.containers import values_at
from shapeflow.model.records import Records


class ExactNames:
    """Selectors by id."""

    def __init__(self, trace: Records) -> None:
        self.trace = trace
        self.ops = _op_selectors(trace)
        self.homes = _homes(trace)

    def call(self, call: int) -> str:
        """Return the selector of exactly one call: ``backbone.forward_image()@0``."""
        return self.trace.calls[call].exact_name

    def op(self, op: int) -> str:
        """Return the selector of exactly one op: ``mask_head/einsum@0``."""
        return self.ops[op]

    def value(self, value: int) -> str:
        """Return a selector of one value: where a call gives it, else takes it, else the op that made it."""
        if value in self.homes:
            kind, owner, port = self.homes[value]
            return f"{self.call(owner) if kind == 'call' else self.op(owner)}:{port}"
        return self.trace.values[value].name


def _op_selectors(trace: Records) -> list[str]:
    counts: dict[str, int] = {}
    selectors = []
    for op in trace.ops:
        path = "" if op.call is None else trace.calls[op.call].name
        name = f"{path}/{op.target}"
        selectors.append(f"{name}@{counts.get(name, 0)}")
        counts[name] = counts.get(name, 0) + 1
    return selectors


def _homes(trace: Records) -> dict[int, tuple[str, int, str]]:
    """Return for each value the place where it is best known.

    Of the calls that return it that is the outermost in which it was made and is an output by itself, not a
    part of a larger one: ``convs.3:out`` rather than ``forward_image():out.levels[3]``.
    """
    ranked: dict[int, tuple[bool, int, int, str]] = {}
    for call in trace.calls:
        for port in call.outputs:
            if port.value is not None:
                producer = trace.values[port.value].producer
                elsewhere = producer is None or not call.first_op <= producer < call.last_op
                rank = (elsewhere, port.name.count(".") + port.name.count("["), call.id, port.name)
                ranked[port.value] = min(rank, ranked.get(port.value, rank))
    homes = {value: ("call", call, port) for value, (_, _, call, port) in ranked.items()}
    for op in trace.ops:
        for port in op.outputs:
            if port.value is not None:
                homes.setdefault(port.value, ("op", op.id, port.name))
    homeless = {value.id for value in trace.values} - homes.keys()
    for call in trace.calls:
        if homeless.isdisjoint(values_at(call.inputs)):
            continue
        for port in call.inputs:
            if port.value is not None:
                homes.setdefault(port.value, ("call", call.id, port.name))
    return homes
