"""A coverage as JSON, for other programs; docs/coverage.schema.json describes it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from shapeflow.coverage.measure import Coverage, Share
from shapeflow.coverage.mutation.mutate import Mutation, Outcome
from shapeflow.coverage.proposals import Proposal
from shapeflow.coverage.units import KINDS

SCHEMA = "shapeflow.coverage/1"


def data_of(
    coverage: Coverage | None = None,
    proposals: Sequence[Proposal] = (),
    mutation: Mutation | None = None,
    *,
    levels: int = 3,
) -> dict[str, Any]:
    """Return a coverage, or what came of many changes, as plain data."""
    result = coverage.result if coverage is not None else mutation.result if mutation is not None else None
    assert result is not None, "one of them is shown"
    return {
        "schema": SCHEMA,
        "document": result.document.path,
        "title": result.document.title,
        "model": result.trace.run.target,
        "device": result.trace.run.device,
        "coverage": None if coverage is None else _coverage(coverage, proposals, levels),
        "mutation": None if mutation is None else _mutation(mutation),
    }


def _coverage(coverage: Coverage, proposals: Sequence[Proposal], levels: int) -> dict[str, Any]:
    return {
        "total": coverage.total,
        "kinds": _shares(coverage.shares),
        "modules": [
            {
                "path": module.path,
                "level": module.level,
                "modules": module.modules,
                "kinds": _shares(module.shares),
            }
            for module in coverage.modules(levels)
        ],
        "sections": [
            {
                "id": part.section.id,
                "title": part.section.title,
                "line": part.section.line,
                "claims": part.claims,
                "counted": part.counted,
                "covers": _in_order(part.covers),
                "alone": _in_order(part.alone),
            }
            for part in coverage.sections
        ],
        "proposals": [
            {"lines": list(one.lines), "covers": _in_order(one.covers), "alike": one.alike}
            for one in proposals
        ],
    }


def _mutation(mutation: Mutation) -> dict[str, Any]:
    return {
        "seed": mutation.seed,
        "asked": mutation.asked,
        **_share(mutation.score),
        "kinds": {kind: _share(share) for kind, share in mutation.kinds.items()},
        "changes": [_outcome(outcome) for outcome in mutation.outcomes],
        "survivors": [
            {
                "kind": one.first.change.kind,
                "sentence": one.sentence,
                "times": one.times,
                "notice": one.first.notice,
            }
            for one in mutation.survivors
        ],
    }


def _outcome(outcome: Outcome) -> dict[str, Any]:
    caught = outcome.caught_by
    return {
        "kind": outcome.change.kind,
        "place": outcome.change.place,
        "sentence": outcome.change.sentence,
        "caught_by": None if caught is None else {"line": caught.claim.span.line, "claim": caught.claim.text},
        "notice": outcome.notice,
    }


def _shares(shares: Mapping[str, Share]) -> dict[str, Any]:
    return {kind: _share(share) for kind, share in shares.items()}


def _share(share: Share) -> dict[str, Any]:
    return {"covered": share.covered, "all": share.all, "percent": share.percent}


def _in_order(numbers: Mapping[str, int]) -> dict[str, int]:
    return {kind: numbers[kind] for kind in KINDS if numbers.get(kind)}
