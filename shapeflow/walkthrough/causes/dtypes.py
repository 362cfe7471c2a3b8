"""A dtype that is another one from some place of the run on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from shapeflow.common.text import counted
from shapeflow.errors import Diagnostic
from shapeflow.walkthrough.cause import Cause
from shapeflow.walkthrough.causes.comparisons import bindings_of, wrong_shapes
from shapeflow.walkthrough.causes.downstream import downstream
from shapeflow.walkthrough.causes.scene import Scene, cause, there_text
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
        lead = group.lead
        expected, found = lead.dtypes
        doubt = (
            ""
            if group.where
            else f"\nwhere {lead.name} was made was not seen, so the first place is not known"
        )
        reason = Diagnostic(
            "dtype-changed",
            f"tensors are {found} from here on, not {expected}",
            where=group.where,
            expected=f"{expected} in {lead.name}",
            found=there_text(scene, group.start, lead.name, lead.value),
            because=f"{counted(len(group.verdicts), 'line')} that fail are behind it and differ so{doubt}",
            hint=f"shapeflow show TRACE '{lead.name}' --producers",
        )
        yield cause(group.verdicts, lead.verdict, reason)
