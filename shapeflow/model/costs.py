"""What a run consists of and what it costs: its stages, with parameters, FLOPs and bytes, and the totals.

A stage is the calls of one parent stage that are alike: of one class and method, of one path apart from the
numbers in it, and with equal outputs. All stages form a tree: summaries show its upper levels, tables its
leaves.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from math import prod

from shapeflow.common.text import runs_of
from shapeflow.model.call_tree import LEAST, NUMBER, CallTree, pattern
from shapeflow.model.containers import told as ports_told
from shapeflow.model.containers import values_at
from shapeflow.model.records import Call, Port, Records, call_name

LEVELS = 3
"""Levels of calls shown below the outermost ones, if that many fit."""
LINES = 70
"""Most lines of a tree whose depth nobody asked for."""
LEAVES = 24
"""Most rows of a table of stages: what fits on a screen."""
SHOWN_OUTPUTS = 4
"""Outputs of one stage that are shown where room is scarce."""


_INDEX = re.compile(r"\[(\d+)\]")


@dataclass(frozen=True, slots=True)
class Stage:
    """Calls of one parent stage that are alike."""

    level: int
    """0 for the outermost calls."""
    path: str
    """``encoder.layers.0-5``, ``.forward_image()``."""
    name: str
    """The path relative to the stage above: ``layers.0-5``."""
    class_name: str
    calls: tuple[int, ...]
    outputs: tuple[str, ...]
    """What it made: ``f32[1, 256]``, with the port's name where there are several. What it passed on, if
    it made nothing."""
    passed_on: int
    """Tensors among its outputs that were there before it began, or are named twice."""
    told_above: int
    """Tensors among its outputs that the stage around it gives in a row of equal ones, and tells."""
    parameters: int | None
    """None for a helper method: it has no parameters of its own."""
    flops: int
    bytes: int
    """Of the tensors that its calls return."""
    raised: bool


def stages(trace: Records, levels: int | None = None) -> list[Stage]:
    """Return the tree of stages in the order of the run, each before those in it, ``levels`` deep.

    Without ``levels`` it is as deep as stays readable.
    """
    tree = trace.cached(CallTree)
    if levels is not None:
        return _below(tree, tree.roots, "", 0, levels, frozenset())
    for depth in range(LEVELS, 0, -1):
        found = _below(tree, tree.roots, "", 0, depth, frozenset())
        if sum(max(1, min(len(stage.outputs), SHOWN_OUTPUTS)) for stage in found) <= LINES:
            return found
    return _below(tree, tree.roots, "", 0, 0, frozenset())


def leaf_stages(trace: Records, most: int = LEAVES) -> list[Stage]:
    """Return stages that together are the whole run, in its order, as many as fit into ``most`` rows.

    The outermost stages are replaced by the ones in them again and again: first those that only hand on, then
    level by level the ones with the most ops. Of alike calls none is opened.
    """
    tree = trace.cached(CallTree)
    shown = _below(tree, tree.roots, "", 0, 0)
    closed: set[tuple[int, ...]] = set()
    while True:
        candidates = [
            stage
            for stage in shown
            if len(stage.calls) == 1 and stage.calls not in closed and inner_calls(tree, stage.calls[0])
        ]
        if not candidates:
            return shown
        stage = min(candidates, key=lambda stage: _order_of_opening(tree, stage))
        inner = _below(tree, inner_calls(tree, stage.calls[0]), stage.path, stage.level + 1, stage.level + 1)
        if len(shown) - 1 + len(inner) > most:
            closed.add(stage.calls)
            continue
        shown = sorted([other for other in shown if other is not stage] + inner, key=lambda s: s.calls[0])


@dataclass(frozen=True, slots=True)
class Costs:
    """What a run costs."""

    parameters: int
    """Elements of the model's parameters, shared ones counted once."""
    flops: int
    """By torch's formulas; a multiply-add is two."""
    peak_bytes: int
    """Most bytes of activations alive at once."""
    stages: tuple[Stage, ...]
    """The run in at most ``LEAVES`` parts, in order."""


