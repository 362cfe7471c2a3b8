"""The view of a trace in a notebook, in a browser: it folds, is searched and opens a picture."""

from __future__ import annotations

import re

import pytest
from report_samples import detector, hostile

pytestmark = pytest.mark.slow

PLAIN = re.compile(r"<style>.*?</style>|<script>.*?</script>", re.DOTALL)
THEMES = {"light": ("#ffffff", "#111111"), "dark": ("#111111", "#dddddd")}


@pytest.fixture
def shown(browser):
    """Return a function that shows HTML in a page and gives the page; nothing may be said or asked for."""
    pages, said = [], []

    def show(html: str, theme: str = "light", width: int = 1000):
        back, front = THEMES[theme]
        page = browser.new_page(viewport={"width": width, "height": 800})
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda request: request.url.startswith("data:") or said.append(request.url))
        page.set_content(f'<body style="background:{back};color:{front}">{html}</body>')
        pages.append(page)
        return page

    yield show
    for page in pages:
        page.close()
    assert said == []


def visible_rows(page) -> list[str]:
    names = page.locator(".sf-r:not(.sf-h) > .sf-n > code")
    return [names.nth(n).inner_text() for n in range(names.count()) if names.nth(n).is_visible()]


def test_it_folds_and_is_searched(shown):
    page = shown(detector()._repr_html_())
    before = visible_rows(page)
    assert "decoder" in before
    page.fill(".sf-find", "mask_head")
    found = visible_rows(page)
    assert found
    assert len(found) < len(before)
    assert any("mask_head" in name for name in found)
    page.fill(".sf-find", "no such layer")
    assert visible_rows(page) == []
    page.fill(".sf-find", "")
    assert visible_rows(page) == before
    fold = page.locator(".sf-body details[open] > summary").first
    fold.click()
    assert len(visible_rows(page)) < len(before)


def test_a_shape_is_found(shown):
    trace = detector()
    page = shown(trace._repr_html_())
    shape = str(list(trace.values[trace.calls[-1].outputs[0].value].shape))
    page.fill(".sf-find", shape)
    assert visible_rows(page)


@pytest.mark.parametrize("theme", THEMES)
def test_it_opens_the_picture_and_is_read_on_any_ground(shown, theme):
    page = shown(detector()._repr_html_(), theme)
    image = page.locator("img")
    assert not image.is_visible()
    page.click("text=picture of the model")
    assert image.is_visible()
    assert image.evaluate("image => image.complete && image.naturalWidth > 0")
    colour = page.locator(".sf-s").first.evaluate("element => getComputedStyle(element).color")
    assert colour == ("rgb(17, 17, 17)" if theme == "light" else "rgb(221, 221, 221)")


def test_numbers_line_up_whatever_is_nested(shown):
    page = shown(detector()._repr_html_())
    edges = page.eval_on_selector_all(
        ".sf-r > span:last-child",
        "cells => [...new Set(cells.filter(cell => cell.offsetParent).map(cell => "
        "Math.round(cell.getBoundingClientRect().right)))]",
    )
    assert len(edges) == 1


def test_two_views_on_a_page_do_not_disturb_each_other(shown):
    page = shown(detector()._repr_html_() + detector()._repr_html_())
    assert page.locator(".sf-find").count() == 2
    page.locator(".sf-find").first.fill("no such layer")
    assert len(visible_rows(page)) > 0


def test_without_style_and_script_it_is_read_and_folds(shown):
    page = shown(PLAIN.sub("", detector()._repr_html_()))
    assert page.locator("input").count() == 0
    text = page.inner_text("body")
    assert "decoder" in text
    assert "parameters" in text
    assert "layerinput" not in text
    before = len(visible_rows(page))
    page.locator(".sf-body details[open] > summary").first.click()
    assert len(visible_rows(page)) < before


def test_hostile_names_stay_text(shown):
    page = shown(hostile()._repr_html_())
    assert page.locator(".shapeflow script").count() == 1
    page.fill(".sf-find", "<script")
    assert page.evaluate("typeof window.hacked") == "undefined"


def test_a_narrow_page_scrolls_inside_the_view(shown):
    page = shown(detector()._repr_html_(), width=390)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
