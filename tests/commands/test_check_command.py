"""``shapeflow check`` as a user types it: stored traces, fresh runs, formats, exit codes."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest
from layer_stacks import document, stack
from walkthroughs import document_of

from shapeflow.cli import main
from shapeflow.errors import ShapeflowError
from shapeflow.runs.documents import request_of
from shapeflow.walkthrough import shipped
from shapeflow.walkthrough.reader import parse

FINE = "mask_head:out [1, 10, 14, 14]"
WRONG = "mask_head:out [1, 10, 14, 15]"
UNDECIDED = ".:in.tokens never reaches encoder:out.memory"

MODEL = """\
import torch
from torch import nn

class Tiny(nn.Module):
    def __init__(self):
        super().__init__()
        self.head = nn.Linear(4, 2)

    def forward(self, x):
        return torch.sigmoid(self.head(x))

def build():
    return Tiny(), (torch.ones(3, 4),)

def broken():
    return Tiny(), (torch.ones(3, 5),)
"""
RUN = """\
---
title: Tiny
model: tiny.py:build
run:
  device: {device}
---
# Tiny

```shapes
head:in [B, 4]
head:out [B, 2]
value .:out ~= sigmoid(head:out)
value (.:out)[0] ~= sigmoid((head:out)[0])
real count calls head = 1
```
"""


@pytest.fixture
def folder(sample, tmp_path, monkeypatch):
    sample.save(tmp_path / "t.trace.json")
    (tmp_path / "fine.md").write_text(document_of(FINE))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def check(capsys, *words):
    code = main(["check", *words])
    out, err = capsys.readouterr()
    assert "Traceback" not in err
    return code, out, err


class TestStored:
    def test_fine(self, folder, capsys):
        code, out, err = check(capsys, "t.trace.json", "fine.md")
        assert (code, err) == (0, "")
        assert out == "ok    Claims  1 ok  f32[1, 10, 14, 14]\n\n1 claim, all satisfied: 1 holds\n"

    @pytest.mark.parametrize(
        ("lines", "options", "code"),
        [
            ([FINE, WRONG], [], 1),
            ([FINE, UNDECIDED], [], 1),
            ([FINE, UNDECIDED], ["--allow-undecided"], 0),
            ([WRONG, UNDECIDED], ["--allow-undecided"], 1),
            ([FINE, "oops", WRONG], [], 2),
            (["geometry:out [1]"], [], 1),
            (["real geometry:out [1]"], [], 0),
        ],
    )
    @pytest.mark.parametrize("form", ["text", "json", "junit", "github"])
    def test_exit_codes_do_not_depend_on_the_format(self, folder, capsys, lines, options, code, form):
        (folder / "w.md").write_text(document_of(*lines))
        found, out, err = check(capsys, "t.trace.json", "w.md", "--format", form, *options)
        assert (found, err) == (code, "")
        assert out.endswith("\n")
        if form == "json":
            assert json.loads(out)["passed"] == (code == 0)
        if form == "junit":
            assert ElementTree.fromstring(out).get("tests") == str(len(lines))

    def test_quiet(self, folder, capsys):
        assert check(capsys, "t.trace.json", "fine.md", "--quiet") == (0, "", "")
        (folder / "w.md").write_text(document_of(WRONG))
        _, out, _ = check(capsys, "t.trace.json", "w.md", "-q")
        assert out.startswith("contradicted[shape]: ")
        assert "FAIL" not in out

    def test_colour_only_on_a_terminal(self, folder, capsys, monkeypatch):
        (folder / "w.md").write_text(document_of(WRONG))
        plain = check(capsys, "t.trace.json", "w.md")[1]
        monkeypatch.setattr("shapeflow.commands.check.wants_colour", lambda stream: True)
        coloured = check(capsys, "t.trace.json", "w.md")[1]
        assert "\x1b[" in coloured
        assert re.sub(r"\x1b\[[\d;]*m", "", coloured) == plain

    def test_the_shipped_walkthrough_is_the_default(self, folder, capsys, monkeypatch, sample):
        code, _, err = check(capsys, "t.trace.json")
        assert code == 2
        assert "error[walkthrough-missing]: no walkthrough is shipped for 'tiny:detector'" in err
        (folder / "shipped").mkdir()
        (folder / "shipped" / "sam9.en.md").write_text(document_of(FINE))
        monkeypatch.setattr(shipped, "FOLDER", folder / "shipped")
        from dataclasses import replace

        replace(sample, run=replace(sample.run, target="sam9")).save(folder / "s.trace.json")
        assert check(capsys, "s.trace.json")[0] == 0
        _, _, err = check(capsys, "t.trace.json")
        assert "there is one for sam9" in err
        runs = "---\nruns:\n  one: {seed: 1}\n  pair: {seed: 2}\n---\n"
        pair = f"\n```shapes run=pair\n{WRONG}\n```\n"
        (folder / "shipped" / "sam9.en.md").write_text(runs + document_of(FINE) + pair)
        code, out, _ = check(capsys, "s.trace.json")
        assert (code, "1 needs another run" in out) == (0, True), "one trace is enough, where nobody chose"

    @pytest.mark.parametrize("target", ["../../secret", "a/b", "", "a:b", ".."])
    def test_a_target_is_no_path(self, target):
        assert shipped.find_shipped(target) is None

    @pytest.mark.parametrize(
        ("words", "error"),
        [
            ([], "error[usage]: a trace is missing"),
            (["nope.trace.json", "fine.md"], "error[file-missing]: no trace 'nope.trace.json'"),
            (["t.trace.json", "fin.md"], "error[file-missing]: no walkthrough 'fin.md'"),
            (["fine.md", "fine.md"], "error["),
            (["t.trace.json", "t.trace.json"], "error[walkthrough-missing]"),
            (
                ["fine.md", "t.trace.json"],
                "error[usage]: the trace 't.trace.json' comes behind a walkthrough",
            ),
            (
                ["t.trace.json", "fine.md", "t.trace.json"],
                "error[usage]: the trace 't.trace.json' comes behind",
            ),
            (["t.trace.json", "fin*.mdx"], "error[file-missing]: no walkthrough fits 'fin*.mdx'"),
            (
                ["t.trace.json", "fine.md", "--badge", "b.png"],
                "error[output-name]: a badge is a picture or data",
            ),
            (["t.trace.json", "fine.md", "--formt", "json"], "error[unknown-option]: no option '--formt'"),
            (["t.trace.json", "fine.md", "--format", "jsn"], "error[usage]"),
            (["t.trace.json", "fine.md", "--device", "cpu"], "error[usage]: --device only means"),
            (["t.trace.json", "fine.md", "-o", "x.trace.json"], "error[usage]: --output only means"),
            (["t.trace.json", "--run", "fine.md"], "error[usage]: 't.trace.json' is not needed with --run"),
            (["--run", "nope.md"], "error[file-missing]: no walkthrough 'nope.md'"),
            (["--run", "fine.md"], "error[front-matter]: the front matter does not say which model to run"),
        ],
    )
    def test_wrong_words_are_told(self, folder, capsys, words, error):
        code, out, err = check(capsys, *words)
        assert (code, out) == (2, "")
        assert err.startswith(error)

    def test_several_documents_in_one_command(self, folder, capsys):
        (folder / "wrong.md").write_text(document_of(FINE, "mask_head:out [1, 10, 14, 15]"))
        code, out, err = check(capsys, "t.trace.json", "fine.md", "nope.md", "wrong.md", "[fw]*.md", "-q")
        assert code == 2, "that of the worst"
        assert out.splitlines()[-1].startswith("wrong.md: 1 of 2 claims failed: 1 contradicted")
        assert out.count("contradicted[shape]") == 1, "each document is judged once"
        assert err.startswith("error[file-missing]: no walkthrough 'nope.md'")

    def test_all_of_them_are_shown_on_demand(self, folder, capsys):
        stack(tokens=4).save("stack.trace.json")
        (folder / "stack.md").write_text(document())
        _, out, _ = check(capsys, "stack.trace.json", "stack.md", "-q")
        assert (out.count("cause[size-changed]"), out.count("contradicted[shape]")) == (1, 1)
        assert "8 more lines follow from it: 12, 15-17, 23-26   (--all shows each)" in out
        _, out, _ = check(capsys, "stack.trace.json", "stack.md", "-q", "--all")
        assert (out.count("cause[size-changed]"), out.count("contradicted[shape]")) == (1, 8)

    def test_a_badge_is_written_beside_the_result(self, folder, capsys):
        assert check(capsys, "t.trace.json", "fine.md", "-q", "--badge", "b.svg")[0] == 0
        assert "1 claim holds" in (folder / "b.svg").read_text()
        assert check(capsys, "t.trace.json", "fine.md", "-q", "--badge", "b.svg")[0] == 0, "ours is replaced"
        (folder / "x.svg").write_text("<svg/>")
        code, _, err = check(capsys, "t.trace.json", "fine.md", "-q", "--badge", "x.svg")
        assert (code, (folder / "x.svg").read_text()) == (2, "<svg/>")
        assert err.startswith("error[output-exists]: 'x.svg' exists and was not made by shapeflow")

    def test_the_job_summary_is_added_to(self, folder, capsys, monkeypatch):
        monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(folder / "summary.md"))
        check(capsys, "t.trace.json", "fine.md")
        assert not (folder / "summary.md").exists(), "only with --format github"
        (folder / "summary.md").write_text("before\n")
        check(capsys, "t.trace.json", "fine.md", "--format", "github")
        assert (folder / "summary.md").read_text().startswith("before\n## ✅ fine.md\n")
        monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(folder))
        code, _, err = check(capsys, "t.trace.json", "fine.md", "--format", "github")
        assert (code, err[:31]) == (0, "the job summary was not written")

    def test_a_trace_of_another_model(self, folder, capsys):
        (folder / "w.md").write_text("---\nmodel: sam3\n---\n" + document_of(FINE))
        code, _, err = check(capsys, "t.trace.json", "w.md")
        assert (code, err.splitlines()[0]) == (
            2,
            "error[other-model]: the trace is of another model than the walkthrough",
        )

    def test_fast_and_without_torch(self, folder):
        code = (
            "import sys\n"
            "from shapeflow.cli import main\n"
            "assert main(['check', 't.trace.json', 'fine.md']) == 0\n"
            "assert not {'torch', 'numpy', 'rich', 'jinja2'} & set(sys.modules)\n"
        )
        subprocess.run([sys.executable, "-c", code], cwd=folder, check=True, timeout=60)


class TestRequest:
    """What the front matter asks to be run."""

    def request(self, run, path="docs/w.md", model="sam3"):
        front = "\n".join(f"  {line}" for line in run)
        return request_of(parse(f"---\nmodel: {model}\nrun:\n{front}\n---\n", path))

    @pytest.fixture(autouse=True)
    def _picture(self, tmp_path, monkeypatch):
        from PIL import Image

        (tmp_path / "docs").mkdir()
        for name in ("bus.png", "car.png"):
            Image.new("RGB", (8, 8)).save(tmp_path / "docs" / name)
        monkeypatch.chdir(tmp_path)

    def test_paths_are_seen_from_the_document(self, tmp_path):
        request = self.request(["image: bus.png", "prompt: a bus", "boxes: [[0.5, 0.5, 0.2, 0.2]]"])
        assert (request.target, request.device, request.prompt, request.seed) == ("sam3", "meta", "a bus", 0)
        assert [Path(image) for image in request.images] == [tmp_path / "docs" / "bus.png"]
        assert [(box.cx, box.width, box.positive) for box in request.boxes] == [(0.5, 0.2, True)]

    def test_lists_and_negative_boxes(self):
        run = [
            "image: [bus.png, car.png]",
            'boxes: ["0.5,0.5,0.1,0.1"]',
            "negative_boxes: [[0.1, 0.1, 0.1, 0.1]]",
        ]
        request = self.request([*run, "device: cpu", "seed: 3"])
        assert (len(request.images), request.device, request.seed) == (2, "cpu", 3)
        assert [box.positive for box in request.boxes] == [True, False]

    def test_a_model_in_a_file_beside_the_document(self, tmp_path):
        request = request_of(parse("---\nmodel: tiny.py:build\n---\n", "docs/w.md"))
        assert request.target == f"{tmp_path}/docs/tiny.py:build"
        request = request_of(parse("---\nrun:\n  model: pkg.mod:build\n---\n", "docs/w.md"), "cpu")
        assert (request.target, request.device) == ("pkg.mod:build", "cpu")

    @pytest.mark.parametrize(
        ("run", "code", "what"),
        [
            (["imag: bus.png"], "front-matter", "no key 'imag' in 'run'"),
            (["image: 3"], "front-matter", "'image' in 'run' is not a file name"),
            (["image: [3]"], "front-matter", "'image' in 'run' is not a file name"),
            (["prompt: [a]"], "front-matter", "'prompt' in 'run' is not text"),
            (["boxes: 3"], "front-matter", "'boxes' in 'run' is not a list of boxes"),
            (["boxes: [3]"], "front-matter", "'boxes' in 'run' is not a list of boxes"),
            (["seed: x"], "front-matter", "'x' is not a seed"),
            (["device: tpu"], "front-matter", "'tpu' is not a device"),
            (["image: bus.png", "boxes: [[1, 2, 3]]"], "box", "'1,2,3' is not four numbers"),
            (["image: bsu.png"], "file-missing", None),
            (["model: sam4", "image: bus.png"], "unknown-model", None),
        ],
    )
    def test_wrong_front_matter_is_told(self, run, code, what):
        with pytest.raises(ShapeflowError) as caught:
            self.request(run)
        assert caught.value.code == code
        assert what is None or caught.value.what == what


class TestRun:
    """``--run`` with a small model of torch."""

    @pytest.fixture(autouse=True)
    def _model(self, tmp_path, monkeypatch):
        (tmp_path / "docs").mkdir()
        (tmp_path / "docs" / "tiny.py").write_text(MODEL)
        monkeypatch.chdir(tmp_path)

    def test_a_shapes_only_run_counts_value_claims_as_skipped(self, tmp_path, capsys):
        (tmp_path / "docs" / "w.md").write_text(RUN.format(device="meta"))
        code, out, _ = check(capsys, "--run", "docs/w.md", "-o", "kept.trace.json")
        assert code == 0
        assert out.splitlines()[-1] == "5 claims, all satisfied: 2 hold, 3 need a real run"
        assert check(capsys, "kept.trace.json", "docs/w.md")[0] == 0

    def test_a_real_run_judges_value_claims(self, tmp_path, capsys):
        (tmp_path / "docs" / "w.md").write_text(RUN.format(device="meta"))
        code, out, err = check(capsys, "--run", "docs/w.md", "--device", "cpu")
        assert (code, out.splitlines()[-1]) == (0, "5 claims, all satisfied: 5 hold")
        assert "tiny.py:build on cpu" in err

    def test_a_model_that_raises(self, tmp_path, capsys):
        (tmp_path / "docs" / "w.md").write_text(RUN.format(device="cpu").replace("build", "broken"))
        code, out, err = check(capsys, "--run", "docs/w.md", "--quiet")
        assert (code, out) == (3, "")
        assert "error[model-crash]: the model raised RuntimeError" in err


RUNS = """\
---
model: tiny.py:build
runs:
  plain:
    device: meta
  real:
    model: tiny.py:build
    device: cpu
