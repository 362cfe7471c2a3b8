"""What ``shapeflow show`` prints for a person: lines of text in columns, in colour on a terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from itertools import groupby

from shapeflow.commands.console import wants_colour
from shapeflow.common.control_characters import visible_line
from shapeflow.common.printing import put
from shapeflow.common.text import counted, listing
from shapeflow.model.containers import Ports, told
from shapeflow.model.exact_names import ExactNames
from shapeflow.model.flow import Reach, Use, fold
from shapeflow.model.making_text import making_text
from shapeflow.model.match import Match
from shapeflow.model.records import Call, Op, Port
from shapeflow.model.trace import Trace
from shapeflow.query import output_matches, source_line

Line = list[tuple[str, str]]
"""Pieces of text, each with its style on a terminal with colour."""

MAKINGS = 8
"""Of so many ports at most it is said how what is there was made."""
COLUMNS = 80
"""Wider tables are folded, where that helps; nothing is cut off."""

KINDS = {"parameter": "parameter", "frozen": "parameter, frozen", "buffer": "buffer"}

PATH, TYPE, FAINT, PLAIN = "bold", "cyan", "dim", ""


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
    groups = groupby(matches, key=lambda m: m.path.rpartition("/")[0] if m.op else m.path)
    return [line for path, group in groups for line in _under(path, trace, list(group))]


def making_lines(trace: Trace, matches: Sequence[Match]) -> list[Line]:
    """Return how what is at a few ports, or what a few calls gave, was made, as claims say it."""
    matches = [match for match in matches if match.port] or output_matches(trace, matches)
    if len(matches) > MAKINGS:
        return []
    made = [(match.short_name, making_text(trace, match)) for match in matches]
    lines: list[Line] = [[(f"{name} = {text}", PLAIN)] for name, text in made if text]
    return [[], *lines] if lines else []


def _under(path: str, trace: Trace, matches: Sequence[Match]) -> list[Line]:
    """Return ports below a line with the beginning of their names."""
    rows = [_port_cells(trace, match, len(path)) for match in matches]
    return [[(path, PATH)], *indented(table(rows))]


def _port_cells(trace: Trace, match: Match, cut: int) -> Line:
    if match.tensor is not None:
        unread = "" if match.value is not None else ", never read"
        return [
            (match.name[cut:], PATH),
            (match.content, TYPE),
            (f"{KINDS[match.tensor.kind]}{unread}", FAINT),
        ]
    never_built = match.value is not None and not match.value.materialized
    source = "never built as a tensor" if never_built else source_line(trace, match)
    return [(match.name[cut:], PATH), (match.content, TYPE), (source, FAINT)]


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
    owner = match.owner
    facts: list[Line] = []
    title = f"{match.path}@{match.index}"
    if isinstance(owner, Call):
        facts.append([("class", FAINT), (owner.class_name, PLAIN)])
        caller = owner.parent
    else:
        caller = owner.call
    names = trace.cached(ExactNames)
    by = "the caller of the model" if caller is None else names.call(caller)
    line = trace.line(owner.source)
    place = f"{by}, {line}" if line else by
    facts.append([("called by" if isinstance(owner, Call) else "ran in", FAINT), (place, PLAIN)])
    if isinstance(owner, Op) and owner.parent is not None:
        facts.append([("part of", FAINT), (names.op(owner.parent), PLAIN)])
    if owner.source is not None:
        facts.append([("line", FAINT), (trace.sources[owner.source].text, PLAIN)])
    if isinstance(owner, Call) and owner.raised:
        facts.append([("ended", FAINT), ("with an exception", PLAIN)])
    rows: list[Line] = list(facts)
    for ports in (owner.inputs, owner.outputs):
        for port in told(ports):
            alias = f" ({port.alias})" if port.alias else ""
            rows.append([(f"{port.name}{alias}", PATH), (_content(trace, port, ports, title), TYPE)])
    return [[(title, PATH)], *indented(table(rows))]


def _content(trace: Trace, port: Port, ports: Sequence[Port], name: str) -> str:
    """Return what is at a port; of a large container its class, and what lists it."""
    if port.container is None or not isinstance(ports, Ports):
        return trace.content(port)
    return (
        f"{port.text} with {counted(len(ports.values_in(port)), 'tensor')}; '{name}:{port.name}' lists them"
    )


def path_lines(trace: Trace, way: Reach | Use) -> list[Line]:
    """Return a path folded to calls: with what shape it goes on, where, and through which ops."""
    if not way.values:  # a parameter that nothing read
        return []
    rows: list[Line] = [[(str(trace.values[way.values[0]]), TYPE), ("start", FAINT)]]
    names = trace.cached(ExactNames)
    for step in fold(trace, way):
        place = "outside all calls" if step.call is None else names.call(step.call)
        targets = listing([trace.ops[op].target for op in step.ops])
        rows.append([(str(trace.values[step.value]), TYPE), (f"{place}  {targets}", PATH)])
    return indented(table(rows))


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
        lines.append([(f"  the last op it did reach is {trace.cached(ExactNames).op(reach.last)}", FAINT)])
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
    if not wants_colour(sys.stdout):
        for line in lines:
            put(visible_line("".join(text for text, _ in line)).rstrip())
        return
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False)
    for line in lines:
        console.print(Text.assemble(*((visible_line(text), style) for text, style in line)), soft_wrap=True)
