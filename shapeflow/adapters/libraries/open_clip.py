"""``open_clip:NAME``: the configurations that open_clip ships, each with pictures and padded texts."""

from __future__ import annotations

import json
import logging
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shapeflow.adapters.base import Adapter, Prepared
from shapeflow.adapters.libraries.library import check_name, folder_of, name_of, weights_into
from shapeflow.adapters.request import Request
from shapeflow.errors import InputError

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Module

TEXTS = ("a photo of a cat", "a diagram of a model that reads pictures and text")
LENGTHS = (7, 13)
"""Tokens of two texts, the last one the end, where the tokenizer is not at hand."""
PUBLISHED: Mapping[str, Mapping[str, Any]] = {
    "roberta-base": {
        "model_type": "roberta",
        "vocab_size": 50265,
        "max_position_embeddings": 514,
        "type_vocab_size": 1,
    },
    "xlm-roberta-base": {
        "model_type": "xlm-roberta",
        "vocab_size": 250002,
        "max_position_embeddings": 514,
        "type_vocab_size": 1,
    },
    "xlm-roberta-large": {
        "model_type": "xlm-roberta",
        "vocab_size": 250002,
        "max_position_embeddings": 514,
        "type_vocab_size": 1,
        "hidden_size": 1024,
        "num_hidden_layers": 24,
        "num_attention_heads": 16,
        "intermediate_size": 4096,
    },
    "google/mt5-base": {
        "model_type": "mt5",
        "vocab_size": 250112,
        "d_model": 768,
        "d_ff": 2048,
        "num_layers": 12,
        "num_decoder_layers": 12,
        "num_heads": 12,
    },
    "google/mt5-xl": {
        "model_type": "mt5",
        "vocab_size": 250112,
        "d_model": 2048,
        "d_ff": 5120,
        "num_layers": 24,
        "num_decoder_layers": 24,
        "num_heads": 32,
    },
    "facebook/nllb-200-distilled-600M": {"model_type": "m2m_100", "vocab_size": 256206},
    "facebook/nllb-200-distilled-1.3B": {
        "model_type": "m2m_100",
        "vocab_size": 256206,
        "encoder_layers": 24,
        "decoder_layers": 24,
        "encoder_ffn_dim": 8192,
        "decoder_ffn_dim": 8192,
    },
}
"""Text towers that a configuration of open_clip only names -> their published sizes, where these are not the
defaults of the class. Nothing is asked of the hub."""
KNOWN_TOWER = "The sizes of the text tower '{tower}' are the published ones; the hub was not asked for them."


@cache
def names() -> Sequence[str]:
    """See ``Library``."""
    return sorted(file.stem for file in (folder_of("open_clip") / "model_configs").glob("*.json"))


def check(name: str) -> None:
    """See ``Library``. As in open_clip a slash may stand for a hyphen."""
    check_name("open_clip", name.replace("/", "-"), names(), "configuration")
    if tower := settings_of(name)["text_cfg"].get("hf_model_name"):
        _check_tower(name, tower)


def load(target: str) -> Adapter:
    """See ``Library``."""
    name = name_of(target).replace("/", "-")
    check(name)
    import open_clip

    def build(request: Request) -> Prepared:
        import torch

        from shapeflow.adapters.forward import prepared

        torch.manual_seed(request.seed)
        settings = settings_of(name)["text_cfg"]
        with _tower_at_hand(settings) as options, _quiet():
            model = open_clip.create_model(name, pretrained_text=False, **options).eval()
        notes = weights_into(model, request)
        picture, pictured = _pictures(model)
        text, written = _texts(model, settings)
        made = {"image": pictured, "text": written}
        run = prepared(model, (picture, text), {}, request, made=made)
        tower = settings.get("hf_model_name")
        known = (KNOWN_TOWER.format(tower=tower),) if tower in PUBLISHED else ()
        return replace(run, notes=(*run.notes, *known, *notes))

    return build


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep open_clip from warning that the weights are random, which the trace says too."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(before)


def settings_of(name: str) -> dict[str, Any]:
    """Return a configuration as its file has it."""
    file = folder_of("open_clip") / "model_configs" / f"{name.replace('/', '-')}.json"
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return found


def _check_tower(name: str, tower: str) -> None:
    """Check that the sizes of a text tower of another library are known."""
    from shapeflow.adapters.specs import require_package

    require_package("transformers", f"the text tower of '{name}'", "option --model", "transformers")
    if tower in PUBLISHED:
        return
    from huggingface_hub import try_to_load_from_cache

    if not isinstance(try_to_load_from_cache(tower, "config.json"), str):
        raise InputError(
            "model-incomplete",
            f"the text tower of '{name}' is only named in its configuration",
            where="option --model",
            found=f"'{tower}', of the hub, and its config.json is not on this machine",
            because="nothing is downloaded for a trace",
            hint=f"fetch it once: hf download {tower} config.json",
        )


@contextmanager
def _tower_at_hand(settings: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Give what ``create_model`` has to be told for a text tower to be built without the hub."""
    known = PUBLISHED.get(settings.get("hf_model_name", ""))
    if known is None:
        yield {}
        return
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "config.json").write_text(json.dumps(known), encoding="utf-8")
        yield {"text_cfg": {**settings, "hf_model_name": folder, "hf_model_pretrained": False}}


def _pictures(model: Module) -> tuple[Tensor, str]:
    """Return as many pictures as there are texts, of the size that the model is made for."""
    import torch

    visual: Any = model.visual
    size = visual.image_size
    height, width = (size, size) if isinstance(size, int) else size
    made = f"{len(TEXTS)} pictures of random numbers, {height} x {width}"
    return torch.rand(len(TEXTS), 3, height, width), made


def _texts(model: Module, settings: Mapping[str, Any]) -> tuple[Tensor, str]:
    """Return texts as numbers, padded to the length that the model is made for.

    The tokenizer of CLIP comes with open_clip; those of the hub are not there, and only the kind of numbers
    that they give is known.
    """
    import torch
    from open_clip import SimpleTokenizer

    length = settings.get("context_length", 77)
    if not settings.get("hf_tokenizer_name") and settings["vocab_size"] >= SimpleTokenizer().vocab_size:
        made = f"{' and '.join(map(repr, TEXTS))}, by the tokenizer of open_clip, padded to {length}"
        return SimpleTokenizer(context_length=length)(list(TEXTS)), made
    pad, end = settings.get("pad_id", 0), settings.get("eos_id", 2)
    own = getattr(getattr(model, "text", None), "config", None)
    if own is not None:
        pad, end = own.pad_token_id, own.eos_token_id
    rows = [[10 + 7 * place for place in range(count - 1)] + [end] for count in LENGTHS]
    lengths = " and ".join(map(str, LENGTHS))
    made = f"made-up token numbers of {len(LENGTHS)} texts, {lengths} long, padded to {length}"
    return torch.tensor([row + [pad] * (length - len(row)) for row in rows]), made
