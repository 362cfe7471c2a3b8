"""Which lines of source ran, and which certainly never did."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from shapeflow.model.trace import Trace
from shapeflow.source.events import Event
from shapeflow.source.lines import Line, State
from shapeflow.source.statements import Function, Statement


def lay_states(
    trace: Trace,
    functions: Sequence[Function],
    file: str,
    happened: Mapping[int, Sequence[Event]],
    lines: list[Line],
) -> None:
    """Say of the lines of functions which ran, and which certainly never did.

    A line that nothing was recorded at ran if a later statement of its list did. It never did if it calls a
    submodule whenever it runs, since calls of submodules are recorded without exception; neither did what
    stands behind it in its list.
    """
    for function in functions:
        inside = [
            event
            for number, events in happened.items()
            if function.body <= number <= function.last
            for event in events
        ]
        if inside:
            sure = _submodules(trace, function, file, inside) if trace.run.complete else frozenset()
            for suite in function.suites:
                _lay_suite(suite, happened, lines, sure)


def _submodules(trace: Trace, function: Function, file: str, inside: Sequence[Event]) -> frozenset[str]:
    """Return the attributes that are submodules in all modules whose method this is; none if that is open.

    A module that was also called from a line elsewhere, as by a ``__call__`` of its own, is none of them: the
    line that called it cannot be told then.
    """
    owners = {module.path for module in trace.modules if module.class_name == function.owner}
    running = {trace.calls[event.execution].path for event in inside if event.execution is not None}
    if not owners or not running <= owners:
        return frozenset()
    elsewhere = {
        call.path for call in trace.calls if call.source is None or trace.sources[call.source].file != file
    }
    names = []
    for owner in owners:
        start = f"{owner}." if owner else ""
        below = {module.path for module in trace.modules if module.callable and module.path.startswith(start)}
        own = {path.removeprefix(start) for path in below - elsewhere if path}
        names.append(frozenset(name for name in own if "." not in name))
    return frozenset.intersection(*names)


def _lay_suite(
    suite: Sequence[Statement],
    happened: Mapping[int, Sequence[Event]],
    lines: list[Line],
    submodules: frozenset[str],
) -> None:
    """Say of the lines of one list of statements which ran, and which never did."""
    for place, statement in enumerate(suite):
        if any(statement.first <= number <= statement.end for number in happened):
            for before in suite[:place]:
                _mark(lines, before, "ran")
        elif submodules.intersection(statement.calls):
            for behind in suite[place:]:
                _mark(lines, behind, "never")
            return


def _mark(lines: list[Line], statement: Statement, state: State) -> None:
    """Lay a state to the lines of a statement that have none."""
    for line in lines[statement.first - 1 : statement.last]:
        line.state = line.state or state
