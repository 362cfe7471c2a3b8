"""``shapeflow lint``: what it prints, how it is silenced, and its exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
import torch
from places import ROOT
from silent_bugs import CASES

from shapeflow.cli import main
from shapeflow.commands.lint import short_list
from shapeflow.lint.table import RULES
from shapeflow.recording import trace

SCHEMA = json.loads((ROOT / "docs/lint.schema.json").read_text())


@pytest.fixture
def stored(tmp_path: Path, monkeypatch) -> Path:
    """Return the trace of a model whose norms are over the whole batch, twice."""
    monkeypatch.chdir(tmp_path)
    model, given = CASES["standardise whole"][0](2)
    return trace(model.eval(), given, device="meta").save(tmp_path / "model.trace.json")


def lines(capsys, *words: str, code: int = 0) -> list[str]:
    assert main(["lint", *words]) == code
    return capsys.readouterr().out.splitlines()


def test_a_finding_says_what_where_why_and_how_to_silence_it(stored, capsys):
    out = lines(capsys, str(stored))
    assert out[0] == "model.trace.json: 2 things worth a look"
    assert out[2].startswith("over-batch  ./mean@0, ")
    assert out[3] == (
        "  mean of f32[2, 3, 32, 32] is over all numbers, the batch too, and sub lays it on every sample"
    )
    assert out[4].startswith("  why: ")
    assert out[5].startswith("  line: x = (x - x.mean()) / x.std()")
    assert out[6] == "  silence: --ignore 'over-batch:.'"


def test_json_fits_its_schema(stored, capsys):
    data = [json.loads(line) for line in lines(capsys, str(stored), str(stored), "--json")]
    assert len(data) == 2
    for one in data:
        jsonschema.validate(one, SCHEMA)
        assert [finding["rule"] for finding in one["findings"]] == ["over-batch", "over-batch"]


@pytest.mark.parametrize("entry", ["over-batch", "over-batch:.", "*", "*:."])
def test_what_is_ignored_is_left_out(stored, capsys, entry):
    assert lines(capsys, str(stored), "--ignore", entry) == [
        "model.trace.json: nothing worth a look, 2 silenced"
    ]


@pytest.mark.parametrize("entry", ["twice", "over-batch:layers.*", "over-batch:c1"])
def test_what_is_elsewhere_is_not(stored, capsys, entry):
    assert len(lines(capsys, str(stored), "--ignore", entry)) > 2


def test_the_file_in_the_working_folder_silences(stored, capsys):
    Path(".shapeflow-lint").write_text("# looked at\nover-batch:.  # meant\n\n")
    assert lines(capsys, str(stored), "--strict")[0].endswith("nothing worth a look, 2 silenced")


def test_another_file_silences(stored, capsys):
    Path("mine").write_text("over-batch\n")
    assert lines(capsys, str(stored), "--ignore-file", "mine")[0].endswith("2 silenced")


def test_strict_fails_where_something_is_found(stored, capsys):
    lines(capsys, str(stored), "--strict", code=1)
    lines(capsys, str(stored))


def test_an_unknown_rule_is_refused_with_the_nearest(stored, capsys):
    assert main(["lint", str(stored), "--ignore", "odd-blok"]) == 2
    assert "odd-block" in capsys.readouterr().err
    Path(".shapeflow-lint").write_text("\nodd-blok\n")
    assert main(["lint", str(stored)]) == 2
    assert ".shapeflow-lint:2" in capsys.readouterr().err


def test_rules_are_told_with_their_reasons(capsys):
    assert [line.split()[0] for line in lines(capsys, "--rules")] == [rule.name for rule in RULES]


def test_a_trace_is_needed(capsys):
    assert main(["lint"]) == 2
    assert "a trace is missing" in capsys.readouterr().err


class Row(torch.nn.Module):
    """Twelve layers that are computed and not read."""

    def __init__(self) -> None:
        super().__init__()
        for number in range(12):
            setattr(self, f"part{number}", torch.nn.Dropout(0.5))
        self.head = torch.nn.Linear(4, 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.part0(x) + self.part1(x)
        x = self.part2(x) + self.part3(x)
        x = self.part4(x) + self.part5(x)
        x = self.part6(x) + self.part7(x)
        x = self.part8(x) + self.part9(x)
        return self.head(self.part10(x) + self.part11(x))


def test_lists_end(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    model = Row().eval()
    for number in range(12):
        getattr(model, f"part{number}").train()
    recorded = trace(model, torch.rand(2, 4), device="meta")
    stored = recorded.save(tmp_path / "row.trace.json")
    out = lines(capsys, str(stored))
    assert sum(line.startswith("train-mode  ") for line in out) == 10
    assert out[-1].startswith("2 more: ")
    assert sum(line.startswith("train-mode  ") for line in lines(capsys, str(stored), "--all")) == 12
    short = short_list(recorded, stored)
    assert len(short) == 3
    assert short[-1] == f"10 more worth a look: shapeflow lint {stored}"
    assert all(len(line) <= 110 for line in short[:2])


def test_nothing_is_said_after_a_sound_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    model, given = CASES["flatten sound"][0](2)
    assert short_list(trace(model.eval(), given, device="meta"), Path("x")) == []
