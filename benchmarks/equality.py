"""Compare two traces record by record."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest

from shapeflow.model.records import Call, Op, Port
from shapeflow.model.trace import Trace


def differences(expected: Trace, found: Trace, caller: str = "") -> Iterator[str]:
    """Yield a line for each record that is not the same: calls, ops, ports, dtypes, shapes, flow, escapes.

    Values are the same if they come and go at the same places; their numbers need not agree. Left out are
    timings, what the runs say of themselves, and the bytes alive, which depend on when memory is freed.

    Args:
        expected: one trace.
        found: the other.
        caller: the file that called the model in one of them; its lines count as no line.
    """
    pairs: dict[int | None, int | None] = {None: None}
    for name in ("ops", "calls"):
        records, others = getattr(expected, name), getattr(found, name)
        for record, other in zip_longest(records, others):
            if record is None or other is None:
                yield f"{len(records)} {name} and {len(others)}"
                break
            first, second = _facts(expected, record, caller), _facts(found, other, caller)
            unlike = [f"{left} and {right}" for left, right in zip_longest(first, second) if left != right]
            unlike += _flow(record, other, pairs)
            if unlike:
                place = f"{name}[{record.id}] {first[0]} at {_line(expected, record, caller)}"
                yield f"{place}: {'; '.join(unlike)}"
    escapes = [[(item.how, item.call) for item in trace.escapes] for trace in (expected, found)]
    if escapes[0] != escapes[1]:
        yield f"{len(escapes[0])} escapes and {len(escapes[1])}: {escapes[0]} and {escapes[1]}"


def _facts(trace: Trace, record: Call | Op, caller: str) -> list[str]:
    """Return what a record says, a line each."""
    if isinstance(record, Call):
        facts = [f"{record.name}@{record.index}", f"class {record.class_name}", f"raised {record.raised}"]
        facts.append(f"ops {record.first_op} to {record.last_op}")
    else:
        facts = [record.target, f"call {record.call}"]
    facts += [f"parent {record.parent}", f"at {_line(trace, record, caller)}", f"{record.flops} FLOPs"]
    return facts + [_port(trace, port) for port in (*record.inputs, *record.outputs)]


def _line(trace: Trace, record: Call | Op, caller: str) -> str:
    source = None if record.source is None else trace.sources[record.source]
    return "no line" if source is None or source.file == caller else str(source)


def _port(trace: Trace, port: Port) -> str:
    if port.value is None:
        return f"{port.name} = {port.text}"
    value = trace.values[port.value]
    built = "" if value.materialized else ", never built"
    return f"{port.name} {value} from {value.origin} {value.name}{built}"


def _flow(record: Call | Op, other: Call | Op, pairs: dict[int | None, int | None]) -> Iterator[str]:
    """Yield the ports at which another value comes or goes; ``pairs`` holds who is who so far."""
    ports = zip((*record.inputs, *record.outputs), (*other.inputs, *other.outputs), strict=False)
    for port, partner in ports:
        if pairs.setdefault(port.value, partner.value) != partner.value:
            yield f"{port.name} is another value"
            pairs[port.value] = partner.value
