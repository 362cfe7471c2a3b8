"""The stages of a run as a tree for the terminal: what was called, what it gave, what it cost."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TextIO

from shapeflow.graph.folding import NUMBER, Structure, pattern
from shapeflow.report.amounts import memory, short
from shapeflow.text import counted
from shapeflow.trace import Call, Port, Trace

if TYPE_CHECKING:
    from rich.table import Table

LEVELS = 3
"""Levels of calls shown below the outermost ones, if that many fit."""
LINES = 70
"""Most lines of a tree whose depth nobody asked for."""
SHOWN_OUTPUTS = 4
"""Outputs of one stage shown on a terminal; a pipe gets all."""
HEADINGS = ("stage", "output", "params", "FLOPs")
INDENT = "  "


@dataclass(frozen=True, slots=True)
class Stage:
    """Calls of one parent that are alike, as one line of the tree."""

    level: int
    name: str
    """Relative to the stage above: ``layers.0-5``, ``.forward_image()``."""
    class_name: str
    calls: tuple[int, ...]
    outputs: tuple[str, ...]
    """``f32[1, 256]``, or with the port's name where there are several."""
    parameters: int | None
    """None for a helper method: it has no parameters of its own."""
    flops: int
    raised: bool


def stages(trace: Trace, levels: int | None = None) -> list[Stage]:
    """Return the tree of calls in the order of the run, alike calls folded, ``levels`` deep.

    Without ``levels`` it is as deep as stays readable.
    """
    tree = Structure(trace)
    if levels is not None:
        return _below(tree, tree.roots, "", 0, levels)
    for depth in range(LEVELS, 0, -1):
        found = _below(tree, tree.roots, "", 0, depth)
        if sum(max(1, min(len(stage.outputs), SHOWN_OUTPUTS)) for stage in found) <= LINES:
            return found
    return _below(tree, tree.roots, "", 0, 0)


def totals(trace: Trace) -> list[str]:
    """Return what the run amounts to, and what it did not observe, a sentence each."""
    run = trace.run
    shapes = len({value.shape for value in trace.values})
    figures = [
        f"{total_parameters(trace):,} parameters",
        f"{short(total_flops(trace))} FLOPs",
        counted(len(trace.calls), "call"),
        counted(len(trace.ops), "op"),
        counted(shapes, "distinct shape"),
    ]
    lines = [", ".join(figures)]
    if run.peak_bytes:
        lines.append(f"activations: at most {memory(run.peak_bytes)} at once{_place(trace, run.peak_op)}")
    unused = len(trace.unused())
    if unused:
        lines.append(f"{counted(unused, 'value')} made and read by nobody")
    if run.shapes_only:
        lines.append("shapes only: nothing was computed, so there are no numbers")
    if not run.complete:
        lines.append(f"incomplete: {run.failure.type if run.failure else 'the run'} ended it early")
    return lines + [f"note: {note}" for note in run.notes]


def total_parameters(trace: Trace) -> int:
    """Return the number of parameter elements of the model."""
    root = trace.module_by_path.get("")
    return root.parameters if root else 0


def total_flops(trace: Trace) -> int:
    """Return the FLOPs of the run; what was opened inside a composite op is in the composite already."""
    return sum(op.flops for op in trace.ops if op.parent is None)


def plain(trace: Trace, levels: int | None = None) -> str:
    """Return tree and totals as text in which nothing is cut off."""
    rows = []
    for stage in stages(trace, levels):
        first, *rest = stage.outputs or ("",)
        rows.append((_title(stage), first, _parameters(stage), _flops(stage)))
        rows += [("", output, "", "") for output in rest]
    columns = list(zip(HEADINGS, *rows, strict=True))
    widths = [max(map(len, column)) for column in columns]
    lines = []
    for name, output, parameters, flops in [HEADINGS, *rows]:
        cells = [name.ljust(widths[0]), output.ljust(widths[1]), parameters.rjust(widths[2])]
        lines.append("  ".join([*cells, flops.rjust(widths[3])]).rstrip())
    return "\n".join([*lines, "", *totals(trace), ""])


def write(trace: Trace, stream: TextIO, levels: int | None = None) -> None:
    """Write tree and totals: coloured and fitted to the width on a terminal, whole in a pipe."""
    if not stream.isatty():
        stream.write(plain(trace, levels))
        return
    from rich.console import Console

    console = Console(file=stream, highlight=False)
    console.print(_table(stages(trace, levels)))
    console.print()
    for line in totals(trace):
        console.print(line, style="dim" if line.startswith("note:") else "", markup=False)


def _below(tree: Structure, calls: Sequence[int], above: str, level: int, levels: int) -> list[Stage]:
    """Return the stages of calls that have one parent stage, each followed by its own."""
    found: list[Stage] = []
    for group in _alike(tree.trace, calls):
        stage = _stage(tree.trace, group, above, level)
        found.append(stage)
        if level < levels:
            inner = [child for call in group for child in tree.children[call]]
            found += _below(tree, inner, _path(tree.trace, group), level + 1, levels)
    return found


