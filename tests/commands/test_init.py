"""``shapeflow init``: what a draft says, that it stays true for other sizes, and what goes wrong."""

from __future__ import annotations

import re
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest
import torch
from builders import TraceBuilder
from places import EXAMPLES, ROOT, SUPPORT

import shapeflow
from shapeflow import cli, recording
from shapeflow.adapters.base import load
from shapeflow.adapters.boxes import Box
from shapeflow.adapters.request import Request
from shapeflow.adapters.resize import resized
from shapeflow.model.axis_names import name_axes
from shapeflow.model.trace import Trace
from shapeflow.runs.axes import find_axes
from shapeflow.walkthrough.check import check
from shapeflow.walkthrough.reader import parse

MODELS = SUPPORT / "varied_models.py"
BUS = EXAMPLES / "school-bus.jpg"


def trace_of(model, device="meta", resize=None):
    target = f"{MODELS}:{model}"
    request = Request(target, device, resize=resize or {})
    return recording.run(partial(load(target), request), device=device, adapter="factory", target=target)


@pytest.fixture(scope="module")
def drafts(tmp_path_factory):
    """Model -> the text of its draft, each made once."""
    folder = tmp_path_factory.mktemp("drafts")
    made = {}

    def draft(model, device="meta"):
        if model not in made:
            trace_of(model, device).save(folder / f"{model}.trace.json")
            words = [
                "init",
                "--trust",
                str(folder / f"{model}.trace.json"),
                "-o",
                str(folder / f"{model}.md"),
                "-q",
            ]
            assert cli.main(words) == 0
            made[model] = (folder / f"{model}.md").read_text(encoding="utf-8")
        return made[model]

    return draft


def claims(text):
    """The claims of a draft, the places of those that are relative to a module with its name."""
    found = []
    for claim in parse(text).claims:
        line = " ".join(claim.text.split())
        module = claim.scope.module
        if module and claim.kind in ("shape", "none", "making") and not line.startswith("."):
            line = f"{module}{'' if line.startswith((':', '/', '@')) else '.'}{line}"
        found.append(line)
    return found


def failures(text, trace):
    return [f"{verdict.claim.text}: {verdict.what}" for verdict in check(trace, parse(text)).failed]


# What a draft says


@pytest.mark.slow
def test_dims_of_equal_size_are_told_apart(drafts):
    found = claims(drafts("tagger"))
    assert ".:in.tokens i64[B, T]" in found
    assert ".:in.mask [B, T]" in found
    assert ".:out.tags [B, T + 1, 5]" in found


@pytest.mark.slow
def test_an_input_that_nobody_reads_is_named_as_its_likes(drafts):
    found = claims(drafts("tagger"))
    assert ".:in.extra [B, T]" in found
    assert ".:in.extra unused" in found


@pytest.mark.slow
def test_repeats_helpers_nothing_and_what_does_not_run(drafts):
    found = claims(drafts("tagger"))
    assert "count layers.* = 3" in found
    assert ".front():out [B, T + 1, 32]" in found
    assert ".:out.hidden None" in found
    assert "count calls pad = 0" in found
    assert "class head = Sequential" in found
    assert "head.0:out [B, T + 1, 64]" in found


def test_layers_that_keep_the_shape_are_left_out(drafts):
    assert not [claim for claim in claims(drafts("tagger")) if claim.startswith(("layers.*:", "head.1"))]


@pytest.mark.slow
def test_sequences_first_and_a_batch_of_one(drafts):
    found = claims(drafts("looking"))
    assert ".:in.query [T, B, 16]" in found
    assert ".:in.keys [S, B, 16]" in found
    assert ".:in.places [T, 16]" in found
    assert ".:in.mask bool[B, S]" in found
    assert ".:out[0] [T + S, B, 16]" in found
    assert ".:out[1] [B, T, S]" in found


