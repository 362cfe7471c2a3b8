"""Models of transformers and diffusers: by class, by configuration, by folder, and what is refused."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from shapeflow.adapters.libraries.library import library
from shapeflow.adapters.specs import require, spec_of
from shapeflow.errors import InputError
from shapeflow.runs.execute import run

transformers = pytest.importorskip("transformers")
diffusers = pytest.importorskip("diffusers")

LLAMA = {
    "model_type": "llama",
    "architectures": ["LlamaForCausalLM"],
    "vocab_size": 100,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
}
UNET = {
    "_class_name": "UNet2DConditionModel",
    "sample_size": 16,
    "block_out_channels": [32, 64],
    "layers_per_block": 1,
    "down_block_types": ["DownBlock2D", "CrossAttnDownBlock2D"],
    "up_block_types": ["CrossAttnUpBlock2D", "UpBlock2D"],
    "cross_attention_dim": 32,
    "attention_head_dim": 8,
}


def folder(place: Path, settings: Any, name: str = "config.json") -> str:
    """Write a configuration into a folder."""
    place.mkdir(parents=True, exist_ok=True)
    (place / name).write_text(
        settings if isinstance(settings, str) else json.dumps(settings), encoding="utf-8"
    )
    return str(place)


def error(target: str) -> InputError:
    """Return the error that checking a target raises, without importing its library."""
    with pytest.raises(InputError) as raised:
        require(spec_of(target), target)
    return raised.value


def names(prefix: str) -> set[str]:
    return set(library(spec_of(f"{prefix}:x").library).names())


def test_names_are_listed_without_importing_torch_or_the_library() -> None:
    code = (
        "import sys; from shapeflow.adapters.libraries import diffusers, transformers as found;"
        "assert len(found.names()) > 1000 and len(diffusers.names()) > 50;"
        "assert not {'torch', 'transformers', 'diffusers'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_names_are_classes_of_the_library() -> None:
    known = names("transformers")
    assert {"DetrConfig", "BertModel", "GPT2LMHeadModel", "CLIPVisionConfig"} <= known
    assert not {"BertPreTrainedModel", "BertTokenizer", "SamMaskDecoderConfig", "PreTrainedModel"} & known
    assert {"UNet2DConditionModel", "AutoencoderKL"} <= names("diffusers")
    assert "StableDiffusionPipeline" not in names("diffusers")


def test_a_class_is_traced_in_its_default_sizes() -> None:
    trace = run("transformers:BertConfig", device="meta")
    assert trace.modules[0].class_name == "BertModel"
    assert trace.run.inputs["made"]["attention_mask"] == "1 for each real token, 0 for padding"
    assert trace.run.failure is None


def test_a_folder_is_the_model_that_it_names(tmp_path: Path) -> None:
    trace = run(folder(tmp_path / "llama", LLAMA), device="meta")
    assert trace.run.failure is None
    assert trace.run.notes == ()


def test_quantised_weights_that_are_not_read_are_told(tmp_path: Path) -> None:
    kept = {"quant_method": "gptq", "bits": 4, "group_size": 128}
    trace = run(folder(tmp_path / "llama", {**LLAMA, "quantization_config": kept}), device="meta")
    assert trace.run.notes == (
        "config.json says that the weights are quantised (gptq): "
        "without them the layers, parameters and bytes here are those before that.",
    )


def test_folders_of_other_libraries_lead_to_what_can_be_run(tmp_path: Path) -> None:
    place = folder(tmp_path / "resnet", {"architecture": "resnet50", "num_classes": 10})
    assert error(place).hint == "--model timm:resnet50"
    folder(tmp_path / "sd" / "text_encoder", {"model_type": "clip_text_model"})
    folder(tmp_path / "sd" / "unet", UNET)
    assert error(str(tmp_path / "sd")).hint == f"--model {tmp_path / 'sd' / 'unet'}"


def test_weights_of_a_folder_are_read_when_it_is_really_run(tmp_path: Path) -> None:
    place = folder(tmp_path / "llama", LLAMA)
    config = transformers.LlamaConfig.from_dict(LLAMA)
    transformers.LlamaForCausalLM(config).save_pretrained(place, max_shard_size="20KB")
    assert (Path(place) / "model.safetensors.index.json").is_file()
    trace = run(place, device="cpu")
    assert trace.run.notes == (f"The weights are those in {place}.",)


def test_a_network_of_a_pipeline_is_run_and_the_pipeline_lists_them(tmp_path: Path) -> None:
    place = folder(
        tmp_path / "pipe",
        {"_class_name": "P", "unet": ["diffusers", "UNet2DConditionModel"]},
        "model_index.json",
    )
    unet = folder(tmp_path / "pipe" / "unet", UNET)
    assert run(unet, device="meta").run.failure is None
    found = error(place)
    assert found.code == "unknown-model"
    assert found.hint == f"--model {unet}"


@pytest.mark.parametrize(
    ("settings", "code", "said"),
    [
        ('{"model_type": "llama",', "model-unreadable", "cannot be read as JSON"),
        ("[1, 2]", "model-unreadable", "is not a configuration"),
        ({"model_type": "lama"}, "unknown-model", "no model of type 'lama'"),
        ({"hidden_size": 3}, "unknown-model", "names no model_type"),
    ],
)
def test_a_configuration_that_is_none_is_refused(tmp_path: Path, settings: Any, code: str, said: str) -> None:
    found = error(folder(tmp_path / "x", settings))
    assert found.code == code
    assert said in found.what


def test_code_of_a_folder_is_executed_only_where_it_is_trusted(tmp_path: Path) -> None:
    place = folder(
        tmp_path / "own",
        {"model_type": "own_kind", "auto_map": {"AutoConfig": "conf.C", "AutoModel": "net.M"}},
    )
    (tmp_path / "own" / "conf.py").write_text("raise SystemExit('executed')", encoding="utf-8")
    with pytest.raises(InputError) as raised:
        run(place, device="meta")
    assert raised.value.code == "model-untrusted"


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("transformers:BertModle", "--model transformers:BertModel"),
        ("diffusers:Unet2dModel", "--model diffusers:UNet2DModel"),
    ],
)
def test_a_typo_is_met_with_the_name_that_is_near(name: str, hint: str) -> None:
    assert error(name).hint == hint


@pytest.mark.parametrize(
    ("name", "code", "said"),
    [
        ("transformers:SamMaskDecoderConfig", "unknown-model", "no model of transformers is built from"),
        ("transformers:Qwen2_5OmniConfig", "target-inputs", "has no forward"),
        ("diffusers:ControlNetXSAdapter", "target-inputs", "ControlNetXSAdapter cannot be run by itself"),
    ],
)
def test_what_cannot_be_run_by_its_name_is_refused_with_the_reason(name: str, code: str, said: str) -> None:
    with pytest.raises(InputError) as raised:
        run(name, device="meta")
    assert raised.value.code == code
    assert said in raised.value.what
