"""Walkthroughs as tests: real runs of pytest, also with pytest-xdist."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import replace

import pytest
from layer_stacks import document, stack
from walkthroughs import document_of

from shapeflow.runs.documents import run_documents
from shapeflow.walkthrough.check import check
from shapeflow.walkthrough.reader import read

pytest_plugins = ["pytester"]

pytestmark = pytest.mark.slow

FINE = "mask_head:out [1, 10, 14, 14]"
WRONG = "mask_head:out [1, 10, 14, 15]"

MODEL = """\
import os
from pathlib import Path

import torch
from torch import nn

def build():
    with Path(__file__).with_name("runs.txt").open("a") as file:
        file.write(f"{os.getpid()}\\n")
    return nn.Sequential(nn.Linear(4, 2), nn.Sigmoid()), (torch.ones(3, 4),)
"""
RUN = """\
---
title: Tiny
model: tiny.py:build
run:
  device: cpu
---
# Tiny

```shapes
0:in [B, 4]
0:out [B, 2]
1:out [B, 2]
value 1:out ~= sigmoid(0:out)
```
"""


@pytest.fixture
def folder(pytester, sample):
    sample.save(pytester.path / "t.trace.json")
    (pytester.path / "docs").mkdir()
    return pytester.path


def run(pytester, *words):
    return pytester.runpytest_inprocess("-p", "no:cacheprovider", *words)


def run_alone(pytester, *words):
    """Run pytest in a process of its own, which loads torch."""
    return pytester.runpytest_subprocess("-p", "no:cacheprovider", *words, timeout=300)


def summary(text):
    """Return what the last line counts, without warnings and times."""
    counts = re.findall(r"(\d+) (passed|failed|skipped|errors?)", text.splitlines()[-1])
    return {kind: int(number) for number, kind in counts}


def test_each_claim_is_a_test_with_its_own_line(pytester, folder):
    (folder / "docs" / "w.md").write_text(document_of(FINE, WRONG, "real geometry:out [1]", "oops"))
    done = run(pytester, "--shapeflow", "docs/w.md", "--shapeflow-trace", "t.trace.json", "-v", "-rs")
    assert done.ret == 1
    out = done.stdout.str()
    assert summary(out) == {"passed": 1, "failed": 2, "skipped": 1}
    done.stdout.fnmatch_lines(
        [
            "docs/w.md::line 4: mask_head:out [[]1, 10, 14, 14] PASSED*",
            "docs/w.md::line 5: mask_head:out [[]1, 10, 14, 15] FAILED*",
            "docs/w.md::line 6: real geometry:out [[]1] SKIPPED*",
            "docs/w.md::line 7: oops FAILED*",
        ]
    )
    assert "only a real run can tell" in out


def test_a_failure_reads_like_the_command_line(pytester, folder, sample, monkeypatch):
    (folder / "docs" / "w.md").write_text(document_of(FINE, WRONG))
    done = run(pytester, "--shapeflow", "docs/w.md", "--shapeflow-trace", "t.trace.json")
    monkeypatch.chdir(folder)
    verdict = check(sample, read("docs/w.md")).verdicts[1]
    assert verdict.render() in done.stdout.str()
    assert "Traceback" not in done.stdout.str()


def test_item_locations(pytester, folder):
    (folder / "docs" / "w.md").write_text(document_of(FINE, WRONG))
    items, _ = pytester.inline_genitems("--shapeflow", "docs/w.md", "--shapeflow-trace", "t.trace.json")
    assert [item.location[:2] for item in items] == [("docs/w.md", 3), ("docs/w.md", 4)]


def test_several_documents_beside_other_tests(pytester, folder):
    (folder / "docs" / "a.md").write_text(document_of(FINE))
    (folder / "docs" / "b.md").write_text(document_of(FINE, FINE))
    (folder / "docs" / "other.md").write_text(document_of(WRONG))
    pytester.makepyfile(test_it="def test_it(): pass")
    words = ["--shapeflow", "docs/a.md", "--shapeflow=docs/b.md", "--shapeflow-trace", "t.trace.json"]
    assert summary(run(pytester, *words).stdout.str()) == {"passed": 4}
    assert summary(run(pytester, *words, "docs").stdout.str()) == {"passed": 3}
    assert summary(run(pytester, *words, "docs/a.md").stdout.str()) == {"passed": 3}
    assert summary(run(pytester, *words, "-k", "line").stdout.str()) == {"passed": 3}


def test_without_the_option_nothing_changes(pytester, folder):
    (folder / "docs" / "a.md").write_text(document_of(WRONG))
    pytester.makepyfile(test_it="def test_it(): pass")
    assert summary(run(pytester).stdout.str()) == {"passed": 1}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("# T\n", "no-claims"),
        ("---\ntitle: [1\n---\n", "front-matter"),
    ],
)
def test_a_document_that_cannot_be_read(pytester, folder, text, message):
    (folder / "docs" / "w.md").write_text(text)
    done = run(pytester, "--shapeflow", "docs/w.md", "--shapeflow-trace", "t.trace.json")
    assert f"error[{message}]" in done.stdout.str()
    assert "Traceback" not in done.stdout.str()
    assert summary(done.stdout.str()) == {"error": 1}


def test_a_trace_that_cannot_be_read(pytester, folder, monkeypatch):
    monkeypatch.delenv("CI", raising=False)  # there pytest says everything again in its summary
    (folder / "docs" / "w.md").write_text(document_of(FINE, FINE))
    done = run(pytester, "--shapeflow", "docs/w.md", "--shapeflow-trace", "nope.trace.json")
    out = done.stdout.str()
    assert summary(out) == {"failed": 2}
    assert out.count("= found:    the folder holds") == 1, "told in full once"


def test_a_missing_document(pytester, folder):
    done = run(pytester, "--shapeflow", "docs/nope.md")
    assert done.ret == pytest.ExitCode.USAGE_ERROR


def test_the_fixture_gives_the_trace_of_the_run(pytester, folder):
    pytester.makepyfile(
        test_it="""
        def test_it(shapeflow_trace):
            assert shapeflow_trace.run.target == "tiny:detector"
        """
    )
    assert summary(run(pytester, "--shapeflow-trace", "t.trace.json").stdout.str()) == {"passed": 1}
    done = run(pytester)
    assert "shapeflow_trace needs --shapeflow WALKTHROUGH or --shapeflow-trace FILE" in done.stdout.str()


@pytest.mark.parametrize("workers", [[], ["-n", "2"]], ids=["alone", "two workers"])
def test_the_model_is_run_once_a_session(pytester, folder, workers):
    (folder / "docs" / "tiny.py").write_text(MODEL)
    (folder / "docs" / "en.md").write_text(RUN)
    (folder / "docs" / "zh.md").write_text(RUN.replace("# Tiny", "# 小模型"))
    pytester.makepyfile(
        test_it="""
        def test_it(shapeflow_trace):
            assert list(shapeflow_trace.run.kept) == ["1:out", "0:out"]
        """
    )
    done = run_alone(pytester, *workers, "--shapeflow", "docs/en.md", "--shapeflow", "docs/zh.md")
    assert summary(done.stdout.str()) == {"passed": 9}
    assert len((folder / "docs" / "runs.txt").read_text().split()) == 1


def test_a_run_that_fails_is_told_once(pytester, folder):
    (folder / "docs" / "tiny.py").write_text(MODEL.replace("torch.ones(3, 4)", "torch.ones(3, 5)"))
    (folder / "docs" / "w.md").write_text(RUN)
    done = run_alone(pytester, "--shapeflow", "docs/w.md")
    out = done.stdout.str()
    assert summary(out) == {"failed": 4}
    assert "error[model-crash]: the model raised RuntimeError" in out
    assert out.count("mat1 and mat2 shapes") <= 2
    assert len((folder / "docs" / "runs.txt").read_text().split()) == 1


def test_the_plugin_is_light():
    code = (
        "import sys, shapeflow.integrations.pytest_plugin\n"
        "print(sorted({'torch', 'yaml', 'markdown_it', 'numpy', 'jinja2'} & set(sys.modules)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "[]"


def test_code_outside_the_repository_is_run_only_if_it_is_trusted(pytester, folder):
    (folder / "tiny.py").write_text(MODEL)
    (folder / "docs" / "run.md").write_text(RUN.replace("tiny.py", "../tiny.py"))
    done = run_alone(pytester, "--shapeflow", "docs/run.md")
    assert done.ret == 1
    done.stdout.fnmatch_lines(["*target-outside*", "*--shapeflow-trust*"])
    assert not (folder / "runs.txt").exists()
    assert run_alone(pytester, "--shapeflow", "docs/run.md", "--shapeflow-trust").ret == 0
    pytester.makeini("[pytest]\nshapeflow_trust = true")
    assert run_alone(pytester, "--shapeflow", "docs/run.md").ret == 0
    pytester.makeini("[pytest]")
    (folder / ".git").mkdir()
    assert run_alone(pytester, "--shapeflow", "docs/run.md").ret == 0


RUNS = """\
---
model: tiny.py:build
runs:
  plain:
    device: meta
  real:
    device: cpu
