"""Imports go downwards only. The table is the architecture: a new file needs a place in it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "shapeflow"

LAYERS = {
    "words": "errors text display dims bindings slips files garbage",
    "model": "trace tracefile records paths pattern selector unmatched links flow unused variation",
    "judging": "walkthrough diff",
    "graph": "graph",
    "report": "report",
    "recording": "recording",
    "adapters": "adapters",
    "front doors": "cli __main__ commands pytest_plugin doctor",
    "public names": "__init__",
}
"""Layer -> the files and folders directly in shapeflow/ that belong to it."""

BELOW = {
    "words": set(),
    "model": {"words"},
    "judging": {"model", "words"},
    "graph": {"judging", "model", "words"},
    "report": {"graph", "judging", "model", "words"},
    "recording": {"model", "words"},
    "adapters": {"recording", "model", "words"},
    "front doors": {"report", "graph", "judging", "model", "words"},
    "public names": set(),
}
"""Layer -> the layers it may import. ``recording`` and ``adapters`` are for front doors, inside functions."""

TORCH_SIDE = {"recording", "adapters"}
TORCH_PACKAGES = {"torch", "torchvision", "torchinfo", "transformers", "sam3", "timm"}


@dataclass(frozen=True)
class Import:
    """One import statement."""

    module: str
    line: int
    lazy: bool
    """Inside a function."""
    typing_only: bool


def imports(text: str) -> Iterator[Import]:
    """Yield the imports of a source text."""

    def visit(node: ast.AST, lazy: bool, typing_only: bool) -> Iterator[Import]:
        for child in ast.iter_child_nodes(node):
            inside = lazy or isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef)
            types = typing_only or (isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING")
            if isinstance(child, ast.Import):
                for name in child.names:
                    yield Import(name.name, child.lineno, lazy, typing_only)
            elif isinstance(child, ast.ImportFrom):
                assert child.level == 0, f"line {child.lineno}: a relative import hides the layer"
                if child.module == "shapeflow":
                    for name in child.names:
                        yield Import(f"shapeflow.{name.name}", child.lineno, lazy, typing_only)
                else:
                    yield Import(child.module or "", child.lineno, lazy, typing_only)
            else:
                yield from visit(child, inside, types)

    yield from visit(ast.parse(text), False, False)


def layer_of(name: str) -> str:
    """Return the layer of a file or folder in shapeflow/."""
    found = [layer for layer, names in LAYERS.items() if name in names.split()]
    assert found, f"shapeflow/{name} has no layer: give it one in tests/test_layers.py"
    return found[0]


def violations(layer: str, text: str) -> list[str]:
    """Return the imports of a source text that its layer may not make."""
    wrong = []
    for statement in imports(text):
        top, _, rest = statement.module.partition(".")
        if top in TORCH_PACKAGES and layer not in TORCH_SIDE and not statement.typing_only:
            wrong.append(f"line {statement.line}: only recording and adapters import {top}")
        if top != "shapeflow" or statement.typing_only:
            continue
        name = rest.partition(".")[0] or "__init__"
        if name == "__version__":
            continue
        target = layer_of(name)
        lazily = layer == "front doors" and target in TORCH_SIDE and statement.lazy
        if target not in {layer} | BELOW[layer] and not lazily:
            wrong.append(f"line {statement.line}: {layer} may not import {statement.module} ({target})")
    return wrong


FILES = sorted(path.relative_to(PACKAGE) for path in PACKAGE.rglob("*.py"))


@pytest.mark.parametrize("file", FILES, ids=str)
def test_imports_go_downwards(file):
    layer = layer_of(file.parts[0].removesuffix(".py"))
    assert violations(layer, (PACKAGE / file).read_text(encoding="utf-8")) == []


def test_the_table_names_only_what_there_is():
    there = {file.parts[0].removesuffix(".py") for file in FILES}
    assert {name for names in LAYERS.values() for name in names.split()} - there <= {"diff"}


@pytest.mark.parametrize(
    ("layer", "text", "count"),
    [
        ("model", "from shapeflow.reporting.html import write", 1),
        ("model", "def late():\n    from shapeflow import reporting", 1),
        ("front doors", "from shapeflow.recording import run", 1),
        ("front doors", "def run():\n    from shapeflow.recording import run", 0),
        ("report", "import torch", 1),
        ("report", "def draw():\n    import torch.nn", 1),
        ("adapters", "import torch", 0),
        ("graph", "from shapeflow.reporting.view import View", 1),
        ("words", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import torch", 0),
    ],
)
def test_a_wrong_import_is_found(layer, text, count):
    assert len(violations(layer, text)) == count


@pytest.mark.parametrize("file", FILES, ids=str)
def test_files_and_functions_stay_small(file):
    text = (PACKAGE / file).read_text(encoding="utf-8")
    assert text.count("\n") <= 300, "more than one responsibility?"
    functions = (
        node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )
    long = [node.name for node in functions if node.end_lineno - node.lineno >= 60]
    assert long == []
