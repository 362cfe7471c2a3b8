"""``never-used`` and ``never-read``: weights that nothing used, and results that nobody took."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path

from shapeflow.common.source_files import read_source, search_folders
from shapeflow.common.units import format_count
from shapeflow.lint.finding import Found
from shapeflow.model.call_tree import pattern
from shapeflow.model.containers import ids_at
from shapeflow.model.links import Links
from shapeflow.model.records import Call, Op, Records
from shapeflow.model.unused import dead, reaching_an_end


def never_used(trace: Records) -> Iterator[Found]:
    """Yield the modules and parameters that nothing read in a run that came to its end."""
    if not trace.run.complete:
        return
    for name in _whole_modules(trace, _unread(trace)):
        module = trace.module_by_path.get(name)
        if module is None:
            yield Found(
                f"nothing read the parameter '{name.rpartition('.')[2]}'", path=name.rpartition(".")[0]
            )
        else:
            ran = any(call.path == name for call in trace.calls)
            state = "ran and read none of them" if ran else "was never called"
            count = f"{format_count(module.parameters)} parameters"
            yield Found(f"{module.class_name} with {count} {state}", path=name)


def _unread(trace: Records) -> dict[str, dict[str, int]]:
    """Return the parameters that nothing read, with their sizes, by their module."""
    read = {value.name for value in trace.values if value.origin == "parameter"}
    found: dict[str, dict[str, int]] = {}
    for module in trace.modules:
        for tensor in module.tensors or ():
            name = f"{module.path}.{tensor.name}" if module.path else tensor.name
            names = {name, tensor.same or name, tensor.beside or name}
            if tensor.kind != "buffer" and "?" not in names and not names & read:
                size = 1
                for length in tensor.shape:
                    size *= length
                if size:
                    found.setdefault(module.path, {})[tensor.name] = size
    return found


def _whole_modules(trace: Records, unread: dict[str, dict[str, int]]) -> list[str]:
    """Return the outermost modules of which nothing was read, and the parameters that are left."""
    amounts = {module.path: module.parameters for module in trace.modules}
    below: dict[str, int] = {}
    for path, sizes in unread.items():
        parts = path.split(".")
        for length in range(1, len(parts) + 1):
            outer = ".".join(parts[:length])
            below[outer] = below.get(outer, 0) + sum(sizes.values())
    whole = {path for path, amount in below.items() if path and amount >= amounts.get(path, amount + 1)}
    names: dict[str, None] = {}
    for path, sizes in unread.items():
        outer, parts = "", path.split(".")
        for length in range(1, len(parts) + 1):
            outer = ".".join(parts[:length])
            if outer in whole:
                names[outer] = None
                break
        else:
            names.update((f"{path}.{name}" if path else name, None) for name in sizes)
    return list(names)


def never_read(trace: Records) -> Iterator[Found]:
    """Yield what is computed or thrown away, and inputs of the model that nothing looks at."""
    if not trace.run.complete:
        return
    links, used = trace.cached(Links), reaching_an_end(trace)
    calls = _idle_calls(trace)
    told = {call.id for call in calls}
    for call in calls:
        result = next(trace.content(port) for port in call.outputs if port.value is not None)
        yield Found(f"{call.class_name} gives {result}, and nobody reads it", call=call.id)
    for op in trace.ops:
        around = op.call
        while around is not None and around not in told:
            around = trace.calls[around].parent
        if around is not None or op.parent is not None or not _is_thrown_away(trace, op):
            continue
        made = [port.value for port in op.outputs if port.value is not None]
        if made and not any(links.readers[value] or value in used for value in made):
            yield Found.at(op, f"{op.target} gives {trace.values[made[0]]}, and the line throws it away")


def unread_input(trace: Records) -> Iterator[Found]:
    """Yield the tensors that the model was given and that nothing looks at."""
    if not trace.run.complete:
        return
    links = trace.cached(Links)
    seen = {escape.value for escape in trace.escapes}
    roots = [call for call in trace.calls if call.parent is None]
    given_back = {value for call in roots for value in ids_at(call.outputs)}
    for call in roots:
        for port in call.inputs:
            value = None if port.value is None else trace.values[port.value]
            if value is None or value.origin != "input" or value.kept or value.id in given_back | seen:
                continue
            if not links.readers[value.id] and 0 not in value.shape:
                names = [name for name in (port.name, port.alias) if name.startswith("in.")]
                name = (names or [port.name])[0].removeprefix("in.")
                yield Found(f"'{name}' {value} was given and nothing read it", call=call.id)


def _idle_calls(trace: Records) -> list[Call]:
    """Return the outermost calls with weights all of whose results are dead, and seem to be forgotten.

    Left out is the last of several like it in one call around it, from one line of source, whose results are
    read: the end of a row that computes a bit more than is wanted. So is what a call around it hands out
    beside what is read of it: a part that others use, too, offers more than this model takes.
    """
    idle = {value.id for value in dead(trace)}
    found: list[Call] = []
    told: set[int] = set()
    last: dict[tuple[object, ...], int] = {}
    alike: dict[tuple[object, ...], set[int]] = {}
    for call in trace.calls:
        for kind in _kinds(call):
            last[kind] = call.id
        if call.parent in told:
            told.add(call.id)
        elif _is_idle(trace, call, idle):
            told.add(call.id)
            found.append(call)
        else:
            for kind in _kinds(call):
                alike.setdefault(kind, set()).add(call.id)
    return [
        call
        for call in found
        if not any(kind in alike and last[kind] == call.id for kind in _kinds(call))
        and not _is_offered(trace, call, idle)
    ]


def _kinds(call: Call) -> tuple[tuple[object, ...], ...]:
    """Return the rows that a call is one of: its like in the whole run, and in the call around it."""
    like = (pattern(call.path), call.method)
    return like, (*like, call.parent, call.source)


def _is_offered(trace: Records, call: Call, idle: set[int]) -> bool:
    """Return whether a call around it gives what it made, and something else that is read."""
    made = set(ids_at(call.outputs))
    while call.parent is not None:
        call = trace.calls[call.parent]
        given = set(ids_at(call.outputs))
        if call.parent is not None and given & made and not given <= idle:
            return True
    return False


def _is_idle(trace: Records, call: Call, idle: set[int]) -> bool:
    """Return whether all that a call with weights made is dead."""
    given = set(ids_at(call.inputs))
    made = [value for value in ids_at(call.outputs) if value not in given]
    module = trace.module_by_path.get(call.path)
    return bool(made) and all(value in idle for value in made) and bool(module and module.parameters)


def _is_thrown_away(trace: Records, op: Op) -> bool:
    """Return whether an op is all that a statement of the source does, and its result goes nowhere.

    The line alone does not tell: it may be a part of a longer statement, such as what a list is made of.
    Where the file is not here as it was in the run, nobody knows.
    """
    if op.source is None or not op.outputs or op.target.endswith("_") or op.target == "setitem":
        return False
    source = trace.sources[op.source]
    place = trace.run.target.rpartition(":")[0]  # a file that is run names itself from its own folder
    folder = str(Path(place).parent) if place.endswith(".py") else "."
    called, text = _statements(source.file, folder).get(source.line, ("", ""))
    return called == op.target and text.startswith(source.text.rstrip("…"))


@lru_cache(maxsize=256)
def _statements(file: str, folder: str) -> Mapping[int, tuple[str, str]]:
    """Return the lines of the statements of a file that only call something: what they call, and their text.

    Empty if the file is not here.
    """
    text = read_source(file, search_folders([*sys.path, ".", folder])) or ""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return {}
    lines, found = text.split("\n"), {}
    for part in ast.walk(tree):
        if isinstance(part, ast.Expr) and isinstance(part.value, ast.Call):
            function = part.value.func
            called = str(getattr(function, "attr", "") or getattr(function, "id", ""))
            for line in range(part.lineno, (part.end_lineno or part.lineno) + 1):
                found[line] = called, lines[line - 1].strip()
    return found
