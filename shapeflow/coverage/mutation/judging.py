"""Judge a document on a changed trace, but only the claims that the change can touch.

A claim is touched where something is otherwise at the places that its selectors name, in what else its
verdict rests on (``Rests``), or in a size that it shares with a claim that is touched. All others have the
verdict that they had.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from shapeflow.coverage.mutation.edit import Edit
from shapeflow.coverage.mutation.touched import Touched, leaks, touched
from shapeflow.errors import SelectorError
from shapeflow.model.path_index import OUTSIDE, PathIndex
from shapeflow.model.selector import parse
from shapeflow.model.trace import Trace
from shapeflow.shapes.matching import Binding, Bindings
from shapeflow.walkthrough.check import front_matter_sizes
from shapeflow.walkthrough.constraint import Ground, Rests
from shapeflow.walkthrough.context import Subject
from shapeflow.walkthrough.document import Claim, Document
from shapeflow.walkthrough.finding import Finding
from shapeflow.walkthrough.judge import judge
from shapeflow.walkthrough.parts import ClaimError
from shapeflow.walkthrough.runs import by_run
from shapeflow.walkthrough.verdict import Verdict

_WORD = re.compile(r"[^\W\d]\w*")
_ELSEWHERE = ("unknown-port", "unknown-op")
"""What a ``said`` line may be contradicted by: the name is looked for everywhere."""


@dataclass(frozen=True, slots=True)
class _Known:
    """A claim, and what its verdict on the original trace rests on."""

    claim: Claim
    verdict: Verdict
    ground: Ground | None
    """None: it is judged on every change."""
    keys: frozenset[str]
    words: frozenset[str]
    bound: tuple[tuple[str, Binding], ...]
    """The sizes that it gave to symbols."""


class Judge:
    """A document with its verdicts on a trace, to be asked about changes of that trace."""

    def __init__(self, trace: Trace, document: Document) -> None:
        self.trace = trace
        self.sizes = dict(front_matter_sizes(document))
        self.known = tuple(self._known(trace, document))
        self.symbols = frozenset(symbol for known in self.known for symbol, _ in known.bound)

    def first_failure(self, changed: Trace, edit: Edit) -> Verdict | None:
        """Return the first verdict that fails on the changed trace and did not before."""
        for known, verdict in self._again(changed, touched(self.trace, edit)):
            if known.verdict.passed and not verdict.passed:
                return verdict
        return None

    def verdicts(self, changed: Trace, edit: Edit) -> list[Verdict]:
        """Return the verdicts on the changed trace, those of claims that are not touched being as before."""
        again = {
            known.claim.id: verdict for known, verdict in self._again(changed, touched(self.trace, edit))
        }
        return [again.get(known.claim.id, known.verdict) for known in self.known]

    def _known(self, trace: Trace, document: Document) -> Iterator[_Known]:
        name = next(iter(by_run(document, trace)))
        subject = Subject(trace, self._bindings(), run=name)
        index = trace.cached(PathIndex)
        for claim in document.claims:
            if name not in claim.scope.runs:  # no change to this run can touch it
                unseen = Verdict.of(claim, Finding("not observed", skipped=True), name)
                yield _Known(claim, unseen, Ground(), frozenset(), frozenset(), ())
                continue
            before = dict(subject.bindings)
            asked = replace(subject, asked=set())
            verdict = Verdict.of(claim, judge(claim, asked))
            bound = tuple((s, b) for s, b in subject.bindings if s not in before)
            words = frozenset(_WORD.findall(claim.text))
            ground = _ground(claim, verdict, asked)
            keys = frozenset(key for text in asked.asked for key in _keys(index, text))
            yield _Known(claim, verdict, ground if asked.asked else None, keys, words, bound)

    def _bindings(self) -> Bindings:
        bindings = Bindings()
        for symbol, binding in self.sizes.items():
            bindings.bind(symbol, binding)
        return bindings

    def _again(self, changed: Trace, change: Touched) -> Iterator[tuple[_Known, Verdict]]:
        """Judge the claims that a change can touch, in order."""
        subject = Subject(changed, self._bindings(), brief=True)
        differs: set[str] = set()
        for known in self.known:
            if isinstance(known.claim.body, ClaimError):
                continue
            if differs.isdisjoint(known.words) and not self._is_touched(known, change):
                for symbol, binding in known.bound:
                    subject.bindings.bind(symbol, binding)
                continue
            verdict = Verdict.of(known.claim, judge(known.claim, subject))
            for symbol in known.words & self.symbols | {symbol for symbol, _ in known.bound}:
                self._compare(symbol, subject, known, differs)
            yield known, verdict

    def _compare(self, symbol: str, subject: Subject, known: _Known, differs: set[str]) -> None:
        """Note whether a symbol has another size than it had behind this claim."""
        now, then = subject.bindings.get(symbol), self._size_behind(symbol, known.claim.id)
        if (now.size if now else None) != then:
            differs.add(symbol)
        else:
            differs.discard(symbol)

    def _size_behind(self, symbol: str, claim: int) -> int | None:
        if symbol in self.sizes:
            return self.sizes[symbol].size
        return next(
            (
                binding.size
                for known in self.known[: claim + 1]
                for bound, binding in known.bound
                if bound == symbol
            ),
            None,
        )

    def _is_touched(self, known: _Known, change: Touched) -> bool:
        ground = known.ground
        if ground is None or not known.keys.isdisjoint(change.keys):
            return True
        if not ground.ops.isdisjoint(change.ops) or not ground.values.isdisjoint(change.made):
            return True
        if ground.untaken and not ground.reached.isdisjoint(change.values):
            return True
        return bool(ground.reached) and leaks(change.edges, ground.reached, len(self.trace.values))


def _ground(claim: Claim, verdict: Verdict, subject: Subject) -> Ground | None:
    """Return what a verdict rests on besides the places that are named; None if it may be anything."""
    if claim.said and verdict.code in _ELSEWHERE:
        return None
    if not isinstance(claim.body, Rests):
        return None
    try:
        return claim.body.rests_on(subject, verdict)
    except SelectorError:
        return Ground()  # a place is not there; whether it comes to be is told by the selectors


def _keys(index: PathIndex, selector: str) -> Sequence[str]:
    """Return the modules and helpers that a selector may be about."""
    try:
        path = parse(selector).path
    except SelectorError:
        return ()
    if path is None:
        return (OUTSIDE,)
    return (*index.find(path), *index.find(path[:-1]))  # a parameter is its module's
