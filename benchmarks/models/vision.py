"""Pictures: classification, detection, segmentation, depth, video."""

from __future__ import annotations

from typing import Any

import torch

from benchmarks.models.build import VISION_SIZES, Built, Entry, picture, transformers

DETECTOR_SIZES = {
    "d_model": 64,
    "encoder_layers": 2,
    "decoder_layers": 2,
    "encoder_attention_heads": 4,
    "decoder_attention_heads": 4,
    "encoder_ffn_dim": 96,
    "decoder_ffn_dim": 96,
    "num_queries": 10,
}


def vit() -> Built:
    return transformers("ViTForImageClassification", "ViTConfig", picture(), **VISION_SIZES, image_size=64)


def dinov2() -> Built:
    sizes = {**VISION_SIZES, "image_size": 70, "patch_size": 14}
    return transformers("Dinov2Model", "Dinov2Config", picture(112), **sizes)


def swin() -> Built:
    sizes = {"embed_dim": 32, "depths": [2, 2], "num_heads": [2, 4], "window_size": 4, "image_size": 64}
    return transformers("SwinModel", "SwinConfig", picture(), **sizes)


def convnext() -> Built:
    sizes = {"hidden_sizes": [16, 32, 48, 64], "depths": [1, 1, 2, 1]}
    return transformers("ConvNextModel", "ConvNextConfig", picture(), **sizes)


def small_resnet() -> dict[str, Any]:
    """Return the options that give a detector of transformers a small backbone of its own."""
    from transformers import ResNetConfig

    widths = {"embedding_size": 16, "hidden_sizes": [16, 32, 48, 64], "depths": [1, 1, 1, 1]}
    return {"backbone_config": ResNetConfig(**widths, out_features=["stage2", "stage3", "stage4"])}


def detr() -> Built:
    inputs = {**picture(96), "pixel_mask": torch.ones(1, 96, 96, dtype=torch.long)}
    return transformers("DetrForObjectDetection", "DetrConfig", inputs, **DETECTOR_SIZES, **small_resnet())


def deformable_detr() -> Built:
    inputs = {**picture(96), "pixel_mask": torch.ones(1, 96, 96, dtype=torch.long)}
    sizes = {**DETECTOR_SIZES, **small_resnet(), "num_feature_levels": 3}
    return transformers("DeformableDetrForObjectDetection", "DeformableDetrConfig", inputs, **sizes)


def rt_detr() -> Built:
    from transformers import RTDetrResNetConfig

    widths = {"embedding_size": 16, "hidden_sizes": [16, 32, 48, 64], "depths": [1, 1, 1, 1]}
    backbone = RTDetrResNetConfig(**widths, layer_type="basic", out_features=["stage2", "stage3", "stage4"])
    sizes = {
        "backbone_config": backbone,
        "encoder_hidden_dim": 64,
        "encoder_in_channels": [32, 48, 64],
        "encoder_ffn_dim": 96,
        "encoder_attention_heads": 4,
        "d_model": 64,
        "decoder_in_channels": [64, 64, 64],
        "decoder_layers": 2,
        "decoder_attention_heads": 4,
        "decoder_ffn_dim": 96,
        "num_queries": 10,
        "num_denoising": 0,
    }
    return transformers("RTDetrForObjectDetection", "RTDetrConfig", picture(96), **sizes)


def yolos() -> Built:
    sizes = {**VISION_SIZES, "image_size": [64, 64], "num_detection_tokens": 10}
    return transformers("YolosForObjectDetection", "YolosConfig", picture(), **sizes)


def segformer() -> Built:
    sizes = {"hidden_sizes": [16, 32, 48, 64], "depths": [1, 1, 1, 1], "decoder_hidden_size": 32}
    return transformers("SegformerForSemanticSegmentation", "SegformerConfig", picture(), **sizes)


def mask2former() -> Built:
    from transformers import SwinConfig

    backbone = SwinConfig(
        embed_dim=16,
        depths=[1, 1, 1, 1],
        num_heads=[1, 2, 2, 2],
        window_size=4,
        image_size=64,
        out_features=["stage1", "stage2", "stage3", "stage4"],
    )
    sizes = {
        "backbone_config": backbone,
        "feature_size": 64,
        "mask_feature_size": 64,
        "hidden_dim": 64,
        "encoder_feedforward_dim": 96,
        "encoder_layers": 2,
        "decoder_layers": 3,
        "num_attention_heads": 4,
        "dim_feedforward": 96,
        "num_queries": 10,
    }
    return transformers("Mask2FormerForUniversalSegmentation", "Mask2FormerConfig", picture(), **sizes)


def depth() -> Built:
    sizes = {
        **VISION_SIZES,
        "image_size": 64,
        "backbone_out_indices": [0, 1, 2, 3],
        "num_hidden_layers": 4,
        "neck_hidden_sizes": [16, 32, 48, 64],
        "fusion_hidden_size": 32,
    }
    return transformers("DPTForDepthEstimation", "DPTConfig", picture(), **sizes)


def video_mae() -> Built:
    sizes = {**VISION_SIZES, "image_size": 32, "num_frames": 4}
    return transformers(
        "VideoMAEModel", "VideoMAEConfig", {"pixel_values": torch.rand(1, 4, 3, 32, 32)}, **sizes
    )


VISION = (
    Entry("ViT", "picture", "transformers", vit),
    Entry("DINOv2", "picture", "transformers", dinov2),
    Entry("Swin", "picture", "transformers", swin),
    Entry("ConvNeXt", "picture", "transformers", convnext),
    Entry("DETR", "detection", "transformers", detr),
    Entry("Deformable DETR", "detection", "transformers", deformable_detr),
    Entry("RT-DETR", "detection", "transformers", rt_detr),
    Entry("YOLOS", "detection", "transformers", yolos),
    Entry("SegFormer", "segmentation", "transformers", segformer),
    Entry("Mask2Former", "segmentation", "transformers", mask2former, needs="scipy"),
    Entry("DPT", "depth", "transformers", depth),
    Entry("VideoMAE", "video", "transformers", video_mae),
)
