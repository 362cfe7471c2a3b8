"""Models by the names that installed libraries have for them: listed, found, built and given inputs."""

from __future__ import annotations

import pytest

from shapeflow.adapters.libraries.library import library, tensors_of
from shapeflow.adapters.libraries.near import near
from shapeflow.adapters.specs import libraries, require, spec_of
from shapeflow.adapters.unknown import near_names
from shapeflow.errors import InputError
from shapeflow.runs.execute import run


def names(prefix):
    return list(library(spec_of(f"{prefix}:x").library).names())


def message(target):
    with pytest.raises(InputError) as raised:
        require(spec_of(target), target)
    return raised.value


def shapes(trace, port):
    return [trace.content(one) for one in getattr(trace.calls[0], port)]


def test_the_names_of_torchvision_are_all_its_builders():
    from torchvision.models import list_models

    assert names("torchvision") == sorted(list_models())


def test_the_names_of_timm_are_all_its_models():
    timm = pytest.importorskip("timm")
    assert names("timm") == sorted(timm.list_models())


def test_the_names_of_open_clip_are_all_its_configurations():
    open_clip = pytest.importorskip("open_clip")
    assert names("open_clip") == sorted(open_clip.list_models())


@pytest.mark.parametrize(
    ("name", "given", "made"),
    [
        ("resnet18", ["f32[1, 3, 224, 224]"], "a picture of random numbers, 224 x 224"),
        ("efficientnet_b1", ["f32[1, 3, 240, 240]"], "a picture of random numbers, 240 x 240"),
        ("vit_h_14", ["f32[1, 3, 224, 224]"], "a picture of random numbers, 224 x 224"),
        ("lraspp_mobilenet_v3_large", ["f32[1, 3, 520, 520]"], "a picture of random numbers, 520 x 520"),
        ("r3d_18", ["f32[1, 3, 16, 112, 112]"], "a video of random numbers, 16 frames of 112 x 112"),
        (
            "raft_small",
            ["f32[1, 3, 368, 768]"] * 2,
            "a picture of random numbers, 368 x 768; the second one likewise",
        ),
        ("quantized_inception_v3", ["f32[1, 3, 299, 299]"], "a picture of random numbers, 299 x 299"),
    ],
)
@pytest.mark.slow
def test_each_kind_of_torchvision_gets_what_it_is_made_for(name, given, made):
    trace = run(f"torchvision:{name}", device="meta")
    assert trace.run.complete
    assert shapes(trace, "inputs") == given
    assert list(trace.run.inputs["made"].values()) == [made]
    assert not any(trace.run.training.values())


@pytest.mark.slow
def test_a_detector_is_run_up_to_the_values_shapes_only_and_finds_boxes_for_real():
    with pytest.raises(Exception, match="needs real values") as raised:
        run("torchvision:ssdlite320_mobilenet_v3_large", device="meta")
    assert raised.value.code == "needs-values"
    trace = run("torchvision:ssdlite320_mobilenet_v3_large", device="cpu")
    assert list(trace.run.inputs["made"].values()) == [
        "a list of one picture of random numbers, 480 x 480, which the model resizes"
    ]
    assert shapes(trace, "outputs")[0] == "f32[300, 4]"
    assert any("threshold of scores is 0" in note for note in trace.run.notes)


def test_a_detector_takes_a_picture_as_large_as_it_is():
    with pytest.raises(Exception, match="needs real values") as raised:
        run("torchvision:fasterrcnn_mobilenet_v3_large_fpn", device="meta")
    trace = raised.value.shapeflow_trace
    assert list(trace.run.inputs["made"].values()) == ["a list of one picture of random numbers, 480 x 480"]
    assert any("the model makes its shorter side 800" in note for note in trace.run.notes)
    assert any("At most 100 places in the picture" in note for note in trace.run.notes)
    assert any("At most 20 things are found here, not 100" in note for note in trace.run.notes)
    body = next(call for call in trace.calls if call.name == "backbone.body.0")
    assert [trace.content(one) for one in body.inputs] == ["f32[1, 3, 480, 480]"]


def test_a_picture_of_timm_has_the_size_of_its_configuration():
    pytest.importorskip("timm")
    for name, shape in (("test_vit", "f32[1, 3, 160, 160]"), ("levit_128s", "f32[1, 3, 224, 224]")):
        trace = run(f"timm:{name}", device="meta")
        assert (trace.run.complete, shapes(trace, "inputs")) == (True, [shape])


