"""What counts as the same in a formula and in the record: names of ops, and plain arguments."""

from __future__ import annotations

import re
from math import isclose

from shapeflow.model.handed_on import tensors
from shapeflow.model.records import Op, Port, Records
from shapeflow.shapes.matching import Bindings

_FAMILIES = (
    ("cat", "concat", "concatenate"),
    ("zeros", "zeros_like", "new_zeros"),
    ("ones", "ones_like", "new_ones"),
)
"""Ops that do the same, whatever they take their size from."""
_NUMPY = re.compile(r"^np\.\w+\((.*)\)$")
"""A number of numpy, as Python prints it: ``np.float64(3.0)``."""
NOT_GIVEN = {
    "attn_mask": "None",
    "dropout_p": "0.0",
    "is_causal": "False",
    "keepdim": "False",
    "scale": "None",
}
"""What some plain arguments are if they are not given."""

_AXES = frozenset({"in.dim", "in.axis"})
"""Plain arguments that name an axis."""
_ADD_AN_AXIS = frozenset({"stack", "unsqueeze", "unsqueeze_"})
"""Ops whose argument names an axis of what they make, which has one more."""


def same_plain(written: str, text: str, bindings: Bindings) -> bool:
    """Return whether a plain argument is what a formula writes; a name stands for its size."""
    binding = bindings.get(written)
    if binding is not None:
        written = str(binding.size)
    if written == text or written.strip("\"'").replace(" ", "") == text.strip("\"'").replace(" ", ""):
        return True
    try:
        return isclose(float(written), float(_NUMPY.sub(r"\1", text)), rel_tol=1e-9)
    except ValueError:
        return False


def same_argument(trace: Records, op: Op, port: Port, written: str, bindings: Bindings) -> bool:
    """Return whether a plain argument of an op is what a formula writes; an axis may count from the end."""
    if same_plain(written, port.text, bindings):
        return True
    given = tensors(op)
    if port.name not in _AXES or not given or given[0].value is None:
        return False
    rank = len(trace.values[given[0].value].shape) + (op.target in _ADD_AN_AXIS)
    return _same_axis(written, port.text, rank)


def _same_axis(written: str, text: str, rank: int) -> bool:
    """Return whether two numbers name the same of so many axes: of four, -1 is 3."""
    try:
        first, second = int(written), int(text)
    except ValueError:
        return False
    return (
        rank > 0 and -rank <= min(first, second) and max(first, second) < rank and not (first - second) % rank
    )


def family(name: str) -> str:
    """Return the name that several ops share which do the same."""
    plain = name.rstrip("_")
    return next((names[0] for names in _FAMILIES if plain in names), plain)
