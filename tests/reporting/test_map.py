"""Where another model has the same parts, in every format of the report."""

from __future__ import annotations

import json

import pytest
from report_samples import MAP, detector, write_mapped_walkthrough

from shapeflow.errors import WalkthroughError
from shapeflow.reporting.formats import html, json_data, markdown, page_data
from shapeflow.reporting.view.build import build
from shapeflow.walkthrough.check import check


@pytest.fixture(scope="module")
def view(tmp_path_factory):
    path = write_mapped_walkthrough(tmp_path_factory.mktemp("mapped"))
    trace = detector()
    return build(trace, check(trace, path), folders=[])


def test_places_stand_in_the_sections_that_tell_of_them(view):
    assert (view.map.model, view.map.total) == ("other", 4)
    first, second = view.map.parts
    sections = {section.title: section.id for section in view.sections}
    assert [(part.title, part.anchor) for part in (first, second)] == [
        ("1.2 Pyramid", sections["1.2 Pyramid"]),
        ("2 Decoder", sections["2 Decoder"]),
    ]
    (levels,) = first.rows
    assert (levels.here, levels.there, levels.shapes, levels.note) == (
        "backbone.vision_backbone.convs.*",
        "neck.levels.*",
        "",
        "",
    )
    assert levels.link == "backbone.vision_backbone.convs.0@0"


def test_shapes_are_those_here_first(view):
    ported, alone, nothing = view.map.parts[1].rows
    assert (ported.shapes, ported.link) == ("[B, Q, C] → [Q, B, C]", "decoder@0:out[0]")
    assert (alone.here, alone.there, alone.note) == ("decoder", "", "other has none")
    assert (nothing.here, nothing.link) == ("no_such_part", ""), "nothing of this name ran"


def test_calls_know_what_stands_for_them(view):
    calls = partners(view)
    assert calls["backbone.vision_backbone.convs.2@0"] == "neck.levels.2"
    assert calls["decoder@0"] == "", "the other model has none"


def test_the_page_has_them_folded_with_links(view):
    page = html.render(view)
    part = page[page.index('id="map"') : page.index('id="numbers"')]
    assert "<summary>1.2 Pyramid" in part
    assert 'data-rows="places" data-first="1" data-count="3"' in part
    rows = json.loads(page_data.page_data(view))["texts"]["places"]
    assert "backbone.vision_backbone.convs.0@0" in rows["link"]
    assert any("the <b>batch</b>" in note for note in rows["note"])
    assert 'href="#map"' in page, "the contents lead there"
    assert '"other":"other"' in page


def test_markdown_and_json_have_them(view):
    text = markdown.render(view)
    assert "## The same model elsewhere: other" in text
    assert "| in tiny:detector | in other | shape | how it differs |" in text
    assert "| `backbone.vision_backbone.convs.*` | `neck.levels.*` |" in text
    assert json.loads(json_data.render(view))["map"]["parts"][0]["rows"][0]["there"] == "neck.levels.*"


def test_chinese_notes(tmp_path):
    trace = detector()
    view = build(trace, check(trace, write_mapped_walkthrough(tmp_path)), language="zh", folders=[])
    assert [row.note for row in view.map.parts[1].rows] == ["批次在前", "other has none", ""]


def test_a_table_that_is_no_map_stops_the_report(tmp_path):
    path = write_mapped_walkthrough(tmp_path)
    (tmp_path / "map.tsv").write_text(MAP.replace("1.2\t", "1.9\t"), encoding="utf-8")
    trace = detector()
    with pytest.raises(WalkthroughError) as caught:
        build(trace, check(trace, path), folders=[])
    assert (caught.value.code, caught.value.hint) == ("map", "1.2")


def test_without_a_map_there_is_no_such_part():
    view = build(detector(), folders=[])
    assert view.map is None
    assert 'id="map"' not in html.render(view)
    assert "elsewhere" not in markdown.render(view)
    assert set(partners(view).values()) == {""}


def partners(view) -> dict[str, str]:
    """Return what the page says of each call, by its name."""
    selectors, others = (view.explorer["calls"][name] for name in ("selector", "partner"))
    if isinstance(others, dict):
        others = [others["dictionary"][position] for position in others["indices"]]
    return dict(zip(selectors, others, strict=True))
