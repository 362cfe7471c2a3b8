"""``torchvision:NAME``: the builders that torchvision registers, with pictures or videos of their sizes."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any

from shapeflow.adapters.base import Adapter, Prepared
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

REGISTERED = re.compile(r"^@register_model\(([^)]*)\)\n(?:[@ )].*\n)*def (\w+)\(", re.MULTILINE)
FRAMES = 16
"""Of a video: what the models that are made for one length are made for."""
FLOW = (368, 768)
"""Height and width of pictures between which motion is looked for: multiples of 8, and large."""
DETECTION = (480, 480)
"""Height and width of a picture to find things in: a multiple of 32, and of a usual shape for a small one."""
PLACES = 100
"""How many places in a picture are looked at closely, of those that are likely."""
FOUND = 20
"""How many things are found at most by a model that draws the outline or the joints of each."""
SIDE = 224
NO_THRESHOLD = (
    "The threshold of scores is 0 here: with random weights hardly a box would be above the usual one."
)


@cache
def sources() -> Sequence[tuple[str, Sequence[str]]]:
    """See ``Searchable``."""
    found = []
    for file in sorted((folder_of("torchvision") / "models").rglob("*.py")):
        text = file.read_text(encoding="utf-8")
        registered = REGISTERED.findall(text)
        own = [re.search(r"name=['\"](\w+)", options) for options, _ in registered]
        found.append(
            (text, [match[1] if match else name for match, (_, name) in zip(own, registered, strict=True)])
        )
    return found


def names() -> Sequence[str]:
    """See ``Library``."""
    return sorted(name for _, defined in sources() for name in defined)


def blank(name: str) -> Module:
    """See ``Searchable``."""
    from torchvision.models import get_model

    model: Module = get_model(name, weights=None, **_options(name, _kind(name)))
    return model


def check(name: str) -> None:
    """See ``Library``."""
    check_name("torchvision", name, names())


def load(target: str) -> Adapter:
    """See ``Library``."""
    name = name_of(target)
    check(name)
    import torchvision.models  # noqa: F401 - outside the shapes-only mode

    def build(request: Request) -> Prepared:
        import torch

        from shapeflow.adapters.forward import prepared

        torch.manual_seed(request.seed)
        model = blank(name).eval()
        notes = (*_open_to_all(model, request), *_shortened(model, request), *weights_into(model, request))
        given = KINDS.get(_kind(name), _picture)(name, model, request)
        run = prepared(model, given.args, {}, request, made={first_input(model): given.made})
        return replace(run, notes=(*run.notes, *notes))

    return build


@dataclass(frozen=True, slots=True)
class _Given:
    """What a model is called with."""

    args: tuple[Any, ...]
    made: str


def _kind(name: str) -> str:
    """Return the part of torchvision.models that a builder is in; its name where it is in none."""
    from torchvision.models import get_model_builder

    module: str = get_model_builder(name).__module__
    return module.removeprefix("torchvision.models.").partition(".")[0]


def _options(name: str, kind: str) -> dict[str, Any]:
    """Return what a builder is told besides having no weights."""
    options: dict[str, Any] = {}
    if kind in ("detection", "segmentation"):
        options["weights_backbone"] = None
    if name.removeprefix("quantized_") in ("googlenet", "inception_v3"):
        options["init_weights"] = False  # numbers from scipy, slowly
    return options


def _open_to_all(model: Module, request: Request) -> tuple[str, ...]:
    """Let a model that finds things keep boxes of any score if its weights are random, and say so."""
    if request.checkpoint is not None:
        return ()
    parts = [part for part in model.modules() if isinstance(getattr(part, "score_thresh", None), float)]
    for part in parts:
        setattr(part, "score_thresh", 0.0)  # noqa: B010 - no attribute that all modules have
    return (NO_THRESHOLD,) if parts else ()


def _shortened(model: Module, request: Request) -> tuple[str, ...]:
    """Let a model that finds things take less time if its weights are random, and say so.

    What it finds depends on values, so it is really run: on a picture as it is, and on fewer places in it.
    """
    if request.checkpoint is not None:
        return ()
    notes = []
    transform: Any = getattr(model, "transform", None)
    shortest = min(getattr(transform, "min_size", None) or (0,))
    if shortest > min(DETECTION):
        transform.min_size = (min(DETECTION),)
        notes.append(
            f"The picture is not enlarged here: by itself the model makes its shorter side {shortest} "
            "(transform.min_size)."
        )
    proposals: Any = getattr(getattr(model, "rpn", None), "_post_nms_top_n", {})
    usual = proposals.get("testing", 0)
    if usual > PLACES:
        proposals["testing"] = PLACES
        notes.append(
            f"At most {PLACES} places in the picture are looked at closely here, not {usual:,} "
            "(rpn_post_nms_top_n_test)."
        )
    heads: Any = getattr(model, "roi_heads", None)
    found = getattr(heads, "detections_per_img", 0)
    if found > FOUND:
        heads.detections_per_img = FOUND
        notes.append(f"At most {FOUND} things are found here, not {found} (box_detections_per_img).")
    return (*notes, "With --checkpoint these are as the model has them.") if notes else ()


def _picture(name: str, model: Module, request: Request) -> _Given:
    """A picture of the size that the model is made for, or its published weights are."""
    own = getattr(model, "image_size", None)
    side = own if isinstance(own, int) else _published(name, "crop_size", SIDE)
    return _Given(*pictures(3, side, side, request))


def _segmented(name: str, model: Module, request: Request) -> _Given:
    side = _published(name, "resize_size", SIDE)
    return _Given(*pictures(3, side, side, request))


def _searched(name: str, model: Module, request: Request) -> _Given:
    """A picture, and in training one thing to be found in it, with all that a model may ask of a thing."""
    import torch

    height, width = DETECTION
    resized = getattr(getattr(model, "transform", None), "min_size", (min(DETECTION),)) != (min(DETECTION),)
    made = f"a list of one picture of random numbers, {height} x {width}"
    made += ", which the model resizes" if resized else ""
    picture = torch.rand(3, height, width)
    if not request.train:
        return _Given(([picture],), made)
    thing = {
        "boxes": torch.tensor([[40.0, 60.0, 240.0, 300.0]]),
        "labels": torch.tensor([1]),
        "masks": torch.ones(1, height, width, dtype=torch.uint8),
        "keypoints": torch.tensor([[[140.0, 180.0, 1.0]] * 17]),
    }
    return _Given(([picture], [thing]), f"{made}; one thing in it")


def _video(name: str, model: Module, request: Request) -> _Given:
    import torch

    side = _published(name, "crop_size", SIDE)
    made = f"a video of random numbers, {FRAMES} frames of {side} x {side}"
    return _Given((torch.rand(1, 3, FRAMES, side, side),), made)


def _flow(name: str, model: Module, request: Request) -> _Given:
    import torch

    height, width = FLOW
    both = (torch.rand(1, 3, height, width), torch.rand(1, 3, height, width))
    return _Given(both, f"a picture of random numbers, {height} x {width}; the second one likewise")


KINDS: Mapping[str, Callable[[str, Module, Request], _Given]] = {
    "detection": _searched,
    "segmentation": _segmented,
    "video": _video,
    "optical_flow": _flow,
}
"""Folder of ``torchvision.models`` -> what its models are given; a picture where there is none."""


def _published(name: str, what: str, otherwise: int) -> int:
    """Return a size to which pictures are brought for the published weights of a model; none are loaded."""
    from torchvision.models import get_model_weights

    weights = getattr(get_model_weights(name), "DEFAULT", None)
    size = getattr(getattr(weights, "transforms", None), "keywords", {}).get(what, otherwise)
    return int(size[0] if isinstance(size, Sequence) else size)
