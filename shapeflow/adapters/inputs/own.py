"""What only one model of transformers takes, most of them parts of others; everything else goes by rules.

Dims are those of ``conventions``, and expressions in names of fields: ``mel_dim``, ``chunk_size + 1``,
``dit_config.hidden_size``. B is the batch, T the number of tokens.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import torch

from shapeflow.adapters.inputs import documented
from shapeflow.adapters.inputs.conventions import LEFT_OUT, Exactly, Several, Whole, make
from shapeflow.adapters.inputs.fields import Fields
from shapeflow.adapters.inputs.parcels import among, atoms, mask_among, places, seen_by_two, without_cache
from shapeflow.adapters.inputs.rules import Made
from shapeflow.adapters.inputs.text import ROWS, TOKENS

PATCHES = 72 * 72
"""Of a picture of 1008 x 1008, as SAM 3 has it."""
SAM3_ENCODER = {
    "vision_features": Several(1, ("B", "hidden_size", 72, 72)),
    "vision_pos_embeds": Several(1, ("B", "hidden_size", 72, 72)),
    "text_features": ("B", 32, "hidden_size"),
    "text_mask": Whole(("B", 32), 1, torch.bool),
}
SAM3_DECODER = {
    "vision_features": ("B", PATCHES, "hidden_size"),
    "vision_pos_encoding": ("B", PATCHES, "hidden_size"),
    "text_features": ("B", 32, "hidden_size"),
    "text_mask": Whole(("B", 32), 1, torch.bool),
    "spatial_shapes": Exactly([[72, 72]]),
}
SAM3_MASKS = {
    "decoder_queries": ("B", 200, "hidden_size"),
    "backbone_features": (
        ("B", "hidden_size", 288, 288),
        ("B", "hidden_size", 144, 144),
        ("B", "hidden_size", 72, 72),
    ),
    "encoder_hidden_states": ("B", PATCHES, "hidden_size"),
    "prompt_features": ("B", 32, "hidden_size"),
}
MEL, CODES = 200, 100
CODEC = {
    "input_values": ("B", 1, 32_000),
    "input_features": ("B", 100, 160),
    "input_features_mask": Whole(("B", 100)),
}
"""A sound twice: its waveform, and pairs of steps of its spectrogram."""
LINE = {"pixel_values": ("B", 3, 48, 320)}
"""A picture of a line of text."""
LISTENED = {"input_features": ("num_mel_bins", "B * 200"), "feature_lens": Exactly([200, 200])}
PROMPTED = ("B", 3, "image_size // 2", "image_size // 2")
"""Of a picture of which two stand one above the other."""
PATCH_OF_BYTE = [0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4]


OWN: Mapping[str, Mapping[str, Any]] = {
    "BarkFineModel": {  # each codebook is made from those before it
        "codebook_idx": Exactly(1),
        "input_ids": Whole(("B", "T", "n_codes_total"), 5),
    },
    "BltLocalDecoder": {
        "input_ids": LEFT_OUT,
        "inputs_embeds": ("B", "T", "hidden_size"),
        "patch_embeds": ("B", 5, "hidden_size_global"),
    },
    "BltLocalEncoder": {"patch_ids": Exactly([PATCH_OF_BYTE] * ROWS), "num_patches": Exactly(5)},
    "BltModel": {"patch_lengths": Exactly([[1, 4, 4, 4, 3]] * ROWS), "use_cache": without_cache},
    "ColQwen2ForRetrieval": {
        "pixel_values": ("B", 64, "3 * 2 * 14 * 14"),
        "image_grid_thw": Exactly([[1, 8, 8]] * ROWS),
        "input_ids": among("image_token_id", 16),
        "attention_mask": mask_among(16),
    },
    "CsmForConditionalGeneration": {
        "input_values": ("B", 1, 19_200),
        "input_values_cutoffs": Exactly([[19_200]] * ROWS),
        "input_ids": among("audio_token_id", 10),
        "attention_mask": mask_among(10),
    },
    "DeepseekOcr2VisionEncoder": {"inputs_embeds": ("B", 512, "hidden_size"), "num_patches": Exactly(256)},
    "DiaDecoder": {
        "input_ids": Whole(("B", "T", "num_channels"), 5),
        "encoder_hidden_states": ("B", 32, "cross_hidden_size"),
    },
    "EsmFold2Model": {
        "atom_inputs": atoms,
        "token_index": Exactly([list(range(TOKENS))] * ROWS),
        "residue_index": Exactly([list(range(TOKENS))] * ROWS),
        "asym_id": Whole(("B", "T"), 0),
        "sym_id": Whole(("B", "T"), 0),
        "entity_id": Whole(("B", "T"), 0),
        "mol_type": Whole(("B", "T"), 0),
        "res_type": Whole(("B", "T"), 5),
        "token_bonds": Whole(("B", "T", "T", 1), 0, torch.float32),
        "attention_mask": Whole(("B", "T"), 1, torch.bool),
        "input_ids": Whole(("B", "T"), 5),
    },
    "FunAsrNanoEncoder": {
        "input_features": ("B", 100, "input_size"),
        "input_features_mask": Whole(("B", 100)),
    },
    "GlmImageVQVAE": {"hidden_states": ("B", "latent_channels", 16, 16)},
    "IdeficsModel": {
        "pixel_values": ("B", 1, 3, "vision_config.image_size", "vision_config.image_size"),
        "image_attention_mask": Whole(("B", "T", 1)),
    },
    "InklingAudioModel": {"audio_input_ids": Whole(("B", 100, "num_codebooks"), 5)},
    "InklingVisionModel": {
        "pixel_values": ("B * 64", "temporal_patch_size", "patch_size", "patch_size", "num_channels")
    },
    "InstructBlipVideoModel": {
        "pixel_values": ("B", 4, 3, "vision_config.image_size", "vision_config.image_size"),
        "input_ids": among("video_token_index", 4 * 32),
        "attention_mask": mask_among(4 * 32),
    },
    "JanusVQVAE": {"pixel_values": ("B", "in_channels", "num_patches * 16", "num_patches * 16")},
    "JevForDecision": {
        "input_ids": Whole((1, "T"), 5),
        "attention_mask": Whole((1, "T")),
        "marks": Exactly([[8, 15]]),
        "num_options": Exactly([[2, 3]]),
        "question_type_ids": Exactly([[0, 2]]),
    },
    "Kosmos2Model": {
        "input_ids": among("", 64),
        "attention_mask": mask_among(64),
        "image_embeds_position_mask": places(64),
    },
    "KyutaiSpeechToTextModel": {"input_ids": Whole(("B", "T", "num_codebooks + 1"), 5)},
    "MiniCPMV4_7Model": {  # a picture in one piece, of 28 x 36 patches
        "pixel_values": (1, 3, 16, "B * 28 * 36 * 16"),
        "target_sizes": Exactly([[28, 36], [28, 36]]),
    },
    "Molmo2Adapter": {
        "image_features": ("B", 729, "hidden_size * len(vision_feature_layer)"),
        "pooled_patches_idx": Whole(("B * 196", 4), 5),
    },
    "MoshiDepthDecoder": {
        "input_ids": Whole(("B", "num_codebooks"), 5),
        "last_hidden_state": ("B", 1, "input_size"),
    },
    "NeuCodecModel": CODEC,
    "OmDetTurboForObjectDetection": {
        "classes_input_ids": Whole((4, "T"), 5),
        "classes_attention_mask": Whole((4, "T")),
        "classes_structure": Exactly([2, 2]),
    },
    "OneFormerModel": {"task_inputs": Whole(("B", "task_seq_len"), 5)},
    "PaddleOCRVisionModel": {
        "pixel_values": (1, 128, 3, "patch_size", "patch_size"),
        "grid_thw": Exactly([[1, 8, 8], [1, 8, 8]]),
    },
    "PerceiverModel": {"inputs": ("B", "T", "d_model")},
    "PPOCRV5MobileRecModel": LINE,
    "PPOCRV5ServerRecModel": LINE,
    "PPOCRV6SmallRecModel": LINE,
    "PPOCRV6TinyRecModel": LINE,
    "Phi4MultimodalAudioModel": {
        "hidden_states": ("B", MEL, "input_size"),
        "mask": Whole(("B", MEL), 1, torch.bool),
    },
    "PI0Model": {
        "pixel_values": ("B", 2, 3, 224, 224),
        "pixel_attention_mask": Whole(("B", 2), 1, torch.bool),
        "input_ids": seen_by_two,
        "action_embeds": ("B", "chunk_size + 1", "dit_config.hidden_size"),
    },
    "Qwen2_5OmniToken2WavBigVGANModel": {"mel_spectrogram": ("B", "mel_dim", MEL)},
    "Qwen2_5OmniToken2WavDiTModel": {
        "hidden_states": ("B", "repeats * 100", "mel_dim"),
        "condition_vector": ("B", MEL, "mel_dim"),
        "speaker_embedding": ("B", "repeats * 100", "enc_emb_dim"),
        "quantized_code": Whole(("B", CODES), 5),
        "time_step": ("B",),
    },
    "Qwen2_5OmniToken2WavModel": {
        "code": Whole(("B", CODES), 5),
        "conditioning": ("B", "dit_config.enc_emb_dim"),
        "reference_mel": ("B", MEL, "dit_config.mel_dim"),
        "num_steps": Exactly(4),
    },
    "Qwen2_5OmniAudioEncoder": LISTENED,
    "Qwen3OmniMoeAudioEncoder": LISTENED,
    "Qwen4ExpModel": {  # which goes through a text token by token: pictures of 4 x 4 patches
        "pixel_values": ("B * 16", "3 * 2 * 16 * 16"),
        "image_grid_thw": Exactly([[1, 4, 4]] * ROWS),
    },
    "Qwen3OmniMoeTalkerModel": {"input_ids": LEFT_OUT, "inputs_embeds": ("B", "T", "hidden_size")},
    "RagModel": {
        "context_input_ids": Whole(("B * n_docs", "max_combined_length"), 5),
        "context_attention_mask": Whole(("B * n_docs", "max_combined_length")),
        "doc_scores": ("B", "n_docs"),
    },
    "RfDetrModel": {
        "pixel_values": ("B", 3, 560, 560),
        "pixel_mask": Whole(("B", 560, 560)),
    },
    "Sam3DetrDecoder": SAM3_DECODER,
    "Sam3DetrEncoder": SAM3_ENCODER,
    "Sam3LiteTextDetrDecoder": SAM3_DECODER,
    "Sam3LiteTextDetrEncoder": SAM3_ENCODER,
    "Sam3LiteTextMaskDecoder": SAM3_MASKS,
    "Sam3MaskDecoder": SAM3_MASKS,
    "SeamlessM4TModel": {"input_ids": LEFT_OUT},
    "SeamlessM4Tv2Model": {"input_ids": LEFT_OUT},
    "SegGptModel": dict.fromkeys(("pixel_values", "prompt_pixel_values", "prompt_masks"), PROMPTED),
    "SpeechEncoderDecoderModel": {"inputs": ("B", 32000)},
    "SpeechT5Model": {
        "input_values": ("B", 100, "hidden_size"),
        "attention_mask": Whole(("B", 100)),
        "decoder_input_values": ("B", 20, "hidden_size"),
    },
    "SuperGlueForKeypointMatching": {"pixel_values": ("B", 2, 3, 120, 160)},
    "TvpModel": {  # which takes one video at a time
        "pixel_values": (1, "num_frames", 3, "max_img_size", "max_img_size"),
        "input_ids": Whole((1, "T"), 5),
        "attention_mask": Whole((1, "T")),
    },
    "VoxtralRealtimeForConditionalGeneration": {
        "input_features": ("B", "num_mel_bins", "T * 8"),
    },
    "VoxtralRealtimeModel": {
        "input_features": ("B", "num_mel_bins", "T * 8"),
    },
    "VoxtralRealtimeTextModel": {"t_cond": (1, 1, "hidden_size")},
    "XCLIPVisionModel": {"pixel_values": ("B * num_frames", 3, "image_size", "image_size")},
    "Xcodec2Model": CODEC,
}
"""Class of a model -> parameter of its forward -> what it is given."""


def own(model: str, fields: Fields) -> tuple[dict[str, Made], list[str]]:
    """Return what a model takes by a convention of its own, and the names of what it is not given."""
    made: dict[str, Made] = {}
    left: list[str] = []
    for name, convention in OWN.get(model, {}).items():
        if convention is LEFT_OUT:
            left.append(name)
            continue
        found = (
            convention(fields)
            if callable(convention)
            else _several(convention, fields) or make(convention, partial(_size, fields))
        )
        if found is not None:
            made[name] = found
    return made, left


def _several(convention: Any, fields: Fields) -> Made | None:
    """Return a list of tensors of different shapes, None if that is not what is asked for."""
    if not isinstance(convention, tuple) or not all(isinstance(shape, tuple) for shape in convention):
        return None
    many = [torch.rand([_size(fields, dim) for dim in shape]) for shape in convention]
    return many, f"as the forward of this network takes it, {len(many)} tensors of random numbers"


def _size(fields: Fields, dim: int | str) -> int:
    return dim if isinstance(dim, int) else documented.size(dim, fields)
