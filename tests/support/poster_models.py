"""Small public models of many kinds, run shapes-only: what a poster has to cope with."""

from __future__ import annotations

from typing import Any

import pytest

from shapeflow.model.trace import Trace


def on_meta(model: Any, *arguments: Any, **keywords: Any) -> Trace:
    """Return the trace of a shapes-only run."""
    import shapeflow

    return shapeflow.trace(model.eval(), *arguments, device="meta", **keywords)


def _ids(length: int = 7) -> Any:
    torch = pytest.importorskip("torch")
    return torch.zeros(1, length, dtype=torch.long)


def resnet() -> Trace:
    """Return the trace of a ResNet-50: a long chain."""
    torch, torchvision = pytest.importorskip("torch"), pytest.importorskip("torchvision")
    return on_meta(torchvision.models.resnet50(weights=None), torch.zeros(1, 3, 64, 64))


def llama() -> Trace:
    """Return the trace of a Llama: repeats, and positions beside them."""
    transformers = pytest.importorskip("transformers")
    config = transformers.LlamaConfig(
        vocab_size=60,
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=6,
        num_attention_heads=4,
        num_key_value_heads=2,
    )
    return on_meta(transformers.LlamaForCausalLM(config), input_ids=_ids())


def mixtral() -> Trace:
    """Return the trace of a Mixtral: experts."""
    transformers = pytest.importorskip("transformers")
    config = transformers.MixtralConfig(
        vocab_size=60,
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=4,
        num_attention_heads=4,
        num_key_value_heads=2,
        num_local_experts=2,
    )
    return on_meta(transformers.MixtralForCausalLM(config), input_ids=_ids())


def whisper() -> Trace:
    """Return the trace of a Whisper: two inputs, an encoder and a decoder."""
    torch, transformers = pytest.importorskip("torch"), pytest.importorskip("transformers")
    config = transformers.WhisperConfig(
        d_model=32,
        encoder_layers=3,
        decoder_layers=3,
        encoder_attention_heads=2,
        decoder_attention_heads=2,
        encoder_ffn_dim=48,
        decoder_ffn_dim=48,
        max_source_positions=50,
    )
    model = transformers.WhisperForConditionalGeneration(config)
    return on_meta(model, input_features=torch.zeros(1, 80, 100), decoder_input_ids=_ids())


def clip() -> Trace:
    """Return the trace of a CLIP: two towers."""
    torch, transformers = pytest.importorskip("torch"), pytest.importorskip("transformers")
    sizes = {"hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 3, "num_attention_heads": 2}
    config = transformers.CLIPConfig(
        text_config={**sizes, "vocab_size": 60, "eos_token_id": 2, "bos_token_id": 1},
        vision_config={**sizes, "image_size": 32, "patch_size": 8},
    )
    return on_meta(transformers.CLIPModel(config), input_ids=_ids(), pixel_values=torch.zeros(1, 3, 32, 32))


def detr() -> Trace:
    """Return the trace of a DETR: a backbone, an encoder, a decoder, two heads."""
    torch, transformers = pytest.importorskip("torch"), pytest.importorskip("transformers")
    backbone = transformers.ResNetConfig(
        embedding_size=8, hidden_sizes=[8, 12, 16, 20], depths=[1, 1, 1, 1], out_features=["stage4"]
    )
    config = transformers.DetrConfig(
        use_timm_backbone=False,
        use_pretrained_backbone=False,
        backbone=None,
        backbone_config=backbone,
        d_model=16,
        encoder_layers=3,
        decoder_layers=3,
        num_queries=5,
        encoder_attention_heads=2,
        decoder_attention_heads=2,
        encoder_ffn_dim=24,
        decoder_ffn_dim=24,
    )
    return on_meta(transformers.DetrForObjectDetection(config), pixel_values=torch.zeros(1, 3, 64, 96))


def unet() -> Trace:
    """Return the trace of a U-Net of diffusers: skip connections between blocks that differ."""
    torch, diffusers = pytest.importorskip("torch"), pytest.importorskip("diffusers")
    model = diffusers.UNet2DConditionModel(
        block_out_channels=(32, 32, 64, 64), cross_attention_dim=32, attention_head_dim=8, norm_num_groups=8
    )
    return on_meta(model, torch.zeros(1, 4, 32, 32), torch.tensor(10), torch.zeros(1, 9, 32))


def swin() -> Trace:
    """Return the trace of a Swin transformer: numbered stages of two kinds."""
    torch, torchvision = pytest.importorskip("torch"), pytest.importorskip("torchvision")
    return on_meta(torchvision.models.swin_t(weights=None), torch.zeros(1, 3, 64, 64))


MODELS = {
    "resnet": resnet,
    "llama": llama,
    "mixtral": mixtral,
    "whisper": whisper,
    "clip": clip,
    "detr": detr,
    "unet": unet,
    "swin": swin,
}
