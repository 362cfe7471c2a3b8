"""The official SAM3 (PyPI ``sam3``), image path: the run that the package's own ``Sam3Processor`` gives.

What the package needs on a machine without CUDA, each in one place:

* ``cuda`` in two constructors and ``pin_memory`` with every prompt: ``recording.devices`` answers.
* modules that an image run imports and never uses, or that the package forgets to declare: ``_imported``.
* the vocabulary that is missing from the wheel: ``_vocabulary`` takes the one that ``open_clip_torch`` ships.
* memory left uninitialised without a checkpoint: ``_fill``.
"""

from __future__ import annotations

import sys
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from torch import nn

from shapeflow.adapters.base import Prepared
from shapeflow.adapters.checkpoints import NO_WEIGHTS, load_into
from shapeflow.adapters.images import open_image, thumbnail
from shapeflow.adapters.mask_overlay import overlay
from shapeflow.adapters.prompt import CONTEXT_TOKENS, long_prompt_note, vocabulary_file
from shapeflow.adapters.recorded import to_recorded
from shapeflow.adapters.request import Request
from shapeflow.common.late import is_waiting
from shapeflow.errors import EndOfRun, InputError, NeedsValues
from shapeflow.recording.lazy_dynamo import compiler_not_loaded

NO_TEXT = "visual"
"""What the package's processor puts in place of a text prompt (sam3_image_processor.py)."""
NO_BATCH_DETECTIONS = (
    "The package's post-processing takes one image: this run on several ends with the model's outputs."
)
ENDS_EARLY = (
    "Post-processing keeps as many detections as pass the threshold, which depends on data: "
    "a shapes-only run ends before it."
)


def _stub(name: str, **attributes: Any) -> ModuleType:
    module = ModuleType(name)
    module.__dict__.update(attributes)
    return module


def _stubs() -> dict[str, ModuleType]:
    """Return stubs for modules that are missing while ``sam3`` is imported.

    ``triton`` compiles one kernel of the video path and is absent from CPU builds of torch; ``psutil`` is
    imported by the video predictor and not declared.
    """
    language = _stub("triton.language", constexpr=int)
    modules = {
        "triton": _stub("triton", jit=lambda function: function, language=language),
        "triton.language": language,
    }
    if find_spec("psutil") is None:
        modules["psutil"] = _stub("psutil")
    return modules


@contextmanager
def _imported() -> Iterator[None]:
    """Let ``sam3`` be imported quickly and quietly; no stub is left in ``sys.modules``."""
    stubs = (
        {}
        if torch.cuda.is_available()
        else {
            name: module for name, module in _stubs().items() if name not in sys.modules or is_waiting(name)
        }
    )
    late = {name: module for name in stubs if (module := sys.modules.get(name)) is not None}
    sys.modules.update(stubs)
    try:
        with warnings.catch_warnings(), compiler_not_loaded():
            warnings.simplefilter("ignore")  # torch.jit.script is deprecated; no CUDA, so no autocast
            yield
    finally:
        for name, module in stubs.items():
            if sys.modules.get(name) is module:
                del sys.modules[name]
        sys.modules.update(late)


with _imported():
    from sam3.model.sam3_image_processor import Sam3Processor
    from sam3.model_builder import build_sam3_image_model


def prepare(request: Request) -> Prepared:
    """Build the official SAM3 and lay out one run: image, prompt, boxes.

    Raises:
        InputError: no image, or an image, the vocabulary or the checkpoint cannot be used.
    """
    if not request.images:
        raise InputError(
            "image-missing",
            "SAM3 needs an image",
            where="argument IMAGE",
            expected="a picture file",
            hint='shapeflow trace --prompt "yellow school bus" photo.jpg',
        )
    images = [open_image(path) for path in request.images]
    model, notes = _build(request)
    device = "cuda" if request.device == "cuda" else "cpu"
    processor = Sam3Processor(model, device=device)
    prompt = request.prompt if request.prompt is not None else NO_TEXT
    tokens = len(model.backbone.language_backbone.tokenizer.encode(prompt)) + 2
    if tokens > CONTEXT_TOKENS:
        notes.append(long_prompt_note(tokens))
    if len(images) > 1:
        notes.append(NO_BATCH_DETECTIONS)
    inputs = to_recorded(request, [image.size for image in images], NO_TEXT)
    inputs["thumbnail"] = thumbnail(images[0])
    versions = {package: version(package) for package in ("sam3", "torchvision")}
    shown = (
        _masks if request.checkpoint is not None and request.device != "meta" and len(images) == 1 else None
    )
    return Prepared(model, _run(processor, images, prompt, request), inputs, versions, tuple(notes), shown)


