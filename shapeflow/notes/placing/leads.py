"""Lines above a table or a list that lead to a place which hardly any of its shapes fits."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from shapeflow.notes.placing.chain import Placed
from shapeflow.notes.placing.relations import FITS

SEVERAL = 4
"""Of so many shapes one may be wrong, but not most."""
LEAST_FITTING = 0.3


def misleading(placed: Sequence[Placed]) -> frozenset[str]:
    """Return the lines above several mentions most of which fit somewhere, but not where words place them."""
    below: dict[str, list[float]] = defaultdict(list)
    for one in placed:
        if not any(state.relation in FITS for state in one.states):
            continue
        for lead in one.mention.frame.lead:
            below[lead].append(one.mass(*FITS))
    return frozenset(
        lead
        for lead, masses in below.items()
        if len(masses) >= SEVERAL and sum(masses) < LEAST_FITTING * len(masses)
    )