def _alike(trace: Trace, calls: Iterable[int]) -> list[list[int]]:
    """Group calls of one class, method, path pattern and outputs, in the order of their first."""
    groups: dict[object, list[int]] = {}
    for number in calls:
        call = trace.calls[number]
        shapes = tuple((port.name, _content(trace, port)) for port in call.outputs)
        key = (pattern(call.path), call.method, call.class_name, shapes, call.raised)
        groups.setdefault(key, []).append(number)
    return list(groups.values())


def _stage(trace: Trace, group: Sequence[int], above: str, level: int) -> Stage:
    """Return one line of the tree."""
    calls = [trace.calls[number] for number in group]
    paths = dict.fromkeys(call.path for call in calls)
    modules = [trace.module_by_path[path] for path in paths if path in trace.module_by_path]
    return Stage(
        level=level,
        name=_name(calls[0], _path(trace, group), above),
        class_name=calls[0].class_name,
        calls=tuple(group),
        outputs=_outputs(trace, calls[0].outputs),
        parameters=sum(m.parameters for m in modules) if calls[0].method == "forward" else None,
        flops=sum(call.flops for call in calls),
        raised=calls[0].raised,
    )


def _path(trace: Trace, group: Sequence[int]) -> str:
    """Return one path for alike calls: ``layers.0-5.norm``."""
    paths = dict.fromkeys(trace.calls[number].path for number in group)
    return ".".join(_range(column) for column in zip(*(path.split(".") for path in paths), strict=True))


def _name(call: Call, path: str, above: str) -> str:
    """Return ``path`` with the helper's name, and without what the stage above says already."""
    if above and path.startswith(f"{above}."):
        path = path[len(above) + 1 :]
    elif path == above and call.method != "forward":
        path = ""
    return (path or ".") if call.method == "forward" else f"{path}.{call.method}()"


def _range(names: Iterable[str]) -> str:
    """Return ``0-5`` for the numbers 0 to 5, ``0-2,4`` where one is missing, one name as it is."""
    distinct = list(dict.fromkeys(names))
    if len(distinct) == 1 or not all(NUMBER.fullmatch(name) for name in distinct):
        return ",".join(distinct)
    spans: list[list[int]] = []
    for number in sorted(map(int, distinct)):
        if spans and number == spans[-1][-1] + 1:
            spans[-1] = [spans[-1][0], number]
        else:
            spans.append([number])
    return ",".join("-".join(map(str, span)) for span in spans)


def _outputs(trace: Trace, ports: Sequence[Port]) -> tuple[str, ...]:
    """Return the outputs of a call; a single one needs no name."""
    if len(ports) == 1 and ports[0].name == "out":
        return (_content(trace, ports[0]),)
    return tuple(f"{port.name.removeprefix('out').lstrip('.')} {_content(trace, port)}" for port in ports)


def _content(trace: Trace, port: Port) -> str:
    """Return what was at a port."""
    return port.text if port.value is None else str(trace.values[port.value])


def _place(trace: Trace, op: int | None) -> str:
    """Return where an op ran, as the end of a sentence."""
    if op is None:
        return ""
    record = trace.ops[op]
    call = "" if record.call is None else trace.calls[record.call].name
    source = "" if record.source is None else f" ({trace.sources[record.source]})"
    return f", in {call}/{record.target}{source}"


def _title(stage: Stage) -> str:
    """Return the first cell of a stage."""
    times = f" × {len(stage.calls)}" if len(stage.calls) > 1 else ""
    raised = "  raised" if stage.raised else ""
    return f"{INDENT * stage.level}{stage.name}  {stage.class_name}{times}{raised}"


def _parameters(stage: Stage) -> str:
    """Return the parameters of a stage; blank where there are none."""
    return short(stage.parameters) if stage.parameters else ""


def _flops(stage: Stage) -> str:
    """Return the FLOPs of a stage; blank where there are none."""
    return short(stage.flops) if stage.flops else ""


def _table(rows: Sequence[Stage]) -> Table:
    """Return the tree for a terminal."""
    from rich.padding import Padding
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for heading in HEADINGS:
        right = heading in HEADINGS[2:]
        table.add_column(heading, justify="right" if right else "left", no_wrap=right, overflow="fold")
    for stage in rows:
        times = f" × {len(stage.calls)}" if len(stage.calls) > 1 else ""
        title = Text(stage.name, style="bold red" if stage.raised else "bold" if stage.level < 2 else "")
        title.append(f"  {stage.class_name}{times}", style="dim")
        title.append("  raised" if stage.raised else "", style="bold red")
        outputs = list(stage.outputs[:SHOWN_OUTPUTS])
        if len(stage.outputs) > SHOWN_OUTPUTS:
            outputs.append(f"and {len(stage.outputs) - SHOWN_OUTPUTS} more")
        table.add_row(
            Padding(title, (0, 0, 0, len(INDENT) * stage.level)),
            Text("\n".join(outputs), style="cyan"),
            _parameters(stage),
            _flops(stage),
        )
    return table
