"""The files that pages are made from: where they are, and what is left out of them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import escape
from pathlib import Path

from shapeflow.common.control_characters import visible

COMMENTS = re.compile(r"^[ \t]*(?://.*|/\*\*(?:(?!\*/)[\s\S])*\*/)\n", re.MULTILINE)
"""Comments on lines of their own: they are for who works on the scripts, not for who reads a page."""
INDENT = re.compile(r"^[ \t]+", re.MULTILINE)
"""Of the templates: a page is not for reading its source."""


def templates_folder() -> Path:
    """Return where the templates are: inside the package when installed, beside it in a checkout."""
    package = Path(__file__).resolve().parents[2]
    inside = package / "templates"
    return inside if inside.is_dir() else package.parent / "templates"


def read(path: Path) -> str:
    """Return the text of one of the files."""
    return path.read_text(encoding="utf-8")


def address(selector: str) -> str:
    """Return the link to a place in the trace."""
    from urllib.parse import quote

    return "#at=" + quote(visible(selector), safe="/:@.*,-_~!()")


def code_html(tokens: Iterable[tuple[str, str]]) -> str:
    """Return a line of source as HTML: pairs of a Pygments class, or nothing, and text."""
    return "".join(
        f'<span class="{kind}">{escape(visible(text))}</span>' if kind else escape(visible(text))
        for kind, text in tokens
    )
