"""Requests as a trace records them: plain data for other people, from which a run can be repeated."""

from __future__ import annotations

import math
import operator
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from shapeflow.adapters.boxes import Box
from shapeflow.adapters.given.texts import File, Given, parse_given, renamed
from shapeflow.adapters.request import Request
from shapeflow.errors import InputError


def from_recorded(target: str, inputs: Mapping[str, Any]) -> Request:
    """Return the request that a trace answers, to be run shapes-only; of files it knows only the names.

    Raises:
        InputError: what the trace says of its inputs is not what ``to_recorded`` gives.
    """
    checkpoint, prompt, seed = (inputs.get(name) for name in ("checkpoint", "prompt", "seed"))
    try:
        if not isinstance(prompt, str | None):
            raise TypeError(f"the prompt is a {type(prompt).__name__}")
        return Request(
            target,
            images=tuple(Path(image["file"]) for image in inputs.get("images") or ()),
            prompt=prompt,
            boxes=tuple(_recorded_box(box) for box in inputs.get("boxes") or ()),
            checkpoint=Path(checkpoint) if checkpoint else None,
            seed=0 if seed is None else operator.index(seed),
            inputs=tuple(parse_given(_recorded_text(text)) for text in inputs.get("input") or ()),
            call=_recorded_text(inputs.get("call") or ""),
            train=inputs.get("train") is True,
            backward=inputs.get("backward") is True,
        )
    except (TypeError, KeyError, ValueError, AttributeError) as error:
        raise InputError(
            "trace-unreadable",
            "what the trace says of the inputs of its run cannot be read",
            where="run, inputs",
            found=str(error),
            hint="record again with 'shapeflow trace'",
        ) from None


def _recorded_text(text: object) -> str:
    if not isinstance(text, str):
        raise TypeError(f"a text is a {type(text).__name__}")
    return text


def _recorded_box(box: Mapping[str, Any]) -> Box:
    cx, cy, width, height = (box[name] for name in ("cx", "cy", "width", "height"))
    if not all(type(part) in (int, float) and math.isfinite(part) for part in (cx, cy, width, height)):
        raise TypeError("a box is four numbers")
    return Box(cx, cy, width, height, bool(box.get("positive", True)))


def to_recorded(
    request: Request, sizes: Sequence[tuple[int, int]], prompt: str | None = None
) -> dict[str, Any]:
    """Return what goes into a run as plain data for its trace.

    Args:
        request: what was asked for.
        sizes: width and height of each picture, in pixels.
        prompt: what the model was told where no prompt was given.
    """
    return {
        "images": [
            {"file": path.name, "size": list(size)} for path, size in zip(request.images, sizes, strict=True)
        ],
        "prompt": prompt if request.prompt is None else request.prompt,
        "boxes": [asdict(box) for box in request.boxes],
        "seed": request.seed,
        "checkpoint": request.checkpoint.name if request.checkpoint else None,
    }


def to_recorded_run(request: Request) -> dict[str, Any]:
    """Return how a forward was run as plain data for its trace, what is as usual left out.

    Of files elsewhere than below the working folder only the name is kept: a trace goes to other people.
    """
    inputs = [_with_short_path(given).text for given in request.inputs]
    said = {"input": inputs, "call": request.call, "train": request.train, "backward": request.backward}
    return {"seed": request.seed, **{name: value for name, value in said.items() if value}}


def _with_short_path(given: Given) -> Given:
    if not isinstance(given.value, File):
        return given
    path = given.value.path
    if not path.is_absolute() and ".." not in path.parts:
        return given
    full, here = path.resolve(), Path.cwd()
    return renamed(given, full.relative_to(here) if full.is_relative_to(here) else Path(path.name))
