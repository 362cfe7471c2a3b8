"""``shapeflow trace``: what it writes, prints and says, and every wrong input before anything slow begins."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import textwrap
import time

import pytest
from PIL import Image
from places import EXAMPLES

from shapeflow import cli
from shapeflow.model.costs import total_flops
from shapeflow.model.trace import Trace
from shapeflow.runs.progress import FlopCount, Progress

BUS = EXAMPLES / "school-bus.jpg"

MODELS = """
    import sys, time
    import torch
    from torch import nn

    class Block(nn.Module):
        def __init__(self, width):
            super().__init__()
            self.norm = nn.LayerNorm(width)
            self.linear = nn.Linear(width, width)
        def forward(self, x):
            return x + self.linear(self.norm(x))

    class Net(nn.Module):
        def __init__(self, out=16, hurdle=lambda x: x):
            super().__init__()
            self.blocks = nn.ModuleList(Block(16) for _ in range(4))
            self.head = nn.Linear(out, 3)
            self.hurdle = hurdle
        def forward(self, x):
            for block in self.blocks:
                x = block(x)
            return {"logits": self.head(self.hurdle(x))}

    def build():
        return Net().eval(), (torch.zeros(2, 16),)
    def large():
        return Net().eval(), (torch.zeros(20000, 16),)
    def crash():
        return Net(out=17).eval(), (torch.zeros(2, 16),)
    def needs_values():
        return Net(hurdle=lambda x: x[x > 0]).eval(), (torch.zeros(20000, 16),)
    def interrupted():
        def stop(x):
            raise KeyboardInterrupt
        return Net(hurdle=stop).eval(), (torch.zeros(2, 16),)
    def slow():
        def wait(x):
            print("waiting", flush=True)
            time.sleep(60)
            return x
        return Net(hurdle=wait).eval(), (torch.zeros(2, 16),)
    def raises():
        raise ValueError("no such size")
