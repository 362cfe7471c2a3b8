"""A layer that is there and never ran."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from shapeflow.common.text import counted, listing
from shapeflow.errors import Diagnostic
from shapeflow.model.members import can_run
from shapeflow.model.path_index import PathIndex, selector_of
from shapeflow.model.records import Call
from shapeflow.walkthrough.cause import Cause
from shapeflow.walkthrough.causes.scene import Scene, cause, counts_of, inside
from shapeflow.walkthrough.claims.count import Count
from shapeflow.walkthrough.verdict import Verdict

SHOWN = 12
"""Calls of neighbours that a message lists."""


def find_idle(scene: Scene, verdicts: Sequence[Verdict]) -> Iterator[Cause]:
    """Yield the layers that never ran, with the claims that name them, and those that count without them."""
    rest = list(verdicts)
    for idle in _groups(scene, rest).values():
        told = [verdict for verdict in rest if _names_only(verdict, idle)]
        counted_wrongly = [verdict for verdict in rest if _counts(scene, verdict, idle)]
        if len(told) + len(counted_wrongly) >= scene.least or counted_wrongly:
            group = sorted([*told, *counted_wrongly], key=lambda verdict: verdict.claim.id)
            yield _cause(scene, idle, group)
            rest = [verdict for verdict in rest if verdict not in group]


def _groups(scene: Scene, verdicts: Sequence[Verdict]) -> dict[str, list[str]]:
    """Return the outermost modules that never ran, those side by side together."""
    index = scene.trace.cached(PathIndex)
    named = {key for verdict in verdicts for key in verdict.missing if key in scene.trace.module_by_path}
    for verdict in verdicts:  # a claim may fail only because a neighbour ran more often
        if isinstance(verdict.claim.body, Count) and verdict.code == "count":
            for match in scene.named(verdict.claim.body.selector.text):
                path = match.call.path if match.call is not None else ""
                while path:
                    named.update(_beside(scene, path, idle=True))
                    path = path.rpartition(".")[0]
    groups: dict[str, list[str]] = {}
    for key in sorted(named, key=_numbered):
        top = key
        while (up := top.rpartition(".")[0]) and _is_idle(scene, index, up):
            top = up
        if _is_idle(scene, index, top):
            group = groups.setdefault(top.rpartition(".")[0], [])
            if top not in group:
                group.append(top)
    return groups


def _numbered(path: str) -> list[tuple[int, str]]:
    return [(int(name), "") if name.isdecimal() and len(name) < 9 else (-1, name) for name in path.split(".")]


def _is_idle(scene: Scene, index: PathIndex, path: str) -> bool:
    return path in scene.trace.module_by_path and path not in index.calls and can_run(scene.trace, path)


def _beside(scene: Scene, path: str, *, idle: bool) -> list[str]:
    """Return the modules of its class in the same numbered list, those that ran or those that did not."""
    index = scene.trace.cached(PathIndex)
    parent, _, name = path.rpartition(".")
    module = scene.trace.module_by_path.get(path)
    if module is None or not name.isdecimal():
        return []
    modules = [scene.trace.module_by_path.get(key) for key in index.children.get(parent, {}).values()]
    alike = [one.path for one in modules if one is not None and one.class_path == module.class_path]
    return [key for key in alike if (key not in index.calls) == idle]


def _names_only(verdict: Verdict, idle: Sequence[str]) -> bool:
    """Return whether all that a claim misses is one of these layers, or in one."""
    return bool(verdict.missing) and all(any(inside(key, top) for top in idle) for key in verdict.missing)


def _counts(scene: Scene, verdict: Verdict, idle: Sequence[str]) -> bool:
    """Return whether a number of calls or ops is wrong by just what these layers would have run.

    They themselves are counted; or what they would have had is missing; or a neighbour ran more often.
    """
    body = verdict.claim.body
    if not isinstance(body, Count) or verdict.code != "count" or body.unit not in ("calls", "ops"):
        return False
    wanted, there = counts_of(verdict)
    if wanted < 0 or there < 0:
        return False
    short = wanted - there
    keys = scene.keys(body.selector.text)
    if keys and not there and all(any(inside(key, top) for top in idle) for key in keys):
        return True
    runs = _runs(scene, idle[0])
    if not runs or not short:
        return False
    matches = scene.named(body.selector.text)
    near = min(runs, key=lambda path: len(runs[path]))
    would = sum(1 for match in matches if inside(match.path.partition("/")[0], near)) // len(runs[near])
    if short > 0:
        return would * len(idle) == short
    surplus = 0
    for path, calls in runs.items():
        there = sum(1 for match in matches if inside(match.path.partition("/")[0], path))
        surplus += there - there // len(calls) * len(runs[near])
    return surplus == -short


def _runs(scene: Scene, path: str) -> Mapping[str, list[Call]]:
    """Return the neighbours that ran, with their calls."""
    index = scene.trace.cached(PathIndex)
    return {
        key: [scene.trace.calls[call] for call in index.calls[key]]
        for key in _beside(scene, path, idle=False)
    }


def _cause(scene: Scene, idle: Sequence[str], group: Sequence[Verdict]) -> Cause:
    """Return the cause, with what ran in their place."""
    names = [f"'{selector_of(path)}'" for path in idle]
    runs = _runs(scene, idle[0])
    calls = sorted((call for those in runs.values() for call in those), key=lambda call: call.id)
    twice = [path for path, those in runs.items() if len(those) > min(map(len, runs.values()))]
    title = f"{listing(names)} never ran"
    if twice:
        title += f", and '{selector_of(twice[0])}' ran {counted(len(runs[twice[0]]), 'time')}"
    found = ""
    if calls:
        order = [call.path.rpartition(".")[2] for call in calls]
        found = f"its neighbours ran in the order {listing(order, SHOWN)}"
    before = [call for call in calls if _numbered(call.path) < _numbered(idle[0])]
    near = (before or calls)[-1:]
    reason = Diagnostic(
        "never-ran",
        title,
        where=scene.call_place(near[0]) if near else _class_place(scene, idle[0]),
        expected=f"a call of {names[0].strip(chr(39))}",
        found=found,
        because=f"{counted(len(group), 'line')} that fail name it, or count what it would have run",
    )
    return cause(group, group[0], reason)


def _class_place(scene: Scene, path: str) -> str:
    """Return where the module around one is written, since no line called it."""
    parent = scene.trace.module_by_path.get(path.rpartition(".")[0])
    line = scene.trace.line(parent.source) if parent is not None else ""
    name = selector_of(parent.path) if parent is not None else "."
    return f"{line}, in {name}, which never calls it" if line else f"in {name}, which never calls it"
