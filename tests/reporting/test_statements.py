"""What another text says, statement by statement, in every format of the report."""

from __future__ import annotations

import json

import pytest
from report_samples import STATEMENTS, detector, write_stated_walkthrough

from shapeflow.errors import WalkthroughError
from shapeflow.reporting.formats import html, json_data, markdown, page_data
from shapeflow.reporting.view.build import build
from shapeflow.walkthrough.check import check


@pytest.fixture(scope="module")
def view(tmp_path_factory):
    path = write_stated_walkthrough(tmp_path_factory.mktemp("stated"))
    trace = detector()
    return build(trace, check(trace, path), folders=[])


def test_parts_have_titles_lines_and_counts(view):
    first, second = view.statements
    assert (first.title, first.lines, first.total) == ("First pass", "12-1024", 3)
    assert [(part.title, part.lines, part.counts) for part in first.parts] == [
        ("1 Pyramid", "12-19", (("good", 1), ("said", 1))),
        ("2 Decoder", "1021-1024", (("bad", 1),)),
    ]
    assert (second.title, second.lines, second.parts, second.counts) == (
        "Second pass",
        "1100",
        (),
        (("idle", 1),),
    )


def test_a_statement_says_where_it_is_answered(view):
    right, wrong = view.statements[0].parts[0].statements
    anchors = {claim.anchor for claim in view.claims}
    assert {right.anchor, wrong.anchor} <= anchors
    assert (right.verdict, right.section, right.reason) == ("right", "1.2", "")
    assert (wrong.verdict, wrong.tone, wrong.status) == ("wrong", "said", "contradicted")


def test_a_statement_whose_claim_fails_says_so(view):
    (statement,) = view.statements[0].parts[1].statements
    assert (statement.verdict, statement.tone) == ("imprecise", "bad")
    assert statement.reason == "the claim that answers it fails in this run"


def test_the_page_has_them_folded_with_links(view):
    page = html.render(view)
    part = page[page.index('id="statements"') : page.index('id="numbers"')]
    anchor = view.statements[0].parts[0].statements[1].anchor
    assert '<summary>1 Pyramid <span class="quiet">lines 12-19</span>' in part
    assert 'data-rows="statements" data-first="0" data-count="2"' in part
    rows = json.loads(page_data.page_data(view))["texts"]["statements"]
    assert (rows["says"][1], rows["anchor"][1]) == ("all levels are used", anchor)
    assert "<b>it helps</b>" in rows["says"], "a text, which the script never takes for markup"
    assert "<b>it helps" not in page
    assert 'href="#statements"' in page, "the contents lead there"


def test_markdown_and_json_have_them(view):
    text = markdown.render(view)
    assert "<details><summary>1 Pyramid, lines 12-19 (2)</summary>" in text
    assert "| 19 | all levels are used | ≠ wrong | 1.2 |" in text
    assert r"| 1100 | &lt;b&gt;it helps&lt;/b&gt; | ○ not observable | a guess \| of the text |" in text
    data = json.loads(json_data.render(view))
    assert data["statements"][0]["parts"][0]["statements"][0]["says"] == "P0: [1, 16, 32, 32]"


def test_chinese_words(tmp_path):
    trace = detector()
    view = build(trace, check(trace, write_stated_walkthrough(tmp_path)), language="zh", folders=[])
    assert [one.verdict for one in view.statements[0].parts[0].statements] == ["属实", "不符"]
    assert [one.differs for one in view.corrections] == ["数据流并非如此"]
    assert [piece.text for one in view.corrections for piece in one.found] == ["没有通路"]


def test_a_table_that_fits_no_claim_stops_the_report(tmp_path):
    path = write_stated_walkthrough(tmp_path)
    (tmp_path / "statements.tsv").write_text(STATEMENTS.replace("12, C]", "11, C]"), encoding="utf-8")
    trace = detector()
    with pytest.raises(WalkthroughError) as caught:
        build(trace, check(trace, path), folders=[])
    assert caught.value.code == "statements"
    assert caught.value.where.endswith("statements.tsv:4")


def test_without_a_table_there_is_no_such_part():
    view = build(detector(), folders=[])
    assert view.statements == ()
    assert 'id="statements"' not in html.render(view)
    assert "statement by statement" not in markdown.render(view)
