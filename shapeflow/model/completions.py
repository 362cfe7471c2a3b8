"""What can stand in ``trace["…"]``: the selectors that name one tensor, for the completion of a notebook."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from shapeflow.model.containers import told
from shapeflow.model.owned import Owned
from shapeflow.model.path_index import OUTSIDE, PathIndex, selector_of
from shapeflow.model.pattern import escape
from shapeflow.model.records import Call, Op, Records

MOST = 20_000
"""No list of completions is longer."""
MOST_CALLS = 4
"""Of a path with more calls the first and the last are offered."""


def completions(trace: Records) -> list[str]:
    """Return selectors that name one tensor each: of calls, then parameters and buffers, then ops."""
    return list(dict.fromkeys(islice(_selectors(trace), MOST)))


def _selectors(trace: Records) -> Iterator[str]:
    index = trace.cached(PathIndex)
    for key, calls in index.calls.items():
        name = selector_of(key)
        for number in _some(len(calls)):
            call = trace.calls[calls[number]]
            exact = name if len(calls) == 1 else f"{name}@{number}"
            yield from (f"{exact}:{port}" for port in _ports(call))
    owned = trace.cached(Owned)
    for path, tensors in owned.by_module.items():
        for tensor in tensors if path in index.modules else ():
            key = f"{path}.{tensor}" if path else tensor
            if owned.value(key, tensors[tensor]) is not None:
                yield selector_of(key)
    for key, targets in index.ops.items():
        calls = index.calls.get(key, [])
        if key != OUTSIDE and len(calls) != 1:
            continue
        for target, ops in targets.items():
            for number in _some(len(ops)):
                exact = f"{selector_of(key)}/{escape(target)}" + (f"@{number}" if len(ops) > 1 else "")
                yield from (
                    f"{exact}:{port}" for port in _ports(trace.ops[ops[number]]) if port.startswith("out")
                )


def _some(count: int) -> range | tuple[int, int]:
    return range(count) if count <= MOST_CALLS else (0, count - 1)


def _ports(owner: Call | Op) -> list[str]:
    """Return the ports that hold a tensor, those that a container has left out."""
    return [port.name for port in (*told(owner.outputs), *told(owner.inputs)) if port.value is not None]
