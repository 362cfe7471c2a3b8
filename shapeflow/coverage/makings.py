"""Claims on how a tensor is made, to be proposed: of one place, and of all places that are alike."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from shapeflow.model.exact_names import ExactNames
from shapeflow.model.handed_on import tensors
from shapeflow.model.making import operands, operator_of
from shapeflow.model.making_text import making_text
from shapeflow.model.path_index import selector_of
from shapeflow.model.pattern import escape
from shapeflow.model.records import Call, Op, Port, Records
from shapeflow.model.selector import select

MOST_SIGNS = 160
"""A longer line is proposed only if no shorter one says it."""
_NUMBER = re.compile(r"(?<=\.)\d+(?=[.:@/ ,]|$)")
_WORD = re.compile(r"[^\s(),\[\]]+")


class Names:
    """Selectors of what is in a trace, without a number where there is no other."""

    def __init__(self, trace: Records) -> None:
        self.trace = trace
        self.exact = ExactNames(trace)
        self.calls: dict[str, int] = {}
        """Key -> how many calls it has."""
        self.ops: dict[str, int] = {}
        """Selector of ops -> how many there are."""
        for call in trace.calls:
            self.calls[call.key] = self.calls.get(call.key, 0) + 1
        for op in trace.ops:
            name = self._plain(op)
            self.ops[name] = self.ops.get(name, 0) + 1

    def call(self, call: Call) -> str:
        """Return the selector of a call."""
        return call.name if self.calls[call.key] == 1 else call.exact_name

    def op(self, op: Op) -> str:
        """Return the selector of an op."""
        name, plain = self.exact.op(op.id), self._plain(op)
        return plain if self.ops[plain] == 1 else f"{plain}{name[name.rindex('@') :]}"

    def value(self, value: int) -> str:
        """Return a selector of a value: a place that holds it, or the name of a parameter."""
        record = self.trace.values[value]
        if record.origin in ("parameter", "buffer"):
            return record.name if "." in record.name else f".{record.name}"
        if value not in self.exact.homes:
            return record.name
        kind, owner, port = self.exact.homes[value]
        name = self.call(self.trace.calls[owner]) if kind == "call" else self.op(self.trace.ops[owner])
        return f"{name}:{port}"

    def _plain(self, op: Op) -> str:
        key = "" if op.call is None else selector_of(self.trace.calls[op.call].key)
        return f"{key}/{escape(op.target)}"


def made_by(names: Names, op: Op) -> Iterator[str]:
    """Yield lines on what the results of an op are made of, the most readable first."""
    given = {port.value for port in op.inputs}
    for port in op.outputs:
        if port.value is not None and port.value not in given:
            lines = [*made_at(names, names.value(port.value)), *_applied(names, op, port)]
            yield from sorted(dict.fromkeys(lines), key=lambda line: len(line) > MOST_SIGNS)


def made_at(names: Names, place: str) -> Iterator[str]:
    """Yield the line on what a place holds: from what surrounds it, as ``shapeflow show`` prints it."""
    matches = select(names.trace, place)
    text = making_text(names.trace, matches[0]) if len(matches) == 1 else ""
    if text and text != place:
        yield f"{place} = {text}"


def _applied(names: Names, op: Op, made: Port) -> Iterator[str]:
    """Yield the line on an op and what it was given, each by its own place."""
    sign = operator_of(op)
    place = f"{names.op(op)}:{made.name}"
    if sign:
        sides = [port.text if port.value is None else names.value(port.value) for port in operands(op)]
        yield f"{place} = {f' {sign} '.join(sides)}"
        return
    given = [
        names.value(port.value)
        for port in tensors(op)
        if port.value is not None and names.trace.values[port.value].origin != "parameter"
    ]
    if given:
        text = f"{op.target.rstrip('_')}({', '.join(given)})"
        yield (
            f"{place} = ({text})[{made.name[4:-1]}]" if made.name.startswith("out[") else f"{place} = {text}"
        )


def widened(line: str) -> str:
    """Return a line about all that is alike: ``layers.*:out = layers.*:in[0] + …`` for that of layer 3.

    A number that the place and what it is made of begin with is the same on both sides; others stay.
    """
    place, equals, formula = line.partition(" = ")
    end = re.search(r"[:@/]|$", place)
    path = place[: end.start()] if end else place
    rest = place[len(path) :]
    for number in reversed(list(_NUMBER.finditer(path))):
        before, after = path[: number.start()], path[number.end() :]
        formula = _beginning(formula, f"{before}{number[0]}{after}", f"{before}*{after}")
        formula = _beginning(formula, f"{before}{number[0]}", f"{before}*")
        path = f"{before}*{after}"
    return f"{path}{rest}{equals}{formula}"


def loosened(line: str) -> str:
    """Return a line about all calls where it is about one: ``head:out = head.fc:out`` for ``head@3``."""
    numbers = set(re.findall(r"@\d+", line))
    return re.sub(r"@\d+", "", line) if len(numbers) == 1 and not re.search(r"/[^ ]*@", line) else line


def _beginning(text: str, old: str, new: str) -> str:
    """Return a formula in which names that begin with one path begin with another."""

    def seen(found: re.Match[str]) -> str:
        word = found[0]
        rest = word[len(old) :]
        return new + rest if word.startswith(old) and rest[:1] in (".", ":", "@", "/") else word

    return _WORD.sub(seen, text)


def numbered(line: str, numbers: Iterable[int]) -> str:
    """Return a widened line with its only ``*`` held to some numbers that follow each other: ``[1-5]``."""
    known = sorted(set(numbers))
    place = line.partition(" = ")[0]
    if place.count("*") != 1 or len(known) < 2 or known != list(range(known[0], known[-1] + 1)):
        return ""
    return line.replace(".*", f".[{known[0]}-{known[-1]}]")
