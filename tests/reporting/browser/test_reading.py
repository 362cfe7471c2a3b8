"""Reading the page as people do: filter, open, follow, search, keys."""

from __future__ import annotations

import re

import pytest

pytestmark = pytest.mark.slow


def seen(page, selector: str) -> int:
    return page.locator(f"{selector}:visible").count()


def inspected(page) -> str:
    # A click changes the address at once; the page hears of it a moment later.
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")
    return page.locator("#inspected").inner_text()


def test_filters_show_only_their_claims(visit):
    page = visit()
    assert seen(page, ".claim") == 13
    page.locator(".headline .count", has_text="2 differ").click()
    assert seen(page, ".claim") == 2
    assert seen(page, ".part .title >> text=1.2 Pyramid") == 0
    page.locator(".filters .filter", has_text="mistake").click()
    assert seen(page, ".claim") == 1
    page.locator("#cleared button").click()
    assert seen(page, ".claim") == 13, "what was opened for the filter is folded again"


def test_a_filter_without_claims_says_so(visit):
    page = visit()
    page.locator(".filters .doubt").click()
    assert "No claim here fits the filter" in page.locator("#cleared").inner_text()


def test_evidence_opens_on_demand_with_source_producer_and_users(visit):
    page = visit()
    claim = page.locator(".claim", has_text="convs.0:out")
    assert not claim.locator(".body").is_visible()
    claim.locator("summary").click()
    body = claim.locator(".body").inner_text()
    assert "backbone.vision_backbone.convs.0/interpolate" in body
    assert "mask_head/einsum" in body
    assert claim.locator(".source .line.meant").inner_text() == "return scale_0(x)"


def test_following_the_discarded_level_to_unused(visit):
    page = visit(address="#at=backbone.vision_backbone.convs.3@0")
    assert "Sequential" in inspected(page)
    page.locator("#inspected .port a", has_text="f32[1, 16, 4, 4]").click()
    assert page.evaluate("decodeURIComponent(location.hash)") == "#at=backbone.vision_backbone.convs.3@0:out"
    text = inspected(page)
    assert "used by" in text
    assert "nobody" in text
    assert "interpolate" in text
    page.locator("#inspected a", has_text="interpolate").first.click()
    assert "return scale_3(x)" in inspected(page)
    page.go_back()
    assert "nobody" in inspected(page)


def test_where_a_size_comes_from(visit):
    page = visit()
    page.locator(".about-run summary").click()
    page.locator(".symbol", has_text="N = 64").click()
    text = inspected(page)
    assert "Where 64 comes from" in text
    assert "64 = 8 * 8" in text
    assert "blocks.0/flatten@0" in text.replace("\u200b", "")


def test_hovering_a_dim_lights_up_its_kind_and_explains_it(visit):
    page = visit()
    page.locator(".claim .text .d:text-is('G')").first.hover()
    assert page.locator("#tip").inner_text().startswith("G = 8 = 32 / 4 patches a side")
    lit = page.evaluate("document.documentElement.dataset.lit")
    colour = page.locator(f".claim .y{lit}").first.evaluate("e => getComputedStyle(e).textDecorationLine")
    assert colour == "underline"


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("[*, 10, *]", "3 calls, 5 ops"),
        ("[1, 16, ...]", "11 calls, 7 ops"),
        ("[B, N, C]", "0 calls, 7 ops"),
        ("f32[1, 2, 64, 8]", "0 calls, 10 ops"),
        ("i64[...]", "nothing found"),
        ("4", "2 calls, 3 ops"),
        ("block trunk", "6 calls, 30 ops"),
        ("tiny/neck.py", "0 calls, 4 ops"),
    ],
)
def test_the_explorer_filters_by_name_source_and_shape(visit, query, found):
    page = visit(address="#explorer")
    page.locator("#filter").fill(query)
    page.locator("#found", has_text=re.compile(f"^{re.escape(found)}$")).wait_for()


def test_only_what_changes_the_shape(visit):
    page = visit()
    steps = page.locator("#1-1-trunk details.steps".replace("#1", "#\\31 "))
    steps.locator("summary").click()
    steps.locator(".rows > *").first.wait_for()  # a browser tells of the opening a moment later
    rows = steps.locator(".rows").inner_text()
    assert "conv2d" in rows
    assert "blocks.0 … 5 × 6" not in rows, "the blocks keep the shape"
    kept = steps.locator(".kept").first
    assert "that keep" in kept.inner_text()
    kept.click()
    assert "blocks.0 … 5 × 6" in steps.locator(".rows").inner_text()


def test_repeats_open_to_the_one_that_differs(visit):
    page = visit(address="#at=backbone.vision_backbone.trunk.blocks.*")
    text = inspected(page)
    assert "blocks.4@0" in text
    assert "view out f32[1, 4, 64, 4] instead of f32[1, 2, 64, 8]" in text


def test_a_pattern_names_calls_of_many_parents(visit):
    page = visit(address="#at=backbone.*.convs.*")
    assert "convs.3@0" in inspected(page)
    assert "Sequential × 4" in inspected(page)


def test_a_parameter_opens_from_the_list_of_a_size(visit):
    page = visit(address="#size=10")
    page.locator("#inspected li a", has_text=re.compile(r"^decoder\.queries$")).click()
    assert "a parameter decoder.queries" in inspected(page)


def test_figures_open_their_calls(visit):
    page = visit()
    box = page.locator(".graph .node a").first
    name = box.text_content()
    box.click()
    assert name[:5] in inspected(page)
    assert page.locator(".graph .picked").count() >= 1


@pytest.mark.parametrize(
    ("address", "selector"),
    [
        ("#2-decoder", "#\\32 -decoder"),
        ("#claim-decoder-out-0-b-12-c", "#claim-decoder-out-0-b-12-c"),
        ("#explorer", "#explorer"),
    ],
)
def test_deep_links_bring_the_place_into_view(visit, address, selector):
    page = visit(address=address)
    page.wait_for_timeout(200)
    box = page.locator(selector).bounding_box()
    assert -5 < box["y"] < 900
    if "claim" in address:
        assert page.locator(selector).get_attribute("open") is not None


def test_a_link_to_nothing_says_so(visit):
    page = visit(address="#at=nowhere@0")
    assert "Nothing in this trace is called nowhere@0." in inspected(page)


def test_selectors_and_links_can_be_copied(visit, browser):
    page = visit(address="#at=decoder@0")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="copy the selector").click()
    page.locator("#toast.shown").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == "decoder@0"


def test_a_crash_opens_on_the_failure(visit):
    page = visit("crashed")
    assert page.locator("#failure").bounding_box()["y"] < 500
    page.locator("#failure .evidence a", has_text="decoder/linear").click()
    assert "linear" in inspected(page)


def test_without_a_walkthrough_the_stages_are_the_page(visit):
    page = visit("alone")
    page.locator(".ports a", has_text="out").first.click()
    assert "made by" in inspected(page).lower()


def test_compressed_data_is_unpacked(visit):
    page = visit("packed", "#at=mask_head@0")
    assert page.evaluate("JSON.parse(document.getElementById('data').textContent).trace.length") > 1000
    assert "MaskHead" in inspected(page)


def test_chinese(visit):
    page = visit("chinese", "#at=backbone.vision_backbone.convs.3@0:out")
    assert page.evaluate("document.documentElement.lang") == "zh-CN"
    assert "使用者\n无\n" in inspected(page)