"""


@pytest.fixture(autouse=True)
def project(tmp_path, monkeypatch):
    """A folder with ``models.py`` and a picture, which is the current folder."""
    (tmp_path / "models.py").write_text(textwrap.dedent(MODELS))
    Image.new("RGB", (8, 8), "yellow").save(tmp_path / "bus.png")
    (tmp_path / "page.html").write_text("<!DOCTYPE html><title>mine</title>")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.delitem(sys.modules, "models", raising=False)
    return tmp_path


def trace(*words: str) -> int:
    return cli.main(["trace", *words])


def test_a_model_of_ones_own(project, capsys):
    assert trace("--model", "models.py:build") == 0
    told = capsys.readouterr()
    assert "blocks.0-3 Block × 4" in told.out
    assert "logits f32[2, 3]" in told.out
    assert "1,267 (4.95 KiB), all trainable" in told.out
    assert "shapeflow show models.build.trace.json LAYER" in told.out
    assert "shapes only" in told.err
    assert "models.build.trace.json" in told.err
    stored = Trace.load("models.build.trace.json")
    assert stored.run.complete
    assert (stored.run.adapter, stored.run.target, stored.run.device) == (
        "factory",
        "models.py:build",
        "meta",
    )


def test_a_real_run_gives_the_same_shapes(project, capsys):
    shapes = []
    for device in ("meta", "cpu"):
        assert trace("--model", "models.py:build", "--device", device, "-q") == 0
        stored = Trace.load("models.build.trace.json")
        shapes.append(
            [(call.name, [str(stored.values[p.value]) for p in call.outputs]) for call in stored.calls]
        )
    assert shapes[0] == shapes[1]
    assert capsys.readouterr().out == ""


def test_json_is_one_object_and_nothing_else(capsys):
    assert trace("--model", "models.py:build", "--json", "-o", "out/tiny.trace.json.gz") == 0
    told = capsys.readouterr()
    summary = json.loads(told.out)
    assert summary["trace"] == "out/tiny.trace.json.gz"
    assert summary["parameters"] == 1267
    assert summary["complete"] is True
    assert summary["failure"] is None
    assert summary["layers"][0]["class"] == "Net"
    assert summary["totals"]["multiply_adds"] * 2 == summary["flops"]
    assert told.err == ""


def test_the_table_in_other_forms(project, capsys):
    assert trace("--model", "models.py:build", "--csv", "--depth", "0") == 0
    told = capsys.readouterr()
    assert [line.split(",")[1] for line in told.out.splitlines()] == ["name", "."]
    assert told.err == ""
    assert cli.main(["show", "models.build.trace.json", "--markdown"]) == 0
    assert capsys.readouterr().out.startswith("| layer | class |")
    assert cli.main(["show", "models.build.trace.json", "--unfold", "--depth", "1"]) == 0
    assert "blocks.3 Block" in capsys.readouterr().out
    assert cli.main(["show", "models.build.trace.json", "--csv", "--json"]) == 2
    assert "--json and --csv are two forms of one table" in capsys.readouterr().err
    assert cli.main(["show", "models.build.trace.json", ".", "--unfold"]) == 2
    assert "--unfold is for the table of the whole run" in capsys.readouterr().err
    assert trace("--model", "models.py:build", "--depth", "-1") == 2
    assert "levels are counted from 0, not '-1'" in capsys.readouterr().err


def test_no_line_is_wider_than_the_terminal(project, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    assert trace("--model", "models.py:build") == 0
    told = capsys.readouterr().out
    assert max(map(len, told.splitlines())) <= 80
    assert {"input", "output", "params", "MACs", "FLOPs"} <= set(told.splitlines()[0].split())


def test_a_report_is_written_too(project, capsys):
    assert trace("--model", "models.py:build", "--report", "tiny.html") == 0
    page = (project / "tiny.html").read_text(encoding="utf-8")
    assert page.startswith("<!")
    assert "blocks.0" in page


def test_a_report_is_written_in_the_language_that_is_wanted(project, capsys):
    assert trace("--model", "models.py:build", "--report", "tiny.html", "--lang", "zh", "-q") == 0
    assert '<html lang="zh-CN">' in (project / "tiny.html").read_text(encoding="utf-8")
    assert trace("--model", "models.py:build", "--report", "tiny.html", "--lang", "both") == 0
    english, chinese = (
        (project / name).read_text(encoding="utf-8") for name in ("tiny.html", "tiny.zh.html")
    )
    assert 'href="tiny.zh.html"' in english
    assert 'href="tiny.html"' in chinese
    assert "tiny.zh.html" in capsys.readouterr().err


def test_no_foreign_page_is_written_over_in_either_language(project, capsys):
    (project / "tiny.zh.html").write_text("mine", encoding="utf-8")
    assert trace("--model", "models.py:build", "--report", "tiny.html", "--lang", "both") == 2
    assert "'tiny.zh.html' exists" in capsys.readouterr().err
    assert not (project / "tiny.html").exists()


def test_a_crash_keeps_the_trace_and_says_where(capsys):
    assert trace("--model", "models.py:crash", "-o", "crash.trace.json") == 3
    told = capsys.readouterr()
    assert "error[model-crash]" in told.err
    assert "in head@0 (Linear)" in told.err
    assert "f32[2, 16]" in told.err
    assert "Traceback" not in told.err
    stored = Trace.load("crash.trace.json")
    assert not stored.run.complete
    assert stored.run.failure is not None
    assert [call.name for call in stored.calls if call.raised] == [".", "head"]


def test_a_step_that_needs_values_says_so(capsys):
    assert trace("--model", "models.py:needs_values") == 3
    assert "error[needs-values]" in capsys.readouterr().err
    assert trace("--model", "models.py:needs_values", "--device", "cpu", "-q") == 3
    assert "error[model-crash]" in capsys.readouterr().err


def test_an_interruption_leaves_a_valid_incomplete_trace(capsys):
    assert trace("--model", "models.py:interrupted", "-o", "cut.trace.json") == 130
    assert "marked incomplete" in capsys.readouterr().err
    stored = Trace.load("cut.trace.json")
    assert not stored.run.complete
    assert stored.run.failure is not None
    assert stored.run.failure.type == "KeyboardInterrupt"
    assert len(stored.calls) > 4


@pytest.mark.slow
def test_ctrl_c_from_outside(project):
    process = subprocess.Popen(
        [sys.executable, "-m", "shapeflow", "trace", "--model", "models.py:slow", "-o", "cut.trace.json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # a shell may ignore it
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "waiting\n"
    time.sleep(0.2)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in errors
    assert Trace.load(project / "cut.trace.json").run.complete is False


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["nowhere.jpg"], "error[file-missing]"),
        (["bus.jpg"], "try:      bus.png"),
        (["models.py"], "try:      shapeflow trace --model models.py:build"),
        ([], "error[image-missing]"),
        (["bus.png", "--prompt", " "], "error[prompt-empty]"),
        (["bus.png", "--box", "0.9,0.9,0.4,0.1"], "error[box-outside]"),
        (["bus.png", "--negative-box", "1,2"], "option --negative-box"),
        (["bus.png", "--model", "sma3"], "try:      --model sam3"),
        (["bus.png", "--checkpoint", "sam3.pt"], "error[checkpoint-missing]"),
        (["models.py:build"], "try:      shapeflow trace --model models.py:build"),
        (["bus.png", "--model", "models.py:build"], "error[option-unused]"),
        (["--prompt", "x", "--model", "models.py:build"], "--prompt would not be used"),
        (["--model", "models.py:biuld"], "--model models.py:build"),
        (["--model", "models.py:raises"], "no such size"),
        (["bus.png", "-o", "bus.png"], "error[output-name]"),
        (["bus.png", "-o", "bus.json"], "try:      -o bus.trace.json"),
        (["bus.png", "-o", "models.py/bus.trace.json"], "error[not-writable]"),
        (["bus.png", "-o", "folder.trace.json"], "it is a folder"),
        (["bus.png", "--report", "bus.pdf"], "try:      --report bus.html"),
        (["bus.png", "--report", "page.html"], "error[output-exists]"),
        (["bus.png", "--device", "cuda"], "error[no-cuda]"),
    ],
)
def test_wrong_input_is_told_before_anything_is_written(words, says, project, capsys):
    if "cuda" in words:
        import torch

        if torch.cuda.is_available():
            words = ["--device", "cuda", "--model", "sam"]
            says = "unknown-model"
    (project / "folder.trace.json").mkdir()
    before = {path.name for path in project.iterdir()}
    assert trace(*words) == 2
    told = capsys.readouterr()
    assert says in told.err
    assert "Traceback" not in told.err
    assert told.out == ""
    assert {path.name for path in project.iterdir()} - before <= {"__pycache__"}


@pytest.mark.slow
def test_flops_are_counted_beforehand_in_another_process():
    count = FlopCount(["--model=models.py:large"])
    try:
        limit = time.monotonic() + 120
        while count.total() is None and time.monotonic() < limit:
            time.sleep(0.1)
        assert trace("--model", "models.py:large", "--device", "cpu", "-q") == 0
        assert count.total() == total_flops(Trace.load("models.large.trace.json"))
    finally:
        count.close()


@pytest.mark.slow
def test_a_count_that_fails_is_no_total():
    count = FlopCount(["--model=models.py:raises"])
    count._process.wait(timeout=120)
    assert count.total() is None
    count.close()


class Known:
    """A count that is there at once."""

    def total(self) -> float:
        return 100.0

    def close(self) -> None:
        pass


def test_progress_tells_part_and_time_left(capsys, monkeypatch):
    clock = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    with Progress("net, on cpu", sys.stderr, Known()) as progress:
        for done in (0, 10, 25, 50):
            progress.update(done)
            clock[0] += 10.0
    lines = capsys.readouterr().err.splitlines()
    assert lines == [
        "net, on cpu",
        "net, on cpu:  10%, 1:30 left",
        "net, on cpu:  25%, 1:00 left",
        "net, on cpu:  50%, 30 s left",
    ]


def test_progress_without_a_stream_is_silent(capsys):
    with Progress("net", None) as progress:
        progress.update(1)
    assert capsys.readouterr() == ("", "")


@pytest.mark.slow
def test_sam3_of_transformers(project, capsys):
    assert trace(str(BUS), "--model", "sam3-transformers", "--prompt", "yellow school bus") == 0
    told = capsys.readouterr().out
    for text in ("pred_masks f32[1, 200, 288, 288]", "pred_boxes f32[1, 200, 4]", "840,376,374 (3.13 GiB)"):
        assert text in told
    stored = Trace.load("school-bus.sam3-transformers.trace.json")
    assert [str(stored.values[p.value]) for p in stored.calls[0].inputs if p.name == "in.pixel_values"] == [
        "f32[1, 3, 1008, 1008]"
    ]
    assert stored.run.inputs["prompt"] == "yellow school bus"
    assert stored.run.versions["transformers"]


@pytest.mark.slow
def test_sam3_of_transformers_with_boxes_and_two_pictures(project):
    words = [
        "--model",
        "sam3-transformers",
        "--box",
        "0.5,0.5,0.2,0.2",
        "--negative-box",
        "0.2,0.2,0.1,0.1",
        "-q",
    ]
    assert trace(str(BUS), "bus.png", *words, "-o", "two.trace.json") == 0
    stored = Trace.load("two.trace.json")
    masks = [p.value for p in stored.calls[0].outputs if p.name == "out.pred_masks"]
    assert stored.values[masks[0]].shape == (2, 200, 288, 288)
    assert any(call.path == "geometry_encoder" for call in stored.calls)


def test_default_names_tell_models_apart(project):
    for place in ("a/tiny.py", "b/tiny.py", "b/large.py"):
        (project / place).parent.mkdir(exist_ok=True)
        (project / place).write_text(textwrap.dedent(MODELS))
    (project / "b" / "__init__.py").touch()
    folder = project.name
    names = {
        "a/tiny.py:build": "a.tiny.build",
        "b/tiny.py:build": "b.tiny.build",
        "b/large.py:build": "b.large.build",
        "b/large.py:large": "b.large.large",
        "b.large:build": "b.large.build",
        str(project / "models.py") + ":build": f"{folder}.models.build",
        "../" + folder + "/models.py:build": f"{folder}.models.build",
    }
    for target, name in names.items():
        (project / f"{name}.trace.json").unlink(missing_ok=True)
        assert trace("--model", target, "-q") == 0
        stored = Trace.load(f"{name}.trace.json").run.target
        assert stored == target.removeprefix(f"{project}/")  # no trace tells where on a machine it was made


@pytest.mark.slow
def test_a_failed_run_leaves_a_good_trace_and_report(project, capsys):
    words = ("-o", "out.trace.json", "--report", "out.html")
    assert trace("--model", "models.py:build", *words) == 0
    good, page = (project / "out.trace.json").read_bytes(), (project / "out.html").read_bytes()
    for target, code in (("crash", 3), ("interrupted", 130), ("needs_values", 3)):
        capsys.readouterr()
        assert trace("--model", f"models.py:{target}", *words) == code
        told = capsys.readouterr().err
        assert "out.trace.json is of another run and was left as it is" in told
        assert "out.failed.trace.json" in told.replace("; this run, up to its end, is in", "")
        assert (project / "out.trace.json").read_bytes() == good
        assert (project / "out.html").read_bytes() == page
        assert Trace.load("out.failed.trace.json").run.target == f"models.py:{target}"
        assert (project / "out.failed.html").exists()
    assert trace("--model", "models.py:build", *words) == 0
    assert trace("--model", "models.py:crash", "-q", "-o", "first.trace.json.gz") == 3
    assert trace("--model", "models.py:crash", "-q", "-o", "first.trace.json.gz") == 3
    assert sorted(path.name for path in project.glob("first*")) == ["first.trace.json.gz"]
    (project / "odd.trace.json").write_text("not a trace")
    assert trace("--model", "models.py:crash", "-q", "-o", "odd.trace.json") == 3
    assert (project / "odd.trace.json").read_text() == "not a trace"


@pytest.mark.parametrize("place", ["/", ".", "..", "name", "a/.."])
@pytest.mark.parametrize(
    "words", ["trace --model models.py:build -o", "trace --model models.py:build --report"]
)
def test_a_place_that_is_no_file_is_refused(words, place, capsys):
    assert cli.main([*words.split(), place]) == 2
    assert "is not a name for a" in capsys.readouterr().err


def test_pictures_are_kept_on_request(tmp_path, capsys):
    (tmp_path / "seer.py").write_text(
        textwrap.dedent("""
        import torch
        from torch import nn

        def build():
            return nn.Sequential(nn.Conv2d(3, 8, 3), nn.Conv2d(8, 8, 3)).eval(), (torch.rand(1, 3, 32, 32),)
        """)
    )
    for device, missing in (("cpu", {""}), ("meta", {"shapes-only"})):
        output, report = tmp_path / f"{device}.trace.json", tmp_path / f"{device}.html"
        words = [f"{tmp_path}/seer.py:build", "--device", device, "-o", str(output), "--report", str(report)]
        assert cli.main(["trace", "--keep", "pictures", "--model", *words]) == 0
        pictures = Trace.load(output).pictures
        assert [picture.kind for picture in pictures] == ["input", "features", "features"]
        assert {picture.missing for picture in pictures} == missing
        assert 'class="thumb"' in report.read_text()
    assert (
        cli.main(["trace", "--model", f"{tmp_path}/seer.py:build", "--device", "cpu", "-o", str(output)]) == 0
    )
    assert Trace.load(output).pictures == ()
    capsys.readouterr()
