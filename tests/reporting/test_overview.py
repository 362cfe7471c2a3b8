"""A model at a glance: never longer than asked for, the whole before its parts, and true to the trace."""

from __future__ import annotations

import re

import pytest
import torch
from builders import TraceBuilder
from torch import nn

import shapeflow
from shapeflow.common.control_characters import json_text
from shapeflow.model.costs import total_flops
from shapeflow.reporting.overview import overview, overview_row


class Block(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x):
        return x + self.down(self.up(x).relu())


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.blocks = nn.ModuleList(Block(16) for _ in range(6))
        self.small, self.large = nn.Linear(16, 2), nn.Linear(16, 500)

    def forward(self, x):
        for block in self.blocks:
            x = block(x)
        return {"small": self.small(x), "large": self.large(x)}


@pytest.fixture(scope="module")
def trace():
    return shapeflow.trace(Net(), torch.rand(2, 7, 16), device="meta")


def long_names():
    build = TraceBuilder()
    x = build.input("f32[1, 2]", "in.x")
    with build.call("", x) as root:
        for number in range(40):
            with build.call(f"{'very_long_' * 20}{number}_part", x) as call:
                x = build.op("relu", [x], "f32[1, 2]", flops=number)
                call.returns(*[x] * 30)
        root.returns(x)
    return build.trace()


@pytest.mark.parametrize("most", [0, 1, 50, 230, 399, 400, 401, 555, 800, 1234, 4000, 100_000])
def test_it_is_never_longer(most, trace, sample):
    for one in (trace, sample, long_names()):
        assert len(overview(one, most).text) <= most
        if most >= 400:
            row = overview_row(one, "some.trace.json", most)
            assert len(json_text(row)) <= most
            assert "left out" in overview(one, most).text
            assert overview(one, most).text.splitlines()[-1].startswith("ask: ")


def rows_of(text):
    return [line for line in text.splitlines() if "(" in line and "FLOPs)" in line]


def test_repeats_are_one_row_and_the_whole_comes_before_its_parts(trace):
    text = overview(trace, 100_000).text
    assert [line.split("  (")[0].rstrip() for line in rows_of(text)] == [
        ".  Net  -> small f32[2, 7, 2], large f32[2, 7, 500]",
        "  blocks.[0-5]  Block × 6  -> f32[2, 7, 16]",
        "    ….up  Linear × 6  -> f32[2, 7, 64]",
        "    ….down  Linear × 6  -> f32[2, 7, 16]",
        "  small  Linear  -> f32[2, 7, 2]",
        "  large  Linear  -> f32[2, 7, 500]",
    ]
    assert "left out: the ops in these parts" in text
    assert ". takes in[0] f32[2, 7, 16]" in text


def test_what_says_most_comes_in_first(trace):
    shown: set[str] = set()
    for most in range(400, 1500, 20):
        made = overview(trace, most)
        rows = {line.strip().split("  ")[0] for line in rows_of(made.text)}
        assert shown <= rows, "more room never hides what was shown"
        assert made.shown == len(rows)
        shown = rows
        if "small" in rows:
            assert {".", "blocks.[0-5]", "large"} <= rows
    assert "small" in shown


def test_the_selectors_of_rows_name_what_they_say(trace):
    above: list[str] = []
    for line in rows_of(overview(trace, 100_000).text):
        level = (len(line) - len(line.lstrip())) // 2
        name, kind = line.strip().split("  ")[:2]
        name = name.replace("…", above[level - 1]) if name.startswith("…") else name
        above[level:] = [name]
        matches = trace.select(name)
        times = int(kind.split(" × ")[1]) if " × " in kind else 1
        assert len(matches) == times
        share = float(re.search(r"([\d.]+) % of the FLOPs", line)[1])
        flops = sum(match.call.flops for match in matches)
        assert share == pytest.approx(100 * flops / total_flops(trace), abs=0.06)


def test_a_part_of_the_model(trace):
    calls = [match.call for match in trace.select("blocks.[1-2]")]
    text = overview(trace, 4000, calls).text
    assert "blocks.1 takes in[0] f32[2, 7, 16]" in text
    names = {line.strip().split("  ")[0] for line in rows_of(text)}
    assert names == {"blocks.[1-2]", "….up", "….down"}


def test_a_run_that_failed_says_so():
    build = TraceBuilder()
    x = build.input("f32[1]")
    with build.call("", x), build.call("body", x):
        build.fails("matmul", [x], "the shapes do not fit")
    text = overview(build.trace(), 1000).text
    assert "incomplete: RuntimeError: the shapes do not fit" in text
    assert "raised" in text


def test_hostile_names_stay_on_their_line():
    build = TraceBuilder()
    x = build.input("f32[1]", "in.x")
    with build.call("a\n::error::b\x1b[31m", x) as call:
        call.returns(build.op("relu", [x], "f32[1]"))
    text = overview(build.trace(), 4000).text
    assert "\x1b" not in text
    assert not any(line.startswith("::") for line in text.splitlines())


def test_nothing_ran():
    assert overview(TraceBuilder().trace(), 4000).text.startswith(":") is False
