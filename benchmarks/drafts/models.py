"""The ten models that are drafted: each function is a factory, with small sizes and no two widths alike."""

from __future__ import annotations

from typing import Any

import torch

from benchmarks.models.build import Built, ids, picture, transformers

TEXT = {"vocab_size": 100, "hidden_size": 64, "num_hidden_layers": 3, "num_attention_heads": 4}


def resnet() -> Built:
    from torchvision.models.resnet import BasicBlock, ResNet

    return ResNet(BasicBlock, [3, 3, 2, 2], num_classes=10).eval(), {"x": torch.rand(2, 3, 64, 64)}


def vit() -> Built:
    from timm.models.vision_transformer import VisionTransformer

    sizes: dict[str, Any] = {"img_size": 64, "patch_size": 16, "embed_dim": 48, "depth": 3, "num_heads": 4}
    return VisionTransformer(**sizes, num_classes=10).eval(), {"x": torch.rand(2, 3, 64, 64)}


def bert() -> Built:
    return transformers("BertModel", "BertConfig", ids(padded=True), **TEXT, intermediate_size=96)


def gpt2() -> Built:
    sizes = {"vocab_size": 100, "n_positions": 64, "n_embd": 64, "n_layer": 3, "n_head": 4}
    return transformers("GPT2LMHeadModel", "GPT2Config", {**ids(), "use_cache": False}, **sizes)


def llama() -> Built:
    sizes = {**TEXT, "num_key_value_heads": 2, "intermediate_size": 96}
    return transformers("LlamaForCausalLM", "LlamaConfig", {**ids(), "use_cache": False}, **sizes)


def t5() -> Built:
    sizes = {"vocab_size": 100, "d_model": 64, "d_kv": 16, "d_ff": 96, "num_layers": 3, "num_heads": 4}
    inputs = {**ids(), "decoder_input_ids": ids(length=5)["input_ids"], "use_cache": False}
    return transformers("T5ForConditionalGeneration", "T5Config", inputs, **sizes)


def whisper() -> Built:
    sizes: dict[str, Any] = {"vocab_size": 100, "num_mel_bins": 20, "d_model": 64, "max_source_positions": 30}
    sizes |= {"max_target_positions": 40, "pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2}
    sizes |= {"decoder_start_token_id": 1, "suppress_tokens": None, "begin_suppress_tokens": None}
    for side in ("encoder", "decoder"):
        sizes |= {f"{side}_layers": 3, f"{side}_attention_heads": 4, f"{side}_ffn_dim": 96}
    inputs = {"input_features": torch.rand(2, 20, 60), "decoder_input_ids": ids(length=5)["input_ids"]}
    return transformers("WhisperModel", "WhisperConfig", {**inputs, "use_cache": False}, **sizes)


def segformer() -> Built:
    sizes: dict[str, Any] = {
        "depths": [2, 3, 2, 2],
        "hidden_sizes": [16, 32, 40, 64],
        "num_attention_heads": [1, 2, 4, 4],
    }
    sizes |= {"decoder_hidden_size": 48, "num_labels": 7}
    return transformers("SegformerForSemanticSegmentation", "SegformerConfig", picture(batch=2), **sizes)


def unet() -> Built:
    from diffusers import UNet2DConditionModel

    build: Any = UNet2DConditionModel
    model = build(
        sample_size=16,
        block_out_channels=(32, 64),
        layers_per_block=2,
        down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
        cross_attention_dim=48,
        norm_num_groups=8,
        attention_head_dim=4,
    )
    inputs = {"sample": torch.rand(2, 4, 16, 16), "timestep": torch.tensor([3, 3])}
    return model.eval(), {**inputs, "encoder_hidden_states": torch.rand(2, 7, 48), "return_dict": False}


def clip() -> Built:
    text = {**TEXT, "intermediate_size": 96, "eos_token_id": 99, "projection_dim": 40}
    vision = {**TEXT, "hidden_size": 80, "intermediate_size": 112, "image_size": 64, "patch_size": 16}
    del vision["vocab_size"]
    sizes = {"text_config": text, "vision_config": vision, "projection_dim": 40}
    return transformers("CLIPModel", "CLIPConfig", {**ids(padded=True), **picture(batch=2)}, **sizes)


MODELS = {
    "ResNet (torchvision)": resnet,
    "ViT (timm)": vit,
    "BERT": bert,
    "GPT-2": gpt2,
    "Llama": llama,
    "T5": t5,
    "Whisper": whisper,
    "SegFormer": segformer,
    "U-Net (diffusers)": unet,
    "CLIP": clip,
}
