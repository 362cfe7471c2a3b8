"""Run a request: the only place where a model is built and run for a trace."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from shapeflow.adapters.request import Request
from shapeflow.adapters.specs import require, spec_of
from shapeflow.common.collector import collection_paused

if TYPE_CHECKING:
    from shapeflow.adapters.base import Adapter
    from shapeflow.model.trace import Trace
    from shapeflow.recording.capture import Wanted


def execute(
    request: Request,
    *,
    target: str = "",
    adapter: Adapter | None = None,
    progress: Callable[[float], None] | None = None,
    keep: Mapping[str, Wanted] | None = None,
) -> Trace:
    """Build and run what a request asks for; a failed run gives the trace up to there.

    Args:
        request: what to run, its device decided.
        target: what the trace says was run, if not the request's own target.
        adapter: the request's adapter, if it is at hand; loading a factory runs the user's file.
        progress: told the FLOPs done so far.
        keep: tensors of a real run whose numbers go into the trace, by the name they get there.

    Raises:
        InputError: no adapter knows the target, a package is missing, or the request cannot be met.
    """
    spec = spec_of(request.target)
    require(spec, request.target)
    with collection_paused():
        from shapeflow import recording
        from shapeflow.adapters.base import load

        prepare = partial(adapter or load(request.target), request)
    return recording.run(
        prepare,
        device=request.device,
        adapter=spec.name,
        target=target or request.target,
        progress=progress,
        keep=keep if request.device != "meta" else None,
    )


def on_device(request: Request, wanted: str) -> Request:
    """Return a request with its device decided.

    ``auto`` is the best device there is if a checkpoint is given, else ``meta``.

    Raises:
        InputError: CUDA is wanted and not there.
    """
    if wanted == "meta" or (wanted == "auto" and request.checkpoint is None):
        return replace(request, device="meta")
    from shapeflow.adapters.device import real_device

    return replace(request, device=real_device(wanted))