@pytest.mark.parametrize(
    ("name", "text", "made"),
    [
        ("ViT-S-32", "i64[2, 77]", "by the tokenizer of open_clip, padded to 77"),
        ("coca_ViT-B-32", "i64[2, 76]", "by the tokenizer of open_clip, padded to 76"),
        ("ViT-B-16-SigLIP", "i64[2, 64]", "made-up token numbers of 2 texts, 7 and 13 long, padded to 64"),
        ("roberta-ViT-B-32", "i64[2, 77]", "made-up token numbers of 2 texts, 7 and 13 long, padded to 77"),
        ("nllb-clip-base", "i64[2, 77]", "made-up token numbers of 2 texts, 7 and 13 long, padded to 77"),
    ],
)
@pytest.mark.slow
def test_open_clip_gets_pictures_and_padded_texts(name, text, made):
    pytest.importorskip("open_clip")
    trace = run(f"open_clip:{name}", device="meta")
    assert trace.run.complete
    assert shapes(trace, "inputs") == ["f32[2, 3, 224, 224]", text]
    assert trace.run.inputs["made"]["text"].endswith(made)
    assert any("published" in note for note in trace.run.notes) == (name[0] in "rn")


def test_published_sizes_of_text_towers_give_their_published_weights():
    pytest.importorskip("open_clip")
    from shapeflow.adapters.libraries.open_clip import PUBLISHED, names, settings_of

    named = {settings_of(name)["text_cfg"].get("hf_model_name") for name in names()}
    assert named - {None} == set(PUBLISHED)
    trace = run("open_clip:xlm-roberta-base-ViT-B-32", device="meta")
    words = next(module for module in trace.modules if module.path.endswith("word_embeddings"))
    assert words.parameters == 250002 * 768


@pytest.mark.parametrize(
    ("typed", "hint"),
    [
        ("resnet50", "--model torchvision:resnet50"),
        ("ResNet-50", "--model torchvision:resnet50"),
        ("vit_base_patch16_224", "--model timm:vit_base_patch16_224"),
        ("timm/vit_base_patch16_224", "--model timm:vit_base_patch16_224"),
        ("torchvision.resnet50", "--model torchvision:resnet50"),
        ("torchvison:resnet50", "--model torchvision:resnet50"),
        ("torchvision:resnet5O", "--model torchvision:resnet50"),
        ("torchvision:resnet50x", "--model torchvision:resnet50"),
        ("timm:vit_base_path16_224", "--model timm:vit_base_patch16_224"),
        ("open_clip:vitb32", "--model open_clip:ViT-B-32"),
        ("sam33", "--model sam3"),
        ("SAM3", "--model sam3"),
        ("sam2", "--model transformers:Sam2Model"),
        ("t5-small", "--model transformers:T5Model"),
        ("Meta-Llama-3-8B", "--model transformers:LlamaModel"),
        ("DeepSeek-V3", "--model transformers:DeepseekV3Model"),
        ("resnt50", "--model torchvision:resnet50"),
        ("torchvision.models.resnet50", "--model torchvision:resnet50"),
        ("timm/resnet50.a1_in1k", "--model timm:resnet50.a1_in1k"),
        ("hf-hub:timm/resnet50.a1_in1k", "--model timm:resnet50.a1_in1k"),
        ("timm:ViT-B/16", "--model timm:vit_base_patch16_224"),
        ("torchaudio:wav2vec2_base", "--model transformers:Wav2Vec2Model"),
        ("transformers:bert-base-uncased", "--model transformers:BertModel"),
        ("transformers:BertModel.from_pretrained", "--model transformers:BertModel"),
        ("transformers:bert.BertModel", "--model transformers:BertModel"),
        ("transformers:AutoModelForCausalLM", "shapeflow models transformers"),
        ("transformers:DetrImageProcessor", "--model transformers:DetrModel"),
        ("diffusers:StableDiffusionPipeline", "--model diffusers:UNet2DConditionModel"),
        ("diffusers:DDPMScheduler", "shapeflow models diffusers"),
        ("timm:", "shapeflow models timm"),
    ],
)
def test_what_was_meant_is_offered(typed, hint):
    pytest.importorskip("timm")
    error = message(typed)
    assert (error.code, error.hint, error.exit_code) == ("unknown-model", hint, 2)


def test_a_name_of_several_libraries_lists_them():
    pytest.importorskip("timm")
    assert message("resnet50").found == "torchvision:resnet50, timm:resnet50"


