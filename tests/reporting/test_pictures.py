"""Pictures of values in a report: at their places, once, with what they are, and only pictures."""

from __future__ import annotations

import base64
import json
from dataclasses import replace

import pytest
from report_samples import GREY, PIXEL, crashed, detector, pictured, write_walkthrough

from shapeflow.errors import InputError
from shapeflow.model.pictures import MOST_BYTES, MOST_PICTURES, Picture
from shapeflow.model.trace import Trace
from shapeflow.model.tracefile import dumps, loads
from shapeflow.reporting.formats import html, json_data, markdown, terminal
from shapeflow.reporting.view.build import build
from shapeflow.reporting.view.model import ReportView
from shapeflow.walkthrough.check import check


def view(trace: Trace, folder, language: str = "en") -> ReportView:
    return build(trace, check(trace, write_walkthrough(folder)), language=language, folders=[])


def places(report: ReportView) -> dict[str, list[str]]:
    found = {section.title: [one.kind for one in section.pictures] for section in report.sections}
    return {title: kinds for title, kinds in found.items() if kinds}


def test_a_picture_stands_where_its_value_is_spoken_of_and_only_there(tmp_path):
    report = view(pictured(), tmp_path)
    placed = [kind for kinds in places(report).values() for kind in kinds]
    rest = [one.kind for one in report.pictures.rest]
    assert sorted([*placed, *rest]) == ["attention", "features", "masks"]
    assert places(report)["1.2 Pyramid"] == ["features"]
    page = html.render(report)
    assert page.count('class="thumb"') == 3
    assert 'alt="features: backbone.vision_backbone.convs.2@0:out"' in page


def test_without_a_walkthrough_they_are_in_the_stages(tmp_path):
    report = build(pictured(), folders=[])
    assert sum(len(section.pictures) for section in report.sections) + len(report.pictures.rest) == 3
    assert places(report)


def test_the_first_screen_has_the_masks_with_their_score(tmp_path):
    report = view(pictured(), tmp_path)
    assert report.picture.masks.endswith(GREY)
    assert "the best 0.91" in report.picture.over
    assert view(detector(), tmp_path).picture.masks == ""


def test_masks_of_the_adapter_stay(tmp_path):
    trace = pictured()
    trace = replace(trace, run=replace(trace.run, inputs={**trace.run.inputs, "masks": PIXEL}))
    assert view(trace, tmp_path).picture.masks.endswith(PIXEL)


@pytest.mark.parametrize(
    ("adapter", "device", "checkpoint", "says"),
    [
        ("sam3", "cpu", None, "random numbers"),
        ("sam3-transformers", "cpu", None, "random numbers"),
        ("sam3", "cpu", "sam.pt", "checkpoint"),
        ("factory", "cpu", None, "not known"),
        ("sam3", "meta", None, "shapes only"),
    ],
)
def test_what_the_weights_are_is_said(adapter, device, checkpoint, says, tmp_path):
    trace = pictured(drawn=device != "meta")
    inputs = {**trace.run.inputs, "checkpoint": checkpoint}
    trace = replace(trace, run=replace(trace.run, adapter=adapter, device=device, inputs=inputs))
    assert says in view(trace, tmp_path).pictures.note
    assert view(detector(), tmp_path).pictures.note == ""


def test_a_shapes_only_run_shows_frames(tmp_path):
    page = html.render(view(pictured(drawn=False), tmp_path))
    assert page.count('class="frame empty"') == 3
    assert page.count("a real run shows it here") >= 3
    assert "--picture-base: url" not in page


@pytest.mark.parametrize("language", ["en", "zh"])
def test_how_a_picture_is_made_is_said(language, tmp_path):
    report = view(pictured(), tmp_path, language)
    all_ = [*report.pictures.rest, *(one for section in report.sections for one in section.pictures)]
    text = {one.kind: f"{one.title} {one.how}" for one in all_}
    assert all(number in text["features"] for number in ("16", "87", "2"))
    assert all(number in text["attention"] for number in ("1", "10", "4"))
    assert "0.91" in text["masks"]
    assert "presence" in text["masks"] if language == "en" else "存在性" in text["masks"]


def test_other_formats_name_them(tmp_path):
    report = view(pictured(), tmp_path)
    for text in (markdown.render(report), terminal.render(report), json_data.render(report)):
        assert "convs.2@0:out" in text
        assert "features" in text
        assert GREY not in text
    assert json.loads(json_data.render(report))["pictures"]["note"]


def test_pictures_are_read_as_they_were_written():
    trace = pictured()
    assert loads(dumps(trace), Trace).pictures == trace.pictures
    assert loads(dumps(crashed()), Trace).pictures == ()


HEADER = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"


@pytest.mark.parametrize(
    ("field", "content"),
    [
        ("data", 'x" onerror="window.attacked=1'),
        ("data", "data:image/png;base64," + GREY),
        ("data", GREY + '") ; } </style><script>'),
        ("data", base64.b64encode(b"<svg onload='alert(1)'/>").decode()),
        ("data", base64.b64encode(HEADER + b"\0\x10\0\0\0\x10\0\0" + b"\0" * 20).decode()),
        ("data", base64.b64encode(HEADER).decode()),
        ("data", "A" * (MOST_BYTES + 4)),
        ("data", GREY[:-3]),
        ("data", 3),
        ("data", None),
        ("kind", "script"),
        ("kind", ["features"]),
        ("value", 10_000),
        ("value", -1),
        ("width", "1"),
        ("width", -1),
        ("token", "x"),
    ],
)
def test_what_is_no_small_picture_is_refused(field, content):
    data = json.loads(dumps(pictured()))
    data["pictures"][0][field] = content
    with pytest.raises(InputError, match="broken record") as error:
        loads(json.dumps(data).encode(), Trace)
    assert error.value.diagnostic.code == "trace-unreadable"


def test_texts_of_a_picture_stay_texts(tmp_path):
    evil = "<script>alert(1)</script>"
    pictures = tuple(replace(one, best=evil, scored=evil, missing=evil) for one in pictured().pictures)
    trace = replace(pictured(), pictures=(*pictures, replace(pictures[0], data="")))
    page = html.render(view(trace, tmp_path))
    assert evil not in page.partition("<body>")[2].partition('<script type="application/json"')[0]


def test_a_report_shows_only_so_many(tmp_path):
    trace = pictured()
    many = replace(trace, pictures=trace.pictures[:1] * 500)
    report = view(many, tmp_path)
    assert sum(len(section.pictures) for section in report.sections) == MOST_PICTURES
    large = Picture(trace.pictures[0].value, "features", GREY + "A" * 300_000, 10**9, 10**9)
    report = view(replace(trace, pictures=(large,) * 5), tmp_path)
    shown = [one for section in report.sections for one in section.pictures]
    assert len(shown) == 1
    assert shown[0].width <= 512
