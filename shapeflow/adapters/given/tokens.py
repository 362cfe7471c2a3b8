"""Words as token ids, by a tokenizer that is installed: open_clip's, or that of a transformers folder."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
from torch import nn

from shapeflow.adapters.given.tensors import really
from shapeflow.adapters.given.texts import OPTION
from shapeflow.errors import InputError
from shapeflow.recording.modules import named_modules

CLIP_VOCABULARY = 49_408
"""Tokens of the one vocabulary that all of CLIP's own text encoders share."""
FILES = ("tokenizer.json", "tokenizer_config.json", "vocab.json", "vocab.txt", "tokenizer.model")
"""What a folder with a tokenizer has."""


def tokenized(text: str, model: nn.Module, target: str, example: str) -> tuple[dict[str, Any], str]:
    """Return the tensors that a tokenizer makes of a text, by name, and how they were made.

    Those of open_clip come without a name, under an empty one.

    Args:
        text: what is said.
        model: what it is said to; it may know the folder that it came from.
        target: what the user asked for, which may name a folder.
        example: what to type where no tokenizer is found.

    Raises:
        InputError: none is found that belongs to the model.
    """
    folder = next((place for place in _folders(model, target) if _has_tokenizer(place)), None)
    if folder is not None:
        return _of_folder(text, folder)
    if _is_clip(model) and find_spec("open_clip") is not None:
        return _of_open_clip(text, model)
    raise InputError(
        "tokenizer-missing",
        f"no tokenizer is known for '{target}', so '{text}' cannot become token ids",
        where=OPTION,
        expected="a folder of transformers with its tokenizer (tokenizer.json), or a model with CLIP's "
        "vocabulary and the package open_clip_torch",
        hint=f"--input {example}",
    )


def _folders(model: nn.Module, target: str) -> list[Path]:
    named = [target, target.partition(":")[2], getattr(model, "name_or_path", "")]
    return [Path(name) for name in named if isinstance(name, str) and name]


def _has_tokenizer(folder: Path) -> bool:
    return folder.is_dir() and any((folder / name).is_file() for name in FILES)


def _of_folder(text: str, folder: Path) -> tuple[dict[str, Any], str]:
    if find_spec("transformers") is None:
        raise InputError(
            "package-missing",
            "reading a tokenizer needs the package 'transformers', which is not installed",
            where=OPTION,
            hint="pip install transformers",
        )
    try:
        with really():
            from transformers import AutoTokenizer

            tokenizer = AutoTokenizer.from_pretrained(str(folder), local_files_only=True)
            made = {name: torch.tensor(rows) for name, rows in tokenizer([text]).items()}
    except Exception as error:  # each kind of broken file fails in its own way
        said = str(error).strip().splitlines()
        raise InputError(
            "file-unreadable",
            f"the tokenizer in '{folder}' cannot be read",
            where=OPTION,
            because=said[0][:160] if said else type(error).__name__,
        ) from None
    count = next(iter(made.values())).shape[-1]
    return made, f"'{text}' as {count} tokens by the tokenizer in {folder.name}"


def _is_clip(model: nn.Module) -> bool:
    return any(
        isinstance(part, nn.Embedding) and part.num_embeddings == CLIP_VOCABULARY
        for _, part in named_modules(model)
    )


def _of_open_clip(text: str, model: nn.Module) -> tuple[dict[str, Any], str]:
    lengths = (getattr(part, "context_length", None) for _, part in named_modules(model))
    length = next((length for length in lengths if isinstance(length, int)), 77)
    with really():
        from open_clip.tokenizer import SimpleTokenizer

        ids = SimpleTokenizer(context_length=length)([text])
    return {"": ids}, f"'{text}' as {ids.shape[-1]} tokens by open_clip's tokenizer"
