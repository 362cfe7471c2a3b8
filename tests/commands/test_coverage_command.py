"""``shapeflow coverage``: its tables, its exit code, and what it refuses."""

from __future__ import annotations

import json
import re

import jsonschema
import pytest
from builders import sample_trace
from places import DOCS
from tiny import TINY_DOCUMENT, tiny_trace
from walkthroughs import document_of

from shapeflow.cli import main

SCHEMA = json.loads((DOCS / "coverage.schema.json").read_text(encoding="utf-8"))
TINY = str(TINY_DOCUMENT)


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    tiny_trace().save(tmp_path / "tiny.trace.json")
    sample_trace().save(tmp_path / "sample.trace.json")
    (tmp_path / "w.md").write_text(document_of("mask_head:out  f32[1, 10, 14, 14]"))
    return tmp_path


def run(*words: str) -> int:
    return main(["coverage", *words])


def test_the_text(here, capsys):
    assert run("sample.trace.json", "w.md", "--show", "2", "--levels", "1") == 0
    out = capsys.readouterr().out
    assert re.search(r"^calls +1 +1\d +\d", out, re.MULTILINE)
    assert re.search(r"^  mask_head +100 %", out, re.MULTILINE)
    assert re.search(r"^Claims +1 +1 +1 +4 +1$", out, re.MULTILINE)
    assert out.count("  # ") == 2
    assert out.endswith("1 of 1 claim constrain something\n")


def test_json_is_what_the_schema_says(here, capsys):
    assert run("tiny.trace.json", TINY, "--json") == 0
    measured = json.loads(capsys.readouterr().out)
    assert run("tiny.trace.json", TINY, "--json", "--mutate", "--changes", "40") == 0
    mutated = json.loads(capsys.readouterr().out)
    for data in (measured, mutated):
        jsonschema.validate(data, SCHEMA)
    assert measured["mutation"] is None
    assert mutated["coverage"] is None
    assert len(mutated["mutation"]["changes"]) == 40
    survivors = sum(one["times"] for one in mutated["mutation"]["survivors"])
    assert mutated["mutation"]["covered"] + survivors == mutated["mutation"]["all"] == 40


def test_markdown(here, capsys):
    assert run("tiny.trace.json", TINY, "--markdown", "--show", "3") == 0
    out = capsys.readouterr().out
    assert "| calls | 15 | 24 | 62.5 % |" in out
    assert out.count("```shapes") == 1
    assert run("tiny.trace.json", TINY, "--mutate", "--markdown", "--changes", "40") == 0
    assert (
        "- `layers.1` may run before `layers.0`: no claim notices. This would: `" in capsys.readouterr().out
    )


def test_mutations_as_text(here, capsys):
    assert run("tiny.trace.json", TINY, "--mutate", "--changes", "40", "--show", "2") == 0
    out = capsys.readouterr().out
    assert re.search(r"^layer left out +\d", out, re.MULTILINE)
    assert "`layers.1` may run before `layers.0`: no claim notices\n    chain layers.*\n" in out
    assert re.search(r"^and \d+ more places \(--show N shows N\)$", out, re.MULTILINE)
    assert re.search(r"\d+ of 40 changes caught, [\d.]+ % \(seed 0\)\n$", out)


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--fail-under", "20"), 0, ""),
        (("--fail-under", "90"), 1, "in all: 22.4 % is less than 90 %"),
        (("--fail-under", "calls=60"), 0, ""),
        (("--fail-under", "calls=60", "--fail-under", "joins=1"), 1, "joins: 0.0 % is less than 1 %"),
        (("--mutate", "--changes", "40", "--fail-under", "99"), 1, "is less than 99 %"),
        (("--mutate", "--changes", "40", "--fail-under", "residual added=1"), 1, "residual added: 0.0 %"),
    ],
)
def test_the_exit_code(here, capsys, words, code, said):
    assert run("tiny.trace.json", TINY, *words) == code
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--fail-under", "101"), "'101' is no percentage"),
        (("--fail-under", "many"), "'many' is no percentage"),
        (("--fail-under", "call=3"), "calls=3"),
        (("--fail-under", "layers=3"), "nothing of the kind 'layers' is measured"),
        (("--mutate", "--changes", "0"), "--changes 0 is too small"),
        (("--levels", "-1"), "--levels -1 is too small"),
        (("--changes", "3"), "--changes only means something with --mutate"),
        (("--seed", "3"), "--seed only means something with --mutate"),
        (("--json", "--markdown"), "not allowed with"),
    ],
)
def test_what_is_refused(here, capsys, words, said):
    assert run("tiny.trace.json", TINY, *words) == 2
    assert said in capsys.readouterr().err


def test_a_model_without_a_shipped_walkthrough(here, capsys):
    assert run("sample.trace.json") == 2
    err = capsys.readouterr().err
    assert "error[walkthrough-missing]" in err
    assert "try:      shapeflow coverage TRACE YOUR.md   (shapeflow init drafts one)" in err


def test_a_document_of_another_model(here, capsys):
    assert run("sample.trace.json", TINY) == 2
    assert "error[other-model]: the trace is of another model" in capsys.readouterr().err


def test_claims_that_fail_are_told(here, capsys):
    (here / "w.md").write_text(document_of("mask_head:out  [1, 10, 14, 14]", "text:out[0]  [7]"))
    assert run("sample.trace.json", "w.md") == 0
    assert "1 claim fails and covers nothing: shapeflow check tells why" in capsys.readouterr().err
