"""The page for agents names every command, tool and schema; its examples run with those of all pages."""

from __future__ import annotations

import re

from places import DOCS

from shapeflow import cli
from shapeflow.integrations.mcp_tools import TOOLS

PAGE = (DOCS / "agents.md").read_text(encoding="utf-8")


def test_every_command_that_answers_has_a_row():
    table = PAGE.partition("| command | prints | schema |")[2].partition("\n\n")[0]
    assert {name for name in cli.COMMANDS if f"`{name}" in table} == set(cli.COMMANDS) - {"lsp", "mcp"}


def test_every_tool_has_a_row():
    table = PAGE.partition("| tool | answers |")[2].partition("\n\n")[0]
    assert re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE) == list(TOOLS)


def test_every_schema_is_named():
    schemas = {path.name for path in DOCS.glob("*.schema.json")}
    assert schemas == set(re.findall(r"\((\w+\.schema\.json)\)", PAGE))