def _masks(state: dict[str, Any]) -> dict[str, Any]:
    """Return the picture of the best masks, from the state that the package's processor gives."""
    return {"masks": overlay(state["masks"], state["scores"])} if len(state["scores"]) else {}


def _build(request: Request) -> tuple[Any, list[str]]:
    torch.manual_seed(request.seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = build_sam3_image_model(bpe_path=str(_vocabulary()), device="cpu", load_from_HF=False)
    notes: list[str] = []
    if request.checkpoint is not None:
        notes += load_into(model, request.checkpoint, _official_names, shapes_only=request.device == "meta")
    else:
        _fill(model)
        notes.append(NO_WEIGHTS)
    return (model.cuda() if request.device == "cuda" else model), notes


def _official_names(weights: dict[str, Any]) -> dict[str, Any]:
    """Return the image model's part of an official checkpoint, which holds detector and tracker."""
    if "model" in weights and isinstance(weights["model"], dict):
        weights = weights["model"]
    detector = {
        name.removeprefix("detector."): value
        for name, value in weights.items()
        if name.startswith("detector.")
    }
    return detector or weights


def _vocabulary() -> Path:
    """Return the file with the text encoder's vocabulary.

    Raises:
        InputError: neither ``sam3`` nor ``open_clip_torch`` has it installed.
    """
    import sam3

    shipped = Path(next(iter(sam3.__path__))) / "assets" / "bpe_simple_vocab_16e6.txt.gz"
    found = shipped if shipped.is_file() else vocabulary_file()
    if found is None:
        raise InputError(
            "vocabulary-missing",
            "the vocabulary of SAM3's text encoder is not installed",
            because="the wheel of sam3 0.1.4 lacks it; the package open_clip_torch ships the same file",
            hint="pip install open_clip_torch",
        )
    return found


def _fill(model: Any) -> None:
    """Give numbers to the two parameters that text_encoder_ve.py leaves as uninitialised memory."""
    encoder = model.backbone.language_backbone.encoder
    with torch.no_grad():
        nn.init.normal_(encoder.positional_embedding, std=0.01)
        if isinstance(encoder.text_projection, nn.Parameter):
            nn.init.normal_(encoder.text_projection, std=encoder.width**-0.5)


def _run(processor: Any, images: list[Any], prompt: str, request: Request) -> Callable[[], object]:
    """Return the run: set the image, add the boxes, set the prompt, which runs the model once."""

    def run() -> object:
        if len(images) > 1:
            return _run_batch(processor, images, prompt, request)
        state = processor.set_image(images[0])
        with torch.inference_mode():
            state["geometric_prompt"] = _geometry(processor, request, 1)
        return processor.set_text_prompt(prompt, state)

    def shapes_only() -> object:
        try:
            return run()
        except NeedsValues as error:
            running = {frame.f_code.co_name for frame, _ in traceback.walk_tb(error.__traceback__)}
            if "forward_grounding" in running or "_forward_grounding" not in running:
                raise
            raise EndOfRun(ENDS_EARLY) from None

    return shapes_only if request.device == "meta" else run


def _geometry(processor: Any, request: Request, count: int) -> Any:
    """Return the boxes as the package's geometric prompt, for ``count`` images; without boxes it is empty."""
    geometry = processor.model._get_dummy_prompt(num_prompts=count)
    for box in request.boxes:
        corners = torch.tensor([box.cx, box.cy, box.width, box.height], device=processor.device)
        label = torch.tensor([box.positive], device=processor.device, dtype=torch.bool)
        geometry.append_boxes(corners.view(1, 1, 4).repeat(1, count, 1), label.view(1, 1).repeat(1, count))
    return geometry


@torch.inference_mode()
def _run_batch(processor: Any, images: list[Any], prompt: str, request: Request) -> object:
    """Run the model once on several images with one prompt; post-processing takes one and is left out."""
    model, count = processor.model, len(images)
    state = processor.set_image_batch(images)
    state["backbone_out"].update(model.backbone.forward_text([prompt], device=processor.device))
    stage = replace(
        processor.find_stage,
        img_ids=torch.arange(count, device=processor.device),
        text_ids=torch.zeros(count, device=processor.device, dtype=torch.long),
    )
    return model.forward_grounding(
        backbone_out=state["backbone_out"],
        find_input=stage,
        geometric_prompt=_geometry(processor, request, count),
        find_target=None,
    )
