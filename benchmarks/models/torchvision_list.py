"""Every builder of torchvision, at a small size."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import torch

from benchmarks.models.build import Built, Entry

LARGE = "convnext_large regnet_y_32gf regnet_y_128gf vit_h_14 vit_l_16 vit_l_32"
"""Left out: over 140 million weights, and the same code as a smaller one."""

SIZES = dict.fromkeys(("inception_v3", "quantized_inception_v3"), 96)
SIZES |= dict.fromkeys(("maxvit_t", "mvit_v1_b", "mvit_v2_s", "s3d"), 224)
"""The side of the picture, where it has to be another one than 64."""


PROPOSALS = (
    "as many boxes are kept as pass thresholds of score and overlap (`nms`, masks that pick rows): the "
    "shapes after that depend on the picture"
)


def entries() -> Iterator[Entry]:
    """Yield a model for each builder."""
    from torchvision import models

    kinds = {
        "detection": models.detection,
        "segmentation": models.segmentation,
        "video": models.video,
        "optical flow": models.optical_flow,
        "quantizable": models.quantization,
        "picture": models,
    }
    for kind, module in kinds.items():
        for name in models.list_models(module=module):
            if name not in LARGE.split():
                limit = PROPOSALS if kind == "detection" else ""
                yield Entry(name, kind, "torchvision", partial(build, name, kind), limit)


def build(name: str, kind: str) -> Built:
    """Build a model and what it is called with."""
    from torchvision.models import get_model

    options: dict[str, Any] = {"weights": None}
    side = SIZES.get(name, 64)
    inputs: dict[str, Any] = {"x": torch.rand(1, 3, side, side)}
    if name.startswith("vit_"):
        options["image_size"] = side
    if kind == "detection":
        options |= {"weights_backbone": None, "num_classes": 5}
        if not name.startswith("ssd"):
            options |= {"min_size": 96, "max_size": 128}
        if "rcnn" in name:
            options["rpn_post_nms_top_n_test"] = 20
        inputs = {"images": [torch.rand(3, 96, 128)]}
    elif kind == "segmentation":
        options["weights_backbone"] = None
        inputs = {"input" if name.startswith("lraspp") else "x": inputs["x"]}
    elif kind == "optical flow":
        inputs = {
            "image1": torch.rand(1, 3, 128, 128),
            "image2": torch.rand(1, 3, 128, 128),
            "num_flow_updates": 3,
        }
    elif kind == "video":
        frames = 16 if name in ("s3d", "mvit_v1_b", "mvit_v2_s") else 4
        inputs = {"x": torch.rand(1, 3, frames, side, side)}
    if name in ("googlenet", "inception_v3", "quantized_googlenet", "quantized_inception_v3"):
        options["init_weights"] = False
    return get_model(name, **options).eval(), inputs
