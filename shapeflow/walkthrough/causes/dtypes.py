"""A dtype that is another one from some place of the run on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from shapeflow.walkthrough.cause import Cause
from shapeflow.walkthrough.causes.comparisons import bindings_of, wrong_shapes
from shapeflow.walkthrough.causes.downstream import cause_from, downstream
from shapeflow.walkthrough.causes.scene import Scene
from shapeflow.walkthrough.verdict import Verdict


def find_dtypes(scene: Scene, verdicts: Sequence[Verdict]) -> Iterator[Cause]:
    """Yield the places behind which a dtype is another one, with the claims that differ in the same way."""
    claims = [
        wrong
        for wrong in wrong_shapes(scene, verdicts, bindings_of(scene))
        if all(one.dtypes != ("", "") for one in wrong)
    ]
    groups = downstream(
        scene,
        claims,
        lambda lead, value: value.dtype == lead.dtypes[1],
        lambda lead, one: one.dtypes == lead.dtypes,
    )
    for group in groups:
        expected, found = group.lead.dtypes
        what = f"tensors are {found} from here on, not {expected}"
        yield cause_from(scene, group, "dtype-changed", what, expected, " and differ so")
