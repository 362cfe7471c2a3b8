"""A size that is another one from some place of the run on, though not everywhere."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from shapeflow.walkthrough.cause import Cause
from shapeflow.walkthrough.causes.comparisons import Wrong, bindings_of, wrong_shapes
from shapeflow.walkthrough.causes.downstream import Group, cause_from, downstream
from shapeflow.walkthrough.causes.scene import Scene
from shapeflow.walkthrough.verdict import Verdict


def find_sizes(scene: Scene, verdicts: Sequence[Verdict]) -> Iterator[Cause]:
    """Yield the places behind which a size is another one, with the claims that differ by what follows."""
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
    """Return whether a change of size follows from another: so many times it or its square, or one more."""
    (was, now), (before, after) = pair, of
    for power in (1, 2):
        old, new = before**power, after**power
        if old and was and was * new == now * old and (was % old == 0 or old % was == 0):
            return True
        times, left = divmod(was - 1, old) if old else (0, 1)
        if not left and times and now == times * new + 1:
            return True
    return False


def _cause(scene: Scene, group: Group) -> Cause:
    lead = group.lead
    difference = lead.differences[0]
    written = lead.written(difference)
    named = f"'{written.text}'" if written is not None and written.symbols else "a size"
    what = f"{named} is {difference.found} from here on, not {difference.expected}"
    follows = ", with sizes that follow"
    return cause_from(scene, group, "size-changed", what, str(difference.expected), follows)