def costs(trace: Records) -> Costs:
    """Return what a run costs, as a whole and by stage."""
    stages = tuple(leaf_stages(trace))
    return Costs(total_parameters(trace), total_flops(trace), trace.run.peak_bytes, stages)


def total_parameters(trace: Records) -> int:
    """Return the number of parameter elements of the model."""
    root = trace.module_by_path.get("")
    return root.parameters if root else sum(module.own_parameters for module in trace.modules)


def total_flops(trace: Records) -> int:
    """Return the FLOPs of the run; what was opened inside a composite op is in the composite already."""
    return sum(op.flops for op in trace.ops if op.parent is None)


def stages_of(tree: CallTree, calls: Sequence[int], above: str, level: int = 0) -> list[Stage]:
    """Return the stages of calls that have one parent, without those in them.

    ``above`` is the path of what is around them, ``level`` how deep they lie.
    """
    return _below(tree, calls, above, level, level)


def _order_of_opening(tree: CallTree, stage: Stage) -> tuple[bool, int, int, int]:
    call = tree.trace.calls[stage.calls[0]]
    return not tree.hands_on(call.id), stage.level, call.first_op - call.last_op, call.id


def _below(
    tree: CallTree,
    calls: Sequence[int],
    above: str,
    level: int,
    levels: int,
    told: frozenset[int] | None = None,
) -> list[Stage]:
    """Return the stages of calls that have one parent stage, each followed by its own.

    ``told``: the values that stages around them tell in rows; None: these are not shown.
    """
    found: list[Stage] = []
    for group in _alike(tree.trace, calls):
        stage, rows = _stage(tree.trace, group, above, level, told or frozenset())
        found.append(stage)
        if level < levels:
            inner = [child for call in group for child in inner_calls(tree, call)]
            told_there = None if told is None else told | rows
            found += _below(tree, inner, path_of(tree.trace, group), level + 1, levels, told_there)
    return found


def inner_calls(tree: CallTree, call: int) -> Sequence[int]:
    """Return the calls inside a call; a helper that does all of its work for it is looked through."""
    inner = tree.children[call]
    while len(inner) == 1:
        outer, only = tree.trace.calls[call], tree.trace.calls[inner[0]]
        if only.method == "forward" or only.path != outer.path or _values(only) != _values(outer):
            break
        inner = tree.children[only.id]
    return inner


def _alike(trace: Records, calls: Iterable[int]) -> list[list[int]]:
    """Group calls of one class, method, path pattern and outputs, in the order of their first."""
    groups: dict[object, list[int]] = {}
    for number in calls:
        call = trace.calls[number]
        shapes = tuple((port.name, trace.content(port)) for port in ports_told(call.outputs))
        key = (pattern(call.path), call.method, call.class_name, shapes, call.raised)
        groups.setdefault(key, []).append(number)
    return list(groups.values())


def _stage(
    trace: Records, group: Sequence[int], above: str, level: int, told: frozenset[int]
) -> tuple[Stage, frozenset[int]]:
    """Return one entry of the tree, and the values that it tells in rows."""
    calls = [trace.calls[number] for number in group]
    paths = dict.fromkeys(call.path for call in calls)
    modules = [trace.module_by_path[path] for path in paths if path in trace.module_by_path]
    outputs, passed_on, told_above, rows = _outputs(trace, calls[0], told)
    path, method = path_of(trace, group), calls[0].method
    given = {value for call in calls for value in values_at(call.outputs)}
    stage = Stage(
        level=level,
        path=call_name(path, method),
        name=relative_name(path, method, above),
        class_name=calls[0].class_name,
        calls=tuple(group),
        outputs=outputs,
        passed_on=passed_on,
        told_above=told_above,
        parameters=sum(m.parameters for m in modules) if method == "forward" else None,
        flops=sum(call.flops for call in calls),
        bytes=sum(trace.values[value].bytes for value in given),
        raised=calls[0].raised,
    )
    return stage, rows


