"""The page: self-contained and strict; texts stay texts. What it does in a browser is tested in browser/."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import zlib
from html.parser import HTMLParser

import pytest
from report_samples import HOSTILE_WALKTHROUGH, crashed, detector, hostile, write_walkthrough

from shapeflow.common.control_characters import visible
from shapeflow.graph.svg import clean
from shapeflow.reporting.formats import html, page_data
from shapeflow.reporting.formats.prose import Prose, math_html
from shapeflow.reporting.view.build import build
from shapeflow.reporting.view.colours import Colours
from shapeflow.reporting.view.model import Symbol
from shapeflow.walkthrough.check import check


class Elements(HTMLParser):
    """Collects the elements of a page with their attributes, and its scripts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open_script = False
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[tuple[dict[str, str | None], str]] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))
        self.open_script = tag == "script"
        if tag == "script":
            self.scripts.append((dict(attrs), ""))

    def handle_endtag(self, tag):
        self.open_script = self.open_script and tag != "script"

    def handle_data(self, data):
        if self.open_script:
            attributes, text = self.scripts[-1]
            self.scripts[-1] = (attributes, text + data)


def page(trace, folder=None, walkthrough=None, language="en") -> str:
    result = check(
        trace, write_walkthrough(folder, walkthrough) if walkthrough else write_walkthrough(folder)
    )
    return html.render(build(trace, result, language=language, folders=[]))


@pytest.fixture(scope="module")
def text(tmp_path_factory):
    return page(detector(), tmp_path_factory.mktemp("page"))


@pytest.fixture(scope="module")
def evil(tmp_path_factory):
    return page(hostile(), tmp_path_factory.mktemp("evil"), HOSTILE_WALKTHROUGH)


def test_nothing_is_loaded_from_anywhere(text):
    for tag, attributes in Elements(text).found:
        assert tag not in ("link", "iframe", "object", "embed", "base")
        for name in ("src", "srcset", "href", "action", "data", "xlink:href"):
            value = attributes.get(name) or ""
            assert value.startswith(("#", "data:image/")) or not value, (tag, name, value)
    assert "url(" not in text.partition("</style>")[0]
    assert "@import" not in text


