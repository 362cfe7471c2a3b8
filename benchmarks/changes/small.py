"""The numbers of a small SAM3: the same code with small sizes, really computed on the CPU.

Weights depend on their names alone, so that two versions of the code have the same ones.
"""

from __future__ import annotations

import gc
import zlib
from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from math import inf
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.changes.copies import use

SIZES = {
    "model_builder.py": {
        "resolution=1008": "resolution=168",
        "img_size=1008": "img_size=168",
        "pretrain_img_size=336": "pretrain_img_size=56",
        "window_size=24": "window_size=4",
        "=1024": "=128",
        "=2048": "=64",
        "=256": "=32",
        "(256)": "(32)",
        "num_queries=200": "num_queries=12",
    },
    "model/sam3_image_processor.py": {"resolution=1008": "resolution=168"},
}
"""What is replaced in the builder: file -> text -> text."""
PROMPT = "yellow school bus"
BOXES = ((0.5, 0.5, 0.4, 0.3, True), (0.3, 0.6, 0.2, 0.2, False))
SAME = 1e-6
"""The largest difference, as a share of the largest number, that is no difference."""

Numbers = dict[str, dict[str, tuple[str, Any]]]
"""What the runs give: run -> place -> dtype and array."""


def numbers(folder: Path) -> Numbers:
    """Return what the small model gives: without and with boxes, and in training, with its gradients."""
    return dict(_runs(folder))


def differences(folder: Path, expected: Numbers, *, thorough: bool = False) -> dict[str, float]:
    """Return the first run in which the small model gives something else, and by how much.

    Args:
        folder: where the package is.
        expected: what the package gives as it is.
        thorough: all such runs, not the first alone.
    """
    apart: dict[str, float] = {}
    for run, found in _runs(folder):
        wanted = expected[run]
        places = {*wanted, *found}
        most = max((_apart(wanted.get(place), found.get(place)) for place in places), default=0.0)
        if most > SAME:
            apart[run] = most
            if not thorough:
                break
    return apart


def _runs(folder: Path) -> Iterator[tuple[str, dict[str, tuple[str, Any]]]]:
    """Yield each run's name, and what it gives."""
    use(folder)
    gc.disable()  # the process ends soon
    import torch

    from shapeflow.recording.shapes_only.devices import CudaOnCpu

    torch.set_num_threads(1)
    with CudaOnCpu():
        model, processor = _built()
        picture = _picture()
        for name, boxes in (("no boxes", ()), ("boxes", BOXES)):
            state = processor.set_image(picture)
            with torch.inference_mode():
                state["geometric_prompt"] = _geometry(model, boxes)
            results = dict(_tensors(processor.set_text_prompt(PROMPT, state)))
            results.update(_tensors(model.last_given, "network"))
            yield name, _arrays(results)
        yield "training", _arrays(_training(model, processor, picture))


def _arrays(tensors: Mapping[str, Any]) -> dict[str, tuple[str, Any]]:
    return {name: (str(tensor.dtype), tensor.double().numpy()) for name, tensor in tensors.items()}


def _built() -> tuple[Any, Any]:
    """Return the model and its processor."""
    import torch

    from shapeflow.adapters.prompt import vocabulary_file

    adapter: Any = import_module("shapeflow.adapters.sam3")  # knows how to import the package without CUDA
    torch.manual_seed(0)
    model = adapter.build_sam3_image_model(bpe_path=str(vocabulary_file()), device="cpu", load_from_HF=False)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            _fill(name, parameter)
    forward = model.forward_grounding

    def kept(**arguments: Any) -> Any:
        model.last_given = forward(**arguments)
        return model.last_given

    model.forward_grounding = kept
    return model, adapter.Sam3Processor(model, device="cpu", confidence_threshold=0.0)


def _fill(name: str, parameter: Any) -> None:
    import torch

    dice = torch.Generator().manual_seed(zlib.crc32(name.encode()))
    noise = torch.randn(parameter.shape, generator=dice)
    if parameter.dim() > 1:
        embedding = "embed" in name and "layers" not in name and "proj" not in name
        parameter.copy_(noise if embedding else noise * (parameter[0].numel() ** -0.5))
    else:
        parameter.copy_(0.2 * noise + (1.0 if name.endswith("weight") else 0.0))


def _picture() -> Any:
    import torch
    from PIL import Image

    pixels = torch.randint(0, 256, (60, 90, 3), generator=torch.Generator().manual_seed(1), dtype=torch.uint8)
    return Image.fromarray(pixels.numpy())


def _geometry(model: Any, boxes: Sequence[tuple[float, float, float, float, bool]]) -> Any:
    import torch

    geometry = model._get_dummy_prompt()
    for *corners, positive in boxes:
        geometry.append_boxes(torch.tensor(corners).view(1, 1, 4), torch.tensor([[positive]]))
    return geometry


def _training(model: Any, processor: Any, picture: Any) -> dict[str, Any]:
    """Return what the parts give in training, and the gradients of it."""
    import torch
    from torchvision.transforms import v2

    for child in model.children():
        child.train()
    torch.manual_seed(2)
    image = processor.transform(v2.functional.to_image(picture)).unsqueeze(0)
    with torch.enable_grad():
        given = model.backbone.forward_image(image)
        given.update(model.backbone.forward_text([PROMPT], device="cpu"))
        results = dict(
            _tensors(
                model.forward_grounding(
                    backbone_out=given,
                    find_input=processor.find_stage,
                    geometric_prompt=_geometry(model, BOXES),
                    find_target=None,
                )
            )
        )
        dice = torch.Generator().manual_seed(3)
        parts = [value for value in results.values() if value.requires_grad and value.is_floating_point()]
        sum((part * torch.randn(part.shape, generator=dice)).mean() for part in parts).backward()
    results = {name: value.detach() for name, value in results.items()}
    for name, parameter in model.named_parameters():
        if parameter.grad is not None:
            results[f"gradient of {name}"] = parameter.grad
    return results


def _tensors(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Yield every tensor in nested results, and where it is."""
    import torch

    if isinstance(value, torch.Tensor):
        yield name, value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _tensors(item, f"{name}.{key}")
    elif isinstance(value, (list, tuple)):
        for position, item in enumerate(value):
            yield from _tensors(item, f"{name}[{position}]")


def _apart(one: tuple[str, Any] | None, other: tuple[str, Any] | None) -> float:
    if one is None or other is None or one[0] != other[0] or one[1].shape != other[1].shape:
        return inf
    (_, expected), (_, found) = one, other
    if not (np.isfinite(expected) == np.isfinite(found)).all():
        return inf
    expected, found = (np.nan_to_num(array, posinf=0, neginf=0) for array in (expected, found))
    return float(abs(expected - found).max(initial=0) / max(abs(expected).max(initial=0), 1e-12))
