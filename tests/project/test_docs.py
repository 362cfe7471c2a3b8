"""The pages for those who carry on say what the code is."""

from __future__ import annotations

import ast
import re

import pytest
import torch
from architecture import LAYERS, MODEL_ORDER
from places import DOCS, PACKAGE, ROOT

import shapeflow


class Encoder(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = torch.nn.ModuleList(torch.nn.Linear(4, 4) for _ in range(2))

    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        return x


class Net(torch.nn.Module):
    """Has what the examples of the page name."""

    def __init__(self):
        super().__init__()
        self.encoder, self.text, self.head = Encoder(), torch.nn.Linear(4, 4), torch.nn.Linear(4, 2)

    def forward(self, x):
        return self.decode(self.encode(x))

    def encode(self, x):
        return self.encoder(x)

    def decode(self, x):
        return self.head(self.text(x))


PAGES = sorted(DOCS.glob("*.md"))


def test_architecture_has_every_room():
    page = (DOCS / "architecture.md").read_text(encoding="utf-8")
    table = page.partition("| folder |")[2].partition("\n\n")[0]
    rooms = set(re.findall(r"`([\w.]+?)/?`", table))
    there = {name for names in LAYERS.values() for name in names.split()} - {"__init__", "__main__"}
    assert {room.removesuffix(".py") for room in rooms if "/" not in room} >= there
    first, *rest = MODEL_ORDER.split()
    stack = page.partition(f"```\n{first}  ")[2].partition("```")[0].split()
    assert stack == rest


def test_the_api_page_has_every_public_name():
    page = (DOCS / "api.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`(\w+)`", page.partition("## Names")[2]))
    assert named == set(shapeflow.__all__) - {"__version__"}


def test_the_examples_of_the_api_page_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "docs").mkdir()

    model, x = Net(), torch.rand(2, 4)
    shapeflow.trace(model, x).save("bus.trace.json.gz")
    (tmp_path / "docs" / "model.md").write_text("```shapes\nencoder:out  [2, 4]\n```\n")
    (tmp_path / "note.md").write_text("encoder: [2, 4]\n")
    page = (DOCS / "api.md").read_text(encoding="utf-8")
    space = {"model": model, "x": x}
    for block in re.findall(r"```python\n(.*?)```", page, re.DOTALL):
        statements = [ast.unparse(statement) for statement in ast.parse(block).body]
        exec("\n".join(text for text in statements if "shapeflow.run(" not in text), space)
        space["trace"] = shapeflow.trace(model, x)
    assert (tmp_path / "model.html").is_file()


@pytest.mark.parametrize("page", [*PAGES, ROOT / "README.md"], ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    text = page.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", text):
        if "://" not in target:
            assert (page.parent / target).exists(), target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_files_that_are_named_are_there(page):
    for name in re.findall(r"`((?:\w+/)+\w+\.py)`", page.read_text(encoding="utf-8")):
        places = (PACKAGE / name, ROOT / name)
        assert any(place.exists() for place in places), name
