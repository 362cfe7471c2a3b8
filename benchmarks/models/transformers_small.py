"""The models of transformers, each from the defaults of its configuration class with smaller numbers.

What becomes smaller, and how small, is decided by the names of the fields. All widths become one width, all
head counts one count, so that what has to agree still agrees.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable
from inspect import signature
from typing import Any
from zlib import crc32

import torch

WIDTH, HEADS, HEAD, WIDE, WORDS = 64, 4, 16, 96, 100

RULES: tuple[tuple[str, int], ...] = (
    (r"(.*_)?vocab_size(_.*)?", WORDS),
    (r"(q|kv)_lora_rank|qk_nope_head_dim|v_head_dim", HEAD),
    (r"qk_rope_head_dim|rotary_dim|(.*_)?num_queries|num_query_tokens|(.*_)?num_latents", 8),
    (r"(.*_)?(num_key_value_heads|num_kv_heads|n_head_kv|num_query_groups)", 2),
    (r"((.*_)?(num|n)_)?(.*_)?(attention_heads?|heads?|nhead)", HEADS),
    (r"mamba_d_head|mamba_head_dim", 32),
    (r"(.*_)?(head_dim|d_kv|dim_head|attention_head_size|head_size|d_head|attention_head_dim)", HEAD),
    (r"(.*_)?(intermediate_size|ffn_dim|d_ff|dim_feedforward|d_inner|mlp_dim|n_inner|ffn_hidden_size)", WIDE),
    (r"(.*_)?(hidden_size|d_model|embedding_size|n_embd|projection_size|width|projector_hidden_size)", WIDTH),
    (r"(.*_)?(embed|hidden|projection|output|cross_attention|pooler|emb|model|channel|query)_dim", WIDTH),
    (r"(.*_)?(embed_dims|hidden_channels)|dim|.*_hidden_size_.*", WIDTH),
    (r"(.*_)?(num|n)_(hidden_)?(layers?|blocks?)|(.*_)?layers|depth|n_layer", 2),
    (r"(.*_)?(num_experts_per_tok|num_experts_per_token|top_k|moe_topk|moe_k)", 2),
    (r"(.*_)?(n_routed_experts|num_experts|num_local_experts|moe_num_experts)", 4),
    (r"n_group|topk_group", 1),
    (r"image_size", 224),
)
"""Pattern of a field's name, and the largest number that stays in it; the first that matches counts."""
DEPTH_RULES = tuple(rule for rule in RULES if any(word in rule[0] for word in ("layer", "vocab", "image")))
"""Only fewer layers, words and pixels, for configurations whose widths depend on one another differently."""
LIST_RULES: tuple[tuple[str, Callable[[int, int], int]], ...] = (
    (r"(.*_)?(depths|num_blocks|blocks|blocks_per_stage|layers)", lambda item, place: 1),
    (
        r"(.*_)?(hidden_sizes|embed_dims?|channels|dims|widths)",
        lambda item, place: min(item, 16 * (place + 1)),
    ),
    (r"(.*_)?(num_|attention_)?heads", lambda item, place: min(item, (1, 2, 2, 4)[min(place, 3)])),
)
"""The same for lists with a number for each stage; given the number and the stage."""


def small(config: Any, rules: tuple[tuple[str, int], ...] = RULES, **changes: Any) -> Any:
    """Return a configuration of the same class with small sizes.

    Args:
        config: one with the defaults of its class.
        rules: pattern of a field's name, and what numbers in it become at most.
        **changes: fields that get another value; ``text_config=dict(...)`` changes the configuration inside.
    """
    values: dict[str, Any] = {}
    fields = [field for field in dataclasses.fields(type(config)) if field.init]
    for field in fields:
        value = _value(config, field)
        change = changes.pop(field.name, None)
        if dataclasses.is_dataclass(value) and hasattr(value, "model_type"):
            values[field.name] = small(value, rules, **(change or {}))
        elif change is not None:
            values[field.name] = change
        elif field.name.endswith(("_token_id", "_token_index")):
            values[field.name] = token(value, field.name)
        elif isinstance(value, int | str) or field.default is not None:
            shrunk = shrink(field.name, value, rules)
            if field.name in DEPTHS and shrunk != value:
                shrunk = min(value, max(shrunk, variety(getattr(config, "layer_types", None))))
            if "key_value_heads" in field.name and value == getattr(config, "num_attention_heads", None):
                shrunk = min(value, HEADS)
            if shrunk != value or isinstance(value, str):
                values[field.name] = shrunk
    return type(config)(**values, **changes)


