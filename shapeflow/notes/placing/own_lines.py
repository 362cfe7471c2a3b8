"""The lines of a Python file as the trace knows them: where each stands now, and its statement."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from difflib import SequenceMatcher

from shapeflow.model.trace import Trace
from shapeflow.source.places_now import code_of

LEAST_COMMON = 0.5
"""A file is a model's source if this share of the lines that the trace names is in it, in their order."""


def places_of(trace: Trace, name: str, lines: Sequence[str]) -> dict[int, int]:
    """Return the line of the text for each line of a file that the trace names; none if most are not there.

    Comments do not count: they are what is read, and may have been written since.
    """
    recorded = {source.line: code_of(source.text) for source in trace.sources if source.file == name}
    if recorded and all(
        number <= len(lines) and code_of(lines[number - 1])[:100] == code[:100]
        for number, code in recorded.items()
    ):
        return {number: number for number in recorded}
    numbers = sorted(recorded)
    there = [code_of(line)[:100] for line in lines]
    matcher = SequenceMatcher(None, [recorded[number][:100] for number in numbers], there, autojunk=False)
    places = {
        numbers[block.a + step]: block.b + step + 1
        for block in matcher.get_matching_blocks()
        for step in range(block.size)
    }
    return places if len(places) >= LEAST_COMMON * len(numbers) else {}


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
