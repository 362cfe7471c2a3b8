"""What the run leaves behind: tensors that are alive when it is over though nothing seen uses them.

Somebody holds them: the model in an attribute, which we find, or a closure, an iterator, a global variable,
the caller's own variable. Whoever holds a tensor may use it yet, so that nobody can say it is unused.
"""

from __future__ import annotations

import gc
from collections.abc import Mapping

from torch import Tensor, nn

from shapeflow.model.containers import values_at
from shapeflow.model.trace import Trace
from shapeflow.model.unused import reaching_an_end, unused_somewhere
from shapeflow.recording.modules import tensors_kept
from shapeflow.recording.trace_builder import TraceBuilder

UNSEEN = "?"
"""Stands for a holder that was not looked into."""


def kept_after(builder: TraceBuilder, trace: Trace, modules: Mapping[str, nn.Module]) -> dict[int, str]:
    """Return the values that somebody holds after the run and nothing seen uses, each with the holder.

    Args:
        builder: of the run; it gets the value that a tensor is now, if nobody looked at it since it was
            written to.
        trace: the finished records.
        modules: the modules of the model by path, whose attributes are looked through.
    """
    used = set(reaching_an_end(trace))
    returned = {value for call in trace.calls if call.parent is None for value in values_at(call.outputs)}
    wanted = unused_somewhere(trace) - returned

    def unexplained() -> list[tuple[Tensor, bool]]:
        """Return these tensors, each with whether the run made it: of others the caller holds his own."""
        return [
            (tensor, writer is not None or trace.values[value].origin == "op")
            for tensor, value, writer in builder.identity.alive()
            if trace.values[value].origin not in ("parameter", "buffer")
            and (value in wanted if writer is None else _is_new(trace, used, writer))
        ]

    found = unexplained()
    if not found:
        return {}
    names = {id(tensor): name for name, tensor in tensors_kept(modules)}
    for generation in (0, 2):  # what only a cycle keeps alive is gone for everybody; all of it takes a while
        if any(id(tensor) not in names for tensor, made in found if made):
            del found
            gc.collect(generation)
            found = unexplained()
    kept = {}
    for tensor, _ in found:
        value = builder.read(tensor)
        name = names.get(id(tensor), UNSEEN)
        if name != UNSEEN or builder.identity.values[value].origin == "op":  # the caller holds the inputs
            kept[value] = name
    return kept


def _is_new(trace: Trace, used: set[int], writer: int) -> bool:
    """Return whether an op wrote to a tensor that nobody looked at since, and nothing it made is used."""
    return not any(port.value in used for port in trace.ops[writer].outputs if port.value is not None)
