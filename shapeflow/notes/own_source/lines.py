"""The lines of a Python file as the trace knows them: where each stands now, and its statement."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from shapeflow.model.trace import Trace
from shapeflow.source.places_left import functions_of_run, places_left
from shapeflow.source.places_now import lines_of_run

LEAST_COMMON = 0.5
"""A file is a model's source if this share of the lines that the trace names is surely in it."""


def places_of(trace: Trace, name: str, lines: Sequence[str]) -> dict[int, int]:
    """Return the line of the text for each line of a file that the trace names; none if most are not there.

    Comments do not count: they are what is read, and may have been written since.
    """
    functions = functions_of_run(trace, name)
    places = places_left(lines_of_run(trace, name), functions, "\n".join(lines))
    there = {number: places[number] for number in functions if number in places}
    return there if len(there) >= LEAST_COMMON * len(functions) else {}


def spans_of(text: str) -> tuple[dict[int, tuple[int, int]], list[tuple[int, int]]]:
    """Return the first and last line of the statement of each line, and those of all definitions."""
    spans: dict[int, tuple[int, int]] = {}
    blocks: list[tuple[int, int]] = []
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return spans, blocks
    for node in ast.walk(tree):
        if isinstance(node, ast.stmt) and not hasattr(node, "body"):
            last = node.end_lineno or node.lineno
            spans.update((line, (node.lineno, last)) for line in range(node.lineno, last + 1))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            blocks.append((node.lineno, node.end_lineno or node.lineno))
    return spans, blocks
