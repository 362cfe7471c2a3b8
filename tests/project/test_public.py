"""The public names of the package: there when asked for, and what they say they are."""

from __future__ import annotations

import subprocess
import sys

import models
import pytest
import torch
from places import PACKAGE

import shapeflow

ORDERS = (
    "import shapeflow.model.trace",
    "shapeflow.Trace",
    "from shapeflow.model.records import Value",
    "import shapeflow.walkthrough.check",
)


def test_every_public_name_is_there():
    for name in shapeflow.__all__:
        assert getattr(shapeflow, name) is not None


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'tracee'"):
        shapeflow.tracee  # noqa: B018


@pytest.mark.slow
@pytest.mark.parametrize("before", ORDERS)
def test_trace_is_the_function_whatever_was_imported_before(before):
    code = (
        f"import shapeflow\n{before}\nimport types\nassert isinstance(shapeflow.trace, types.FunctionType)\n"
    )
    code += "from shapeflow.model.trace import Trace\nassert shapeflow.Trace is Trace\n"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)


def test_public_names_are_seen_before_their_first_use():
    code = "import shapeflow\nassert {'trace', 'run', 'load', 'Value'} <= set(dir(shapeflow))\n"
    code += "import sys\nassert 'torch' not in sys.modules and 'shapeflow.model' not in sys.modules\n"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)


def test_no_public_name_is_a_module():
    modules = {path.stem for path in PACKAGE.iterdir()}
    assert modules.isdisjoint(set(shapeflow.__all__))


def test_a_run_from_start_to_report(tmp_path):
    trace = shapeflow.trace(models.Mlp(), torch.rand(3, 8), device="meta")
    (match,) = trace.select("first:out")
    assert (match.value.shape, match.value.dtype, str(match.value)) == ((3, 16), "f32", "f32[3, 16]")
    assert trace["first:out"] is match.value
    assert (trace.costs().parameters, trace.costs().stages[0].path) == (280, "first")
    document = tmp_path / "mlp.md"
    document.write_text(shapeflow.draft(trace).text)
    result = shapeflow.check(trace, document)
    assert result.passed
    result.raise_if_failed()
    page = shapeflow.report(trace, result).save(tmp_path / "mlp.html")
    assert "first:out" in page.read_text()
    assert shapeflow.report(trace).save(tmp_path / "mlp.md.json").read_text().startswith("{")
    assert shapeflow.load(trace.save(tmp_path / "mlp.trace.json")) == trace
    document.write_text("```shapes\nfirst:out  [3, 17]\n```\n")
    with pytest.raises(AssertionError, match="'first:out' has 16 in dim 2, not 17"):
        shapeflow.check(trace, document).raise_if_failed()


def test_one_tensor_is_asked_for():
    trace = shapeflow.trace(models.Mlp(), torch.rand(3, 8))
    with pytest.raises(shapeflow.ShapeflowError) as caught:
        trace["**:out"]
    assert caught.value.code == "ambiguous-path"
    with pytest.raises(shapeflow.ShapeflowError) as caught:
        trace["frist:out"]
    assert caught.value.hint == "first"


def test_run_does_what_the_command_does(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "net.py").write_text(
        "import torch\ndef build():\n    return torch.nn.Linear(3, 2), torch.rand(4, 3)\n"
        "def broken():\n    return torch.nn.Linear(3, 2), torch.rand(4, 5)\n"
    )
    trace = shapeflow.run("net.py:build")
    assert (str(trace[".:out"]), trace.run.device, trace.run.adapter) == ("f32[4, 2]", "meta", "factory")
    assert shapeflow.run("net.py:build", device="cpu", seed=3).run.inputs == {"seed": 3}
    with pytest.raises(shapeflow.ShapeflowError) as caught:
        shapeflow.run("net.py:broken")
    assert caught.value.code == "model-crash"
    assert caught.value.shapeflow_trace.run.failure is not None
    with pytest.raises(shapeflow.ShapeflowError) as caught:
        shapeflow.run("net.py:build", prompt="bus")
    assert caught.value.code == "option-unused"