@pytest.mark.slow
def test_height_and_width_that_are_equal(drafts):
    found = claims(drafts("square"))
    assert ".:in.image [B, 3, H, W]" in found
    assert ".:in.mask [B, H, W]" in found
    assert ".:out [B, 8, (H // 4)*(W // 4)]" in found  # odd sizes were tried, too


@pytest.mark.slow
def test_a_number_of_calls_that_moves(drafts):
    assert "count calls cell = T" in claims(drafts("steps"))


def test_calls_that_differ_are_told_apart(drafts):
    found = claims(drafts("twice"))
    assert "head@0-2:out [B, 4]" in found
    assert "head@3:out [2, B, 4]" in found


def test_what_cannot_vary_stays_a_number(drafts):
    assert claims(drafts("fixed")) == ["class . = Fixed", ".:in.x [3, 4]", ".:out [3, 4]"]


@pytest.mark.slow
def test_a_model_that_reads_values_is_really_run(drafts):
    draft = drafts("chooser", "cpu")
    assert claims(draft) == ["class . = Chooser", ".:in.x [B, N]", ".:out[0] [_, N]", ".:out[1] [B, N]"]


# It stays true


@pytest.mark.parametrize(
    ("model", "resize"),
    [
        ("tagger", {(f"in[{i}]", dim): (9, 23)[dim] for i in range(3) for dim in range(2)}),
        ("tagger", {(f"in[{i}]", dim): 1 for i in range(3) for dim in range(2)}),
        pytest.param(
            "looking",
            {
                ("in[0]", 0): 6,
                ("in[2]", 0): 6,
                ("in[1]", 0): 31,
                ("in[3]", 1): 31,
                ("in[0]", 1): 8,
                ("in[1]", 1): 8,
                ("in[3]", 0): 8,
            },
            marks=pytest.mark.slow,
        ),
        pytest.param(
            "square",
            {("in[0]", 2): 12, ("in[1]", 1): 12, ("in[0]", 3): 44, ("in[1]", 2): 44},
            marks=pytest.mark.slow,
        ),
        pytest.param("steps", {("in[0]", 0): 1, ("in[0]", 1): 17}, marks=pytest.mark.slow),
        ("twice", {("in[0]", 0): 29}),
    ],
)
def test_a_draft_is_green_at_once_and_for_sizes_never_tried(drafts, model, resize):
    draft = drafts(model)
    assert failures(draft, trace_of(model)) == []
    other = trace_of(model, resize=resize)
    assert other.run.complete
    assert failures(draft, other) == []


def test_a_draft_turns_red_for_another_model(drafts):
    draft = drafts("tagger").replace("count layers.* = 3", "count layers.* = 4")
    assert len(failures(draft, trace_of("tagger"))) == 1


@pytest.mark.slow
def test_two_drafts_of_one_trace_are_the_same(drafts, tmp_path):
    trace_of("looking").save(tmp_path / "again.trace.json")
    code = "import sys; from shapeflow.cli import main; sys.exit(main(sys.argv[1:]))"
    words = ["init", "--trust", str(tmp_path / "again.trace.json"), "-o", str(tmp_path / "again.md"), "-q"]
    subprocess.run([sys.executable, "-c", code, *words], check=True, env={"PYTHONHASHSEED": "7"}, cwd=ROOT)
    again = (tmp_path / "again.md").read_text(encoding="utf-8")
    assert claims(again) == claims(drafts("looking"))


# The command