DEPTHS = ("num_hidden_layers", "n_layer", "num_layers")


def _value(config: Any, field: dataclasses.Field[Any]) -> Any:
    try:
        return getattr(config, field.name, None)
    except Exception:  # a field that varies from layer to layer refuses to be read
        return None if field.default is dataclasses.MISSING else field.default


def token(value: Any, name: str) -> Any:
    """Return a number of the small vocabulary for a special token, another one for nearly each name."""
    if isinstance(value, list):
        return [token(value[0], name)]
    if not isinstance(value, int) or value < 20:
        return value
    return WORDS - 1 - crc32(name.encode()) % 34


def variety(kinds: Any) -> int:
    """Return how many layers it takes until one of each kind is among them, at least two."""
    if not isinstance(kinds, (list, tuple)) or not kinds:
        return 2
    return max(2, *(kinds.index(kind) + 1 for kind in set(kinds)))


def shrink(name: str, value: Any, rules: tuple[tuple[str, int], ...]) -> Any:
    """Return a number, or a list of them, made small by the name of the field."""
    if isinstance(value, int) and not isinstance(value, bool):
        return min([value, *(size for pattern, size in rules if re.fullmatch(pattern, name))][:2])
    if not isinstance(value, list | tuple) or not all(isinstance(item, int) for item in value):
        return value
    if name == "image_size":
        return type(value)(min(item, 224) for item in value)
    for pattern, change in LIST_RULES if rules is RULES else ():
        if re.fullmatch(pattern, name):
            return type(value)(change(item, place) for place, item in enumerate(value))
    return value


def find(config: Any, *names: str, default: Any = None) -> Any:
    """Return the first of some fields that a configuration or one inside it has."""
    parts = [config, *(part for part in vars(config).values() if hasattr(part, "model_type"))]
    for name in names:
        for part in parts:
            value = getattr(part, name, None)
            if value is not None:
                return value
    return default


def square(size: Any) -> tuple[int, int]:
    """Return height and width."""
    if isinstance(size, dict):
        size = (size["height"], size["width"])
    return (size, size) if isinstance(size, int) else tuple(size)[-2:]


IDS = [[2 + (7 * row + 3 * column) % 50 for column in range(12)] for row in range(2)]
FEATURES = ("input_features", "input_values")


def inputs(model: Any, config: Any, style: str = "") -> dict[str, Any]:
    """Return what a model is called with, by the names of the parameters of its ``forward``.

    Args:
        model: the model.
        config: its configuration.
        style: ``text``: only the text of a model that takes pictures or sound too; ``placeholders``: one
            picture, and as many words that stand for it as the model makes of it; ``time first``: sound as
            ``[batch, time, bins]``.
    """
    parameters = {
        name: it
        for name, it in signature(model.forward).parameters.items()
        if it.kind is it.POSITIONAL_OR_KEYWORD
    }
    main = model.main_input_name
    wanted = {main} if isinstance(main, str) else set(main)
    wanted |= {name for name, parameter in parameters.items() if parameter.default is parameter.empty}
    wanted |= {"decoder_input_ids", "input_ids", "attention_mask"}
    if style != "text":
        wanted |= {"pixel_values", "bbox", *FEATURES}
    if "input_ids" not in parameters or main in FEATURES:
        wanted.discard("attention_mask")
    if style == "placeholders":
        return placeholders(model, config)
    makers = tensors(config, style)
    return {name: makers[name]() for name in sorted(wanted & set(parameters))}


