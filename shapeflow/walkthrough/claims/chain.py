"""``chain encoder.layers.*``: each step ran once, in order, and was given what the one before it gave."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from shapeflow.errors import Diagnostic
from shapeflow.model.containers import ids_at, told
from shapeflow.model.making import same_numbers
from shapeflow.model.making_text import making_text
from shapeflow.model.match import Match
from shapeflow.model.records import Port
from shapeflow.walkthrough.constraint import PLACES, Constraint, Ground, Item, made_from, named
from shapeflow.walkthrough.context import SelectionError, Subject
from shapeflow.walkthrough.finding import Finding, evidence_of
from shapeflow.walkthrough.parts import ClaimError, SelectorPart, part

_POSITION = re.compile(r"in\[(\d+)\]")
_DIGITS = re.compile(r"(\d+)")


@dataclass(frozen=True, slots=True)
class Chain:
    """Calls that hand one tensor on from each to the next."""

    links: tuple[SelectorPart, ...]

    @classmethod
    def parse(cls, text: str) -> Chain:
        """Read the line; see ``BodyType``."""
        start = text.index("chain") + len("chain")
        links, begin, depth = [], start, 0
        for column in range(start, len(text) + 1):
            sign = text[column : column + 1]
            depth += (sign in ("{", "[")) - (sign in ("}", "]"))
            if (sign == "," and depth == 0) or not sign:
                links.append(part(text, begin, column))
                begin = column + 1
        wrong = next((link for link in links if not link.text or re.search(r"[:\s]", link.text)), None)
        if wrong is not None:
            raise ClaimError(
                "claim-syntax",
                "a chain is a pattern, or several calls with commas between them, without ports",
                columns=wrong.columns,
                expected="chain encoder.layers.*, encoder.norm",
            )
        return cls(tuple(SelectorPart.of(link) for link in links))

    def judge(self, subject: Subject) -> Finding:
        """Hold if the calls came in order, each as often, and each was given what the one before gave."""
        wanted, calls = self._calls(subject)
        reason = Diagnostic(expected=f"{' > '.join(_few(wanted))}, each with what the one before gave")
        finding = Finding("holds", reason, evidence_of(calls))
        if len(wanted) < 2:
            what = f"'{self.links[0].text}' names one path, a chain needs two"
            return finding.amended("invalid", code="claim-syntax", what=what, columns=self.links[0].columns)
        for number, match in enumerate(calls):
            expected = wanted[number % len(wanted)]
            if match.path != expected:
                return self._out_of_order(finding, subject, calls, number, expected)
            if number % len(wanted) and not _hands_on(subject, calls[number - 1], match):
                return self._broken(finding, subject, calls[number - 1], match)
        if len(calls) % len(wanted):
            return self._out_of_order(finding, subject, calls, len(calls), wanted[len(calls) % len(wanted)])
        return finding

    def _calls(self, subject: Subject) -> tuple[list[str], list[Match]]:
        """Return the paths in the order in which they should come, and the calls as they came."""
        found = [subject.select(link) for link in self.links]
        wanted = list(dict.fromkeys(path for one in found for path in sorted(_paths(one), key=_natural)))
        return wanted, sorted({match.owner.id: match for one in found for match in one}.values(), key=_when)

    def constrains(self, subject: Subject, finding: Finding) -> Iterator[Constraint]:
        """Yield the calls, and the ports over which each hands on to the next; see ``Constrains``."""
        wanted, calls = self._calls(subject)
        yield from named(calls)
        for number, match in enumerate(calls):
            if number % len(wanted):
                yield from _handed_over(subject, calls[number - 1], match)

    def rests_on(self, subject: Subject, finding: Finding) -> Ground:
        """Return that it rests on the calls, and on how what they were given was made; see ``Rests``."""
        try:
            _, calls = self._calls(subject)
        except SelectionError:
            return PLACES
        given = [port.value for port in map(_first_input, calls) if port is not None]
        values = [value for value in given if value is not None]
        return made_from(subject.trace, [v for value in values for v in same_numbers(subject.trace, value)])

    def _out_of_order(
        self, finding: Finding, subject: Subject, calls: Sequence[Match], number: int, expected: str
    ) -> Finding:
        """Return the finding for a call that comes too early, too late, again or never."""
        after = f"after '{calls[number - 1].short_name}'" if number else "first"
        found = (
            f"'{calls[number].short_name}' comes {after}" if number < len(calls) else f"nothing comes {after}"
        )
        line = subject.trace.line(calls[min(number, len(calls) - 1)].owner.source)
        return finding.amended(
            "contradicted",
            code="chain",
            what=f"'{expected}' does not come {after}",
            found=found,
            because=f"it is called in {line}" if line and number < len(calls) else "",
        )

    def _broken(self, finding: Finding, subject: Subject, first: Match, second: Match) -> Finding:
        """Return the finding for a call that was given something else."""
        given = _first_input(second)
        found = "no tensor"
        if given is not None:
            held = second.at(given, subject.trace.value_at(given))
            made = "" if subject.brief else making_text(subject.trace, held)
            found = (
                f"{second.short_name}:{given.name} = {made}" if made else f"{second.short_name}:{given.name}"
            )
        return finding.amended(
            "contradicted",
            code="chain",
            what=f"'{second.short_name}' is not given what '{first.short_name}' gave",
            found=found,
        )


def _paths(matches: Sequence[Match]) -> Iterator[str]:
    yield from dict.fromkeys(match.path for match in matches)


def _natural(path: str) -> list[tuple[int, int, str]]:
    """Return what sorts ``layers.10`` behind ``layers.9``, and names without numbers as they come."""
    return [(0, int(piece), "") if piece.isdecimal() else (1, 0, "") for piece in _DIGITS.split(path)]


def _when(match: Match) -> tuple[int, int]:
    first = match.call.first_op if match.call and match.op is None else match.owner.id
    return first, match.owner.id


def _few(paths: Sequence[str]) -> list[str]:
    return list(paths) if len(paths) <= 4 else [*paths[:2], "…", paths[-1]]


def _hands_on(subject: Subject, first: Match, second: Match) -> bool:
    """Return whether the first tensor that a call was given is one that another gave, rearranged at most."""
    gave, given = set(ids_at(first.owner.outputs)), _first_input(second)
    return (
        given is not None
        and given.value is not None
        and any(same in gave for same in same_numbers(subject.trace, given.value))
    )


def _first_input(match: Match) -> Port | None:
    """Return the input of a call that stands first in the parameters of its method and holds a tensor."""
    tensors = [port for port in told(match.owner.inputs) if port.value is not None]
    return min(tensors, key=_place, default=None)


def _place(port: Port) -> tuple[int, str]:
    found = _POSITION.match(port.name) or _POSITION.match(port.alias)
    return int(found[1]) if found else 1_000, port.name


def _handed_over(subject: Subject, first: Match, second: Match) -> Iterator[Constraint]:
    """Yield the first input of a call, or op, and the output of another one that it is."""
    given = _first_input(second)
    if given is None or given.value is None:
        return
    if second.op is not None:
        yield Constraint(Item("feed", second.op.id, given.name))
    else:
        yield Constraint(Item("port", second.owner.id, given.name))
        yield Constraint(Item("given", second.owner.id, given.name))
    near = set(same_numbers(subject.trace, given.value))
    ports = [port for port in told(first.owner.outputs) if port.value in near]
    if first.op is None and len(ports) == 1:
        yield Constraint(Item("port", first.owner.id, ports[0].name))