@pytest.fixture
def stored(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    trace_of("plain").save("plain.trace.json")
    return tmp_path


def test_it_says_what_it_saw_and_checked(stored, capsys):
    assert cli.main(["init", "--trust", "plain.trace.json"]) == 0
    said = capsys.readouterr()
    assert said.out == ""
    assert "B: batch size, dim 0 of in.x, seen with 2, 3, 4, 5" in said.err
    written = claims((stored / "plain.md").read_text())
    assert f"checked: {len(written)} of {len(written)} hold, in 4 runs" in said.err


@pytest.mark.slow
def test_the_front_matter_says_how_to_run_it(stored):
    (stored / "docs").mkdir()
    assert (
        cli.main(["init", "--trust", "plain.trace.json", "-o", "docs/plain.md", "--title", "How: it #works"])
        == 0
    )
    document = parse((stored / "docs" / "plain.md").read_text())
    assert document.title == "How: it #works"
    place, _, name = document.model.rpartition(":")
    assert (Path(place).resolve(), name) == (Path(MODELS).resolve(), "plain")
    assert cli.main(["check", "--trust", "--run", "docs/plain.md", "-q"]) == 0


def test_pictures_prompt_and_boxes_go_into_the_front_matter(stored):
    from dataclasses import replace

    trace = Trace.load("plain.trace.json")
    inputs = {
        "images": [{"file": "bus.jpg", "size": [4, 3]}],
        "prompt": "bus: yellow",
        "boxes": [
            {"cx": 0.5, "cy": 0.5, "width": 0.2, "height": 0.1, "positive": True},
            {"cx": 0.1, "cy": 0.1, "width": 0.2, "height": 0.2, "positive": False},
        ],
        "seed": 3,
    }
    replace(trace, run=replace(trace.run, adapter="sam3", target="sam3", inputs=inputs)).save(
        "bus.trace.json"
    )
    assert cli.main(["init", "--trust", "bus.trace.json", "--numbers"]) == 0
    assert parse(Path("bus.md").read_text()).run == {
        "image": "bus.jpg",
        "prompt": "bus: yellow",
        "boxes": [[0.5, 0.5, 0.2, 0.1]],
        "negative_boxes": [[0.1, 0.1, 0.2, 0.2]],
        "seed": 3,
    }


def test_a_trace_made_in_python_gives_numbers(stored, capsys):
    shapeflow.trace(torch.nn.Linear(3, 5), torch.rand(2, 3), device="meta").save("linear.trace.json")
    assert cli.main(["init", "--trust", "linear.trace.json"]) == 0
    assert "leaves nothing to run again" in capsys.readouterr().err
    assert ".:out [2, 5]" in claims(Path("linear.md").read_text())


def test_numbers_need_no_torch(stored):
    code = "import sys; from shapeflow.cli import main; main(sys.argv[1:]); sys.exit('torch' in sys.modules)"
    words = ["init", "--trust", "plain.trace.json", "--numbers", "-q"]
    subprocess.run([sys.executable, "-c", code, *words], check=True)
    assert ".:in.x [2, 4]" in claims(Path("plain.md").read_text())


def test_the_depth_can_be_chosen(stored):
    trace_of("tagger").save("tagger.trace.json")
    headings = []
    for depth in ("1", "2"):
        assert (
            cli.main(["init", "--trust", "tagger.trace.json", "--depth", depth, "--numbers", "--force", "-q"])
            == 0
        )
        headings.append(re.findall(r"^#+ .*", Path("tagger.md").read_text(), re.MULTILINE))
    assert headings[0][:3] == ["# Tagger", "## 1. Input and output", "## 2. Steps of the model"]


def test_a_file_is_not_replaced_unasked(stored, capsys):
    Path("plain.md").write_text("mine")
    assert cli.main(["init", "--trust", "plain.trace.json"]) == 2
    assert "error[output-exists]" in capsys.readouterr().err
    assert Path("plain.md").read_text() == "mine"
    assert cli.main(["init", "--trust", "plain.trace.json", "--numbers", "--force", "-q"]) == 0
    assert claims(Path("plain.md").read_text())


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["nope.trace.json"], "file-missing"),
        (["plain.trace.json", "-o", "plain.txt"], "output-name"),
        (["plain.trace.json", "-o", "docs/plain.md"], "not-writable"),
        (["plain.trace.json", "--depth", "0"], "usage"),
        (["plain.trace.json", "--depth", "two"], "usage"),
        (["plain.trace.json", "--deep"], "unknown-option"),
        (["crashed.trace.json"], "trace-failed-run"),
        (["gone.trace.json"], "file-missing"),
        (["changed.trace.json"], "trace-outdated"),
        (["unknown.trace.json"], "unknown-model"),
    ],
)
def test_bad_input_is_one_message(stored, capsys, words, code):
    from dataclasses import replace

    trace = Trace.load("plain.trace.json")
    trace_of("crashing").save("crashed.trace.json")
    for name, target in (("gone", "gone.py:plain"), ("changed", f"{MODELS}:tagger"), ("unknown", "sam33")):
        replace(trace, run=replace(trace.run, target=target)).save(f"{name}.trace.json")
    assert cli.main(["init", "--trust", *words]) == 2
    said = capsys.readouterr().err
    assert f"error[{code}]" in said
    assert "Traceback" not in said
    assert not list(stored.glob("*.md"))