---
# Tiny

```shapes run=all
0:out [B, 2]
```

```shapes run=real
value 1:out ~= sigmoid(0:out)
```
"""


def test_every_run_of_a_document_is_made(pytester, folder):
    (folder / "tiny.py").write_text(MODEL)
    (folder / "runs.md").write_text(RUNS)
    result = run(pytester, "--shapeflow", "runs.md")
    result.assert_outcomes(passed=2)
    assert len((folder / "runs.txt").read_text().splitlines()) == 2


def test_stored_traces_by_the_names_of_their_runs(pytester, folder):
    (folder / "tiny.py").write_text(MODEL)
    (folder / "runs.md").write_text(RUNS)
    result = read(folder / "runs.md")
    for name in result.run_names:
        trace = run_documents([result], run=name)
        replace(trace, run=replace(trace.run, name="")).save(folder / f"{name}.trace.json")
    words = ["--shapeflow-trace", "plain.trace.json", "--shapeflow-trace", "real=real.trace.json"]
    run(pytester, "--shapeflow", "runs.md", *words).assert_outcomes(passed=2)
    run(pytester, "--shapeflow", "runs.md", *words[:2]).assert_outcomes(failed=2)


def test_stored_traces_of_named_runs_from_the_configuration(pytester, folder):
    (folder / "tiny.py").write_text(MODEL)
    (folder / "runs.md").write_text(RUNS)
    document = read(folder / "runs.md")
    for name in document.run_names:
        trace = run_documents([document], run=name)
        replace(trace, run=replace(trace.run, name="")).save(folder / f"{name}.trace.json")
    lines = "plain.trace.json\n    real=real.trace.json"
    pytester.makeini(f"[pytest]\nshapeflow = runs.md\nshapeflow_trace =\n    {lines}\n")
    run(pytester).assert_outcomes(passed=2)


class TestConfiguration:
    """Walkthroughs that the configuration names, seen from the root, whatever folder pytest is started in."""

    @pytest.fixture
    def project(self, pytester, folder):
        (folder / "docs" / "tiny.py").write_text(MODEL)
        (folder / "docs" / "a.md").write_text(RUN)
        (folder / "docs" / "b.md").write_text(RUN.replace("# Tiny", "# Other"))
        pytester.makeini("[pytest]\nshapeflow =\n    docs/a.md\n    docs/[b-z]*.md\ntestpaths = tests\n")
        (folder / "tests").mkdir()
        (folder / "tests" / "test_it.py").write_text("def test_it(): pass\n")
        return folder

    def runs(self, project):
        file = project / "docs" / "runs.txt"
        return len(file.read_text().split()) if file.exists() else 0

    def test_all_are_collected_beside_the_tests(self, pytester, project):
        done = run_alone(pytester)
        assert summary(done.stdout.str()) == {"passed": 9}
        assert self.runs(project) == 1

    def test_workers_collect_them_too(self, pytester, project):
        done = run_alone(pytester, "-n", "2")
        assert summary(done.stdout.str()) == {"passed": 9}
        assert self.runs(project) == 1

    @pytest.mark.parametrize(
        ("words", "counts"),
        [
            (["tests"], {"passed": 1}),
            (["tests/test_it.py::test_it"], {"passed": 1}),
            (["-k", "test_it"], {"passed": 1}),
            (["--collect-only", "-q"], {}),
            (["--shapeflow", "docs/a.md", "tests/test_it.py::test_it"], {"passed": 1}),
        ],
        ids=" ".join,
    )
    def test_no_model_is_run_for_what_is_not_selected(self, pytester, project, words, counts):
        done = run(pytester, *words)
        assert done.ret == 0
        assert {**summary(done.stdout.str()), "failed": 0} == {**counts, "failed": 0}
        assert self.runs(project) == 0

    def test_single_claims_and_folders_can_be_selected(self, pytester, project):
        claim = "docs/a.md::line 10: 0:in [B, 4]"
        done = run_alone(pytester, claim)
        assert (summary(done.stdout.str()), self.runs(project)) == ({"passed": 1}, 1)
        assert summary(run_alone(pytester, "docs").stdout.str()) == {"passed": 8}
        assert summary(run_alone(pytester, "docs/b.md").stdout.str()) == {"passed": 4}

    def test_paths_are_seen_from_the_root(self, pytester, project, monkeypatch):
        monkeypatch.chdir(project / "tests")
        assert summary(run_alone(pytester, "--rootdir", "..", "-c", "../tox.ini").stdout.str()) == {
            "passed": 9
        }

    def test_the_fixture_works_without_options(self, pytester, project):
        (project / "tests" / "test_it.py").write_text(
            "def test_it(shapeflow_trace):\n    assert len(shapeflow_trace.calls) == 3\n"
        )
        done = run_alone(pytester, "tests")
        assert (summary(done.stdout.str()), self.runs(project)) == ({"passed": 1}, 1)
        (project / "docs" / "b.md").write_text("---\ntitle: [1\n---\n")
        assert summary(run_alone(pytester, "tests").stdout.str()) == {"passed": 1}, (
            "another document is broken"
        )

    def test_a_stored_trace(self, pytester, folder):
        (folder / "docs" / "w.md").write_text(document_of(FINE))
        pytester.makeini("[pytest]\nshapeflow = docs/w.md\nshapeflow_trace = t.trace.json\n")
        assert summary(run(pytester).stdout.str()) == {"passed": 1}

    def test_a_pattern_that_nothing_fits(self, pytester, folder):
        pytester.makeini("[pytest]\nshapeflow = documents/*.md\n")
        done = run(pytester)
        assert done.ret == pytest.ExitCode.USAGE_ERROR
        done.stderr.fnmatch_lines(["*error[[]file-missing[]]: no walkthrough fits*documents/[*].md*"])


class TestCauses:
    @pytest.fixture
    def words(self, folder):
        stack(tokens=4).save(folder / "s.trace.json")
        (folder / "docs" / "w.md").write_text(document("head:out  [1, N, 11]"))
        return ["--shapeflow", "docs/w.md", "--shapeflow-trace", "s.trace.json"]

    def test_one_cause_is_told_once(self, pytester, words):
        out = run(pytester, *words).stdout.str()
        assert summary(out) == {"passed": 7, "failed": 10}
        failures, _, end = out.partition("shapeflow: one cause of 9 failures")
        assert failures.count("cause[size-changed]: 'S' is 4 in this run, not 8") == 1
        assert failures.count("because:  'S' is 4 in this run, not 8 (line 11; -vv says all)") == 8
        assert failures.count("found:    f32[1, 4, 10]") == 1, "what has another cause is told in full"
        assert "--> an input of the run in.x" in end
        assert "8 more lines follow from it: 12, 15-17, 23-26" in end

    def test_all_on_demand(self, pytester, words):
        out = run(pytester, *words, "-vv").stdout.str()
        assert "-vv says all" not in out
        assert out.count("found:    f32[1, 4, 16]") >= 5

    def test_workers_hand_it_on(self, pytester, words):
        out = run_alone(pytester, *words, "-n", "2").stdout.str()
        assert "shapeflow: one cause of 9 failures" in out
