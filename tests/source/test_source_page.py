"""The page with the model's source: what stands in it, its safety, and its keys in a browser."""

from __future__ import annotations

import re
import sys

import pytest
import torch
from places import ROOT
from torch import nn

import shapeflow
from shapeflow.cli import main
from shapeflow.source.collect import source_files, wanted

NET = '''"""A module </script><script>document.title = "hostile"</script>."""
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.other = nn.Linear(8, 4), nn.Linear(8, 4)

    def forward(self, x, flag=False):
        """Return it.

        A text that is longer than one line, so that colours depend on what is above.
        """
        if flag:
            return self.other(x)
        hidden = self.first(x)
        # <img src=x onerror="document.title='hostile'">
        return torch.relu(hidden)

    # 1
    # 2
    # 3
    # 4
    # 5
    # 6
    # 7
    # 8
    def never_called(self):
        return None


def build():
    return Net(), (torch.ones(2, 8),)
'''


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("page")
    (folder / "net.py").write_text(NET)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        assert main(["trace", "--model", "net.py:build", "-o", "net.trace.json", "-q"]) == 0
        assert main(["source", "net.trace.json", "-o", "net.html", "--report", "report.html"]) == 0
        assert main(["source", "net.trace.json", "-o", "chinese.html", "--lang", "zh"]) == 0
    return folder


def row(page: str, number: int) -> str:
    return re.search(rf'<div class="line[^>]* id="net.py:{number}".*?\n', page)[0]


def test_a_line_stands_beside_what_it_made_and_leads_to_the_report(folder):
    hidden = row((folder / "net.html").read_text(), 18)
    assert re.search(r"hidden</span>.*<b>hidden</b>  <span class=\"shape\">f32\[2, 4\]</span>", hidden)
    assert 'href="report.html#at=first@0:out"' in hidden
    assert "told" in hidden.partition('id="')[0]


def test_lines_that_never_ran_are_marked_and_others_are_not(folder):
    page = (folder / "net.html").read_text()
    assert " never" in row(page, 17).partition('id="')[0]
    assert " never" not in row(page, 16).partition('id="')[0]


def test_what_nothing_is_known_of_is_folded_as_written(folder):
    page = (folder / "net.html").read_text()
    folded = re.findall(r"<details class=\"gap\">.*?<pre>(.*?)</pre>", page, re.DOTALL)
    assert "   29      # 8\n   30      def never_called(self):\n" in folded[-1]
    numbers = [int(n) for n in re.findall(r'id="net.py:(\d+)"', page)]
    numbers += [int(line[:5]) for text in folded for line in text.split("\n")]
    assert sorted(numbers) == list(range(1, len(NET.splitlines()) + 1))


def test_nothing_in_the_source_is_executed_or_loaded(folder):
    page = (folder / "net.html").read_text()
    assert page.count("<script>") == 1
    assert "<img" not in page
    assert "default-src 'none'" in page


def test_a_text_of_several_lines_has_the_colour_of_a_text(folder):
    assert '<span class="sd">' in row((folder / "net.html").read_text(), 14)


def test_chinese(folder):
    page = (folder / "chinese.html").read_text()
    assert '<html lang="zh-CN">' in page
    assert "源代码与形状" in page
    assert "lines made tensors" not in page


def test_other_endings_are_refused(folder, capsys, monkeypatch):
    monkeypatch.chdir(folder)
    assert main(["source", "net.trace.json", "-o", "net.txt"]) == 2
    assert "does not end in .html" in capsys.readouterr().err
    assert not (folder / "net.txt").exists()


def test_a_file_of_others_is_not_replaced(folder, capsys, monkeypatch):
    monkeypatch.chdir(folder)
    (folder / "mine.html").write_text("<p>mine</p>")
    assert main(["source", "net.trace.json", "-o", "mine.html"]) == 2
    assert "was not made by shapeflow" in capsys.readouterr().err
    assert (folder / "mine.html").read_text() == "<p>mine</p>"


def test_functions_without_lines_that_ran_are_not_looked_into():
    class Plain(nn.Module):
        def forward(self, x):
            def inner(y):
                return y + 1

            return inner(x)

    trace = shapeflow.trace(Plain(), torch.ones(3))
    [file] = source_files(trace, wanted(trace, None), [*sys.path, str(ROOT)])
    told = {made.name: made.types for line in file.lines for made in line.made}
    assert told["return"] == ("f32[3]",)
    assert told["x"] == ("f32[3]",)


@pytest.mark.slow
def test_search_narrows_and_keys_move(browser, folder):
    from playwright.sync_api import expect

    page = browser.new_page(viewport={"width": 1440, "height": 900})
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto((folder / "net.html").as_uri())
    lines = page.locator(".line:visible")
    every = lines.count()
    page.keyboard.press("/")
    page.keyboard.type("f32[2, 4] hidden")
    expect(page.locator("#found")).to_have_text("2")
    assert [line.get_attribute("id") for line in lines.all()] == ["net.py:18", "net.py:20"]
    page.keyboard.press("Escape")
    assert lines.count() == every
    page.keyboard.press("n")
    first = page.locator(".here").get_attribute("id")
    page.keyboard.press("n")
    assert page.locator(".here").get_attribute("id") != first
    page.keyboard.press("p")
    assert page.locator(".here").get_attribute("id") == first
    page.locator("#never").check()
    assert [line.get_attribute("id") for line in lines.all()] == ["net.py:17"]
    assert page.title().startswith("Net")
    assert errors == []


@pytest.mark.slow
@pytest.mark.parametrize("width", [1440, 1024, 390])
def test_nothing_is_wider_than_the_window(browser, folder, width):
    page = browser.new_page(viewport={"width": width, "height": 900})
    page.goto((folder / "net.html").as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert (
        page.evaluate(
            "document.querySelector('.code').scrollWidth - document.querySelector('.code').clientWidth"
        )
        <= 0
    )
