"""``softmax-axis``: weights that add up to 1 along one axis and are summed along another."""

from __future__ import annotations

from collections.abc import Iterator

from shapeflow.lint.arguments import axes_argument
from shapeflow.lint.axis_ops import axes_of
from shapeflow.lint.finding import Found
from shapeflow.model.handed_on import handed_on, keeps_arrangement
from shapeflow.model.links import Links
from shapeflow.model.records import Op, Records

_PRODUCTS = frozenset({"matmul", "bmm", "baddbmm"})


def softmax_axis(trace: Records) -> Iterator[Found]:
    """Yield each softmax whose weights go into a product that sums over another axis."""
    axes, links = trace.cached(axes_of), trace.cached(Links)
    for op in trace.ops:
        made = next((port.value for port in op.outputs if port.value is not None), None)
        if op.target != "softmax" or made is None:
            continue
        rank = len(axes[made])
        wanted = axes_argument(op, 1, rank)
        if len(wanted) != 1 or rank < 3:
            continue
        product = _product_of(trace, links, made)
        if product is None:
            continue
        reader, value = product
        given = axes.given(reader)[-2:]
        summed = rank - 1 if given[0] == value else rank - 2
        if summed != wanted[0] and wanted[0] < rank - 2:
            what = (
                f"softmax of {trace.values[made]} is along axis {wanted[0]}, and {reader.target} adds up axis"
            )
            yield Found.at(
                op,
                f"{what} {summed}",
                *([f"added up in {trace.line(reader.source)}"] if reader.source is not None else []),
            )


def _product_of(trace: Records, links: Links, value: int) -> tuple[Op, int] | None:
    """Return the only product that reads weights, over dropout and casts, and how it gets them."""
    for _ in range(5):
        readers = [trace.ops[op] for op in links.readers[value] if trace.ops[op].parent is None]
        if len(readers) != 1:
            return None
        if readers[0].target in _PRODUCTS:
            return readers[0], value
        made = next((port.value for port in readers[0].outputs if port.value is not None), None)
        dropout = "dropout" in readers[0].target
        if made is None or not (
            dropout or (handed_on(trace, readers[0], made) == value and keeps_arrangement(readers[0]))
        ):
            return None
        value = made
    return None
