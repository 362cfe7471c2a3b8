"""The rows of a summary: shapes, parameters, FLOPs and bytes of each layer."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from math import prod

from shapeflow.common.text import runs_of
from shapeflow.model.call_names import call_name
from shapeflow.model.containers import values_at
from shapeflow.model.costs import relative_name
from shapeflow.model.path_index import selector_of
from shapeflow.model.pattern import escape
from shapeflow.model.records import Call, Records
from shapeflow.model.summary_rows import Layer
from shapeflow.reporting.summary.groups import Group, grouped

_NUMBERS = re.compile(r"[0-9,-]+")
Elements = dict[str, tuple[int, bool]]
"""Qualified name of a parameter, one for all that share it -> its elements, and whether it is trained."""


def layers(trace: Records, depth: int | None = None, unfold: bool = False) -> list[Layer]:
    """Return the rows of a run in its order, each before those in it.

    Args:
        trace: the run.
        depth: levels of calls below the outermost ones; None: as many as fit a screen.
        unfold: give each call a row of its own, instead of one to those that are alike.
    """
    groups = grouped(trace, depth, unfold)
    calls = [[trace.calls[number] for number in group.calls] for group in groups]
    held = parameters_below(trace, {call.path for row in calls for call in row if call.method == "forward"})
    seen = _Seen()
    found = []
    for group, row in zip(groups, calls, strict=True):
        own: Elements = {}
        if row[0].method == "forward":
            for path in dict.fromkeys(call.path for call in row):
                own.update(held.get(path, {}))
        found.append(_layer(trace, group, row, own, shared=seen.before(group.level, own)))
    return found


def parameters_below(trace: Records, paths: set[str]) -> dict[str, Elements]:
    """Return for modules the parameters that they and the modules below them have.

    A trace that lists no parameters tells their number for each module: that stands under one name.
    """
    found: dict[str, Elements] = {path: {} for path in paths}
    for module in trace.modules:
        if module.tensors is None:
            if module.path in paths and module.parameters:
                found[module.path] = {f"{module.path}.": (module.parameters, True)}
            continue
        elements = {
            tensor.same or (f"{module.path}.{tensor.name}" if module.path else tensor.name): (
                prod(tensor.shape),
                tensor.kind == "parameter",
            )
            for tensor in module.tensors
            if tensor.kind != "buffer"
        }
        if elements:
            for path in _around(module.path):
                if path in found:
                    found[path].update(elements)
    return found


def _around(path: str) -> Iterable[str]:
    """Yield a path and all that it is below, the root last."""
    while path:
        yield path
        path = path.rpartition(".")[0]
    yield ""


class _Seen:
    """In which row each parameter was first."""

    def __init__(self) -> None:
        self._first: dict[str, int] = {}
        self._around: list[int] = []
        """The rows around the one that is looked at, by level, and itself."""
        self._rows = 0

    def before(self, level: int, elements: Elements) -> bool:
        """Return whether some parameters of the next row are in one before that is not around it."""
        del self._around[level:]
        around = set(self._around)
        shared = False
        for name in elements:
            first = self._first.get(name)
            if first is None or first in around:
                self._first[name] = self._rows
            else:
                shared = True
        self._around.append(self._rows)
        self._rows += 1
        return shared


def _layer(trace: Records, group: Group, calls: Sequence[Call], own: Elements, *, shared: bool) -> Layer:
    first = calls[0]
    forward = first.method == "forward"
    told = all(module.tensors is not None for module in trace.modules)
    given = {value for call in calls for value in values_at(call.outputs)}
    return Layer(
        level=group.level,
        name=_name_in(group.above, group.path, first.method),
        selector=_selector(calls),
        class_name=first.class_name,
        call=first.id,
        calls=len(calls),
        input=group.input,
        output=group.output,
        parameters=sum(number for number, _ in own.values()) if forward else None,
        trainable=sum(number for number, trained in own.values() if trained) if forward and told else None,
        shared=shared,
        flops=sum(call.flops for call in calls),
        bytes=sum(trace.values[value].bytes for value in given),
        raised=first.raised,
    )


def _name_in(above: str, path: str, method: str) -> str:
    """Return the name of a row in the one around it: of some of the layers there with their numbers."""
    around, own = above.split("."), path.split(".")
    if above and len(own) > len(around):
        fits = zip(around, own, strict=False)
        unlike = [number for number, (a, b) in enumerate(fits) if a != b]
        if unlike and all(_NUMBERS.fullmatch(around[n]) and _NUMBERS.fullmatch(own[n]) for n in unlike):
            return call_name(".".join(own[unlike[0] :]), method)
    return relative_name(path, method, above)


def _selector(calls: Sequence[Call]) -> str:
    """Return a selector of the modules of some calls; of the first where one pattern names others, too."""
    first = calls[0]
    paths = list(dict.fromkeys(call.path for call in calls))
    columns = [
        list(dict.fromkeys(column)) for column in zip(*(path.split(".") for path in paths), strict=True)
    ]
    if len(paths) == 1 or prod(map(len, columns)) != len(paths):
        return selector_of(first.key)
    path = ".".join(_one_of(column) for column in columns)
    return call_name(path, first.method)


def _one_of(names: Sequence[str]) -> str:
    """Return a pattern of some names, which are numbers where there are several."""
    if len(names) == 1:
        return escape(names[0])
    runs = runs_of(sorted(map(int, names)))
    return f"[{','.join(str(a) if a == b else f'{a}-{b}' for a, b in runs)}]"
