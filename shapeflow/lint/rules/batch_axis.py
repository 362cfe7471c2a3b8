"""``over-batch`` and ``batch-lost``: ops in which the entries of a batch meet, or after which it is gone."""

from __future__ import annotations

from collections.abc import Iterator

from shapeflow.lint.arguments import axes_argument
from shapeflow.lint.atoms import Axis
from shapeflow.lint.axes import Axes
from shapeflow.lint.axis_ops import axes_of
from shapeflow.lint.axis_products import RNNS, batch_first
from shapeflow.lint.batch import Batch
from shapeflow.lint.finding import Found
from shapeflow.lint.op_names import REDUCTIONS
from shapeflow.model.handed_on import argument
from shapeflow.model.items import index_text
from shapeflow.model.links import Links
from shapeflow.model.records import Op, Records

NORMALISING = {
    "softmax": None,
    "log_softmax": None,
    "softmin": None,
    "gumbel_softmax": -1,
    "normalize": 1,
    "cumsum": None,
    "argmax": None,
    "logsumexp": None,
}
"""Ops along an axis -> the axis where none is given (None: there has to be one, or it depends)."""


_SCALING = frozenset(["sub", "div", "mul", "add", "true_divide", "subtract", "divide"])
_EACH = frozenset(
    ["add", "sqrt", "rsqrt", "clamp", "clamp_min", "pow", "unsqueeze", "view", "detach", "reciprocal", "mul"]
)


def over_batch(trace: Records) -> Iterator[Found]:
    """Yield what normalises, attends or remembers along the batch."""
    axes, batch = trace.cached(axes_of), trace.cached(Batch)
    for op in trace.ops:
        target = op.target.rstrip("_")
        given = axes.given(op)
        if not given:
            continue
        if target in NORMALISING:
            place = _axis(op, target, len(axes[given[0]]))
            if place is None or _meets_later(trace, op) or not batch.likely(_at(axes, given[0], place)):
                continue
            default = "" if _is_given(op) else ", since none was given"
            yield Found.at(
                op, f"{target} of {trace.values[given[0]]} is along axis {place}, the batch{default}"
            )
        elif target == "scaled_dot_product_attention" and len(given) > 2:
            if batch.certain(_at(axes, given[1], -2)):
                yield Found.at(
                    op, f"attention of {trace.values[given[0]]} is along the batch, its last axis but one"
                )
        elif target in RNNS and len(axes[given[0]]) == 3:
            time = 1 if batch_first(op) else 0
            if batch.certain(axes[given[0]][time]):
                yield Found.at(
                    op,
                    f"{target} of {trace.values[given[0]]} takes axis {time} for time, and that is the batch",
                    f"batch_first is {bool(time)}",
                )
        elif target in REDUCTIONS and op.parent is None:
            yield from _reduced(trace, op)


def _reduced(trace: Records, op: Op) -> Iterator[Found]:
    """Yield a mean, norm or the like over the batch, by which something with a batch is scaled or moved."""
    axes, batch, links = trace.cached(axes_of), trace.cached(Batch), trace.cached(Links)
    given = axes.given(op)
    made = next((port.value for port in op.outputs if port.value is not None), None)
    if len(given) != 1 or made is None or not trace.values[made].dtype.startswith(("f", "bf")):
        return
    had = [place for place, axis in enumerate(axes[given[0]]) if batch.certain(axis)]
    if not had or any(batch.certain(axis) and axes.atoms.size(axis) > 0 for axis in axes[made]):
        return
    for reader in _users(trace, links, made):
        others = [one for one in axes.given(reader) if one != made and any(map(batch.certain, axes[one]))]
        if reader.target.rstrip("_") in _SCALING and others:
            over = f"along axis {had[0]}, the batch" if len(axes[made]) else "over all numbers, the batch too"
            what = f"{op.target} of {trace.values[given[0]]} is {over}"
            yield Found.at(op, f"{what}, and {reader.target} lays it on every sample")
            return


