"""The stand-ins for torch's functions on sizes say what torch's own say, and a run needs no others."""

from __future__ import annotations

import gzip
import itertools
import json
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from shapeflow.common.late import LateAttribute
from shapeflow.runs.late_modules import LATE, SYMBOLS

MODEL = """
import torch
from torch import nn

class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.project = nn.Linear(4, 4)
    def forward(self, x):
        x = self.project(x) + torch.arange(4, dtype=torch.float32)
        x = torch.cat([x, x[:, :2]], 1).softmax(-1).view(2, 3, 2).permute(0, 2, 1)
        return torch.where(x > 0, x, x.roll(1, 0)).cumsum(1).std(dim=(0, 2))

def build():
    return Model(), (torch.ones(2, 4),)
"""
COMMAND = """
import sys
{before}
from shapeflow.cli import main
from shapeflow.common.late import is_waiting
code = main()
loaded = [name for name in {names} if name in sys.modules and not is_waiting(name)]
sys.stderr.write("LOADED " + " ".join(loaded))
sys.exit(code)
"""


def outcome(function: Any, arguments: tuple[Any, ...]) -> Any:
    try:
        return function(*arguments)
    except Exception as error:
        return type(error)


def test_stand_ins_say_what_torch_says():
    known = LATE[SYMBOLS]
    assert known is not None
    sizes = (0, 1, 7)
    shapes = ((), (1,), (2, 3), [2, 3], [], [2, 4], (2, 3, 1))
    truths = (True, False)
    given = {
        "sym_eq": [*itertools.product(sizes, sizes), *itertools.product(shapes, shapes)],
        "sym_and": [*itertools.product(truths), *itertools.product(truths, truths, truths)],
        "is_nested_int": [*itertools.product((*sizes, 0.5))],
    }
    given["sym_or"] = given["sym_and"]
    given["has_guarding_hint"] = given["is_nested_int"]
    given["guarding_hint_or_throw"] = [*itertools.product((*sizes, True))]
    compared = 0
    for name, stand_in in known.attributes.items():
        real = getattr(import_module(SYMBOLS), name, None)
        if real is None or isinstance(stand_in, LateAttribute):  # an older torch has no such function
            continue
        for arguments in [*given.get(name, [(True,), (False,)]), ("neither",), (None, 1)]:
            expected, found = outcome(real, arguments), outcome(stand_in, arguments)
            assert (type(found), found) == (type(expected), expected), (name, arguments)
            compared += 1
    assert compared > 8


@pytest.mark.slow
def test_a_run_loads_none_of_them_and_gives_the_same_trace(tmp_path: Path):
    (tmp_path / "model.py").write_text(MODEL)
    traces = {}
    for way, before in (("late", ""), ("early", f"import sympy, {SYMBOLS}, torch.utils.flop_counter")):
        output = tmp_path / f"{way}.trace.json.gz"
        code = COMMAND.format(before=before, names=("sympy", SYMBOLS, "triton"))
        words = ("trace", "--model", f"{tmp_path / 'model.py'}:build", "-q", "-o", str(output))
        done = subprocess.run(
            [sys.executable, "-c", code, *words], capture_output=True, text=True, check=False, timeout=120
        )
        assert done.returncode == 0, done.stderr
        loaded = done.stderr.rpartition("LOADED ")[2].split()
        assert (loaded == []) == (way == "late"), loaded
        traces[way] = json.loads(gzip.decompress(output.read_bytes()))
        traces[way]["run"].pop("seconds")
    assert traces["late"] == traces["early"]


BLOCK = """
from {part} import {name}
import torch
from torch import nn

def build():
    assert {name}.__module__ == "{part}"
    return nn.Linear(4, 4), (torch.ones(2, 4),)
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("part", "name", "loaded"),
    [
        ("timm.models.vision_transformer", "Block", "timm"),
        ("timm.models._builder", "build_model_with_cfg", "timm"),
        ("timm.layers.mlp", "Mlp", ""),
        ("torchvision.models.detection.faster_rcnn", "FasterRCNN", "torchvision.models"),
        ("torchvision.ops.misc", "MLP", ""),
        ("torchvision.datasets.vision", "VisionDataset", ""),
    ],
)
def test_a_model_of_parts_of_a_late_package_runs(tmp_path: Path, part: str, name: str, loaded: str):
    (tmp_path / "model.py").write_text(BLOCK.format(part=part, name=name))
    code = COMMAND.format(before="", names=("timm", "torchvision.datasets", "torchvision.models"))
    words = ("trace", "--model", f"{tmp_path / 'model.py'}:build", "-q", "-o", str(tmp_path / "a.trace.json"))
    done = subprocess.run(
        [sys.executable, "-c", code, *words], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    loads = done.stderr.rpartition("LOADED ")[2].split()
    assert (loaded in loads) if loaded else not loads
