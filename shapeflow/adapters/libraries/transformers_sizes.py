"""Sizes for configurations of transformers whose defaults make no model: empty, or at odds with each other.

What is chosen are sizes that its published models have, as far as those are known. The defaults of all other
fields, and all other classes, are left as they are; each choice is told in a note of the trace.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

SIZES: Mapping[str, Mapping[str, Any]] = {
    "AyaVisionConfig": {"vision_config.num_attention_heads": 16},
    "DbrxAttentionConfig": {"rope_theta": 500_000, "clip_qkv": 8},
    "DeepseekOcr2TextConfig": {
        "num_experts_per_tok": 6,
        "mlp_layer_types": ["dense"] + ["sparse"] * 31,
    },
    "DiffusionGemmaTextConfig": {"num_experts": 128, "top_k_experts": 8, "moe_intermediate_size": 704},
    "Dots1Config": {"n_routed_experts": 128, "n_shared_experts": 2, "num_experts_per_tok": 6},
    "Gemma4AssistantConfig": {
        "text_config.hidden_size_per_layer_input": 0,
        "text_config.vocab_size_per_layer_input": 0,
    },
}
"""Class -> fields that are chosen for it, wherever such a configuration stands; a point leads into a part."""
