"""``timm:NAME``: the models that timm registers, each with a picture of the size it is made for."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

from shapeflow.adapters.base import Adapter, Prepared
from shapeflow.adapters.libraries import near
from shapeflow.adapters.libraries.library import (
    check_name,
    first_input,
    folder_of,
    name_of,
    pictures,
    weights_into,
)
from shapeflow.adapters.request import Request

if TYPE_CHECKING:
    from torch.nn import Module

REGISTERED = re.compile(r"^@register_model\n(?:@.*\n)*def (\w+)\(", re.MULTILINE)


@cache
def sources() -> Sequence[tuple[str, Sequence[str]]]:
    """See ``Searchable``."""
    files = sorted((folder_of("timm") / "models").rglob("*.py"))
    texts = [file.read_text(encoding="utf-8") for file in files]
    return [(text, REGISTERED.findall(text)) for text in texts]


def names() -> Sequence[str]:
    """See ``Library``."""
    return sorted({name for _, defined in sources() for name in defined})


def blank(name: str) -> Module:
    """See ``Searchable``."""
    from timm import create_model

    model: Module = create_model(name, pretrained=False)
    return model


def check(name: str) -> None:
    """See ``Library``. A tag of published weights after a point is the model of that name with its sizes."""
    check_name("timm", name.partition(".")[0], names())


def spelled(name: str) -> str:
    """See ``Familiar``."""
    model, point, tag = name.partition(".")
    found = near.spelled(model, names())
    return f"{found}{point}{tag}" if found else ""


def load(target: str) -> Adapter:
    """See ``Library``."""
    name = name_of(target)
    check(name)
    import timm  # noqa: F401 - outside the shapes-only mode

    def build(request: Request) -> Prepared:
        import torch

        from shapeflow.adapters.forward import prepared

        torch.manual_seed(request.seed)
        model = blank(name).eval()
        notes = weights_into(model, request)
        settings: Any = model.pretrained_cfg
        channels, height, width = settings["input_size"]
        args, made = pictures(channels, height, width, request)
        run = prepared(model, args, {}, request, made={first_input(model): made})
        return replace(run, notes=(*run.notes, *notes))

    return build
