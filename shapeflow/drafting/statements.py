"""The claims about a part's calls: shapes at its ports, what is ``None`` and what is never used."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from shapeflow.drafting.symbols import Symbols
from shapeflow.model.flow import use_of
from shapeflow.model.path_index import PathIndex, selector_of
from shapeflow.model.records import Call, Port
from shapeflow.model.trace import Trace
from shapeflow.model.unused import dead

MOST_CALLS = 4
"""Claims on one port of a module whose calls differ."""
MOST_PORTS = 16
"""Ports of one call that are claimed."""
MOST_NESTED = 2
"""Containers that a claimed tensor may be in: ``out.features[0]``."""
FLOATS = ("f", "bf")
"""Beginnings of the dtypes of which one may stand for the whole document."""


WORDS = ("=", "unused", "never", "before")
"""How what is no shape begins."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One claim, not yet laid out."""

    subject: str
    """What stands first: a selector, ``count …`` or ``class …``."""
    rest: str
    """The shape, ``None``, ``unused`` or ``= 6``."""
    dims: tuple[str, ...] = ()
    """The dims of a shape."""

    @property
    def text(self) -> str:
        """The line of the walkthrough."""
        if self.subject == "chain":
            return f"chain {self.rest}"
        return f"{self.subject}{' ' if self.rest.startswith(WORDS) else '  '}{self.rest}"


def readable(port: Port) -> str:
    """Return a port by the name of its parameter, also where it was passed by position."""
    return port.alias if port.alias and port.name.startswith("in[") else port.name


