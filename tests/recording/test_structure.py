"""Inside recording/ imports point one way: shapes_only/ stands on the rest, few front files on both."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest
from places import PACKAGE

FOLDER = PACKAGE / "recording"
ON_TOP = {"again.py", "job.py", "recorder.py", "run.py"}
"""They put a shapes-only run together, or a real one."""


def imported(text: str) -> Iterator[str]:
    """Yield the dotted names that a source text imports, also inside functions."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{name.name}" for name in node.names)


def reaches_up(text: str) -> bool:
    """Return whether a source text imports from shapes_only/."""
    return any(f"{name}.".startswith("shapeflow.recording.shapes_only.") for name in imported(text))


@pytest.mark.parametrize("file", sorted(file.name for file in FOLDER.glob("*.py") if file.name not in ON_TOP))
def test_only_the_front_files_import_from_shapes_only(file):
    assert not reaches_up((FOLDER / file).read_text("utf-8"))


def test_an_import_from_shapes_only_is_found():
    assert all(reaches_up((FOLDER / file).read_text("utf-8")) for file in ON_TOP)
    assert reaches_up("def late():\n    from shapeflow.recording.shapes_only import memo")
    assert reaches_up("import shapeflow.recording.shapes_only.memo")
    assert not reaches_up("from shapeflow.recording.shapes import only")
