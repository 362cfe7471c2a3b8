"""The page without a mouse."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.slow


def address(page) -> str:
    return page.evaluate("location.hash")


def test_j_and_k_walk_the_sections(visit):
    page = visit()
    walked = []
    for _ in range(4):
        page.keyboard.press("j")
        walked.append(address(page))
    assert walked == ["#a-small-detector", "#1-image", "#1-1-trunk", "#1-2-pyramid"]
    page.keyboard.press("k")
    assert address(page) == "#1-1-trunk"


def test_n_and_p_walk_the_differences_and_open_them(visit):
    page = visit()
    page.keyboard.press("n")
    first = address(page)
    page.keyboard.press("n")
    assert first != address(page)
    page.keyboard.press("p")
    assert address(page) == first == "#claim-decoder-out-0-b-12-c"
    assert page.locator(".claim[open]").count() == 2
    page.keyboard.press("o")
    assert page.locator(".claim[open]").count() == 1


def test_capital_o_opens_all_and_closes_all(visit):
    page = visit()
    page.keyboard.press("Shift+O")
    assert page.locator(".claim[open]").count() == 14
    page.keyboard.press("Shift+O")
    assert page.locator(".claim[open]").count() == 0


def test_help_opens_and_closes(visit):
    page = visit()
    page.keyboard.press("?")
    assert page.locator("#keys").is_visible()
    page.keyboard.press("Escape")
    assert not page.locator("#keys").is_visible()


def test_keys_are_only_text_inside_a_field(visit):
    page = visit()
    page.keyboard.press("/")
    page.keyboard.type("jnt?")
    assert page.locator("#search").input_value() == "jnt?"
    assert address(page) == ""


def test_the_first_tab_skips_to_the_text(visit):
    page = visit()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert address(page) == "#text"


def test_everything_that_can_be_clicked_can_be_reached(visit):
    page = visit()
    unreachable = page.evaluate(
        """() => [...document.querySelectorAll('button, summary, a[href], input')]
            .filter((e) => e.checkVisibility() && e.tabIndex < 0).map((e) => e.outerHTML.slice(0, 80))"""
    )
    assert unreachable == []


def test_the_tree_is_walked_with_arrows(visit):
    page = visit()
    page.keyboard.press("e")

    def row() -> str:
        return page.locator("#tree [aria-selected=true] .name").inner_text()

    assert row() == "backbone.forward_image()"
    page.keyboard.press("ArrowDown")
    assert row() == "vision_backbone"
    assert page.locator("#tree [aria-selected=true]").get_attribute("aria-expanded") == "true"
    page.keyboard.press("ArrowLeft")
    assert page.locator("#tree [aria-selected=true]").get_attribute("aria-expanded") == "false"
    page.keyboard.press("ArrowRight")
    assert page.locator("#tree [aria-selected=true]").get_attribute("aria-expanded") == "true"
    page.keyboard.press("ArrowRight")
    assert row() == "trunk"
    page.keyboard.press("Enter")
    assert "Trunk" in page.locator("#inspected").inner_text()
    page.keyboard.press("ArrowLeft")
    assert row() == "vision_backbone"
    page.keyboard.press("End")
    assert row() == "mask_head"
    page.keyboard.press("Home")
    assert row() == "backbone.forward_image()"
    assert page.evaluate("document.getElementById('tree').getAttribute('aria-activedescendant')") == "row-0"


def test_search_by_keyboard_alone(visit):
    page = visit()
    page.keyboard.press("/")
    page.keyboard.type("convs.3")
    page.locator(".hit-row").first.filter(has_text="convs.3").wait_for()  # not those of "c"
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    assert address(page).startswith("#claim-backbone-vision-backbone-convs-3")
