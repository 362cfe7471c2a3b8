"""A module that is not in the model any more: renamed, moved or taken out."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from shapeflow.common.text import counted, listing
from shapeflow.errors import Diagnostic
from shapeflow.model.path_index import PathIndex, selector_of
from shapeflow.walkthrough.cause import Cause
from shapeflow.walkthrough.causes.scene import Scene, cause
from shapeflow.walkthrough.parts import SelectorPart, rewritten, selectors_of
from shapeflow.walkthrough.verdict import Verdict

TRIED = 3
"""Modules that are tried in the place of the one that is gone."""


def find_gone(scene: Scene, verdicts: Sequence[Verdict]) -> Iterator[Cause]:
    """Yield the modules that claims name and that are not there; a numbered member of a list comes later."""
    yield from _find(scene, [verdict for verdict in verdicts if not _is_member(verdict)])


def find_gone_members(scene: Scene, verdicts: Sequence[Verdict]) -> Iterator[Cause]:
    """Yield the numbered members of lists that claims name and that are not there."""
    yield from _find(scene, [verdict for verdict in verdicts if _is_member(verdict)])


def _is_member(verdict: Verdict) -> bool:
    return any(key.rpartition(".")[2].isdecimal() for key in verdict.missing)


def _find(scene: Scene, verdicts: Sequence[Verdict]) -> Iterator[Cause]:
    groups: dict[str, list[Verdict]] = {}
    for verdict in verdicts:
        if verdict.code == "unknown-path" and verdict.missing:
            groups.setdefault(verdict.missing[0], []).append(verdict)
    for key, group in groups.items():
        if len(group) >= scene.least:
            yield _cause(scene, key, group)


def _cause(scene: Scene, key: str, group: Sequence[Verdict]) -> Cause:
    """Return the cause, with the module that has the same things in it, if there is one."""
    parent = key.rpartition(".")[0]
    index = scene.trace.cached(PathIndex)
    named = selector_of(key)
    near, holding = _renamed(scene, key, group)
    what = "nothing in this run is called" if key.endswith("()") else "no module is called"
    title = f"{what} '{named}'"
    because = f"{counted(len(group), 'line')} that fail name it"
    if near:
        title += f"; '{selector_of(near)}' is like it"
        because += f"; with '{selector_of(near)}' in its place {holding:,} of them hold"
    module = scene.trace.module_by_path.get(parent)
    line = scene.trace.line(module.source) if module is not None else ""
    holder = f"'{selector_of(parent)}'" if parent else "the model"
    place = f"in {selector_of(parent) if parent else holder}"
    place += f" ({module.class_name})" if module is not None else ""
    below = [name for name in index.children.get(parent, {}) if not name.endswith("()")]
    reason = Diagnostic(
        "module-gone",
        title,
        where=f"{line}, {place}" if line else place,
        expected=named,
        found=f"{holder} has {listing(below, 6)}" if below else "nothing is there",
        because=because,
        hint=selector_of(near) if near else "",
    )
    return cause(group, group[0], reason)


def _renamed(scene: Scene, key: str, group: Sequence[Verdict]) -> tuple[str, int]:
    """Return the path with which most of the claims hold, and how many; none if none does."""
    whole = re.compile(rf"(?:(?<=^\.)|(?<![\w.*])){re.escape(selector_of(key))}(?![\w*])")
    best = ("", 0)
    for near in _candidates(scene, key, group):

        def renamed(text: str, name: str = selector_of(near)) -> str:
            return whole.sub(lambda _: name, text)

        def part(given: SelectorPart, renamed: Callable[[str], str] = renamed) -> SelectorPart:
            return replace(given, text=renamed(given.text))

        claims = tuple(
            replace(
                verdict.claim,
                body=rewritten(verdict.claim.body, {SelectorPart: part}),
                scope=replace(verdict.claim.scope, module=renamed(verdict.claim.scope.module)),
            )
            for verdict in group
        )
        sizes = {symbol: str(size) for symbol, (size, _) in scene.result.bindings.items()}
        again = scene.judge(replace(scene.document, claims=claims, dims=sizes)).verdicts
        holding = sum(1 for verdict in again if verdict.passed and not verdict.skipped)
        if holding > best[1]:
            best = (near, holding)
    return best


def _candidates(scene: Scene, key: str, group: Sequence[Verdict]) -> list[str]:
    """Return the modules that may be meant: those beside it or with its name elsewhere, the likest first."""
    index = scene.trace.cached(PathIndex)
    parent, _, name = key.rpartition(".")
    wanted = {
        rest.split(":")[0].split("/")[0].split("@")[0].strip(".")
        for verdict in group
        for part in selectors_of(verdict.claim.body)
        if (rest := part.text.partition(selector_of(key))[2])
    }
    paths = {tuple(step for step in rest.split(".") if step) for rest in wanted if "*" not in rest}
    method = name.endswith("()")
    beside = [path for path in index.children.get(parent, {}).values() if path.endswith("()") == method]
    elsewhere = [path for path in index.children if path.rpartition(".")[2] == name]
    points: Counter[str] = Counter()
    for candidate in (*beside, *elsewhere):
        points[candidate] += sum(1 for path in paths if ".".join((candidate, *path)) in index.children)
    return [candidate for candidate, _ in points.most_common(TRIED)]
