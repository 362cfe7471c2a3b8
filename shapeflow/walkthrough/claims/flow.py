"""``A reaches B``, ``A never reaches B``, ``A unused``: where data goes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from shapeflow.common.text import counted
from shapeflow.errors import Diagnostic, SelectorError
from shapeflow.model.containers import ids_at
from shapeflow.model.flow import (
    Reach,
    Use,
    all_reach,
    common_steps,
    flooded,
    fold,
    reaches,
    use_of,
    values_at,
)
from shapeflow.model.members import each
from shapeflow.model.trace import Trace
from shapeflow.walkthrough.constraint import Constraint, Ground, Item, given_at, named, parameters
from shapeflow.walkthrough.context import SelectionError, Subject
from shapeflow.walkthrough.finding import Evidence, Finding
from shapeflow.walkthrough.parts import ClaimError, Part, SelectorPart, first_word

MAX_STEPS = 6
"""Calls of a path that a message names."""

_DOUBTS = {
    "escape": ("flow-escaped", "Python read its data"),
    "unknown origin": ("flow-unknown-origin", "the making of a tensor was not seen"),
    "not looked into": ("flow-unseen", "something there was not looked into"),
}
"""Kind of doubt -> the code of its message, and what it says."""

_REST = re.compile(r"\s*(?P<verb>reaches|never\s+reaches|unused)(?P<other>\s.*)?$")


@dataclass(frozen=True, slots=True)
class Flow:
    """Where data comes from and whether it gets somewhere."""

    source: SelectorPart
    verb: str
    """``reaches``, ``never reaches`` or ``unused``."""
    destination: SelectorPart | None

    @classmethod
    def parse(cls, text: str) -> Flow:
        """Read the line; see ``BodyType``."""
        source, rest = first_word(text)
        found = _REST.match(rest.text)
        verb = " ".join(found["verb"].split()) if found else ""
        column = rest.start + found.end("verb") if found else rest.start
        destination, more = first_word(" " * column + text[column:])
        wanted = bool(found) and verb != "unused"
        if not found or more.text or bool(destination.text) != wanted:
            raise ClaimError(
                "claim-syntax",
                "a flow claim names where data comes from and where it goes",
                columns=source.to(rest),
                expected="A reaches B, A never reaches B, or A unused",
            )
        return cls(SelectorPart.of(source), verb, SelectorPart.of(destination) if wanted else None)

    def judge(self, subject: Subject) -> Finding:
        """Hold if the data goes there, or provably does not."""
        self._tensors(self.source, subject)
        if self.destination is None:
            return self._unused(use_of(subject.trace, self.source.text), subject.trace)
        self._tensors(self.destination, subject)
        source, goal = self.source.text, self.destination.text
        if self.verb == "reaches":
            source, goal, reach = all_reach(subject.trace, source, goal)
        else:
            reach = reaches(subject.trace, source, goal)
        if reach.answer == "undecided":
            return self._undecided(reach)
        found = _path_text(reach, subject.trace) if reach else "no path"
        reason = Diagnostic(expected=self._expected(), found=found)
        finding = Finding("holds", reason, _evidence(reach, subject.trace))
        holds = (reach.answer == "yes") == (self.verb == "reaches")
        return finding if holds else _contradicted(finding, source, goal, reach, subject.trace)

    def constrains(self, subject: Subject, finding: Finding) -> Iterator[Constraint]:
        """Yield the places, and the inputs over which all data comes that gets there; see ``Constrains``."""
        sources = subject.select(self.source)
        yield from named(sources)
        if self.destination is None:
            return
        goals = subject.select(self.destination)
        yield from named(goals)
        if self.verb != "reaches":
            return
        yield from parameters(sources)
        yield from given_at(goals)
        for start in each(subject.trace, self.source.text):
            for goal in each(subject.trace, self.destination.text):
                for op, value in common_steps(subject.trace, start, goal):
                    around = subject.trace.ops[op].parent  # what the author wrote is the composite op
                    for step in (op,) if around is None else (op, around):
                        ports = subject.trace.ops[step].inputs
                        yield from (Constraint(Item("feed", step, p.name)) for p in ports if p.value == value)

    def rests_on(self, subject: Subject, finding: Finding) -> Ground | None:
        """Return the steps of the way that was found, or all that the source's data gets to."""
        trace = subject.trace
        if finding.status == "undecided":
            return None
        if self.destination is None:
            return _kept_unused(trace, self.source.text) if finding.status == "holds" else None
        source, goal = self.source.text, self.destination.text
        if self.verb != "reaches":
            reach = reaches(trace, source, goal)
            return Ground(ops=frozenset(reach.path)) if reach else _reached(trace, source)
        pairs = [(start, end) for start in each(trace, source) for end in each(trace, goal)]
        found = [reaches(trace, start, end) for start, end in pairs]
        if all(found):
            return Ground(ops=frozenset(op for reach in found for op in reach.path))
        return _reached(trace, source) if len(pairs) == 1 else None

    def _tensors(self, selector: Part, subject: Subject) -> None:
        """Refuse a selector that names nothing, or nothing that is a tensor."""
        subject.select(selector)
        try:
            values_at(subject.trace, selector.text, "both")
        except SelectorError as error:
            raise SelectionError("invalid", selector, error) from None

    def _expected(self) -> str:
        return {"reaches": "a path", "never reaches": "no path", "unused": "no use"}[self.verb]

    def _undecided(self, reach: Reach) -> Finding:
        """Return the finding where the trace cannot tell."""
        first = reach.doubts[0]
        lines = [str(doubt) for doubt in reach.doubts[:3]]
        if len(reach.doubts) > 3:
            lines.append(f"and {counted(len(reach.doubts) - 3, 'more doubt')}")
        code, cause = _DOUBTS[first.kind]
        reason = Diagnostic(
            code,
            f"{cause}, so '{self.verb}' is not proven",
            expected=self._expected(),
            found="no path that was seen",
            because="\n".join(lines),
        )
        return Finding("undecided", reason, Evidence(values=tuple(doubt.value for doubt in reach.doubts)))

    def _unused(self, use: Use | None, trace: Trace) -> Finding:
        """Return the finding for a tensor that nobody is to use."""
        if use is None:
            return Finding("holds", Diagnostic(expected=self._expected(), found="no use"))
        if not use.certain:
            what = f"whether '{self.source.text}' is used cannot be told"
            reason = Diagnostic(
                "flow-unseen", what, expected=self._expected(), found="no use that was seen", because=use.text
            )
            return Finding("undecided", reason, _evidence(use, trace))
        reason = Diagnostic(
            "flow",
            f"'{self.source.text}' is used",
            expected=self._expected(),
            found=f"{use.text}\n{_path_text(use, trace)}" if use.path else use.text,
        )
        return Finding("contradicted", reason, _evidence(use, trace))


