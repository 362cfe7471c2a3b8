"""Find what the claims that fail have in common, so that one cause is told once.

A claim is put down to a cause only where that is known: it holds once the cause is granted (another size for
a name, another making of what one op makes), or what it names is what is missing (a module, what comes after
a crash), or what it found follows from there (the same change of size or dtype, downstream of it). Each claim
has one cause at most.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from shapeflow.walkthrough.cause import Cause
from shapeflow.walkthrough.causes.cuts import find_cuts
from shapeflow.walkthrough.causes.dtypes import find_dtypes
from shapeflow.walkthrough.causes.early_end import find_early_end
from shapeflow.walkthrough.causes.gone import find_gone, find_gone_members
from shapeflow.walkthrough.causes.idle import find_idle
from shapeflow.walkthrough.causes.makings import find_makings
from shapeflow.walkthrough.causes.members import find_members
from shapeflow.walkthrough.causes.names import find_names
from shapeflow.walkthrough.causes.scene import LEAST, Judge, Scene
from shapeflow.walkthrough.causes.sizes import find_sizes
from shapeflow.walkthrough.causes.unsized import find_unsized
from shapeflow.walkthrough.verdict import CheckResult, Verdict

FINDERS = (
    find_early_end,
    find_gone,
    find_idle,
    find_names,
    find_members,
    find_gone_members,
    find_unsized,
    find_makings,
    find_sizes,
    find_dtypes,
    find_cuts,
)
"""In the order in which they are asked: what explains most, and most surely, first."""


FOLLOWING = ("size-changed", "dtype-changed", "flow-cut", "size-missing")
"""Causes that may follow from others, as a size from a layer that is gone: they are told after them."""


def find_causes(
    result: CheckResult, judge: Judge, verdicts: Sequence[Verdict] | None = None, least: int = LEAST
) -> tuple[Cause, ...]:
    """Return the causes of what fails: modules and layers, then sizes and flows; that of most claims first.

    Args:
        result: a check in which something fails.
        judge: judges a changed document on the same trace.
        verdicts: those that are asked about; None: all that fail.
        least: claims that a cause explains at least.
    """
    scene = Scene(result, result.trace, judge, least)
    rest = list(result.failed if verdicts is None else verdicts)
    found: list[Cause] = []
    for find in FINDERS:
        for cause in find(scene, rest):
            found.append(cause)
            rest = [verdict for verdict in rest if verdict.claim.id not in cause.claims]
    return in_order(found)


def in_order(causes: Iterable[Cause]) -> tuple[Cause, ...]:
    """Return causes as they are told: what may follow from others last, that of most claims first."""
    return tuple(sorted(causes, key=lambda cause: (cause.code in FOLLOWING, -len(cause.claims))))
