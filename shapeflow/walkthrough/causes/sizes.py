"""A size that is another one from some place of the run on, though not everywhere."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from shapeflow.common.text import counted
from shapeflow.errors import Diagnostic
from shapeflow.walkthrough.cause import Cause
from shapeflow.walkthrough.causes.comparisons import Wrong, bindings_of, wrong_shapes
from shapeflow.walkthrough.causes.downstream import Group, downstream
from shapeflow.walkthrough.causes.scene import Scene, cause, there_text
from shapeflow.walkthrough.verdict import Verdict


def find_sizes(scene: Scene, verdicts: Sequence[Verdict]) -> Iterator[Cause]:
    """Yield the places behind which a size is another one, with the claims that differ by what follows from it."""
    claims = [
        wrong
        for wrong in wrong_shapes(scene, verdicts, bindings_of(scene))
        if all(one.differences for one in wrong)
    ]

    def goes_on(lead: Wrong, one: Wrong) -> bool:
        return all(any(_follows(pair, of) for of in lead.pairs) for pair in one.pairs)

    for group in downstream(
        scene, claims, lambda lead, value: lead.differences[0].found in value.shape, goes_on
    ):
        yield _cause(scene, group)


def _follows(pair: tuple[int, int], of: tuple[int, int]) -> bool:
    """Return whether a change of size follows from another: the same, as many times, its square, one more."""
    (was, now), (before, after) = pair, of
    return any(
        (was - more) * after**power == (now - more) * before**power and was > more and now > more
        for power in (1, 2)
        for more in (0, 1)
    )


def _cause(scene: Scene, group: Group) -> Cause:
    lead = group.lead
    difference = lead.differences[0]
    written = lead.written(difference)
    named = f"'{written.text}'" if written is not None and written.symbols else "a size"
    doubt = "" if group.where else f"\nwhere {lead.name} was made was not seen, so the first place is not known"
    reason = Diagnostic(
        "size-changed",
        f"{named} is {difference.found} from here on, not {difference.expected}",
        where=group.where,
        expected=f"{difference.expected} in {lead.name}",
        found=there_text(scene, group.start, lead.name, lead.value),
        because=f"{counted(len(group.verdicts), 'line')} that fail are behind it, with sizes that follow{doubt}",
        hint=f"shapeflow show TRACE '{lead.name}' --producers",
    )
    return cause(group.verdicts, lead.verdict, reason)
