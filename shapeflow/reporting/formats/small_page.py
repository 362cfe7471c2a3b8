"""Pages besides the report: one template, one style and one script each, in one file that loads nothing."""

from __future__ import annotations

import base64
from hashlib import sha256
from pathlib import Path
from typing import Any

from shapeflow.common.control_characters import visible
from shapeflow.reporting.formats.compiled import compiled_templates
from shapeflow.reporting.formats.templates import COMMENTS, INDENT, address, code_html, read, templates_folder
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
    script = COMMENTS.sub("", read(folder / "js" / "pages" / f"{name}.js"))
    styles = [read(folder / "css" / file) for file in ("base.css", f"{name}.css")]
    environment = Environment(
        loader=FunctionLoader(lambda file: INDENT.sub("", read(folder / file))),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda thing: visible(thing) if type(thing) is str else thing,
        bytecode_cache=compiled_templates(Path(__file__)),
    )
    environment.filters["at"] = address
    environment.filters["code"] = lambda tokens: Markup(code_html(tokens))
    return environment.get_template(f"{name}.html.jinja").render(
        **values,
        words=words,
        language=words.language,
        style=Markup("\n".join(styles)),
        script=Markup(script),
        script_hash=base64.b64encode(sha256(script.encode()).digest()).decode(),
    )