def _reached(trace: Trace, source: str) -> Ground | None:
    """Return the ground of a verdict that there is no way; None where what was not seen may lead on."""
    values = flooded(trace, source)
    return None if values is None else Ground(reached=values)


def _kept_unused(trace: Trace, source: str) -> Ground | None:
    """Return the ground of a verdict that something is unused: that nobody else takes what comes of it."""
    values = flooded(trace, source)
    outermost = (call for call in trace.calls if call.parent is None)
    if values is None or any(not values.isdisjoint(ids_at(call.outputs)) for call in outermost):
        return None
    return Ground(reached=values, untaken=True)


def _contradicted(finding: Finding, source: str, destination: str, reach: Reach, trace: Trace) -> Finding:
    """Return the finding for a path that is forbidden, or one that is missing."""
    if reach:
        what = f"'{source}' reaches '{destination}'"
        steps = fold(trace, reach)
        because = f"it arrives as {trace.values[steps[-2].value]}" if len(steps) > 1 else ""
    else:
        what = f"'{source}' does not reach '{destination}'"
        because = "no op reads it" if reach.start else "nothing read it in this run"
        if reach.last is not None:
            op = trace.ops[reach.last]
            place = f" in {trace.calls[op.call].name}" if op.call is not None else ""
            because = f"the last op that gets its data is `{op.target}`{place}"
    return finding.amended("contradicted", code="flow", what=what, because=because)


def _path_text(way: Reach | Use, trace: Trace) -> str:
    """Return a path in words, folded to the calls that it runs through."""
    if not way.path:
        return "the very same tensor"
    names = [trace.calls[step.call].name if step.call is not None else "…" for step in fold(trace, way)]
    names = [name for name, _ in groupby(names)]
    if len(names) > MAX_STEPS:
        half = MAX_STEPS // 2
        names = [*names[:half], f"{len(names) - MAX_STEPS} more", *names[-half:]]
    return f"shortest path, {counted(len(way.path), 'op')}, through\n{' > '.join(names)}"


def _evidence(way: Reach | Use, trace: Trace) -> Evidence:
    """Return the ids along a path."""
    calls = dict.fromkeys(trace.ops[op].call for op in way.path)
    return Evidence(tuple(call for call in calls if call is not None), way.path, way.values)
