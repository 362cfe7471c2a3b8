"""A Chromium for the tests of the page; they are skipped, visibly, where there is none."""

from __future__ import annotations

from pathlib import Path

import pytest
from places import PACKAGE, ROOT
from report_samples import (
    HOSTILE_WALKTHROUGH,
    crashed,
    detector,
    hostile,
    pictured,
    write_mapped_walkthrough,
    write_stated_walkthrough,
    write_walkthrough,
)

from shapeflow.reporting.formats import html
from shapeflow.reporting.view.build import build
from shapeflow.walkthrough.check import check


@pytest.fixture(scope="session")
def pages(tmp_path_factory) -> dict[str, Path]:
    """Pages by name.

    ``good``, ``stated`` (with the statements of a text), ``mapped`` (to another model), ``evil``,
    ``pictured``, ``frames`` (what a shapes-only run has not drawn), ``crashed``,
    ``alone`` (no walkthrough), ``packed``, ``chinese``.
    """
    folder = tmp_path_factory.mktemp("pages")
    good = check(detector(), write_walkthrough(folder))
    stated = check(good.trace, write_stated_walkthrough(folder))
    mapped = check(good.trace, write_mapped_walkthrough(folder))
    evil = check(hostile(), write_walkthrough(folder, HOSTILE_WALKTHROUGH))
    views = {
        "good": build(good.trace, good, folders=[]),
        "stated": build(stated.trace, stated, folders=[]),
        "mapped": build(mapped.trace, mapped, folders=[]),
        "evil": build(evil.trace, evil, folders=[]),
        "crashed": build(crashed(), folders=[]),
        "alone": build(detector(), folders=[]),
        "pictured": build(pictured(), check(pictured(), good.document), folders=[]),
        "frames": build(pictured(drawn=False), check(pictured(drawn=False), good.document), folders=[]),
        "packed": build(detector(repeat=200), folders=[]),
        "chinese": build(good.trace, good, language="zh", folders=[]),
    }
    files = {}
    for name, view in views.items():
        files[name] = folder / f"{name}.html"
        files[name].write_bytes(html.render(view).encode("utf-8", errors="replace"))
    return files


@pytest.fixture(scope="session")
def sam3_pages(tmp_path_factory) -> dict[str, Path]:
    """The pages of the official SAM3 with its walkthrough: ``sam3`` in English and ``sam3-zh`` in Chinese."""
    pytest.importorskip("sam3")
    from shapeflow import recording
    from shapeflow.adapters.base import load
    from shapeflow.adapters.request import Request

    request = Request("sam3", "meta", (ROOT / "examples" / "school-bus.jpg",), "yellow school bus", ())
    prepare = load("sam3")
    trace = recording.run(lambda: prepare(request), device="meta", adapter="sam3", target="sam3")
    folder = tmp_path_factory.mktemp("sam3")
    files = {}
    for name, language in (("sam3", "en"), ("sam3-zh", "zh")):
        result = check(trace, PACKAGE / "walkthrough" / "shipped" / f"sam3.{language}.md")
        files[name] = folder / f"{name}.html"
        files[name].write_text(html.render(build(trace, result, language=language)), encoding="utf-8")
    return files


class Visit:
    """An opened page that remembers what went wrong and what it asked the network for."""

    def __init__(self, page) -> None:
        self.page = page
        self.complaints: list[str] = []
        self.requests: list[str] = []
        page.on("console", lambda message: self.complaints.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))
        page.on("request", lambda request: self.requests.append(request.url))

    def go(self, file: Path, address: str = "") -> None:
        self.page.goto(f"{file.as_uri()}{address}")
        self.page.wait_for_selector("html[data-ready=true]", state="attached")


@pytest.fixture
def visit(browser, pages, request):
    """Open pages; afterwards nothing may have been complained about or loaded."""
    visits: list[Visit] = []

    def open_page(name: str = "good", address: str = "", **options):
        options = {"viewport": {"width": 1440, "height": 900}, **options}
        opened = Visit(browser.new_page(**options))
        visits.append(opened)
        files = request.getfixturevalue("sam3_pages") if name.startswith("sam3") else pages
        opened.go(files[name], address)
        return opened.page

    yield open_page
    for opened in visits:
        assert opened.complaints == []
        assert [url for url in opened.requests if not url.startswith(("file:", "data:"))] == []
        opened.page.close()
