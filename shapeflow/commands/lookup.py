"""What ``shapeflow show`` prints: rows of data first, then lines of text or of JSON."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any

from shapeflow.common.text import counted, listing
from shapeflow.model.exact_names import Names
from shapeflow.model.flow import Reach, Use, fold
from shapeflow.model.records import Call, Op, Port
from shapeflow.model.selector import Match
from shapeflow.model.trace import Trace

Line = list[tuple[str, str]]
"""Pieces of text, each with its style on a terminal with colour."""

COLUMNS = 80
"""Wider tables are folded, where that helps; nothing is cut off."""

PATH, TYPE, FAINT, PLAIN = "bold", "cyan", "dim", ""


def owner_of(trace: Trace, match: Match) -> Call | Op:
    """Return the call or op that a match is, or is a port of."""
    return trace.ops[match.op] if match.op is not None else trace.calls[match.call or 0]


def with_ports(trace: Trace, matches: Iterable[Match]) -> list[Match]:
    """Return the matches with each call and op replaced by its ports; one without ports stays."""
    found = []
    for match in matches:
        owner = owner_of(trace, match)
        ports = (*owner.inputs, *owner.outputs) if match.port is None else ()
        found += [Match(match.path, match.index, match.call, match.op, port) for port in ports] or [match]
    return found


def type_of(trace: Trace, port: Port) -> str:
    """Return what is in a port: ``f32[1, 256]``, ``None``, ``'nearest'``."""
    return port.text if port.value is None else str(trace.values[port.value])


def source_of(trace: Trace, match: Match) -> str | None:
    """Return the line of the model that made what is meant: the value, or else the call or op."""
    source = owner_of(trace, match).source
    if match.port is not None and match.port.value is not None:
        producer = trace.values[match.port.value].producer
        source = None if producer is None else trace.ops[producer].source
    return None if source is None else str(trace.sources[source])


def print_json(trace: Trace, matches: Iterable[Match]) -> None:
    """Print one JSON object a port."""
    for match in with_ports(trace, matches):
        row: dict[str, Any] = {
            "path": match.path,
            "call": match.index,
            "port": match.port.name if match.port else None,
            "dtype": None,
            "shape": None,
            "source": source_of(trace, match),
        }
        if match.port is not None and match.port.value is not None:
            value = trace.values[match.port.value]
            row |= {"dtype": value.dtype, "shape": list(value.shape)}
            if not value.materialized:
                row["materialized"] = False
        elif match.port is not None:
            row["text"] = match.port.text
        print_object(row)


def print_object(row: object) -> None:
    """Print one JSON object on a line."""
    print(json.dumps(row, ensure_ascii=False))


def match_lines(trace: Trace, matches: Sequence[Match]) -> list[Line]:
    """Return ports as a table; calls and ops each with a table of their ports."""
    if matches[0].port is not None:
        return _port_lines(trace, matches)
    lines: list[Line] = []
    for match in matches:
        lines += [[], *_block(trace, match)]
    return lines[1:]


def _port_lines(trace: Trace, matches: Sequence[Match]) -> list[Line]:
    """Return name, type and source line of each port; what long names share is put on a line of its own."""
    lines = table([_port_cells(trace, match, 0) for match in matches])
    if _fits(lines):
        return lines
    shared = _shared_path([match.path for match in matches])
    lines = _under(shared, trace, matches)
    if shared and _fits(lines):
        return lines
    groups = groupby(matches, key=lambda m: m.path if m.op is None else m.path.rpartition("/")[0])
    return [line for path, group in groups for line in _under(path, trace, list(group))]


def _under(path: str, trace: Trace, matches: Sequence[Match]) -> list[Line]:
    """Return ports below a line with the beginning of their names."""
    rows = [_port_cells(trace, match, len(path)) for match in matches]
    return [[(path, PATH)], *indented(table(rows))]


def _port_cells(trace: Trace, match: Match, cut: int) -> Line:
    port = match.port
    assert port is not None, "only ports have a type"
    never_built = port.value is not None and not trace.values[port.value].materialized
    source = "never built as a tensor" if never_built else source_of(trace, match) or ""
    return [(match.name[cut:], PATH), (type_of(trace, port), TYPE), (source, FAINT)]


def _shared_path(paths: Sequence[str]) -> str:
    """Return the longest path that all paths are, or lie below."""
    shared = paths[0]
    while shared and not all(
        path == shared or path.startswith((f"{shared}.", f"{shared}/")) for path in paths
    ):
        shared = shared[: max(shared.rfind("."), shared.rfind("/"), 0)]
    return shared


def _fits(lines: Sequence[Line]) -> bool:
    return all(sum(len(text) for text, _ in line) <= COLUMNS for line in lines)


def _block(trace: Trace, match: Match) -> list[Line]:
    """Return a call or op: what it is, who made it, its ports."""
    owner = owner_of(trace, match)
    facts: list[Line] = []
    title = f"{match.path}@{match.index}"
    if isinstance(owner, Call):
        facts.append([("class", FAINT), (owner.class_name, PLAIN)])
        caller = owner.parent
    else:
        caller = owner.call
    names = Names(trace)
    by = "the caller of the model" if caller is None else names.call(caller)
    line = "" if owner.source is None else f", {trace.sources[owner.source]}"
    facts.append([("called by" if isinstance(owner, Call) else "ran in", FAINT), (f"{by}{line}", PLAIN)])
    if isinstance(owner, Op) and owner.parent is not None:
        facts.append([("part of", FAINT), (names.op(owner.parent), PLAIN)])
    if owner.source is not None:
        facts.append([("line", FAINT), (trace.sources[owner.source].text, PLAIN)])
    if isinstance(owner, Call) and owner.raised:
        facts.append([("ended", FAINT), ("with an exception", PLAIN)])
    rows: list[Line] = list(facts)
    for port in (*owner.inputs, *owner.outputs):
        alias = f" ({port.alias})" if port.alias else ""
        rows.append([(f"{port.name}{alias}", PATH), (type_of(trace, port), TYPE)])
    return [[(title, PATH)], *indented(table(rows))]


def op_matches(trace: Trace, ops: Iterable[Op]) -> list[Match]:
    """Return ops as the exact selectors that name them."""
    names = Names(trace)
    found = []
    for op in ops:
        path, _, number = names.op(op.id).rpartition("@")
        found.append(Match(path, int(number), op.call, op.id))
    return found


def outputs_of(trace: Trace, matches: Iterable[Match]) -> list[Match]:
    """Return the output ports of ops; an op without one stays."""
    found = []
    for match in matches:
        outputs = owner_of(trace, match).outputs
        found += [Match(match.path, match.index, match.call, match.op, port) for port in outputs] or [match]
    return found


def path_lines(trace: Trace, way: Reach | Use) -> list[Line]:
    """Return a path folded to calls: with what shape it goes on, where, and through which ops."""
    rows: list[Line] = [[(str(trace.values[way.values[0]]), TYPE), ("start", FAINT)]]
    names = Names(trace)
    for step in fold(trace, way):
        place = "outside all calls" if step.call is None else names.call(step.call)
        targets = listing([trace.ops[op].target for op in step.ops])
        rows.append([(str(trace.values[step.value]), TYPE), (f"{place}  {targets}", PATH)])
    return indented(table(rows))


def path_data(trace: Trace, way: Reach | Use) -> list[dict[str, Any]]:
    """Return the same as data."""
    names = Names(trace)
    return [
        {
            "call": None if step.call is None else names.call(step.call),
            "ops": [names.op(op) for op in step.ops],
            "dtype": trace.values[step.value].dtype,
            "shape": list(trace.values[step.value].shape),
        }
        for step in fold(trace, way)
    ]


def reach_lines(trace: Trace, source: str, other: str, reach: Reach) -> list[Line]:
    """Return the answer to "does it reach", with the path or the doubts."""
    if reach.answer == "yes":
        how = counted(len(reach.path), "op") if reach.path else "the same tensor"
        return [[(f"'{source}' reaches '{other}': {how}", PATH)], *path_lines(trace, reach)]
    if reach.answer == "undecided":
        title = f"undecided whether '{source}' reaches '{other}': no path was seen, but"
        return [[(title, PATH)], *([(f"  {doubt}", PLAIN)] for doubt in reach.doubts)]
    lines: list[Line] = [[(f"'{source}' never reaches '{other}'", PATH)]]
    if reach.last is not None:
        lines.append([(f"  the last op it did reach is {Names(trace).op(reach.last)}", FAINT)])
    return lines


def table(rows: Sequence[Line], gap: str = "  ") -> list[Line]:
    """Return rows with the cells of each column but the last made equally wide."""
    widths: dict[int, int] = {}
    for row in rows:
        for column, (text, _) in enumerate(row[:-1]):
            widths[column] = max(widths.get(column, 0), len(text))
    lines = []
    for row in rows:
        cells = [(text.ljust(widths[column]) + gap, style) for column, (text, style) in enumerate(row[:-1])]
        lines.append([*cells, row[-1]])
    return lines


def indented(lines: Iterable[Line]) -> list[Line]:
    """Return lines moved to the right."""
    return [[("  ", PLAIN), *line] for line in lines]


def print_lines(lines: Iterable[Line]) -> None:
    """Print lines, in colour on a terminal; nothing is ever cut off."""
    from shapeflow.cli import wants_colour

    if not wants_colour(sys.stdout):
        for line in lines:
            print(_visible("".join(text for text, _ in line)).rstrip())
        return
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False)
    for line in lines:
        console.print(Text.assemble(*((_visible(text), style) for text, style in line)), soft_wrap=True)


def _visible(text: str) -> str:
    """Return text without signs that would steer the terminal."""
    return text if text.isprintable() else "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)
