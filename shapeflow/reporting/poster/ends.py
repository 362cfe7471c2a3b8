"""The ends of a poster: what the run was given, what it returned, and what it made for nobody."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod

from shapeflow.model.call_tree import CallTree
from shapeflow.model.containers import values_at
from shapeflow.model.exact_names import ExactNames
from shapeflow.model.trace import Trace
from shapeflow.reporting.poster.model import Ribbon, Station, Tensor
from shapeflow.reporting.poster.parts import Part
from shapeflow.reporting.poster.ribbons import Strand, is_data
from shapeflow.reporting.translator import Translator
from shapeflow.reporting.view.colours import Colours
from shapeflow.reporting.view.diagrams import layout_of_map

MOST_INPUTS = 4
MOST_OUTPUTS = 3
MOST_NAMES = 3
MOST_UNUSED = 2
LEAST_UNUSED = 0.002
"""Smaller shares of the largest tensor that is computed for nothing are not worth a stub."""
LONGEST_PROMPT = 40
LEAST_SIDE = 8
"""Smaller pictures are not drawn as such."""


def add_inputs(
    trace: Trace,
    inputs: Mapping[int, Sequence[Strand]],
    parts: Sequence[Part],
    stations: list[Station],
    ribbons: list[Ribbon],
    colours: Colours,
    words: Translator,
) -> None:
    """Add what the run was given; inputs that go to the same parts are one station."""
    groups: dict[tuple[int, ...], list[int]] = {}
    for value, strands in inputs.items():
        if prod(trace.values[value].shape) > 1:
            targets = tuple(sorted({strand.target for strand in strands}))
            groups.setdefault(targets, []).append(value)
    sized = sorted(groups.items(), key=lambda item: -max(prod(trace.values[v].shape) for v in item[1]))
    for targets, values in sized[:MOST_INPUTS]:
        values.sort(key=lambda value: (-prod(trace.values[value].shape), value))
        names = list(dict.fromkeys(_name(trace, value, words) for value in values))
        station = Station(
            id=len(stations),
            kind="input",
            title=names[0],
            details=_few(names[1:]),
            address=f"#at={trace.cached(ExactNames).value(values[0])}",
            gives=_shown(trace, values[:1], colours),
        )
        stations.append(station)
        for target in targets:
            got = max(
                (s.got for v in values for s in inputs[v] if s.target == target),
                key=lambda value: prod(trace.values[value].shape),
            )
            size = prod(trace.values[got].shape)
            ribbons.append(Ribbon(station.id, target, values[0], got, size))
    _add_prompt(trace, parts, stations, ribbons)


def _add_prompt(trace: Trace, parts: Sequence[Part], stations: list[Station], ribbons: list[Ribbon]) -> None:
    """Add a text that the model turns into tensors by itself, if the run says which calls it was given to."""
    prompt = str(trace.run.inputs.get("prompt") or "")
    if not prompt:
        return
    takers = [call for call in trace.calls if any(prompt in port.text for port in call.inputs)]
    for number, part in enumerate(parts):
        if any(call.first_op in part.ops or call.id in part.calls for call in takers):
            short = prompt if len(prompt) <= LONGEST_PROMPT else f"{prompt[: LONGEST_PROMPT - 1]}…"
            stations.append(Station(len(stations), "input", f"“{short}”"))
            ribbons.append(Ribbon(stations[-1].id, number, -1, -1, 1))
            return


def _name(trace: Trace, value: int, words: Translator) -> str:
    """Return the name of an input: that of its argument, or what its shape says that it is."""
    record = trace.values[value]
    ports = (
        port for call in trace.calls if call.parent is None for port in call.inputs if port.value == value
    )
    told = [name for port in ports for name in (port.name, port.alias) if name.startswith("in.")]
    name = next(iter(told), record.name).rpartition(".")[2]
    if len(name) < 2 or name.startswith("in["):
        picture = len(record.shape) in (3, 4) and record.shape[-3] == 3
        return words("input-picture") if picture else words("input")
    return name


def add_outputs(
    trace: Trace, outputs: Sequence[Strand], stations: list[Station], ribbons: list[Ribbon], colours: Colours
) -> None:
    """Add what the run returned: what comes from the parts at the end first."""
    by_source: dict[int, list[Strand]] = {}
    for strand in outputs:
        by_source.setdefault(strand.source, []).append(strand)
    feeding = {ribbon.source for ribbon in ribbons}
    ends = [source for source in by_source if source not in feeding]
    others = sorted((source for source in by_source if source in feeding), reverse=True)
    chosen = sorted([*ends, *others[: max(0, 2 - len(ends))]])[-MOST_OUTPUTS:]
    ports = _output_names(trace)
    for source in chosen:
        strands = sorted(by_source[source], key=lambda s: -prod(trace.values[s.got].shape))
        names = list(dict.fromkeys(ports.get(strand.got, "result") for strand in strands))
        largest = strands[0]
        size = prod(trace.values[largest.got].shape)
        known = next((s for s in stations if s.kind == "output" and s.gives[0].value == largest.got), None)
        if known is not None:
            ribbons.append(Ribbon(source, known.id, largest.given, largest.got, size))
            continue
        stations.append(
            Station(
                id=len(stations),
                kind="output",
                title=names[0],
                details=_few(names[1:]),
                address=f"#at={trace.cached(ExactNames).value(largest.got)}",
                gives=_shown(trace, [largest.got], colours),
            )
        )
        ribbons.append(Ribbon(source, stations[-1].id, largest.given, largest.got, size))


def _output_names(trace: Trace) -> dict[int, str]:
    """Return the names under which the last of the outermost calls returns values, the shortest of each."""
    names: dict[int, str] = {}
    roots = [call for call in trace.calls if call.parent is None]
    for port in roots[-1].outputs if roots else ():
        if port.value is not None:
            name = port.name.removeprefix("out").removeprefix(".").rpartition(".")[2] or "result"
            if port.value not in names or len(name) < len(names[port.value]):
                names[port.value] = name
    return names


def add_unused(
    trace: Trace,
    parts: Sequence[Part],
    stations: list[Station],
    ribbons: list[Ribbon],
    colours: Colours,
    words: Translator,
) -> None:
    """Add a stub at a part that returns a large tensor which nobody reads."""
    tree = trace.cached(CallTree)
    largest = max((prod(trace.values[r.got].shape) for r in ribbons if r.got >= 0), default=1)
    found: list[tuple[int, int, int]] = []
    for number, part in enumerate(parts):
        returned = {
            value
            for call in trace.calls
            if call.first_op in part.ops and call.last_op - 1 in part.ops
            for value in values_at(call.outputs)
        }
        dead = [
            value
            for value in returned & tree.unused
            if trace.values[value].producer in part.ops and is_data(trace.values[value])
        ]
        if dead:
            value = max(dead, key=lambda v: (prod(trace.values[v].shape), -v))
            found.append((prod(trace.values[value].shape), number, value))
    for size, source, value in sorted(found, reverse=True)[:MOST_UNUSED]:
        if size >= LEAST_UNUSED * largest:
            address = f"#at={trace.cached(ExactNames).value(value)}"
            gives = _shown(trace, [value], colours)
            stations.append(
                Station(len(stations), "unused", words("never-read"), address=address, gives=gives)
            )
            ribbons.append(Ribbon(source, stations[-1].id, value, value, size))


def _shown(trace: Trace, values: Sequence[int], colours: Colours) -> tuple[Tensor, ...]:
    tensors = []
    for value in values:
        shape = trace.values[value].shape
        layout = layout_of_map(trace, trace.values[value])
        # With channels last, the rows of an attention's heads look the same.
        sheet = layout[:2] if layout and shape[2] == shape[3] else _picture(shape)
        tensors.append(Tensor(value, colours.shape(str(trace.values[value])), sheet))
    return tuple(tensors)


def _picture(shape: Sequence[int]) -> tuple[int, int] | None:
    """Return height and width of a picture, channels first."""
    is_picture = (len(shape) == 4 and shape[1] in (1, 3)) or (len(shape) == 3 and shape[0] == 3)
    return (shape[-2], shape[-1]) if is_picture and min(shape[-2:]) >= LEAST_SIDE else None


def _few(names: Sequence[str]) -> tuple[str, ...]:
    more = len(names) - MOST_NAMES
    return (*names[:MOST_NAMES], *((f"+ {more}",) if more > 0 else ()))
