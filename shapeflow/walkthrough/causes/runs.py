"""Causes in the runs of a document: what is the same in several runs is told once."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from shapeflow.common.text import counted, listing
from shapeflow.walkthrough.cause import Cause
from shapeflow.walkthrough.causes import find_causes, in_order
from shapeflow.walkthrough.causes.scene import LEAST, Judge
from shapeflow.walkthrough.verdict import CheckResult, Verdict

Key = tuple[str, str, str]
"""Code, what and where of a cause: the same in two runs if these are."""


@dataclass(frozen=True)
class InRun:
    """The check of the claims that speak of one run."""

    run: str
    """Its name; empty in a document that names none."""
    result: CheckResult
    judge: Judge

    @cached_property
    def verdicts(self) -> Mapping[int, Verdict]:
        """The verdicts in this run by the id of their claim."""
        return {verdict.claim.id: verdict for verdict in self.result.verdicts}

    @cached_property
    def causes(self) -> tuple[Cause, ...]:
        """What the claims that fail in this run have in common."""
        return find_causes(self.result, self.judge) if self.result.failed else ()


def find_in_runs(result: CheckResult, parts: Sequence[InRun]) -> tuple[Cause, ...]:
    """Return the causes in all runs of a document.

    A claim that fails in several runs is put down to a cause only if there is one in each of them; to that
    in the first.

    Args:
        result: the check of the whole document.
        parts: its checks run by run.
    """
    if len(parts) == 1 and not parts[0].run:
        return parts[0].causes
    told: dict[Key, list[tuple[str, Cause]]] = {}
    for part in parts:
        for cause in part.causes:
            told.setdefault(_key(cause), []).append((part.run, cause))
    for part in parts:
        for cause in _alike(part, parts, told):
            told[_key(cause)].append((part.run, cause))
    in_run = {
        (run, number): key for key, causes in told.items() for run, cause in causes for number in cause.claims
    }
    home = {
        verdict.claim.id: in_run[verdict.failing[0], verdict.claim.id]
        for verdict in result.failed
        if verdict.failing and all((run, verdict.claim.id) in in_run for run in verdict.failing)
    }
    merged = (
        _merged(causes, [number for number in home if home[number] == key], len(parts))
        for key, causes in told.items()
    )
    return in_order(cause for cause in merged if cause is not None)


def _key(cause: Cause) -> Key:
    return cause.code, cause.what, cause.where


def _alike(part: InRun, parts: Sequence[InRun], told: Collection[Key]) -> list[Cause]:
    """Return causes of other runs that explain claims in this one, though fewer than are told together."""
    explained = {number for cause in part.causes for number in cause.claims}
    elsewhere = {number for other in parts for cause in other.causes for number in cause.claims}
    rest = [verdict for verdict in part.result.failed if verdict.claim.id in elsewhere - explained]
    found = find_causes(part.result, part.judge, rest, least=1) if rest else ()
    return [cause for cause in found if _key(cause) in told]


def _merged(causes: Sequence[tuple[str, Cause]], claims: Sequence[int], runs: int) -> Cause | None:
    """Return what several runs have in common as one cause, with the claims that are put down to it.

    Args:
        causes: the runs in which it shows, and the cause there.
        claims: those that are put down to it.
        runs: how many were judged.
    """
    alike = [cause for _, cause in causes]
    if len(claims) < min(LEAST, *(len(cause.claims) for cause in alike)):
        return None
    (run, first), *others = causes
    because = f"in the run '{run}'"
    if others:
        more = [f"'{name}' ({counted(len(cause.claims), 'line')})" for name, cause in others]
        because += f", and so in {listing(more)}"
    near = next(number for number in (*(cause.first for cause in alike), *claims) if number in claims)
    reason = replace(first.diagnostic, because="\n".join(filter(None, (first.because, because))))
    if first.size is not None and len(causes) < runs:
        hint = f"no size for '{first.size[0]}' in the front matter, so that each run binds its own"
        reason = replace(reason, hint=hint)
    return replace(first, diagnostic=reason, claims=tuple(sorted(claims)), first=near)