def _users(trace: Records, links: Links, value: int) -> Iterator[Op]:
    """Yield the ops that read a value, also through what only changes each number."""
    queue = [value]
    for one in queue:
        for number in links.readers[one]:
            op = trace.ops[number]
            yield op
            made = [port.value for port in op.outputs if port.value is not None]
            if len(made) == 1 and op.target in _EACH and len(queue) < 8:
                queue.append(made[0])


def _at(axes: Axes, value: int, place: int) -> Axis:
    """Return an axis of a value; the empty one, of which nothing is known, where it has not so many."""
    axis_list = axes[value]
    return axis_list[place] if -len(axis_list) <= place < len(axis_list) else ()


def _axis(op: Op, target: str, rank: int) -> int | None:
    """Return the axis along which an op works."""
    wanted = axes_argument(op, 1, rank) if target not in ("normalize", "gumbel_softmax") else ()
    if target == "normalize":
        wanted = tuple(
            int(text) % rank for text in [argument(op, "dim", 2)] if text and text.lstrip("-").isdigit()
        )
    if wanted:
        return wanted[0] if len(wanted) == 1 else None
    if target in ("softmax", "log_softmax", "softmin") and rank:
        return 0 if rank in (1, 3) else 1  # what torch takes, with a warning
    default = NORMALISING[target]
    return None if default is None or not rank else default % rank


def _is_given(op: Op) -> bool:
    return any(port.name in ("in.dim", "in[1]") and port.text != "None" for port in op.inputs)


def _meets_later(trace: Records, op: Op) -> bool:
    """Return whether the result is one-dimensional: then its only axis may be anything."""
    made = next((port.value for port in op.outputs if port.value is not None), None)
    return op.target != "argmax" and made is not None and len(trace.values[made].shape) < 2


def batch_lost(trace: Records) -> Iterator[Found]:
    """Yield what takes the batch away: ``squeeze()``, the last sample by index, a view of another length."""
    axes, batch = trace.cached(axes_of), trace.cached(Batch)
    ends = trace.cached(_mixed_ends)
    for op in trace.ops:
        given = axes.given(op)
        made = next((port.value for port in op.outputs if port.value is not None), None)
        if not given or made is None:
            continue
        target, before = op.target.rstrip("_"), trace.values[given[0]]
        if target == "squeeze" and not axes_argument(op, 1, len(before.shape)) and 1 in before.shape:
            place = next((n for n, axis in enumerate(axes[given[0]]) if batch.likely(axis)), None)
            if place is not None:
                lost = "is gone too" if before.shape[place] == 1 else "would go too if it were 1"
                what = f"squeeze() of {before} gives {trace.content(op.outputs[0])}"
                yield Found.at(op, f"{what}: the batch, axis {place}, {lost}")
        elif target == "getitem" and index_text(op) in ("-1", "-1, :", "-1, ...", "-1, :, :"):
            if batch.certain(_at(axes, given[0], 0)):
                yield Found.at(op, f"[-1] of {before} takes the last sample of the batch, axis 0")
        elif op.id in axes.reshapes and ends and axes[made] and axes[made][0] in ends:
            first = axes[given[0]][0] if axes[given[0]] else ()
            mixes = any(axes.atoms.all[atom].kind == "input" for atom in axes[made][0])
            if first not in ends and (mixes or (batch.certain(first) and before.shape[0] == 1)):
                what = f"{op.target} of {before} gives {trace.values[made]}: axis 0 is the batch and a part"
                yield Found.at(op, f"{what} of each sample, and so it is in the result of the model")


def _mixed_ends(trace: Records) -> set[Axis]:
    """Return the first axes of results of the model that are the batch with a part of something else."""
    axes = trace.cached(axes_of)
    found = set()
    for call in trace.calls:
        for port in call.outputs if call.parent is None else ():
            axis = axes[port.value][0] if port.value is not None and axes[port.value] else ()
            wholes = {axes.atoms.whole.get(atom, atom) for atom in axis}
            given = {atom for atom in wholes if axes.atoms.all[atom].kind == "input"}
            parts = {axes.atoms.whole[atom] for atom in axis if atom in axes.atoms.whole}
            if parts - given and (given or parts == wholes):
                found.add(axis)
    return found
