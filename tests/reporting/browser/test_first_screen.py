"""The first screen, folded claims and known mistakes, as a reader meets them."""

from __future__ import annotations

import pytest
from report_samples import detector

from shapeflow.reporting.formats import html
from shapeflow.reporting.view.build import build
from shapeflow.walkthrough.check import check

pytestmark = pytest.mark.slow

TICKS = [
    *(f"backbone.vision_backbone.trunk.blocks.{number}:out  [B, G, G, C]" for number in range(6)),
    "backbone.vision_backbone.trunk.blocks.*:in  [B, G, G, C]",
    "backbone.vision_backbone.trunk.blocks.*:out  [B, G, G, C]",
]
FOLDED = "\n".join(
    [
        "---",
        "dims:",
        "  C: 16  # channels",
        "---",
        "# Folds",
        "",
        "The first sentence, with `a.b` in it. The second one.",
        "",
        "## Ticks",
        "",
        "```shapes",
        *TICKS,
        "```",
        "",
        "## Mixed",
        "",
        "```shapes",
        *TICKS[:6],
        "backbone.vision_backbone.trunk.blocks.1:out  [B, G, G, 17]",
        *(f"backbone.vision_backbone.trunk.blocks.{i}:out  [B, G, G, {90 + i}]" for i in range(6)),
        'said "2/1 it is wider": backbone.vision_backbone.trunk.blocks.0:out  [B, G, G, 32]',
        'said "2/2, 3/1 so are the others": backbone.vision_backbone.trunk.blocks.1:out  [B, G, G, 32]',
        'said "and the last": backbone.vision_backbone.trunk.blocks.5:out  [B, G, G, 32]',
        'said "2/3 it is flat": backbone.vision_backbone.trunk.blocks.5:out  [B, G]',
        "```",
        "",
    ]
)


@pytest.fixture(scope="module")
def folded(tmp_path_factory, browser):
    folder = tmp_path_factory.mktemp("folds")
    document = folder / "folds.md"
    document.write_text(FOLDED, encoding="utf-8")
    file = folder / "folds.html"
    file.write_text(html.render(build(detector(), check(detector(), document), folders=[])), encoding="utf-8")

    def open_page(address: str = "", **options):
        page = browser.new_page(**{"viewport": {"width": 1440, "height": 900}, **options})
        page.goto(f"{file.as_uri()}{address}")
        if options.get("java_script_enabled", True):
            page.wait_for_selector("html[data-ready=true]", state="attached")
        return page

    return open_page


def seen(page, selector: str) -> int:
    return page.locator(f"{selector}:visible").count()


def test_it_says_what_this_is_and_whether_it_is_true(folded):
    page = folded()
    first = page.locator(".first").inner_text()
    assert "The first sentence, with a.b in it." in first
    assert "The second one" not in first
    assert "Every checked line below was checked against one recorded run: " in first
    assert page.locator(".sentence").bounding_box()["y"] < 450
    assert page.locator(".headline").bounding_box()["y"] < 450
    assert not page.locator(".facts").is_visible()
    page.locator(".about-run > summary").click()
    assert page.locator(".facts").is_visible()
    page.close()


def test_what_differs_is_listed_five_at_most(folded):
    page = folded()
    items = page.locator(".differing li")
    assert items.count() == 5
    assert "→" in items.first.inner_text()
    assert "dim 4 differs" in items.first.inner_text()
    items.first.locator("a").click()
    target = page.evaluate("location.hash").removeprefix("#")
    assert page.locator(f'[id="{target}"]').is_visible()
    assert page.locator(f'[id="{target}"][open]').count() == 1
    page.locator(".differing .count", has_text="and 2 more").click()
    assert seen(page, ".claim") == 7
    page.close()


def test_everything_underlined_leads_somewhere(folded):
    page = folded()
    links = page.locator(".first .count")
    for number in range(links.count()):
        link = links.nth(number)
        if not link.is_visible():
            continue
        link.click()
        page.wait_for_timeout(50)
        assert page.evaluate("location.hash") not in ("", "#"), link.inner_text()
        page.evaluate("location.hash = ''")
    page.close()


