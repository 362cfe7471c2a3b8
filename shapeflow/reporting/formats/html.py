"""The report as one self-contained HTML page that asks no host for anything."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from shapeflow.common import units
from shapeflow.common.control_characters import visible
from shapeflow.reporting.formats.compiled import compiled_templates
from shapeflow.reporting.formats.curve import curve_data
from shapeflow.reporting.formats.page_data import begin_page_data, carried_drawings, drawn
from shapeflow.reporting.formats.prose import Prose, below_html, breakable, pieces_html
from shapeflow.reporting.formats.templates import COMMENTS, INDENT, address, read, templates_folder
from shapeflow.reporting.poster.faces import PAGE
from shapeflow.reporting.poster.model import Poster
from shapeflow.reporting.poster.svg import poster_svg
from shapeflow.reporting.translator import Translator
from shapeflow.reporting.view.blocks import stretches_of
from shapeflow.reporting.view.colours import Colours
from shapeflow.reporting.view.heights import (
    BESIDE,
    DESK,
    PHONE,
    TABLET,
    figure_height,
    figure_width,
    figures_start,
    height_estimate,
)
from shapeflow.reporting.view.model import ReportView, SectionView

if TYPE_CHECKING:
    from jinja2 import Environment

MODEL_SCRIPTS = (
    "text.js",
    "decode.js",
    "trace.js",
    "query.js",
    "steps.js",
    "tree_rows.js",
    "search_words.js",
    "search_text.js",
    "flow.js",
    "doubts.js",
    "axis_links.js",
    "axes.js",
    "ride.js",
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
    "rows.js",
    "drawings.js",
    "search.js",
    "navigate.js",
    "figures.js",
    "dims.js",
    "minimap.js",
    "languages.js",
    "memory.js",
    "ride_drawing.js",
    "ride_view.js",
    "ride.js",
    "ride_offers.js",
    "main.js",
)
SCRIPTS = (*(f"model/{name}" for name in MODEL_SCRIPTS), *(f"page/{name}" for name in PAGE_SCRIPTS))
"""In the order in which they run: they become one script, and the last starts the page."""
STYLES = tuple(
    f"{name}.css"
    for name in [
        "base",
        "document",
        "claims",
        "figures",
        "numbers",
        "panels",
        "poster",
        "pictures",
        "narrow",
        "print",
        "ride",
    ]
)


def render(view: ReportView) -> str:
    """Return the page."""
    return begin(view)(view)


def begin(view: ReportView) -> Callable[[ReportView], str]:
    """Do what can be done of a page while its figures are still being drawn.

    Args:
        view: the report, which may be without figures.

    Returns:
        what renders the page of the same view with figures.
    """
    from markupsafe import Markup

    folder = templates_folder()
    script = page_script(folder / "js")
    data = begin_page_data(view)
    prose = Prose(Colours(view.symbols))
    for section in view.sections:
        for block in section.blocks:
            prose.html(block.markdown)
    poster = _poster(view.poster, view) if view.poster else ""
    carried: dict[str, int] = {}
    template = _environment(folder, prose, poster, carried).get_template("report.html.jinja")

    def finish(view: ReportView) -> str:
        carried.update(carried_drawings(view))
        finished = data(view)
        return template.render(
            view=view,
            words=Translator(view.language),
            style=Markup("\n".join(read(folder / "css" / name) for name in STYLES)),
            script=Markup(script),
            script_hash=base64.b64encode(sha256(script.encode()).digest()).decode(),
            data=lambda: Markup(finished()),
        )

    return finish


def _environment(folder: Path, prose: Prose, poster: str, carried: Mapping[str, int]) -> Environment:
    """Return what renders the templates, with the filters for one view."""
    from jinja2 import Environment, FunctionLoader, StrictUndefined
    from markupsafe import Markup

    colours = prose.colours
    environment = Environment(
        loader=FunctionLoader(lambda name: INDENT.sub("", read(folder / name))),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda thing: visible(thing) if type(thing) is str else thing,
        bytecode_cache=compiled_templates(Path(__file__)),
    )
    environment.filters |= {
        "drawn": lambda svg: Markup(drawn(svg, carried)),
        "prose": lambda text: Markup(prose.html(text)),
        "inline": lambda text: Markup(prose.inline(text)),
        "poster_svg": lambda _: Markup(poster),
        "pieces": lambda pieces: Markup(pieces_html(pieces, colours)),
        "below": lambda pieces, module: Markup(below_html(pieces, module, colours)),
        "short": units.format_count,
        "memory": units.format_bytes,
        "percent": units.format_percent,
        "at": address,
        "heights": heights,
        "figures_start": figures_start,
        "beside": lambda section: Markup(beside(section)),
        "stretches": stretches_of,
        "curve_data": curve_data,
        "breakable": lambda text: Markup(breakable(text)),
    }
    return environment


def _poster(poster: Poster, view: ReportView) -> str:
    """Return the picture of the whole, with links, in the colours of the page."""
    marks = {symbol.name: symbol.colour for symbol in view.symbols}
    picture = view.picture.data if view.picture else ""
    svg = poster_svg(poster, Translator(view.language), size=PAGE, picture=picture, marks=marks)
    # The first screen has the picture already; the script puts it here, too.
    return svg.replace(f' href="{picture}"', "") if picture else svg


def page_script(folder: Path) -> str:
    """Return the scripts as one, without the comments that stand on lines of their own."""
    text = "\n".join(read(folder / name) for name in SCRIPTS)
    return f'(() => {{\n"use strict";\n{COMMENTS.sub("", text)}\n}})();\n'


def heights(section: SectionView) -> str:
    """Return the style that tells a browser how tall a section is before it is laid out."""
    screens = {"desk": DESK, "tablet": TABLET, "phone": PHONE}
    return ";".join(f"--{name}:{height_estimate(section, screen)}px" for name, screen in screens.items())


def beside(section: SectionView) -> str:
    """Return the attributes of what stands beside the text: small, medium or large, and to what height."""
    width = figure_width(section)
    size = next(name for name, most in BESIDE.items() if width <= most)
    return f'class="beside {size}" style="--high:{figure_height(section)}px"'
