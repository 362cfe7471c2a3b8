"""Claims that differ in the same way behind one place of the run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from shapeflow.common.text import counted
from shapeflow.errors import Diagnostic
from shapeflow.model.records import Value
from shapeflow.walkthrough.cause import Cause
from shapeflow.walkthrough.causes.comparisons import Wrong
from shapeflow.walkthrough.causes.scene import Scene, cause, there_text, upstream
from shapeflow.walkthrough.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Group:
    """Claims that differ in the same way, and where that starts."""

    lead: Wrong
    """The port that is nearest to the start."""
    start: Value
    """The first tensor that is so."""
    where: str
    """The place that made it; empty if that is not known."""
    verdicts: tuple[Verdict, ...]


def downstream(
    scene: Scene,
    claims: Sequence[Sequence[Wrong]],
    is_so: Callable[[Wrong, Value], bool],
    goes_on: Callable[[Wrong, Wrong], bool],
) -> Iterator[Group]:
    """Yield groups of claims, each of which has only ports that lie behind the group's start, or in its call.

    Args:
        scene: the check.
        claims: for each claim the ports that are not as it says.
        is_so: whether a tensor on the way to the first port differs already.
        goes_on: whether the difference at a port follows from that at the first port.
    """
    rest = sorted(
        ([*wrong] for wrong in claims), key=lambda wrong: min(_when(scene, one.value) for one in wrong)
    )
    while rest:
        lead = min(rest[0], key=lambda one: _when(scene, one.value))
        start = upstream(scene, lead.value, lambda value, lead=lead: is_so(lead, value))  # type: ignore[misc]
        below = scene.below(start.id)
        beside = _call(scene, start)
        group = [
            wrong
            for wrong in rest
            if all(
                goes_on(lead, one)
                and (one.value.id in below or (beside is not None and _call(scene, one.value) == beside))
                for one in wrong
            )
        ]
        if len(group) >= scene.least and rest[0] in group:
            verdicts = tuple(wrong[0].verdict for wrong in group)
            yield Group(lead, start, scene.value_place(start), verdicts)
            rest = [wrong for wrong in rest if wrong not in group]
        else:
            rest = rest[1:]


def cause_from(scene: Scene, group: Group, code: str, what: str, expected: str, follows: str) -> Cause:
    """Return the cause that a group of claims has: something is otherwise from a place on.

    Args:
        scene: the check.
        group: the claims and the place.
        code: of the message.
        what: is otherwise.
        expected: what the lead was said to have.
        follows: how the claims differ, in words.
    """
    lead = group.lead
    unknown = f"\nwhere {lead.name} was made was not seen, so the first place is not known"
    reason = Diagnostic(
        code,
        what,
        where=group.where,
        expected=f"{expected} in {lead.name}",
        found=there_text(scene, group.start, lead.name, lead.value),
        because=f"{counted(len(group.verdicts), 'line')} that fail are behind it{follows}"
        + ("" if group.where else unknown),
        hint=f"shapeflow show TRACE '{lead.name}' --producers",
    )
    return cause(group.verdicts, lead.verdict, reason)


def _when(scene: Scene, value: Value) -> tuple[int, int]:
    return scene.order(value), value.id


def _call(scene: Scene, value: Value) -> int | None:
    return None if value.producer is None else scene.trace.ops[value.producer].call
