"""Values whose making was not seen."""

from __future__ import annotations

from shapeflow.model.handed_on import tensors
from shapeflow.model.making import step_back
from shapeflow.model.records import Records

FROM_OUTSIDE = frozenset(
    {"as_tensor", "asarray", "from_dlpack", "from_file", "from_numpy", "frombuffer", "tensor"}
)
"""Ops that make a tensor of something else, such as an array with the numbers of another tensor."""


def came_from_outside(trace: Records, value: int) -> bool:
    """Return whether the making of a value was not seen.

    It has none, or came from something that is no tensor, or was written through a view of its memory.
    """
    record, step = trace.values[value], step_back(trace, value)
    outside = bool(step.ops) and all(op.target in FROM_OUTSIDE and not tensors(op) for op in step.ops)
    unseen = record.origin == "op" and not step.ops and not step.same
    return outside or unseen or record.origin == "unknown"
