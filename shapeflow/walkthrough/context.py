"""What a claim is judged on: the trace, the sizes bound so far, and where a value comes from."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Protocol

from shapeflow.errors import SelectorError
from shapeflow.model.match import Match
from shapeflow.model.members import exists_elsewhere, left_out, unlisted
from shapeflow.model.not_found import unknown_path
from shapeflow.model.path_index import PathIndex
from shapeflow.model.pattern import parse_path
from shapeflow.model.records import Module, Records, Value
from shapeflow.model.selector import modules, select
from shapeflow.model.trace import Trace
from shapeflow.shapes.matching import Bindings
from shapeflow.walkthrough.finding import Finding, Status
from shapeflow.walkthrough.parts import Part

Selected = dict[str, "list[Match] | SelectorError"]
"""Selector -> what it names."""

_WORD = re.compile(r"[^\W\d]\w*")


def _selected(trace: Records) -> Selected:
    """Return what selectors were found to name in a trace so far, whoever asked."""
    return {}


class SelectionError(Exception):
    """A selector names nothing in the trace, which is a verdict by itself."""

    def __init__(self, status: Status, part: Part, error: SelectorError) -> None:
        super().__init__(error.what)
        self.status = status
        self.part = part
        self.cause = error


@dataclass
class Subject:
    """A trace under judgement, with the sizes that the document has bound so far."""

    trace: Trace
    bindings: Bindings = field(default_factory=Bindings)
    binder: tuple[int, str] = (0, "")
    """Line and text of the claim under judgement, for the symbols that it binds."""
    asked: set[str] = field(default_factory=set)
    """The selectors, and patterns over modules, that were looked up."""
    brief: bool = False
    """True where only the verdict counts: nobody reads what was found instead."""
    said: bool = False
    """True for what others say: it has to be contradicted by what is there."""
    run: str = ""
    """The name of the run, in a document with several."""
    told: set[int] = field(default_factory=set)
    """The lines of blocks about a module that is not there, of which that was said."""
    _missing: dict[str, SelectorError | None] = field(default_factory=dict)

    def select(self, selector: Part) -> list[Match]:
        """Return what a selector names; never empty, and of a pattern all that it names.

        Raises:
            SelectionError: it names nothing, or something that did not take part.
        """
        text = selector.text
        self.asked.add(text)
        known = self.trace.cached(_selected)
        if text not in known:
            try:
                found_there = select(self.trace, text)
                known[text] = left_out(self.trace, text, found_there) or found_there
            except SelectorError as error:
                known[text] = error
        found = known[text]
        if isinstance(found, SelectorError):
            raise SelectionError(self._status(text, found), selector, found)
        return found

    def missing_module(self, path: str) -> SelectorError | None:
        """Return the error for the module of a block if there is none; it may be a pattern or a helper."""
        self.asked.add(path)
        if path not in self._missing:
            index, segments = self.trace.cached(PathIndex), parse_path(path)
            error = None if index.find(segments) else unknown_path(index, segments, (0, len(path)), "module")
            self._missing[path] = error
        return self._missing[path]

    def modules(self, pattern: Part) -> list[Module]:
        """Return the modules, called or not, whose path fits a pattern; never empty.

        Raises:
            SelectionError: there is none, or none with a name that the pattern lists.
        """
        self.asked.add(pattern.text)
        try:
            found = modules(self.trace, pattern.text)
        except SelectorError as error:
            raise SelectionError("invalid", pattern, error) from None
        missing = unlisted(self.trace, pattern.text)
        if missing is not None:
            raise SelectionError("invalid", pattern, missing)
        return found

    def _status(self, selector: str, error: SelectorError) -> Status:
        """Return the verdict on a selector that names nothing.

        A port or op that is not there contradicts a claim. A name that is nearly right is a typo; and a
        ``said`` line with a name that nothing at all has would pass whatever it says.
        """
        if error.code in ("never-called", "not-all-called", "bad-index", "not-in-trace"):
            return "not observed"
        if error.code not in ("unknown-port", "unknown-op") or _is_typo(selector, error, self.trace):
            return "invalid"
        return "invalid" if self.said and not exists_elsewhere(self.trace, selector) else "contradicted"

    def origin(self, value: Value | None) -> str:
        """Return where a tensor comes from: the op that made it, its source line and call."""
        if value is None:
            return ""
        if value.producer is None:
            return {
                "input": f"it is an input of the run: {value.name}",
                "parameter": f"it is the parameter {value.name}",
                "buffer": f"it is the buffer {value.name}",
            }.get(value.origin, "where it was made was not seen")
        op = self.trace.ops[value.producer]
        line = self.trace.line(op.source)
        place = f", {line}" if line else ""
        inside = f", in {self.trace.calls[op.call].name}" if op.call is not None else ""
        return f"made by {op.target}{place}{inside}"


class Body(Protocol):
    """What the parser of a kind of claim makes of a line."""

    def judge(self, subject: Subject) -> Finding:
        """Return what the trace says of it.

        Raises:
            SelectionError: a selector names nothing.
        """
        ...


def is_pattern(selector: str) -> bool:
    """Return whether a selector means several things on purpose: ``*``, ``{a,b}`` or ``[0-5]``."""
    path = selector.partition(":")[0]
    return bool(re.search(r"[*?{]|\[", path))


def _is_typo(selector: str, error: SelectorError, trace: Trace) -> bool:
    """Return whether the port or op that is missing is nearly the name of one that is there."""
    path, _, port = selector.partition(":")
    if error.code == "unknown-op":
        path, _, wanted = path.rpartition("/")
        calls = {match.owner.id for match in select(trace, path)} if path else {None}  # outside all calls
        known = {op.target for op in trace.ops if op.call in calls}
    else:
        wanted = port
        known = {
            word
            for match in select(trace, path)
            for port_there in match.owner.ports
            for word in _WORD.findall(f"{port_there.name} {port_there.alias}")
        }
    return any(
        get_close_matches(word, known, n=1, cutoff=0.8) for word in _WORD.findall(wanted) if word not in known
    )
