"""The networks of diffusers: U-Nets, diffusion transformers, autoencoders, controls."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import torch

from benchmarks.models.build import Built, Entry

BLOCKS = {
    "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D"),
    "up_block_types": ("CrossAttnUpBlock2D", "UpBlock2D"),
}
WIDTHS = {"block_out_channels": (32, 64), "layers_per_block": 1, "sample_size": 16}
ENCODER = {
    **WIDTHS,
    "down_block_types": ("DownEncoderBlock2D",) * 2,
    "up_block_types": ("UpDecoderBlock2D",) * 2,
}
CROSS = {"cross_attention_dim": 32, "attention_head_dim": 8}
HEADS = {"num_attention_heads": 4, "attention_head_dim": 16, "num_layers": 2}
NOISY = {"sample": (2, 4, 16, 16), "timestep": 10}
TEXT = {"encoder_hidden_states": (2, 7, 32)}
STEP = {"timestep": (1,)}
VIDEO = {"hidden_states": (1, 4, 3, 16, 16), "timestep": (1,), "encoder_hidden_states": (1, 7, 32)}
PLACES = {"img_ids": (16, 3), "txt_ids": (7, 3)}
FLUX = {"hidden_states": (1, 16, 4), **PLACES, "encoder_hidden_states": (1, 7, 32), "timestep": (1,)}
FLUX_SIZES = {
    **HEADS,
    "in_channels": 4,
    "num_single_layers": 1,
    "joint_attention_dim": 32,
    "axes_dims_rope": [4, 4, 8],
}

DENOISERS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "UNet1DModel": (
        {
            "block_out_channels": (32, 64),
            "down_block_types": ("DownBlock1D", "AttnDownBlock1D"),
            "up_block_types": ("AttnUpBlock1D", "UpBlock1D"),
            "sample_size": 32,
        },
        {"sample": (2, 2, 32), "timestep": 10},
    ),
    "UNet2DModel": (
        {
            **WIDTHS,
            "down_block_types": ("DownBlock2D", "AttnDownBlock2D"),
            "up_block_types": ("AttnUpBlock2D", "UpBlock2D"),
            "attention_head_dim": 8,
        },
        {"sample": (2, 3, 16, 16), "timestep": 10},
    ),
    "UNet2DConditionModel": (
        {
            **WIDTHS,
            **BLOCKS,
            **CROSS,
            "transformer_layers_per_block": (1, 2),
            "use_linear_projection": True,
            "addition_embed_type": "text_time",
            "addition_time_embed_dim": 8,
            "projection_class_embeddings_input_dim": 80,
        },
        {**NOISY, **TEXT, "added_cond_kwargs": {"text_embeds": (2, 32), "time_ids": (2, 6)}},
    ),
    "UNet3DConditionModel": (
        {
            **WIDTHS,
            **CROSS,
            "down_block_types": ("CrossAttnDownBlock3D", "DownBlock3D"),
            "up_block_types": ("UpBlock3D", "CrossAttnUpBlock3D"),
        },
        {"sample": (2, 4, 4, 16, 16), "timestep": 10, **TEXT},
    ),
    "UNetSpatioTemporalConditionModel": (
        {
            **WIDTHS,
            "cross_attention_dim": 32,
            "num_attention_heads": (2, 2),
            "in_channels": 8,
            "down_block_types": ("CrossAttnDownBlockSpatioTemporal", "DownBlockSpatioTemporal"),
            "up_block_types": ("UpBlockSpatioTemporal", "CrossAttnUpBlockSpatioTemporal"),
            "projection_class_embeddings_input_dim": 32,
            "addition_time_embed_dim": 32,
        },
        {
            "sample": (2, 2, 8, 16, 16),
            "timestep": 10,
            "encoder_hidden_states": (2, 1, 32),
            "added_time_ids": (2, 1),
        },
    ),
    "UVit2DModel": (
        {
            "hidden_size": 64,
            "cond_embed_dim": 32,
            "micro_cond_encode_dim": 8,
            "micro_cond_embed_dim": 40,
            "encoder_hidden_size": 32,
            "vocab_size": 100,
            "codebook_size": 90,
            "block_out_channels": 64,
            "num_hidden_layers": 2,
            "num_attention_heads": 4,
            "in_channels": 64,
            "block_num_heads": 4,
            "num_res_blocks": 1,
            "intermediate_size": 96,
            "sample_size": 8,
        },
        {
            "input_ids": [[[5] * 8] * 8],
            "encoder_hidden_states": (1, 7, 32),
            "pooled_text_emb": (1, 32),
            "micro_conds": (1, 5),
        },
    ),
    "AuraFlowTransformer2DModel": (
        {
            "sample_size": 16,
            "num_mmdit_layers": 1,
            "num_single_dit_layers": 1,
            "attention_head_dim": 16,
            "num_attention_heads": 4,
            "joint_attention_dim": 32,
            "caption_projection_dim": 64,
            "out_channels": 4,
            "pos_embed_max_size": 64,
        },
        {"hidden_states": (1, 4, 16, 16), **STEP, "encoder_hidden_states": (1, 7, 32)},
    ),
    "CogVideoXTransformer3DModel": (
        {
            **HEADS,
            "in_channels": 4,
            "out_channels": 4,
            "time_embed_dim": 8,
            "text_embed_dim": 32,
            "sample_width": 16,
            "sample_height": 16,
            "sample_frames": 9,
            "max_text_seq_length": 7,
        },
        {"hidden_states": (1, 3, 4, 16, 16), **STEP, "encoder_hidden_states": (1, 7, 32)},
    ),
    "CogView3PlusTransformer2DModel": (
        {
            **HEADS,
            "in_channels": 4,
            "out_channels": 4,
            "text_embed_dim": 32,
            "time_embed_dim": 8,
            "condition_dim": 4,
            "pos_embed_max_size": 16,
            "sample_size": 16,
        },
        {
            "hidden_states": (1, 4, 16, 16),
            **STEP,
            "encoder_hidden_states": (1, 7, 32),
            "original_size": (1, 2),
            "target_size": (1, 2),
            "crop_coords": (1, 2),
        },
    ),
    "CogView4Transformer2DModel": (
        {
            **HEADS,
            "in_channels": 4,
            "out_channels": 4,
            "text_embed_dim": 32,
            "time_embed_dim": 8,
            "condition_dim": 4,
        },
        {
            "hidden_states": (1, 4, 16, 16),
            **STEP,
            "encoder_hidden_states": (1, 7, 32),
            "original_size": (1, 2),
            "target_size": (1, 2),
            "crop_coords": (1, 2),
        },
    ),
    "CosmosTransformer3DModel": (
        {
            **HEADS,
            "in_channels": 4,
            "out_channels": 4,
            "text_embed_dim": 32,
            "adaln_lora_dim": 4,
            "max_size": (4, 32, 32),
            "concat_padding_mask": False,
        },
        VIDEO,
    ),
    "FluxTransformer2DModel": (
        {**FLUX_SIZES, "pooled_projection_dim": 32},
        {**FLUX, "pooled_projections": (1, 32)},
    ),
    "ChromaTransformer2DModel": (
        {
            **FLUX_SIZES,
            "approximator_num_channels": 8,
            "approximator_hidden_dim": 64,
            "approximator_layers": 1,
        },
        FLUX,
    ),
    "BriaTransformer2DModel": ({**FLUX_SIZES, "pooled_projection_dim": None}, FLUX),
    "Flux2Transformer2DModel": (
        {
            **HEADS,
            "in_channels": 4,
            "num_layers": 1,
            "num_single_layers": 1,
            "joint_attention_dim": 32,
            "timestep_guidance_channels": 64,
            "axes_dims_rope": [4, 4, 4, 4],
        },
        {**FLUX, "img_ids": (1, 16, 4), "txt_ids": (1, 7, 4), "guidance": (1,)},
    ),
    "HiDreamImageTransformer2DModel": (
        {
            "patch_size": 2,
            "in_channels": 4,
            "out_channels": 4,
            "num_layers": 1,
            "num_single_layers": 1,
            "attention_head_dim": 8,
            "num_attention_heads": 4,
            "caption_channels": [32, 16],
            "text_emb_dim": 64,
            "num_routed_experts": 4,
            "num_activated_experts": 2,
            "axes_dims_rope": (4, 2, 2),
            "max_resolution": (32, 32),
            "llama_layers": (0, 1),
            "force_inference_output": True,
        },
        {
            "hidden_states": (2, 4, 32, 32),
            "timesteps": (2,),
            "encoder_hidden_states_t5": (2, 8, 32),
            "encoder_hidden_states_llama3": (2, 2, 8, 16),
            "pooled_embeds": (2, 64),
        },
    ),
    "HunyuanDiT2DModel": (
        {
            "sample_size": 16,
            "patch_size": 2,
            "in_channels": 4,
            "num_layers": 2,
            "attention_head_dim": 8,
            "num_attention_heads": 2,
            "cross_attention_dim": 8,
            "cross_attention_dim_t5": 8,
            "pooled_projection_dim": 4,
            "hidden_size": 16,
            "text_len": 4,
            "text_len_t5": 4,
            "activation_fn": "gelu-approximate",
        },
        {
            "hidden_states": (2, 4, 16, 16),
            "timestep": (2,),
            "encoder_hidden_states": (2, 4, 8),
            "text_embedding_mask": (2, 4),
            "encoder_hidden_states_t5": (2, 4, 8),
            "text_embedding_mask_t5": (2, 4),
            "image_meta_size": (2, 6),
            "style": [0, 0],
            "image_rotary_emb": ((64, 8), (64, 8)),
        },
    ),
    "HunyuanVideoTransformer3DModel": (
        {
            "in_channels": 4,
            "out_channels": 4,
            "num_attention_heads": 2,
            "attention_head_dim": 10,
            "num_layers": 1,
            "num_single_layers": 1,
            "num_refiner_layers": 1,
            "patch_size": 1,
            "text_embed_dim": 16,
            "pooled_projection_dim": 8,
            "rope_axes_dim": (2, 4, 4),
        },
        {
            "hidden_states": (1, 4, 1, 16, 16),
            **STEP,
            "encoder_hidden_states": (1, 8, 16),
            "pooled_projections": (1, 8),
            "encoder_attention_mask": [[1] * 8],
            "guidance": (1,),
        },
    ),
    "LatteTransformer3DModel": (
        {
            **HEADS,
            "num_layers": 1,
            "sample_size": 8,
            "in_channels": 4,
            "out_channels": 8,
            "patch_size": 2,
            "caption_channels": 32,
            "cross_attention_dim": 64,
            "attention_bias": True,
            "norm_type": "ada_norm_single",
            "norm_elementwise_affine": False,
            "video_length": 2,
            "num_embeds_ada_norm": 1000,
        },
        {
            "hidden_states": (1, 4, 2, 8, 8),
            "timestep": [10],
            "encoder_hidden_states": (1, 7, 32),
            "enable_temporal_attentions": True,
        },
    ),
    "LTXVideoTransformer3DModel": (
        {**HEADS, "in_channels": 4, "out_channels": 4, "cross_attention_dim": 64, "caption_channels": 32},
        {
            "hidden_states": (1, 32, 4),
            **STEP,
            "encoder_hidden_states": (1, 7, 32),
            "encoder_attention_mask": [[True] * 7],
            "num_frames": 2,
            "height": 4,
            "width": 4,
        },
    ),
    "Lumina2Transformer2DModel": (
        {
            "sample_size": 16,
            "patch_size": 2,
            "in_channels": 4,
            "hidden_size": 24,
            "num_layers": 2,
            "num_refiner_layers": 1,
            "num_attention_heads": 3,
            "num_kv_heads": 1,
            "multiple_of": 2,
            "axes_dim_rope": (4, 2, 2),
            "axes_lens": (128, 128, 128),
            "cap_feat_dim": 32,
        },
        {
            "hidden_states": (1, 4, 16, 16),
            **STEP,
            "encoder_hidden_states": (1, 7, 32),
            "encoder_attention_mask": [[True] * 7],
        },
    ),
    "MochiTransformer3DModel": (
        {
            "patch_size": 2,
            "num_attention_heads": 2,
            "attention_head_dim": 8,
            "num_layers": 2,
            "pooled_projection_dim": 16,
            "in_channels": 4,
            "text_embed_dim": 32,
            "time_embed_dim": 4,
        },
        {
            "hidden_states": (1, 4, 2, 16, 16),
            **STEP,
            "encoder_hidden_states": (1, 7, 32),
            "encoder_attention_mask": [[True] * 7],
        },
    ),
    "PixArtTransformer2DModel": (
        {
            **HEADS,
            "sample_size": 8,
            "in_channels": 4,
            "out_channels": 8,
            "patch_size": 2,
            "caption_channels": 32,
            "cross_attention_dim": 64,
            "attention_bias": True,
            "use_additional_conditions": False,
        },
        {
            "hidden_states": (1, 4, 8, 8),
            "timestep": [10],
            "encoder_hidden_states": (1, 7, 32),
            "added_cond_kwargs": {"aspect_ratio": None, "resolution": None},
        },
    ),
    "PriorTransformer": (
        {**HEADS, "embedding_dim": 32, "num_embeddings": 7, "additional_embeddings": 4},
        {
            "hidden_states": (2, 32),
            "timestep": 10,
            "proj_embedding": (2, 32),
            "encoder_hidden_states": (2, 7, 32),
        },
    ),
    "PRXTransformer2DModel": (
        {
            "in_channels": 4,
            "patch_size": 2,
            "context_in_dim": 32,
            "hidden_size": 32,
            "num_heads": 4,
            "depth": 2,
            "axes_dim": [4, 4],
        },
        {"hidden_states": (1, 4, 16, 16), **STEP, "encoder_hidden_states": (1, 7, 32)},
    ),
    "QwenImageTransformer2DModel": (
        {
            **HEADS,
            "in_channels": 16,
            "out_channels": 4,
            "joint_attention_dim": 32,
            "axes_dims_rope": (8, 4, 4),
        },
        {
            "hidden_states": (1, 16, 16),
            **STEP,
            "encoder_hidden_states": (1, 7, 32),
            "encoder_hidden_states_mask": [[1] * 7],
            "img_shapes": [(1, 4, 4)],
        },
    ),
    "SanaTransformer2DModel": (
        {
            **HEADS,
            "in_channels": 4,
            "out_channels": 4,
            "num_cross_attention_heads": 4,
            "cross_attention_head_dim": 16,
            "cross_attention_dim": 64,
            "caption_channels": 32,
            "sample_size": 16,
        },
        {"hidden_states": (1, 4, 16, 16), **STEP, "encoder_hidden_states": (1, 7, 32)},
    ),
    "SD3Transformer2DModel": (
        {
            **HEADS,
            "sample_size": 16,
            "patch_size": 2,
            "in_channels": 4,
            "joint_attention_dim": 32,
            "caption_projection_dim": 64,
            "pooled_projection_dim": 32,
            "out_channels": 4,
            "dual_attention_layers": (0,),
            "qk_norm": "rms_norm",
        },
        {
            "hidden_states": (1, 4, 16, 16),
            **STEP,
            "encoder_hidden_states": (1, 7, 32),
            "pooled_projections": (1, 32),
        },
    ),
    "SkyReelsV2Transformer3DModel": (
        {
            **HEADS,
            "patch_size": (1, 2, 2),
            "in_channels": 4,
            "out_channels": 4,
            "text_dim": 32,
            "freq_dim": 64,
            "ffn_dim": 96,
            "rope_max_seq_len": 32,
        },
        VIDEO,
    ),
    "StableAudioDiTModel": (
        {
            **HEADS,
            "sample_size": 8,
            "in_channels": 4,
            "out_channels": 4,
            "num_key_value_attention_heads": 2,
            "cross_attention_dim": 32,
            "cross_attention_input_dim": 32,
            "global_states_input_dim": 32,
            "time_proj_dim": 8,
        },
        {
            "hidden_states": (1, 4, 8),
            **STEP,
            "encoder_hidden_states": (1, 7, 32),
            "global_hidden_states": (1, 1, 32),
            "rotary_embedding": ((9, 8), (9, 8)),
        },
    ),
    "WanTransformer3DModel": (
        {
            **HEADS,
            "patch_size": (1, 2, 2),
            "in_channels": 4,
            "out_channels": 4,
            "text_dim": 32,
            "freq_dim": 64,
            "ffn_dim": 96,
            "rope_max_seq_len": 32,
        },
        VIDEO,
    ),
    "WanVACETransformer3DModel": (
        {
            **HEADS,
            "patch_size": (1, 2, 2),
            "in_channels": 4,
            "out_channels": 4,
            "text_dim": 32,
            "freq_dim": 64,
            "ffn_dim": 96,
            "rope_max_seq_len": 32,
            "vace_layers": [0],
            "vace_in_channels": 12,
        },
        {**VIDEO, "control_hidden_states": (1, 12, 3, 16, 16)},
    ),
    "Transformer2DModel": (
        {**HEADS, "in_channels": 32, "cross_attention_dim": 32},
        {"hidden_states": (2, 32, 8, 8), **TEXT},
    ),
    "TransformerTemporalModel": (
        {**HEADS, "in_channels": 32},
        {"hidden_states": (4, 32, 8, 8), "num_frames": 4},
    ),
    "ControlNetModel": (
        {
            "block_out_channels": (32, 64),
            "layers_per_block": 1,
            "down_block_types": BLOCKS["down_block_types"],
            **CROSS,
            "conditioning_embedding_out_channels": (16, 32),
        },
        {**NOISY, **TEXT, "controlnet_cond": (2, 3, 32, 32)},
    ),
    "SD3ControlNetModel": (
        {
            **HEADS,
            "sample_size": 16,
            "patch_size": 2,
            "in_channels": 4,
            "joint_attention_dim": 32,
            "caption_projection_dim": 64,
            "pooled_projection_dim": 32,
            "out_channels": 4,
        },
        {
            "hidden_states": (1, 4, 16, 16),
            **STEP,
            "encoder_hidden_states": (1, 7, 32),
            "pooled_projections": (1, 32),
            "controlnet_cond": (1, 4, 16, 16),
        },
    ),
    "FluxControlNetModel": (
        {**FLUX_SIZES, "pooled_projection_dim": 32},
        {**FLUX, "pooled_projections": (1, 32), "controlnet_cond": (1, 16, 4)},
    ),
}
"""Class: its sizes, and the shapes of what it is called with."""

PICTURE, CLIP, SOUND = (1, 3, 32, 32), (1, 3, 9, 32, 32), (1, 2, 4096)
WAN = {
    "base_dim": 3,
    "z_dim": 16,
    "dim_mult": [1, 1, 1, 1],
    "num_res_blocks": 1,
    "temperal_downsample": [False, True, True],
}

AUTOENCODERS: dict[str, tuple[dict[str, Any], tuple[int, ...]]] = {
    "AsymmetricAutoencoderKL": (
        {
            "down_block_types": ("DownEncoderBlock2D",) * 2,
            "down_block_out_channels": (32, 64),
            "layers_per_down_block": 1,
            "up_block_types": ("UpDecoderBlock2D",) * 2,
            "up_block_out_channels": (32, 64),
            "layers_per_up_block": 1,
            "sample_size": 32,
        },
        PICTURE,
    ),
    "AutoencoderDC": (
        {
            "latent_channels": 4,
            "attention_head_dim": 2,
            "encoder_block_types": ("ResBlock", "EfficientViTBlock"),
            "decoder_block_types": ("ResBlock", "EfficientViTBlock"),
            "encoder_block_out_channels": (8, 8),
            "decoder_block_out_channels": (8, 8),
            "encoder_qkv_multiscales": ((), (5,)),
            "decoder_qkv_multiscales": ((), (5,)),
            "encoder_layers_per_block": (1, 1),
            "decoder_layers_per_block": (1, 1),
            "downsample_block_type": "conv",
            "upsample_block_type": "interpolate",
            "decoder_norm_types": "rms_norm",
            "decoder_act_fns": "silu",
        },
        PICTURE,
    ),
    "AutoencoderKLCogVideoX": (
        {
            "down_block_types": ("CogVideoXDownBlock3D",) * 4,
            "up_block_types": ("CogVideoXUpBlock3D",) * 4,
            "block_out_channels": (8, 8, 8, 8),
            "latent_channels": 4,
            "layers_per_block": 1,
            "norm_num_groups": 2,
            "temporal_compression_ratio": 4,
        },
        CLIP,
    ),
    "AutoencoderKLCosmos": (
        {
            "latent_channels": 4,
            "encoder_block_out_channels": (8, 8, 8, 8),
            "decode_block_out_channels": (8, 8, 8, 8),
            "attention_resolutions": (8,),
            "resolution": 64,
            "num_layers": 2,
            "patch_size": 4,
            "spatial_compression_ratio": 4,
            "temporal_compression_ratio": 4,
        },
        CLIP,
    ),
    "AutoencoderKLHunyuanVideo": (
        {
            "down_block_types": ("HunyuanVideoDownBlock3D",) * 4,
            "up_block_types": ("HunyuanVideoUpBlock3D",) * 4,
            "block_out_channels": (8, 8, 8, 8),
            "latent_channels": 4,
            "layers_per_block": 1,
            "norm_num_groups": 4,
            "spatial_compression_ratio": 8,
            "temporal_compression_ratio": 4,
        },
        CLIP,
    ),
    "AutoencoderKLLTXVideo": (
        {
            "latent_channels": 8,
            "block_out_channels": (8, 8, 8, 8),
            "decoder_block_out_channels": (8, 8, 8, 8),
            "layers_per_block": (1, 1, 1, 1, 1),
            "decoder_layers_per_block": (1, 1, 1, 1, 1),
            "spatio_temporal_scaling": (True, True, False, False),
            "decoder_spatio_temporal_scaling": (True, True, False, False),
            "decoder_inject_noise": (False,) * 5,
            "upsample_residual": (False,) * 4,
            "upsample_factor": (1,) * 4,
        },
        CLIP,
    ),
    "AutoencoderKLMagvit": (
        {
            "latent_channels": 4,
            "down_block_types": ("SpatialDownBlock3D", "SpatialTemporalDownBlock3D"),
            "up_block_types": ("SpatialUpBlock3D", "SpatialTemporalUpBlock3D"),
            "block_out_channels": (8, 8),
            "layers_per_block": 1,
            "norm_num_groups": 8,
        },
        CLIP,
    ),
    "AutoencoderKLMochi": (
        {
            "in_channels": 15,
            "out_channels": 3,
            "latent_channels": 4,
            "encoder_block_out_channels": (32, 32, 32, 32),
            "decoder_block_out_channels": (32, 32, 32, 32),
            "layers_per_block": (1, 1, 1, 1, 1),
        },
        (1, 3, 7, 32, 32),
    ),
    "AutoencoderKLTemporalDecoder": (
        {
            "block_out_channels": (32, 64),
            "down_block_types": ("DownEncoderBlock2D",) * 2,
            "latent_channels": 4,
        },
        (2, 3, 32, 32),
    ),
    "AutoencoderKLWan": (WAN, CLIP),
    "AutoencoderKLQwenImage": (WAN, (1, 3, 1, 32, 32)),
    "AutoencoderOobleck": (
        {
            "encoder_hidden_size": 12,
            "decoder_channels": 12,
            "decoder_input_channels": 6,
            "audio_channels": 2,
            "downsampling_ratios": [2, 4],
            "channel_multiples": [1, 2],
        },
        SOUND,
    ),
    "AutoencoderTiny": (
        {
            "encoder_block_out_channels": (32, 32),
            "decoder_block_out_channels": (32, 32),
            "num_encoder_blocks": (1, 2),
            "num_decoder_blocks": (2, 1),
        },
        PICTURE,
    ),
    "ConsistencyDecoderVAE": (
        {
            "encoder_block_out_channels": [32, 64],
            "encoder_down_block_types": ["DownEncoderBlock2D"] * 2,
            "decoder_block_out_channels": [32, 64],
            "decoder_down_block_types": ["ResnetDownsampleBlock2D"] * 2,
            "decoder_up_block_types": ["ResnetUpsampleBlock2D"] * 2,
            "decoder_layers_per_block": 1,
            "decoder_time_embedding_type": "learned",
            "latent_channels": 4,
        },
        PICTURE,
    ),
    "VQModel": ({**ENCODER, "latent_channels": 3, "num_vq_embeddings": 32}, PICTURE),
}
"""Class: its sizes, and the shape of the picture, video or sound."""


LIMITS = {
    "HiDreamImageTransformer2DModel": "each expert works on as many tokens as chose it (`bincount` of the "
    "router's result)"
}


def entries() -> Iterator[Entry]:
    """Yield the denoising networks, then the autoencoders."""
    for name, (sizes, inputs) in DENOISERS.items():
        limit = LIMITS.get(name, "")
        yield Entry(name, "denoiser", "diffusers", partial(build, name, sizes, inputs), limit)
    for name, (sizes, shape) in AUTOENCODERS.items():
        yield Entry(name, "autoencoder", "diffusers", partial(build, name, sizes, {"sample": shape}))


def build(name: str, sizes: dict[str, Any], inputs: dict[str, Any]) -> Built:
    """Build a network, and inputs of the shapes."""
    import diffusers

    model = getattr(diffusers, name)(**sizes).eval()
    return model, {key: filled(value, key) for key, value in inputs.items()}


def filled(value: Any, name: str) -> Any:
    """Return a tensor of the shape that a tuple is, of the numbers that a list has, or what else is given."""
    if isinstance(value, dict):
        return {key: filled(inner, key) for key, inner in value.items()}
    if name == "img_shapes":
        return value
    if isinstance(value, list):
        return torch.tensor(value)
    if not isinstance(value, tuple):
        return value
    if isinstance(value[0], tuple):
        return tuple(filled(inner, "") for inner in value)
    return torch.rand(value)
