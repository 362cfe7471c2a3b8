"""How traces and check results show themselves in a notebook."""

from __future__ import annotations

import pytest
from report_samples import crashed, detector, hostile, write_walkthrough

from shapeflow.walkthrough.check import check


def test_a_trace_shows_its_stages():
    text = detector()._repr_html_()
    assert "<b>tiny:detector</b>" in text
    assert "1.00 M parameters" in text
    assert "mask_head" in text
    assert "2 outputs never read" in text


def test_a_crash_is_said():
    assert "failed: RuntimeError: mat1" in crashed()._repr_html_()


def test_a_result_shows_what_is_wrong_in_full_and_the_rest_on_demand(tmp_path):
    text = check(detector(), write_walkthrough(tmp_path))._repr_html_()
    assert "11 of 13 claims hold, 1 correction" in text
    assert text.index("decoder:out[0]") < text.index("<details>")
    assert text.count("<tr>") == 15


@pytest.mark.parametrize("make", [detector, hostile, crashed])
def test_it_is_small_and_has_no_active_part(make):
    text = make()._repr_html_()
    assert len(text) < 60_000
    assert "<script" not in text
    assert "<img" not in text
    assert "http" not in text
