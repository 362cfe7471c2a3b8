"""Pages besides the report: one template, one style and one script each, in one file that loads nothing."""

from __future__ import annotations

import base64
from hashlib import sha256
from typing import Any

from shapeflow.common.control_characters import visible
from shapeflow.reporting.formats.html import COMMENTS, INDENT, address, templates_folder
from shapeflow.reporting.translator import Translator


def small_page(name: str, words: Translator, **values: Any) -> str:
    """Return a page.

    Args:
        name: of its files: ``NAME.html.jinja``, ``css/NAME.css`` and ``js/pages/NAME.js``.
        words: of the interface.
        values: what the template shows.
    """
    from jinja2 import Environment, FunctionLoader, StrictUndefined
    from markupsafe import Markup

    folder = templates_folder()
    script = COMMENTS.sub("", (folder / "js" / "pages" / f"{name}.js").read_text("utf-8"))
    styles = [(folder / "css" / file).read_text("utf-8") for file in ("base.css", f"{name}.css")]
    environment = Environment(
        loader=FunctionLoader(lambda file: INDENT.sub("", (folder / file).read_text("utf-8"))),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda thing: visible(thing) if type(thing) is str else thing,
    )
    environment.filters["at"] = address
    return environment.get_template(f"{name}.html.jinja").render(
        **values,
        words=words,
        language=words.language,
        style=Markup("\n".join(styles)),
        script=Markup(script),
        script_hash=base64.b64encode(sha256(script.encode()).digest()).decode(),
    )
