"""The Chinese page: where lines begin, what is stressed, and the way to the other language and back."""

from __future__ import annotations

from pathlib import Path

import pytest
from report_samples import WALKTHROUGH, crashed, detector

from shapeflow.reporting.formats import html
from shapeflow.reporting.view.build import build
from shapeflow.reporting.view.elsewhere import linked
from shapeflow.walkthrough.check import check
from shapeflow.walkthrough.reader import parse

pytestmark = pytest.mark.slow

SECTIONS = {
    "1 Image": "1 图像",
    "1.1 Trunk": "1.1 主干",
    "1.2 Pyramid": "1.2 金字塔",
    "2 Decoder": "2 解码器",
    "3 Masks": "3 掩码",
    "How an image becomes masks.": "图像怎样*一步一步*变成掩码，公式 $S_{ij}$，以及 $q_i$；" * 12,
}
STARTS = (Path(__file__).parent / "line_starts.js").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def pair(tmp_path_factory) -> tuple[Path, Path]:
    """The page of the small detector in English and in Chinese, beside each other."""
    folder = tmp_path_factory.mktemp("pair")
    translated = WALKTHROUGH
    for english, chinese in SECTIONS.items():
        translated = translated.replace(english, chinese)
    views = [
        build(result.trace, result, language=language, folders=[])
        for text, language in ((WALKTHROUGH, "en"), (translated, "zh"))
        for result in [check(detector(), parse(text, f"detector.{language}.md"))]
    ]
    files = (folder / "page 1.html", folder / "page 1.zh.html")
    for view, file in zip(linked(views, [file.name for file in files]), files, strict=True):
        file.write_text(html.render(view), encoding="utf-8")
    return files


@pytest.fixture
def opened(browser, pair):
    page = browser.new_page(viewport={"width": 1440, "height": 700})
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))

    def go(number: int, address: str = ""):
        page.goto(f"{pair[number].as_uri()}{address}")
        ready(page)
        return page

    yield go
    assert errors == []
    page.close()


def ready(page) -> None:
    page.wait_for_selector("html[data-ready=true]", state="attached")
    page.wait_for_timeout(150)  # what is in sight is marked by an observer


def follow(page) -> str:
    """Click the link to the other language and return the address there."""
    box = page.locator("a.language").bounding_box()
    with page.expect_navigation():
        page.mouse.click(box["x"] + 5, box["y"] + 5)  # `locator.click` may scroll what is sticky
    ready(page)
    return page.evaluate("decodeURIComponent(location.pathname.split('/').pop() + location.hash)")


def test_the_link_leads_to_the_same_section(opened):
    page = opened(0, "#2-decoder")
    assert page.locator("a.language").inner_text() == "中文"
    assert follow(page) == "page 1.zh.html#2-解码器"
    assert page.locator("#contents a[aria-current] .name").inner_text() == "2 解码器"
    assert follow(page) == "page 1.html#2-decoder"


def test_where_one_has_scrolled_to_counts_and_not_where_one_came_in(opened):
    page = opened(0, "#1-1-trunk")
    page.locator("[id='3-masks']").evaluate("section => section.scrollIntoView()")
    page.wait_for_timeout(300)
    assert follow(page) == "page 1.zh.html#3-掩码"


@pytest.mark.parametrize(
    "address",
    [
        "#at=decoder.attn@0:out[0]",
        "#size=64",
        "#show=contradicted",
        "#explorer",
        "#explorer=decoder@0",
        "#claim-mask-head-out-b-10-4-g-4-g",
        "#numbers",
    ],
)
def test_places_that_have_one_name_keep_it(opened, address):
    page = opened(1, address)
    assert follow(page) == f"page 1.html{address}"


def test_the_first_screen_leads_to_the_first_screen(opened):
    assert follow(opened(0)) == "page 1.zh.html"


def test_without_scripts_the_link_leads_to_the_other_page(browser, pair):
    page = browser.new_page(java_script_enabled=False)
    page.goto(pair[0].as_uri())
    page.locator("a.language").click()
    assert page.url == pair[1].as_uri()
    assert page.locator("html").get_attribute("lang") == "zh-CN"
    page.close()


def test_texts_with_other_sections_lead_to_the_page(tmp_path):
    english, chinese = (
        build(result.trace, result, language=language, folders=[])
        for text, language in ((WALKTHROUGH, "en"), (WALKTHROUGH.replace("### 1.2", "## 1.2"), "zh"))
        for result in [check(detector(), parse(text, "detector.md"))]
    )
    assert linked([english, chinese], ["a.html", "b.html"])[0].elsewhere.sections == {}


@pytest.mark.parametrize("width", [1440, 1024, 390, 333])
def test_no_line_begins_with_a_closing_mark(opened, width):
    page = opened(1)
    page.set_viewport_size({"width": width, "height": 900})
    page.add_style_tag(content=".part { content-visibility: visible !important; }")
    page.evaluate("document.querySelectorAll('details').forEach((details) => { details.open = true; })")
    # Every width of the column in turn: where lines break depends on the font.
    for narrower in range(0, 60, 4):
        page.evaluate("(px) => { document.getElementById('text').style.paddingRight = `${px}px`; }", narrower)
        assert page.evaluate(STARTS) == []


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("name", ["sam3-zh"])
def test_no_line_of_sam3_begins_with_a_closing_mark(visit, name, width):
    page = visit(name, viewport={"width": width, "height": 900})
    page.add_style_tag(content=".part { content-visibility: visible !important; }")
    assert page.evaluate(STARTS) == []


def test_stressed_chinese_is_not_slanted(opened):
    page = opened(1)
    style = "(element) => [getComputedStyle(element).fontStyle, getComputedStyle(element).textEmphasisStyle]"
    assert page.locator(".prose em").first.evaluate(style) == ["normal", "dot"]
    slanted = """() => [...document.querySelectorAll("main *")].filter((element) => (
      getComputedStyle(element).fontStyle === "italic" && /[\\u4e00-\\u9fff]/.test(element.textContent)
    )).length"""
    assert page.evaluate(slanted) == 0


ENGLISH = (Path(__file__).parent / "english_texts.js").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["chinese", "crashed-zh", "sam3-zh"])
def test_no_text_of_the_page_is_english(visit, pages, name, tmp_path, request):
    if name == "crashed-zh":
        pages[name] = tmp_path / "crashed.html"
        pages[name].write_text(html.render(build(crashed(), language="zh", folders=[])), encoding="utf-8")
    page = visit(name)
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.evaluate("document.querySelectorAll('details').forEach((details) => { details.open = true; })")
    page.wait_for_timeout(500)
    assert page.evaluate(ENGLISH) == []
