"""A source file with what its lines made: worked out from what happened at them."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from shapeflow.model.ports import Port
from shapeflow.model.records import Call, Value
from shapeflow.model.trace import Trace
from shapeflow.source.events import Event
from shapeflow.source.lines import Line, Made, SourceFile
from shapeflow.source.statements import Function, Given, Statement, functions_of
from shapeflow.source.states import lay_states
from shapeflow.source.uses import RESHAPING, Named, Use

MOST_PORTS = 4
TextOf = Callable[[Value], str]


def annotated(
    trace: Trace,
    name: str,
    text: str,
    happened: Mapping[int, Sequence[Event]],
    text_of: TextOf = str,
) -> SourceFile:
    """Return a file with what its lines made in a run.

    Args:
        trace: the run.
        name: of the file, as in the trace.
        text: the file, with the code of the run.
        happened: line -> what happened there.
        text_of: how a tensor is written.
    """
    lines = [Line(number, line) for number, line in enumerate(text.split("\n"), 1)]
    if lines and not lines[-1].text:
        lines.pop()
    try:
        functions = functions_of(text, happened)
    except (SyntaxError, ValueError, RecursionError):
        functions = []
    told: set[tuple[int, tuple[int, int]]] = set()
    statements = [statement for function in functions for suite in function.suites for statement in suite]
    shared = _shared(statements)
    for statement in statements:
        if shared.isdisjoint(range(statement.first, statement.last + 1)):
            _name_results(trace, statement, happened, lines, told, text_of)
    for number, events in happened.items():
        rest = [event for event in events if (number, event.order) not in told]
        if number <= len(lines) and len(rest) == len(events):
            lines[number - 1].made += _unnamed(trace, rest, text_of)
    for number in happened:
        if number <= len(lines):
            lines[number - 1].state = "ran"
    for function in functions:
        _lay_parameters(trace, function, happened, lines, text_of)
        for named in function.named:
            if shared.isdisjoint(range(named.first, named.last + 1)):
                uses = [use for use in named.uses if shared.isdisjoint(range(use.first, use.last + 1))]
                _lay_used(trace, named, uses, happened, lines, text_of)
    lay_states(trace, functions, name, happened, lines)
    return SourceFile(name, tuple(lines), known=True)


def bare(
    trace: Trace,
    name: str,
    texts: Mapping[int, str],
    happened: Mapping[int, Sequence[Event]],
    text_of: TextOf = str,
) -> SourceFile:
    """Return the lines of a file that the trace itself has, for a file that is not there any more.

    Args:
        trace: the run.
        name: of the file, as in the trace.
        texts: the lines by number.
        happened: line -> what happened there.
        text_of: how a tensor is written.
    """
    lines = [Line(number, texts[number]) for number in sorted(texts)]
    for line in lines:
        events = happened.get(line.number, ())
        line.made += _unnamed(trace, events, text_of)
        line.state = "ran" if events else ""
    return SourceFile(name, tuple(lines), known=False)


def _shared(statements: Sequence[Statement]) -> frozenset[int]:
    """Return the lines on which several statements stand: the trace does not tell which of them did what."""
    counts = Counter(
        number for statement in statements for number in range(statement.first, statement.last + 1)
    )
    return frozenset(number for number, count in counts.items() if count > 1)


def _name_results(
    trace: Trace,
    statement: Statement,
    happened: Mapping[int, Sequence[Event]],
    lines: list[Line],
    told: set[tuple[int, tuple[int, int]]],
    text_of: TextOf,
) -> None:
    """Lay to the lines of a statement what the names in it got."""
    numbers = [number for number in range(statement.first, statement.last + 1) if number in happened]
    found: dict[str, list[tuple[int, Event, str, tuple[int, ...]]]] = defaultdict(list)
    there = [event for number in numbers for event in happened[number]]
    for given in statement.given:
        is_told = statement.unclear is None or statement.unclear.is_told(there, by_call=given.by_call)
        for number in numbers:
            for event in happened[number]:
                if _is_step(event, given) and (is_told or event.is_call):
                    shown = _shown(trace, event.outputs, given, text_of)
                    if shown is not None:
                        found[given.target].append((number, event, *shown))
    for target, results in found.items():
        results.sort(key=lambda result: result[1].order)
        line = lines[results[-1][0] - 1]
        told.update((number, event.order) for number, event, *_ in results)
        makers = dict.fromkeys(_maker(event) for _, event, *_ in results)
        types = dict.fromkeys(shown for *_, shown, _ in results)
        values = tuple(value for *_, held in results for value in held)
        column = max(line.text.find(target) + 1, 0) if target != "return" else 0
        made = Made(target, " or ".join(makers), tuple(types), len(results), values, column)
        line.made.append(made)


def _is_step(event: Event, given: Given) -> bool:
    """Return whether an event is the step whose result a name gets."""
    if not event.is_direct:
        return False
    if given.any_call:
        return event.is_call and event.names.isdisjoint(given.ops)
    return not event.names.isdisjoint(given.ops)


def _shown(
    trace: Trace, outputs: Sequence[Port], given: Given, text_of: TextOf
) -> tuple[str, tuple[int, ...]] | None:
    """Return what a name got as text, and its values; None if the results do not fit the names."""
    if given.item is not None:
        tops = [port for port in outputs if port.name.startswith(f"out[{given.item}]")]
        count = len({port.name.partition("]")[0] for port in outputs if port.name.startswith("out[")})
        if not tops or given.items not in (0, count):
            return None
        return _types(trace, tops, text_of, f"out[{given.item}]")
    return _types(trace, outputs, text_of)


def _types(
    trace: Trace, ports: Sequence[Port], text_of: TextOf, whole: str = "out"
) -> tuple[str, tuple[int, ...]]:
    """Return results as text, and their values; one alone in a container, or in an object, is in parentheses.

    Args:
        trace: the run.
        ports: of the results.
        text_of: how a tensor is written.
        whole: the name of the port of a result that is a tensor itself.
    """
    texts = [
        text_of(trace.values[port.value]) if port.value is not None else port.text or "None" for port in ports
    ]
    values = tuple(port.value for port in ports if port.value is not None)
    if len(ports) == 1 and (ports[0].name == whole or not values):
        return texts[0], values
    names = [port.name.removeprefix(whole).removeprefix(".") for port in ports]
    parts = [
        text if name.startswith("[") else f"{name}: {text}" for name, text in zip(names, texts, strict=True)
    ]
    more = [f"… {len(parts) - MOST_PORTS} more"] if len(parts) > MOST_PORTS else []
    alone = "," if len(parts) == 1 and names[0].startswith("[") else ""
    return f"({', '.join([*parts[:MOST_PORTS], *more])}{alone})", values


def _unnamed(trace: Trace, events: Iterable[Event], text_of: TextOf) -> Iterator[Made]:
    """Yield what a line made that no name of the line is known to have got: each maker once.

    What a module called there did itself is told by the call.
    """
    groups: dict[str, list[tuple[str, tuple[int, ...]]]] = defaultdict(list)
    for event in events:
        if event.is_direct:
            groups[_maker(event)].append(_types(trace, event.outputs, text_of))
    for maker, results in groups.items():
        types = tuple(dict.fromkeys(text for text, _ in results))
        yield Made("", maker, types, len(results), tuple(value for _, held in results for value in held))


def _lay_parameters(
    trace: Trace,
    function: Function,
    happened: Mapping[int, Sequence[Event]],
    lines: list[Line],
    text_of: TextOf,
) -> None:
    """Lay to the head of a method which tensors its parameters were, in calls that are known to be of it."""
    if not function.classes:
        return
    inside = (number for number in happened if function.body <= number <= function.last)
    running = {event.execution for number in inside for event in happened[number]}
    calls = [trace.calls[call] for call in sorted(call for call in running if call is not None)]
    calls = [call for call in calls if call.method == function.name and call.class_name in function.classes]
    found: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for call in calls:
        for port in call.inputs:
            names = {port.name.removeprefix("in."), port.alias.removeprefix("in.")}
            name = next((name for name in function.parameters if name in names), None)
            if port.value is not None and name is not None:
                found[name].append((text_of(trace.values[port.value]), port.value))
    for name, results in found.items():
        types = tuple(dict.fromkeys(text for text, _ in results))
        line = lines[function.parameters[name] - 1]
        column = line.text.find(name) + 1
        line.made.append(Made(name, "", types, len(results), tuple(value for _, value in results), column))


def _lay_used(
    trace: Trace,
    named: Named,
    uses: Sequence[Use],
    happened: Mapping[int, Sequence[Event]],
    lines: list[Line],
    text_of: TextOf,
) -> None:
    """Lay to a statement, or to the head of a function, what a name got, by the first step that reads it."""
    there = lines[named.first - 1 : named.last]
    if any(made.name == named.name for line in there for made in line.made):
        return
    for use in uses:
        read = list(_read(trace, use, happened))
        if read:
            types = tuple(dict.fromkeys(text_of(trace.values[value]) for value in read))
            line = next((line for line in there if _column(line, named.name)), there[0])
            made = Made(named.name, "", types, len(read), tuple(read), _column(line, named.name))
            line.made.insert(sum(bool(one.name) for one in line.made), made)
            return


def _read(trace: Trace, use: Use, happened: Mapping[int, Sequence[Event]]) -> Iterator[int]:
    """Yield the values that a step read, in their order; not what was reshaped in place since it was made."""
    events = [event for number in range(use.first, use.last + 1) for event in happened.get(number, ())]
    if use.unclear is not None and not use.unclear.is_told(events, by_call=use.by_call):
        return
    for event in sorted(events, key=lambda event: event.order):
        if event.is_direct and event.is_call == use.is_call and event.names.intersection(use.ops):
            ports = event.record.inputs
            if use.both and not all(port.value is not None for port in ports[:2]):
                continue
            for port in ports:
                if port.value is not None and use.port in (port.name, port.alias):
                    made = trace.values[port.value].producer
                    if made is None or trace.ops[made].target not in RESHAPING:
                        yield port.value


def _column(line: Line, name: str) -> int:
    """Return where a name stands in a line, from 1; 0 if it does not."""
    found = re.search(rf"\b{re.escape(name)}\b", line.text)
    return found.start() + 1 if found else 0


def _maker(event: Event) -> str:
    record = event.record
    if isinstance(record, Call):
        return record.class_name if record.method == "forward" else f"{record.method}()"
    return record.target
