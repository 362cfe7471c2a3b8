"""What a rule found, and the rows of the table of rules."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from shapeflow.common.text import listing
from shapeflow.model.call_tree import pattern
from shapeflow.model.exact_names import ExactNames
from shapeflow.model.records import Op, Records

SHOWN = 3
"""Of several places that are one finding so many are told in a line of their own."""


@dataclass(frozen=True, slots=True)
class Found:
    """One place that a rule points at."""

    what: str
    """What is there, with shapes: one line."""
    op: int | None = None
    call: int | None = None
    """The call that is meant, or the innermost one around the op."""
    path: str = ""
    """Path of the module that is meant, where no call is."""
    evidence: tuple[str, ...] = ()
    """More that shows it, a line each."""

    @classmethod
    def at(cls, op: Op, what: str, *evidence: str) -> Found:
        """Return what was found at an op."""
        return cls(what, op.id, op.call, evidence=evidence)


@dataclass(frozen=True, slots=True)
class Rule:
    """A row of the table of rules."""

    name: str
    """What ``--ignore`` calls it."""
    because: str
    """Why it is worth a look, in a sentence."""
    find: Callable[[Records], Iterator[Found]]
    together: bool = False
    """All that it finds in a run is one finding: much of it is often meant."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What is worth a look: one place, or the same in several calls of one kind."""

    rule: str
    because: str
    what: str
    evidence: tuple[str, ...]
    places: tuple[str, ...]
    """Selectors of the ops, calls or modules, the first one told."""
    source: str
    """``FILE:LINE``, empty if it is not known."""
    line: str
    """The text of that line."""
    kind: str
    """The path of the module that is meant, ``*`` for the numbers in which the places differ."""

    @property
    def silence(self) -> str:
        """The entry that silences this finding: the rule, and the modules that it is about."""
        return f"{self.rule}:{self.kind}" if self.kind else self.rule

    @property
    def where(self) -> str:
        """The first place, and how many more there are."""
        others = len(self.places) - 1
        return f"{self.places[0]} and {others} like it" if others else self.places[0]


def place_of(trace: Records, found: Found) -> str:
    """Return the selector of what a rule points at."""
    names = trace.cached(ExactNames)
    if found.op is not None:
        return names.op(found.op)
    return names.call(found.call) if found.call is not None else found.path or "."


def folded(trace: Records, rule: Rule) -> list[Finding]:
    """Return what a rule finds, with the same in calls of one kind told once."""
    groups: dict[tuple[object, ...], list[Found]] = {}
    for found in rule.find(trace):
        groups.setdefault(_kind(trace, found), []).append(found)
    findings = []
    for group in groups.values():
        first = group[0]
        source = _source(trace, first)
        places = tuple(dict.fromkeys(place_of(trace, found) for found in group))
        line = "" if source is None else trace.sources[source].text
        paths = {_path(trace, found) for found in group}
        kind = paths.pop() if len(paths) == 1 else pattern(paths.pop())
        about = (rule.name, rule.because, first.what, first.evidence, places)
        findings.append(Finding(*about, trace.line(source), line, kind or "."))
    return findings


def joined(findings: Sequence[Finding]) -> Finding:
    """Return what a rule found in several places as one finding."""
    first, *others = findings
    if not others:
        return first
    names = listing([finding.kind for finding in others])
    evidence = tuple(f"{finding.kind}: {finding.what}" for finding in others[:SHOWN])
    places = tuple(place for finding in findings for place in finding.places)
    what = f"{first.what}; the same of {names}"
    return replace(first, what=what, evidence=(*first.evidence, *evidence), places=places, kind="")


def _kind(trace: Records, found: Found) -> tuple[object, ...]:
    """Return what places have in common that are one finding: the line, and the path but for numbers."""
    path = _path(trace, found)
    target = "" if found.op is None else trace.ops[found.op].target
    source = _source(trace, found)
    return pattern(path), target, trace.line(source), "" if source is not None else found.what


def _path(trace: Records, found: Found) -> str:
    return found.path if found.call is None else trace.calls[found.call].path


def _source(trace: Records, found: Found) -> int | None:
    if found.op is not None:
        return trace.ops[found.op].source
    if found.call is not None:
        return trace.calls[found.call].source
    module = trace.module_by_path.get(found.path)
    return None if module is None else module.source
