"""Sizes for configurations of transformers whose defaults make no model: empty, or at odds with each other.

What is chosen are sizes that its published models have, as far as those are known. The defaults of all other
fields, and all other classes, are left as they are; each choice is told in a note of the trace.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

STAGES = [f"stage{number}" for number in range(1, 7)]
FLAT = [
    [[3, 16, 32, 1, False]],
    [[3, 32, 64, 1, False], [3, 64, 64, 1, False]],
    [[3, 64, 128, [2, 1], False], [3, 128, 128, 1, False]],
    [[3, 128, 256, [1, 2], False], *([[5, 256, 256, 1, False]] * 4)],
    [
        [5, 256, 512, [2, 1], True],
        [5, 512, 512, 1, True],
        [5, 512, 512, [2, 1], False],
        [5, 512, 512, 1, False],
    ],
]
"""Blocks of PP-LCNet for lines of text: kernel, channels in and out, stride, whether channels are weighed."""
HALVED = [
    [[3, 96, 96, 1, True]],
    [[3, 96, 96, 2, False], [3, 96, 96, 1, False]],
    [[3, 96, 192, 2, False], *([[3, 192, 192, 1, True], [3, 192, 192, 1, False]] * 3)],
    [[3, 192, 384, 2, False], [3, 384, 384, 1, True], [3, 384, 384, 1, False]],
]
"""The same for pages, of which each stage halves height and width."""
INTRACLASS = {
    "reduce_channel": [1, 1, 0],
    "return_channel": [1, 1, 0],
    **{
        f"{name}_{ratio}ratio": [kernel(size), 1, kernel(size, 1)]
        for name, kernel in {
            "vertical_long_to_small_conv": lambda size, half=0: [size // 2, 0] if half else [size, 1],
            "horizontal_small_to_long_conv": lambda size, half=0: [0, size // 2] if half else [1, size],
            "symmetric_conv_long": lambda size, half=0: [size // 2] * 2 if half else [size, size],
        }.items()
        for ratio, size in (("long", 7), ("mid", 5), ("short", 3))
    },
}
"""Kernels of the block of PaddleOCR that looks along a line of text: kernel, stride, padding."""
DIGITS = str.maketrans("0123456789", "ABCDEFGHIJ")
CHAMELEON = {**{f"IMGIMG{str(code).translate(DIGITS)}Z": code + 4 for code in range(8192)}, "<image>": 8711}
EMU3 = {
    **{f"<|visual token {code:06d}|>": code + 151_854 for code in range(32_768)},
    "<|extra_200|>": 151_846,
    "<image>": 151_847,
}
HALF_TURNED = {"rope_parameters.partial_rotary_factor": 0.5}
REPVIT = {"in_chans": 3, "features_only": True, "out_indices": [0, 1, 2, 3]}

SIZES: Mapping[str, Mapping[str, Any]] = {
    "AriaConfig": {"vision_config.image_size": 980, "vision_config.patch_size": 14},
    "AyaVisionConfig": {"vision_config.num_attention_heads": 16},
    "BambaConfig": {"attn_layer_indices": [9, 18, 27]},
    "ChameleonConfig": {"vocabulary_map": CHAMELEON, "image_token_id": 8711},
    "CohereCompassTextConfig": {
        "rope_parameters": {"full_attention": {"rope_type": "default", "rope_theta": 10_000.0}}
    },
    "DbrxAttentionConfig": {"rope_theta": 500_000, "clip_qkv": 8},
    "DeepseekOcr2TextConfig": {
        "num_experts_per_tok": 6,
        "mlp_layer_types": ["dense"] + ["sparse"] * 31,
    },
    "DeepseekOcr2VisionConfig": {
        "encoder_config.hidden_size": 896,
        "encoder_config.num_attention_heads": 14,
        "encoder_config.num_key_value_heads": 2,
    },
    "DiffusionGemmaTextConfig": {"num_experts": 128, "top_k_experts": 8, "moe_intermediate_size": 704},
    "Dots1Config": {"n_routed_experts": 128, "n_shared_experts": 2, "num_experts_per_tok": 6},
    "EdgeTamVisionConfig": {
        "backbone_config.architecture": "repvit_m1",
        "backbone_config.model_args": REPVIT,
    },
    "Emu3Config": {"vocabulary_map": EMU3, "image_token_id": 151_847},
    "DeepseekV2Config": {"num_experts_per_tok": 6},
    "EsmConfig": {"vocab_size": 33, "pad_token_id": 1, "mask_token_id": 32},
    "Gemma4AssistantConfig": {
        "text_config.hidden_size_per_layer_input": 0,
        "text_config.vocab_size_per_layer_input": 0,
    },
    "Molmo2Config": {"adapter_config.text_hidden_size": 4096},
    "MoonshineStreamingConfig": {"num_key_value_heads": 8},
    "Ovis2Config": {"hidden_size": 4096},
    "PerceptionLMConfig": {
        "vision_config.architecture": "vit_pe_core_large_patch14_336",
        "vision_config.model_args": {
            "embed_dim": 1024,
            "depth": 23,
            "img_size": [448, 448],
            "global_pool": "",
            "use_post_transformer_norm": False,
            "ref_feat_shape": [32, 32],
        },
        "projector_pooling_ratio": 2,
    },
    "PPDocLayoutV2Config": {"class_thresholds": [0.5] * 25, "class_order": list(range(25))},
    "PPOCRV5MobileRecConfig": {"backbone_config.block_configs": FLAT},
    "PPOCRV5ServerDetConfig": {
        "intraclass_block_config": INTRACLASS,
        "scale_factor_list": [1, 2, 4, 8],
        "kernel_list": [3, 2, 2],
    },
    "PPOCRV6MediumDetConfig": {
        "backbone_config.out_features": STAGES[:4],
        "backbone_config.block_configs": HALVED,
        "intraclass_block_config": INTRACLASS,
        "scale_factor_list": [1, 2, 4, 8],
        "kernel_list": [3, 2, 2],
    },
    "PPOCRV6SmallDetConfig": {
        "backbone_config.out_features": STAGES[:4],
        "backbone_config.block_configs": HALVED,
        "layer_list_out_channels": [96, 96, 192, 384],
    },
    "Qwen2_5OmniThinkerConfig": {"vision_start_token_id": 151_652, "vision_end_token_id": 151_653},
    "Qwen3OmniMoeTalkerTextConfig": {"shared_expert_intermediate_size": 768},
    "Qwen3OmniMoeTextConfig": {"num_attention_heads": 32, "head_dim": 128},
    "Qwen3OmniMoeThinkerConfig": {
        "vision_start_token_id": 151_652,
        "vision_end_token_id": 151_653,
        "text_config.vocab_size": 152_064,
    },
    "Qwen4ExpTextConfig": {
        "indexer_n_heads": 16,
        "indexer_kv_heads": 1,
        "indexer_head_dim": 256,
        "indexer_budget": 2048,
        "indexer_compress_ratio": 16,
    },
    "SmolVLMConfig": {
        "vision_config.image_size": 364,
        "vision_config.patch_size": 14,
    },
    "Step3p7TextConfig": {"sliding_window": 512},
    "T5Gemma2EncoderConfig": {"vision_config.image_size": 896, "vision_config.patch_size": 14},
    "UltraVBertConfig": {"vision_config.patch_size": 14},
    "UVDocConfig": {"backbone_config.out_features": STAGES},
    "VitMatteConfig": {
        "backbone_config.hidden_size": 384,
        "backbone_config.num_attention_heads": 6,
        "backbone_config.num_channels": 4,
        "backbone_config.image_size": 512,
    },
    "VoxtralConfig": {"audio_token_id": 24},
    "XmodConfig": {"default_language": "en_XX"},
    "Gemma3Config": {"vision_config.image_size": 896, "vision_config.patch_size": 14},
    "Glm4vMoeTextConfig": {"head_dim": 128},
    "Glm4vTextConfig": HALF_TURNED,
    "GlmImageTextConfig": HALF_TURNED,
    "GlmgaTextConfig": HALF_TURNED,
    "Idefics3Config": {"vision_config.image_size": 364, "vision_config.patch_size": 14},
    "JanusConfig": {"vision_config.projection_dim": 4096},
    "Granite4VisionConfig": {
        "downsample_rate": "4/8",
        "vision_config.image_size": 336,
        "vision_config.patch_size": 14,
        "deepstack_layer_map": [(3, 0), (6, 4), (9, 8)],
    },
    "GraniteMoeHybridConfig": {"layer_types": (["linear_attention"] * 7 + ["full_attention"]) * 4},
    "HunYuanVLTextConfig": {"head_dim": 128, "rope_parameters.mrope_section": [16, 16, 16, 16]},
    "Lfm2MoeConfig": {"layer_types": ["conv", "conv", "full_attention", "conv"] * 8},
    "Llama4VisionConfig": {"hidden_size": 1408, "vision_output_dim": 4096},
    "LwDetrConfig": {"projector_scale_factors": [1.0]},
    "ShieldGemma2Config": {"vision_config.image_size": 896, "vision_config.patch_size": 14},
}
"""Class -> fields that are chosen for it, wherever such a configuration stands; a point leads into a part."""

SHORT: Mapping[str, Mapping[str, int]] = {
    "LightGlueConfig": {"keypoint_detector_config.max_keypoints": 512},
    "SLANetConfig": {"max_text_length": 50},
    "SLANeXtConfig": {"max_text_length": 50},
}
"""Class -> limits of a run that depends on values, where it has random weights: points in a picture that are
compared with each other, tokens that are written until one says that it is the last."""
