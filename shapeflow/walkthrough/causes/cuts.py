"""A flow that is cut at one place: data of several sources ends in the same op."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from shapeflow.common.text import counted, listing
from shapeflow.errors import Diagnostic, SelectorError
from shapeflow.model.flow import all_reach
from shapeflow.walkthrough.cause import Cause
from shapeflow.walkthrough.causes.scene import Scene, cause
from shapeflow.walkthrough.claims.flow import Flow
from shapeflow.walkthrough.verdict import Verdict


def find_cuts(scene: Scene, verdicts: Sequence[Verdict]) -> Iterator[Cause]:
    """Yield the ops at which data ends that claims say goes on to the same destination."""
    groups: dict[int, list[Verdict]] = {}
    goals: dict[int, dict[str, None]] = {}
    for verdict in verdicts:
        body = verdict.claim.body
        if (
            not isinstance(body, Flow)
            or body.verb != "reaches"
            or verdict.code != "flow"
            or not body.destination
        ):
            continue
        try:
            _, goal, reach = all_reach(scene.trace, body.source.text, body.destination.text)
        except SelectorError:
            continue
        if reach.answer == "no" and reach.last is not None:
            groups.setdefault(reach.last, []).append(verdict)
            goals.setdefault(reach.last, {})[f"'{goal}'"] = None
    for last, group in groups.items():
        if len(group) < scene.least:
            continue
        goal = listing(list(goals[last]))
        made = next((port.value for port in scene.trace.ops[last].outputs if port.value is not None), None)
        reason = Diagnostic(
            "flow-cut",
            f"data that should reach {goal} ends in one place",
            where=scene.op_place(last),
            expected=f"a path on to {goal}",
            found=f"{scene.trace.values[made]}, and no way on" if made is not None else "no tensor",
            because=f"{counted(len(group), 'line')} that fail have it as the last op with their data",
        )
        yield cause(group, group[0], reason)
