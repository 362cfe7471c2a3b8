"""What some calls or ops cost: FLOPs, each op counted once, and the most memory that was alive meanwhile."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from shapeflow.model.match import Match
from shapeflow.model.records import Op, Records


def ops_of(trace: Records, matches: Sequence[Match]) -> list[Op]:
    """Return the ops that are named, or ran in the calls that are, each once."""
    ids: dict[int, None] = {}
    for match in matches:
        if match.op is not None:
            ids[match.op.id] = None
        elif match.call is not None:
            ids.update(dict.fromkeys(range(match.call.first_op, match.call.last_op)))
    return [trace.ops[op] for op in ids]


def flops_of(ops: Iterable[Op]) -> int:
    """Return the FLOPs of ops; what was opened inside a composite op among them is in that already."""
    there = {op.id: op for op in ops}
    return sum(op.flops for op in there.values() if op.parent is None or op.parent not in there)


def peak_of(ops: Iterable[Op]) -> int:
    """Return the most bytes of activations, of the whole run, that were alive when one of the ops ended."""
    return max((op.live_bytes for op in ops), default=0)
