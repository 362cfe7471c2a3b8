"""What a claim is judged on: the trace, the sizes so far, and how to say what was found there."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches

from shapeflow.errors import SelectorError
from shapeflow.model.path_index import OUTSIDE, PathIndex, key_of
from shapeflow.model.records import Port
from shapeflow.model.selector import Match, select
from shapeflow.model.trace import Trace
from shapeflow.shapes.matching import Bindings
from shapeflow.walkthrough.parts import Part
from shapeflow.walkthrough.verdict import Evidence, Status

_WORD = re.compile(r"[^\W\d]\w*")


class UnselectedError(Exception):
    """A selector names nothing in the trace, which is a verdict by itself."""

    def __init__(self, status: Status, part: Part, error: SelectorError) -> None:
        super().__init__(error.what)
        self.status = status
        self.part = part
        self.error = error


@dataclass
class Subject:
    """A trace under judgement, with the sizes that the document has bound so far."""

    trace: Trace
    bindings: Bindings = field(default_factory=Bindings)
    _selected: dict[str, list[Match] | SelectorError] = field(default_factory=dict)

    def select(self, selector: Part) -> list[Match]:
        """Return what a selector names; never empty.

        Raises:
            UnselectedError: it names nothing.
        """
        text = selector.text
        if text not in self._selected:
            try:
                self._selected[text] = select(self.trace, text)
            except SelectorError as error:
                self._selected[text] = error
        found = self._selected[text]
        if isinstance(found, SelectorError):
            raise UnselectedError(_status(text, found, self.trace), selector, found)
        return found

    def thing(self, port: Port | None) -> str:
        """Return what is in a port, in the one notation: a tensor, ``None`` or plain text."""
        if port is None:
            return ""
        return port.text if port.value is None else str(self.trace.values[port.value])

    def origin(self, port: Port | None) -> str:
        """Return where a port's tensor comes from: the op that made it, its source line and call."""
        if port is None or port.value is None:
            return ""
        value = self.trace.values[port.value]
        if value.producer is None:
            return {
                "input": f"it is an input of the run: {value.name}",
                "parameter": f"it is the parameter {value.name}",
                "buffer": f"it is the buffer {value.name}",
            }.get(value.origin, "where it was made was not seen")
        op = self.trace.ops[value.producer]
        place = f", {self.trace.sources[op.source]}" if op.source is not None else ""
        inside = f", in {self.trace.calls[op.call].name}" if op.call is not None else ""
        return f"made by {op.target}{place}{inside}"


def ports_of(trace: Trace, match: Match) -> tuple[Port, ...]:
    """Return all ports of the call or op that a match names or belongs to."""
    if match.op is not None:
        op = trace.ops[match.op]
        return (*op.inputs, *op.outputs)
    if match.call is not None:
        call = trace.calls[match.call]
        return (*call.inputs, *call.outputs)
    return ()


def evidence_of(matches: Sequence[Match]) -> Evidence:
    """Return the ids of what was looked at."""
    return Evidence(
        calls=_unique(match.call for match in matches),
        ops=_unique(match.op for match in matches),
        values=_unique(match.port.value for match in matches if match.port),
    )


def name_of(trace: Trace, match: Match) -> str:
    """Return a selector of exactly this match, without ``@K`` where there is but one such call or op."""
    index = trace.cached(PathIndex)
    key = key_of(trace.calls[match.call]) if match.call is not None else OUTSIDE
    same = index.ops[key][trace.ops[match.op].target] if match.op is not None else index.calls[key]
    port = f":{match.port.name}" if match.port else ""
    return f"{match.path}{port}" if len(same) == 1 else match.name


def is_pattern(selector: str) -> bool:
    """Return whether a selector means several things on purpose: ``*``, ``{a,b}`` or ``[0-5]``."""
    path = selector.partition(":")[0]
    return bool(re.search(r"[*?{]|\[", path))


def _unique(ids: Iterable[int | None]) -> tuple[int, ...]:
    """Return ids once each, in order."""
    return tuple(dict.fromkeys(number for number in ids if number is not None))


def _status(selector: str, error: SelectorError, trace: Trace) -> Status:
    """Return the verdict on a selector that names nothing.

    A port or op that is not there contradicts the claim; a name that is nearly right is a slip of the pen,
    and must not let a ``said`` line pass.
    """
    if error.code in ("never-called", "bad-index"):
        return "not observed"
    if error.code in ("unknown-port", "unknown-op") and not _is_slip(selector, error, trace):
        return "contradicted"
    return "invalid"


def _is_slip(selector: str, error: SelectorError, trace: Trace) -> bool:
    """Return whether the port or op that is missing is nearly the name of one that is there."""
    path, _, port = selector.partition(":")
    if error.code == "unknown-op":
        path, _, wanted = path.rpartition("/")
        calls = {match.call for match in select(trace, path)} if path else {None}  # outside all calls
        known = {op.target for op in trace.ops if op.call in calls}
    else:
        wanted = port
        known = {
            word
            for match in select(trace, path)
            for port_there in ports_of(trace, match)
            for word in _WORD.findall(f"{port_there.name} {port_there.alias}")
        }
    return any(
        get_close_matches(word, known, n=1, cutoff=0.8) for word in _WORD.findall(wanted) if word not in known
    )
