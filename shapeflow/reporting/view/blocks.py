"""How the claims of a block are read: what all their names begin with, and which of them may fold away."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from shapeflow.reporting.view.model import BlockView, ClaimView

if TYPE_CHECKING:
    from shapeflow.walkthrough.document import Claim

SHOWN = 3
"""Lines of a run of ticks that stay in sight."""
LEAST_FOLDED = 3
"""Fewer lines are not worth a fold."""
LEAST_SHARED = 8
"""Signs of a name that are worth a line of their own."""
HEAD_COST = 24
"""Signs that a line above a group has to save."""
PLAIN_NAME = re.compile(r"(?:[\w*]+(?:\(\))?)?")
"""A part of a path that holds no dot in brackets."""


@dataclass(frozen=True, slots=True)
class ClaimGroup:
    """Neighbours whose names begin alike."""

    module: str
    """What they begin with, or what the block says that they are about; empty: each is told in full."""
    claims: tuple[ClaimView, ...]


@dataclass(frozen=True, slots=True)
class ClaimStretch:
    """Neighbours in a block that are in sight, or ticks that are folded away together."""

    groups: tuple[ClaimGroup, ...]
    folded: bool = False

    @property
    def size(self) -> int:
        """Number of claims."""
        return sum(len(group.claims) for group in self.groups)


def stretches_of(block: BlockView) -> tuple[ClaimStretch, ...]:
    """Return the claims of a block as they are read, without the restated mistakes of another text.

    Of many ticks in a row only the first stay in sight; whatever is not a tick always does.
    """
    claims = [claim for claim in block.claims if not claim.said]
    parts: list[tuple[list[ClaimView], bool]] = [([], False)]
    for tone, group in groupby(claims, key=lambda claim: claim.tone):
        own = list(group)
        folds = tone == "good" and len(own) >= SHOWN + LEAST_FOLDED
        parts[-1][0].extend(own[:SHOWN] if folds else own)
        if folds:
            parts += [(own[SHOWN:], True), ([], False)]
    return tuple(ClaimStretch(groups_of(own, block.module), folded) for own, folded in parts if own)


def groups_of(claims: Sequence[ClaimView], module: str) -> tuple[ClaimGroup, ...]:
    """Return neighbours in groups that need their common name but once.

    Args:
        claims: in order.
        module: what the block says that they are about; their names do not tell it then.
    """
    shared = "" if module else _worth_telling([claim.path for claim in claims])
    if not claims or not shared:
        return (ClaimGroup(module, tuple(claims)),) if claims else ()
    groups: list[ClaimGroup] = []
    alone: list[ClaimView] = []
    for inside, group in groupby(claims, key=lambda claim: _begins(claim.path, shared)):
        own = tuple(group)
        if inside and len(own) > 1:
            groups += groups_of(alone, "")
            groups.append(ClaimGroup(shared, own))
            alone = []
        else:
            alone += own
    return (*groups, *groups_of(alone, ""))


def path_of(claim: Claim) -> str:
    """Return the path in the first name of a claim; empty if it has none."""
    from shapeflow.walkthrough.parts import ClaimError, selectors_of

    if isinstance(claim.body, ClaimError):
        return ""
    return re.split(r"[:/@]", next((part.text for part in selectors_of(claim.body)), ""), maxsplit=1)[0]


def _worth_telling(paths: Sequence[str]) -> str:
    """Return the beginning of names that saves most as a line above them; empty if none does."""
    best, most = "", 0
    for shared in dict.fromkeys(start for path in paths for start in _starts(path)):
        begins = [_begins(path, shared) for path in paths]
        lengths = [len(list(run)) for inside, run in groupby(begins) if inside]
        told = [length for length in lengths if length > 1]
        saved = len(shared) * sum(told) - (len(shared) + HEAD_COST) * len(told)
        if told and saved > most:
            best, most = shared, saved
    return best


def _starts(path: str) -> Iterator[str]:
    """Yield the beginnings of a path that end with a whole name and are worth a line."""
    names = path.split(".")
    for count, name in enumerate(names, 1):
        if not PLAIN_NAME.fullmatch(name):
            return
        start = ".".join(names[:count])
        if len(start) >= LEAST_SHARED:
            yield start


def _begins(path: str, shared: str) -> bool:
    return path == shared or path.startswith(f"{shared}.")
