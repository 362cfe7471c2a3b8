"""A whole model at a glance, in so many characters: for a language model, or for a note.

Parts that are alike are one row. The rows that say most are chosen first, the largest share of the work or of
the parameters before smaller ones, and shown in the order of the run; the last lines say what is left out.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from shapeflow.common.control_characters import json_text, visible_line
from shapeflow.common.text import counted
from shapeflow.common.units import format_bytes, format_count, format_percent
from shapeflow.errors import SelectorError
from shapeflow.model.alike import fold_alike
from shapeflow.model.call_tree import CallTree
from shapeflow.model.containers import told
from shapeflow.model.costs import Stage, stages_of, total_flops, total_parameters
from shapeflow.model.records import Call, Port
from shapeflow.model.selector import matches_of
from shapeflow.model.stage_tree import parts_of
from shapeflow.model.trace import Trace
from shapeflow.reporting.run_facts import model_name

ASK = "ask: shapeflow show TRACE SELECTOR [--overview], or FILE:LINE; '…' continues the selector above"
FOOT = 230
"""Characters that are kept for the last lines."""
OUTPUTS = 3
"""Tensors of a part that are named; the others are counted."""
ENTRIES = 3
"""Calls whose inputs are told."""
PORTS = 8
"""Inputs and outputs of the whole that are named."""
DEEPER = 0.35
"""A part counts so much less than an equal one a level further out: the whole comes before details."""
OPS_COUNT = 0.25
"""What a share of the ops counts beside an equal share of the FLOPs."""


@dataclass(frozen=True)
class Overview:
    """A model at a glance."""

    text: str
    shown: int
    """Parts that have a row."""
    left_out: int
    """Parts beside those that did not fit; what is in them is not counted."""


@dataclass(order=True)
class _Part:
    """A stage, by how much it says: the first is the one with the largest share."""

    rank: float
    first: int
    stage: Stage = field(compare=False)
    share: float = field(compare=False)
    """Of the FLOPs of the run."""
    weight: float = field(compare=False)
    """The largest of its shares of FLOPs, parameters and ops."""
    above: str = field(compare=False)
    """The selector of the part that it is in."""


def overview(trace: Trace, most: int, calls: Sequence[Call] | None = None, *, ask: str = ASK) -> Overview:
    """Return the parts of a run that say most, in at most so many characters.

    Args:
        trace: the run.
        most: characters; the last lines take some 230 of them.
        calls: only what is in these; None: the whole run.
        ask: the last line, on how to ask for more.
    """
    tree = trace.cached(CallTree)
    room = max(0, most - FOOT)
    head = _clipped(_head(trace, calls), room - room // 3)
    shown, waiting = _chosen(trace, tree, calls, room - len(head))
    rows = [row for _, row in sorted(shown)]
    text = "\n".join([head, *rows, *_foot(waiting), ask])
    return Overview(text[: max(0, most)], len(rows), len(waiting))


def _chosen(
    trace: Trace, tree: CallTree, calls: Sequence[Call] | None, room: int
) -> tuple[list[tuple[int, str]], list[_Part]]:
    """Return the rows that fit, each with its place in the run, and the parts that wait for more room."""
    total = total_flops(trace), total_parameters(trace), len(trace.ops)
    roots = tree.roots if calls is None else [call.id for call in calls]
    waiting = [_part(tree, stage, total) for stage in stages_of(tree, roots, "")]
    heapq.heapify(waiting)
    shown: list[tuple[int, str]] = []
    while waiting:
        part = waiting[0]
        name = _name(trace, part.stage)
        row = _row(trace, part, name)
        if len(row) + 1 > room:
            break
        room -= len(row) + 1
        heapq.heappop(waiting)
        shown.append((part.first, row))
        for inner in parts_of(tree, part.stage):
            heapq.heappush(waiting, _part(tree, inner, total, name))
    return shown, waiting


def _part(tree: CallTree, stage: Stage, total: tuple[int, int, int], above: str = "") -> _Part:
    flops, parameters, ops = total
    share = stage.flops / flops if flops else 0.0
    ran = sum(tree.trace.calls[call].last_op - tree.trace.calls[call].first_op for call in stage.calls)
    weights = (stage.parameters or 0) / parameters if parameters else 0.0
    weight = max(share, weights, OPS_COUNT * ran / max(1, ops))
    return _Part(-weight * DEEPER**stage.level, stage.calls[0], stage, share, weight, above)


def _name(trace: Trace, stage: Stage) -> str:
    """Return a selector of the calls of a stage."""
    alike = fold_alike(trace, matches_of(trace, [trace.calls[call] for call in stage.calls]))
    return alike[0].selector + (f" and {len(alike) - 1} like it" if len(alike) > 1 else "")


def _row(trace: Trace, part: _Part, name: str) -> str:
    """Return a part as a line: selector, class, what it makes, and what it costs."""
    stage = part.stage
    if part.above and name.startswith(f"{part.above}."):
        name = f"…{name[len(part.above) :]}"
    times = f" × {len(stage.calls)}" if len(stage.calls) > 1 else ""
    made = list(stage.outputs[:OUTPUTS])
    if len(stage.outputs) > OUTPUTS:
        made.append(f"{len(stage.outputs) - OUTPUTS} more")
    costs = [f"{format_count(stage.parameters)} parameters"] if stage.parameters else []
    costs += [f"{format_percent(part.share)} of the FLOPs"] if part.share else []
    ended = "; raised" if stage.raised else ""
    cells = [f"{'  ' * stage.level}{name}  {stage.class_name}{times}"]
    cells += [f"-> {', '.join(made)}"] if made else []
    cells += [f"({', '.join(costs)}{ended})"] if costs or ended else []
    return visible_line("  ".join(cells))


def _head(trace: Trace, calls: Sequence[Call] | None) -> list[str]:
    """Return what was run, on what, and what came out."""
    run = trace.run
    lines = [
        f"{model_name(trace)}: {format_count(total_parameters(trace))} parameters, "
        f"{format_count(total_flops(trace))} FLOPs, {counted(len(trace.calls), 'call')}, "
        f"{counted(len(trace.ops), 'op')}; "
        + ("shapes only, nothing was computed" if run.shapes_only else f"really run on {run.device}")
    ]
    if not run.complete:
        ended = run.failure
        lines.append(f"incomplete: {f'{ended.type}: {ended.first_line}' if ended else 'it was ended early'}")
    asked = list(calls) if calls is not None else [call for call in trace.calls if call.parent is None]
    for call in asked[:ENTRIES]:
        lines += [f"{call.name} takes {text}" for text in _ports(trace, call.inputs)]
    if len(asked) > ENTRIES:
        lines.append(f"and {counted(len(asked) - ENTRIES, 'more call')} from outside")
    lines += [f"{call.name} gives {text}" for call in asked[-1:] for text in _ports(trace, call.outputs)]
    unused = len(trace.unused())
    memory = f"at most {format_bytes(run.peak_bytes)} of activations at once" if run.peak_bytes else ""
    idle = f"{counted(unused, 'value')} produced but never read (--unused)" if unused else ""
    lines += [", ".join(filter(None, (memory, idle)))] if memory or idle else []
    return [visible_line(line) for line in lines]


def _ports(trace: Trace, ports: Sequence[Port]) -> Iterator[str]:
    rows = [f"{port.name} {trace.content(port)}" for port in told(ports) if trace.content(port) != "None"]
    if rows:
        more = f" · {len(rows) - PORTS} more" if len(rows) > PORTS else ""
        yield " · ".join(rows[:PORTS]) + more


def _clipped(lines: Sequence[str], most: int) -> str:
    """Return lines that together are no longer than ``most``; what is cut ends in a mark."""
    kept: list[str] = []
    for line in lines:
        room = most - sum(len(one) + 1 for one in kept)
        if room < 20:
            break
        kept.append(line if len(line) <= room else f"{line[: room - 1]}…")
    return "\n".join(kept)


def _foot(waiting: Sequence[_Part]) -> list[str]:
    """Return what is left out, and how to ask for it."""
    if not waiting:
        return ["left out: the ops in these parts"]
    parts = f"{counted(len(waiting), 'part')} and what is in {'it' if len(waiting) == 1 else 'them'}"
    largest = format_percent(max(part.weight for part in waiting))
    return [
        f"left out: {parts}, with {largest} of FLOPs or parameters at most; all ops",
    ]


def overview_row(
    trace: Trace, name: str, most: int, calls: Sequence[Call] | None = None, *, ask: str = ASK
) -> dict[str, object]:
    """Return an overview as plain data that is at most so many characters of JSON.

    Args:
        trace: the run.
        name: its file.
        most: characters of the whole object.
        calls: only what is in these; None: the whole run.
        ask: the last line, on how to ask for more.
    """
    room = most
    while True:
        made = overview(trace, room, calls, ask=ask)
        row: dict[str, object] = {"schema": "shapeflow.overview/1", "trace": name, "text": made.text}
        row |= {"shown": made.shown, "left_out": made.left_out}
        excess = len(json_text(row)) - most
        if excess <= 0 or not made.text:
            return row
        room = min(room, len(made.text)) - excess


def calls_at(trace: Trace, selector: str) -> list[Call]:
    """Return the calls that a selector names.

    Raises:
        SelectorError: it names nothing, or ops and ports only (``no-call``).
    """
    found = trace.select(selector)
    calls = [match.call for match in found if match.call and not (match.op or match.port)]
    if not calls:
        raise SelectorError(
            "no-call",
            f"'{selector}' names no call",
            expected="a module or a helper method that ran",
            hint=next((match.call.name for match in found if match.call), ""),
        )
    return calls
