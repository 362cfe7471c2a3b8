"""Names for the axes of a model's inputs, as people write them: B, T, H, W."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from shapeflow.model.trace import Trace
from shapeflow.model.variation import Axis

Place = tuple[str, int]
"""An input tensor's port and one of its dims."""

ROLES = {
    "batch": ("batch size", "B"),
    "height": ("height", "H"),
    "width": ("width", "W"),
    "side": ("height and width", "S"),
    "sequence": ("length", "TSL"),
    "other": ("", ""),
}
"""Role -> how it is called, and the symbols for it, the first that is free."""
NO_NAMES: Mapping[Place, str] = MappingProxyType({})
SPARE = "NMKLPQRUVXYZ"


def is_picture(trace: Trace, place: Place) -> bool:
    """Return whether a dim is a height or width: of floats in four dims or more."""
    return _role(trace, place) in ("height", "width")


def name_axes(
    trace: Trace, units: Sequence[Sequence[Place]], written: Mapping[Place, str] = NO_NAMES
) -> list[Axis]:
    """Return the axes that groups of input dims are, each with its own symbol.

    Args:
        trace: the run.
        units: the dims of each axis.
        written: names that the author has for dims; they come first.
    """
    axes: list[Axis] = []
    for unit, (role, symbol) in zip(units, roles_and_symbols(trace, units, written), strict=True):
        word, where = ROLES[role][0], _where(trace, unit)
        axes.append(Axis(symbol, f"{word}, {where}" if word else where, _size(trace, unit[0])))
    return axes


def roles_and_symbols(
    trace: Trace, units: Sequence[Sequence[Place]], written: Mapping[Place, str] = NO_NAMES
) -> list[tuple[str, str]]:
    """Return for each group of input dims what it most likely is, one of ``ROLES``, and a symbol."""
    if not units:
        return []
    roles = [[_role(trace, place) for place in unit] for unit in units]
    # Where sequences come first, several axes are some input's dim 0: the batch is in the most inputs.
    batch = max(range(len(units)), key=lambda number: ("batch" in roles[number], len(units[number]), -number))
    found: list[tuple[str, str]] = []
    for number, unit in enumerate(units):
        role = _joint(roles[number], is_batch=number == batch)
        wished = (*(written[place] for place in unit if place in written), *ROLES[role][1])
        taken = {symbol for _, symbol in found}
        found.append((role, next(name for name in (*wished, *SPARE, *_numbered()) if name not in taken)))
    return found


def _joint(roles: Sequence[str], *, is_batch: bool) -> str:
    """Return the role of an axis, given those of its dims."""
    if "batch" in roles:
        return "batch" if is_batch else "sequence"
    if "height" in roles and "width" in roles:
        return "side"
    return next(role for role in ROLES if role in roles)


def _numbered() -> list[str]:
    return [f"N{number}" for number in range(2, 100)]


def _role(trace: Trace, place: Place) -> str:
    """Return what a dim most likely is."""
    value = next(
        trace.values[port.value]
        for port in trace.calls[0].inputs
        if port.name == place[0] and port.value is not None
    )
    rank, dim = len(value.shape), place[1]
    floats = value.dtype.startswith(("f", "bf"))
    if floats and rank >= 4 and dim >= rank - 2:
        return "width" if dim == rank - 1 else "height"
    if dim == 0 and rank > 1:
        return "batch"
    if dim == 1 and (rank == 3 or (rank == 2 and not floats)):
        return "sequence"
    return "other"


def _where(trace: Trace, places: Sequence[Place]) -> str:
    """Return the dims in words: ``dim 1 of in.tokens and in.mask``."""
    shown = {port.name: readable(port.name, port.alias) for port in trace.calls[0].inputs}
    by_dim: dict[int, list[str]] = {}
    for port, dim in places:
        by_dim.setdefault(dim, []).append(shown[port])
    return " and ".join(f"dim {dim} of {', '.join(ports)}" for dim, ports in by_dim.items())


def readable(name: str, alias: str) -> str:
    """Return a port by the name of its parameter, where it was passed by position."""
    return alias if alias and name.startswith("in[") else name


def _size(trace: Trace, place: Place) -> int:
    port = next(port for port in trace.calls[0].inputs if port.name == place[0])
    return trace.values[port.value or 0].shape[place[1]]
