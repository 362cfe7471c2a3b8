"""Nearly every model type of transformers that can be made small by rules, in its base model."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from benchmarks.models.build import Entry
from benchmarks.models.transformers_small import CHANGES, DEPTH_RULES, RULES, from_type

TYPES = {
    "encoder-decoder": """
        bart bigbird_pegasus blenderbot blenderbot-small fsmt led longt5 m2m_100 marian mbart mt5 mvp
        nllb-moe pegasus pegasus_x plbart prophetnet switch_transformers t5 t5gemma umt5
    """,
    "picture": """
        aimv2_vision_model beit chinese_clip_vision_model clip_vision_model cohere_compass_vision
        conditional_detr convnext convnextv2 cvt dab-detr data2vec-vision deformable_detr deit detr dinov2
        dinov2_with_registers dinov3_convnext dinov3_vit donut-swin dpt exaone4_5_vision focalnet
        glm4v_moe_vision glm4v_vision glm5_next_vision glm_ocr_vision glpn hiera idefics3_vision ijepa
        internvl_vision levit maskformer maskformer-swin mgp-str mlcd mlcd_vision_model mobilenet_v1
        mobilenet_v2 mobilevit mobilevitv2 pixio pixtral poolformer pp_ocrv5_mobile_rec pvt pvt_v2
        qianfan_ocr_vision qwen2_5_vl_vision qwen3_5_moe_vision qwen3_5_vision qwen3_vl_moe_vision
        qwen3_vl_vision qwen4_exp_vision radio regnet resnet rf_detr sam3_vision_model sam3_vit_model
        sam_hq_vision_model sam_vision_model sapiens2 segformer siglip_vision_model smolvlm_vision
        swiftformer swin swin2sr swinv2 table-transformer timm_wrapper tipsv2_vision_model vit vit_mae
        vit_msn vitdet
    """,
    "picture, wide": """
        bit hgnet_v2 pp_ocrv5_server_rec pp_ocrv6_small_rec pp_ocrv6_tiny_rec sam sam2_hiera_det_model
        sam_hq textnet
    """,
    "sound": """
        audio-spectrogram-transformer dac data2vec-audio encodec glmasr_encoder hubert mimi_encoder
        moonshine moss_transcribe_diarize_audio qwen2_audio_encoder sew sew-d unispeech unispeech-sat
        voxtral_encoder voxtral_realtime_encoder wav2vec2 wav2vec2-conformer wavlm whisper
    """,
    "sound, time first": """
        canary cohere_asr lasr_ctc lasr_encoder nemotron3_5_asr nemotron3_5_transcribe_asr_audio
        nemotron3_5_transcribe_audio nemotron3_diarization nemotron3_diarization_audio
        nemotron_asr_streaming nemotron_asr_streaming_encoder parakeet_ctc parakeet_encoder parakeet_rnnt
        parakeet_tdt speech_to_text univnet
    """,
    "sound, wide": """
        mimi
    """,
    "text": """
        afmoe albert apertus arcee aria_text axk1 axk2 bailing_hybrid beam bert bert-generation big_bird
        biogpt bitnet bloom bros camembert canine clip_text_model codegen cohere cohere2 cohere2_moe
        convbert cosmos3_edge_text cpmant ctrl cwm data2vec-text deberta deberta-v2 deepseek_v2 deepseek_v3
        deepseek_v32 deepseek_v4 diffllama distilbert doge dpr electra embedding_gemma2_text ernie ernie4_5
        ernie4_5_moe esmc eurobert exaone4 exaone_moe falcon falcon_mamba fastspeech2_conformer
        fastspeech2_conformer_with_hifigan flaubert flex_olmo flint fnet gemma gemma2 gemma3_text
        gemma3n_text gemma4_text gemma4_unified_text glm glm4 glm4_moe glm4_moe_lite glm4v_moe_text
        glm4v_text glm5_next_text glm_image_text glm_moe_dsa gpt-sw3 gpt2 gpt_bigcode gpt_neo gpt_neox
        gpt_neox_japanese gpt_oss gptj granite granite_docling_text granite_swa granitemoe granitemoe_swa
        granitemoeshared gte helium higgs_audio_v2 hrm_text hy_v3 hy_v4 hyperclovax ibert imagegpt
        inkling2_text inkling_text internlm3 iquestcoder jais2 jamba jetmoe jina_embeddings_v3 kimi_linear
        kolibri1 kosmos-2.5 laguna layoutlm lfm2 lfm3 llama llama4_text longformer luke mamba markuplm
        megatron-bert mellum mimo_v2_flash minicpm3 minimax minimax_m2 minimax_m3_vl_text ministral3 mistral
        mistral4 mistral_large4_text mixtral mobilebert modernbert modernbert-decoder molmo2_text moshi
        mpnet mpt mra muse_glimmer_text muse_spark_text nanochat nomic_bert nystromformer olmo olmo2 olmo3
        olmo_hybrid olmoe openai-gpt openai_privacy_filter opt persimmon phi phi3 phi4_multimodal phimoe
        qwen2 qwen2_moe qwen3 qwen3_5_moe_text qwen3_5_text qwen3_moe qwen3_next qwen3_vl_moe_text
        qwen3_vl_text recurrent_gemma rembert roberta roberta-prelayernorm roc_bert roformer rwkv
        sam3_lite_text_text_model seed_oss smollm3 solar_open splinter squeezebert stablelm starcoder2 tapas
        tipsv2_text_model ultrabert vaultgemma visual_bert
    """,
    "text and picture": """
        aimv2 altclip blip bridgetower chinese_clip clip clipseg flava git grounding-dino groupvit
        metaclip_2 minicpm_ocr minicpmv4_6 minicpmv4_7 mm-grounding-dino owlv2 owlvit sam3 sam3_lite_text
        siglip tipsv2 udop videoprism vilt vision-text-dual-encoder
    """,
    "text and picture, placeholders": """
        aya_vision cohere2_vision deepseek_vl florence2 got_ocr2 internvl llava ovis2 qianfan_ocr
        video_llava
    """,
    "text and picture, text": """
        aria audioflamingo3 cosmos3_omni deepseek_vl_hybrid embedding_gemma2 exaone4_5 fuyu gemma3 gemma4
        gemma4_unified glm5_next glmasr granite_docling granite_speech granite_speech_plus
        hyperclovax_vision_v2 idefics2 idefics3 inkling2 kimi_k25 lfm2_vl lfm3_vl lighton_ocr llama4
        llava_next llava_next_video llava_onevision minimax_m3_vl mistral3 mistral_large4 mllama modernvbert
        moss_transcribe_diarize muse_glimmer musicflamingo neomme qwen2_audio qwen3_5 qwen3_5_moe qwen3_asr
        qwen3_vl qwen3_vl_moe seamless_m4t seamless_m4t_v2 smolvlm t5gemma2 ultravbert unlimited_ocr
        video_llama_3 vipllava voxtral
    """,
    "text and picture, wide": """
        layoutlmv3
    """,
    "text, wide": """
        glm_ocr_text gradium_phonon_tts lilt pocket_tts reformer
    """,
    "time series": """
        patchtsmixer patchtst
    """,
    "video": """
        videoprism_vision_model vjepa2
    """,
}
"""Model types by what is given to them; those of "(wide)" kinds are made small in depth only."""

SPEECH = "the predicted length of each sound says how long the spectrogram is"
POOLS = "a mask travels beside the keys in one tensor of activations; as many keys are kept as it says"
DRAWS = "patches are drawn at random (`multinomial`), and whether all of them are inside the picture is read"
EXPERTS = "each expert works on as many tokens as chose it (`nonzero`, `tolist` of the router's result)"
LIMITS: dict[str, str] = {
    "fastspeech2_conformer": SPEECH,
    "fastspeech2_conformer_with_hifigan": SPEECH,
    "glm5_next": POOLS,
    "glm5_next_text": POOLS,
    "vilt": DRAWS,
    "jetmoe": EXPERTS,
    "openai_privacy_filter": EXPERTS,
    "switch_transformers": EXPERTS,
}
"""Why a shapes-only run of a type ends early."""


def entries() -> Iterator[Entry]:
    """Yield a model for each type that this version of transformers has."""
    from transformers.models.auto.configuration_auto import CONFIG_MAPPING_NAMES

    for heading, names in TYPES.items():
        kind, *how = heading.split(", ")
        rules = DEPTH_RULES if "wide" in how else RULES
        style = next((word for word in how if word != "wide"), "")
        for name in filter(CONFIG_MAPPING_NAMES.__contains__, names.split()):
            build = partial(from_type, name, rules, style, **CHANGES.get(name, {}))
            yield Entry(name, kind, "transformers", build, LIMITS.get(name, ""))