---
# Tiny

```shapes run=all
head:out [B, 2]
```

```shapes run=real
real head:in [3, 4]
value .:out ~= sigmoid(head:out)
```
"""


class TestRuns:
    @pytest.fixture
    def runs(self, folder):
        (folder / "tiny.py").write_text(MODEL)
        (folder / "runs.md").write_text(RUNS)
        return folder

    def test_all_of_them_are_made_and_kept_by_name(self, runs, capsys):
        code, out, _ = check(capsys, "--run", "runs.md", "-o", "t.trace.json", "--format", "json")
        data = json.loads(out)
        assert (code, data["passed"], data["need_a_real_run"]) == (0, True, 0)
        assert data["runs"] == ["plain", "real"]
        plain, real = "t.plain.trace.json", "t.real.trace.json"
        assert {path.name for path in runs.glob("t.*.trace.json")} == {plain, real}
        for given in ((real, plain), (plain, f"real={real}")):
            assert check(capsys, *given, "runs.md")[0] == 0

    def test_a_run_without_a_trace(self, runs, capsys):
        check(capsys, "--run", "runs.md", "-o", "t.trace.json", "-q")
        code, _, said = check(capsys, "t.plain.trace.json", "runs.md")
        assert code == 2
        assert "error[run-missing]: no trace is given of the run 'real'" in said
        assert "shapeflow check plain=FILE real=FILE runs.md" in said

    def test_a_trace_of_another_run(self, runs, capsys):
        check(capsys, "--run", "runs.md", "-o", "t.trace.json", "-q")
        code, _, said = check(capsys, "t.plain.trace.json", "reel=t.real.trace.json", "runs.md")
        assert code == 2
        assert "error[unknown-run]: no run 'reel' in this document" in said

    def test_a_wrong_run_is_told_before_any_is_made(self, runs, capsys):
        (runs / "runs.md").write_text(RUNS.replace("device: cpu", "devise: cpu"))
        code, _, said = check(capsys, "--run", "runs.md", "-o", "t.trace.json")
        assert (code, list(runs.glob("t.*.trace.json"))) == (2, [])
        assert "no key 'devise' in 'run'" in said
        assert "runs.md (runs: real)" in said

    def test_a_trace_gets_its_name_from_the_command(self, runs, capsys):
        assert main(["trace", "--model", "tiny.py:build", "--name", "plain", "-o", "p.trace.json", "-q"]) == 0
        assert json.loads((runs / "p.trace.json").read_text())["run"]["name"] == "plain"

    def test_documents_that_ask_for_the_same_runs_share_them(self, runs, capsys):
        counting = MODEL.replace("def build():", "def build():\n    print('built', flush=True)")
        (runs / "tiny.py").write_text(counting)
        (runs / "more.md").write_text(RUNS.replace("# Tiny", "# More"))
        code, out, _ = check(capsys, "--run", "runs.md", "more.md", "-q", "-o", "t.trace.json")
        assert (code, out.count("built")) == (0, 2)
        assert {path.name for path in runs.glob("t.*.trace.json")} == {
            "t.plain.trace.json",
            "t.real.trace.json",
        }
        (runs / "more.md").write_text(RUNS.replace("device: meta", "device: meta\n    seed: 3"))
        code, _, said = check(capsys, "--run", "runs.md", "more.md", "-q", "-o", "t.trace.json")
        assert code == 2
        assert "the walkthroughs ask for 3 runs, and -o keeps one of each name" in said

    def test_one_document_whose_run_cannot_be_asked_for_leaves_the_others(self, runs, capsys):
        (runs / "bad.md").write_text(RUNS.replace("device: cpu", "devise: cpu"))
        code, out, said = check(capsys, "--run", "bad.md", "runs.md")
        assert (code, "3 claims, all satisfied" in out) == (2, True)
        assert "bad.md (runs: real)" in said

    def test_a_report_says_which_claims_need_another_run(self, runs, capsys):
        check(capsys, "--run", "runs.md", "-o", "t.trace.json", "-q")
        assert main(["report", "t.plain.trace.json", "runs.md", "--format", "markdown"]) == 0
        out = capsys.readouterr().out
        assert "2 need another run" in out
        assert "needs the run real" in out


class TestSeveralTraces:
    """Each document takes the traces of its model and runs, of those that are given."""

    @pytest.fixture
    def given(self, folder):
        for name in ("one", "two", ""):
            trace = stack(run=name)
            trace.save(f"{name or 'plain'}.trace.json")
        replace(trace, run=replace(trace.run, target="other")).save("other.trace.json")
        runs = "runs:\n  one: {}\n  two: {}\n"
        claims = "```shapes {}\nhead:out  [1, 8, 10]\n```\n"
        (folder / "both.md").write_text(f"---\n{runs}---\n{claims.format('run=all')}")
        (folder / "single.md").write_text(claims.format(""))
        (folder / "other.md").write_text(f"---\nmodel: other\n---\n{claims.format('')}")
        return folder

    @pytest.mark.parametrize(
        "words",
        [
            "one.trace.json two.trace.json both.md",
            "two.trace.json plain.trace.json both.md",
            "one=plain.trace.json two.trace.json both.md",
            "two.trace.json plain.trace.json both.md single.md",
            "one.trace.json two.trace.json plain.trace.json both.md single.md",
            "plain.trace.json two.trace.json [bs]*.md",
            "other.trace.json other.md",
            "plain.trace.json single.md single.md",
        ],
    )
    def test_every_document_finds_its_own(self, given, capsys, words):
        code, _, said = check(capsys, *words.split())
        assert (code, said) == (0, "")

    @pytest.mark.parametrize(
        ("words", "error"),
        [
            ("one.trace.json both.md", "no trace is given of the run 'two'"),
            ("one.trace.json one=two.trace.json both.md", "two traces are of the run 'one'"),
            ("one.trace.json two.trace.json three=plain.trace.json both.md", "no run 'three'"),
            ("one.trace.json two.trace.json single.md", "several traces, and the document has one run"),
            ("plain.trace.json other.md", "the trace is of another model"),
            ("plain.trace.json other.trace.json single.md", "several traces, and the document has one run"),
        ],
    )
    def test_what_does_not_fit_is_told(self, given, capsys, words, error):
        code, _, said = check(capsys, *words.split())
        assert code == 2
        assert error in said
