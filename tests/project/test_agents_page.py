"""The page for agents: what its commands print is what it says."""

from __future__ import annotations

import re

import pytest
from console_pages import AGENTS, BLOCK, as_run, prepare

from shapeflow import cli
from shapeflow.integrations.mcp_tools import TOOLS


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("agents")
    prepare(folder)
    return folder


def test_every_example_prints_what_the_page_says(folder, monkeypatch):
    monkeypatch.chdir(folder)
    blocks = BLOCK.findall(AGENTS.read_text(encoding="utf-8"))
    assert len(blocks) >= 8
    for block in blocks:
        assert as_run(block) == block


def test_every_command_that_answers_has_a_row():
    page = AGENTS.read_text(encoding="utf-8")
    table = page.partition("| command | prints | schema |")[2].partition("\n\n")[0]
    named = {name for name in cli.COMMANDS if f"`{name}" in table}
    assert named == set(cli.COMMANDS) - {"mcp"}


def test_every_tool_has_a_row():
    page = AGENTS.read_text(encoding="utf-8").partition("| tool | answers |")[2].partition("\n\n")[0]
    assert re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE) == list(TOOLS)


def test_every_schema_is_named():
    page = AGENTS.read_text(encoding="utf-8")
    schemas = {path.name for path in AGENTS.parent.glob("*.schema.json")}
    assert schemas == set(re.findall(r"\((\w+\.schema\.json)\)", page))
