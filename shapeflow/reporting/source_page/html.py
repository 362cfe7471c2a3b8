"""The model's source with what its lines made, as one self-contained page that asks no host for anything."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from hashlib import sha256

from shapeflow.common.control_characters import visible
from shapeflow.common.places import display_target
from shapeflow.model.trace import Trace
from shapeflow.reporting.formats.html import COMMENTS, INDENT, address, templates_folder
from shapeflow.reporting.run_facts import model_name
from shapeflow.reporting.source_page.view import files_view
from shapeflow.reporting.translator import Translator
from shapeflow.reporting.words.source_page import TABLE
from shapeflow.source.lines import SourceFile

STYLES = ("base.css", "source_page.css")
SCRIPT = "source/page.js"


def source_page(
    trace: Trace, files: Sequence[SourceFile], *, language: str = "en", report: str | None = None
) -> str:
    """Return the page.

    Args:
        trace: the run.
        files: what is shown, in the order in which it is shown.
        language: of the interface words, ``en`` or ``zh``.
        report: the address of the report that shapes lead to, seen from the page; None: they lead nowhere.
    """
    from jinja2 import Environment, FunctionLoader, StrictUndefined
    from markupsafe import Markup

    folder = templates_folder()
    script = COMMENTS.sub("", (folder / "js" / SCRIPT).read_text("utf-8"))
    environment = Environment(
        loader=FunctionLoader(lambda name: INDENT.sub("", (folder / name).read_text("utf-8"))),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda thing: visible(thing) if type(thing) is str else thing,
    )
    environment.filters["at"] = address
    return environment.get_template("source.html.jinja").render(
        title=model_name(trace) or "shapeflow",
        target=display_target(trace.run.target),
        complete=trace.run.complete,
        files=files_view(trace, files),
        language=language,
        words=Translator(language, TABLE),
        report=report,
        style=Markup("\n".join((folder / "css" / name).read_text("utf-8") for name in STYLES)),
        script=Markup(script),
        script_hash=base64.b64encode(sha256(script.encode()).digest()).decode(),
    )