def tensors(config: Any, style: str = "") -> dict[str, Callable[[], Any]]:
    """Return name of a parameter -> what makes a tensor for it."""
    size = square(find(config, "image_size", default=224))
    channels = find(config, "num_channels", "in_channels", default=3)
    mels = find(
        config, "num_mel_bins", "feature_size", "input_feat_per_channel", "n_mels", "input_dim", default=80
    )
    frames = 2 * find(config, "max_source_positions", default=100)
    patch = (
        find(config, "temporal_patch_size", default=1)
        * channels
        * square(find(config, "patch_size", default=16))[0] ** 2
    )
    steps = find(config, "context_length", default=32)
    past = steps + max(find(config, "lags_sequence", default=[0]))
    is_spectrogram = hasattr(config, "frequency_stride")
    is_wave = hasattr(config, "codebook_size") and hasattr(config, "sampling_rate")
    waves = (2, config.max_length, mels) if is_spectrogram else (2, 1, 4096) if is_wave else (2, 4000)
    return {
        "input_ids": lambda: torch.tensor(IDS),
        "attention_mask": lambda: torch.ones(2, 12, dtype=torch.long),
        "decoder_input_ids": lambda: torch.tensor(IDS)[:, :5],
        "pixel_values": lambda: torch.rand(2, channels, *size),
        "pixel_values_videos": lambda: torch.rand(
            1, find(config, "num_frames", "frames_per_clip", default=4), channels, *size
        ),
        "hidden_states": lambda: torch.rand(16, patch),
        "grid_thw": lambda: torch.tensor([[1, 4, 4]]),
        "input_values": lambda: torch.rand(waves),
        "input_features": lambda: torch.rand(
            (2, frames, mels) if style == "time first" else (2, mels, frames)
        ),
        "bbox": lambda: torch.tensor([[[1 + column, 2, 10 + column, 20] for column in range(12)]] * 2),
        "past_values": lambda: (
            torch.rand(2, past)
            if hasattr(config, "lags_sequence")
            else torch.rand(2, steps, find(config, "num_input_channels", default=1))
        ),
        "past_time_features": lambda: torch.rand(
            2, past, max(1, find(config, "num_time_features", default=1))
        ),
        "past_observed_mask": lambda: torch.ones(2, past),
        "states": lambda: torch.rand(2, 5, config.state_dim),
        "actions": lambda: torch.rand(2, 5, config.act_dim),
        "rewards": lambda: torch.rand(2, 5, 1),
        "returns_to_go": lambda: torch.rand(2, 5, 1),
        "timesteps": lambda: torch.tensor([[0, 1, 2, 3, 4]] * 2),
        "qformer_input_ids": lambda: torch.tensor(IDS),
        "query_embeds": lambda: torch.rand(2, 8, find(config, "hidden_size")),
    }


def placeholders(model: Any, config: Any) -> dict[str, Any]:
    """Return one picture, and a sentence with as many words for it as the model makes of it."""
    picture = tensors(config)["pixel_values"]()[:1]
    with torch.no_grad():
        features = model.get_image_features(pixel_values=picture)
    features = getattr(features, "pooler_output", features)
    count = sum(
        part.numel() // part.shape[-1]
        for part in (features if isinstance(features, list | tuple) else [features])
    )
    words = [5, 6, *[find(config, "image_token_id", "image_token_index")] * count, 7, 8, 9]
    return {"input_ids": torch.tensor([words]), "pixel_values": picture}


def from_type(kind: str, rules: Any = RULES, style: str = "", **changes: Any) -> Any:
    """Build the base model of a model type of transformers."""
    from transformers import CONFIG_MAPPING, AutoModel

    config = small(CONFIG_MAPPING[kind](), rules, **changes)
    model = AutoModel.from_config(config).eval()
    return model, inputs(model, config, style)


TIMES = {"prediction_length": 4, "context_length": 16}
ROPE = {"rope_type": "default", "rope_theta": 10000.0}
HALF_ROPE = {"rope_parameters": {**ROPE, "mrope_section": [1, 1, 2], "partial_rotary_factor": 0.5}}

CHANGES: dict[str, dict[str, Any]] = {
    "time_series_transformer": TIMES,
    "deepseek_v2": {"num_experts_per_tok": 2},
    "gemma3n_text": {"num_kv_shared_layers": 0},
    "gpt_neo": {"attention_types": [[["global", "local"], 1]]},
    "glm4v_text": HALF_ROPE,
    "glm4v_moe_text": HALF_ROPE,
    "glm_image_text": HALF_ROPE,
    "cosmos3_edge_text": {"rope_parameters": {**ROPE, "mrope_section": [2, 3, 3]}},
}
"""What the rules do not know."""
