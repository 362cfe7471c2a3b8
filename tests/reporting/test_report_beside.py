"""A page is the same whoever made its parts: copies of the process, kept drawings, or one process alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from report_samples import WALKTHROUGH, detector

from shapeflow.cli import main
from shapeflow.common import beside as beside_module
from shapeflow.common.cache import VARIABLE
from shapeflow.reporting import beginner
from shapeflow.reporting.formats import html
from shapeflow.reporting.view.build import build
from shapeflow.reporting.view.model import ReportView
from shapeflow.walkthrough.check import check
from shapeflow.walkthrough.reader import parse


def page(folder: Path, *options: str) -> bytes:
    """Return the page that the command writes."""
    trace, document, output = (folder / name for name in ("t.trace.json", "walkthrough.md", "out.html"))
    if not trace.exists():
        detector().save(trace)
        document.write_text(WALKTHROUGH, encoding="utf-8")
    assert main(["report", str(trace), str(document), "-o", str(output), "--force", "-q", *options]) == 0
    return output.read_bytes()


def test_the_page_is_the_same_with_and_without_copies_and_what_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, str(tmp_path / "kept"))
    monkeypatch.setattr(beside_module.threading, "active_count", lambda: 1)
    monkeypatch.setattr(beside_module, "_processors", lambda: 2)
    first, again = page(tmp_path), page(tmp_path)
    monkeypatch.setattr(beside_module, "_processors", lambda: 1)
    monkeypatch.setenv(VARIABLE, "")
    assert first == again == page(tmp_path)
    assert any((tmp_path / "kept" / "templates").iterdir())


def test_templates_that_were_spoilt_are_compiled_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, str(tmp_path / "kept"))
    first = page(tmp_path)
    for file in (tmp_path / "kept" / "templates").iterdir():
        file.write_bytes(file.read_bytes()[:-20])
    assert page(tmp_path) == first


def test_a_page_that_is_begun_without_figures_is_that_of_the_whole_view() -> None:
    document = parse(WALKTHROUGH, "walkthrough.md")
    trace = detector()
    begun: list[ReportView] = []
    view = build(trace, check(trace, document), folders=[], meanwhile=begun.append)
    (before,) = begun
    assert before.overview is None
    assert not any(section.drawing for section in before.sections)
    assert html.begin(before)(view) == html.render(view)


@pytest.mark.parametrize("form", ["html", "markdown", "json", "terminal"])
def test_every_format_can_be_begun(form: str) -> None:
    view = build(detector(), folders=[])
    assert beginner(form)(view)(view)
