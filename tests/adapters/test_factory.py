"""Any model from a function that the user names, and every way in which that can go wrong."""

from __future__ import annotations

import sys
import textwrap
from types import SimpleNamespace

import pytest
import torch

from shapeflow.adapters import base, specs
from shapeflow.adapters.factory import load
from shapeflow.adapters.request import Request
from shapeflow.adapters.specs import AdapterSpec
from shapeflow.errors import InputError, NeedsValues
from shapeflow.runs.execute import execute

MODELS = """
    import torch
    from torch import nn

    class Tiny(nn.Module):
        def __init__(self, width=4):
            super().__init__()
            self.linear = nn.Linear(width, 2)
        def forward(self, x, scale=1.0, *, shift=0.0):
            return self.linear(x) * scale + shift

    class Quiet(nn.Module):
        def forward(self):
            return torch.zeros(2)

    def build():
        return Tiny(), (torch.ones(1, 4),)
    def with_kwargs():
        return Tiny(), (torch.ones(1, 4),), {"shift": 1.0}
    def only_kwargs():
        return Tiny(), {"x": torch.ones(1, 4)}
    def one_tensor():
        return Tiny(), torch.ones(1, 4)
    def alone():
        return Quiet()
    def lacks_inputs():
        return Tiny()
    def number():
        return 3
    def pair():
        return Tiny(), 3
    def raises():
        return helper()
    def helper():
        raise ValueError("no such size")
    def leaves():
        raise SystemExit(1)
    class Coder(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.last = nn.Linear(4, 8), nn.Linear(8, 2)
        def encode(self, x):
            return self.first(x)
        def decode(self, z):
            return self.last(z)
    class Pipeline:
        def __init__(self):
            self.unet, self.vae = nn.Linear(4, 4), nn.Linear(4, 2)
        def __call__(self, x):
            return self.vae(self.unet(x))

    def function():
        coder = Coder()
        def run():
            z = coder.encode(torch.ones(1, 4))
            return coder.decode(z) + coder.decode(z)
        return run
    def model_and_function():
        coder = Coder()
        return coder, lambda x: coder.decode(coder.encode(x)), (torch.ones(1, 4),)
    def method():
        return Coder().encode, {"x": torch.ones(1, 4)}
    def several():
        first, last = nn.Linear(4, 8), nn.Linear(8, 2)
        return lambda x: last(first(x)), torch.ones(1, 4)
    def pipeline():
        return Pipeline(), (torch.ones(1, 4),), {}
    def without_a_model():
        return lambda x: x + 1
    def a_class():
        return Coder
    def too_much():
        return Coder(), len, (), {}, 1
    def needs(width):
        return Tiny(width)
    setting = 3
"""


@pytest.fixture(autouse=True)
def project(tmp_path, monkeypatch):
    """A folder with ``models.py`` and a package, which is the current folder; imports are undone."""
    (tmp_path / "models.py").write_text(textwrap.dedent(MODELS))
    package = tmp_path / "mypackage"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "models.py").write_text(textwrap.dedent(MODELS))
    (package / "broken.py").write_text("import os\nraise RuntimeError('half installed')\n")
    (package / "typo.py").write_text("def build(:\n")
    (package / "lacking.py").write_text("import a_package_nobody_has\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    known = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - known:
        if name.partition(".")[0] in ("models", "mypackage") or name.startswith("shapeflow_target_"):
            del sys.modules[name]


def prepared(target: str, **options):
    return load(target)(Request(target, options.pop("device", "cpu"), **options))


@pytest.mark.parametrize("name", ["build", "with_kwargs", "only_kwargs", "one_tensor", "alone", "Quiet"])
@pytest.mark.parametrize("place", ["mypackage.models", "models.py", "mypackage/models.py"])
def test_what_a_factory_may_return(place, name):
    ready = prepared(f"{place}:{name}")
    assert isinstance(ready.run(), torch.Tensor)
    assert ready.versions["torch"] == torch.__version__


CALLS = {
    "function": [".encode()", "first", *[".decode()", "last"] * 2],
    "model_and_function": [".encode()", "first", ".decode()", "last"],
    "method": [".encode()", "first"],
    "several": ["first", "last"],
    "pipeline": ["unet", "vae"],
}


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("device", ["cpu", "meta"])
def test_a_factory_may_return_a_function_that_runs_the_model(name, device):
    trace = execute(Request(f"models.py:{name}", device))
    assert trace.run.complete
    assert [call.name for call in trace.calls] == CALLS[name]


def test_a_method_is_run_instead_of_the_function():
    trace = execute(Request("models.py:model_and_function", call="encode"))
    assert [call.name for call in trace.calls] == [".encode()", "first"]
    assert trace.run.inputs["call"] == "encode"


def test_arguments_reach_the_model():
    torch.manual_seed(0)
    plain, shifted = prepared("models.py:build").run(), prepared("models.py:with_kwargs").run()
    assert torch.equal(plain + 1, shifted)


def test_the_seed_makes_weights_repeatable():
    weights = [prepared("models.py:build", seed=seed).model.linear.weight for seed in (7, 7, 8)]
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])


def test_a_file_may_import_its_neighbours_and_is_not_mixed_up_with_a_loaded_module(project):
    folder = project / "elsewhere"
    folder.mkdir()
    (folder / "sizes.py").write_text("WIDTH = 6\n")
    (folder / "types.py").write_text(textwrap.dedent(MODELS) + "\nfrom sizes import WIDTH\n")
    assert prepared("elsewhere/types.py:build").run().shape == (1, 2)
    import types

    assert not hasattr(types, "Tiny")


