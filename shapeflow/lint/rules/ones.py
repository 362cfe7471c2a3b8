"""``left-over-axis`` and ``twice``: an axis of size 1 that nobody took away, and what was done before."""

from __future__ import annotations

import re
from collections.abc import Iterator

from shapeflow.lint.axis_ops import axes_of
from shapeflow.lint.batch import Batch
from shapeflow.lint.finding import Found
from shapeflow.model.handed_on import argument
from shapeflow.model.making import step_back
from shapeflow.model.records import Op, Records

TWICE = {
    "softmax": {"softmax", "log_softmax", "sigmoid"},
    "log_softmax": {"softmax", "log_softmax", "sigmoid"},
    "sigmoid": {"sigmoid", "softmax"},
    "cross_entropy": {"softmax", "sigmoid"},
    "binary_cross_entropy_with_logits": {"sigmoid", "softmax"},
    "nll_loss": {"softmax"},
}
"""Op -> what should not have made what it is given."""


_TOP = re.compile(r"out(\[\d+\]|\.\w+)?")
"""Results of a model that are not inside of a cache or list."""
KINDS = ("kept", "slice", "added")
"""How an axis comes about that only stays because nobody took it away."""


def left_over_axis(trace: Records) -> Iterator[Found]:
    """Yield results of the model with an axis of size 1 that a mean or a slice left there."""
    axes, batch = trace.cached(axes_of), trace.cached(Batch)
    for call in trace.calls:
        if call.parent is not None:
            continue
        for port in call.outputs:
            if port.value is None or not _TOP.fullmatch(port.name):
                continue
            if not axes[port.value] or not batch.likely(axes[port.value][0]):
                continue
            for place, axis in enumerate(axes[port.value]):
                atoms = [axes.atoms.all[atom] for atom in axis]
                if place == 0 or len(atoms) != 1 or atoms[0].size != 1 or atoms[0].kind not in KINDS:
                    continue
                maker = trace.values[atoms[0].value].producer
                if maker is None or axes.shape(port.value)[-1] == 1:
                    continue
                op = trace.ops[maker]
                yield Found.at(
                    op,
                    f"axis {place} of {port.name} {trace.values[port.value]} is 1, as {op.target} made it",
                )


def twice(trace: Records) -> Iterator[Found]:
    """Yield a softmax of a softmax, and losses on probabilities that expect logits."""
    for op in trace.ops:
        before = TWICE.get(op.target.rstrip("_"))
        given = next((port.value for port in op.inputs if port.value is not None), None)
        if before is None or given is None or op.parent is not None:
            continue
        maker = _maker(trace, given)
        if maker is not None and maker.target.rstrip("_") in before and _same_axis(trace, op, maker):
            place = trace.line(maker.source)
            yield Found.at(
                op, f"{op.target} of what {maker.target} made", *([f"made in {place}"] if place else [])
            )


def _maker(trace: Records, value: int) -> Op | None:
    """Return the op that computed the numbers of a value."""
    for _ in range(8):
        step = step_back(trace, value)
        if step.ops:
            return step.ops[0]
        if len(step.same) != 1:
            return None
        value = step.same[0]
    return None


def _same_axis(trace: Records, op: Op, maker: Op) -> bool:
    """Return whether both are along one axis, as far as they have one."""
    one, other = argument(op, "dim", 1), argument(maker, "dim", 1)
    return one is None or other is None or one == other
