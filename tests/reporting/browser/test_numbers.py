"""The numbers of a page: labels that never meet, a curve that pointer and keys can ask, tables on a phone."""

from __future__ import annotations

from itertools import combinations, pairwise

import pytest
import torch
from tiny import tiny_trace
from torch import nn

from shapeflow import recording
from shapeflow.reporting.formats import html
from shapeflow.reporting.view.build import build

pytestmark = pytest.mark.slow

SHOW_ALL = "document.querySelectorAll('.part').forEach((part) => part.style.contentVisibility = 'visible')"
LABELS = """[...document.querySelectorAll('.stage-names span')].filter((one) => one.getClientRects().length)
  .map((one) => [one.getBoundingClientRect(), one.textContent])
  .map(([box, text]) => [box.left, box.right, text])"""
SCALE = """[...document.querySelectorAll('.scale span')]
  .map((one) => [one.getBoundingClientRect(), one.textContent])
  .map(([box, text]) => [box.top, box.bottom, text])"""


def many_stages():
    """Return a run of many stages with long names and very unequal lengths."""
    model = nn.Sequential()
    for number in range(24):
        inner = nn.Sequential(*(nn.Sequential(nn.Linear(4, 4), nn.ReLU()) for _ in range(1 + number % 5)))
        model.add_module(f"a_part_with_quite_a_long_name_{number}", inner)
    return recording.trace(model, torch.zeros(1, 4))


def short_stages():
    """Return a run of a few stages whose names are as wide as letters get."""
    names = ("WWWWWWWW", "MMMMMMMM", "頭部と首の部分", "Wm", "WWWWWWWWWWWWWWWWWWWWWWWW")
    model = nn.Sequential()
    for name in names:
        model.add_module(name, nn.Sequential(nn.Linear(4, 4), nn.ReLU()))
    return recording.trace(model, torch.zeros(1, 4))


MAKERS = {"tiny": tiny_trace, "many": many_stages, "short": short_stages}


@pytest.fixture(scope="module")
def numbered(tmp_path_factory, pages):
    folder = tmp_path_factory.mktemp("numbers")
    for name, make in MAKERS.items():
        for language in ("en", "zh"):
            key = f"{name}-{language}"
            pages[key] = folder / f"{key}.html"
            pages[key].write_text(html.render(build(make(), language=language, folders=[])), encoding="utf-8")
    return pages


@pytest.mark.parametrize("width", [1440, 1024, 700, 390, 320])
@pytest.mark.parametrize("name", MAKERS)
def test_labels_of_the_curve_never_meet(numbered, visit, name, width):
    page = visit(f"{name}-en", viewport={"width": width, "height": 900})
    page.evaluate(SHOW_ALL)
    labels = page.evaluate(LABELS)
    assert len(labels) <= 5
    for (left, right, one), (start, end, other) in combinations(labels, 2):
        assert right <= start or end <= left, (one, other)
    plot = page.locator(".curve").bounding_box()
    for left, right, text in labels if width >= 390 else []:
        assert plot["x"] - 1 <= left, text
        assert right <= plot["x"] + plot["width"] + 1, text
    marks = sorted(page.evaluate(SCALE))
    assert len(marks) >= 3
    for (_, bottom, one), (top, _, other) in pairwise(marks):
        assert bottom <= top, (one, other)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_curve_says_what_is_alive_under_the_pointer(numbered, visit):
    page = visit("tiny-en")
    page.evaluate(SHOW_ALL)
    curve = page.locator(".curve")
    assert not page.locator(".memory .reading").is_visible()
    curve.scroll_into_view_if_needed()
    box = curve.bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.9, box["y"] + 40)
    reading = page.locator(".memory .reading")
    assert reading.is_visible()
    assert "when this op had ended" in reading.inner_text()
    assert reading.locator("li").count() == 3
    first = reading.locator("li").first.inner_text()
    assert "f32[" in first
    assert "KiB" in first
    reading.locator("li a").first.click()
    assert "#at=" in page.url


def test_keys_go_along_the_curve_and_tell_it_to_a_screen_reader(numbered, visit):
    page = visit("tiny-en")
    page.evaluate(SHOW_ALL)
    curve = page.locator(".curve")
    curve.focus()
    peak = int(curve.get_attribute("aria-valuenow"))
    sizes = tiny_trace().ops
    assert sizes[peak].live_bytes == max(op.live_bytes for op in sizes)
    last = len(sizes) - 1
    for key, expected in (("ArrowRight", peak + 1), ("ArrowLeft", peak), ("Home", 0), ("End", last)):
        page.keyboard.press(key)
        assert int(curve.get_attribute("aria-valuenow")) == expected
    page.keyboard.press("ArrowRight")
    assert int(curve.get_attribute("aria-valuenow")) == last
    assert "KiB" in curve.get_attribute("aria-valuetext")
    assert curve.get_attribute("role") == "slider"


def test_the_peak_is_marked_where_it_is(numbered, visit):
    page = visit("tiny-en")
    page.evaluate(SHOW_ALL)
    trace = tiny_trace()
    plot, dot = page.locator(".curve").bounding_box(), page.locator(".dot.peak").bounding_box()
    middle = dot["x"] + dot["width"] / 2 - plot["x"]
    assert middle / plot["width"] == pytest.approx(trace.run.peak_op / (len(trace.ops) - 1), abs=0.01)


def test_a_wide_table_says_on_a_phone_that_it_goes_on(numbered, visit):
    page = visit("tiny-en", viewport={"width": 390, "height": 844})
    page.evaluate(SHOW_ALL)
    assert page.locator(".sideways").is_visible()
    table = page.locator(".table.costs")
    assert table.evaluate("(one) => one.scrollWidth > one.clientWidth")
    wide = visit("tiny-en")
    wide.evaluate(SHOW_ALL)
    assert not wide.locator(".sideways").is_visible()


def test_rows_that_are_deeper_stand_further_in(numbered, visit):
    page = visit("tiny-en")
    page.evaluate(SHOW_ALL)
    left = {
        row.inner_text().split()[0]: row.bounding_box()["x"]
        for row in page.locator(".stages tbody th a").all()
    }
    assert left["embed"] > left[".encode()"] == left["decoder"]


@pytest.mark.parametrize("name", ["alone", "good"])
def test_an_older_trace_has_a_curve_that_answers_without_tensors(visit, name):
    page = visit(name)
    page.evaluate(SHOW_ALL)
    page.locator(".curve").focus()
    assert "when this op had ended" in page.locator(".memory .reading").inner_text()
    assert page.locator(".memory .reading li").count() == 0


def test_chinese_is_chinese(numbered, visit):
    page = visit("tiny-zh")
    page.evaluate(SHOW_ALL)
    page.locator(".curve").focus()
    text = page.locator("#numbers").inner_text()
    for word in ("乘加次数", "一次乘加计为两次浮点运算", "此时最大的张量", "按运行顺序"):
        assert word in text
    assert "批大小" in page.locator(".symbols").text_content()
