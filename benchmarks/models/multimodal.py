"""Text with pictures, segment-anything models, and diffusion."""

from __future__ import annotations

import torch

from benchmarks.models.build import TEXT_SIZES, VISION_SIZES, Built, Entry, ids, picture, transformers


def clip() -> Built:
    text = {**TEXT_SIZES, "intermediate_size": 96, "eos_token_id": 99}
    sizes = {"text_config": text, "vision_config": {**VISION_SIZES, "image_size": 64, "patch_size": 16}}
    return transformers("CLIPModel", "CLIPConfig", {**ids(padded=True), **picture()}, **sizes)


def siglip() -> Built:
    text = {**TEXT_SIZES, "intermediate_size": 96}
    sizes = {"text_config": text, "vision_config": {**VISION_SIZES, "image_size": 64, "patch_size": 16}}
    return transformers("SiglipModel", "SiglipConfig", {**ids(), **picture()}, **sizes)


def blip() -> Built:
    text = {**TEXT_SIZES, "intermediate_size": 96, "encoder_hidden_size": 64}
    sizes = {"text_config": text, "vision_config": {**VISION_SIZES, "image_size": 64}}
    return transformers("BlipForConditionalGeneration", "BlipConfig", {**ids(1, 6), **picture()}, **sizes)


def llava() -> Built:
    from transformers import CLIPVisionConfig, LlamaConfig

    tokens = [5, 6, *([99] * 16), 7, 8, 9]
    vision = CLIPVisionConfig(**VISION_SIZES, image_size=64, patch_size=16)
    text = LlamaConfig(**TEXT_SIZES, num_key_value_heads=2, intermediate_size=96)
    sizes = {"vision_config": vision, "text_config": text, "image_token_index": 99}
    inputs = {"input_ids": torch.tensor([tokens]), **picture()}
    return transformers("LlavaForConditionalGeneration", "LlavaConfig", inputs, **sizes)


def qwen2_vl() -> Built:
    text = {**TEXT_SIZES, "num_key_value_heads": 2, "intermediate_size": 96}
    text["rope_parameters"] = {"rope_type": "default", "mrope_section": [2, 3, 3], "rope_theta": 10000.0}
    vision = {"depth": 2, "embed_dim": 32, "hidden_size": 64, "num_heads": 4, "patch_size": 14}
    sizes = {"text_config": text, "vision_config": vision, "image_token_id": 99}
    sizes |= {"vision_start_token_id": 97, "vision_end_token_id": 98}
    inputs = {
        "input_ids": torch.tensor([[5, 97, *([99] * 4), 98, 7]]),
        "mm_token_type_ids": torch.tensor([[0, 0, 1, 1, 1, 1, 0, 0]]),
        "pixel_values": torch.rand(16, 3 * 2 * 14 * 14),
        "image_grid_thw": torch.tensor([[1, 4, 4]]),
    }
    return transformers("Qwen2VLForConditionalGeneration", "Qwen2VLConfig", inputs, **sizes)


def sam() -> Built:
    vision = {
        "hidden_size": 32,
        "output_channels": 32,
        "num_hidden_layers": 4,
        "num_attention_heads": 4,
        "image_size": 128,
        "window_size": 4,
        "global_attn_indexes": [1, 3],
        "num_pos_feats": 16,
    }
    sizes = {
        "vision_config": vision,
        "prompt_encoder_config": {"hidden_size": 32, "image_size": 128},
        "mask_decoder_config": {"hidden_size": 32, "mlp_dim": 64, "iou_head_hidden_dim": 32},
    }
    inputs = {
        **picture(128),
        "input_points": torch.tensor([[[[30.0, 40.0]]]]),
        "input_labels": torch.tensor([[[1]]]),
    }
    return transformers("SamModel", "SamConfig", inputs, **sizes)


