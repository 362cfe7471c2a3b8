"""torch's private names: each is in the installed torch, and used from one file alone.

Needs torch and pytest and nothing else, so that it can be run with any torch:
``python -m pytest tests/recording/test_torch_internals.py``.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest
import torch
from torch import nn

from shapeflow.recording import torch_internals, trace
from shapeflow.recording.dispatch_mode import DispatchMode
from shapeflow.recording.torch_internals import TorchFunctionMode

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "shapeflow"
HOME = PACKAGE / "recording" / "torch_internals.py"
FILES = [file for file in sorted(PACKAGE.rglob("*.py")) if file != HOME]
TORCH_SIDE = {"recording", "adapters", "runs"}
"""The folders whose files handle torch's objects."""

NOT_TORCH = {
    "_fields": "of a named tuple, documented",
    "_from_config": "of transformers, by which its AutoModel builds a model",
    "_get_dummy_prompt": "of the sam3 package",
    "_getframe": "of sys, documented",
    "_lru_cache_wrapper": "of functools",
    "_post_nms_top_n": "of torchvision's detectors, how many places are looked at",
    "_replace": "of a named tuple, documented",
}
"""Attributes with an underscore that are used and not torch's."""

OVERRIDABLE = {name for kind in (DispatchMode, TorchFunctionMode, nn.Module) for name in dir(kind)}
IN_TEXT = re.compile(r"\btorch(?:\.\w+)*\._\w[\w.]*")


def is_private(name: str) -> bool:
    return name.startswith("_") and not (name.startswith("__") and name.endswith("__"))


def private_import(node: ast.Import | ast.ImportFrom) -> Iterator[str]:
    """Yield what an import takes from a private place of torch, or from outside of a module's ``__all__``."""
    for alias in node.names:
        parts = (node.module if isinstance(node, ast.ImportFrom) else alias.name or "").split(".")
        if parts[0] != "torch":
            continue
        if any(map(is_private, [*parts, alias.name])):
            yield ".".join([*parts, alias.name])
        elif isinstance(node, ast.ImportFrom):
            module = import_module(".".join(parts))
            listed = getattr(module, "__all__", [alias.name])
            if alias.name not in listed and not isinstance(getattr(module, alias.name), ModuleType):
                yield ".".join([*parts, alias.name])


def private_names(text: str, *, handles_torch: bool = True) -> list[str]:
    """Return the private names of torch that a source text uses."""
    tree, found = ast.parse(text), []
    documentation = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            found += private_import(node)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documentation:
            found += [match[0] for match in IN_TEXT.finditer(node.value)]
        elif handles_torch and isinstance(node, ast.Attribute) and is_private(node.attr):
            if ast.unparse(node.value) not in ("self", "cls") and node.attr not in NOT_TORCH:
                found.append(ast.unparse(node))
        elif handles_torch and isinstance(node, ast.ClassDef):
            methods = [part.name for part in node.body if isinstance(part, ast.FunctionDef)]
            found += [name for name in methods if is_private(name) and name in OVERRIDABLE]
        elif handles_torch and isinstance(node, ast.Call):
            name = ast.unparse(node.func).rpartition(".")[2]
            if name in ("getattr", "hasattr", "setattr", "delattr", "attrgetter", "methodcaller", "patched"):
                texts = [part.value for part in node.args if isinstance(part, ast.Constant)]
                texts = [part for part in texts if isinstance(part, str) and part not in NOT_TORCH]
                found += filter(is_private, texts)
    return found


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(PACKAGE)))
def test_no_other_file_names_what_is_private(file):
    handles_torch = file.relative_to(PACKAGE).parts[0] in TORCH_SIDE
    assert private_names(file.read_text("utf-8"), handles_torch=handles_torch) == []


@pytest.mark.parametrize(
    "text",
    [
        "import torch._dynamo",
        "def late():\n    from torch._ops import OpOverload",
        "from torch.nn.init import _no_grad_fill_",
        "from torch.overrides import BaseTorchFunctionMode",
        "from torch.utils.flop_counter import mm_flop",
        "torch._C.DisableTorchFunction()",
        "if module._forward_hooks: pass",
        "tensor.untyped_storage()._cdata",
        "getattr(torch, '_weight_norm')",
        "import_module('torch._dynamo.config')",
        "f'{torch.__version__} torch._inductor'",
        "class Mode(DispatchMode):\n    @classmethod\n    def _should_skip_dynamo(cls):\n        return True",
    ],
)
def test_a_private_name_is_found(text):
    assert len(private_names(text)) == 1


@pytest.mark.parametrize(
    "text",
    [
        "import torch",
        "from torch import Tensor, nn",
        "from torch.nn.parameter import is_lazy",
        "self._parameters = {}",
        "torch.__version__",
        '"""Said of torch._C in a docstring."""',
        "names = ('_to_copy', '_convolution')",
        "class Own:\n    def _helper(self): pass",
    ],
)
def test_a_public_name_is_not(text):
    assert private_names(text) == []


