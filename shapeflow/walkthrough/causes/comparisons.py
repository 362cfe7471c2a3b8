"""How the shapes that claims write differ from what is there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from shapeflow.model.records import Value
from shapeflow.shapes.matching import Bindings, Difference, DimsDiffer, DtypeDiffers, Mismatch
from shapeflow.shapes.notation import Expression
from shapeflow.walkthrough.causes.scene import Scene
from shapeflow.walkthrough.claims.shape import Shape
from shapeflow.walkthrough.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Wrong:
    """A port that is not as a shape claim says."""

    verdict: Verdict
    name: str
    """Its selector."""
    value: Value
    reason: Mismatch

    @property
    def differences(self) -> tuple[Difference, ...]:
        """The dims that differ."""
        return self.reason.differences if isinstance(self.reason, DimsDiffer) else ()

    @property
    def pairs(self) -> set[tuple[int, int]]:
        """The sizes that were written, each with what there is."""
        return {(difference.expected, difference.found) for difference in self.differences}

    @property
    def dtypes(self) -> tuple[str, str]:
        """The dtype that was written, and what there is; empty if it is not that which differs."""
        return (
            (self.reason.expected, self.reason.found) if isinstance(self.reason, DtypeDiffers) else ("", "")
        )

    def written(self, difference: Difference) -> Expression | None:
        """Return what is written for a dim that differs."""
        body = self.verdict.claim.body
        meaning = body.pattern.dims[difference.dim].meaning if isinstance(body, Shape) else None
        return meaning if isinstance(meaning, Expression) else None


def wrong_shapes(scene: Scene, verdicts: Iterable[Verdict], bindings: Bindings) -> Iterator[list[Wrong]]:
    """Yield for each shape claim that differs only in sizes or dtypes the ports that are not as it says."""
    for verdict in verdicts:
        body = verdict.claim.body
        if not isinstance(body, Shape) or verdict.code == "said-holds":
            continue
        matches = scene.named(body.selector.text)
        trial = bindings.scope()
        compared = [body.compare(match, (0, ""), trial) for match in matches if match.port is not None]
        failing = [one for one in compared if one.reason is not None]
        wrong = [
            Wrong(verdict, one.match.short_name, one.match.value, one.reason)
            for one in failing
            if one.match.value is not None and isinstance(one.reason, DimsDiffer | DtypeDiffers)
        ]
        if wrong and len(wrong) == len(failing):
            yield wrong


def bindings_of(scene: Scene) -> Bindings:
    """Return the sizes that names have at the end of the check."""
    from shapeflow.shapes.matching import Binding

    bindings = Bindings()
    for symbol, (size, _) in scene.result.bindings.items():
        bindings.bind(symbol, Binding(size, 0))
    return bindings