def test_a_tick_a_section_leads_to_it(folded):
    page = folded()
    ticks = page.locator(".ticks a")
    assert [ticks.nth(i).get_attribute("class") for i in range(ticks.count())] == ["good", "bad"]
    assert ticks.nth(1).get_attribute("title").startswith("Mixed")
    assert ticks.nth(1).get_attribute("aria-label") == "Mixed: some differ"
    ticks.nth(1).click()
    assert page.evaluate("location.hash") == "#mixed"
    page.close()


def test_ticks_fold_and_what_differs_never_does(folded):
    page = folded()
    assert seen(page, "#ticks .claim") == 3
    assert page.locator("#ticks .rest > summary").text_content() == "5 more hold"
    assert seen(page, "#mixed .claim.bad") == 7
    page.locator("#ticks .rest > summary").click()
    assert seen(page, "#ticks .claim") == 8
    page.close()


@pytest.mark.parametrize("script", [True, False])
def test_a_link_opens_what_is_folded(folded, script):
    address = "#claim-backbone-vision-backbone-trunk-blocks-5-out-b-g-g-c"
    page = folded(address, java_script_enabled=script)
    assert page.locator(address).is_visible()
    page.close()


def test_the_browsers_search_finds_what_is_folded_and_shortened(folded):
    # A text fragment is looked for as the browser's own search looks, and opens the same folds.
    page = folded("#:~:text=backbone.vision_backbone.trunk.blocks.4%3Aout")
    page.wait_for_function("document.querySelector('#ticks .rest').open")
    assert page.locator("#claim-backbone-vision-backbone-trunk-blocks-4-out-b-g-g-c").is_visible()
    page.close()


def test_the_common_name_stands_once_and_the_lines_keep_it(folded):
    page = folded()
    assert page.locator("#ticks .module").first.text_content() == "backbone.vision_backbone.trunk.blocks"
    text = page.locator("#ticks .claim .text").first
    assert text.text_content() == TICKS[0], "a copy has the whole line"
    page.locator("#ticks").scroll_into_view_if_needed()
    assert page.locator("#ticks .claim i").first.bounding_box()["width"] == 0
    page.locator("#ticks .claim summary").first.click()
    assert page.locator("#ticks .claim i").first.bounding_box()["width"] > 100, "opened, it is told in full"
    page.close()


def test_evidence_is_made_when_a_claim_is_opened(folded):
    page = folded()
    assert page.locator("#ticks .evidence").count() == 0
    claim = page.locator("#ticks .claim").first
    claim.locator("summary").click()
    body = claim.locator(".body").inner_text()
    assert "f32[1, 8, 8, 16]" in body
    assert "made by" in body
    assert "folds.md:12" in body
    page.close()


def test_mistakes_of_another_text_are_out_of_the_way(folded):
    page = folded()
    assert seen(page, "[data-said]") == 0
    assert "wider" not in page.locator("#mixed").inner_text()
    assert page.locator(".refuted > summary").text_content() == "4 mistakes of another text refuted here"
    topics = page.locator(".topic > summary")
    assert topics.all_text_contents() == ["Not 32 but 16 3 places", "Another shape than stated 1 place"]
    topics.first.click()
    link = page.locator(".topic a", has_text="so are the others")
    assert link.inner_text() == "so are the others", "where it is said stands with the check"
    link.click()
    page.locator(".refuted[open]").wait_for()
    assert page.locator(".claim[data-said][open] .body").first.inner_text().count("2/2, 3/1") == 1
    page.close()


def test_paper_has_every_claim(folded):
    page = folded()
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert seen(page, ".claim") == page.locator(".claim").count()
    page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    assert seen(page, "#ticks .claim") == 3
    page.close()


def test_the_page_is_light(folded):
    page = folded()
    counts = page.evaluate(
        "[...document.querySelectorAll('#ticks .claim')].map((e) => e.querySelectorAll('*').length)"
    )
    assert max(counts) <= 8, "the line, and nothing of what stands behind it"
    page.close()