def test_every_name_is_there():
    assert torch_internals.missing(compiler=True) == []
    assert len(torch_internals.NAMES) > 30


def test_every_name_that_the_file_uses_is_probed():
    """What its own code names must be given as text to the functions that look whether it is there."""
    text = HOME.read_text("utf-8")
    allowed = {*torch_internals.NAMES, *torch_internals.COMPILER_NAMES, torch_internals.COMPILER}
    methods = ["_should_skip_dynamo"]  # asked for by torch, where it is new enough
    named = private_names(text)
    assert named
    assert [name for name in named if name not in {*allowed, *methods}] == []


def test_every_name_has_its_comment():
    """Each says since which version; `1.13` is the oldest that was looked at."""
    lines = HOME.read_text("utf-8").splitlines()
    since = re.compile(r"Since (\d+\.\d+)")
    versions = []
    for number, line in enumerate(lines):
        if re.search(r"= _(named|attribute|replaced)\(", line):
            above = number
            while lines[above - 1].strip():
                above -= 1
            (version, *_) = since.findall(" ".join(lines[above:number]).replace("# ", "")) or [""]
            assert version, line
            versions.append((tuple(map(int, version.split("."))), "optional=True" in line))
    oldest = tuple(map(int, torch_internals.OLDEST.split(".")))
    assert len(versions) == len(torch_internals.NAMES)
    assert [optional for version, optional in versions if version > oldest] == [True]


def test_the_versions_are_those_of_the_project_files():
    project = (ROOT / "pyproject.toml").read_text("utf-8")
    assert f'"torch>={torch_internals.OLDEST}"' in project
    pinned = re.search(r"^torch==(\d+\.\d+)", (ROOT / "constraints.txt").read_text("utf-8"), re.MULTILINE)
    assert pinned is not None
    assert pinned[1] == torch_internals.TESTED


WITHOUT = """
import torch
del torch._C._len_torch_dispatch_stack, torch._fused_sdp_choice
del torch.uint16, torch.compiler.set_stance  # public, and missing where torch is too old
import shapeflow
from shapeflow.errors import InputError
try:
    shapeflow.trace
except InputError as error:
    print(error.render())
"""


@pytest.mark.slow
def test_a_torch_that_lacks_names_is_refused_with_one_message():
    run = [sys.executable, "-c", WITHOUT]
    text = subprocess.run(run, cwd=ROOT, capture_output=True, text=True, check=True, timeout=120).stdout
    first = f"error[torch-unsupported]: torch {torch.__version__} lacks 2 internal names that shapeflow needs"
    assert text.startswith(first)
    assert "torch._C._len_torch_dispatch_stack, torch._fused_sdp_choice" in text
    assert f"torch {torch_internals.OLDEST} to {torch_internals.TESTED}" in text
    assert f"pip install 'torch=={torch_internals.TESTED}.*'" in text


def test_a_torch_that_is_too_old_is_refused(monkeypatch):
    monkeypatch.setattr(torch_internals, "_LACKING", [])
    monkeypatch.setattr(torch, "__version__", type(torch.__version__)("2.5.1"))
    with pytest.raises(torch_internals.InputError, match=r"torch 2\.5\.1 is older than what shapeflow needs"):
        torch_internals.check()


@pytest.mark.parametrize("device", [None, "meta"])
def test_a_small_model_is_traced(device):
    """So that this file, run with another torch, says more than that the names are there."""
    model = nn.Sequential(
        nn.Conv2d(3, 8, 3), nn.Flatten(2), nn.TransformerEncoderLayer(36, 4, 8, batch_first=True), nn.ReLU()
    )
    with torch.no_grad():
        found = trace(model.eval(), torch.randn(2, 3, 8, 8), device=device)
    assert found.run.complete
    assert [str(found.values[port.value]) for port in found.calls[0].outputs] == ["f32[2, 8, 36]"]
    assert found.reaches(".:in", ".:out").answer == "yes"


@pytest.mark.parametrize("around", ["torch.no_grad()", "torch.inference_mode()", "torch.device('meta')"])
@pytest.mark.slow
def test_the_first_import_may_come_inside_of_what_switches_gradients_off(around):
    code = (
        "import torch, shapeflow\n"
        "model, x = torch.nn.Linear(2, 2), torch.ones(1, 2)\n"
        f"with {around}:\n"
        "    for device in (None, 'meta'):\n"
        "        print(len(shapeflow.trace(model, x, device=device).calls))\n"
    )
    run = [sys.executable, "-c", code]
    done = subprocess.run(run, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)
    assert (done.stdout, done.stderr) == ("1\n1\n", "")
