"""``torchvision:NAME``: the builders that torchvision registers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from shapeflow.adapters.base import Adapter, Prepared
from shapeflow.adapters.libraries.library import check_name, folder_of, name_of
from shapeflow.adapters.request import Request

REGISTERED = re.compile(r"^@register_model\(([^)]*)\)\n(?:[@ )].*\n)*def (\w+)\(", re.MULTILINE)


@cache
def names() -> Sequence[str]:
    """See ``Library``."""
    found = set()
    for file in (folder_of("torchvision") / "models").rglob("*.py"):
        for options, function in REGISTERED.findall(file.read_text(encoding="utf-8")):
            own = re.search(r"name=['\"](\w+)", options)
            found.add(own[1] if own else function)
    return sorted(found)


def check(name: str) -> None:
    """See ``Library``."""
    check_name("torchvision", name, names())


def load(target: str) -> Adapter:
    """See ``Library``."""
    name = name_of(target)
    check(name)
    from torchvision.models import get_model

    from shapeflow.adapters.forward import prepared

    def build(request: Request) -> Prepared:
        import torch

        torch.manual_seed(request.seed)
        model = get_model(name, weights=None).eval()
        picture = torch.rand(2, 3, 224, 224)
        return prepared(model, (picture,), {}, request, made={"x": "two pictures of random numbers"})

    return build
