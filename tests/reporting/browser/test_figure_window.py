"""Figures on the page: they can be read, nothing runs through their texts, and each fills the window."""

from __future__ import annotations

from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

COLLISIONS = (Path(__file__).parent / "collisions.js").read_text(encoding="utf-8")
SHOW_ALL = """() => {
    document.querySelectorAll('.part').forEach((part) => part.style.contentVisibility = 'visible');
    document.querySelectorAll('details.graph').forEach((details) => details.open = true);
}"""
SIZES = """() => [...document.querySelectorAll('.graph .scroll svg')].map((svg) => ({
    width: svg.getBoundingClientRect().width,
    room: svg.closest('.scroll').clientWidth,
    least: Math.min(...[...svg.querySelectorAll('text')].map(
        (text) => parseFloat(getComputedStyle(text).fontSize) * text.getScreenCTM().a)),
}))"""
PLACED = "() => document.querySelector('#figure-stage svg').getBoundingClientRect().toJSON()"
NAMES = ["good", "alone", "crashed", "chinese", "evil"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("width", "least"), [(1440, 10), (1024, 9), (390, 9)])
def test_every_figure_can_be_read(visit, name, width, least):
    page = visit(name, viewport={"width": width, "height": 900})
    page.evaluate(SHOW_ALL)
    figures = page.evaluate(SIZES)
    assert figures
    for figure in figures:
        assert figure["least"] >= least
        if figure["room"] > 700:
            assert figure["width"] <= min(760, figure["room"])


@pytest.mark.parametrize("name", NAMES)
def test_nothing_touches_the_texts_of_a_figure(visit, name):
    page = visit(name)
    assert page.evaluate(COLLISIONS) == []


@pytest.mark.parametrize("size", [(1440, 900), (390, 844)])
def test_every_figure_fills_the_window_and_gives_back_focus_and_place(visit, size):
    page = visit(viewport={"width": size[0], "height": size[1]}, has_touch=size[0] < 500)
    page.evaluate(SHOW_ALL)
    buttons = page.locator(".enlarge").all()
    assert len(buttons) > 2
    for button in buttons:
        button.scroll_into_view_if_needed()
        place = page.evaluate("scrollY")
        button.tap() if size[0] < 500 else button.click()
        window = page.locator("#figure").bounding_box()
        assert (window["x"], window["y"], window["width"], window["height"]) == (0, 0, *size)
        assert button.text_content() == "⤡"
        assert page.locator("#figure-stage text").count() > 1
        page.keyboard.press("Escape")
        page.locator("#figure").wait_for(state="hidden")
        button.filter(has_text="⤢").wait_for()
        assert button.evaluate("button => button === document.activeElement")
        assert page.evaluate("scrollY") == place


@pytest.fixture
def opened(visit):
    """A page whose first section figure fills the window."""
    page = visit()
    page.evaluate(SHOW_ALL)
    page.locator(".part .enlarge").first.click()
    return page


def test_keys_zoom_move_and_fit(opened):
    fit = opened.evaluate(PLACED)
    opened.keyboard.press("+")
    closer = opened.evaluate(PLACED)
    assert closer["width"] > fit["width"] * 1.2
    opened.keyboard.press("ArrowLeft")
    assert opened.evaluate(PLACED)["x"] > closer["x"]
    opened.keyboard.press("-")
    opened.keyboard.press("0")
    assert opened.evaluate(PLACED) == fit
    opened.locator("#figure-in").click()
    assert opened.evaluate(PLACED)["width"] > fit["width"] * 1.2
    opened.locator("#figure-close").click()
    opened.locator("#figure").wait_for(state="hidden")


def test_the_wheel_zooms_at_the_pointer_and_the_mouse_drags(opened):
    fit = opened.evaluate(PLACED)
    corner = (fit["x"] + 5, fit["y"] + 5)
    opened.mouse.move(*corner)
    opened.mouse.wheel(0, -300)
    opened.wait_for_function(f"({PLACED})().width > {fit['width'] * 1.2}")
    closer = opened.evaluate(PLACED)
    assert abs(closer["x"] - fit["x"]) < 10
    opened.mouse.down()
    opened.mouse.move(corner[0] + 70, corner[1] + 40, steps=4)
    opened.mouse.up()
    moved = opened.evaluate(PLACED)
    assert (round(moved["x"] - closer["x"]), round(moved["y"] - closer["y"])) == (70, 40)


def test_two_fingers_zoom(opened):
    fit = opened.evaluate(PLACED)
    opened.evaluate(
        """() => {
            const stage = document.querySelector('#figure-stage');
            const fire = (type, pointerId, clientX) => stage.dispatchEvent(
                new PointerEvent(type, { pointerId, clientX, clientY: 300, bubbles: true }));
            fire('pointerdown', 1, 400); fire('pointerdown', 2, 500); fire('pointermove', 2, 600);
            fire('pointerup', 1, 400); fire('pointerup', 2, 600);
        }"""
    )
    assert round(opened.evaluate(PLACED)["width"] / fit["width"], 2) == 2


def test_a_search_marks_boxes(opened):
    opened.keyboard.press("/")
    opened.keyboard.type("block")
    assert opened.locator("#figure-stage .found").count() >= 1
    assert "found" in opened.locator("#figure-found").inner_text()
    opened.locator("#figure-search").fill("nothing of this name")
    assert opened.locator("#figure-stage .found").count() == 0


def test_a_box_opens_what_it_stands_for(opened):
    opened.locator("#figure-stage .node a[href^='#at=']").first.click()
    opened.locator("#figure").wait_for(state="hidden")
    opened.locator("#inspector").wait_for(state="visible")
    assert opened.evaluate("location.hash").startswith("#at=")