@pytest.mark.parametrize(
    ("target", "code", "says"),
    [
        (":build", "target-malformed", ["does not name a function", "package.module:function"]),
        ("models:", "target-malformed", []),
        ("my package:build", "target-malformed", []),
        ("models.py:build()", "target-malformed", []),
        ("mypackge.models:build", "target-not-found", ["no module 'mypackge'", "--model mypackage.models"]),
        ("mypackage.model:build", "target-not-found", ["no module 'mypackage.model'", "mypackage.models"]),
        ("modles.py:build", "file-missing", ["no file 'modles.py'", "try:      models.py"]),
        ("nowhere/models.py:build", "file-missing", []),
        ("mypackage.broken:build", "target-import", ["RuntimeError: half installed", "broken.py"]),
        ("mypackage/broken.py:build", "target-import", ["RuntimeError: half installed"]),
        ("mypackage.typo:build", "target-import", ["SyntaxError", "def build(:"]),
        ("mypackage.lacking:build", "target-import", ["a_package_nobody_has"]),
        ("models.py:biuld", "target-import", ["has no 'biuld'", "--model models.py:build"]),
        ("models.py:setting", "target-import", ["is not a function", "class int"]),
        ("models.py:needs", "target-import", ["without arguments", "needs(width)"]),
    ],
)
def test_a_wrong_name_is_told_before_anything_is_built(target, code, says):
    with pytest.raises(InputError) as caught:
        load(target)
    told = caught.value.render()
    assert caught.value.code == code
    assert caught.value.exit_code == 2
    for text in says:
        assert text in told
    assert "adapters/factory.py" not in told


@pytest.mark.parametrize(
    ("name", "code", "says"),
    [
        ("raises", "target-raised", ["'models.py:raises' raised ValueError", "in helper", "no such size"]),
        ("leaves", "target-exit", ["ends the program", "sys.exit(1)"]),
        ("number", "target-result", ["found:    int", "(model, args, kwargs)"]),
        ("pair", "target-result", ["(Tiny, int)"]),
        ("without_a_model", "target-result", ["in whose reach no model is", "return (model, function)"]),
        ("a_class", "target-result", ["found:    type"]),
        ("too_much", "target-result", ["(Coder, builtin_function_or_method, tuple, dict, int)"]),
        (
            "lacks_inputs",
            "target-inputs",
            ["forward(x, scale=1.0, *, shift=0.0)", "missing a", "--input 'x=f32[1, 4]'"],
        ),
    ],
)
def test_a_factory_that_fails_is_the_users_to_mend(name, code, says):
    with pytest.raises(InputError) as caught:
        prepared(f"models.py:{name}")
    told = caught.value.render()
    assert caught.value.code == code
    for text in says:
        assert text in told
    assert "adapters/factory.py" not in told


def test_our_own_errors_pass_through_a_factory(project):
    (project / "reading.py").write_text(
        "from shapeflow.errors import NeedsValues\ndef build():\n    raise NeedsValues('item', 'f32[2]')\n"
    )
    with pytest.raises(NeedsValues):
        prepared("reading.py:build")


def test_ctrl_c_passes_through_a_factory(project):
    (project / "waiting.py").write_text("def build():\n    raise KeyboardInterrupt\n")
    with pytest.raises(KeyboardInterrupt):
        prepared("waiting.py:build")


def test_names_of_adapters():
    assert specs.spec_of("sam3").name == "sam3"
    assert specs.spec_of("mypackage.models:build").name == "factory"
    with pytest.raises(InputError) as caught:
        specs.spec_of("sam3-transformer")
    assert caught.value.hint == "--model sam3-transformers"


class Point:
    """An entry point of another package."""

    def __init__(self, spec):
        self.name, self.spec = spec.name, spec

    def load(self):
        return self.spec


def bring(monkeypatch, **options):
    spec = AdapterSpec("mine", "test_factory_adapter:prepare", **options)
    monkeypatch.setattr(specs, "_entry_points", lambda: {"mine": Point(spec)})
    monkeypatch.setitem(sys.modules, "test_factory_adapter", SimpleNamespace(prepare=prepared))
    return spec


def test_another_package_can_bring_an_adapter(monkeypatch):
    spec = bring(monkeypatch)
    assert specs.spec_of("mine") is spec
    assert specs.specs()[-1] is spec
    assert base.load("mine") is prepared
    assert specs.spec_of("mine:build") is specs.FACTORY


def test_a_registered_prefix_wins_over_a_module(monkeypatch):
    spec = bring(monkeypatch, prefix=True)
    assert specs.spec_of("mine:resnet50") is spec
    assert specs.spec_of("mine.models:build") is specs.FACTORY
    with pytest.raises(InputError) as caught:
        specs.spec_of("mine")
    assert caught.value.code == "unknown-model"


def test_a_missing_package_is_told_without_importing_it(monkeypatch):
    monkeypatch.setattr(specs, "find_spec", lambda name: None)
    with pytest.raises(InputError) as caught:
        specs.require(specs.spec_of("sam3"), "sam3")
    assert caught.value.code == "torch-missing"
    monkeypatch.setattr(specs, "find_spec", lambda name: None if name == "sam3" else object())
    with pytest.raises(InputError) as caught:
        specs.require(specs.spec_of("sam3"), "sam3")
    assert caught.value.code == "package-missing"
    assert caught.value.hint == "pip install 'shapeflow[sam3]'"
