"""``odd-block``: one of many equal blocks that is unlike the others, and where it begins to differ."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from shapeflow.lint.finding import Found
from shapeflow.model.records import Call, Module, Op, Port, Records

LEAST = 3
"""Of fewer blocks nobody can say which is the odd one."""

MANY = 5
"""In a shorter row a block with other modules is often meant, such as attention at one level."""

Read = tuple[object, ...]
Fact = tuple[str, str, tuple[Read, ...], tuple[str, ...]]


def odd_block(trace: Records) -> Iterator[Found]:
    """Yield the one block of a row that is not as all others are, where the others are all alike."""
    told: set[str] = set()
    members = _members(trace)
    for calls in _rows(trace):
        signs = [_facts(trace, call) for call in calls]
        odd = _odd_one(signs)
        if odd is None:
            continue
        call, usual = calls[odd], calls[0 if odd else 1]
        at_end = odd in (0, len(calls) - 1)
        if at_end and not _built_alike(trace, members, call, usual):
            continue
        member = members.get(call.path)
        is_block = len(calls) >= MANY and member is not None and bool(member.parts)
        if not is_block and not _same_parts(members, call, usual):
            continue
        if any(call.path.startswith(f"{path}.") for path in told):
            continue
        told.add(call.path)
        yield _difference(trace, call, usual, signs[odd], signs[0 if odd else 1], len(calls))
    yield from _odd_modules(members, told)


def _rows(trace: Records) -> Iterator[list[Call]]:
    """Yield the calls of modules that stand in one list, each module once, outer lists first."""
    rows: dict[tuple[str, str, int], dict[str, Call]] = {}
    for call in trace.calls:
        container, _, number = call.path.rpartition(".")
        if number.isdigit():
            rows.setdefault((container, call.method, call.index), {})[call.path] = call
    for row in rows.values():
        if len(row) >= LEAST:
            yield list(row.values())


def _odd_one(signs: Sequence[object]) -> int | None:
    """Return the place of the only one that is unlike the rest, where these are all alike."""
    counts = Counter(signs)
    if len(counts) != 2:
        return None
    (_, times), (odd, once) = counts.most_common()
    return signs.index(odd) if once == 1 and times >= LEAST - 1 else None


def _built_alike(trace: Records, members: dict[str, _Member], call: Call, usual: Call) -> bool:
    """Return whether a block at the end of a row was meant to be as the others are.

    The first block of a stage makes it smaller and the last one may attend to all: such a block takes or
    gives other shapes, has other weights, or says in words of what kind it is.
    """
    mine, other = members.get(call.path), members.get(usual.path)
    if mine is None or other is None or mine.weights != other.weights:
        return False
    if _shapes(trace, call.outputs) != _shapes(trace, usual.outputs):
        return False
    if _shapes(trace, call.inputs) != _shapes(trace, usual.inputs):
        return False
    keys = mine.facts.keys() | other.facts.keys()
    unlike = [(mine.facts.get(key), other.facts.get(key)) for key in keys]
    return not any(one and two and isinstance(one, str) and one != two for one, two in unlike)


def _same_parts(members: dict[str, _Member], call: Call, usual: Call) -> bool:
    """Return whether two blocks are of one class and hold the same modules, whatever their sizes."""
    mine, other = members.get(call.path), members.get(usual.path)
    same = mine is not None and other is not None and mine.parts == other.parts
    return same and call.class_name == usual.class_name


def _shapes(trace: Records, ports: Iterable[Port]) -> list[str]:
    return [trace.content(port) if port.value is not None else port.text[:40] for port in ports]


def _facts(trace: Records, call: Call) -> tuple[Fact, ...]:
    """Return what ran in a call, an entry an op: where, what, on what, and what came of it."""
    given = {port.value: port.name for port in call.inputs if port.value is not None}
    prefix = f"{call.path}."
    facts: list[Fact] = []
    for number in range(call.first_op, call.last_op):
        op = trace.ops[number]
        inner = call.path if op.call is None else trace.calls[op.call].path
        where = inner.removeprefix(prefix) if inner != call.path else ""
        read = tuple(_read(trace, port, call, given, prefix) for port in op.inputs)
        made = tuple(trace.content(port) for port in op.outputs)
        facts.append((where, op.target, read, made))
    return tuple(facts)


def _read(trace: Records, port: Port, call: Call, given: dict[int, str], prefix: str) -> Read:
    """Return what an op got at a port, as it is seen from its block."""
    if port.value is None:
        return port.name, port.text
    value = trace.values[port.value]
    if value.producer is not None and call.first_op <= value.producer < call.last_op:
        return port.name, str(value), value.producer - call.first_op
    if value.origin in ("parameter", "buffer"):
        return port.name, str(value), value.name.removeprefix(prefix)
    return port.name, str(value), given.get(port.value, "outside")


def _difference(
    trace: Records, call: Call, usual: Call, mine: Sequence[Fact], other: Sequence[Fact], number: int
) -> Found:
    """Return where a block begins to differ from a usual one."""
    start = f"unlike the other {number - 1} beside it"
    for place, (fact, twin) in enumerate(zip(mine, other, strict=False)):
        if fact != twin:
            op, usual_op = trace.ops[call.first_op + place], trace.ops[usual.first_op + place]
            text = _unlike(trace, op, usual_op, fact, twin)
            line = trace.line(usual_op.source)
            evidence = [f"'{usual.path}' does {_done(trace, usual_op)}{f', {line}' if line else ''}"]
            return Found(f"{start}; it begins to differ at {text}", op.id, call.id, evidence=tuple(evidence))
    longer, shorter = max(len(mine), len(other)), min(len(mine), len(other))
    record = call if len(mine) == longer else usual
    first = trace.ops[record.first_op + shorter]
    word = "more" if record is call else "less"
    text = f"it ends with {_done(trace, first)} {word}"
    return Found(f"{start}; {text}", first.id if record is call else None, call.id)


def _done(trace: Records, op: Op) -> str:
    """Return an op with what it gives: ``add -> f32[1, 4]``."""
    made = ", ".join(trace.content(port) for port in op.outputs[:2])
    return f"{op.target} -> {made}" if made else op.target


def _unlike(trace: Records, op: Op, usual: Op, fact: Fact, twin: Fact) -> str:
    if op.target == usual.target and fact[0] != twin[0]:
        return f"{op.target} in '{fact[0]}', where they have it in '{twin[0]}'"
    if op.target != usual.target:
        return f"{_done(trace, op)}, where they do {_done(trace, usual)}"
    if fact[3] != twin[3]:
        return f"{_done(trace, op)}, which gives {', '.join(map(str, twin[3]))} in them"
    for mine, other in zip(fact[2], twin[2], strict=False):
        if mine != other:
            name = str(mine[0]).removeprefix("in.")
            if len(mine) == 2 or len(other) == 2:
                return f"{op.target} with {name}={mine[1]} instead of {other[1]}"
            return f"{op.target}, whose {name} comes from another place"
    return f"{_done(trace, op)} with other arguments"


@dataclass(frozen=True, slots=True)
class _Member:
    """One module of a list and all below it."""

    module: Module
    facts: dict[tuple[str, str], object]
    weights: tuple[str, ...]
    """Names, shapes and dtypes of its parameters and buffers."""
    parts: tuple[str, ...]
    """The modules below it."""


def _members(trace: Records) -> dict[str, _Member]:
    """Return the modules that stand in lists, by their path."""
    below: dict[str, list[Module]] = {}
    for module in trace.modules:
        parts = module.path.split(".")
        for length in range(1, len(parts) + 1):
            if parts[length - 1].isdigit():
                below.setdefault(".".join(parts[:length]), []).append(module)
    return {
        path: _Member(
            modules[0],
            _built(path, modules),
            _weights(path, modules),
            tuple(module.path[len(path) :] for module in modules[1:]),
        )
        for path, modules in below.items()
    }


def _odd_modules(members: dict[str, _Member], told: set[str]) -> Iterator[Found]:
    """Yield modules of a list that were built unlike all the others, where their runs do not show it."""
    rows: dict[str, list[_Member]] = {}
    for path, member in members.items():
        rows.setdefault(path.rpartition(".")[0], []).append(member)
    for row in rows.values():
        if len(row) <= LEAST or len({member.module.class_name for member in row}) != 1:
            continue
        for key in dict.fromkeys(key for member in row for key in member.facts):
            signs = [repr(member.facts.get(key)) for member in row]
            odd = _odd_one(signs)
            if odd in (0, len(row) - 1):
                continue
            path = "" if odd is None else row[odd].module.path
            if odd is None or any(path == one or path.startswith(f"{one}.") for one in told):
                continue
            if len({member.weights for place, member in enumerate(row) if place != odd}) > 1:
                continue  # they grow from one to the next
            told.add(path)
            name, what = key
            yield Found(
                f"{f'{name}.' if name else ''}{what} is {signs[odd]}, and {signs[0]} in the other "
                f"{len(row) - 1} beside it",
                path=path,
            )


def _built(path: str, modules: Sequence[Module]) -> dict[tuple[str, str], object]:
    """Return how a module and those below it were built: classes, attributes and weights."""
    facts: dict[tuple[str, str], object] = {}
    for module in modules:
        name = module.path[len(path) :].lstrip(".")
        facts[name, "class"] = module.class_name
        facts.update({(name, attribute): value for attribute, value in module.attributes.items()})
        for tensor in module.tensors or ():
            facts[name, tensor.name] = f"{tensor} {tensor.kind}"
    return facts


def _weights(path: str, modules: Sequence[Module]) -> tuple[str, ...]:
    return tuple(
        f"{module.path[len(path) :]}.{tensor.name} {tensor}"
        for module in modules
        for tensor in module.tensors or ()
    )