def path_of(trace: Records, group: Sequence[int]) -> str:
    """Return one path for alike calls: ``layers.0-5.norm``."""
    paths = dict.fromkeys(trace.calls[number].path for number in group)
    return ".".join(_range(column) for column in zip(*(path.split(".") for path in paths), strict=True))


def relative_name(path: str, method: str, above: str) -> str:
    """Return the name of a call inside of one with the path ``above``, which says the beginning already."""
    if above and path.startswith(f"{above}."):
        path = path[len(above) + 1 :]
    elif path == above and method != "forward":
        path = ""
    return call_name(path, method)


def _range(names: Iterable[str]) -> str:
    """Return ``0-5`` for the numbers 0 to 5, ``0-2,4`` where one is missing, one name as it is."""
    distinct = list(dict.fromkeys(names))
    if len(distinct) == 1 or not all(NUMBER.fullmatch(name) for name in distinct):
        return ",".join(distinct)
    runs = runs_of(sorted(map(int, distinct)))
    return ",".join(str(first) if first == last else f"{first}-{last}" for first, last in runs)


def _outputs(
    trace: Records, call: Call, told: frozenset[int]
) -> tuple[tuple[str, ...], int, int, frozenset[int]]:
    """Return the tensors that a call made and gave, how many others it gave, and how many are told above.

    A row of equal tensors, such as the keys in a cache, is one of them. The last item is what is in rows.
    """
    tensors = [port for port in call.outputs if port.value is not None]
    if not tensors:
        return tuple(port.text for port in call.outputs[:1]), 0, 0, frozenset()
    made: dict[int, Port] = {}
    for port in tensors:
        assert port.value is not None
        producer = trace.values[port.value].producer
        if producer is not None and call.first_op <= producer < call.last_op:
            made.setdefault(port.value, port)
    if not made:
        passed = tuple(dict.fromkeys(trace.content(port) for port in tensors))
        return passed, len(tensors), 0, frozenset()
    single = len(call.outputs) == 1 and call.outputs[0].name == "out"
    shown = []
    rows: set[int] = set()
    told_above = 0
    for row, ports in _in_rows(trace, made.values()):
        values = {port.value for port in ports if port.value is not None}
        if len(ports) > 1:
            rows |= values
        if values <= told:
            told_above += len(ports)
        else:
            name = row.removeprefix("out").removeprefix(".")
            shown.append(trace.content(ports[0]) if single else f"{name} {trace.content(ports[0])}")
    return tuple(shown), len(tensors) - len(made), told_above, frozenset(rows)


def _in_rows(trace: Records, ports: Iterable[Port]) -> list[tuple[str, list[Port]]]:
    """Return ports, those that differ in numbers only as one row: ``out.layers[0-3].keys``."""
    groups: dict[object, list[Port]] = {}
    for port in ports:
        groups.setdefault((_INDEX.sub("[]", port.name), trace.content(port)), []).append(port)
    rows: list[tuple[str, list[Port]]] = []
    for group in groups.values():
        columns = zip(*(_INDEX.findall(port.name) for port in group), strict=True)
        numbers = [list(dict.fromkeys(column)) for column in columns]
        if len(group) >= LEAST and prod(map(len, numbers)) == len(group):
            between = _INDEX.split(group[0].name)[::2]
            ranges = [f"[{_range(column)}]" for column in numbers]
            rows.append(("".join(chain(*zip(between, [*ranges, ""], strict=True))), group))
        else:
            rows += [(port.name, [port]) for port in group]
    return rows


def _values(call: Call) -> list[int]:
    """Return the values that a call gave."""
    return [port.value for port in call.outputs if port.value is not None]
