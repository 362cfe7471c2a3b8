"""The message of a crash: how the operand that was wrong came about, and what the blocks beside got."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
import torch
from crashing import CRASHES
from places import ROOT
from silent_bugs import Net

from shapeflow.cli import main
from shapeflow.lint.crash import Chain, Step, chain_lines, crash_of
from shapeflow.model.trace import Trace
from shapeflow.recording import trace
from shapeflow.runs.failure import failure_error

SCHEMA = json.loads((ROOT / "docs/failure.schema.json").read_text())


def crashed(name: str, device: str | None = "meta") -> tuple[Trace, BaseException]:
    torch.manual_seed(0)
    model, given, _ = CRASHES[name]
    with pytest.raises(Exception) as caught:
        trace(model, *given, device=device)
    return caught.value.shapeflow_trace, caught.value


@pytest.mark.parametrize("device", ["meta", None])
@pytest.mark.parametrize("name", CRASHES)
def test_the_message_leads_to_the_cause(name, device):
    found, error = crashed(name, device)
    text = failure_error(found).render()
    for words in CRASHES[name][2]:
        assert words in text
    assert found.run.failure.first_line in text
    assert type(error).__name__ in text


@pytest.mark.parametrize("name", CRASHES)
def test_show_failure_says_the_same_and_where_to_look(name, tmp_path, capsys):
    found, _ = crashed(name)
    path = found.save(tmp_path / "x.failed.trace.json")
    assert f"shapeflow show {path} --failure" in failure_error(found, path).render()
    assert main(["show", str(path), "--failure"]) == 0
    out = capsys.readouterr().out
    for words in CRASHES[name][2]:
        assert words in out
    asked = [line.strip() for line in out.partition("look further:")[2].splitlines() if line.strip()]
    assert asked
    for command in asked:
        selector = command.partition(f"{path} ")[2].strip("'")
        assert main(["show", str(path), selector]) == 0
        capsys.readouterr()
    assert main(["show", str(path), "--failure", "--json"]) == 0
    data = json.loads(capsys.readouterr().out)
    jsonschema.validate(data, SCHEMA)
    assert data["message"] == found.run.failure.message


def test_a_run_that_ended_well_has_no_failure(tmp_path, capsys):
    path = trace(torch.nn.Linear(4, 4), torch.rand(2, 4), device="meta").save(tmp_path / "x.trace.json")
    assert main(["show", str(path), "--failure"]) == 2
    assert "no-failure" in capsys.readouterr().err


def test_one_step_of_a_chain_has_the_mark():
    found, _ = crashed("width after flatten")
    (chain,) = crash_of(found).chains
    assert [step.begins for step in chain.steps].count(True) == 1
    shapes = [step.shape for step in chain.steps]
    assert shapes == ["f32[2, 1024]", "f32[2, 16, 8, 8]", "f32[2, 8, 16, 16]", "f32[2, 3, 32, 32]"]


@pytest.mark.parametrize("begins", [0, 2, 11, 19])
def test_a_long_chain_is_cut_and_keeps_the_step_that_matters(begins):
    steps = tuple(Step(f"f32[{n}]", f"op{n}", "", n == begins) for n in range(20))
    lines = chain_lines(Chain("x f32[0]", "", "7", steps))
    assert len(lines) <= 10
    assert sum("<- 7 begins here" in line for line in lines) == 1
    assert lines[-1].endswith("earlier steps") or begins == 19


def test_the_exception_is_the_models_own_and_unchanged():
    _, error = crashed("width after flatten")
    with pytest.raises(RuntimeError) as plain:
        model, given, _ = CRASHES["width after flatten"]
        model(*given)
    assert str(error) == str(plain.value)
    assert not getattr(error, "__notes__", [])


def test_nothing_of_a_chain_is_said_of_a_limit_of_ours(tmp_path):
    model = Net(lambda net, x: net.a(x) * net.a(x).sum().item(), a=torch.nn.Linear(4, 4))
    with pytest.raises(Exception) as caught:
        trace(model, torch.rand(2, 4), device="meta")
    text = failure_error(caught.value.shapeflow_trace, Path("x")).render()
    assert "needs-values" in text
    assert "was made like this" not in text
