"""What views and transposes alone make of a tensor: the heads of a projection, the tokens of a map."""

from __future__ import annotations

from shapeflow.model.links import Links
from shapeflow.notes.places.sites import Site, Sites

_ARRANGING = frozenset(
    [
        *("view", "reshape", "permute", "transpose", "unflatten", "flatten", "chunk", "split", "unbind"),
        *("tensor_split", "contiguous", "movedim", "swapaxes", "unsqueeze", "squeeze", "getitem", "mT", "T"),
    ]
)
_FAR = 4
"""So many of these ops may follow one another."""


def views(sites: Sites, site: Site) -> dict[int, int]:
    """Return the values that views and transposes alone make of what is at a site, with how many of them."""
    links, trace = sites.trace.cached(Links), sites.trace
    found: dict[int, int] = {}
    waiting = [(value, 0) for value in sorted(site.values)[:_FAR]]
    for value, far in waiting:
        for op in (trace.ops[number] for number in links.readers[value]):
            if op.target.rstrip("_") not in _ARRANGING or far >= _FAR:
                continue
            for made in (port.value for port in op.outputs if port.value is not None):
                if made not in found:
                    found[made] = far + 1
                    waiting.append((made, far + 1))
    return found
