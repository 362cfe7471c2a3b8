"""Go through the rules, and leave out what the user has looked at and silenced."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from shapeflow.common.files import read_bytes
from shapeflow.common.text import listing, nearest
from shapeflow.errors import InputError
from shapeflow.lint.finding import Finding, Rule, folded, joined
from shapeflow.lint.table import rules
from shapeflow.model.pattern import Segment, parse_path
from shapeflow.model.records import Records

IGNORED = Path(".shapeflow-lint")
"""In the working folder: entries as ``--ignore`` takes them, one a line; ``#`` begins a comment."""
_SAME = {"coincidence": "broadcast"}
"""Rule -> another one that tells the same of an op, and more."""


@dataclass(frozen=True, slots=True)
class Result:
    """What is worth a look in a trace."""

    findings: tuple[Finding, ...]
    silenced: int


@dataclass(frozen=True, slots=True)
class Ignored:
    """An entry that silences: a rule, in some modules or everywhere."""

    rule: str
    path: tuple[Segment, ...] | None
    """None: everywhere. The empty path is the model's own forward."""

    def covers(self, finding: Finding) -> bool:
        """Return whether a finding is silenced: a path also stands for what is below it."""
        if self.rule not in (finding.rule, "*"):
            return False
        if self.path is None or finding.kind == ".":
            return not self.path
        return bool(self.path) and _covers(self.path, finding.kind.split("."))


def _covers(path: Sequence[Segment], names: Sequence[str]) -> bool:
    if not path:
        return True
    first, rest = path[0], path[1:]
    if first.deep:
        return any(_covers(rest, names[start:]) for start in range(len(names) + 1))
    fits = bool(names) and (first.accepts(names[0]) or first.text == names[0])
    return fits and _covers(rest, names[1:])


def lint(trace: Records, ignored: Iterable[Ignored] = ()) -> Result:
    """Return what is worth a look in a trace, what is most often a bug first.

    Args:
        trace: one run, complete or not.
        ignored: what is left out.
    """
    entries = tuple(ignored)
    found: list[Finding] = []
    told: set[tuple[str, str]] = set()
    silenced = 0
    for rule in rules():
        kept: list[Finding] = []
        for finding in folded(trace, rule):
            if (_SAME.get(rule.name, ""), finding.places[0]) in told:
                continue
            told.add((rule.name, finding.places[0]))
            if any(entry.covers(finding) for entry in entries):
                silenced += 1
            else:
                kept.append(finding)
        found += [joined(kept)] if rule.together and kept else kept
    return Result(tuple(found), silenced)


def ignored_of(entry: str, where: str, known: Sequence[Rule] | None = None) -> Ignored:
    """Return an entry that silences, read from ``RULE`` or ``RULE:PATH``.

    Raises:
        InputError: there is no such rule.
        SelectorError: the path cannot be read.
    """
    name, colon, path = entry.partition(":")
    names = [rule.name for rule in known or rules()]
    if name not in (*names, "*"):
        close = nearest(name, names, 1)
        raise InputError(
            "unknown-rule",
            f"no rule '{name}'",
            where=where,
            expected=f"RULE or RULE:PATH, with one of {listing(names, len(names))}",
            hint=close[0] if close else "shapeflow lint --rules",
        )
    if not colon:
        return Ignored(name, None)
    return Ignored(name, () if path == "." else parse_path(path))


def read_ignored(file: Path | None) -> list[Ignored]:
    """Return the entries of a file; of the one in the working folder, if it is there, for None.

    Raises:
        InputError: the file cannot be read, or has an entry that cannot.
    """
    if file is None and not IGNORED.is_file():
        return []
    path = file or IGNORED
    text = read_bytes(path, "file").decode("utf-8", errors="replace")
    entries = []
    for number, line in enumerate(text.splitlines(), 1):
        entry = line.partition("#")[0].strip()
        if entry:
            entries.append(ignored_of(entry, f"{path}:{number}"))
    return entries
