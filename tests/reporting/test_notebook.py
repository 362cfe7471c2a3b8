"""How traces and check results show themselves in a notebook."""

from __future__ import annotations

import re

import pytest
from builders import TraceBuilder
from report_samples import crashed, detector, hostile, write_walkthrough

from shapeflow.reporting.summary.html import MOST_ROWS
from shapeflow.walkthrough.check import check

SCRIPTS = re.compile(r"<style>.*?</style>|<script>.*?</script>", re.DOTALL)


def wide(layers: int):
    """A model with so many different layers."""
    build = TraceBuilder()
    value = build.input("f32[1, 1]", "in[0]")
    with build.call("", value, _0_x=value, class_name="Net") as root:
        for number in range(layers):
            with build.call(f"layer_{number}", value, _0_x=value, class_name="Block") as block:
                value = build.op("relu", [value], f"f32[1, {number + 1}]")
                block.returns(value)
        root.returns(value)
    return build.trace()


def test_a_trace_shows_its_layers_with_shapes_and_amounts():
    text = detector()._repr_html_()
    assert "<b>tiny:detector</b>" in text
    assert "1.00 M parameters" in text
    assert "mask_head" in text
    assert re.search(r"\[1, \d+", text)
    assert text.count("<details") == text.count("</details>") > 2
    assert text.count("<div") == text.count("</div>")


def test_a_crash_is_said():
    assert "failed: RuntimeError: mat1" in crashed()._repr_html_()


def test_a_summary_shows_the_rows_that_were_asked_for():
    trace = detector()
    assert trace.summary(0)._repr_html_().count("sf-n") < trace._repr_html_().count("sf-n")


def test_a_large_model_is_cut_and_it_is_said():
    text = wide(2_000)._repr_html_()
    assert text.count('class="sf-n"') <= MOST_ROWS
    assert "more: trace.summary(" in text
    assert len(text) < 300_000


def test_a_picture_can_be_opened():
    assert '<img alt="the model, drawn" src="data:image/svg+xml;base64,' in detector()._repr_html_()


def test_without_style_and_script_the_rows_say_what_their_numbers_are():
    text = SCRIPTS.sub("", detector()._repr_html_())
    words = re.sub(r"<[^>]+>", "", text)
    assert "parameters" in words
    assert "multiply-adds" in words
    assert " → " in words


def test_a_result_shows_what_is_wrong_in_full_and_the_rest_on_demand(tmp_path):
    text = check(detector(), write_walkthrough(tmp_path))._repr_html_()
    assert "11 of 13 claims hold, 1 correction" in text
    assert text.index("decoder:out[0]") < text.index("<details>")
    assert text.count("<tr>") == 15


@pytest.mark.parametrize("make", [detector, hostile, crashed])
def test_it_is_small_and_asks_for_nothing(make):
    text = make()._repr_html_()
    assert len(text) < 100_000
    assert text.count("<script") == 1
    assert "http" not in re.sub(r'src="data:[^"]*"', "", text)
    assert "onerror" not in re.sub(r"&lt;.*?&gt;", "", text)
