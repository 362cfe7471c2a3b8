"""How the page looks and prints, and what hostile texts can do to it: nothing."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

CONTRAST = (Path(__file__).parent / "contrast.js").read_text(encoding="utf-8")
SHOW_ALL = "document.querySelectorAll('.part').forEach((part) => part.style.contentVisibility = 'visible')"
BACKGROUND = "getComputedStyle(document.body).backgroundColor"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_has_enough_contrast(visit, scheme):
    page = visit(color_scheme=scheme, address="#at=backbone.vision_backbone.convs.3@0:out")
    page.keyboard.press("Shift+O")
    page.evaluate(
        "document.querySelectorAll('.part').forEach((part) => part.style.contentVisibility = 'visible')"
    )
    assert page.evaluate(CONTRAST) == []


def test_dark_follows_the_system_and_the_button_remembers(visit, pages):
    page = visit(color_scheme="dark")

    def dark() -> bool:
        return (
            page.evaluate("parseInt(getComputedStyle(document.body).backgroundColor.match(/\\d+/)[0])") < 60
        )

    assert dark()
    page.locator("#theme").click()
    assert not dark()
    page.reload()
    page.wait_for_selector("html[data-ready=true]", state="attached")
    assert not dark()
    page.keyboard.press("t")
    assert dark()


@pytest.mark.parametrize("name", ["good", "stated", "evil", "crashed", "alone", "chinese"])
@pytest.mark.parametrize("width", [1440, 1024, 390, 320])
def test_nothing_sticks_out_sideways(visit, name, width):
    page = visit(name, viewport={"width": width, "height": 800})
    page.keyboard.press("Shift+O")
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_on_a_phone_contents_and_inspector_are_drawers(visit):
    page = visit(viewport={"width": 390, "height": 844})
    assert not page.locator("#contents").is_visible()
    page.locator("#menu").click()
    page.locator("#contents a", has_text="2 Decoder").click()
    page.locator("#contents").wait_for(state="hidden")
    page.locator(".about a").first.click()
    page.locator("#inspector").wait_for(state="visible")
    page.locator("#inspector-close").click()
    page.locator("#inspector").wait_for(state="hidden")


def test_landmarks_and_one_main_heading(visit):
    page = visit(address="#explorer=decoder@0")
    for role in ("banner", "main", "navigation", "complementary", "search", "tree"):
        assert page.get_by_role(role).count() >= 1, role
    assert page.locator("h1").count() == 1
    levels = page.evaluate(
        "[...document.querySelectorAll('main h1, main h2, main h3')].map((h) => +h.tagName[1])"
    )
    assert all(after - before <= 1 for before, after in pairwise(levels))
    unnamed = page.evaluate(
        """() => [...document.querySelectorAll('button, input, [role=tree], nav, aside')]
            .filter((e) => !(e.getAttribute('aria-label') || e.textContent.trim() || e.closest('label')))
            .map((e) => e.outerHTML.slice(0, 80))"""
    )
    assert unnamed == []


def test_it_prints_to_paper(visit, tmp_path):
    page = visit(color_scheme="dark")
    page.emulate_media(media="print")
    for selector in ("header.bar", "#contents", "#inspector", "#explorer"):
        assert not page.locator(selector).is_visible()
    assert page.evaluate(BACKGROUND) == "rgb(255, 255, 255)"
    page.emulate_media(media="screen")
    paper = page.pdf(path=tmp_path / "page.pdf")
    assert paper.startswith(b"%PDF")
    assert len(paper) > 10_000


@pytest.mark.parametrize("width", [1440, 390])
def test_hostile_texts_are_texts(visit, width):
    page = visit("evil", viewport={"width": width, "height": 800})
    page.keyboard.press("Shift+O")
    for selector in ("details", ".filter"):
        for element in page.locator(f"{selector}:visible").all():
            element.evaluate("e => e.tagName === 'DETAILS' ? e.open = true : e.click()")
    page.locator("#search").fill("script")
    page.locator(".hit-row").first.wait_for()
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    page.keyboard.press("e")
    page.locator("#filter").fill("<img")
    page.wait_for_timeout(300)
    page.locator("#explorer-close").click()
    for link in page.evaluate(
        "[...document.querySelectorAll('a[href^=\"#at=\"]')].map((a) => a.getAttribute('href'))"
    ):
        page.evaluate("(hash) => { location.hash = hash; }", link)
        page.wait_for_timeout(20)
        assert "Nothing in this trace" not in page.locator("#inspected").inner_text()
    assert page.evaluate("window.attacked") is None
    assert page.locator("main img").count() == 0
    assert page.title().startswith("</script>")


def test_scripts_off_the_text_is_still_there(browser, pages):
    page = browser.new_page(java_script_enabled=False)
    page.goto(pages["good"].as_uri())
    claim = page.locator(".claim", has_text="convs.0:out")
    assert claim.locator(".mark").text_content() == "✓"
    wrong = page.locator(".claim.bad", has_text="decoder:out[0]")
    assert "f32[1, 10, 16]" in wrong.locator(".found").text_content(), "what was found stands in the line"
    wrong.locator("summary").click()
    assert "'decoder:out[0]' has 10 in dim 2, not 12" in wrong.inner_text()
    assert "need scripts" in page.locator(".first").inner_text()
    assert "needs scripts" in page.locator("#tree").inner_text()
    page.close()


def test_the_map_leads_to_a_call_that_names_its_partner(visit):
    page = visit("mapped")
    row = page.locator("#map tr", has_text="neck.levels.*")
    assert not row.is_visible()
    page.locator("#map summary", has_text="1.2 Pyramid").click()
    assert row.is_visible()
    row.locator("a.at").click()
    page.wait_for_selector("#inspected code:text-is('neck.levels.0')")
    assert "in other" in page.locator("#inspected").inner_text()
    page.evaluate("location.hash = '#at=mask_head@0'")
    page.wait_for_selector("#inspected :text('mask_head')")
    assert "in other" not in page.locator("#inspected").inner_text()


def test_the_statements_of_a_text_are_picked_by_part(visit):
    page = visit("stated")
    row = page.locator("#statements tr", has_text="all levels are used")
    page.locator("#statements summary", has_text="First pass").click()
    page.locator("#statements summary", has_text="1 Pyramid").click()
    assert row.inner_text() == "19\tall levels are used\t≠ wrong\t1.2"
    row.locator("a").click()
    assert page.url.endswith("#claim-said-backbone-vision-backbone-convs-3-reaches-mask-head")
    assert page.locator(".refuted[open] .claim[data-said]").is_visible(), "the link opens the fold"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("name", "drawn"), [("pictured", 3), ("frames", 0)])
@pytest.mark.parametrize("width", [1440, 390])
def test_pictures_of_values_are_seen(visit, name, drawn, width, scheme):
    page = visit(name, viewport={"width": width, "height": 800}, color_scheme=scheme)
    page.evaluate("document.querySelectorAll('.part').forEach((p) => p.style.contentVisibility = 'visible')")
    for image in page.locator(".thumb img").all():
        image.scroll_into_view_if_needed()
    assert page.locator("main .thumb").count() == 3
    assert page.locator("main .thumb img").count() == drawn
    page.wait_for_function("[...document.querySelectorAll('.thumb img')].every((i) => i.naturalWidth === 2)")
    sizes = page.evaluate("[...document.querySelectorAll('.thumb .frame')].map((f) => f.clientHeight)")
    assert min(sizes) >= 30
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate(CONTRAST) == []


def test_the_inspector_shows_the_picture_of_a_value(visit):
    page = visit("pictured", address="#at=backbone.vision_backbone.convs.2@0:out")
    assert page.locator("#inspected .thumb[data-kind=features] img").count() == 1
