"""Sizes for networks of diffusers that cannot be built without being told some."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

SIZES: Mapping[str, Mapping[str, Any]] = {
    "AudioLDM2ProjectionModel": {
        "text_encoder_dim": 512,
        "text_encoder_1_dim": 1024,
        "langauge_model_dim": 768,
    },
    "AutoencoderKLHunyuanImage": {
        "in_channels": 3,
        "out_channels": 3,
        "latent_channels": 64,
        "block_out_channels": (128, 256, 512, 512, 1024, 1024),
        "layers_per_block": 2,
        "spatial_compression_ratio": 32,
        "sample_size": 384,
    },
    "ControlNetUnionModel": {  # as for SDXL
        "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        "block_out_channels": (320, 640, 1280),
        "transformer_layers_per_block": (1, 2, 10),
        "attention_head_dim": (5, 10, 20),
        "cross_attention_dim": 2048,
        "use_linear_projection": True,
        "addition_embed_type": "text_time",
        "addition_time_embed_dim": 256,
        "projection_class_embeddings_input_dim": 2816,
    },
    "CosmosControlNetModel": {"num_attention_heads": 16},
    "DreamLiteTransformer2DModel": {"in_channels": 320},
    "EasyAnimateTransformer3DModel": {"in_channels": 16, "out_channels": 16, "patch_size": 2},
    "HiDreamImageTransformer2DModel": {
        "patch_size": 2,
        "in_channels": 16,
        "num_layers": 16,
        "num_single_layers": 32,
        "attention_head_dim": 128,
        "num_attention_heads": 20,
        "caption_channels": [4096, 4096],
        "text_emb_dim": 2048,
        "num_routed_experts": 4,
        "num_activated_experts": 2,
        "axes_dims_rope": (64, 32, 32),
        "max_resolution": (128, 128),
        "llama_layers": tuple(range(32)) + (31,) * 16,
    },
    "HunyuanDiT2DModel": {
        "in_channels": 4,
        "patch_size": 2,
        "sample_size": 128,
        "num_attention_heads": 16,
        "attention_head_dim": 88,
        "hidden_size": 1408,
        "num_layers": 40,
        "mlp_ratio": 4.3637,
        "activation_fn": "gelu-approximate",
    },
    "HunyuanDiT2DControlNetModel": {
        "in_channels": 4,
        "patch_size": 2,
        "sample_size": 128,
        "num_attention_heads": 16,
        "attention_head_dim": 88,
        "hidden_size": 1408,
        "transformer_num_layers": 40,
        "mlp_ratio": 4.3637,
        "activation_fn": "gelu-approximate",
    },
    "HunyuanVideoFramepackTransformer3DModel": {"has_image_proj": True, "has_clean_x_embedder": True},
    "LatteTransformer3DModel": {
        "num_attention_heads": 16,
        "attention_head_dim": 72,
        "in_channels": 4,
        "out_channels": 8,
        "num_layers": 28,
        "cross_attention_dim": 1152,
        "attention_bias": True,
        "sample_size": 64,
        "patch_size": 2,
        "activation_fn": "gelu-approximate",
        "num_embeds_ada_norm": 1000,
        "norm_type": "ada_norm_single",
        "norm_elementwise_affine": False,
        "caption_channels": 4096,
        "video_length": 16,
    },
    "LuminaNextDiT2DModel": {"num_kv_heads": 8},
    "OmniGenTransformer2DModel": {
        "rope_scaling": {"type": "su", "short_factor": (1.0,) * 48, "long_factor": (1.0,) * 48}
    },
    "RFD4ProteinaAutoencoder": {
        "atom37_mask": ((True,) * 37,) * 147,
        "allowed_residue_types": ((True,) * 147,) * 7,
    },
    "StableAudioProjectionModel": {
        "text_encoder_dim": 768,
        "conditioning_dim": 768,
        "min_value": 0,
        "max_value": 512,
    },
    "Transformer2DModel": {"in_channels": 320, "num_attention_heads": 8, "attention_head_dim": 40},
    "TransformerTemporalModel": {"in_channels": 320},
    "UNet1DModel": {"extra_in_channels": 64},
    "UniDiffuserModel": {
        "text_dim": 768,
        "clip_img_dim": 512,
        "num_text_tokens": 77,
        "num_attention_heads": 24,
        "attention_head_dim": 64,
        "in_channels": 4,
        "out_channels": 4,
        "num_layers": 30,
        "sample_size": 64,
        "patch_size": 2,
        "activation_fn": "gelu",
        "num_embeds_ada_norm": 1000,
        "block_type": "unidiffuser",
        "use_data_type_embedding": True,
    },
    "UniDiffuserTextDecoder": {"prefix_length": 77, "prefix_inner_dim": 768, "prefix_hidden_dim": 64},
    "ZImageControlNetModel": {
        "control_layers_places": (0, 5, 10, 15, 20, 25),
        "control_refiner_layers_places": (0, 1),
        "control_in_dim": 16,
    },
}
"""Class -> what it is built with; what is not here has its defaults."""

SHARES: Mapping[str, str] = {"ZImageControlNetModel": "ZImageTransformer2DModel"}
"""Class -> the class of the network whose parts it runs with, handed over by ``from_transformer``."""

COUNTS: Mapping[str, int] = {"QwenImageMultiControlNetModel": 1}
"""Class of several networks -> how many of them it takes; two where it takes any number."""

CALLED: Mapping[str, str] = {"AutoencoderKLAllegro": "enable_tiling"}
"""Class -> the method that has to be called before it is run."""
