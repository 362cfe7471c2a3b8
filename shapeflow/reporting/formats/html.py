"""The report as one self-contained HTML page that asks no host for anything."""

from __future__ import annotations

import base64
import json
import re
import zlib
from collections.abc import Mapping
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path
from typing import Any

from shapeflow.common import units
from shapeflow.common.control_characters import visible
from shapeflow.reporting.formats.curve import curve_data
from shapeflow.reporting.formats.prose import BREAKS, Prose, breakable, pieces_html
from shapeflow.reporting.poster.faces import PAGE
from shapeflow.reporting.poster.model import Poster
from shapeflow.reporting.poster.svg import poster_svg
from shapeflow.reporting.translator import Translator
from shapeflow.reporting.view.colours import Colours
from shapeflow.reporting.view.heights import PHONE, height_estimate
from shapeflow.reporting.view.model import ReportView, SectionView

MODEL_SCRIPTS = (
    "text.js",
    "decode.js",
    "trace.js",
    "query.js",
    "steps.js",
    "tree_rows.js",
    "search_words.js",
    "search_text.js",
)
"""What is told and asked about a trace; they know no page, so tests run them without one."""
PAGE_SCRIPTS = (
    "state.js",
    "elements.js",
    "place.js",
    "steps.js",
    "panel.js",
    "inspector.js",
    "explorer.js",
    "claims.js",
    "filter.js",
    "sections.js",
    "found.js",
    "search.js",
    "navigate.js",
    "figures.js",
    "dims.js",
    "minimap.js",
    "memory.js",
    "main.js",
)
SCRIPTS = (*(f"model/{name}" for name in MODEL_SCRIPTS), *(f"page/{name}" for name in PAGE_SCRIPTS))
"""In the order in which they run: they become one script, and the last starts the page."""
STYLES = tuple(
    f"{name}.css"
    for name in ["base", "document", "claims", "figures", "numbers", "panels", "poster", "narrow", "print"]
)

COMMENTS = re.compile(r"^[ \t]*(?://.*|/\*\*(?:(?!\*/)[\s\S])*\*/)\n", re.MULTILINE)
"""Comments on lines of their own: they are for who works on the scripts, not for who reads a report."""

PLAIN_LIMIT = 300_000
"""Characters of data that travel as plain text; more is compressed, which older browsers cannot read."""

ESCAPES = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}


def render(view: ReportView) -> str:
    """Return the page."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    folder = templates_folder()
    colours = Colours(view.symbols)
    prose = Prose(colours)
    script = page_script(folder / "js")
    environment = Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda thing: visible(thing) if type(thing) is str else thing,
    )
    environment.filters |= {
        "prose": lambda text: Markup(prose.html(text)),
        "inline": lambda text: Markup(prose.inline(text)),
        "poster_svg": lambda poster: Markup(_poster(poster, view)),
        "pieces": lambda pieces: Markup(pieces_html(pieces, colours)),
        "short": units.format_count,
        "memory": units.format_bytes,
        "percent": units.format_percent,
        "at": address,
        "heights": heights,
        "breakable": lambda text: Markup(breakable(text)),
    }
    return environment.get_template("report.html.jinja").render(
        view=view,
        words=Translator(view.language),
        style=Markup("\n".join(_read(folder / "css" / name) for name in STYLES)),
        script=Markup(script),
        script_hash=base64.b64encode(sha256(script.encode()).digest()).decode(),
        data=Markup(page_data(view)),
    )


def _poster(poster: Poster, view: ReportView) -> str:
    """Return the picture of the whole, with links, in the colours of the page."""
    marks = {symbol.name: symbol.colour for symbol in view.symbols}
    picture = view.picture.data if view.picture else ""
    return poster_svg(poster, Translator(view.language), size=PAGE, picture=picture, marks=marks)


def page_script(folder: Path) -> str:
    """Return the scripts as one, without the comments that stand on lines of their own."""
    text = "\n".join(_read(folder / name) for name in SCRIPTS)
    return f'(() => {{\n"use strict";\n{COMMENTS.sub("", text)}\n}})();\n'


def address(selector: str) -> str:
    """Return the link to a place in the trace."""
    from urllib.parse import quote

    return "#at=" + quote(visible(selector), safe="/:@.*,-_~!()")


def heights(section: SectionView) -> str:
    """Return the style that tells a browser how tall a section is before it is laid out."""
    return f"--tall:{height_estimate(section)}px;--tall-phone:{height_estimate(section, PHONE)}px"


def page_data(view: ReportView) -> str:
    """Return what the page's script needs, as JSON that cannot end its element."""
    data: dict[str, Any] = {
        "language": view.language,
        "other": view.map.model if view.map else "",
        "words": Translator(view.language).all(),
        "breaks": BREAKS.pattern,
        "symbols": [asdict(symbol) for symbol in view.symbols],
    }
    trace = _json(view.explorer)
    if len(trace) <= PLAIN_LIMIT:
        return _escaped(_json(data)[:-1] + f',"trace":{trace}}}')
    data["packed"] = base64.b64encode(zlib.compress(trace.encode(), 9)).decode()
    return _escaped(_json(data))


def _json(data: Mapping[str, Any]) -> str:
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"))


def _escaped(text: str) -> str:
    """Return JSON in which nothing can be taken for HTML; lone surrogates are replaced."""
    for character, escaped in ESCAPES.items():
        text = text.replace(character, escaped)
    return text.encode("utf-8", errors="replace").decode("utf-8")


def templates_folder() -> Path:
    """Return where the templates are: inside the package when installed, beside it in a checkout."""
    package = Path(__file__).resolve().parents[2]
    inside = package / "templates"
    return inside if inside.is_dir() else package.parent / "templates"


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8")
