"""The stages of a run as a tree for the terminal: coloured and fitted to its width, or whole for a pipe."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TextIO

from shapeflow.common.control_characters import printed, visible_line
from shapeflow.common.text import counted
from shapeflow.common.units import format_bytes, format_count
from shapeflow.model.costs import SHOWN_OUTPUTS, Stage, stages, total_flops, total_parameters
from shapeflow.model.trace import Trace
from shapeflow.reporting.run_facts import OWN, gradients_text, inputs_text, training_text
from shapeflow.reporting.translator import Translator

if TYPE_CHECKING:
    from rich.table import Table

HEADINGS = ("stage", "makes", "params", "FLOPs")
INDENT = "  "


def write(trace: Trace, stream: TextIO, levels: int | None = None) -> None:
    """Write the stages of a run and its totals, ``levels`` of calls deep or as deep as is readable."""
    if not stream.isatty():
        stream.write(printed(plain(trace, levels)))
        return
    from rich.console import Console

    console = Console(file=stream, highlight=False)
    console.print(_table(stages(trace, levels)))
    console.print()
    for line in totals(trace):
        console.print(line, style="dim" if line.startswith("note:") else "", markup=False)


def plain(trace: Trace, levels: int | None = None) -> str:
    """Return tree and totals as text in which nothing is cut off."""
    rows = []
    for stage in stages(trace, levels):
        first, *rest = _outputs(stage) or [""]
        title = f"{INDENT * stage.level}{visible_line(stage.name)}  {_class(stage)}{_raised(stage)}"
        rows.append((title, first, _amount(stage.parameters), _amount(stage.flops)))
        rows += [("", output, "", "") for output in rest]
    widths = [max(map(len, column)) for column in zip(HEADINGS, *rows, strict=True)]
    lines = []
    for name, output, parameters, flops in [HEADINGS, *rows]:
        cells = [name.ljust(widths[0]), output.ljust(widths[1]), parameters.rjust(widths[2])]
        lines.append("  ".join([*cells, flops.rjust(widths[3])]).rstrip())
    return "\n".join([*lines, "", *totals(trace), ""])


def _table(rows: Sequence[Stage]) -> Table:
    """Return the tree for a terminal; its cells wrap where the terminal is narrow."""
    from rich.padding import Padding
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for heading in HEADINGS:
        right = heading in HEADINGS[2:]
        table.add_column(heading, justify="right" if right else "left", no_wrap=right, overflow="fold")
    for stage in rows:
        title = Text(
            visible_line(stage.name), style="bold red" if stage.raised else "bold" if stage.level < 2 else ""
        )
        title.append(f"  {_class(stage)}", style="dim")
        title.append(_raised(stage), style="bold red")
        table.add_row(
            Padding(title, (0, 0, 0, len(INDENT) * stage.level)),
            Text("\n".join(_outputs(stage, SHOWN_OUTPUTS)), style="cyan"),
            _amount(stage.parameters),
            _amount(stage.flops),
        )
    return table


def _outputs(stage: Stage, limit: int | None = None) -> list[str]:
    """Return the lines for what a stage made and what it only passed on."""
    lines = [visible_line(output) for output in stage.outputs[:limit]]
    if len(stage.outputs) > len(lines):
        lines.append(f"and {len(stage.outputs) - len(lines)} more")
    if stage.passed_on:
        lines.append(f"({stage.passed_on} passed on)")
    if stage.told_above:
        lines.append(f"({stage.told_above} told above)")
    return lines


def _class(stage: Stage) -> str:
    """Return the class of a stage, and how many calls it is."""
    return visible_line(stage.class_name) + (f" × {len(stage.calls)}" if len(stage.calls) > 1 else "")


def _raised(stage: Stage) -> str:
    """Return a mark for a stage that did not end well."""
    return "  raised" if stage.raised else ""


def _amount(number: int | None) -> str:
    """Return a number with three digits; blank for none."""
    return format_count(number) if number else ""


def totals(trace: Trace) -> list[str]:
    """Return what the run amounts to, and what it did not observe, a sentence each."""
    run = trace.run
    shapes = len({value.shape for value in trace.values})
    figures = [
        f"{total_parameters(trace):,} parameters",
        f"{format_count(total_flops(trace))} FLOPs",
        counted(len(trace.calls), "call"),
        counted(len(trace.ops), "op"),
        counted(shapes, "distinct shape"),
    ]
    lines = [", ".join(figures)]
    words = Translator("en")
    if run.adapter in OWN and (given := inputs_text(trace, words)):
        lines.append(f"inputs: {given}")
    if run.peak_bytes:
        lines.append(
            f"activations: at most {format_bytes(run.peak_bytes)} at once{_place(trace, run.peak_op)}"
        )
    lines.append(f"{training_text(trace, words)}; {gradients_text(trace, words)}")
    unused = len(trace.unused())
    if unused:
        lines.append(f"{counted(unused, 'value')} produced but never read")
    if run.shapes_only:
        lines.append("shapes only: nothing was computed, so there are no numbers")
    if not run.complete:
        lines.append(f"incomplete: {run.failure.type if run.failure else 'something'} ended it early")
    return [visible_line(line) for line in (*lines, *(f"note: {note}" for note in run.notes))]


def _place(trace: Trace, op: int | None) -> str:
    """Return where an op ran, as the end of a sentence."""
    if op is None:
        return ""
    record = trace.ops[op]
    call = "" if record.call is None else trace.calls[record.call].name
    line = trace.line(record.source)
    return f", in {call}/{record.target}{line and f' ({line})'}"
