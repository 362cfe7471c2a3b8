"""Which axis is the batch: only where the run itself shows it."""

from __future__ import annotations

from shapeflow.lint.arguments import axes_argument
from shapeflow.lint.atoms import Axis
from shapeflow.lint.axes import Axes
from shapeflow.lint.axis_ops import axes_of
from shapeflow.lint.axis_products import RNNS, batch_first, is_weight
from shapeflow.lint.op_names import CONVOLUTIONS, REDUCTIONS
from shapeflow.model.records import Op, Records

_BATCHED = CONVOLUTIONS | {"batch_norm", "max_pool2d", "adaptive_avg_pool2d", "avg_pool2d", "group_norm"}
_PRODUCTS = frozenset({"matmul", "bmm", "baddbmm", "scaled_dot_product_attention"})


class Batch:
    """The atoms that are the batch of a run: ``trace.cached(Batch)``."""

    def __init__(self, trace: Records) -> None:
        self.axes = trace.cached(axes_of)
        self._trace = trace
        self._first: set[int] = set()
        """Atoms that stand first in an input, or are what became of such."""
        for value in trace.values:
            if value.origin == "input" and value.shape:
                self._first.update(self.axes[value.id][0])
        self._shown: set[int] = set()
        self._counted: set[int] = set()
        """Atoms whose entries meet each other: what is attended to, summed, joined or cut is not a batch."""
        for op in trace.ops:
            self._look(op)
        self._pooled = self._survivors()

    def _look(self, op: Op) -> None:
        axes, target = self.axes, op.target.rstrip("_")
        given = axes.given(op)
        if not given:
            return
        first = axes[given[0]]
        if target in _BATCHED and len(first) > 2 and first[0]:
            spatial = 2 + int(target[-2]) if target[-1] == "d" and target[-2].isdigit() else 0
            if not spatial or len(first) == spatial:
                self._shown.update(first[0][:1])
        elif target in RNNS and len(first) == 3:
            self._shown.update(first[0 if batch_first(op) else 1][:1])
        elif target in _PRODUCTS and len(given) > 1 and not any(is_weight(axes, one) for one in given[:2]):
            for one in given[:2]:
                for axis in axes[one][-2:]:
                    self._counted.update(axis)
        elif target in REDUCTIONS and len(given) == 1:
            for place in axes_argument(op, 1, len(first)):
                self._counted.update(first[place])
        for port in op.outputs:
            if port.value is not None:
                atoms = [atom for axis in axes[port.value] for atom in axis]
                if len(set(atoms)) < len(atoms):  # all pairs of its entries
                    self._counted.update(atom for atom in atoms if atoms.count(atom) > 1)

    def _survivors(self) -> set[int]:
        """Return atoms of inputs that stand first in all results, where the other axis was pooled away."""
        trace, axes = self._trace, self.axes
        results = [
            axes[port.value]
            for call in trace.calls
            if call.parent is None
            for port in call.outputs
            if port.value is not None and trace.values[port.value].shape
        ]
        firsts = {axis_list[0] for axis_list in results}
        if len(firsts) != 1:
            return set()
        left = {atom for atom in next(iter(firsts)) if axes.atoms.all[atom].kind == "input"}
        here = {atom for axis_list in results for axis in axis_list for atom in axis}
        gone: set[int] = set()
        for op in trace.ops:
            if op.target in REDUCTIONS or op.target in ("getitem", "select"):
                given, made = axes.given(op), [p.value for p in op.outputs if p.value is not None]
                if given and made:
                    kept = {atom for axis in axes[made[0]] for atom in axis}
                    gone |= {atom for axis in axes[given[0]] for atom in axis} - kept
        found = set()
        for atom in left:
            value = axes.atoms.all[atom].value
            others = {other for axis in axes[value][:2] for other in axis} - {atom}
            tokens = trace.values[value].dtype.startswith("i")
            if len(axes[value]) == (2 if tokens else 3) and others & gone - here:
                found.add(atom)
        return found

    def begins(self, axis: Axis) -> bool:
        """Return whether an axis is the batch by its first part, of several that it was taken apart into."""
        return bool(axis) and self.certain(axis[:1])

    def certain(self, axis: Axis) -> bool:
        """Return whether an axis is the batch, and nothing but the batch, by what the run does with it."""
        return bool(axis) and all(atom in self._first & self._shown or atom in self._pooled for atom in axis)

    def likely(self, axis: Axis) -> bool:
        """Return whether an axis is the batch: it stands first in an input and its entries never meet."""
        return self.certain(axis) or (
            bool(axis) and all(atom in self._first - self._counted for atom in axis)
        )


def batch_axis(trace: Records, value: int) -> int | None:
    """Return which axis of a value is certainly the batch."""
    batch, axes = trace.cached(Batch), trace.cached(axes_of)
    return next((place for place, axis in enumerate(axes[value]) if batch.certain(axis)), None)


__all__ = ["Axes", "Batch", "batch_axis"]
