"""Runs with inputs that were given: told in the trace, and the same when they are run again from it."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest
from PIL import Image

import shapeflow
from shapeflow import cli
from shapeflow.errors import InputError
from shapeflow.model.trace import Trace

MODELS = """
    import torch
    from torch import nn

    class Coder(nn.Module):
        def __init__(self):
            super().__init__()
            self.table, self.drop, self.head = nn.Embedding(50, 8), nn.Dropout(), nn.Linear(8, 50)
        def forward(self, tokens, mask=None, *, scale=1.0):
            hidden = self.drop(self.encode(tokens)) * scale
            if mask is not None:
                hidden = hidden * mask[..., None]
            return {"logits": self.head(hidden), "count": tokens.sum()}
        def encode(self, tokens):
            return self.table(tokens)

    class Eye(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(3, 4, 4, stride=4)
        def forward(self, images):
            return self.conv(images)

    def bare():
        return Coder().eval()
    def eye():
        return Eye(), torch.rand(1, 3, 32, 48)
    def function():
        coder = Coder().eval()
        return lambda tokens: coder.head(coder.encode(tokens))
    def frozen():
        return Eye().requires_grad_(False), torch.rand(1, 3, 32, 48)
    def reads():
        class Reads(Coder):
            def forward(self, tokens):
                return self.encode(tokens[: int(tokens.max())])
        return Reads()
"""


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    (tmp_path / "models.py").write_text(textwrap.dedent(MODELS))
    Image.new("RGB", (30, 20)).save(tmp_path / "photo.png")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def traced(*words: str) -> Trace:
    assert cli.main(["trace", "-q", "-o", "t.trace.json", *words]) == 0
    return Trace.load("t.trace.json")


def shapes(trace: Trace) -> list[str]:
    return [str(value) for value in trace.values]


RUNS = [
    ("bare", "--input", "tokens=i64[2, 5]", "--input", "mask=i64[2, 5]", "--input", "scale=0.5"),
    ("bare", "--input", "i64[3, 4]<9", "--call", "encode"),
    ("bare", "--input", "tokens=i64[2, 5]", "--train", "--backward"),
    ("function", "--input", "tokens=i64[2, 5]"),
    ("eye", "--input", "image=photo.png"),
    ("eye", "--input", "in[0]=f32[2, 3, 16, 16]", "--device", "cpu", "--backward"),
]


@pytest.mark.parametrize("words", RUNS, ids=" ".join)
@pytest.mark.slow
def test_it_is_run_again_from_the_draft_of_its_trace(words, capsys):
    name, *options = words
    trace = traced("--model", f"models.py:{name}", *options)
    assert cli.main(["init", "t.trace.json", "-o", "t.md", "-q"]) == 0
    assert cli.main(["check", "--run", "t.md", "-q", "-o", "again.trace.json"]) == 0
    again = Trace.load("again.trace.json")
    assert again.run.inputs == trace.run.inputs
    assert shapes(again) == shapes(trace)
    assert again.run.training == trace.run.training


@pytest.mark.parametrize("words", [RUNS[0], RUNS[1], RUNS[3]], ids=" ".join)
@pytest.mark.slow
def test_sizes_that_were_given_get_names(words, capsys):
    traced("--model", f"models.py:{words[0]}", *words[1:])
    assert cli.main(["init", "t.trace.json", "-o", "t.md", "-q"]) == 0
    text = Path("t.md").read_text()
    assert "in.tokens" in text
    assert "i64[B, T]" in text


def test_the_trace_says_how_each_input_was_made_and_what_was_run(capsys):
    trace = traced("--model", "models.py:bare", "--input", "tokens=i64[2, 5]", "--train", "--backward")
    assert trace.run.inputs == {
        "seed": 0,
        "input": ["tokens=i64[2, 5]"],
        "train": True,
        "backward": True,
        "made": {"tokens": "random integers below 50"},
        "backward_from": ["out.logits"],
    }
    assert trace.run.training == {"": True}
    assert [op.target for op in trace.ops][-2:] == ["sum", "backward"]
    cli.main(["show", "t.trace.json"])
    told = capsys.readouterr().out
    assert "made           tokens: random integers below 50\n" in told
    assert "; backward from the sum of out.logits\n" in told
    cli.main(["show", "t.trace.json", "--json"])
    assert '"made": {"tokens": "random integers below 50"}' in capsys.readouterr().out


def test_a_report_says_so_in_both_languages():
    trace = traced(
        "--model", "models.py:bare", "--input", "tokens=i64[2, 5]", "--call", "encode", "--backward"
    )
    english = shapeflow.report(trace).render("markdown").replace("\\", "")
    assert "tokens: random integers below 50" in english
    assert "encode() instead of the forward; backward from the sum of out" in english
    chinese = shapeflow.report(trace, language="zh").render("markdown").replace("\\", "")
    assert "tokens：小于 50 的随机整数" in chinese
    assert "运行 encode()，而非 forward；并从 out 之和执行反向传播" in chinese


def test_a_small_input_may_be_read_by_the_model():
    assert shapeflow.run("models.py:reads", inputs={"tokens": "i64[60, 2]<50"}).run.complete


def test_python_takes_the_same():
    trace = shapeflow.run(
        "models.py:bare", inputs={"tokens": "i64[2, 5]", "mask": None, "scale": 2}, train=True
    )
    assert trace.run.inputs["input"] == ["tokens=i64[2, 5]", "mask=none", "scale=2"]
    assert shapeflow.run("models.py:bare", inputs="2,5", call="encode").run.inputs["input"] == ["2,5"]
    with pytest.raises(InputError) as caught:
        shapeflow.run("models.py:bare", inputs={"tokens": object()})
    assert caught.value.what == "input 'tokens' is an object of class object"


def test_the_trace_of_a_method_is_named_after_it():
    assert cli.main(["trace", "-q", "--model", "models.py:bare", "--call", "encode", "--input", "2,5"]) == 0
    assert Trace.load("models.bare.encode.trace.json").run.complete


@pytest.mark.parametrize(
    ("words", "exit_code", "says"),
    [
        (["--input", "tokns=i64[2, 5]"], 2, "--input 'tokens=i64[2, 5]'"),
        (["--input", "tokens=i65[2, 5]"], 2, "--input 'tokens=i64[2, 5]'"),
        (["--input", "tokens=f32[B]"], 2, "--input 'tokens=f32[1]'"),
        (["--input", "tokens=nothing.npy"], 2, "no file 'nothing.npy'"),
        (["--input", "image=models.jpg"], 2, "no file 'models.jpg'"),
        (["--call", "encod"], 2, "--call encode"),
        (["--call", "a b"], 2, "'a b' is not the name of a method"),
        ([], 2, "--input 'tokens=i64[1, 16]<50'"),
        (["--prompt", "a dog"], 2, "--input 'text=a dog'"),
        (["photo.png"], 2, "--input 'image=photo.png'"),
        (["--input", "tokens=f32[2, 5]"], 3, "to have one of the following scalar types"),
    ],
)
def test_what_is_wrong_is_told_with_what_to_type(words, exit_code, says, capsys):
    assert cli.main(["trace", "-q", "--model", "models.py:bare", *words]) == exit_code
    assert says in capsys.readouterr().err


@pytest.mark.parametrize("option", [["--input", "x=1"], ["--call", "encode"], ["--train"], ["--backward"]])
def test_sam3_says_that_it_takes_none_of_it(option, capsys):
    assert cli.main(["trace", "-q", "photo.png", *option]) == 2
    told = capsys.readouterr().err
    assert f"'sam3' does not take {option[0]}" in told
    assert "what it takes: IMAGE, --prompt, --box, --negative-box, --checkpoint" in told


def test_nothing_to_go_backward_to(capsys):
    assert cli.main(["trace", "-q", "--model", "models.py:frozen", "--backward"]) == 3
    assert "error[no-gradient]: no output of Eye.forward needs a gradient" in capsys.readouterr().err
