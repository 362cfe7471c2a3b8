"""What a draft says of how tensors are made: where sums, products and concatenations join the flow.

Each join is told once: ``layers.*:out = layers.*:in.x + …`` holds the sums inside the layer too. What is the
same in modules that are alike is one claim.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from shapeflow.drafting.outline import unnumbered
from shapeflow.drafting.statements import MOST_NESTED, Statement, readable
from shapeflow.model.making_text import making_text
from shapeflow.model.match import Match
from shapeflow.model.path_index import PathIndex
from shapeflow.model.records import Call, Port
from shapeflow.model.trace import Trace

JOINS = re.compile(r" [-+*/@] |\b(?:cat|stack|einsum|where|baddbmm|addcmul|lerp|maximum|minimum)\(")
"""What in a formula says that something comes together."""
LONGEST = 180
"""Signs of a formula that is still read."""
MOST_MEMBERS = 48
"""Modules that are alike which are looked at one by one."""
Member = tuple[str, str, str]
"""What tells a module from those that are alike, its path, and the claim."""
Pattern = Callable[[Sequence[str]], "str | None"]
"""Gives a pattern that names exactly some modules."""


@dataclass(frozen=True, slots=True)
class Making:
    """How a tensor is made, and the modules that it is told of."""

    path: str
    """The module whose tensor it is; of several that are alike, the first."""
    statement: Statement


class Makings:
    """Finds the joins of a run.

    Args:
        trace: the run.
        pattern: gives a pattern for paths.
    """

    def __init__(self, trace: Trace, pattern: Pattern) -> None:
        self._trace = trace
        self._pattern = pattern
        self._index = trace.cached(PathIndex)
        self._tables = {
            value.name for value in trace.values if value.origin == "parameter" and len(value.shape) > 1
        }

    def all(self) -> list[Making]:
        """Return what can be said, in the order of the run; whether it holds elsewhere is not asked."""
        told: set[int] = set()
        groups: dict[tuple[str, str, str, int], list[Member]] = {}
        for call, port in self._places():
            if port.value in told:
                continue
            text = self._text(call, port)
            if not self._says_something(text):
                continue
            told.add(port.value or 0)
            text = self._readable(text)
            place = self._place(call, port)
            prefix = _numbered(call.path)
            key = (unnumbered(call.key), port.name, _relative(f"{place} = {text}", prefix), call.index)
            members = groups.setdefault(key, [])
            if len(members) < MOST_MEMBERS:
                members.append((prefix, call.path, f"{place} = {text}"))
        found = [making for key, members in groups.items() for making in self._told(key[2], members)]
        return [one for one in found if not self._inside_another(one, found)]

    def _places(self) -> Iterator[tuple[Call, Port]]:
        """Yield the places of what was made: what gives it, the innermost first, then what takes it."""
        depths: list[int] = []
        for call in self._trace.calls:
            depths.append(0 if call.parent is None else depths[call.parent] + 1)
        inner = sorted(self._trace.calls, key=lambda call: -depths[call.id])
        for call, ports in (*((c, c.outputs) for c in inner), *((c, c.inputs) for c in self._trace.calls)):
            for port in ports:
                made = port.value is not None and self._trace.values[port.value].producer is not None
                if made and not call.raised and port.name.count(".") <= MOST_NESTED:
                    yield call, port

    def _says_something(self, text: str) -> bool:
        """Return whether a formula is about several tensors: not only about one and the weights of a norm."""
        if not JOINS.search(text) or len(text) > LONGEST or re.search(r"(?<![\w.])_(?!\w)", text):
            return False
        places = set(re.findall(r"[\w.()@]+:(?:in|out)[\w.\[\]]*", text))
        return len(places) > 1 or any(
            word.removeprefix(".") in self._tables for word in re.findall(r"[\w.]+", text)
        )

    def _text(self, call: Call, port: Port) -> str:
        assert port.value is not None
        siblings = len(self._index.calls[call.key])
        value = self._trace.values[port.value]
        return making_text(self._trace, Match(call.key, call.index, siblings, call, None, port, value))

    def _readable(self, text: str) -> str:
        """Return a formula with inputs by the names of their parameters."""

        def named(found: re.Match[str]) -> str:
            calls = self._index.calls.get("" if found[1] == "." else found[1].partition("@")[0], ())
            ports = (
                (port for port in self._trace.calls[calls[0]].inputs if port.name == found[2])
                if calls
                else ()
            )
            return next((f"{found[1]}:{readable(port)}" for port in ports), found[0])

        return re.sub(r"([\w.()]*[\w.)](?:@\d+)?):(in\[\d+\])", named, text)

    def _place(self, call: Call, port: Port) -> str:
        alone = len(self._index.calls[call.key]) == 1
        return f"{call.name if alone else call.exact_name}:{readable(port)}"

    def _told(self, relative: str, members: Sequence[Member]) -> Iterator[Making]:
        """Yield one claim for modules in which it is the same, or one each where no pattern names them."""
        prefixes = list(dict.fromkeys(prefix for prefix, _, _ in members))
        pattern = self._pattern(prefixes) if prefixes[0] else None
        if pattern is not None and len(prefixes) > 1:
            yield _making(members[0][1], relative.replace(HERE, pattern))
            return
        for _, path, line in members:
            yield _making(path, line)

    def _inside_another(self, one: Making, found: Sequence[Making]) -> bool:
        """Return whether what a making says is a part of what another one says."""
        formula = one.statement.rest[2:]
        for other in found:
            theirs = other.statement.rest[2:]
            if (
                other is not one
                and formula in theirs
                and (formula != theirs or found.index(other) < found.index(one))
            ):
                return True
        return False


HERE = "\0"
"""Stands for the path of one of several modules."""


def _making(path: str, line: str) -> Making:
    subject, _, formula = line.partition(" = ")
    return Making(path, Statement(subject, f"= {formula}"))


def _numbered(path: str) -> str:
    """Return a path up to its last number: what tells one of several modules from the others."""
    steps = path.split(".")
    last = max((place for place, step in enumerate(steps) if step.isdigit()), default=-1)
    return ".".join(steps[: last + 1])


def _relative(text: str, prefix: str) -> str:
    """Return a formula with a mark in place of the path of the module that it is about."""
    return re.sub(rf"(?<![\w.]){re.escape(prefix)}(?=[.:@/])", HERE, text) if prefix else text
