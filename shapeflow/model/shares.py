"""Parameters and FLOPs of a run divided among owners, nothing counted twice and nothing left out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod

from shapeflow.model.costs import total_parameters
from shapeflow.model.records import Records

Owner = int | None
"""A number that stands for an owner; None: nobody's."""


@dataclass(slots=True)
class Share:
    """What one owner has."""

    parameters: int = 0
    flops: int = 0
    ops: int = 0

    def add(self, other: Share) -> None:
        """Take what another one has."""
        self.parameters += other.parameters
        self.flops += other.flops
        self.ops += other.ops

    def __bool__(self) -> bool:
        """True if it costs anything."""
        return bool(self.parameters or self.flops)


def shares(trace: Records, calls: Mapping[int, int], ops: Mapping[int, int]) -> dict[Owner, Share]:
    """Divide a run: each op is its owner's, else that of the innermost op or call around it that has one.

    A parameter is where its module ran first, or where the module above it did if it never ran; one that
    modules share is in the first of them.

    Args:
        trace: the run.
        calls: owners of calls.
        ops: owners of ops.
    """
    found: dict[Owner, Share] = {}
    of_call: list[Owner] = []
    for call in trace.calls:
        above = None if call.parent is None else of_call[call.parent]
        of_call.append(calls.get(call.id, above))
    of_op: list[Owner] = []
    own = [op.flops for op in trace.ops]
    for op in trace.ops:
        above = of_op[op.parent] if op.parent is not None else None
        if above is None and op.call is not None:
            above = of_call[op.call]
        of_op.append(ops.get(op.id, above))
        if op.parent is not None:  # the op around it counts it, too
            own[op.parent] -= op.flops
    for op in trace.ops:
        share = found.setdefault(of_op[op.id], Share())
        share.flops += own[op.id]
        share.ops += 1
    _add_parameters(trace, of_call, found)
    return found


def _add_parameters(trace: Records, of_call: list[Owner], found: dict[Owner, Share]) -> None:
    owners: dict[str, Owner] = {}
    for call in trace.calls:
        owners.setdefault(call.path, of_call[call.id])
    counted = 0
    for module in trace.modules:
        path = module.path
        while path not in owners and path:
            path = path.rpartition(".")[0]
        number = module.own_parameters
        if module.tensors is not None:
            kinds = ("parameter", "frozen")
            number = sum(prod(own.shape) for own in module.tensors if own.kind in kinds and not own.same)
        found.setdefault(owners.get(path), Share()).parameters += number
        counted += number
    # Of shared ones an old trace does not say where else they are.
    left = total_parameters(trace) - counted
    if left:
        found.setdefault(None, Share()).parameters += left
