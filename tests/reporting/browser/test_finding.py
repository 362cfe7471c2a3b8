"""Finding and travelling: search, filters and the explorer with addresses, n and p, the scroll bar."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.slow

ROOT = "document.documentElement"


def address(page) -> str:
    return page.evaluate("decodeURIComponent(location.hash)")


def ask(page, text: str) -> None:
    """Write into the search box and wait until the list answers these words."""
    page.locator("#search").fill(text)
    answered(page, text)


def answered(page, text: str) -> None:
    """Wait until the list answers these words."""
    page.wait_for_function("(text) => document.getElementById('hits').dataset.query === text", arg=text)


def search(page, text: str) -> list[str]:
    """Return what the rows say once the search has answered."""
    ask(page, text)
    return page.locator(".hit-row .hit-name").all_inner_texts()


def found(page) -> list[str]:
    """Return the words that are marked in the text."""
    return page.evaluate("[...CSS.highlights.get('found') ?? []].map((range) => range.toString())")


def settled(page) -> None:
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 50)))")


# -- search -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("bus", "1.2 The phrase"),
        ("rope", "12.3 Position"),
        ("skip connection", "9.1 Dot-product scoring"),
        ("why is P3 unused", "4.3 The discarded level"),
        ("P3 discarded", "4.3 The discarded level"),
        ("confidence", "12.4 Two questions, one confidence"),
        ("confidences", "9.4 The joint score"),
        ("windowed attention", "3.3 Windowed blocks"),
        ("how are boxes refined", "8.9 Box refinement"),
        ("attention bias", "8.6 A bias from the boxes"),
        ("decoder", "8 The decoder"),
        ('"nobody ever reads it again"', "4.3 The discarded level"),
    ],
)
def test_the_section_that_a_person_would_name_is_among_the_first(visit, query, wanted):
    page = visit("sam3")
    assert wanted in search(page, query)[:3]


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("置信度", "12.4 两个问题，一个置信度"),
        ("为什么P3没有被使用", "4.3 丢弃的层级"),
        ("丢弃的层级", "4.3 丢弃的层级"),
        ("残差连接", "9.1 点积打分"),
        ("校车", "8.4 自注意力"),
    ],
)
def test_chinese_is_found_without_spaces_between_words(visit, query, wanted):
    page = visit("sam3-zh")
    assert wanted in search(page, query)[:3]


def test_rows_say_where_a_word_stands_and_what_was_judged(visit):
    page = visit()
    search(page, "patches")
    assert page.locator(".hit-row .hit-snippet mark").first.inner_text().lower().startswith("patch")
    search(page, "convs.3")
    row = page.locator(".hit-row", has_text="convs.3:out").first
    assert row.locator(".mark").inner_text() in "✓✗"
    assert "1.2 Pyramid" in row.locator(".hit-note").inner_text()
    assert page.locator(".hit-head").all_inner_texts()[0].startswith("Claims")


def test_shapes_sizes_classes_and_ops_are_found_as_before(visit):
    page = visit()
    assert "1.2 Pyramid" in search(page, "pyramid")
    assert "decoder.attn@0" in search(page, "[1, 10, *]")
    assert page.locator(".hit-head").inner_text().split() == ["Calls", "and", "ops", "8"]
    page.locator(".hit-more").click()
    assert page.locator(".hit-row").count() == 8
    assert search(page, "64")[0] == "Where 64 comes from"
    assert search(page, "xyzzy") == []
    assert page.locator(".hit-head").inner_text() == "nothing found"
    search(page, "einsum")
    page.locator(".hit-row", has_text="mask_head/einsum@0").click()
    settled(page)
    assert "mask_head/einsum@0" in page.locator("#inspected").inner_text()


def test_found_words_are_marked_where_one_goes_and_esc_takes_the_marks_away(visit):
    page = visit()
    page.keyboard.press("/")
    page.keyboard.type("keeps shape")
    answered(page, "keeps shape")
    page.keyboard.press("Enter")
    settled(page)
    assert address(page) == "#1-1-trunk"
    assert sorted(set(found(page))) == ["keeps", "shape"]
    assert page.locator("main mark").count() == 0, "the page itself is not changed"
    page.keyboard.press("Escape")
    assert found(page) == []
    assert address(page) == "#1-1-trunk"


def test_enter_goes_to_what_is_written_by_then(visit):
    page = visit()
    page.keyboard.press("/")
    page.keyboard.type("keeps")
    answered(page, "keeps")
    page.evaluate("document.getElementById('search').value = 'keeps shape'")
    page.keyboard.press("Enter")
    settled(page)
    assert address(page) == "#1-1-trunk"
    assert sorted(set(found(page))) == ["keeps", "shape"]
    assert page.locator("#hits").is_hidden()


def test_a_phrase_in_quotes_is_found_as_it_is(visit):
    page = visit()
    assert "1.1 Trunk" in search(page, "shape keeps")
    assert "1.1 Trunk" in search(page, '"keeps its shape"')
    assert "1.1 Trunk" not in search(page, '"shape its keeps"')


def test_hostile_words_are_only_words(visit):
    page = visit("evil")
    for text in ("<img src=x onerror=attacked=1>", "script", '"<b>', "((((", "[", "\\", "*?+", "\u202e"):
        ask(page, text)
    assert page.locator("#hits img, #hits script, #hits b").count() == 0
    assert page.evaluate("window.attacked") is None


# -- filters ------------------------------------------------------------------------------------------


def shown(page) -> list[str]:
    return page.locator(".claim:visible").evaluate_all("claims => claims.map((claim) => claim.id)")


def test_a_filter_is_an_address_that_survives_reload_and_back(visit):
    page = visit(address="#show=contradicted")
    differing = shown(page)
    assert len(differing) == 2
    page.reload()
    page.wait_for_selector("html[data-ready=true]", state="attached")
    assert shown(page) == differing
    page.locator(".filters .filter.said").click()
    settled(page)
    assert address(page) == "#show=corrections"
    assert len(shown(page)) == 1
    page.go_back()
    settled(page)
    assert shown(page) == differing
    page.go_forward()
    settled(page)
    assert len(shown(page)) == 1


def test_a_filtered_page_has_headings_and_claims_and_nothing_else(visit):
    page = visit(address="#show=contradicted")
    assert page.locator("main .prose:visible, main figure:visible, main details.graph:visible").count() == 0
    assert page.locator("main .title:visible").all_inner_texts()[0].startswith("2 Decoder")
    assert page.locator("main .part:visible").count() == 1
    assert page.evaluate(f"{ROOT}.scrollHeight") <= 900


def test_show_all_leads_back_to_where_one_was(visit):
    page = visit("sam3")
    page.evaluate("document.getElementById('8-4-self-attention').scrollIntoView()")
    settled(page)
    before = page.locator("#\\38 -4-self-attention").bounding_box()["y"]
    page.evaluate("location.hash = '#show=not-judged'")
    settled(page)
    assert page.evaluate("scrollY") == 0
    page.locator("#cleared button").click()
    settled(page)
    assert abs(page.locator("#\\38 -4-self-attention").bounding_box()["y"] - before) < 4
    assert address(page) == ""


def test_a_place_in_the_trace_keeps_the_filter_and_a_hidden_section_ends_it(visit):
    page = visit(address="#show=contradicted")
    page.evaluate("location.hash = '#at=decoder@0'")
    settled(page)
    assert len(shown(page)) == 2
    page.reload()
    page.wait_for_selector("html[data-ready=true]", state="attached")
    assert len(shown(page)) == 2
    page.locator("#contents a", has_text="1.1 Trunk").click()
    settled(page)
    assert len(shown(page)) > 2
    assert page.locator("#\\31 -1-trunk").is_visible()


# -- n and p ------------------------------------------------------------------------------------------


def test_n_goes_round_what_differs_and_says_where_it_is(visit):
    page = visit()
    places = []
    for _ in range(3):
        page.keyboard.press("n")
        places.append((address(page), page.locator("#toast").inner_text()))
    assert places[0] == places[2] != places[1]
    assert places[0][1] == "1 of 2"


def test_n_without_differences_goes_to_what_could_not_be_judged(visit):
    page = visit("sam3")
    page.keyboard.press("n")
    said = page.locator("#toast").inner_text()
    assert "Nothing differs" in said
    assert "could not be judged" in said
    claim = page.locator(".claim:target, .claim[open]").first
    assert {"idle", "doubt"} & set(claim.get_attribute("class").split())
    assert claim.is_visible()


def test_n_without_claims_says_that_nothing_differs(visit):
    page = visit("alone")
    page.keyboard.press("n")
    page.locator("#toast.shown").wait_for()
    assert "Nothing differs" in page.locator("#toast").inner_text()


# -- the explorer -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("width", "height"), [(1440, 900), (1024, 768), (390, 844)])
def test_the_explorer_fills_the_window(visit, width, height):
    page = visit(address="#explorer", viewport={"width": width, "height": height})
    box = page.locator("#explorer").bounding_box()
    beside = page.locator("#inspector").bounding_box() if width >= 900 else None
    assert box["x"] == 0
    assert box["y"] + box["height"] == height
    across = page.evaluate(f"{ROOT}.clientWidth")  # without the place of the text's scroll bar
    assert box["width"] + (beside["width"] if beside else 0) == pytest.approx(across, abs=1)
    tree = page.locator("#tree").bounding_box()
    assert tree["height"] > 0.6 * height
    assert tree["y"] + tree["height"] == height
    assert page.evaluate(
        "Boolean(document.elementFromPoint(innerWidth / 3, 300).closest('#explorer, #inspector'))"
    )


@pytest.mark.parametrize("leave", ["Escape", "e", "back"])
def test_out_of_the_explorer_one_is_where_one_was(visit, leave):
    page = visit(address="#2-decoder")
    page.mouse.wheel(0, 120)
    page.wait_for_timeout(200)
    before = page.evaluate("scrollY")
    page.keyboard.press("e")
    settled(page)
    assert address(page) == "#explorer"
    assert page.locator("#tree").is_visible()
    if leave == "back":
        page.go_back()
    else:
        page.keyboard.press(leave)
    settled(page)
    assert not page.locator("#explorer").is_visible()
    assert address(page) == "#2-decoder"
    assert page.evaluate("scrollY") == before


def test_the_explorer_has_an_address_for_each_place(visit):
    page = visit(address="#explorer=mask_head/einsum@0")
    assert page.locator("#tree [aria-selected=true] .name").inner_text() == "einsum"
    assert "mask_head/einsum@0" in page.locator("#inspected").inner_text()
    page.locator("#inspected a.at", has_text="mask_head").first.click()
    settled(page)
    assert address(page).startswith("#explorer=mask_head"), "places lead to their rows"
    page.go_back()
    settled(page)
    assert page.locator("#tree [aria-selected=true] .name").inner_text() == "einsum"
    page.locator("#inspected a[href^='#claim']").first.click()
    settled(page)
    assert not page.locator("#explorer").is_visible()
    assert page.locator(".claim[open]").is_visible()


def test_a_row_shows_the_result_that_matters_and_not_a_mask(visit):
    page = visit("sam3", "#explorer")

    def types(name: str) -> str:
        return page.locator("#tree .row", has_text=name).locator(".types").inner_text()

    assert types(".forward_grounding()").endswith("f32[1, 200, 288, 288]")
    assert "bool" not in types("language_backbone")


# -- the inspector and the page -----------------------------------------------------------------------


def test_the_inspector_appears_when_it_is_used_and_goes_when_it_is_closed(visit):
    page = visit()
    assert not page.locator("#inspector").is_visible()
    wide = page.locator("main").bounding_box()["width"]
    text = page.locator("#\\31 -1-trunk .prose p").first
    text.scroll_into_view_if_needed()
    page.locator("#\\31 -1-trunk .about a").first.click()
    page.locator("#inspector").wait_for(state="visible")
    assert page.locator("main").bounding_box()["width"] < wide
    page.locator("#inspector-close").click()
    assert not page.locator("#inspector").is_visible()
    page.evaluate("location.hash = '#at=decoder@0'")
    page.locator("#inspector").wait_for(state="visible")
    page.keyboard.press("Escape")
    assert not page.locator("#inspector").is_visible()
    assert page.locator("main").bounding_box()["width"] == wide


def test_the_text_stays_where_it_is_read_when_the_inspector_opens(visit):
    page = visit("sam3", "#7-2-self-attention")
    settled(page)
    title = page.locator("#\\37 -2-self-attention .title")
    before = title.bounding_box()["y"]
    page.locator("#\\37 -2-self-attention .about a").first.click()
    page.locator("#inspector").wait_for(state="visible")
    settled(page)
    assert abs(title.bounding_box()["y"] - before) < 4


def test_a_claim_about_a_tensor_is_listed_once(visit):
    page = visit("sam3", "#at=backbone.vision_backbone.trunk.patch_embed@0:out")
    settled(page)
    listed = page.locator("#inspected a[href^='#claim']").all_inner_texts()
    verdicts = page.locator("#inspected li .verdict").all_inner_texts()
    told = list(zip(listed, verdicts, strict=True))
    assert told
    assert len(told) == len(set(told))


def test_the_contents_follow_the_reader_back_to_the_top(visit):
    page = visit(address="#1-1-trunk")
    settled(page)
    current = page.locator("#contents [data-section][aria-current]")
    assert "1.1 Trunk" in current.inner_text()
    page.evaluate("scrollTo(0, 0)")
    page.wait_for_timeout(300)
    assert current.count() == 0


@pytest.mark.parametrize("name", ["sam3", "sam3-zh", "good", "stated", "alone"])
@pytest.mark.parametrize("width", [1440, 390])
def test_the_scroll_bar_tells_how_long_the_page_is(visit, name, width):
    page = visit(name, viewport={"width": width, "height": 900})
    told = page.evaluate(f"{ROOT}.scrollHeight")
    page.add_style_tag(content=".part { content-visibility: visible !important }")
    settled(page)
    assert page.evaluate(f"{ROOT}.scrollHeight") == pytest.approx(told, rel=0.15)


def test_scrolling_up_into_what_was_not_laid_out_yet_moves_nothing(visit):
    page = visit("sam3", "#10-2-the-pixel-decoder")
    page.wait_for_timeout(300)
    jumps = page.evaluate(
        """async () => {
          const jumps = [];
          for (let step = 0; step < 40; step += 1) {
            const across = document.getElementById('text').getBoundingClientRect();
            const seen = document.elementFromPoint(across.left + across.width / 2, 300);
            const before = seen.getBoundingClientRect().top;
            scrollBy(0, -200);
            await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
            jumps.push(Math.abs(seen.getBoundingClientRect().top - before - 200));
          }
          return jumps;
        }"""
    )
    assert max(jumps) < 3


def test_a_table_that_goes_on_to_the_side_shows_it(visit):
    page = visit("sam3", "#numbers", viewport={"width": 390, "height": 844})
    table = page.locator("#numbers .table").first
    assert table.evaluate("e => e.scrollWidth > e.clientWidth")
    assert table.evaluate("e => getComputedStyle(e).backgroundImage").count("linear-gradient") == 4


@pytest.mark.parametrize(("name", "words"), [("good", "trace explorer"), ("chinese", "运行记录浏览器")])
def test_the_help_lists_the_keys_that_there_are(visit, name, words):
    page = visit(name)
    page.keyboard.press("?")
    listed = page.locator("#keys kbd").all_inner_texts()
    for key in ("/", "j", "k", "n", "p", "o", "O", "e", "c", "t", "?", "Esc", "Enter"):
        assert key in listed
    assert words in page.locator("#keys").inner_text()
    assert page.locator("#keys h2").evaluate("e => e === document.activeElement")


def test_a_very_long_heading_does_not_fill_the_contents(visit):
    page = visit()
    page.locator("#contents .name").first.evaluate("e => { e.textContent = 'heading '.repeat(20000); }")
    assert page.locator("#contents .name").first.bounding_box()["height"] < 80
