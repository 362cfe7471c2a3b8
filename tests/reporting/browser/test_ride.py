"""Following a tensor step by step, in a real browser."""

from __future__ import annotations

import re
from urllib.parse import quote

import pytest

pytestmark = pytest.mark.slow

START = "backbone.forward_image()@0:in.image"
END = "mask_head@0:out"


def ride_address(start: str, end: str, step: int = 1) -> str:
    return f"#follow={quote(start)}..{quote(end)}@{step}"


@pytest.fixture
def ends(visit):
    """The first ride that the page of the good detector offers below its picture."""
    page = visit()
    page.wait_for_selector(".ride-offers a")
    return page.locator(".ride-offers a").first.get_attribute("href")


def count(page) -> str:
    return page.locator("#ride-count").inner_text()


def step_of(page) -> int:
    return int(re.search(r"@(\d+)$", page.evaluate("location.hash")).group(1))


def steps(page) -> int:
    return int(count(page).split("/")[1])


def title(page) -> str:
    return page.locator("#ride-stage h2").inner_text()


def test_keys_walk_the_steps_and_the_address_follows(visit, ends):
    page = visit(address=ends)
    last = steps(page)
    assert 3 <= last <= 22 and count(page).startswith("1 /") and title(page) == "Start"
    for key, expected in (("ArrowRight", 2), ("j", 3), ("k", 2), (" ", 3), ("ArrowLeft", 2), ("Home", 1)):
        page.keyboard.press(key)
        assert (step_of(page), count(page)) == (expected, f"{expected} / {last}"), key
    page.keyboard.press("ArrowLeft")
    assert step_of(page) == 1
    page.keyboard.press("End")
    assert step_of(page) == last
    page.keyboard.press("ArrowRight")
    assert step_of(page) == last
    assert page.locator("#ride-next").is_disabled()


def test_twenty_presses_lead_to_the_end(visit, ends):
    page = visit("packed", ends)
    for _ in range(20):
        page.keyboard.press("ArrowRight")
    assert step_of(page) == steps(page)


def test_buttons_and_ticks_step_without_keys(visit, ends):
    page = visit(address=ends, viewport={"width": 390, "height": 844}, has_touch=True)
    page.locator("#ride-next").tap()
    assert step_of(page) == 2
    page.locator("#ride-back").tap()
    assert step_of(page) == 1
    page.locator("#ride-progress button").nth(2).click()
    assert step_of(page) == 3
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.evaluate("document.querySelector('#ride-stage').scrollWidth") <= 390


def test_a_reload_returns_to_the_step(visit, ends):
    page = visit(address=ends)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    shown = title(page)
    page.reload()
    page.wait_for_selector("html[data-ready=true]", state="attached")
    assert (step_of(page), title(page)) == (3, shown)


def test_escape_returns_to_the_same_place_and_forward_to_the_ride(visit, ends):
    page = visit()
    page.evaluate("window.scrollTo(0, 600)")
    page.evaluate("address => { location.hash = address; }", ends)
    page.wait_for_selector("#ride:not([hidden])")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Escape")
    page.wait_for_selector("#ride", state="hidden")
    assert page.evaluate("location.hash") == ""
    assert abs(page.evaluate("window.scrollY") - 600) < 2
    assert not page.evaluate("document.querySelector('.page').inert")
    page.go_forward()
    page.wait_for_selector("#ride:not([hidden])")
    assert step_of(page) == 2
    page.go_back()
    page.wait_for_selector("#ride", state="hidden")
    assert abs(page.evaluate("window.scrollY") - 600) < 2


def test_escape_leaves_a_ride_that_the_page_was_opened_with(visit, ends):
    page = visit(address=ends)
    page.keyboard.press("Escape")
    page.wait_for_selector("#ride", state="hidden")
    assert page.evaluate("location.hash") == ""
    page.keyboard.press("j")
    assert page.evaluate("location.hash") != ""


def test_a_link_in_a_step_leads_to_the_inspector_and_back(visit, ends):
    page = visit(address=ends)
    page.keyboard.press("ArrowRight")
    page.locator("#ride-stage .ride-call a").click()
    page.wait_for_selector("#ride", state="hidden")
    assert "#at=" in page.evaluate("location.hash")
    assert page.locator("#inspector h3").inner_text()
    page.go_back()
    page.wait_for_selector("#ride:not([hidden])")
    assert step_of(page) == 2


def test_the_inspector_offers_ends_and_any_other(visit):
    page = visit(address="#at=backbone.vision_backbone.trunk@0:out")
    offers = page.locator(".follow .ride-link")
    assert offers.count() >= 2
    offers.first.click()
    page.wait_for_selector("#ride:not([hidden])")
    assert count(page).startswith("1 /")
    page.keyboard.press("Escape")
    page.wait_for_selector("#ride", state="hidden")
    field = page.locator(".follow input").first
    field.fill("mask_head")
    assert page.locator(".follow datalist option").count() >= 1
    field.press("Enter")
    page.wait_for_selector("#ride:not([hidden])")
    assert page.evaluate("location.hash").endswith("..mask_head@1")


