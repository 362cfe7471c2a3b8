"""``softmax-axis``: weights that add up to 1 along one axis and are summed along another, or are all 1."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from shapeflow.lint.arguments import axes_argument
from shapeflow.lint.axis_ops import axes_of
from shapeflow.lint.axis_products import einsum_terms
from shapeflow.lint.finding import Found
from shapeflow.model.handed_on import handed_on, keeps_arrangement
from shapeflow.model.links import Links
from shapeflow.model.records import Op, Records

_PRODUCTS = frozenset({"matmul", "bmm", "baddbmm", "einsum"})


def softmax_axis(trace: Records) -> Iterator[Found]:
    """Yield each softmax whose weights go into a product that sums over another axis, or are all 1."""
    axes, links = trace.cached(axes_of), trace.cached(Links)
    for op in trace.ops:
        made = next((port.value for port in op.outputs if port.value is not None), None)
        if op.target != "softmax" or made is None:
            continue
        rank = len(axes[made])
        wanted = axes_argument(op, 1, rank)
        if len(wanted) != 1 or rank < 2:
            continue
        what = f"softmax of {trace.values[made]} is along axis {wanted[0]}"
        if _is_one_feature(trace, made, wanted[0]):
            yield Found.at(op, f"{what}, the only output of a layer: each weight is 1")
            continue
        product = _product_of(trace, links, made) if rank > 2 else None
        if product is None:
            continue
        reader, value = product
        summed, alongside = _summed(trace, reader, value, rank)
        if summed is not None and wanted[0] in alongside:
            place = [f"added up in {trace.line(reader.source)}"] if reader.source is not None else []
            yield Found.at(op, f"{what}, and {reader.target} adds up axis {summed}", *place)


def _is_one_feature(trace: Records, value: int, place: int) -> bool:
    """Return whether an axis is the one output of a layer, and not, for instance, a sequence of length 1."""
    axes = trace.cached(axes_of)
    atoms = [axes.atoms.all[atom] for atom in axes[value][place]]
    return len(atoms) == 1 and atoms[0].size == 1 and atoms[0].kind == "features"


def _summed(trace: Records, reader: Op, value: int, rank: int) -> tuple[int | None, Sequence[int]]:
    """Return the axis of some weights over which a product sums, and those it has with the other.

    An axis that is in neither is new in the result: slots, for instance, may compete for what they read.
    """
    given = trace.cached(axes_of).given(reader)
    if reader.target != "einsum":
        return (rank - 1 if given[-2:][0] == value else rank - 2), range(rank - 2)
    told = einsum_terms(reader)
    if told is None or len(told[0]) != len(given) or len(given) < 2:
        return None, ()
    terms, result = told
    letters = list(enumerate(terms[given.index(value)]))
    summed = [place for place, letter in letters if letter not in result]
    shared = [
        place for place, letter in letters if letter in result and all(letter in term for term in terms)
    ]
    return (summed[0] if summed else None), shared


def _product_of(trace: Records, links: Links, value: int) -> tuple[Op, int] | None:
    """Return the only product that reads weights, over dropout and casts, and how it gets them."""
    for _ in range(5):
        users = links.users(trace, value)
        if len(users) != 1:
            return None
        if users[0].target in _PRODUCTS:
            return users[0], value
        made = next((port.value for port in users[0].outputs if port.value is not None), None)
        dropout = "dropout" in users[0].target
        if made is None or not (
            dropout or (handed_on(trace, users[0], made) == value and keeps_arrangement(users[0]))
        ):
            return None
        value = made
    return None
