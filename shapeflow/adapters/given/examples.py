"""What to type for an input that is missing, by its name and the first layers of the model."""

from __future__ import annotations

import inspect
from collections.abc import Mapping

from torch import nn

from shapeflow.adapters.given.callee import Callee
from shapeflow.recording.modules import named_modules

PICTURE = ("pixel", "image", "img", "picture", "frame", "sample")
TOKENS = ("ids", "tokens", "text", "prompt", "caption")
PLAIN: Mapping[object, str] = {int: "1", float: "1.0", bool: "true", str: "text"}


def examples(callee: Callee, model: nn.Module, names: list[str]) -> str:
    """Return the options to type for some inputs of what is called: the model, or a part of it."""
    part = (
        callee.function
        if isinstance(callee.function, nn.Module)
        else getattr(callee.function, "__self__", None)
    )
    model = part if isinstance(part, nn.Module) else model
    return " ".join(f"--input '{name}={example(name, callee.parameters.get(name), model)}'" for name in names)


def example(name: str, parameter: inspect.Parameter | None, model: nn.Module) -> str:
    """Return a value that an input may have; the sizes are a guess."""
    annotation = parameter.annotation if parameter is not None else None
    for kind, text in PLAIN.items():
        if annotation is kind or annotation == getattr(kind, "__name__", ""):
            return text
    low = name.lower()
    if low.rstrip("s").endswith("mask"):
        return "bool[1, 16]"
    if any(word in low for word in TOKENS):
        return f"i64[1, 16]<{_vocabulary(model)}"
    if any(word in low for word in PICTURE):
        return f"f32[1, {_channels(model)}, 224, 224]"
    return _by_first_layer(model)


def _by_first_layer(model: nn.Module) -> str:
    """Return what the first layer that says something of its input takes."""
    for _, part in named_modules(model):
        if isinstance(part, nn.Embedding):
            return f"i64[1, 16]<{part.num_embeddings}"
        if isinstance(part, nn.Linear):
            return f"f32[1, {part.in_features}]"
        for dims, kind in enumerate((nn.Conv1d, nn.Conv2d, nn.Conv3d), 1):
            if isinstance(part, kind):
                sides = {1: (1000,), 2: (224, 224), 3: (16, 112, 112)}[dims]
                return f"f32{[1, part.in_channels, *sides]}"
    return "f32[1, 3, 224, 224]"


def _vocabulary(model: nn.Module) -> int:
    tables = (part.num_embeddings for _, part in named_modules(model) if isinstance(part, nn.Embedding))
    return next(tables, 1000)


def _channels(model: nn.Module) -> int:
    found = (part.in_channels for _, part in named_modules(model) if isinstance(part, nn.Conv2d))
    return next(found, 3)
