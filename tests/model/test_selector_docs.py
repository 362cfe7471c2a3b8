"""The pages about selectors and trace files say what the code does."""

from __future__ import annotations

import json
import re

import jsonschema
from places import DOCS, PACKAGE

from shapeflow.model.selector import parse
from shapeflow.model.trace import Trace
from shapeflow.model.tracefile import dumps, loads


def table_rows(section: str) -> list[str]:
    """Return the first cells of the tables of a section of the page about selectors."""
    text = (DOCS / "selectors.md").read_text()
    part = text.partition(f"\n## {section}\n")[2].partition("\n## ")[0]
    return re.findall(r"^\| `(.+?)` \|", part, re.MULTILINE)


SECTIONS = ("Calls", "Patterns", "Ops", "Ports", "Lines of source")


def test_every_example_is_a_selector() -> None:
    examples = [row for section in SECTIONS for row in table_rows(section)]
    assert len(examples) > 30
    for example in examples:
        parse(example)


NAMING = ("pattern", "not_found", "flow", "source_lines", "size_origin")
"""The files that make errors about selectors."""


def test_every_code_is_explained() -> None:
    source = PACKAGE / "model"
    text = "".join((source / f"{name}.py").read_text() for name in NAMING)
    codes = set(re.findall(r'"([a-z]+(?:-[a-z]+)+)"', text))
    assert codes == set(table_rows("When nothing is found"))


def test_the_example_file_is_a_trace() -> None:
    page = (DOCS / "trace-format.md").read_text()
    example = page.partition("```text\n")[2].partition("```")[0]
    jsonschema.validate(json.loads(example), json.loads((DOCS / "trace.schema.json").read_text()))
    trace = loads(example.encode(), Trace)
    assert dumps(trace).decode() == example
    assert str(trace.select("./einsum:out")[0].name) == "./einsum@0:out"
