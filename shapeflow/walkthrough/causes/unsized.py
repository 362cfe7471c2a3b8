"""A name or expression that has no size: every line that writes it fails."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from shapeflow.common.text import counted
from shapeflow.errors import Diagnostic
from shapeflow.walkthrough.cause import Cause
from shapeflow.walkthrough.causes.scene import Scene, cause
from shapeflow.walkthrough.claims.shape import Shape
from shapeflow.walkthrough.verdict import Verdict

CODES = ("symbol-unbound", "symbol-fraction", "size-out-of-range")


def find_unsized(scene: Scene, verdicts: Sequence[Verdict]) -> Iterator[Cause]:
    """Yield what has no size, with the claims that write it, and the claim that should have bound it."""
    groups: dict[tuple[str, str, str], list[Verdict]] = {}
    for verdict in verdicts:
        if verdict.code in CODES:
            groups.setdefault((verdict.code, verdict.what, verdict.because), []).append(verdict)
    for (_, what, because), group in groups.items():
        if len(group) < scene.least:
            continue
        binder = _binder(scene, what.split("'")[1] if "'" in what else "")
        first = group[0]
        reason = Diagnostic(
            "size-missing",
            what,
            where=str((binder or first).span.location),
            expected=first.expected,
            because="\n".join(
                line
                for line in (
                    because,
                    "the line that would give it its size fails" if binder else "",
                    f"{counted(len(group), 'line')} that fail write it, so they cannot be judged",
                )
                if line
            ),
        )
        yield cause(group, first, reason)


def _binder(scene: Scene, symbol: str) -> Verdict | None:
    """Return the first claim that fails and would have given a name its size."""
    for verdict in scene.result.failed:
        body = verdict.claim.body
        if isinstance(body, Shape) and verdict.status != "invalid" and symbol in body.pattern.symbols:
            return verdict
    return None
