"""Text, mixtures of experts, recurrent networks, and sound."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from benchmarks.models.build import TEXT_SIZES, VISION_SIZES, Built, Entry, ids, transformers

LLAMA_SIZES = {**TEXT_SIZES, "num_key_value_heads": 2, "intermediate_size": 96}
EXPERT_SIZES = {**LLAMA_SIZES, "num_experts_per_tok": 2}

ROUTING = (
    "the loop over the experts runs once for each that was chosen (`nonzero` of the router's result), on as "
    "many tokens as chose it; with `set_experts_implementation('batched_mm')` the same model runs"
)


def bert() -> Built:
    return transformers("BertModel", "BertConfig", ids(padded=True), **TEXT_SIZES, intermediate_size=96)


def deberta() -> Built:
    sizes = {
        **TEXT_SIZES,
        "intermediate_size": 96,
        "relative_attention": True,
        "pos_att_type": ["c2p", "p2c"],
    }
    return transformers("DebertaV2Model", "DebertaV2Config", ids(padded=True), **sizes)


def modern_bert() -> Built:
    sizes = {**TEXT_SIZES, "num_hidden_layers": 4, "intermediate_size": 96, "pad_token_id": 0}
    return transformers("ModernBertModel", "ModernBertConfig", ids(padded=True), **sizes)


def gpt2() -> Built:
    sizes = {"vocab_size": 100, "n_embd": 64, "n_layer": 2, "n_head": 4}
    return transformers("GPT2LMHeadModel", "GPT2Config", ids(padded=True), **sizes)


def llama() -> Built:
    return transformers("LlamaForCausalLM", "LlamaConfig", ids(padded=True), **LLAMA_SIZES)


def gemma3() -> Built:
    sizes = {**LLAMA_SIZES, "num_hidden_layers": 6, "head_dim": 16, "sliding_window": 4}
    return transformers("Gemma3ForCausalLM", "Gemma3TextConfig", ids(), **sizes)


def t5() -> Built:
    inputs = {**ids(padded=True), "decoder_input_ids": ids(2, 5)["input_ids"]}
    sizes = {"vocab_size": 100, "d_model": 64, "d_kv": 16, "d_ff": 96, "num_layers": 2, "num_heads": 4}
    return transformers("T5ForConditionalGeneration", "T5Config", inputs, **sizes)


def bart() -> Built:
    inputs = {**ids(padded=True), "decoder_input_ids": ids(2, 5)["input_ids"]}
    sizes = {
        f"{side}_{what}": size
        for side in ("encoder", "decoder")
        for what, size in (("layers", 2), ("attention_heads", 4), ("ffn_dim", 96))
    }
    return transformers("BartModel", "BartConfig", inputs, vocab_size=100, d_model=64, **sizes)


def mamba() -> Built:
    sizes = {"vocab_size": 100, "hidden_size": 64, "num_hidden_layers": 2, "state_size": 8}
    return transformers("MambaForCausalLM", "MambaConfig", ids(), **sizes)


def mixtral(experts: str) -> Built:
    model, inputs = transformers(
        "MixtralForCausalLM", "MixtralConfig", ids(), num_local_experts=4, **EXPERT_SIZES
    )
    model.set_experts_implementation(experts)
    return model, inputs


def qwen3_moe() -> Built:
    sizes = {**EXPERT_SIZES, "num_experts": 4, "moe_intermediate_size": 48, "head_dim": 16}
    model, inputs = transformers("Qwen3MoeForCausalLM", "Qwen3MoeConfig", ids(padded=True), **sizes)
    model.set_experts_implementation("batched_mm")
    return model, inputs


def deepseek_v3() -> Built:
    sizes = {
        **EXPERT_SIZES,
        "num_hidden_layers": 3,
        "first_k_dense_replace": 1,
        "num_key_value_heads": 4,
        "q_lora_rank": 32,
        "kv_lora_rank": 16,
        "qk_nope_head_dim": 16,
        "qk_rope_head_dim": 8,
        "v_head_dim": 16,
        "n_routed_experts": 8,
        "n_group": 2,
        "topk_group": 1,
        "moe_intermediate_size": 48,
    }
    model, inputs = transformers("DeepseekV3ForCausalLM", "DeepseekV3Config", ids(), **sizes)
    model.set_experts_implementation("batched_mm")
    return model, inputs


class Recurrent(nn.Module):
    """A tagger: embedding, bidirectional LSTM on packed sequences or not, GRU, linear."""

    def __init__(self, packed: bool) -> None:
        super().__init__()
        self.packed = packed
        self.embedding = nn.Embedding(100, 32)
        self.lstm = nn.LSTM(32, 24, num_layers=2, bidirectional=True, batch_first=True)
        self.gru = nn.GRU(48, 16, batch_first=True)
        self.head = nn.Linear(16, 5)

    def forward(self, input_ids: Tensor, lengths: Tensor) -> Tensor:
        """Return a score for each tag of each token."""
        words: Any = self.embedding(input_ids)
        if self.packed:
            words = nn.utils.rnn.pack_padded_sequence(words, lengths, batch_first=True)
        states, _ = self.lstm(words)
        if self.packed:
            states, _ = nn.utils.rnn.pad_packed_sequence(states, batch_first=True)
        result: Tensor = self.head(self.gru(states)[0])
        return result


def recurrent(packed: bool) -> Built:
    return Recurrent(packed).eval(), {**ids(), "lengths": torch.tensor([12, 9])}


def torch_transformer() -> Built:
    model = nn.Transformer(64, 4, 2, 2, 96, batch_first=True)
    return model.eval(), {"src": torch.rand(2, 12, 64), "tgt": torch.rand(2, 5, 64)}


def whisper() -> Built:
    inputs = {"input_features": torch.rand(1, 80, 200), "decoder_input_ids": ids(1, 5)["input_ids"]}
    sizes = {
        f"{side}_{what}": size
        for side in ("encoder", "decoder")
        for what, size in (("layers", 2), ("attention_heads", 4), ("ffn_dim", 96))
    }
    special = {"pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 1, "decoder_start_token_id": 1}
    sizes |= {"vocab_size": 100, "d_model": 64, "max_source_positions": 100}
    return transformers("WhisperForConditionalGeneration", "WhisperConfig", inputs, **sizes, **special)


def speech(model: str) -> Built:
    sizes = {
        **VISION_SIZES,
        "conv_dim": (32,) * 7,
        "num_conv_pos_embeddings": 16,
        "num_conv_pos_embedding_groups": 4,
    }
    mask = torch.tensor([[1] * 4000, [1] * 3000 + [0] * 1000])
    inputs = {"input_values": torch.rand(2, 4000), "attention_mask": mask}
    return transformers(f"{model}Model", f"{model}Config", inputs, **sizes)


SEQUENCES = (
    Entry("BERT", "text encoder", "transformers", bert),
    Entry("DeBERTa v2", "text encoder", "transformers", deberta),
    Entry("ModernBERT", "text encoder", "transformers", modern_bert),
    Entry("GPT-2", "text decoder", "transformers", gpt2),
    Entry("Llama", "text decoder", "transformers", llama),
    Entry("Gemma 3", "text decoder", "transformers", gemma3),
    Entry("T5", "encoder-decoder", "transformers", t5),
    Entry("BART", "encoder-decoder", "transformers", bart),
    Entry("nn.Transformer", "encoder-decoder", "torch", torch_transformer),
    Entry("Mamba", "state space", "transformers", mamba),
    Entry(
        "Mixtral, experts in a loop", "mixture of experts", "transformers", lambda: mixtral("eager"), ROUTING
    ),
    Entry("Mixtral, batched experts", "mixture of experts", "transformers", lambda: mixtral("batched_mm")),
    Entry("Mixtral, grouped experts", "mixture of experts", "transformers", lambda: mixtral("grouped_mm")),
    Entry("Qwen3-MoE", "mixture of experts", "transformers", qwen3_moe),
    Entry("DeepSeek-V3", "mixture of experts", "transformers", deepseek_v3),
    Entry("LSTM and GRU", "recurrent", "torch", lambda: recurrent(False)),
    Entry("LSTM and GRU, packed", "recurrent", "torch", lambda: recurrent(True)),
    Entry("Whisper", "audio", "transformers", whisper),
    Entry("Wav2Vec2", "audio", "transformers", lambda: speech("Wav2Vec2")),
    Entry("HuBERT", "audio", "transformers", lambda: speech("Hubert")),
)
