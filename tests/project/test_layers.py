"""Imports go downwards only: a new file needs a place in the tables of tests/support/architecture.py."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import pytest
from architecture import BELOW, LAYERS, MODEL_ORDER, TORCH_PACKAGES, TORCH_SIDE, UPWARDS
from places import PACKAGE


@dataclass(frozen=True)
class Import:
    """One import statement."""

    module: str
    line: int
    typing_only: bool


def imports(text: str) -> Iterator[Import]:
    """Yield the imports of a source text, also those inside functions and under TYPE_CHECKING."""

    def visit(node: ast.AST, typing_only: bool) -> Iterator[Import]:
        for child in ast.iter_child_nodes(node):
            types = typing_only or (isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING")
            if isinstance(child, ast.Import):
                for name in child.names:
                    yield Import(name.name, child.lineno, typing_only)
            elif isinstance(child, ast.ImportFrom):
                assert child.level == 0, f"line {child.lineno}: a relative import hides the layer"
                module = child.module or ""
                # `from shapeflow.model import flow` imports a file, and not only its folder.
                for name in child.names:
                    inner = f"{module}.{name.name}"
                    yield Import(inner if inner in MODULES else module, child.lineno, typing_only)
            else:
                yield from visit(child, types)

    yield from visit(ast.parse(text), False)


FILES = sorted(path.relative_to(PACKAGE) for path in PACKAGE.rglob("*.py"))


def module_of(parts: tuple[str, ...]) -> str:
    """Return the dotted name of a file."""
    return ".".join(["shapeflow", *parts]).removesuffix(".py").removesuffix(".__init__")


MODULES = {module_of(file.parts): file for file in FILES}
TEXTS = {file: (PACKAGE / file).read_text(encoding="utf-8") for file in FILES}


def layer_of(name: str) -> str:
    """Return the layer of a file or folder in shapeflow/."""
    found = [layer for layer, names in LAYERS.items() if name in names.split()]
    assert found, f"shapeflow/{name} has no layer: give it one in tests/support/architecture.py"
    return found[0]


def violations(layer: str, text: str, file: str = "") -> list[str]:
    """Return the imports of a source text that its layer may not make."""
    wrong = []
    for statement in imports(text):
        top, _, rest = statement.module.partition(".")
        if top in TORCH_PACKAGES and layer not in TORCH_SIDE and not statement.typing_only:
            wrong.append(f"line {statement.line}: only {', '.join(sorted(TORCH_SIDE))} import {top}")
        if top != "shapeflow" or not rest:
            continue
        target = layer_of(rest.partition(".")[0])
        if target not in {layer} | BELOW[layer] and (file, statement.module) not in UPWARDS:
            wrong.append(f"line {statement.line}: {layer} may not import {statement.module} ({target})")
    return wrong


@pytest.mark.parametrize("file", FILES, ids=str)
def test_imports_go_downwards(file):
    if file.parts == ("__init__.py",):
        return  # the public names stand for whatever they stand for
    layer = layer_of(file.parts[0].removesuffix(".py"))
    assert violations(layer, TEXTS[file], str(file)) == []


def test_the_table_names_only_what_there_is():
    there = {file.parts[0].removesuffix(".py") for file in FILES}
    assert {name for names in LAYERS.values() for name in names.split()} == there


def test_few_imports_point_upwards():
    assert len(UPWARDS) <= 2
    for (file, module), reason in UPWARDS.items():
        assert reason
        assert module in {statement.module for statement in imports((PACKAGE / file).read_text("utf-8"))}


@cache
def imported_files() -> dict[str, set[str]]:
    """Return for each of our modules the ones it imports in any way, itself left out."""
    found = {}
    for module, file in MODULES.items():
        targets = {statement.module for statement in imports(TEXTS[file])}
        found[module] = {target for target in targets if target in MODULES} - {module}
    found["shapeflow"] = set()  # whoever imports its version does not import its public names
    return found


def circles(graph: dict[str, set[str]]) -> list[list[str]]:
    """Return the groups of modules that import each other, by Tarjan's algorithm."""
    order: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found: list[list[str]] = []

    def visit(node: str) -> None:
        order[node] = low[node] = len(order)
        stack.append(node)
        for target in graph[node]:
            if target not in order:
                visit(target)
            if target in stack:
                low[node] = min(low[node], low[target])
        if low[node] == order[node]:
            group = stack[stack.index(node) :]
            del stack[stack.index(node) :]
            if len(group) > 1:
                found.append(sorted(group))

    for node in graph:
        if node not in order:
            visit(node)
    return found


def test_no_file_imports_itself_in_a_circle():
    assert circles(imported_files()) == []


def test_a_circle_is_found():
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}}) == [["a", "b", "c"]]


def test_the_model_is_a_stack():
    order = MODEL_ORDER.split()
    assert sorted([*order, "__init__"]) == sorted(file.stem for file in FILES if file.parts[0] == "model")
    for position, name in enumerate(order):
        used = {target.rpartition(".")[2] for target in imported_files()[f"shapeflow.model.{name}"]}
        assert not used & set(order[position:]), f"model/{name}.py imports what stands above it"


@pytest.mark.parametrize(
    ("layer", "text", "count"),
    [
        ("model", "from shapeflow.reporting.output import save", 1),
        ("model", "def late():\n    from shapeflow import reporting", 1),
        ("model", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import shapeflow.graph", 1),
        ("front doors", "def run():\n    from shapeflow.recording import run", 1),
        ("front doors", "from shapeflow.runs import execute", 0),
        ("reporting", "import torch", 1),
        ("reporting", "def draw():\n    import torch.nn", 1),
        ("adapters", "import torch", 0),
        ("graph", "from shapeflow.reporting.output import save", 1),
        ("common", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import torch", 0),
    ],
)
def test_a_wrong_import_is_found(layer, text, count):
    assert len(violations(layer, text)) == count


@pytest.mark.parametrize("file", FILES, ids=str)
def test_files_and_functions_stay_small(file):
    assert TEXTS[file].count("\n") <= 300, "more than one responsibility?"
    functions = (
        node
        for node in ast.walk(ast.parse(TEXTS[file]))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )
    long = [node.name for node in functions if node.end_lineno - node.lineno >= 60]
    assert long == []