# How axes are found


def fake_trial(allowed, moved=lambda sizes: ()):
    """A model that runs where ``allowed`` says so, and gives a tensor with the dims of ``moved``."""
    tried = []

    def trial(changes):
        sizes = {**trial.own, **changes}
        tried.append(changes)
        if not allowed(sizes):
            return None
        build = TraceBuilder()
        tensor = build.input("f32[1]")
        with build.call("", tensor) as root:
            root.returns(build.op("make", [tensor], f"f32[{', '.join(map(str, moved(sizes)))}]"))
        return build.trace()

    trial.tried = tried
    return trial


def axes(own, allowed, moved=lambda sizes: tuple(sizes.values()), steady=()):
    trial = fake_trial(allowed, moved)
    trial.own = own
    return [set(found.places) for found in find_axes(own, trial, steady)], trial.tried


def test_a_dim_that_must_fit_a_weight_is_fixed():
    own = {("x", 0): 4, ("x", 1): 8}
    found, tried = axes(own, lambda sizes: sizes["x", 1] == 8)
    assert found == [{("x", 0)}]
    assert len(tried) < 10


def test_dims_move_together_where_they_must():
    own = {("x", 0): 4, ("y", 0): 4, ("z", 1): 4}
    found, _ = axes(own, lambda sizes: sizes["x", 0] == sizes["y", 0])
    assert found == [{("x", 0), ("y", 0)}, {("z", 1)}]


def test_a_size_of_one_that_is_broadcast_is_no_axis_of_its_own():
    own = {("x", 0): 1, ("y", 1): 1}
    found, _ = axes(own, lambda sizes: sizes["x", 0] == sizes["y", 1] or 1 in sizes.values())
    assert found == [{("x", 0), ("y", 1)}]


def test_sizes_that_must_be_multiples_are_found():
    found, _ = axes({("x", 1): 12}, lambda sizes: sizes["x", 1] % 4 == 0)
    assert found == [{("x", 1)}]


def test_one_other_size_is_not_enough():
    found, _ = axes({("x", 0): 4}, lambda sizes: sizes["x", 0] in (4, 5))
    assert found == []


def test_the_number_of_trials_is_bounded():
    own = {(f"x{i}", dim): 4 for i in range(20) for dim in range(4)}
    _, tried = axes(own, lambda sizes: list(sizes.values()).count(4) >= 79)
    assert len(tried) <= 80


def test_names_run_on_when_there_are_many_axes():
    build = TraceBuilder()
    tensors = [build.input("f32[3, 5, 7]", f"in[{i}]") for i in range(8)]
    with build.call("", *tensors) as root:
        root.returns(None)
    trace = build.trace()
    named = name_axes(trace, [((f"in[{i}]", dim),) for i in range(8) for dim in range(3)])
    symbols = [axis.symbol for axis in named]
    assert symbols[:3] == ["B", "T", "N"]
    assert len(set(symbols)) == 24


# Inputs of other sizes