class Statements:
    """Makes claims about calls; a tensor that was told once is not told again as an input.

    Args:
        trace: the run.
        symbols: the dims of its tensors.
    """

    def __init__(self, trace: Trace, symbols: Symbols) -> None:
        self._trace = trace
        self._symbols = symbols
        self._told: set[int] = set()
        self._dead: set[int | None] = {value.id for value in dead(trace)}
        self._made_by: dict[int, list[Port]] = {}
        self._things: dict[tuple[int, str], str] = {}
        self.dtype = self._most_common_float()
        """What a shape without a dtype means in the whole document; empty: nothing."""
        self.left_out = 0
        """Ports for which nothing can be said that is true of every run, or of which there are too many."""

    def signature(self, calls: Sequence[Call]) -> object:
        """Return what calls of two modules must have in common to be told as one."""
        return tuple(
            tuple((readable(port), self._thing(call, port)) for port in call.outputs) for call in calls
        )

    def inputs(self, selector: str, calls: Sequence[Call], *, outer: bool = False) -> list[Statement]:
        """Return the shapes of input tensors that say something: not told yet, and not those of the outputs.

        Args:
            selector: names the calls.
            calls: all calls of one module, or of several that are alike.
            outer: all that comes from outside the model instead.
        """
        call = calls[0]
        made = {self._thing(call, port) for port in self._made(call)}
        wanted = [
            port
            for port in call.inputs
            if port.value is not None
            and port.value not in self._told
            and (self.is_outer(port.value) if outer else self._thing(call, port) not in made)
        ]
        return self._shapes(selector, calls, wanted, inputs=True)

    def outputs(
        self, selector: str, calls: Sequence[Call], *, once: bool = False, nothing: bool = True
    ) -> list[Statement]:
        """Return the shapes of what calls made, and where they give ``None``.

        Args:
            selector: names the calls.
            calls: all calls of one module, or of several that are alike.
            once: leave out what was told before.
            nothing: also tell where there is ``None``.
        """
        wanted = [
            port
            for call in calls
            for port in self._made(call)
            if (nothing or port.value is not None) and not (once and port.value in self._told)
        ]
        return self._shapes(selector, calls, wanted, inputs=False)

    def is_outer(self, value: int) -> bool:
        """Return whether a tensor was made outside all calls, by whoever runs the model."""
        record = self._trace.values[value]
        if record.producer is not None:
            return self._trace.ops[record.producer].call is None
        return record.origin == "input"

    def unused(self, selector: str, calls: Sequence[Call], *, ends: bool = False) -> list[Statement]:
        """Return the outputs that nobody uses; ``ends``: only those that nothing reads at all."""
        found = []
        for port in calls[0].outputs:
            if port.value not in self._dead or (ends and port.value in self._trace.users):
                continue
            self._dead.discard(port.value)  # told once, by the outermost part that gives it
            if use_of(self._trace, f"{selector}:{readable(port)}") is None:
                found.append(Statement(f"{selector}:{readable(port)}", "unused"))
        return found

    def keeps_its_shape(self, call: Call) -> bool:
        """Return whether a call gives one tensor of the shape that its first input has."""
        made = self._made(call)
        first = next((port for port in call.inputs if port.value is not None), None)
        return len(made) == 1 and first is not None and self._thing(call, first) == self._thing(call, made[0])

    def binder(self, symbol: str) -> Statement | None:
        """Return the first claim in the run that gives a symbol its size."""
        for call in self._trace.calls:
            for port in (*call.inputs, *call.outputs):
                dims = self._symbols.dims(call, port) or ()
                if symbol in dims:
                    key = call.key
                    alone = len(self._trace.cached(PathIndex).calls[key]) == 1
                    selector = selector_of(key) if alone else f"{selector_of(key)}@{call.index}"
                    return self._shape(f"{selector}:{readable(port)}", call, port)
        return None

    def _made(self, call: Call) -> list[Port]:
        """Return the outputs of a call, those left out that it was given."""
        if call.id not in self._made_by:
            given = {port.value for port in call.inputs if port.value is not None}
            self._made_by[call.id] = [
                port
                for port in call.outputs
                if (port.value is not None and port.value not in given)
                or (port.text == "None" and _is_nothing(port, call))
            ]
        return self._made_by[call.id]

    def _shapes(
        self, selector: str, calls: Sequence[Call], wanted: Iterable[Port], *, inputs: bool
    ) -> list[Statement]:
        """Return claims on these ports, each tensor once, the least nested ports first."""
        found: list[Statement] = []
        seen: set[int] = set()
        names: dict[str, None] = {}
        for port in sorted(wanted, key=_nesting):
            if port.value not in seen or port.value is None:
                names[readable(port)] = None
            seen.update(() if port.value is None else (port.value,))
        for name in list(names):
            if _depth(name) > MOST_NESTED or len(found) >= MOST_PORTS:
                self.left_out += 1
                continue
            by_thing: dict[str, list[tuple[Call, Port]]] = {}
            for call in calls:
                for port in call.inputs if inputs else call.outputs:
                    thing = self._thing(call, port) if readable(port) == name else ""
                    if thing:
                        by_thing.setdefault(thing, []).append((call, port))
            if not by_thing:
                self.left_out += 1
                continue
            if len(by_thing) == 1:
                (pairs,) = by_thing.values()
                found.append(self._shape(f"{selector}:{name}", *pairs[0]))
            else:
                found += self._one_by_one(selector, name, by_thing)
            self._told.update(
                port.value for pairs in by_thing.values() for _, port in pairs if port.value is not None
            )
        return found

    def _one_by_one(
        self, selector: str, name: str, found: dict[str, list[tuple[Call, Port]]]
    ) -> list[Statement]:
        """Return claims on the calls of a module that differ: ``head@0-5:out`` and ``head@6:out``."""
        by_index: dict[int, tuple[str, Call, Port]] = {}
        for thing, pairs in found.items():
            for call, port in pairs:
                if by_index.setdefault(call.index, (thing, call, port))[0] != thing:
                    return self._give_up()
        runs: list[list[int]] = []
        for index in sorted(by_index):
            if runs and runs[-1][-1] + 1 == index and by_index[index][0] == by_index[index - 1][0]:
                runs[-1].append(index)
            else:
                runs.append([index])
        if len(runs) > MOST_CALLS:
            return self._give_up()
        return [self._shape(f"{selector}@{_range(run)}:{name}", *by_index[run[0]][1:]) for run in runs]

    def _give_up(self) -> list[Statement]:
        self.left_out += 1
        return []

    def _shape(self, subject: str, call: Call, port: Port) -> Statement:
        dims = self._symbols.dims(call, port) or ()
        return Statement(subject, self._thing(call, port), dims)

    def _thing(self, call: Call, port: Port) -> str:
        """Return what a claim says of a port; empty if nothing is true of every run."""
        key = (call.id, port.name)
        if key not in self._things:
            self._things[key] = self._say(call, port)
        return self._things[key]

    def _say(self, call: Call, port: Port) -> str:
        if port.value is None:
            return "None" if self._symbols.is_none(call, port) else ""
        dims = self._symbols.dims(call, port)
        if dims is None:
            return ""
        return f"{self.written(self._symbols.dtype(call, port))}[{', '.join(dims)}]"

    def written(self, dtype: str) -> str:
        """Return a dtype as a shape has to write it; empty for one that is not the same in every run."""
        if not dtype:
            return "_" if self.dtype else ""
        return "" if dtype == self.dtype else dtype

    def _most_common_float(self) -> str:
        """Return the dtype of more than half of the floats that calls give, if there is one."""
        dtypes = Counter(
            self._trace.values[port.value].dtype
            for call in self._trace.calls
            for port in call.outputs
            if port.value is not None
        )
        floats = {dtype: count for dtype, count in dtypes.items() if dtype.startswith(FLOATS)}
        most = max(floats, key=lambda dtype: floats[dtype], default="")
        return most if most and 2 * floats[most] > sum(floats.values()) else ""


def _is_nothing(port: Port, call: Call) -> bool:
    """Return whether a ``None`` is told: at the top, not beside tensors of the same name, not handed on."""
    below = (f"{port.name}.", f"{port.name}[")
    handed_on = any(readable(given).partition(".")[2] == port.name.partition(".")[2] for given in call.inputs)
    alone = not any(other.name.startswith(below) for other in call.outputs)
    return _nesting(port) <= 1 and alone and not (handed_on and "." in port.name)


def _nesting(port: Port) -> int:
    """Return how many containers a tensor is in."""
    return _depth(readable(port))


def _depth(name: str) -> int:
    return name.count(".") + name.count("[")


def _range(numbers: Sequence[int]) -> str:
    return str(numbers[0]) if len(numbers) == 1 else f"{numbers[0]}-{numbers[-1]}"
