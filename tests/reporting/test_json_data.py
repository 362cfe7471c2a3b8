"""The report as JSON, and the formats there are."""

from __future__ import annotations

import json

import pytest
from report_samples import detector, hostile, write_walkthrough

from shapeflow.errors import InputError
from shapeflow.reporting import FORMATS, format_names, renderer
from shapeflow.reporting.formats import json_data as data
from shapeflow.reporting.view.build import build
from shapeflow.walkthrough.check import check


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    trace = detector()
    result = check(trace, write_walkthrough(tmp_path_factory.mktemp("data")))
    return json.loads(data.render(build(trace, result, folders=[])))


def test_it_names_its_schema_and_holds_the_claims(report):
    assert report["schema"] == "shapeflow.report/1"
    claims = [
        claim for section in report["sections"] for block in section["blocks"] for claim in block["claims"]
    ]
    assert len(claims) == 14
    assert claims[0]["text"] == "backbone.vision_backbone.trunk:in[0]  [B, 3, S, S]"
    assert claims[0]["found"] == "f32[1, 3, 32, 32]"
    assert claims[0]["evidence"][0]["shape"] == "f32[1, 3, 32, 32]"


def test_pictures_and_the_whole_trace_stay_out(report):
    assert "explorer" not in report
    assert "svg" not in report["overview"]
    assert report["overview"]["mermaid"].startswith("flowchart")
    assert "data" not in report["picture"]


def test_numbers_are_numbers(report):
    assert report["numbers"]["flops"] > 0
    assert isinstance(report["numbers"]["rows"][0]["share"], float)


def test_hostile_names_survive_as_they_are():
    json.loads(data.render(build(hostile(), folders=[])))


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_renders_the_same_view(name):
    assert renderer(name)(build(detector(), folders=[]))


def test_an_unknown_format_suggests_one():
    with pytest.raises(InputError) as caught:
        renderer("htm")
    assert (caught.value.code, caught.value.hint) == ("unknown-format", "html")
    assert format_names()[:4] == list(FORMATS)