def test_a_library_that_is_not_installed_says_what_to_install(monkeypatch):
    from shapeflow.adapters import specs

    found = specs.find_spec
    monkeypatch.setattr(specs, "find_spec", lambda name: None if name == "open_clip" else found(name))
    error = message("open_clip:ViT-B-32")
    assert (error.code, error.hint) == ("package-missing", "pip install open_clip_torch")
    assert "open_clip" not in libraries()


def test_names_are_near_whatever_their_case_and_hyphens():
    assert near("vitb32", ["ViT-B-16", "ViT-B-32-256", "ViT-B-32"], 1) == ["ViT-B-32"]
    assert near("resnet", ["wide_resnet", "resnet50", "resnet18d"], 2) == ["resnet50", "resnet18d"]
    assert near("bert-base-uncased", ["BertForMaskedLM", "BertModel", "GPT2Model"], 1) == ["BertModel"]
    assert near("zq", ["resnet50"]) == []
    assert near("t5", ["MT5Model", "T5Model"], 1) == ["T5Model"]
    assert near("Qwen2.5-7B", ["QwenOld", "Qwen2Model", "Qwen3Model"], 1) == ["Qwen2Model"]
    assert near("vit_base_16_223", ["vit", "vit_base_16_224"], 1) == ["vit_base_16_224"]


@pytest.mark.parametrize("target", ["./nofolder", "../x/config.json", "/nowhere/at/all", "~/gone"])
def test_a_path_that_leads_nowhere_is_no_name_of_a_model(target):
    error = message(target)
    assert error.code == "file-missing"
    assert "hf download" not in error.render()
    assert "Config" not in error.render()


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("bert", "transformers:BertModel"),  # not open_clip:roberta-ViT-B-32, which has it in it
        ("unet", "diffusers:UNet1DModel"),  # not timm:cpubone_t0, which is like it
        ("detr-resnet-50", "transformers:DetrModel"),  # not torchvision:wide_resnet50_2
        ("Mistral-7B-v0.1", "transformers:MistralModel"),
        ("swin-tiny-patch4-window7-224", "timm:swin_tiny_patch4_window7_224"),
        ("alexnt", "torchvision:alexnet"),
    ],
)
def test_the_nearest_name_of_all_libraries_comes_first(typed, meant):
    for package in ("timm", "open_clip", "transformers", "diffusers"):
        pytest.importorskip(package)
    found = near_names(typed, libraries())
    prefix = next(iter(found))
    assert f"{prefix}:{found[prefix][0]}" == meant
    assert "roberta-ViT-B-32" not in found.get("open_clip", [])


def test_weights_are_taken_out_of_what_training_wraps_them_in():
    inner = {"module.a": 1, "module.b": 2}
    assert tensors_of({"epoch": 3, "state_dict": inner}) == {"a": 1, "b": 2}
    assert tensors_of({"a": 1, "module.b": 2}) == {"a": 1, "module.b": 2}


@pytest.mark.parametrize(
    "typed",
    [
        "facebook/detr-resnet-50",
        "transformers:facebook/detr-resnet-50",
        "hf-hub:facebook/detr-resnet-50",
        "https://huggingface.co/facebook/detr-resnet-50",
        "https://huggingface.co/facebook/detr-resnet-50/tree/main",
    ],
)
def test_a_name_of_the_hub_is_answered_with_what_to_fetch(typed, monkeypatch, tmp_path):
    pytest.importorskip("transformers")
    constants = pytest.importorskip("huggingface_hub.constants")
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    error = message(typed)
    assert error.code == "unknown-model"
    assert error.because.endswith("nothing is downloaded for a trace")
    assert error.hint == (
        "hf download facebook/detr-resnet-50 --include '*config.json' --local-dir detr-resnet-50, "
        "then --model detr-resnet-50"
    )
    if not typed.startswith("transformers:"):
        assert error.found.startswith("names that are near: transformers:DetrModel")


def test_what_the_hub_has_fetched_before_is_found(monkeypatch, tmp_path):
    pytest.importorskip("transformers")
    constants = pytest.importorskip("huggingface_hub.constants")
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    kept = tmp_path / "models--facebook--detr-resnet-50"
    folder = kept / "snapshots" / "abc"
    folder.mkdir(parents=True)
    (kept / "refs").mkdir()
    (kept / "refs" / "main").write_text("abc", encoding="utf-8")
    (folder / "config.json").write_text('{"model_type": "detr"}', encoding="utf-8")
    error = message("facebook/detr-resnet-50")
    assert error.hint == f"--model {folder}"
    require(spec_of(str(folder)), str(folder))
