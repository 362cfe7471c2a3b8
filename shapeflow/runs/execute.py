"""Run a request: the only place where a model is built and run for a trace."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shapeflow.adapters.request import Request, from_texts
from shapeflow.adapters.specs import require, spec_of
from shapeflow.common.collector import collection_paused
from shapeflow.errors import InputError
from shapeflow.runs.failure import failure_error
from shapeflow.runs.late_modules import import_costly_late
from shapeflow.runs.numbers import numbers_of

if TYPE_CHECKING:
    from shapeflow.adapters.base import Adapter, Prepared
    from shapeflow.model.trace import Trace
    from shapeflow.recording.capture import Capture

MOST_PARAMETERS = 300_000_000
"""Of a model that is really computed without being asked for it."""


def execute(
    request: Request,
    *,
    target: str = "",
    adapter: Adapter | None = None,
    progress: Callable[[float], None] | None = None,
    capture: Mapping[str, Capture] | None = None,
    pictures: bool = False,
) -> Trace:
    """Build and run what a request asks for; a failed run gives the trace up to there.

    Args:
        request: what to run, its device decided.
        target: what the trace says was run, if not the request's own target.
        adapter: the request's adapter, if it is at hand; loading a factory runs the user's file.
        progress: told the FLOPs done so far.
        capture: tensors of a real run whose numbers go into the trace, by the name they get there.
        pictures: keep small pictures of what is computed; a shapes-only run notes what they would show.

    Raises:
        InputError: no adapter knows the target, a package is missing, or the request cannot be met.
    """
    spec = spec_of(request.target)
    require(spec, request.target)
    import_costly_late()
    with collection_paused():
        from shapeflow import recording
        from shapeflow.adapters.base import load, surroundings
        from shapeflow.recording.lazy_dynamo import compiler_not_loaded

        with compiler_not_loaded():
            adapter = adapter or load(request.target, trust=request.trust)
    with surroundings(adapter):
        return recording.run(
            partial(_prepared, adapter, request),
            device=request.device,
            adapter=spec.name,
            target=target or request.target,
            progress=progress,
            capture=capture if request.device != "meta" else None,
            pictures=pictures,
        )


def _prepared(adapter: Adapter, request: Request) -> Prepared:
    """Build the model of a request; for a real run only if its weights have room."""
    from shapeflow.adapters.memory import within_memory

    if request.device == "meta":
        return adapter(request)
    with within_memory(request.target):
        return adapter(request)


def depends_on_values(trace: Trace, request: Request) -> bool:
    """Return True if a shapes-only run of a library's model ended at a value, and a real one is within reach.

    A factory's inputs may be of any size; who wrote it decides whether it is computed.
    """
    from shapeflow.model.costs import total_parameters

    failure = trace.run.failure
    if failure is None or failure.type != "NeedsValues" or not spec_of(request.target).library:
        return False
    return total_parameters(trace) <= MOST_PARAMETERS


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


def run(
    target: str = "sam3",
    *,
    image: str | Path | Sequence[str | Path] = (),
    prompt: str | None = None,
    boxes: Sequence[Sequence[float]] = (),
    negative_boxes: Sequence[Sequence[float]] = (),
    checkpoint: str | Path | None = None,
    device: str = "auto",
    seed: int = 0,
    pictures: bool = False,
    inputs: Mapping[str, str | float | None] | Sequence[str] | str = (),
    call: str = "",
    train: bool = False,
    backward: bool = False,
) -> Trace:
    """Build a model, run it and return the trace, as ``shapeflow trace`` does.

    Args:
        target: ``sam3``, ``sam3-transformers``, ``package.module:function`` or ``file.py:function``.
        image: a picture, or several that make a batch.
        prompt: what to look for, a short noun phrase.
        boxes: what is meant: centre, width and height, in parts of the image.
        negative_boxes: what is not meant.
        checkpoint: a file with weights.
        device: ``meta`` for shapes only, ``cpu`` or ``cuda``; ``auto``: the best there is with a checkpoint,
            else ``meta``.
        seed: of random weights.
        pictures: keep small pictures of what is computed.
        inputs: what the model is given by name, as ``--input`` has it: ``{"x": "f32[1, 3, 224, 224]"}``.
        call: the method that is run instead of the forward.
        train: in training mode.
        backward: also backward, from the sum of the outputs.

    Raises:
        InputError: the model is not known, or something that it is given cannot be used.
        RunError: the model raised; the trace up to there is the error's attribute ``shapeflow_trace``.
    """
    images = [image] if isinstance(image, str | Path) else image
    texts = {
        "image": [str(path) for path in images],
        "prompt": [] if prompt is None else [prompt],
        "box": [",".join(map(repr, box)) for box in boxes],
        "negative-box": [",".join(map(repr, box)) for box in negative_boxes],
        "checkpoint": [] if checkpoint is None else [str(checkpoint)],
        "input": _input_texts(inputs),
        "call": [call] if call else [],
        "train": ["true"] if train else [],
        "backward": ["true"] if backward else [],
    }
    request = on_device(from_texts(target, texts, seed=seed), device)
    trace = execute(request, capture=numbers_of(request), pictures=pictures)
    if trace.run.failure is not None:
        error = failure_error(trace)
        error.shapeflow_trace = trace  # type: ignore[attr-defined]
        raise error
    return trace


def _input_texts(inputs: Mapping[str, Any] | Sequence[str] | str) -> list[str]:
    """Return what the model is given as texts of ``--input``.

    Raises:
        InputError: something is no text or number, such as a tensor, with which a run cannot be repeated.
    """
    if isinstance(inputs, str):
        return [inputs]
    if not isinstance(inputs, Mapping):
        return list(inputs)
    texts = []
    for name, value in inputs.items():
        if not isinstance(value, str | Path | bool | int | float | None):
            raise InputError(
                "input-syntax",
                f"input '{name}' is an object of class {type(value).__name__}",
                where="argument inputs",
                expected="a text, such as 'f32[1, 3, 224, 224]', or a number",
                hint="shapeflow.trace(model, x), which takes tensors",
            )
        texts.append(f"{name}={str(value).lower() if isinstance(value, bool | None) else value}")
    return texts
