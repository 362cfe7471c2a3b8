"""A model's source with what its lines made, as plain data and as Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from shapeflow.source.lines import Made, SourceFile
from shapeflow.source.text import made_text

NO_SYMBOLS: Mapping[str, int] = MappingProxyType({})
SCHEMA = "shapeflow.source/1"


def to_data(files: Sequence[SourceFile], symbols: Mapping[str, int] = NO_SYMBOLS) -> dict[str, Any]:
    """Return files as JSON has them: each line of which something is known.

    Args:
        files: the files.
        symbols: the sizes of the letters in their shapes.
    """
    return {"schema": SCHEMA, "symbols": dict(symbols), "files": [_file(file) for file in files]}


def to_markdown(files: Sequence[SourceFile]) -> str:
    """Return a table for each file: line, source, and what the line made."""
    parts = []
    for file in files:
        rows = ["| line | source | makes |", "|---|---|---|"]
        for line in file.lines:
            if line.made:
                makes = "<br>".join(_code(made_text(made)) for made in line.made)
                rows.append(f"| {line.number} | {_code(line.text.strip())} | {makes} |")
        parts.append("\n".join([f"## {_code(file.name)}", "", *rows]))
    return "\n\n".join(parts) + "\n"


def _file(file: SourceFile) -> dict[str, Any]:
    return {
        "file": file.name,
        "known": file.known,
        "lines": [
            {
                "line": line.number,
                "text": line.text,
                "state": line.state,
                "made": [_made(made) for made in line.made],
            }
            for line in file.lines
            if line.made or line.state == "never"
        ],
    }


def _made(made: Made) -> dict[str, Any]:
    return {
        "name": made.name,
        "column": made.column,
        "by": made.by,
        "types": list(made.types),
        "times": made.times,
        "values": list(made.values),
    }


def _code(text: str) -> str:
    """Return text as inline code inside of a Markdown table."""
    if not text:
        return ""
    longest = max((len(run) for run in "".join(c if c == "`" else " " for c in text).split()), default=0)
    fence = "`" * (longest + 1)
    pad = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{pad}{text}{pad}{fence}".replace("|", "\\|")
