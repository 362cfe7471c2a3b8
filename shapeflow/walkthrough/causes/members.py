"""A list of layers that has more or fewer members."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from shapeflow.common.text import counted
from shapeflow.errors import Diagnostic
from shapeflow.model.path_index import PathIndex, selector_of
from shapeflow.walkthrough.cause import Cause
from shapeflow.walkthrough.causes.scene import Scene, cause, counts_of, inside
from shapeflow.walkthrough.claims.attribute import Attribute
from shapeflow.walkthrough.claims.count import Count
from shapeflow.walkthrough.verdict import Verdict


def find_members(scene: Scene, verdicts: Sequence[Verdict]) -> Iterator[Cause]:
    """Yield the lists of layers with another number of members, and the claims that are wrong by them."""
    rest = list(verdicts)
    for lead in verdicts:
        parent, wanted, there = _number(scene, lead)
        if lead not in rest or not parent:
            continue
        group = [
            verdict for verdict in rest if verdict is lead or _follows(scene, verdict, parent, wanted, there)
        ]
        if len(group) >= scene.least:
            yield _cause(scene, parent, wanted, there, lead, group)
            rest = [verdict for verdict in rest if verdict not in group]


def _number(scene: Scene, verdict: Verdict) -> tuple[str, int, int]:
    """Return the list that a claim counts, how many members it should have and how many it has."""
    body = verdict.claim.body
    if not isinstance(body, Count) or verdict.code != "count" or body.unit not in ("modules", "calls"):
        return "", 0, 0
    parent, star, rest = body.selector.text.partition(".*")
    members = _members(scene, parent)
    wanted, found = counts_of(verdict)
    if not star or rest or found != len(members):
        return "", 0, 0
    return parent, wanted, found


def _members(scene: Scene, parent: str) -> list[str]:
    index = scene.trace.cached(PathIndex)
    return [path for name, path in index.children.get(parent, {}).items() if name.isdecimal()]


def _follows(scene: Scene, verdict: Verdict, parent: str, wanted: int, there: int) -> bool:
    """Return whether a claim is wrong by just what the members make up that are missing, or too many."""
    body = verdict.claim.body
    if verdict.missing:
        numbers = [key.removeprefix(f"{parent}.").partition(".")[0] for key in verdict.missing]
        below = all(key.startswith(f"{parent}.") for key in verdict.missing)
        return below and all(number.isdecimal() and there <= int(number) < wanted for number in numbers)
    if isinstance(body, Attribute):
        size = scene.result.bindings.get(verdict.expected, (0, ""))[0]
        expected = size or (int(verdict.expected) if verdict.expected.isdecimal() else -1)
        owner = parent.rpartition(".")[0]
        return (body.path.text, expected, verdict.found) == (selector_of(owner), wanted, str(there))
    if isinstance(body, Count) and verdict.code == "count":
        return min(counts_of(verdict)) >= 0 and _counts(scene, body, verdict, parent, wanted, there)
    return False


def _counts(scene: Scene, body: Count, verdict: Verdict, parent: str, wanted: int, there: int) -> bool:
    """Return whether a number of modules, calls or ops is wrong by what the members make up."""
    expected, found = counts_of(verdict)
    if body.unit not in ("calls", "ops"):
        return body.selector.text == f"{selector_of(parent)}.*" and (expected, found) == (wanted, there)
    members = _members(scene, parent)
    matches = scene.named(body.selector.text)
    each = {sum(1 for m in matches if inside(m.path.partition("/")[0], path)) for path in members}
    if len(each) == 1 and found - expected == (there - wanted) * next(iter(each)):
        return True
    # Or what the same call runs beside each member, such as a norm in the loop over layers.
    index = scene.trace.cached(PathIndex)
    loops = {scene.trace.calls[call].parent for path in members for call in index.calls.get(path, ())}
    beside = {match.call.parent for match in matches if match.call is not None and match.op is None}
    return bool(matches) and beside <= loops and found * wanted == expected * there


def _cause(
    scene: Scene, parent: str, wanted: int, there: int, lead: Verdict, group: Sequence[Verdict]
) -> Cause:
    index = scene.trace.cached(PathIndex)
    members = _members(scene, parent)
    calls = [scene.trace.calls[call] for path in members for call in index.calls.get(path, ())]
    last = max(calls, key=lambda call: call.id, default=None)
    owner = scene.trace.module_by_path.get(parent.rpartition(".")[0])
    reason = Diagnostic(
        "members-changed",
        f"'{selector_of(parent)}' has {counted(there, 'member')}, not {wanted}",
        where=scene.call_place(last)
        if last is not None
        else f"in {selector_of(owner.path if owner else '')}",
        expected=f"{selector_of(parent)}.* = {wanted}",
        found=f"{selector_of(members[0])} to {selector_of(members[-1])}" if members else "none",
        because=f"{counted(len(group), 'line')} that fail are wrong by what that makes up",
        hint=lead.hint,
    )
    return cause(group, lead, reason)
