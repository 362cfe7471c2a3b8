"""What must stay light: help, reading a trace and checking never load torch. Each in a fresh process."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from builders import TraceBuilder

HEAVY = ("torch", "numpy", "PIL", "transformers", "sam3")
SLOW_TO_LOAD = ("rich", "jinja2", "yaml", "markdown_it", "pygments", "graphviz", "importlib.metadata")

WALKTHROUGH = """\
---
title: Tiny
---
# Tiny

```shapes
encoder:out  [1, 3, 8, 8]
```
"""


def loaded_after(code: str) -> set[str]:
    """Return the modules that a fresh process has loaded after running ``code``."""
    show = "\nimport sys as s\ns.stderr.write('LOADED ' + ' '.join(s.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code + show], capture_output=True, text=True, check=False, timeout=120
    )
    marker = done.stderr.rfind("LOADED ")
    assert marker >= 0, done.stderr
    return set(done.stderr[marker:].split()[1:])


def command(*words: str) -> str:
    return f"from shapeflow.cli import main\nassert main({list(words)!r}) in (0, 1)"


@pytest.fixture
def stored(tmp_path: Path) -> Path:
    build = TraceBuilder()
    image = build.input("f32[1, 3, 8, 8]", "in.image")
    with build.call("encoder", image) as encoder:
        encoder.returns(build.op("relu", [image], "f32[1, 3, 8, 8]"))
    return build.trace().save(tmp_path / "tiny.trace.json")


def test_help_loads_next_to_nothing():
    for words in (("--help",), ("--version",), ("trace", "--help"), ("check", "--help")):
        loaded = loaded_after(command(*words))
        assert loaded.isdisjoint(HEAVY + SLOW_TO_LOAD), words


def test_reading_a_trace_never_loads_torch(stored):
    assert "torch" not in loaded_after(command("show", str(stored), "encoder:out"))
    assert "torch" not in loaded_after(f"from shapeflow import Trace\nTrace.load({str(stored)!r})")


@pytest.mark.slow
def test_models_are_listed_and_names_answered_without_their_libraries():
    libraries = {"torch", "torchvision", "timm", "open_clip", "transformers", "diffusers"}
    assert libraries.isdisjoint(loaded_after(command("models", "resnet")))
    code = "from shapeflow.cli import main\nassert main(['trace', '--model', 'resnet5O']) == 2"
    assert libraries.isdisjoint(loaded_after(code))


def test_checking_never_loads_torch(stored, tmp_path):
    document = tmp_path / "tiny.md"
    document.write_text(WALKTHROUGH)
    assert "torch" not in loaded_after(command("check", str(stored), str(document)))


def test_wrong_input_is_refused_before_torch_is_loaded(tmp_path):
    picture = tmp_path / "page.jpg"
    picture.write_text("<!DOCTYPE html>")
    code = f"from shapeflow.cli import main\nassert main(['trace', {str(picture)!r}]) == 2"
    assert "torch" not in loaded_after(code)


def test_importing_shapeflow_loads_next_to_nothing():
    assert loaded_after("import shapeflow").isdisjoint(HEAVY + SLOW_TO_LOAD)


@pytest.mark.slow
def test_these_tests_can_fail():
    assert "torch" in loaded_after("import torch")
    assert "rich" in loaded_after("import rich")
