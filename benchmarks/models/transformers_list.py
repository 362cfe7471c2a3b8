"""Nearly every model type of transformers that can be made small by rules, in its base model."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from benchmarks.models.build import Entry
from benchmarks.models.transformers_small import CHANGES, DEPTH_RULES, RULES, from_type

TYPES = {
    "encoder-decoder": """
        bart bigbird_pegasus blenderbot blenderbot-small fsmt led longt5 m2m_100 marian
    """,
    "multimodal, its text": """
        aria audioflamingo3 aya_vision cohere2_vision cosmos3_omni deepseek_vl deepseek_vl_hybrid
        embedding_gemma2 exaone4_5 florence2 fuyu gemma3 gemma4 gemma4_unified glm5_next glmasr got_ocr2
        granite_docling granite_speech granite_speech_plus hyperclovax_vision_v2 idefics2 idefics3 inkling2
        internvl kimi_k25 lfm2_vl lfm3_vl lighton_ocr llama4 llava llava_next llava_next_video llava_onevision
    """,
    "picture": """
        aimv2_vision_model beit chinese_clip_vision_model clip_vision_model conditional_detr convnext convnextv2
        cvt dab-detr data2vec-vision deformable_detr deit detr dinov2 dinov2_with_registers dinov3_convnext
        dinov3_vit donut-swin dpt focalnet glpn hiera idefics3_vision ijepa internvl_vision levit
    """,
    "sound": """
        data2vec-audio glmasr_encoder hubert
    """,
    "text": """
        afmoe albert apertus arcee aria_text axk1 axk2 bailing_hybrid beam bert bert-generation big_bird biogpt
        bitnet bloom bros camembert canine clip_text_model cohere cohere2 cohere2_moe convbert cpmant ctrl cwm
        data2vec-text deberta deberta-v2 deepseek_v3 deepseek_v32 deepseek_v4 diffllama distilbert doge dpr
        electra embedding_gemma2_text ernie ernie4_5 ernie4_5_moe esmc eurobert exaone4 exaone_moe falcon
        falcon_mamba fastspeech2_conformer fastspeech2_conformer_with_hifigan flaubert flex_olmo flint fnet
        gemma gemma2 gemma3_text gemma4_text gemma4_unified_text glm glm4 glm4_moe glm4_moe_lite glm5_next_text
        glm_moe_dsa gpt-sw3 gpt2 gpt_bigcode gpt_neox gpt_neox_japanese gpt_oss granite granite_docling_text
        granite_swa granitemoe granitemoe_swa granitemoeshared gte helium higgs_audio_v2 hrm_text hy_v3 hy_v4
        hyperclovax ibert imagegpt inkling2_text inkling_text internlm3 iquestcoder jais2 jamba jetmoe
        jina_embeddings_v3 kimi_linear kolibri1 kosmos-2.5 laguna layoutlm lfm2 lfm3 llama llama4_text
        longformer luke mamba markuplm
    """,
    "text (wide)": """
        glm_ocr_text gradium_phonon_tts lilt
    """,
    "text and picture": """
        aimv2 altclip blip bridgetower chinese_clip clip clipseg flava git grounding-dino groupvit
    """,
    "text and picture (wide)": """
        layoutlmv3
    """,
}
"""Model types by what is given to them; those of "(wide)" kinds are made small in depth only."""

LIMITS: dict[str, str] = {}
"""Why a shapes-only run of a type ends early."""


def entries() -> Iterator[Entry]:
    """Yield a model for each type."""
    for heading, names in TYPES.items():
        kind, *how = heading.split(", ")
        rules = DEPTH_RULES if "wide" in how else RULES
        style = next((word for word in how if word != "wide"), "")
        for name in names.split():
            build = partial(from_type, name, rules, style, **CHANGES.get(name, {}))
            yield Entry(name, kind, "transformers", build, LIMITS.get(name, ""))
