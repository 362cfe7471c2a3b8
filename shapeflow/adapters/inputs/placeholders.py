"""Tokens of a text that stand for the parts of a picture, a video or a sound."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from shapeflow.adapters.inputs.fields import Fields, field
from shapeflow.errors import NeedsValues

ROWS = 2


@dataclass(frozen=True, slots=True)
class Placeholder:
    """Something that a model puts among the tokens of a text."""

    called: str
    inputs: tuple[str, ...]
    """What it is given as; one of these has to be there."""
    method: str
    """Of the model: makes the vectors that stand for it."""
    tokens: tuple[str, ...]
    """Fields of a configuration that hold the token that is replaced."""
    first: tuple[str, ...] = ()
    """Fields that hold the token before the first."""
    last: tuple[str, ...] = ()
    """Fields that hold the token after the last."""
    type_id: int = 1
    part: str = "vision_config"
    """Field that holds the configuration of what looks at it."""


KINDS = (
    Placeholder(
        "the picture",
        ("pixel_values", "image_pixel_values"),
        "get_image_features",
        ("image_token_id", "image_token_index", "img_token_id", "image_patch_id", "img_context_token_id"),
        ("vision_start_token_id", "image_start_token_id", "boi_token_id", "boi_token_index"),
        ("vision_end_token_id", "image_end_token_id", "eoi_token_id", "eoi_token_index"),
    ),
    Placeholder(
        "the video",
        ("pixel_values_videos",),
        "get_video_features",
        ("video_token_id", "video_token_index"),
        ("vision_start_token_id",),
        ("vision_end_token_id",),
        2,
    ),
    Placeholder(
        "the sound",
        ("input_features", "input_values", "audio_input_features"),
        "get_audio_features",
        ("audio_token_id", "audio_token_index"),
        ("audio_start_token_id", "boa_token_id", "audio_bos_token_id"),
        ("audio_end_token_id", "eoa_token_id", "audio_eos_token_id"),
        3,
        "audio_config",
    ),
)


class DoesNotFitError(Exception):
    """What stands for something cannot be put among the tokens; the text says why."""


def counts(model: nn.Module, kind: Placeholder, values: Mapping[str, Any]) -> list[int] | None:
    """Return how many tokens each row has to have for something, asked of the model itself.

    None if the model has no such method.

    Raises:
        DoesNotFitError: the model cannot make these vectors, or they are of another width than its words.
    """
    fields = Fields(getattr(model, "config", {}))
    held: Mapping[str, Any] = getattr(fields.config, "__dict__", {})
    if held.get(kind.part, fields) is None:
        raise DoesNotFitError(f"{kind.part} is empty, so that no part of the model takes it")
    queries = fields.number("num_query_tokens", default=0)
    if queries and kind is KINDS[0]:
        return [queries] * ROWS
    method = _method(model, kind)
    if method is None:
        return _heard(model, values) if kind.method == "get_audio_features" else None
    taken = inspect.signature(method).parameters
    given = {name: value for name, value in values.items() if name in taken}
    try:
        with torch.no_grad():
            features = method(**given)
    except NeedsValues as error:
        raise DoesNotFitError(
            f"{kind.method} reads its numbers, which a shapes-only run does not have"
        ) from error
    except Exception as error:
        said = next(iter(str(error).strip().splitlines()), type(error).__name__)
        raise DoesNotFitError(f"{kind.method} says: {said}") from error
    if hasattr(features, "pooler_output"):
        pooled = features.pooler_output
        features = features.last_hidden_state if pooled is None else pooled
    if isinstance(features, tuple) and features and not isinstance(features[0], Tensor):
        features = features[0]
    parts: Sequence[Tensor] = features if isinstance(features, list | tuple) else [features]
    width = _width(model)
    if width and parts[0].shape[-1] == fields.number("hidden_size", side="text"):
        width = parts[0].shape[-1]  # where words are made as wide only later
    if width and _projected(model, kind, parts[0].shape[-1]) != width:
        sizes_of = "x".join(map(str, parts[0].shape))
        became = f"it becomes vectors of {parts[0].shape[-1]:,} numbers, where words have {width:,}"
        whole = f"it becomes a tensor of {sizes_of} for each, where a word has {width:,} numbers"
        raise DoesNotFitError(whole if isinstance(features, list) and parts[0].dim() > 2 else became)
    fixed = fields.number("audio_soft_tokens_per_image", default=0)
    if fixed and kind.method == "get_audio_features":  # the model fills up what is shorter
        return [fixed] * ROWS
    sizes = [part.numel() // part.shape[-1] for part in parts]
    if len(sizes) == ROWS:
        return sizes
    total = sum(sizes)  # of all rows together; they are put in one after the other
    return [total - (ROWS - 1) * (total // ROWS)] + [total // ROWS] * (ROWS - 1)


def _method(model: nn.Module, kind: Placeholder) -> Callable[..., Any] | None:
    owner = next((module for module in model.modules() if hasattr(module, kind.method)), None)
    return getattr(owner, kind.method, None)


def reads_numbers(model: nn.Module, kind: Placeholder) -> bool:
    """Return whether a model looks for empty pictures, ``pixel_values == 0.0``, that only fill up a batch."""
    method = _method(model, kind)
    try:
        return method is not None and "pixel_values == 0" in inspect.getsource(inspect.unwrap(method))
    except (OSError, TypeError):
        return False


def _projected(model: nn.Module, kind: Placeholder, width: int) -> int:
    """Return how wide vectors are after what is done to them before they are put among the words."""
    owner = next((module for module in model.modules() if hasattr(module, kind.method)), model)
    last = getattr(getattr(owner, "multi_modal_projector", None), "linear_1", None)
    return last.out_features if isinstance(last, nn.Linear) and last.in_features == width else width


def _heard(model: nn.Module, values: Mapping[str, Any]) -> list[int] | None:
    """Return how many vectors a model makes of each sound, which it works out from the mask of the sound."""
    told = "_get_feat_extract_output_lengths"
    owner = next((module for module in model.modules() if hasattr(module, told)), None)
    mask = values.get("feature_attention_mask")
    if owner is None or not isinstance(mask, Tensor):
        return None
    lengths: Any = getattr(owner, told)(mask.sum(-1))
    found: list[int] = (lengths[-1] if isinstance(lengths, tuple) else lengths).tolist()
    return found


def _width(model: nn.Module) -> int:
    """Return how many numbers stand for a word."""
    weight = _vectors(model)
    return int(weight.shape[-1]) if weight is not None else 0


def _words(model: nn.Module) -> int:
    """Return how many words a model knows."""
    weight = _vectors(model)
    return int(weight.shape[0]) if weight is not None else 0


def _vectors(model: nn.Module) -> Tensor | None:
    """Return the vectors of all words, a row each."""
    own: Callable[[], Any] | None = getattr(model, "get_input_embeddings", None)
    try:
        embedding = own() if own is not None else None
    except NotImplementedError:
        return None
    weight = getattr(embedding, "weight", None)
    return weight if isinstance(weight, Tensor) and weight.ndim == 2 else None


def token_of(model: nn.Module, fields: Fields, names: Sequence[str], notes: list[str]) -> int | None:
    """Return the first token of these names that a configuration has.

    One for which the model has no vector is replaced in the configuration by one that means nothing else,
    and a note says so.
    """
    special = fields.special()
    # Some are known to a configuration by a second name only.
    known = {name: special.get(name, fields.number(name, default=-1)) for name in names}
    name = next((name for name, token in known.items() if token >= 0), None)
    if name is None:
        return None
    token, rows = known[name], _words(model)
    if not rows or token < rows:
        return token
    meant = {*special.values(), *known.values()}
    chosen = next((free for free in range(rows - 1, 0, -1) if free not in meant), rows - 1)
    for part in fields.parts():
        if field(part, name) == token:
            setattr(part, name, chosen)
    notes.append(f"{name} is {token:,}, and there are vectors for {rows:,} tokens: {chosen:,} is used.")
    return chosen
