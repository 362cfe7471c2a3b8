"""How much room the page takes, and that nothing is out of reach for it."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.slow

BYTES = 1_500_000
NODES = 20_000
HEIGHT = 67_270
"""Pixels: 60 % of what the page of SAM3 was high, with half of the claims that it has now."""
LONGEST_LINE = 760
SHOW_ALL = ".part { content-visibility: visible !important }"
HEIGHT_NOW = "document.documentElement.scrollHeight"
BESIDE = """() => [...document.querySelectorAll('.part > .beside')].map((figures) => {
  const text = [...figures.parentElement.querySelectorAll(':scope > .prose p, :scope > .claims')]
    .map((e) => e.getBoundingClientRect());
  const box = figures.getBoundingClientRect();
  const range = (e) => [e.left, e.right];
  const at = text.filter((e) => e.top < box.bottom && e.bottom > box.top && e.left >= box.right);
  return { floats: getComputedStyle(figures).float, left: box.left, right: box.right,
    room: figures.parentElement.getBoundingClientRect().right, after: at.length, range: text.map(range) };
})"""
LINES = """() => [...document.querySelectorAll('.prose p')].map((p) => {
  const range = document.createRange();
  range.selectNodeContents(p);
  return Math.max(...[...range.getClientRects()].map((e) => e.right)) - p.getBoundingClientRect().left;
})"""


@pytest.mark.parametrize("name", ["sam3", "sam3-zh"])
def test_the_page_of_sam3_stays_within_its_limits(visit, sam3_pages, name):
    assert sam3_pages[name].stat().st_size <= BYTES
    page = visit(name)
    assert page.evaluate("document.querySelectorAll('*').length") <= NODES
    page.add_style_tag(content=SHOW_ALL)
    assert page.evaluate(HEIGHT_NOW) <= HEIGHT


@pytest.mark.parametrize(("width", "beside"), [(1440, True), (1024, False), (390, False)])
def test_figures_stand_beside_the_text_where_both_have_room(visit, width, beside):
    page = visit("sam3", viewport={"width": width, "height": 900})
    page.add_style_tag(content=SHOW_ALL)
    figures = page.evaluate(BESIDE)
    assert len(figures) > 60
    assert {one["floats"] for one in figures} == ({"right"} if beside else {"none"})
    assert all(one["right"] <= one["room"] + 1 for one in figures)
    assert max(page.evaluate(LINES)) <= LONGEST_LINE + 1, "a longer line is hard to follow"
    least = min(right - left for one in figures for left, right in one["range"])
    assert least >= (380 if beside else 300), "text beside a figure has room for words"


def test_figures_follow_the_text_where_they_stand_below_it(visit):
    page = visit("sam3", viewport={"width": 1024, "height": 900})
    page.add_style_tag(content=SHOW_ALL)
    below = page.evaluate(
        """() => [...document.querySelectorAll('.part > .beside')].every((figures) => {
          const above = [...figures.parentElement.querySelectorAll(':scope > .prose')];
          const top = figures.getBoundingClientRect().top;
          return above.every((e) => e.getBoundingClientRect().bottom <= top + 1);
        })"""
    )
    assert below


def test_every_claim_is_reached_by_its_link(visit):
    page = visit("sam3")
    page.wait_for_timeout(200)
    anchors = page.evaluate("[...document.querySelectorAll('.claim')].map((claim) => claim.id)")
    assert len(anchors) == len(set(anchors)) > 1200
    for anchor in anchors[:: len(anchors) // 12]:
        page.evaluate("(hash) => { location.hash = hash; }", f"#{anchor}")
        page.wait_for_function("(id) => document.getElementById(id).open", arg=anchor)
        page.wait_for_timeout(250)
        box = page.evaluate("(id) => document.getElementById(id).getBoundingClientRect().toJSON()", anchor)
        assert box["height"] > 20
        assert -5 < box["top"] < 900


def test_a_long_tick_is_cut_until_it_is_opened_and_never_what_differs(visit):
    page = visit("sam3")
    page.add_style_tag(content=SHOW_ALL)
    cut = "e => e.scrollHeight > e.clientHeight + 2"
    text = page.locator(".claim.good .text:visible").filter(
        has_text="._update_scores_and_boxes()/stack:out ="
    )
    assert text.evaluate(cut)
    page.emulate_media(media="print")
    assert not text.evaluate(cut), "paper cannot be opened"
    page.emulate_media(media="screen")
    text.click()
    assert not text.evaluate(cut)
    others = page.locator(".claim:not(.good) .text:visible")
    assert others.count() > 10
    assert not any(one.evaluate(cut) for one in others.all())


def test_what_was_clicked_stays_in_place_when_the_inspector_opens(visit):
    page = visit("sam3", "#7-2-self-attention")
    page.wait_for_timeout(500)
    box = page.locator("#\\37 -2-self-attention .graph .node a").first
    before = box.bounding_box()
    box.click()
    page.locator("#inspector").wait_for(state="visible")
    page.wait_for_timeout(300)
    assert abs(box.bounding_box()["y"] - before["y"]) < 4
    page.keyboard.press("Escape")
    page.wait_for_timeout(300)
    after = box.bounding_box()
    assert max(abs(after[side] - before[side]) for side in ("x", "y")) < 4


def test_attention_is_drawn_once_in_the_section_it_belongs_to(visit):
    page = visit("sam3")
    drawn = page.evaluate(
        """() => [...document.querySelectorAll('.attention')].map((figure) => [
          figure.closest('.part').id, figure.querySelector('a').getAttribute('href')])"""
    )
    assert len({place for _, place in drawn}) == len(drawn)
    homes = {place.split("/")[0]: section for section, place in drawn}
    assert homes["#at=transformer.encoder.layers.0.self_attn"] == "7-2-self-attention"
    assert homes["#at=transformer.decoder.layers.0.cross_attn"] == "8-7-cross-attention-to-the-image"
