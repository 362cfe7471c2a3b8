"""``shapeflow show``: what it prints, as text and as JSON, and how it refuses."""

from __future__ import annotations

import gc
import json
import sys
from pathlib import Path
from typing import Any

import pytest
from builders import TraceBuilder

from shapeflow.cli import main
from shapeflow.model.trace import Trace


@pytest.fixture
def file(sample: Trace, tmp_path: Path) -> str:
    return str(sample.save(tmp_path / "tiny.trace.json"))


@pytest.fixture
def show(file: str, capsys: pytest.CaptureFixture[str]) -> Any:
    def run(*words: str, code: int = 0) -> str:
        assert main(["show", file, *words]) == code
        printed = capsys.readouterr()
        assert bool(printed.err) == (code == 2)
        return (printed.err if code == 2 else printed.out).replace(file, "tiny.trace.json")

    return run


def rows(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def table_of(text: str) -> str:
    """Return what stands above the lines that say how tensors were made."""
    return text.partition("\n\n")[0].rstrip("\n") + "\n"


# Text


def test_a_call_is_shown_with_its_class_caller_line_and_ports(show: Any) -> None:
    assert table_of(show("decoder.box_head@1")) == (
        "decoder.box_head@1\n"
        "  class      Linear\n"
        "  called by  decoder@0, tiny/decoder.py:77\n"
        "  line       boxes = self.box_head(queries)\n"
        "  in[0]      f32[1, 10, 16]\n"
        "  out        f32[1, 10, 4]\n"
    )


def test_calls_are_kept_apart(show: Any) -> None:
    blocks = show("decoder.box_head").split("\n\n")
    assert [block.splitlines()[0] for block in blocks] == [
        f"decoder.box_head@{number}" for number in range(3)
    ] + ["decoder.box_head@0:out = linear(decoder.box_head@0:in[0])"]
    assert "called by  .@0\n" in blocks[2]
    assert "in[0] (in.image)  f32[1, 3, 28, 28]" in show("backbone.forward_image()")
    assert "called by         the caller of the model" in show("backbone.forward_image()")


def test_an_op(show: Any) -> None:
    assert table_of(show("mask_head/einsum")) == (
        "mask_head/einsum@0\n"
        "  ran in  mask_head@0, tiny/masks.py:21\n"
        '  line    return einsum("bqc,bchw->bqhw", queries, pixels)\n'
        "  in[0]   'bqc,bchw->bqhw'\n"
        "  in[1]   f32[1, 10, 16]\n"
        "  in[2]   f32[1, 16, 14, 14]\n"
        "  out     f32[1, 10, 14, 14]\n"
    )
    assert "  part of  encoder.layers.0.self_attn/multi_head_attention_forward@0\n" in show(
        "encoder.layers.0.self_attn/scaled_dot_product_attention"
    )


def test_ports_are_a_table(show: Any) -> None:
    assert table_of(show("encoder.layers.*:out")) == (
        "encoder.layers.0@0:out  f32[1, 196, 16]\nencoder.layers.1@0:out  f32[1, 196, 16]\n"
    )
    assert table_of(show(".:out.masks")) == ".@0:out.masks  f32[1, 10, 14, 14]  tiny/masks.py:21\n"
    assert table_of(show(".:out.presence")) == ".@0:out.presence  None  tiny/detector.py:90\n"
    assert "f32[1, 2, 196, 196]  never built as a tensor\n" in show("encoder.layers.0.self_attn/*:score")


def test_how_a_tensor_was_made_stands_below_the_table(show: Any) -> None:
    assert show("encoder.layers.*:out").partition("\n\n")[2] == (
        "encoder.layers.0:out = encoder.layers.0:in[0] + encoder.layers.0.self_attn:out[0]\n"
        "encoder.layers.1:out = encoder.layers.1:in[0] + encoder.layers.1.self_attn:out[0]\n"
    )
    assert show("mask_head").endswith(
        '\n\nmask_head:out = einsum("bqc,bchw->bqhw", mask_head:in[0], mask_head:in.pixels)\n'
    )
    assert " = " not in show("**/*:out"), "many ports are only listed"


def test_long_names_are_folded(show: Any) -> None:
    assert table_of(show("encoder.layers.0.self_attn/{view,scaled_dot_product_attention}@0:out")) == (
        "encoder.layers.0.self_attn\n"
        "  /view@0:out                          f32[1, 2, 196, 8]\n"
        "  /scaled_dot_product_attention@0:out  f32[1, 2, 196, 8]\n"
    )


def test_long_names_that_share_nothing_are_grouped(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    build = TraceBuilder()
    x = build.input("f32[1]")
    for side in ("left", "right"):
        with build.call(f"{side}.{'a' * 60}", x) as call:
            x = build.op("relu", [x], "f32[1]", source=build.source("x = relu(x)"))
            call.returns(x, x)
    file = str(build.trace().save(tmp_path / "a.trace.json"))
    assert main(["show", file, "**:out"]) == 0
    assert table_of(capsys.readouterr().out) == (
        f"left.{'a' * 60}\n"
        "  @0:out[0]  f32[1]  tiny/model.py:10\n"
        "  @0:out[1]  f32[1]  tiny/model.py:10\n"
        f"right.{'a' * 60}\n"
        "  @0:out[0]  f32[1]  tiny/model.py:11\n"
        "  @0:out[1]  f32[1]  tiny/model.py:11\n"
    )
    assert main(["show", file, "**/relu:out"]) == 0
    assert capsys.readouterr().out.splitlines()[:2] == [
        f"left.{'a' * 60}",
        "  /relu@0:out  f32[1]  tiny/model.py:10",
    ]


def test_a_call_that_raised(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    build = TraceBuilder()
    x = build.input("f32[1]")
    with build.call("head", x):
        build.fails("matmul", [x, x], "no")
    file = str(build.trace().save(tmp_path / "a.trace.json"))
    assert main(["show", file, "head"]) == 0
    assert "ended      with an exception" in capsys.readouterr().out
    assert main(["show", file]) == 0
    assert "incomplete" in capsys.readouterr().out


def test_an_op_outside_all_calls(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    build = TraceBuilder()
    x = build.input("f32[1]")
    build.op("sigmoid", [build.op("relu", [x], "f32[1]")], "f32[1]")
    file = str(build.trace().save(tmp_path / "a.trace.json"))
    assert main(["show", file, "/relu"]) == 0
    assert "ran in  the caller of the model" in capsys.readouterr().out
    assert main(["show", file, "/relu:in", "--reaches", "/sigmoid:out"]) == 0
    assert "f32[1]  outside all calls  relu, sigmoid" in capsys.readouterr().out
    assert main(["show", file, "--unused"]) == 0
    assert capsys.readouterr().out == "0 values produced but never read\n"


def test_without_a_selector_there_is_an_overview(show: Any) -> None:
    text = show()
    assert text.startswith("tiny.trace.json: tiny:detector on meta\n\n")
    assert "backbone.forward_image()" in text
    assert "3 unused tensors" in text
    assert rows(show("--json")) == [
        {
            "target": "tiny:detector",
            "device": "meta",
            "complete": True,
            "modules": 18,
            "calls": 19,
            "ops": 34,
            "values": 40,
            "escapes": 1,
            "unused": 3,
            "peak_bytes": 0,
            "gradients": {},
            "training": {},
            "inputs": {"prompt": "a bus", "seed": 0},
        }
    ]


# JSON


def test_json_of_ports(show: Any) -> None:
    assert rows(show(".:out", "--json"))[1:3] == [
        {
            "path": ".",
            "call": 0,
            "port": "out.masks",
            "dtype": "f32",
            "shape": [1, 10, 14, 14],
            "source": "tiny/masks.py:21",
            "made": "mask_head:out",
        },
        {
            "path": ".",
            "call": 0,
            "port": "out.presence",
            "dtype": None,
            "shape": None,
            "source": "tiny/detector.py:90",
            "text": "None",
        },
    ]
    assert list(rows(show("text:out", "--json"))[0]) == [
        *("path", "call", "port", "dtype", "shape", "source", "made")
    ]


def test_json_of_calls_and_ops_is_their_ports(show: Any) -> None:
    found = rows(show("decoder.box_head@1-2", "--json"))
    assert [(row["call"], row["port"], row["shape"]) for row in found] == [
        (1, "in[0]", [1, 10, 16]),
        (1, "out", [1, 10, 4]),
        (2, "in[0]", [1, 10, 16]),
        (2, "out", [2, 1, 10, 4]),
    ]
    einsum = rows(show("mask_head/einsum", "--json"))
    assert (einsum[0]["path"], einsum[0]["text"]) == ("mask_head/einsum", "'bqc,bchw->bqhw'")
    score = rows(show("encoder.layers.0.self_attn/*:score", "--json"))
    assert score[0]["materialized"] is False


def test_json_of_a_call_without_ports(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    build = TraceBuilder()
    with build.call("head"):
        pass
    file = str(build.trace().save(tmp_path / "a.trace.json"))
    assert main(["show", file, "head", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["port"] is None


# Flow


def test_reaches_shows_the_shortest_path(show: Any) -> None:
    assert show("backbone.trunk:in", "--reaches", "mask_head:out") == (
        "'backbone.trunk:in' reaches 'mask_head:out': 4 ops\n"
        "  f32[1, 3, 28, 28]   start\n"
        "  f32[1, 16, 7, 7]    backbone.trunk@0  conv2d, relu_\n"
        "  f32[1, 16, 14, 14]  backbone.convs.0@0  interpolate\n"
        "  f32[1, 10, 14, 14]  mask_head@0  einsum\n"
    )
    assert show("encoder:out", "--reaches", "decoder:in") == (
        "'encoder:out' reaches 'decoder:in': the same tensor\n  f32[1, 196, 16]  start\n"
    )
    assert show("decoder.box_head@0", "--reaches", "mask_head", code=1) == (
        "'decoder.box_head@0' never reaches 'mask_head'\n"
        "  the last op it did reach is decoder.box_head/linear@0\n"
    )
    assert show("mask_head", "--reaches", "text", code=1) == "'mask_head' never reaches 'text'\n"


def test_reaches_as_json(show: Any) -> None:
    (found,) = rows(show("backbone.trunk:in", "--reaches", "backbone.convs.0:out", "--json"))
    assert found == {
        "answer": "yes",
        "path": [
            {
                "call": "backbone.trunk@0",
                "ops": ["backbone.trunk/conv2d@0", "backbone.trunk/relu_@0"],
                "dtype": "f32",
                "shape": [1, 16, 7, 7],
            },
            {
                "call": "backbone.convs.0@0",
                "ops": ["backbone.convs.0/interpolate@0"],
                "dtype": "f32",
                "shape": [1, 16, 14, 14],
            },
        ],
        "doubts": [],
    }
    assert rows(show("mask_head", "--reaches", "text", "--json", code=1))[0]["answer"] == "no"


def test_an_undecided_question_says_why(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    build = TraceBuilder()
    mask, image = build.input("bool[1]"), build.input("f32[1]")
    with build.call("a", image, mask) as call:
        build.escape(mask, "bool")
        call.returns(build.op("relu", [image], "f32[1]"))
    file = str(build.trace().save(tmp_path / "a.trace.json"))
    assert main(["show", file, "a:in[1]", "--reaches", "a:out"]) == 1
    assert capsys.readouterr().out == (
        "undecided whether 'a:in[1]' reaches 'a:out': no path was seen, but\n"
        "  bool of bool[1] in 'a', was read into Python and may choose a branch\n"
    )
    assert main(["show", file, "a:in[1]", "--reaches", "a:out", "--json"]) == 1
    assert len(json.loads(capsys.readouterr().out)["doubts"]) == 1


def test_users_and_producers(show: Any) -> None:
    assert show("encoder:out", "--producers") == "encoder.layers.1/add@0:out  f32[1, 196, 16]\n"
    assert [row["path"] for row in rows(show("encoder:out", "--users", "--json"))] == [
        "decoder._box_bias()/matmul",
        "decoder/matmul",
        "decoder._box_bias()/matmul",
        "decoder/matmul",
    ]


def test_no_users(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", file, "mask_head:out", "--users"]) == 0
    assert capsys.readouterr() == ("", "no op reads it\n")
    assert main(["show", file, "text:in", "--producers"]) == 0
    assert capsys.readouterr() == ("", "no op made it\n")
    assert main(["show", file, "text:in", "--producers", "--json"]) == 0
    assert capsys.readouterr() == ("", "")


def test_unused_lists_what_is_never_read(show: Any) -> None:
    assert show("--unused") == (
        "backbone.convs.1/max_pool2d@0:out  f32[1, 16, 3, 3]\n"
        "text/mean@0:out                    f32[1, 16]\n"
        "decoder.box_head/linear@0:out      f32[1, 10, 4]\n"
        "\n"
        "3 values produced but never read; 1.42 k FLOPs for nothing\n"
    )
    assert [row["path"] for row in rows(show("--unused", "--json"))] == [
        "backbone.convs.1/max_pool2d",
        "text/mean",
        "decoder.box_head/linear",
    ]


def test_whether_one_thing_is_unused(show: Any) -> None:
    assert show("text:out[1]", "--unused").startswith("'text:out[1]' is unused")
    assert show("text", "--unused", code=1) == (
        "'text' is used: returned by '.'\n"
        "  f32[1, 5, 16]   start\n"
        "  f32[1, 10, 16]  decoder@0  add_\n"
        "  f32[1, 10, 4]   decoder.box_head@1  linear\n"
    )
    assert rows(show("text:out[1]", "--unused", "--json")) == [{"unused": True, "use": None, "path": []}]
    assert rows(show("text", "--unused", "--json", code=1))[0]["use"] == "returned by '.'"


# Refusals


def test_a_selector_that_names_nothing(show: Any) -> None:
    assert show("encoder.layrs.0:out", code=2) == (
        "error[unknown-path]: no call 'encoder.layrs.0' in this trace\n"
        "  --> SELECTOR, column 9\n"
        "  |\n"
        "1 | encoder.layrs.0:out\n"
        "  |         ^^^^^^^\n"
        "   = found:    'encoder' has layers\n"
        "   = try:      encoder.layers.0\n"
    )


def test_carets_point_into_the_selector_of_reaches_too(show: Any) -> None:
    text = show("encoder", "--reaches", "decoder.nrm", code=2)
    assert "  --> option --reaches, column 9\n" in text
    assert "1 | decoder.nrm\n  |         ^^^\n" in text
    assert "1 | .:out.presence\n" in show(".:out.presence", "--users", code=2)
    assert "|" not in show("a\x1b[31m", code=2)


def test_questions_without_a_selector(show: Any) -> None:
    assert "option --users" in show("--users", code=2)
    assert "option --reaches" in show("--reaches", "x", code=2)
    assert "not allowed with" in show("x", "--users", "--producers", code=2)


def test_a_file_that_is_not_there(tmp_path: Path, sample: Trace, capsys: pytest.CaptureFixture[str]) -> None:
    sample.save(tmp_path / "sam3.trace.json")
    assert main(["show", str(tmp_path / "sam.trace.json")]) == 2
    assert f"= try:      {tmp_path / 'sam3.trace.json'}" in capsys.readouterr().err


# Terminals


def test_nothing_steers_the_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    build = TraceBuilder()
    with build.call("a\x1b[2Jb", build.input("f32[1]")) as call:
        call.returns(None)
    file = str(build.trace().save(tmp_path / "a.trace.json"))
    assert main(["show", file, "*"]) == 0
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert "\\x1b" in out


def test_colour_on_a_terminal_only(
    file: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("shapeflow.commands.show_text.wants_colour", lambda stream: stream is sys.stdout)
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "20")
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert main(["show", file, "encoder.layers.*:out"]) == 0
    out = capsys.readouterr().out
    assert "\x1b[" in out
    assert len(table_of(out).splitlines()) == 2


def test_nothing_collects_garbage_while_a_trace_is_looked_up(
    file: str, show: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []
    monkeypatch.setattr("shapeflow.commands.show.print_lines", lambda _: seen.append(gc.isenabled()))
    show("text")
    assert seen == [False]
    assert gc.isenabled()


@pytest.mark.parametrize(
    "option", [[], ["--users"], ["--producers"], ["--unused"], ["--size", "0"], ["--json"]]
)
@pytest.mark.parametrize("selector", ["0.weight", "*.bias", "1.running_mean"])
def test_a_parameter_or_buffer_can_be_asked_for(selector, option, tmp_path, capsys):
    import torch

    from shapeflow.recording import trace

    model = torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.BatchNorm1d(3)).eval()
    path = trace(model, torch.rand(2, 4), device="meta").save(tmp_path / "x.trace.json")
    assert main(["show", str(path), selector, *option]) in (0, 1, 2)
    said = capsys.readouterr()
    assert "our-bug" not in said.err
    if not option:
        assert f"{selector.replace('*', '0')}  " in said.out
        assert "= " not in said.out  # nothing made it
