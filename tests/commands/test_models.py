"""``shapeflow models``, and what ``shapeflow trace`` says to a model given as a picture."""

from __future__ import annotations

import json

import pytest

from shapeflow.adapters import specs
from shapeflow.cli import main
from shapeflow.commands import models


def said(capsys, *words):
    code = main(list(words))
    out, err = capsys.readouterr()
    return code, out, err


def test_libraries_are_listed_with_the_number_of_their_names(capsys):
    code, out, _ = said(capsys, "models")
    rows = {line.split()[0]: line for line in out.splitlines() if " models" in line}
    assert code == 0
    assert int(rows["torchvision"].split()[1].replace(",", "")) > 100


def test_a_word_is_looked_for_whatever_its_case_and_hyphens(capsys):
    code, out, _ = said(capsys, "models", "torchvision:ResNet-18")
    assert code == 0
    assert out.split() == ["torchvision:quantized_resnet18", "torchvision:resnet18"]


def test_more_names_than_fit_are_counted(capsys):
    _, out, _ = said(capsys, "models", "torchvision:")
    rest = len(out.splitlines()) - 1
    assert rest == models.SHOWN
    assert f"and {len(said(capsys, 'models', 'torchvision:', '--all')[1].splitlines()) - rest:,} more" in out


def test_a_word_that_no_name_has_is_met_with_near_ones(capsys):
    code, out, _ = said(capsys, "models", "torchvision:resnt18")
    assert code == 1
    assert "torchvision:resnet18" in out


def test_a_library_that_is_not_there_says_how_to_install_it(capsys, monkeypatch):
    monkeypatch.setattr(models, "find_spec", lambda name: None)
    code, out, _ = said(capsys, "models", "--json")
    listed = json.loads(out)["libraries"]
    assert code == 1
    assert {row["installed"] for row in listed} == {False}
    assert "pip install open_clip_torch" in {row["install"] for row in listed}
    assert "not installed: pip install torchvision" in said(capsys, "models")[1]


@pytest.mark.parametrize(
    ("given", "hint"),
    [
        ("torchvision:resnet50", "--model torchvision:resnet50"),
        ("torchvision/resnet50", "--model torchvision:resnet50"),
        ("timm.resnet50", "--model timm:resnet50"),
        ("alexnet", "--model torchvision:alexnet"),
        ("alexnt", "--model torchvision:alexnet"),
        ("sam3", "--model sam3"),
        ("model.pt", "--model model.pt"),
        ("net.pt2", "--model net.pt2"),
        ("train.py", "--model train.py:build"),
        ("missing.py", "--model missing.py"),
        ("code", "--model code"),
    ],
)
def test_a_model_given_as_a_picture_is_told_the_right_command(given, hint, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "train.py").write_text("def helper(x): ...\ndef other(): ...\ndef build(): ...\n")
    (tmp_path / "code").mkdir()
    code, _, err = said(capsys, "trace", given)
    assert code == 2
    assert f"'{given}' is not an image" in err
    assert err.rstrip().endswith(f"shapeflow trace {hint}")


def test_a_picture_that_is_not_there_is_still_a_picture(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert "error[file-missing]: no file 'bus.jpg'" in said(capsys, "trace", "bus.jpg")[2]


@pytest.mark.slow
def test_a_detector_is_really_run_where_its_shapes_depend_on_values(capsys, tmp_path):
    words = [
        "trace",
        "--model",
        "torchvision:ssdlite320_mobilenet_v3_large",
        "-o",
        str(tmp_path / "t.trace.json"),
    ]
    code, out, err = said(capsys, *words)
    assert code == 0
    assert "its shapes depend on values" in err
    assert "f32[300, 4]" in out
    assert said(capsys, *words, "--device", "meta")[0] == 3


def test_every_adapter_with_names_has_what_a_library_has():
    from shapeflow.adapters.libraries.library import library

    for spec in specs.SPECS:
        if spec.library and spec.name in specs.libraries():
            module = library(spec.library)
            assert list(module.names()) == sorted(set(module.names()))
            module.check(module.names()[0])
