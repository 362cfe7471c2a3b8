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
_NOT_GIVEN = {
    "attn_mask": "None",
    "dropout_p": "0.0",
    "is_causal": "False",
    "keepdim": "False",
    "scale": "None",
}
"""What some plain arguments are if they are not given."""

_AXES = ("dim", "axis")
"""Names of a plain argument that names an axis."""
_SECOND = (
    "all amax amin any argmax argmin argsort cat cummax cummin cumprod cumsum gather index_select "
    "log_softmax logsumexp max mean median min mode narrow nanmean nansum prod scatter scatter_add "
    "select softmax softmin sort squeeze stack std sum unbind unsqueeze var"
)
_AXIS_SECOND = frozenset(_SECOND.split())
"""Ops whose second argument names an axis, where it is written without its name."""
_AXIS_THIRD = frozenset({"chunk", "kthvalue", "repeat_interleave", "split", "tensor_split", "topk"})
"""Those whose third one does."""
_FIRST_AXIS = frozenset({"cat", "stack"})
"""Those that take the first axis where none is given."""
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
    if port is not _axis_of(op) or not given or given[0].value is None:
        return False
    rank = len(trace.values[given[0].value].shape) + (op.target in _ADD_AN_AXIS)
    return _same_axis(written, port.text, rank)


def named_inputs(op: Op) -> dict[str, Port]:
    """Return the inputs of an op by the names of its arguments, as far as these are known."""
    named = {port.name.removeprefix("in."): port for port in op.inputs} | {
        port.alias.removeprefix("in."): port for port in op.inputs if port.alias
    }
    axis = _axis_of(op)
    return {**dict.fromkeys(_AXES, axis), **named} if axis is not None else named


def not_given(op: Op, name: str) -> str | None:
    """Return what a plain argument of an op is if it is not given; None if it has to be."""
    if name in _AXES and family(op.target) in _FIRST_AXIS:
        return "0"
    return _NOT_GIVEN.get(name)


def _axis_of(op: Op) -> Port | None:
    """Return the input of an op that names an axis, by its name or by its place."""
    name = family(op.target)
    place = 1 if name in _AXIS_SECOND else 2 if name in _AXIS_THIRD else None
    names = (*(f"in.{axis}" for axis in _AXES), f"in[{place}]")
    return next((port for port in op.inputs if port.name in names and port.value is None), None)


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
