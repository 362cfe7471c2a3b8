"""What only one network of diffusers takes in this way, or one family; everything else goes by rules."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from shapeflow.adapters.inputs.conventions import (
    LEFT_OUT,
    Built,
    Counted,
    Exactly,
    Number,
    Plain,
    Several,
    Whole,
)
from shapeflow.adapters.inputs.latents import ROWS

FLOW_STEPS = {"timestep": ("B", "F"), "r_timestep": ("B", "F")}
FILM = ("B", "F", "in_channels", "H", "W")
VACE = ("B", "vace_in_channels", "F", "H", "W")
DIT = {
    "encoder_hidden_states": ("B", "T", "cross_attention_dim"),
    "text_embedding_mask": Whole(("B", "T")),
    "encoder_hidden_states_t5": ("B", "text_len_t5", "cross_attention_dim_t5"),
    "text_embedding_mask_t5": Whole(("B", "text_len_t5")),
    "image_meta_size": Whole(("B", 6), 1024, torch.float32),
    "style": Whole(("B",), 0),
}
PLACES = {"visual_rope_pos": "places", "text_rope_pos": "text places"}

CONDITION = " * (8 - 7 * use_simplified_condition_embedding)"
"""A picture to follow is as large as the latents where latents are made of it, else as the picture."""
JOINED = "T + 1 + H * W // 4"
"""Vectors of a text, a step, and patches of 2 x 2."""
JOINT = "T + N + 16"
"""Vectors of a text, packed patches and vectors of a sound in one sequence."""


def _rotary_of_frames(model: Any, size: Any) -> Any:
    """Return cosine and sine for four frames, as the pipeline asks the network itself for them."""
    positions, side = list(range(4)), int((size("N") // 4) ** 0.5)
    return model.build_rotary_emb_for_absolute_positions(
        size("B"), positions, side, side, torch.empty(0).device, 24.0
    )


def _empty_cache(model: Any, size: Any) -> Any:
    """Return the container of keys and values that the reference pass fills."""
    from diffusers.models.transformers.transformer_wan_animate_2 import WanAnimate2KVCache

    return WanAnimate2KVCache(len(model.blocks))


def _molecule(_: Any, size: Any) -> dict[str, torch.Tensor]:
    """Return what is known of one protein besides its coordinates: nothing is given, all is to be found."""
    rows, tokens = size("B"), size("N")
    one, pairs, atoms = (rows, tokens), (rows, tokens, tokens), (rows, tokens, 37)
    shapes = {
        "molecule_iid": one,
        "molecule_entity_id": one,
        "na_ss_state": one,
        "na_ss_state_mask": one,
        "charge": atoms,
        "element": atoms,
        "token_bond_path_length": pairs,
        "na_ss_pair": pairs,
        "na_ss_pair_mask": pairs,
    }
    bonds = ("hbond", "pistack", "pication", "saltbridge", "hydrophobic", "metal-coord")
    shapes |= {f"condition_{kind}_1_atom": atoms for kind in bonds}
    shapes["condition_index-group_1_token"] = one
    return {
        "is_in_context_conditioning": torch.zeros(one, dtype=torch.bool),
        "supports_local_latent": torch.ones(one, dtype=torch.bool),
        **{name: torch.zeros(shape, dtype=torch.long) for name, shape in shapes.items()},
    }


PROTEIN = {
    "token_type": Whole(("B", "N"), 0),
    "atom37_mask": Whole(("B", "N", 37), 1, torch.bool),
    "conditioning": Built(_molecule, "a protein of which nothing is given"),
}

OWN: Mapping[str, Mapping[str, Any]] = {
    "AceStepAudioTokenizer": {"main": ("B", 8, "pool_window_size", "audio_acoustic_hidden_dim")},
    "AceStepConditionEncoder": {"refer_audio_order_mask": Counted(0, "B")},
    "AceStepTransformer1DModel": {
        "main": ("B", "N", "audio_acoustic_hidden_dim"),
        "context_latents": ("B", "N", "in_channels - audio_acoustic_hidden_dim"),
    },
    "AnyFlowTransformer3DModel": {"main": FILM, **FLOW_STEPS},
    "AnyFlowFARTransformer3DModel": {"main": FILM, **FLOW_STEPS, "chunk_partition": Plain([1, 4])},
    "AudioLDM2ProjectionModel": {
        "hidden_states": ("B", "T", "text_encoder_dim"),
        "hidden_states_1": ("B", "T", "text_encoder_1_dim"),
    },
    "AutoencoderKLAllegro": {"main": (1, 3, 24, "sample_size", "sample_size")},
    "AutoencoderKLMiniMaxH3": {"main": (1, "in_channels", "2 * clip_length - 1", 256, 256)},
    "AutoencoderKLMochi": {"main": (1, 3, 7, 256, 256)},
    "AutoencoderKLQwenImage21": {"main": (1, "in_channels", 1, 256, 256)},
    "AutoencoderKLMiniMaxH3Audio": {"main": (1, 1, 32768)},
    "BriaFiboTransformer2DModel": {
        "text_encoder_layers": Several(("num_layers", "num_single_layers"), ("B", "T", "text_encoder_dim"))
    },
    "ControlNetUnionModel": {
        "controlnet_cond": Several(1, ("B", "conditioning_channels", "H * 8", "W * 8")),
        "control_type": Whole(("B", "num_control_type"), 0),
        "control_type_idx": Plain([0]),
    },
    "Cosmos3AVAEAudioTokenizer": {"main": (1, 2, 65536)},
    "Cosmos3OmniTransformer": {  # a text, then a video of 5 frames of 16 x 16 patches
        "input_ids": Whole(("T",)),
        "text_indexes": Counted(0, "T"),
        "position_ids": Counted(0, "T + 1280", 3),
        "und_len": Number("T"),
        "sequence_length": Number("T + 1280"),
        "vision_tokens": Several(
            1, (1, "latent_channel", 5, "16 * latent_patch_size", "16 * latent_patch_size")
        ),
        "vision_token_shapes": Plain([(5, 16, 16)]),
        "vision_sequence_indexes": Counted("T", "T + 1280"),
        "vision_mse_loss_indexes": Counted("T", "T + 1280"),
        "vision_timesteps": Whole((1280,), 500, torch.float32),
        "vision_noisy_frame_indexes": Built(lambda *_: [torch.arange(5)], "all 5 frames"),
    },
    "CosmosControlNetModel": {
        "controls_latents": ("B", "latent_channels - 2", "F", "H", "W"),
        "main": ("B", "latent_channels - 2", "F", "H", "W"),
        "condition_mask": Whole(("B", 1, "F", "H", "W"), 0, torch.float32),
        "padding_mask": Whole((1, 1, "H", "W"), 0, torch.float32),
    },
    "CosmosTransformer3DModel": {"padding_mask": Whole((1, 1, "H", "W"), 0, torch.float32)},
    "ErnieImageTransformer2DModel": {"text_lens": Exactly([16, 12])},
    "FluxMultiControlNetModel": {
        "controlnet_mode": Built(
            lambda model, size: [torch.tensor([-1] * ROWS)] * len(model.nets), "no mode"
        ),
    },
    "GlmImageTransformer2DModel": {
        "prior_token_id": Whole(("B", 256)),
        "prior_token_drop": Whole(("B", 256), 0, torch.bool),
        "main": ("B", "in_channels", 32, 32),
    },
    "HiDreamImageTransformer2DModel": {
        "encoder_hidden_states_t5": ("B", "T", 4096),
        "encoder_hidden_states_llama3": (32, "B", "T", 4096),
        "main": ("B", "in_channels", 128, 128),
        "img_ids": LEFT_OUT,
    },
    "HunyuanVideo15Transformer3DModel": {  # a text alone: no picture
        "image_embeds": Whole(("B", 16, "image_embed_dim"), 0, torch.float32)
    },
    "HunyuanVideoFramepackTransformer3DModel": {
        "image_embeds": ("B", 729, "image_proj_dim"),
        "indices_latents": Counted(0, "F"),
        "latents_clean": ("B", "in_channels", 2, "H", "W"),
        "indices_latents_clean": Counted(0, 2),
        "latents_history_2x": ("B", "in_channels", 2, "H", "W"),
        "indices_latents_history_2x": Counted(0, 2),
        "latents_history_4x": ("B", "in_channels", 16, "H", "W"),
        "indices_latents_history_4x": Counted(0, 16),
    },
    "HunyuanDiT2DModel": DIT,
    "HunyuanDiT2DControlNetModel": DIT,
    "Ideogram4Transformer2DModel": {"indicator": Whole(("B", "N"), 2)},
    "JoyImageEditPlusTransformer3DModel": {
        "main": ("B", 64, "in_channels", 1, 2, 2),
        "shape_list": Plain([[(1, 8, 8)]] * 2),
    },
    "Kandinsky5Transformer3DModel": {
        "main": ("B", "F", "H", "W", "in_visual_dim"),
        "encoder_hidden_states": ("B", "T", "in_text_dim"),
        **PLACES,
    },
    "Kandinsky6SRLatentUpscalerBank": {
        "scale": Built(lambda model, _: model.config.scales[0], "the first of its scales")
    },
    "Kandinsky6Transformer3DModel": {
        "main": ("B", "F", "H", "W", "in_visual_dim + visual_cond * (in_visual_dim + 1)"),
    },
    "Krea2Transformer2DModel": {
        "encoder_hidden_states": ("B", "T", "num_text_layers", "text_hidden_dim"),
        "position_ids": Whole((80, 3), 0, torch.float32),
    },
    "LatteTransformer3DModel": {"encoder_attention_mask": LEFT_OUT, "timestep": Exactly([500, 250])},
    "LTX2VideoTransformer3DModel": {
        "audio_hidden_states": ("B", "T", "audio_in_channels"),
        "audio_num_frames": Exactly(16),
        "timestep": Exactly([500.0, 250.0]),
    },
    "LTX2VideoDiffusionDecoderModel": {"main": (1, "latent_channels", 5, 8, 8)},
    "LuminaNextDiT2DModel": {
        "image_rotary_emb": Whole((384, 384, 36), 1, torch.complex64),
        "cross_attention_kwargs": Plain({}),
    },
    "MMAudioVAE": {"main": (1, 65536)},
    "MiniMaxH3Transformer3DModel": {  # a text, then packed patches, then a sound
        "main": ("B", "N", "in_channels * prod(patch_size)"),
        "audio_hidden_states": ("B", 16, "audio_in_channels"),
        "timestep": Exactly([0.5, 0.0]),
        "timestep_indices": Whole((JOINT,), 0),
        "token_tags": Built(
            lambda _, size: torch.tensor([1] * size("T") + [0] * size("N") + [2] * 16),
            "1 for each vector of the text, 0 for each patch, 2 for each vector of the sound",
        ),
        "position_ids": Whole((JOINT, 3), 0, torch.float32),
        "text_indices": Counted(0, "T"),
        "video_indices": Counted("T", "T + N"),
        "audio_indices": Counted("T + N", JOINT),
    },
    "MultiAdapter": {"xs": Several(2, ("B", 3, 256, 256))},
    "OmniGenTransformer2DModel": {  # a text, the step, and the patches of one picture
        "input_ids": Whole(("B", "T"), 5),
        "input_img_latents": Plain([]),
        "input_image_sizes": Plain({}),
        "attention_mask": Whole(("B", JOINED, JOINED), 1, torch.float32),
        "position_ids": Counted(0, JOINED, "B"),
    },
    "QwenImage21Transformer2DModel": {
        "img_shapes": Plain([[(1, 8, 8)]] * 2),
        "img_mask": Built(
            lambda _, size: torch.tensor([[False] * size("T") + [True] * 16] * size("B")),
            "the text, then a slot for each 4 patches",
        ),
    },
    "RFD4ProteinaAutoencoder": PROTEIN,
    "RFD4ProteinaTransformer": PROTEIN,
    "SanaWMLTX2RefinerTransformer3DModel": {
        "video_rotary_emb": Built(_rotary_of_frames, "cosine and sine, as the network itself makes them"),
    },
    "SparseControlNetModel": {
        "main": ("B", "in_channels", "F", "H", "W"),
        "encoder_hidden_states": ("B * F", "T", "cross_attention_dim"),
        "controlnet_cond": ("B", "conditioning_channels", "F", f"H{CONDITION}", f"W{CONDITION}"),
        "conditioning_mask": Whole(("B", 1, "F", f"H{CONDITION}", f"W{CONDITION}"), 1, torch.float32),
    },
    "StableCascadeUNet": {"timestep_ratio": Exactly([0.5, 0.25])},
    "T5FilmDecoder": {
        "encodings_and_masks": Built(
            lambda _, size: [
                (torch.rand(size("B"), size("T"), size("d_model")), torch.ones(size("B"), size("T")))
            ],
            "what the encoder makes of the notes, and its mask",
        )
    },
    "TransformerTemporalModel": {"encoder_hidden_states": LEFT_OUT, "num_frames": Exactly(2)},
    "UNetMotionModel": {
        "main": ("B", "in_channels", "F", "H", "W"),
        "encoder_hidden_states": ("B * F", "T", "cross_attention_dim"),
    },
    "UniDiffuserModel": {
        "latent_image_embeds": ("B", "in_channels", "sample_size", "sample_size"),
        "image_embeds": ("B", 1, "clip_img_dim"),
        "prompt_embeds": ("B", "num_text_tokens", "text_dim"),
        "timestep_img": Exactly([500, 250]),
        "timestep_text": Exactly([500, 250]),
    },
    "UVit2DModel": {"input_ids": Whole(("B", "sample_size", "sample_size"), 5)},
    "WanAnimate2Transformer3DModel": {  # the pass over the reference
        "main": Several(1, ("out_dim", 1, 32, 32)),
        "condition_latents": Several(1, ("in_dim - out_dim", 1, 32, 32)),
        "encoder_hidden_states": Several(1, ("T", "text_dim")),
        "encoder_hidden_states_image": (1, 257, 1280),
        "timestep": Exactly([500]),
        "kv_cache": Built(_empty_cache, "an empty container of keys and values"),
        "kv_cache_mode": Plain("extract"),
        "seq_len": Number(256),
        "offset_grid_sizes": Exactly([[1, 16, 16]]),
    },
    "WanAnimateTransformer3DModel": {
        "pose_hidden_states": ("B", "latent_channels", "F - 1", "H", "W"),
        "face_pixel_values": ("B", 3, "4 * (F - 1) - 3", "motion_encoder_size", "motion_encoder_size"),
    },
    "WanVACETransformer3DModel": {"control_hidden_states": VACE},
    "ZImageControlNetModel": {
        "x": Several("B", (16, 1, 32, 32)),
        "cap_feats": Several("B", ("T", 2560)),
        "control_context": Several("B", ("control_in_dim", 1, 32, 32)),
    },
    "ZImageTransformer2DModel": {
        "x": Several("B", ("in_channels", 1, 32, 32)),
        "cap_feats": Several("B", ("T", "cap_feat_dim")),
    },
}
"""Class -> parameter -> what it is given; ``main`` stands for the main input, by its own name."""
