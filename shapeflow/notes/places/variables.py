"""The variables and parameters of the code that ran, with the shapes of what they were."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from shapeflow.model.ports import Port
from shapeflow.model.records import Call, Op, Records
from shapeflow.model.source_lines import names_given
from shapeflow.notes.places.sites import Shape


def variables(trace: Records) -> Mapping[str, Mapping[Shape, int]]:
    """Return for each name the shapes of what it was, each with the first value of this shape.

    A variable was all that a line made which gives it a value; a parameter what it was given.
    """
    found: dict[str, dict[Shape, int]] = defaultdict(dict)

    def keep(name: str, port: Port) -> None:
        value = trace.value_at(port)
        if value is not None:
            found[name].setdefault(value.shape, value.id)

    for call in trace.calls:
        for port in call.inputs:
            for name in {port.name, port.alias}:
                keep(name.removeprefix("in."), port)
    names: dict[int, tuple[str, ...]] = {}
    records: tuple[Call | Op, ...] = (*trace.calls, *trace.ops)
    for made in records:
        if made.source is not None and made.source not in names:
            names[made.source] = names_given(trace.sources[made.source].text)
        for name in names.get(made.source, ()) if made.source is not None else ():
            for port in made.outputs:
                keep(name, port)
    return found
