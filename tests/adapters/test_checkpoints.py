"""Weights go into a model, and what does not fit is said in plain words."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from shapeflow.adapters.checkpoints import load_into
from shapeflow.errors import InputError


def model() -> nn.Module:
    return nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 5), nn.BatchNorm1d(5))


def unchanged(weights: dict[str, Any]) -> dict[str, Any]:
    return weights


def load(into: nn.Module, path: Path, *, shapes_only: bool = False) -> list[str]:
    return load_into(into, path, unchanged, shapes_only=shapes_only)


@pytest.mark.parametrize(("name", "save"), [("w.pt", torch.save), ("w.safetensors", save_file)])
def test_every_weight_arrives(tmp_path: Path, name: str, save: Callable[..., None]) -> None:
    source, target = model(), model()
    save(source.state_dict(), tmp_path / name)
    assert load(target, tmp_path / name) == []
    assert all(torch.equal(source.state_dict()[key], value) for key, value in target.state_dict().items())


def test_a_shapes_only_run_compares_and_copies_nothing(tmp_path: Path) -> None:
    source, target = model(), model()
    torch.save(source.state_dict(), tmp_path / "w.pt")
    before = {key: value.clone() for key, value in target.state_dict().items()}
    assert load(target, tmp_path / "w.pt", shapes_only=True) == []
    assert all(torch.equal(before[key], value) for key, value in target.state_dict().items())


def test_missing_and_unexpected_keys_are_named(tmp_path: Path) -> None:
    weights = model().state_dict()
    del weights["1.bias"]
    weights["head.scale"] = torch.ones(1)
    torch.save(weights, tmp_path / "w.pt")
    assert load(model(), tmp_path / "w.pt") == [
        "The checkpoint lacks 1 tensor: 1.bias.",
        "The checkpoint has 1 tensor that the model does not: head.scale.",
    ]


@pytest.mark.parametrize(
    "other", [nn.Sequential(nn.Linear(3, 8), nn.Linear(8, 5), nn.BatchNorm1d(5)), nn.Conv2d(3, 3, 3)]
)
def test_another_model(tmp_path: Path, other: nn.Module) -> None:
    torch.save(other.state_dict(), tmp_path / "w.pt")
    with pytest.raises(InputError) as caught:
        load(model(), tmp_path / "w.pt")
    assert caught.value.code == "checkpoint-other-model"
    assert "fit" in caught.value.found


class Harmful:
    """Would make a file if its pickle were trusted."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self._path,)


def test_nothing_in_a_checkpoint_is_executed(tmp_path: Path) -> None:
    torch.save({"0.weight": Harmful(tmp_path / "touched")}, tmp_path / "w.pt")
    with pytest.raises(InputError) as caught:
        load(model(), tmp_path / "w.pt")
    assert caught.value.code == "checkpoint-unreadable"
    assert not (tmp_path / "touched").exists()


@pytest.mark.parametrize("content", [b"", b"<html>", pickle.dumps([1, 2]), b"PK\x03\x04cut off"])
@pytest.mark.parametrize("name", ["w.pt", "w.safetensors"])
def test_a_file_that_is_not_a_checkpoint_is_refused(tmp_path: Path, content: bytes, name: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError) as caught:
        load(model(), tmp_path / name)
    assert caught.value.code == "checkpoint-unreadable"


def test_a_missing_file_suggests_its_neighbour(tmp_path: Path) -> None:
    torch.save({}, tmp_path / "sam3.pt")
    with pytest.raises(InputError) as caught:
        load(model(), tmp_path / "sam.pt")
    assert caught.value.code == "checkpoint-missing"
    assert caught.value.hint == f"--checkpoint {tmp_path / 'sam3.pt'}"
    with pytest.raises(InputError, match="no checkpoint file"):
        load(model(), tmp_path / "nowhere" / "other.pt")


def test_the_official_checkpoint_holds_two_models() -> None:
    pytest.importorskip("sam3")
    from shapeflow.adapters.sam3 import _official_names

    tensor = torch.ones(1)
    both = {"model": {"detector.head.weight": tensor, "tracker.head.weight": tensor}}
    assert list(_official_names(both)) == ["head.weight"]
    assert list(_official_names({"head.weight": tensor})) == ["head.weight"]


def test_without_the_vocabulary_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("sam3")
    from shapeflow.adapters import sam3

    monkeypatch.setattr(sam3, "vocabulary_file", lambda: None)
    with pytest.raises(InputError) as caught:
        sam3._vocabulary()
    assert (caught.value.code, caught.value.hint) == ("vocabulary-missing", "pip install open_clip_torch")
