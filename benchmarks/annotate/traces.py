"""The traces that the texts are judged on, made once into a folder that git ignores."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

from benchmarks.document import ROOT, versions

TEXTS = Path(__file__).parent / "texts"
CACHE = ROOT / "out" / "bench-annotate"

LIBRARIES = ("torch", "torchvision", "transformers", "timm", "diffusers", "open_clip_torch", "sam3")

MODELS: dict[str, tuple[str, ...]] = {
    "bart": ("--model", "transformers:BartForConditionalGeneration"),
    "bert": ("--model", "transformers:BertForSequenceClassification"),
    "captioner": ("--model", f"{TEXTS / 'captioner.py'}:build"),
    "clip": ("--model", "transformers:CLIPModel"),
    "convnext": ("--model", "timm:convnext_tiny"),
    "deeplab": ("--model", "torchvision:deeplabv3_resnet50"),
    "densenet": ("--model", "torchvision:densenet121"),
    "detr": ("--model", "transformers:DetrForObjectDetection"),
    "distilbert": ("--model", "transformers:DistilBertForQuestionAnswering"),
    "efficientnet": ("--model", "torchvision:efficientnet_b0"),
    "forecaster": ("--model", f"{TEXTS / 'forecaster.py'}:build"),
    "gpt2": ("--model", "transformers:GPT2LMHeadModel"),
    "listener": ("--model", f"{TEXTS / 'listener.py'}:build"),
    "llama": ("--model", "transformers:LlamaForCausalLM"),
    "mae": ("--model", "transformers:ViTMAEForPreTraining"),
    "mixer": ("--model", "timm:mixer_b16_224"),
    "openclip": ("--model", "open_clip:ViT-B-32"),
    "resnet50": ("--model", "torchvision:resnet50"),
    "sam3": ("--prompt", "yellow school bus", str(ROOT / "examples" / "school-bus.jpg")),
    "segformer": ("--model", "transformers:SegformerForSemanticSegmentation"),
    "segmenteur": ("--model", f"{TEXTS / 'segmenteur.py'}:construire"),
    "swin": ("--model", "torchvision:swin_t"),
    "t5": ("--model", "transformers:T5ForConditionalGeneration"),
    "tagger": ("--model", f"{TEXTS / 'tagger.py'}:build"),
    "tiny": ("--model", f"{ROOT / 'examples' / 'tiny_detector.py'}:build"),
    "unet": ("--model", "diffusers:UNet2DConditionModel"),
    "vit": ("--model", "torchvision:vit_b_16"),
    "wav2vec": ("--model", "transformers:Wav2Vec2ForCTC"),
    "whisper": ("--model", "transformers:WhisperForConditionalGeneration"),
    "bert_24": ("--model", "transformers:BertModel", "--input", "input_ids=i64[2,24]<30522"),
    "deeplab_mobile": (
        *("--model", "torchvision:deeplabv3_mobilenet_v3_large"),
        *("--input", "x=f32[1,3,256,256]"),
    ),
    "detr_model": (
        *("--model", "transformers:DetrModel", "--input", "pixel_values=f32[1,3,256,320]"),
        *("--input", "pixel_mask=i64[1,256,320]<2"),
    ),
    "dgcnn": ("--model", f"{TEXTS / 'dgcnn.py'}:build"),
    "gqa": ("--model", f"{TEXTS / 'gqa.py'}:build"),
    "mobilenet": ("--model", "torchvision:mobilenet_v3_small"),
    "openclip_2": (
        *("--model", "open_clip:ViT-B-32", "--input", "image=f32[2,3,224,224]"),
        *("--input", "text=i64[2,77]<49408"),
    ),
    "perceiver": ("--model", f"{TEXTS / 'perceiver.py'}:build"),
    "pvt": ("--model", "timm:pvt_v2_b1"),
    "resnet18": ("--model", "torchvision:resnet18", "--input", "x=f32[4,3,128,128]"),
    "segformer_512": (
        *("--model", "transformers:SegformerModel"),
        *("--input", "pixel_values=f32[1,3,512,512]"),
    ),
    "traducteur": ("--model", f"{TEXTS / 'trad.py'}:build"),
    "unet_16": (
        *("--model", "diffusers:UNet2DConditionModel", "--input", "sample=f32[2,4,16,16]"),
        *("--input", "timestep=10", "--input", "encoder_hidden_states=f32[2,77,1280]"),
        *("--input", "encoder_attention_mask=none"),
    ),
    "unet_celulas": ("--model", f"{TEXTS / 'unet_celulas.py'}:build"),
    "vit_small": ("--model", "timm:vit_small_patch16_224"),
    "whisper_pair": (
        *("--model", "transformers:WhisperModel", "--input", "input_features=f32[2,80,3000]"),
        *("--input", "decoder_input_ids=i64[2,16]<50000"),
    ),
    "levit": ("--model", "timm:levit_128s", "--input", "x=f32[2,3,224,224]"),
    "unet2d": (
        "--model",
        "diffusers:UNet2DModel",
        "--input",
        "sample=f32[2,3,64,64]",
        "--input",
        "timestep=10",
    ),
    "regnet": ("--model", "torchvision:regnet_x_400mf", "--input", "x=f32[2,3,160,160]"),
    "r3d": ("--model", "torchvision:r3d_18", "--input", "x=f32[2,3,8,112,112]"),
    "albert_masked": (
        "--model",
        "transformers:AlbertForMaskedLM",
        "--input",
        "input_ids=i64[3,40]<30000",
        "--input",
        "attention_mask=none",
    ),
    "mvitv2": ("--model", "timm:mvitv2_tiny", "--input", "x=f32[1,3,224,224]"),
    "ast_classes": (
        "--model",
        "transformers:ASTForAudioClassification",
        "--input",
        "input_values=f32[2,1024,128]",
    ),
    "blenderbot": (
        "--model",
        "transformers:BlenderbotSmallForConditionalGeneration",
        "--input",
        "input_ids=i64[2,20]<50265",
        "--input",
        "decoder_input_ids=i64[2,9]<50265",
        "--input",
        "attention_mask=none",
    ),
    "clip_rn50": (
        "--model",
        "open_clip:RN50",
        "--input",
        "image=f32[2,3,224,224]",
        "--input",
        "text=i64[2,77]<49408",
    ),
    "cnp": ("--model", f"{TEXTS / 'cnp.py'}:build"),
    "vqvae": ("--model", f"{TEXTS / 'vqvae_ja.py'}:build"),
    "pointer": ("--model", f"{TEXTS / 'pointer.py'}:build"),
    "beats": ("--model", f"{TEXTS / 'beats.py'}:build"),
    "switchlm": ("--model", f"{TEXTS / 'switchlm.py'}:build"),
    "shufflenet": ("--model", "torchvision:shufflenet_v2_x1_0", "--input", "x=f32[2,3,128,128]"),
    "roihead": ("--model", f"{TEXTS / 'roihead.py'}:build"),
    "ssm": ("--model", f"{TEXTS / 'ssm.py'}:build"),
    "davit": ("--model", "timm:davit_tiny", "--input", "x=f32[2,3,224,224]"),
    "clickrank": ("--model", f"{TEXTS / 'clickrank.py'}:build"),
    "r2plus1d": ("--model", "torchvision:r2plus1d_18", "--input", "x=f32[1,3,8,64,64]"),
    "albert": ("--model", "transformers:AlbertModel", "--input", "input_ids=i64[2,20]<30000"),
    "agente": ("--model", f"{TEXTS / 'agente.py'}:build"),
    "traduttore": ("--model", f"{TEXTS / 'traduttore.py'}:build"),
    "ast": ("--model", "transformers:ASTModel", "--input", "input_values=f32[2,1024,128]"),
    "autoencoder_tiny": ("--model", "diffusers:AutoencoderTiny", "--input", "sample=f32[2,3,64,96]"),
    "molgat": ("--model", f"{TEXTS / 'molgat.py'}:build"),
    "dubao": ("--model", f"{TEXTS / 'dubao.py'}:build"),
}
"""Name of a trace in ``corpus.tsv`` -> what ``shapeflow trace`` is told. All are shapes only."""


def run(*arguments: str, accept: tuple[int, ...] = (0,)) -> str:
    """Return what a command of ours prints; one that fails ends the benchmark with its message."""
    command = [sys.executable, "-m", "shapeflow", *arguments]
    known = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH")))),
    }
    done = subprocess.run(command, cwd=ROOT, env=known, capture_output=True, text=True, check=False)
    if done.returncode not in accept:
        raise SystemExit(f"shapeflow {' '.join(arguments)}\n{done.stderr or done.stdout}")
    return done.stdout


def trace_of(name: str) -> Path:
    """Return the trace of that name, made if there is none of this source and these versions."""
    words = MODELS[name]
    source = next((word.rpartition(":")[0] for word in words if ".py:" in word), "")
    told = "\n".join((versions(*LIBRARIES), *words)) + (
        Path(source).read_text(encoding="utf-8") if source else ""
    )
    key = hashlib.sha256(told.encode()).hexdigest()[:12]
    path = CACHE / f"{name}-{key}.trace.json.gz"
    if not path.is_file():
        CACHE.mkdir(parents=True, exist_ok=True)
        run("trace", *words, "--device", "meta", "--quiet", "--output", str(path), accept=(0, 1))
    return path
