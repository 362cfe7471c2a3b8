"""What the page's script is told of the memory curve."""

from __future__ import annotations

import json
from collections.abc import Iterable

from shapeflow.common.control_characters import visible
from shapeflow.common.units import format_bytes
from shapeflow.reporting.view.numbers_model import Memory


def curve_data(curve: Memory) -> str:
    """Return the points of the curve with the largest tensors at each, as JSON for an attribute."""
    names = {name: position for position, name in enumerate(dict.fromkeys(curve.names))}
    data = {
        "ops": curve.ops,
        "points": [
            [op, *place, format_bytes(size), names[name]]
            for (op, size), place, name in zip(curve.points, curve.places, curve.names, strict=True)
        ],
        "names": _shown(names),
        "alive": curve.alive,
        "tensors": [_shown(tensor) for tensor in curve.tensors],
    }
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"))


def _shown(texts: Iterable[str]) -> list[str]:
    return [visible(text) for text in texts]
