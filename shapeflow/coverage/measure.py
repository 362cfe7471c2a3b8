"""Coverage of a trace by a walkthrough: what is constrained, by section of the document and by module."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from shapeflow.coverage.units import KINDS, Unit, units_of
from shapeflow.model.call_tree import pattern
from shapeflow.model.trace import Trace
from shapeflow.shapes.matching import Binding, Bindings
from shapeflow.walkthrough.check import check
from shapeflow.walkthrough.constraint import Constraint, Item, constraints_of
from shapeflow.walkthrough.context import Subject
from shapeflow.walkthrough.document import Document, Section
from shapeflow.walkthrough.parts import ClaimError
from shapeflow.walkthrough.verdict import CheckResult, Verdict


@dataclass(frozen=True, slots=True)
class Share:
    """How many of some things are covered."""

    covered: int
    all: int

    @property
    def percent(self) -> float:
        """The covered part; 100 of nothing."""
        return 100 * self.covered / self.all if self.all else 100.0


Shares = Mapping[str, Share]
"""Kind -> share, for the kinds that there are."""


@dataclass(frozen=True, slots=True)
class SectionCoverage:
    """What the claims of one section contribute."""

    section: Section
    claims: int
    """Claims in it."""
    counted: int
    """Those that hold and constrain something."""
    covers: Mapping[str, int]
    """Kind -> how many of the covered things its claims constrain."""
    alone: Mapping[str, int]
    """Kind -> how many of them would not be covered without it."""


@dataclass(frozen=True, slots=True)
class ModuleCoverage:
    """What is covered of modules that are alike, those below them included."""

    path: str
    """Their path, with ``*`` for each number; empty for the whole model."""
    level: int
    modules: int
    """How many they are."""
    shares: Shares


@dataclass(frozen=True)
class Coverage:
    """What the claims of a document constrain in a trace."""

    result: CheckResult
    units: tuple[Unit, ...]
    by: Mapping[Item, frozenset[int]]
    """What is constrained -> the ids of the claims that do."""

    @property
    def trace(self) -> Trace:
        """The run."""
        return self.result.trace

    @property
    def document(self) -> Document:
        """The walkthrough."""
        return self.result.document

    @cached_property
    def items(self) -> frozenset[Item]:
        """All that is constrained."""
        return frozenset(self.by)

    @cached_property
    def covered(self) -> tuple[Unit, ...]:
        """What is covered."""
        return tuple(unit for unit in self.units if unit.covered(self.items))

    @cached_property
    def missing(self) -> tuple[Unit, ...]:
        """What is not covered."""
        return tuple(unit for unit in self.units if not unit.covered(self.items))

    @cached_property
    def shares(self) -> Shares:
        """The whole, by kind."""
        return shares(self.units, self.items)

    @property
    def total(self) -> float:
        """The mean of the percentages of all kinds that there are: no kind drowns the others."""
        return sum(share.percent for share in self.shares.values()) / max(1, len(self.shares))

    @cached_property
    def sections(self) -> tuple[SectionCoverage, ...]:
        """The sections of the document that make claims."""
        where = {claim.id: claim.section for claim in self.document.claims}
        places = {item: {where[claim] for claim in claims} for item, claims in self.by.items()}
        covers = [Counter[str]() for _ in self.document.sections]
        alone = [Counter[str]() for _ in self.document.sections]
        for unit in self.covered:
            by = {item: places[item] for item in unit.items if item in places}
            sections = set().union(*by.values())
            for section in sections:
                covers[section][unit.kind] += 1
                if len(sections) == 1:
                    alone[section][unit.kind] += 1
                    continue
                others = frozenset(item for item, those in by.items() if those != {section})
                alone[section][unit.kind] += not unit.covered(others)
        claims = Counter(where.values())
        useful = frozenset(claim for claims_of in self.by.values() for claim in claims_of)
        counted = Counter(where[claim] for claim in useful)
        return tuple(
            SectionCoverage(section, claims[number], counted[number], covers[number], +alone[number])
            for number, section in enumerate(self.document.sections)
            if claims[number]
        )

    @cached_property
    def calls(self) -> dict[int, float]:
        """Call -> how much of it is covered, with all that runs in it, in percent: the mean of its kinds.

        Parameters and attributes do not count here: they belong to modules, called or not.
        """
        every = [Counter[str]() for _ in self.trace.calls]
        covered = [Counter[str]() for _ in self.trace.calls]
        for counts_of, units in ((every, self.units), (covered, self.covered)):
            for unit in units:
                if unit.call is not None:
                    counts_of[unit.call][unit.kind] += 1
            for call in reversed(self.trace.calls):  # from the inside out
                if call.parent is not None:
                    counts_of[call.parent].update(counts_of[call.id])
        found = {}
        for number, all_of in enumerate(every):
            percents = [100 * covered[number][kind] / all_of[kind] for kind in KINDS if all_of[kind]]
            if percents:
                found[number] = sum(percents) / len(percents)
        return found

    def modules(self, levels: int) -> tuple[ModuleCoverage, ...]:
        """Return the tree of modules, alike ones folded, so many levels deep."""
        groups: dict[str, list[Unit]] = {}
        paths: dict[str, set[str]] = {}
        for unit in self.units:
            steps = unit.module.split(".") if unit.module else []
            for level in range(min(len(steps), levels) + 1):
                path = ".".join(steps[:level])
                groups.setdefault(pattern(path), []).append(unit)
                paths.setdefault(pattern(path), set()).add(path)
        order = {
            pattern(module.path): number for number, module in reversed([*enumerate(self.trace.modules)])
        }
        return tuple(
            ModuleCoverage(
                path, path.count(".") + 1 if path else 0, len(paths[path]), shares(groups[path], self.items)
            )
            for path in sorted(groups, key=lambda path: order.get(path, len(order)))
        )


def measure(trace: Trace, document: Document) -> Coverage:
    """Judge a document on a trace and return what its claims constrain.

    Raises:
        WalkthroughError: it makes no claims, is about another model, or its front matter cannot be used.
    """
    return coverage_of(check(trace, document, partial=True))


def coverage_of(result: CheckResult) -> Coverage:
    """Return what the claims of a document that was judged constrain."""
    return Coverage(result, units_of(result.trace), constrained(result))


def constrained(result: CheckResult) -> dict[Item, frozenset[int]]:
    """Return what the claims that hold constrain, with the ids of these claims.

    What others ``said``, and what is contradicted, undecided, invalid or not observed, constrains nothing. A
    size by a name that the front matter gives no size, and that is used at no second place, takes any size.
    """
    subject = Subject(result.trace, Bindings())
    for symbol, (size, _) in result.bindings.items():
        subject.bindings.bind(symbol, Binding(size, 0))
    found = [
        (verdict.claim.id, constraint)
        for verdict in result.verdicts
        if counts(verdict)
        for constraint in of_verdict(verdict, subject)
    ]
    used: dict[str, set[Item | int]] = {}
    for claim, (item, symbols) in found:
        for symbol in symbols:
            used.setdefault(symbol, set()).add(item if item.kind == "dim" else claim)
    fixed = {symbol for symbol, items in used.items() if len(items) > 1 or symbol in result.document.dims}
    by: dict[Item, set[int]] = {}
    for claim, (item, symbols) in found:
        if fixed.issuperset(symbols):
            by.setdefault(item, set()).add(claim)
    return {item: frozenset(claims) for item, claims in by.items()}


def counts(verdict: Verdict) -> bool:
    """Return whether a claim constrains anything: it holds, and is our own."""
    return verdict.status == "holds" and not verdict.claim.said


def of_verdict(verdict: Verdict, subject: Subject) -> Iterable[Constraint]:
    """Return what one claim that holds constrains."""
    body = verdict.claim.body
    return () if isinstance(body, ClaimError) else constraints_of(body, subject, verdict)


def shares(units: Sequence[Unit], items: frozenset[Item]) -> Shares:
    """Return how much of some units is covered, by kind."""
    every = Counter(unit.kind for unit in units)
    covered = Counter(unit.kind for unit in units if unit.covered(items))
    return {kind: Share(covered[kind], every[kind]) for kind in KINDS if every[kind]}
