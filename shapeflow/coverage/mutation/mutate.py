"""Change a trace many times, and tell which changes no claim of a document notices."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import islice

from shapeflow.coverage.lines import Lines
from shapeflow.coverage.makings import loosened, widened
from shapeflow.coverage.measure import Share
from shapeflow.coverage.mutation.change import Base, Change
from shapeflow.coverage.mutation.edit import Edit, apply
from shapeflow.coverage.mutation.judging import Judge
from shapeflow.coverage.mutation.kinds import KINDS, choose
from shapeflow.coverage.mutation.notices import noticing
from shapeflow.coverage.mutation.unfit import Unfit
from shapeflow.errors import WalkthroughError
from shapeflow.model.trace import Trace
from shapeflow.walkthrough.check import check
from shapeflow.walkthrough.document import Document
from shapeflow.walkthrough.verdict import CheckResult, Verdict

CHANGES = 500
"""So many are made if nobody says otherwise."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One change, and whether a claim notices it."""

    change: Change
    caught_by: Verdict | None
    """The first claim that fails; None: the change goes unseen."""
    notice: str = ""
    """For one that goes unseen: a claim that holds, and would not with the change; empty: none is known."""


@dataclass(frozen=True, slots=True)
class Survivors:
    """Changes in one place, or in alike ones, that no claim notices."""

    first: Outcome
    times: int
    """How many of them went unseen."""

    @property
    def sentence(self) -> str:
        """What may happen, in words."""
        return f"{self.first.change.sentence}: no claim notices"


@dataclass(frozen=True)
class Mutation:
    """What came of many changes."""

    result: CheckResult
    seed: int
    asked: int
    """How many changes were asked for; there are fewer where no more can be made."""
    outcomes: tuple[Outcome, ...]

    @cached_property
    def score(self) -> Share:
        """How many of the changes are noticed."""
        return Share(sum(1 for outcome in self.outcomes if outcome.caught_by), len(self.outcomes))

    @cached_property
    def kinds(self) -> Mapping[str, Share]:
        """The same by kind of change, the worst kind first."""
        found = {}
        for kind in KINDS:
            outcomes = [outcome for outcome in self.outcomes if outcome.change.kind == kind]
            if outcomes:
                found[kind] = Share(sum(1 for outcome in outcomes if outcome.caught_by), len(outcomes))
        return found

    @cached_property
    def survivors(self) -> tuple[Survivors, ...]:
        """The changes that go unseen, alike ones together, the worst kind first."""
        groups: dict[tuple[str, str], list[Outcome]] = {}
        for kind in KINDS:
            for outcome in self.outcomes:
                if outcome.change.kind == kind and outcome.caught_by is None:
                    groups.setdefault((kind, outcome.change.place), []).append(outcome)
        return tuple(Survivors(group[0], len(group)) for group in groups.values())


def mutate(trace: Trace, document: Document, *, changes: int = CHANGES, seed: int = 0) -> Mutation:
    """Change a trace as a careless change to the model would, and judge what each change can touch.

    Args:
        trace: the run.
        document: the walkthrough; claims that fail before any change are left out.
        changes: how many are made, if there are so many.
        seed: decides which; the same gives the same.

    Raises:
        WalkthroughError: the document makes no claims, is about another model, or its front matter cannot be
            used; or the run ended early (``run-incomplete``).
    """
    if not trace.run.complete:
        raise WalkthroughError(
            "run-incomplete",
            "the run of this trace ended early, so changes to it say little",
            found=trace.run.failure.first_line if trace.run.failure else "",
            hint="a trace of a whole run; 'shapeflow coverage' without --mutate measures this one, too",
        )
    result = check(trace, document, partial=True)
    base = Base(trace)
    outcomes = _outcomes(base, document, choose(base, seed))
    return Mutation(result, seed, changes, tuple(islice(outcomes, changes)))


def _outcomes(base: Base, document: Document, changes: Iterable[Change]) -> Iterator[Outcome]:
    trace = base.trace
    judge, lines = Judge(trace, document), Lines(trace)
    for change in changes:
        try:
            edit = change.make()
            changed = apply(trace, edit)
        except Unfit:
            continue
        caught = judge.first_failure(changed, edit)
        notice = "" if caught else _notice(base, change, edit, lines, changed)
        yield Outcome(change, caught, notice)


def _notice(base: Base, change: Change, edit: Edit, lines: Lines, changed: Trace) -> str:
    """Return the first claim that holds on the trace, and not on the changed one; about all alike, if so."""
    after = Lines(changed)

    def notices(line: str) -> bool:
        return lines.holds(line) and not after.holds(line)

    found = next((line for line in noticing(base, change, edit) if notices(line)), "")
    wider = dict.fromkeys([loosened(widened(found)), widened(found), loosened(found)])
    return next((line for line in wider if line != found and notices(line)), found)
