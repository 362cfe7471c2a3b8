"""SAM3 as ``transformers`` has it: ``Sam3Model`` from its default configuration, one image-and-text run.

No processor is loaded, because its files come from a model hub. The picture is scaled and normalised
here as the processor would; the prompt is tokenised with the vocabulary that ``open_clip_torch`` ships.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy
import torch
from transformers import CLIPTokenizer, Sam3Config, Sam3Model
from transformers.models.sam3.modeling_sam3 import Sam3SinePositionEmbedding

from shapeflow.adapters.base import Prepared
from shapeflow.adapters.checkpoints import NO_WEIGHTS, load_into
from shapeflow.adapters.images import open_image, thumbnail
from shapeflow.adapters.prompt import CONTEXT_TOKENS, long_prompt_note, vocabulary_file
from shapeflow.adapters.recorded import to_recorded
from shapeflow.adapters.request import Request

if TYPE_CHECKING:
    from PIL.Image import Image

NO_TEXT = "visual"
"""What the processor puts in place of a text prompt."""
MERGES = 49152 - 256 - 2 + 1
"""Lines of the vocabulary file that CLIP uses; the first is a heading."""
NO_VOCABULARY = (
    "The vocabulary of the text encoder is not installed (pip install open_clip_torch): "
    "each word became one made-up token, so the number of real tokens may differ."
)


def prepare(request: Request) -> Prepared:
    """Build ``Sam3Model`` and lay out one run: pictures, prompt, boxes.

    Raises:
        InputError: a picture or the checkpoint cannot be used.
    """
    images = [open_image(path) for path in request.images]
    prompt = request.prompt if request.prompt is not None else NO_TEXT
    tokens, notes = _tokens(prompt)
    config: Any = Sam3Config()
    forget_positions()
    torch.manual_seed(request.seed)
    model = Sam3Model(config).eval()
    if request.checkpoint is not None:
        notes += load_into(model, request.checkpoint, _own_names, shapes_only=request.device == "meta")
    else:
        notes.append(NO_WEIGHTS)
    size = config.vision_config.backbone_config.image_size
    arguments = _text(tokens, len(images)) | _boxes(request, len(images))
    arguments["pixel_values"] = torch.stack([_pixels(image, size) for image in images])
    if request.device == "cuda":
        model = model.cuda()
        arguments = {name: tensor.cuda() for name, tensor in arguments.items()}
    inputs = to_recorded(request, [image.size for image in images], NO_TEXT)
    inputs["thumbnail"] = thumbnail(images[0])
    versions = {"transformers": version("transformers")}
    return Prepared(model, _run(model, arguments), inputs, versions, tuple(notes))


def forget_positions() -> None:
    """Empty the cache in which ``transformers`` keeps position encodings for the whole process.

    A second run would find the tables of the first, and its trace would not show how they are made.
    """
    cached = Sam3SinePositionEmbedding.build_sine_position_embedding
    for cell in getattr(cached, "__closure__", None) or ():  # the decorator hides the cache there
        empty = getattr(cell.cell_contents, "cache_clear", None)
        if empty is not None:
            empty()


def _run(model: Any, arguments: dict[str, torch.Tensor]) -> Callable[[], object]:
    """Return the run."""

    def run() -> object:
        with torch.no_grad():
            return model(**arguments)

    return run


def _pixels(image: Image, size: int) -> torch.Tensor:
    """Return a picture as the model takes it: ``f32[3, size, size]`` from -1 to 1."""
    pixels = numpy.asarray(image.resize((size, size)), dtype=numpy.float32)
    return torch.from_numpy(pixels / 127.5 - 1).permute(2, 0, 1)


def _text(tokens: list[int], count: int) -> dict[str, torch.Tensor]:
    """Return token ids and mask, ``i64[count, 32]`` each, padded with the end mark as CLIP does."""
    padding = CONTEXT_TOKENS - len(tokens)
    return {
        "input_ids": torch.tensor([tokens + [tokens[-1]] * padding] * count),
        "attention_mask": torch.tensor([[1] * len(tokens) + [0] * padding] * count),
    }


def _boxes(request: Request, count: int) -> dict[str, torch.Tensor]:
    """Return boxes ``f32[count, n, 4]`` and labels ``i64[count, n]``; nothing if there are none."""
    if not request.boxes:
        return {}
    corners = [[box.cx, box.cy, box.width, box.height] for box in request.boxes]
    labels = [int(box.positive) for box in request.boxes]
    return {
        "input_boxes": torch.tensor([corners] * count),
        "input_boxes_labels": torch.tensor([labels] * count),
    }


def _tokens(prompt: str) -> tuple[list[int], list[str]]:
    """Return the token ids of a prompt, start and end marks included, and what to note about them."""
    text: Any = Sam3Config().text_config
    file = vocabulary_file()
    if file is not None:
        tokens, notes = list(_tokenizer(file)(prompt)["input_ids"]), []
    else:
        words = [zlib.crc32(word.encode()) % text.bos_token_id for word in prompt.split()]
        tokens, notes = [text.bos_token_id, *words, text.eos_token_id], [NO_VOCABULARY]
    if len(tokens) > CONTEXT_TOKENS:
        notes.append(long_prompt_note(len(tokens)))
        tokens = [*tokens[: CONTEXT_TOKENS - 1], tokens[-1]]
    return tokens, notes


def _tokenizer(file: Path) -> CLIPTokenizer:
    """Return CLIP's tokenizer made from its vocabulary file, a list of merges."""
    from transformers.convert_slow_tokenizer import bytes_to_unicode

    lines = gzip.decompress(file.read_bytes()).decode().splitlines()[1:MERGES]
    letters = list(bytes_to_unicode().values())
    words = [*letters, *(f"{letter}</w>" for letter in letters)]
    words += ["".join(line.split()) for line in lines] + ["<|startoftext|>", "<|endoftext|>"]
    merges: list[Any] = [tuple(line.split()) for line in lines]
    return CLIPTokenizer(vocab={word: number for number, word in enumerate(words)}, merges=merges)


def _own_names(weights: dict[str, Any]) -> dict[str, Any]:
    """Return the image model's part of a checkpoint, which may hold the video model around it."""
    prefix = "detector_model."
    detector = {
        name.removeprefix(prefix): value for name, value in weights.items() if name.startswith(prefix)
    }
    return detector or weights