def test_the_policy_allows_this_script_only(text):
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]+)"', text)[1]
    data, script = Elements(text).scripts
    digest = base64.b64encode(hashlib.sha256(script[1].encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none'; img-src data:; style-src 'unsafe-inline'")
    assert data[0]["type"] == "application/json"


@pytest.mark.parametrize("which", ["text", "evil"])
def test_no_element_listens_by_attribute(which, request):
    for _, attributes in Elements(request.getfixturevalue(which)).found:
        assert not [name for name in attributes if name.startswith("on")]
        assert not (attributes.get("href") or "").lower().startswith("javascript")


def test_only_two_scripts_even_where_texts_try_to_add_some(evil):
    assert len(Elements(evil).scripts) == 2
    assert [tag for tag, _ in Elements(evil).found].count("img") == 0
    json.loads(Elements(evil).scripts[0][1])


def test_the_data_cannot_end_its_element(evil):
    data = re.search(r'id="data">(.*?)</script>', evil, re.DOTALL)[1]
    assert not re.search("[<>&\u2028\u2029]", data)


def test_control_characters_are_shown_not_obeyed(evil):
    assert "\u202e" not in evil
    assert "\x1b" not in evil
    assert "\\u202e" in evil
    assert visible("a\x00\u2066\nb\tc") == "a\\x00\\u2066\nb\tc"


def test_ids_are_unique(text):
    ids = [attributes["id"] for _, attributes in Elements(text).found if "id" in attributes]
    assert len(ids) == len(set(ids))


def test_links_within_the_page_lead_somewhere(text):
    elements = Elements(text)
    ids = {attributes.get("id") for _, attributes in elements.found}
    for tag, attributes in elements.found:
        href = attributes.get("href") or ""
        if tag == "a" and href.startswith("#") and not href.startswith(("#at=", "#size=", "#show=")):
            assert href[1:] in ids, href


def test_large_data_is_compressed(monkeypatch):
    view = build(detector(), folders=[])
    assert "trace" in json.loads(page_data.page_data(view))
    monkeypatch.setattr(page_data, "PLAIN_LIMIT", 100)
    packed = json.loads(page_data.page_data(view))["trace"]
    assert json.loads(zlib.decompress(base64.b64decode(packed)))["calls"]


@pytest.mark.parametrize(("language", "word"), [("en", "Contents"), ("zh", "目录")])
def test_the_interface_speaks_the_language(tmp_path, language, word):
    text = page(detector(), tmp_path, language=language)
    assert f'lang="{"zh-CN" if language == "zh" else "en"}"' in text
    assert f"<h2>{word}</h2>" in text


def test_a_crash_is_on_the_first_screen():
    text = html.render(build(crashed(), folders=[]))
    assert text.index('id="failure"') < text.index('class="facts"')
    assert "mat1 and mat2 shapes cannot be multiplied" in text


def test_the_same_input_gives_the_same_page(text, tmp_path):
    assert page(detector(), tmp_path) == text


# -- prose ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def prose():
    return Prose(Colours([Symbol("N", 5184, 0, "N = 5184"), Symbol("B", 1, 1, "B = 1", telling=False)]))


@pytest.mark.parametrize(
    ("markdown", "part"),
    [
        ("<b>x</b>", "&lt;b&gt;x"),
        ("<script>x</script>", "&lt;script&gt;"),
        ("[x](javascript:alert)", "[x](javascript:alert)"),
        ("![p](https://a.b/c.png)", '<a href="https://a.b/c.png" rel="noopener noreferrer">p</a>'),
        ("[x](other.md)", '<a href="other.md" rel="noopener noreferrer">x</a>'),
        ("`[B, N]`", '<code class="shape">[<span class="d y1" data-s="B">B</span>'),
        ("`[1, 5184]`", '[1, <span class="d y0" data-s="N">5184</span>]'),
        ("`f(x)`", "<code>f(x)</code>"),
        ("```python\nx = 1\n```", '<span class="n">x</span>'),
        ("```nolanguage\n<b>\n```", "&lt;b&gt;"),
        ("| a |\n|---|\n| b |", '<div class="table" tabindex="0"><table>'),
        ("costs $5 and $6", "costs $5 and $6"),
        (r"$\frac{a}{b}$", "<mfrac>"),
        ("$$\nx^2\n$$", "<msup>"),
    ],
)
def test_markdown(prose, markdown, part):
    assert part in prose.html(markdown)


@pytest.mark.parametrize(
    "tex", [r"\frac{a}{", r"\href{javascript:x}{y}", "x" * 5_000, r"\begin{x}", "</math><script>"]
)
def test_math_that_is_none_stays_as_written_or_harmless(tex):
    shown = math_html(tex, block=False)
    assert not re.search(r"<(?!/?(code|m[a-z]+))|href=|javascript:x\"", shown)


# -- figures --------------------------------------------------------------------------------------------


def test_a_figure_keeps_nothing_active():
    active = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"
      xmlns:xlink="http://www.w3.org/1999/xlink"
      onload="x()"><script>x()</script><g class="graph" transform="translate(4 5)"><g class="node call">
      <a xlink:href="javascript:x()"><path d="M0,0C1,1 2,2 3,3" onclick="x()"/><image xlink:href="http://a/b.png"/>
      <text x="1" y="2">&lt;b&gt;</text></a><foreignObject><b>x</b></foreignObject></g></g></svg>"""
    svg = clean(active)
    assert not re.search(r"script|onload|onclick|image|foreignObject|http|javascript", svg)
    assert "&lt;b&gt;" in svg