def test_resizing_repeats_rows_and_keeps_one_tensor_one():
    ids = torch.tensor([[1, 2], [3, 4]])
    args, kwargs = resized((ids, [ids, 5]), {"mask": torch.zeros(0, 2)}, {("in[0]", 0): 3, ("in.mask", 0): 2})
    assert args[0].tolist() == [[1, 2], [3, 4], [1, 2]]
    assert args[1][0] is args[0]
    assert args[1][1] == 5
    assert kwargs["mask"].shape == (2, 2)


def test_resizing_makes_smaller_too():
    args, _ = resized((torch.arange(6).view(2, 3),), {}, {("in[0]", 1): 2, ("in[0]", 0): 1})
    assert args[0].tolist() == [[0, 1]]


# Real models


@pytest.mark.slow
def test_a_draft_of_a_language_model_of_transformers(tmp_path, monkeypatch):
    pytest.importorskip("transformers")
    monkeypatch.chdir(tmp_path)
    Path("bert.py").write_text(
        "import torch\n"
        "from transformers import BertConfig, BertModel\n"
        "def build():\n"
        "    sizes = dict(hidden_size=64, num_hidden_layers=3, intermediate_size=128)\n"
        "    ids = torch.randint(0, 500, (2, 12))\n"
        "    ones = torch.ones(2, 12, dtype=torch.long)\n"
        "    return BertModel(BertConfig(vocab_size=500, num_attention_heads=4, **sizes)).eval(), "
        "{'input_ids': ids, 'attention_mask': ones}\n"
    )
    assert cli.main(["trace", "--model", "bert.py:build", "-q", "-o", "bert.trace.json"]) == 0
    assert cli.main(["init", "--trust", "bert.trace.json", "-q"]) == 0
    text = Path("bert.md").read_text()
    found = claims(text)
    assert ".:in.input_ids i64[B, T]" in found
    assert ".:in.attention_mask i64[B, T]" in found
    assert ".:out.last_hidden_state [B, T, D]" in found
    assert "count encoder.layer.* = 3" in found
    assert "encoder.layer.*.intermediate:out [B, T, F]" in found
    sizes = {(port, dim): (6, 29)[dim] for port in ("in.input_ids", "in.attention_mask") for dim in range(2)}
    request = Request("bert.py:build", "meta", resize=sizes)
    other = recording.run(
        partial(load("bert.py:build"), request), device="meta", adapter="factory", target="bert.py:build"
    )
    assert failures(text, other) == []


@pytest.mark.slow
def test_a_draft_of_the_official_sam3_is_true_for_more_pictures_and_boxes(tmp_path, monkeypatch, capsys):
    pytest.importorskip("sam3")
    monkeypatch.chdir(tmp_path)
    words = ["trace", str(BUS), "--prompt", "yellow school bus", "-o", "bus.trace.json.gz", "-q"]
    assert cli.main(words) == 0
    assert cli.main(["init", "--trust", "bus.trace.json.gz"]) == 0
    said = capsys.readouterr().err
    assert "B: number of pictures, seen with 1, 2, 3" in said
    assert re.search(r"checked: (\d+) of \1 hold, in 5 runs", said)
    text = Path("bus.md").read_text(encoding="utf-8")
    found = claims(text)
    assert "backbone.forward_image():in.samples [B, 3, 1008, 1008]" in found
    assert ".forward_grounding():out.pred_masks [B, 200, 288, 288]" in found
    assert "._encode_prompt():out[0] [N + 1 + 32, B, 256]" in found
    assert "count transformer.encoder.layers.* = 6" in found
    assert "geometry_encoder.boxes_pool_project:out [B*N, 256, 1, 1]" in found
    assert failures(text, Trace.load("bus.trace.json.gz")) == []
    boxes = (Box(0.5, 0.5, 0.2, 0.2), Box(0.3, 0.3, 0.1, 0.1), Box(0.7, 0.7, 0.2, 0.2, False))
    request = Request("sam3", "meta", images=(BUS,) * 2, prompt="wheel", boxes=boxes)
    other = recording.run(partial(load("sam3"), request), device="meta", adapter="sam3", target="sam3")
    assert failures(text, other) == []