def sam2() -> Built:
    backbone = {
        "hidden_size": 16,
        "image_size": [128, 128],
        "blocks_per_stage": [1, 2, 2, 1],
        "embed_dim_per_stage": [16, 32, 64, 128],
        "num_attention_heads_per_stage": [1, 2, 4, 8],
        "global_attention_blocks": [4],
    }
    vision = {
        "backbone_config": {**backbone, "model_type": "sam2_hiera_det_model"},
        "backbone_channel_list": [128, 64, 32, 16],
        "backbone_feature_sizes": [[32, 32], [16, 16], [8, 8]],
        "fpn_hidden_size": 32,
    }
    sizes = {
        "vision_config": vision,
        "prompt_encoder_config": {"hidden_size": 32, "image_size": 128},
        "mask_decoder_config": {"hidden_size": 32, "mlp_dim": 64, "iou_head_hidden_dim": 32},
    }
    inputs = {
        **picture(128),
        "input_points": torch.tensor([[[[30.0, 40.0]]]]),
        "input_labels": torch.tensor([[[1]]]),
    }
    return transformers("Sam2Model", "Sam2Config", inputs, **sizes)


def sam3() -> Built:
    backbone = {**VISION_SIZES, "num_hidden_layers": 4, "image_size": 112, "pretrain_image_size": 56}
    backbone |= {"window_size": 4, "global_attn_indexes": [1, 3], "model_type": "sam3_vit_model"}
    stage = {"hidden_size": 32, "num_layers": 2, "num_attention_heads": 4, "intermediate_size": 64}
    text = {**TEXT_SIZES, "intermediate_size": 96, "max_position_embeddings": 32, "projection_dim": 64}
    sizes = {
        "vision_config": {
            "backbone_config": backbone,
            "fpn_hidden_size": 32,
            "backbone_feature_sizes": [[32, 32], [16, 16], [8, 8]],
        },
        "text_config": text,
        "geometry_encoder_config": stage,
        "detr_encoder_config": stage,
        "detr_decoder_config": {**stage, "num_queries": 10},
        "mask_decoder_config": {"hidden_size": 32, "num_attention_heads": 4},
    }
    return transformers("Sam3Model", "Sam3Config", {**ids(1, 32, padded=True), **picture(112)}, **sizes)


def unet() -> Built:
    from diffusers import UNet2DConditionModel

    model = UNet2DConditionModel(
        sample_size=16,
        block_out_channels=(32, 64),
        layers_per_block=1,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        cross_attention_dim=32,
        attention_head_dim=8,
    )
    inputs = {
        "sample": torch.rand(2, 4, 16, 16),
        "timestep": 10,
        "encoder_hidden_states": torch.rand(2, 7, 32),
    }
    return model.eval(), inputs


def diffusion_transformer() -> Built:
    from diffusers import DiTTransformer2DModel

    model = DiTTransformer2DModel(
        num_attention_heads=4, attention_head_dim=16, num_layers=2, sample_size=16, norm_num_groups=8
    )
    inputs = {"timestep": torch.tensor([10]), "class_labels": torch.tensor([3])}
    return model.eval(), {"hidden_states": torch.rand(1, 4, 16, 16), **inputs}


def autoencoder() -> Built:
    from diffusers import AutoencoderKL

    blocks = {"block_out_channels": (16, 32), "norm_num_groups": 8}
    blocks |= {"down_block_types": ("DownEncoderBlock2D",) * 2, "up_block_types": ("UpDecoderBlock2D",) * 2}
    return AutoencoderKL(**blocks).eval(), {"sample": torch.rand(1, 3, 32, 32)}


MULTIMODAL = (
    Entry("CLIP", "text and picture", "transformers", clip),
    Entry("SigLIP", "text and picture", "transformers", siglip),
    Entry("BLIP", "text and picture", "transformers", blip),
    Entry("LLaVA", "text and picture", "transformers", llava),
    Entry("Qwen2-VL", "text and picture", "transformers", qwen2_vl),
    Entry("SAM", "segment anything", "transformers", sam),
    Entry("SAM 2", "segment anything", "transformers", sam2),
    Entry("SAM 3", "segment anything", "transformers", sam3),
    Entry("U-Net of Stable Diffusion", "diffusion", "diffusers", unet),
    Entry("DiT", "diffusion", "diffusers", diffusion_transformer),
    Entry("Autoencoder of Stable Diffusion", "diffusion", "diffusers", autoencoder),
)
