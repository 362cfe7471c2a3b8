"""An op that computes something else: what claims say of the making of all that comes through it fails."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from shapeflow.common.text import counted
from shapeflow.errors import Diagnostic
from shapeflow.model.making import same_numbers, step_back
from shapeflow.model.making_text import making_text
from shapeflow.model.match import Match
from shapeflow.model.records import Op
from shapeflow.walkthrough.cause import Cause
from shapeflow.walkthrough.causes.comparisons import bindings_of
from shapeflow.walkthrough.causes.scene import Scene, cause
from shapeflow.walkthrough.claims.making import Making
from shapeflow.walkthrough.context import SelectionError, Subject
from shapeflow.walkthrough.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Otherwise:
    """A tensor that was not made as a claim says, and the op that made it."""

    verdict: Verdict
    match: Match
    op: Op

    @property
    def written(self) -> tuple[str, int | None, str]:
        """What is the same wherever this happens: the op, its line of the source, the kind of the module."""
        call = self.match.call
        return self.op.target, self.op.source, call.class_name if call is not None else ""


def find_makings(scene: Scene, verdicts: Sequence[Verdict]) -> Iterator[Cause]:
    """Yield the ops that make something else, the first in the run first, and the claims wrong by them.

    A claim is wrong by an op if its own tensor is made there, or if it would hold if what is made there were
    as its formula says.
    """
    subject = Subject(scene.trace, bindings_of(scene))
    rest = [verdict for verdict in verdicts if verdict.code == "making" and not verdict.claim.said]
    starts = sorted(
        (one for verdict in rest for one in _otherwise(subject, verdict)), key=lambda one: one.op.id
    )
    for start in starts:
        if start.verdict not in rest:
            continue
        ops = [one.op for one in starts if one.written == start.written]
        granted = frozenset(port.value for op in ops for port in op.outputs if port.value is not None)
        group = [verdict for verdict in rest if _holds_with(subject, verdict, granted)]
        if len(group) >= scene.least and start.verdict in group:
            yield _cause(scene, start, group)
            rest = [verdict for verdict in rest if verdict not in group]


def _otherwise(subject: Subject, verdict: Verdict) -> Iterator[Otherwise]:
    """Yield the tensors of a claim that were not made as it says, where it is known what made them."""
    body = verdict.claim.body
    if not isinstance(body, Making):
        return
    for match, _, fits in body.compared(subject, subject.select(body.selector)):
        if fits or match.value is None:
            continue
        for same in same_numbers(subject.trace, match.value.id):
            ops = step_back(subject.trace, same).ops
            if ops:
                yield Otherwise(verdict, match, ops[0])
                break


def _holds_with(subject: Subject, verdict: Verdict, granted: frozenset[int]) -> bool:
    """Return whether a claim would hold if some values were made as it says."""
    body = verdict.claim.body
    if not isinstance(body, Making):
        return False
    try:
        compared = body.compared(subject, subject.select(body.selector), granted)
    except SelectionError:
        return False
    return all(fits for _, _, fits in compared)


def _cause(scene: Scene, start: Otherwise, group: Sequence[Verdict]) -> Cause:
    name = start.match.short_name
    others = [one for one in group if one is not start.verdict]
    lines = counted(len(others) + 1, "line")
    reason = Diagnostic(
        "making-changed",
        f"'{name}' is made otherwise",
        where=scene.op_place(start.op.id),
        expected=start.verdict.claim.text,
        found=making_text(scene.trace, start.match) or "nothing that was recorded made it",
        because=f"{lines} that fail would hold if what is made here were what they say",
        hint=f"shapeflow show TRACE '{name}'",
    )
    return cause([start.verdict, *others], start.verdict, reason)