def test_where_no_data_flows_the_last_op_is_named(visit):
    page = visit(address=ride_address("mask_head@0", "backbone.vision_backbone.trunk@0:in[0]"))
    assert "No data flows" in page.locator("#ride-stage").inner_text()
    assert not page.locator("#ride-next").is_visible()
    page = visit(address=ride_address("backbone.vision_backbone.convs.3@0:out", "mask_head@0:out"))
    text = page.locator("#ride-stage").inner_text()
    assert "No data flows" in text or "nobody can be sure" in text


def test_a_name_that_is_nowhere_is_said_and_not_run(visit):
    page = visit(address=ride_address("<img src=x onerror=alert(1)>", "mask_head@0"))
    assert "<img src=x onerror=alert(1)>" in page.locator("#ride-stage").inner_text()
    assert page.locator("#ride img").count() == 0


def test_hostile_names_are_text(visit):
    page = visit("evil")
    page.wait_for_selector(".ride-offers a")
    page.locator(".ride-offers a").first.click()
    page.wait_for_selector("#ride:not([hidden])")
    assert steps(page) > 1
    for _ in range(steps(page)):
        assert page.locator("#ride img, #ride script").count() == 0
        page.keyboard.press("ArrowRight")
    assert "attacked" in page.locator("#ride-stage").inner_text()
    assert page.evaluate("window.attacked") is None


def test_a_crashed_run_is_followed_to_the_op_that_failed(visit):
    page = visit("crashed")
    page.wait_for_selector("#failure .ride-offers a")
    page.locator("#failure .ride-offers a").first.click()
    page.wait_for_selector("#ride:not([hidden])")
    page.keyboard.press("End")
    assert title(page) == "Arrives at linear"
    assert "tiny/model.py:10" in page.locator("#ride-stage").inner_text()


def test_shapes_letters_lines_and_text_stand_in_a_step(visit, ends):
    page = visit(address=ends)
    page.keyboard.press("ArrowRight")
    panel = page.locator("#ride-stage")
    assert "→" in panel.locator(".ride-shapes").inner_text()
    assert panel.locator(".tensors .seg").count() >= 4
    assert page.locator("#ride-progress .group").count() >= 2
    texts = []
    for _ in range(steps(page)):
        if panel.locator(".ride-text").count():
            texts.append(panel.locator(".ride-text").inner_text())
        assert panel.locator(".source .line").count() <= 3
        page.keyboard.press("ArrowRight")
    assert any("The trunk keeps its shape, [1, 8, 8, 16], through all blocks." in text for text in texts)


def test_a_size_that_has_a_letter_stands_with_it_in_its_colour(visit):
    page = visit(address=ride_address("backbone.vision_backbone.trunk@0:out", "decoder@0:out[0]"))
    seen = set()
    for _ in range(steps(page)):
        seen.update(page.locator("#ride-stage .seg.d[data-s]").all_text_contents())
        page.keyboard.press("ArrowRight")
    assert seen == {"64 N"}


def test_the_strip_on_paper_has_all_steps_and_nothing_else(visit, ends):
    page = visit(address=ends)
    total = steps(page)
    page.emulate_media(media="print")
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert page.locator("#ride-strip .ride-panel").count() == total
    assert page.locator("#ride-strip .ride-panel").first.is_visible()
    assert not page.locator("main").is_visible()
    assert not page.locator("#ride-stage").is_visible()


def test_nothing_moves_for_who_wants_no_motion(visit, ends):
    page = visit(address=ends, reduced_motion="reduce")
    page.keyboard.press("ArrowRight")
    names = "() => [...document.querySelectorAll('#ride *')].map((e) => getComputedStyle(e).animationName)"
    assert set(page.evaluate(names)) == {"none"}
    page = visit(address=ends, reduced_motion="no-preference")
    page.keyboard.press("ArrowRight")
    assert "ride-flow" in page.evaluate(names)


def test_c_copies_the_address_of_the_step(visit, ends):
    page = visit(address=ends)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("c")
    page.wait_for_selector("#toast.shown")
    assert "@2" in page.locator("#toast").inner_text() or "…" in page.locator("#toast").inner_text()


def test_the_rest_of_the_page_is_out_of_reach_while_riding(visit, ends):
    page = visit(address=ends)
    for _ in range(12):
        page.keyboard.press("Tab")
        outside = "document.activeElement !== document.body && !document.activeElement.closest('#ride')"
        assert not page.evaluate(outside)
    page.keyboard.press("n")
    page.keyboard.press("/")
    assert "follow=" in page.evaluate("location.hash")


def test_chinese_has_its_own_words(visit, ends):
    page = visit("chinese", ends)
    assert title(page) == "起点"
    assert "下一步" in page.locator("#ride-next").inner_text()
