"""A poster as a file: SVG, or PNG drawn by resvg."""

from __future__ import annotations

import importlib.util
import re
import sys
import unicodedata
from pathlib import Path

from shapeflow.errors import InputError
from shapeflow.reporting.poster.faces import CARD, WIDE
from shapeflow.reporting.poster.model import Poster
from shapeflow.reporting.poster.style import STYLE
from shapeflow.reporting.poster.svg import poster_svg
from shapeflow.reporting.translator import Translator
from shapeflow.reporting.view.colours import Colours

FORMATS = ("svg", "png")
FONTS = {
    "linux": ("/usr/share/fonts", "/usr/local/share/fonts", "~/.fonts", "~/.local/share/fonts"),
    "darwin": ("/System/Library/Fonts", "/Library/Fonts"),
    "win32": ("C:/Windows/Fonts",),
}
"""Where fonts are, by platform."""
CHINESE = "cjk|wqy|yahei|msyh|pingfang|heiti|simsun|simhei|songti|fallback|unifont|sourcehan|hiragino"
"""Names of fonts that have Chinese characters."""


def poster_file(
    poster: Poster,
    form: str,
    words: Translator,
    colours: Colours,
    *,
    card: bool = False,
    picture: str = "",
) -> bytes:
    """Return a poster of 1920 x 1080 pixels as the bytes of a file.

    Args:
        poster: what it says.
        form: ``svg`` or ``png``.
        words: of the language of the legend.
        colours: of the named sizes.
        card: make it 1200 x 630, as chats show links.
        picture: the input picture as a data link, or nothing.

    Raises:
        InputError: a PNG cannot be drawn here.
    """
    marks = {symbol.name: symbol.colour for symbol in colours.symbols}
    size = CARD if card else WIDE
    svg = poster_svg(poster, words, size=size, style=STYLE, picture=picture, marks=marks)
    return svg.encode("utf-8", errors="replace") if form == "svg" else _png(svg, round(size.width))


def _png(svg: str, width: int) -> bytes:
    """Return SVG as PNG; the texts need the fonts of the system."""
    if importlib.util.find_spec("resvg_py") is None:
        raise InputError(
            "png-missing",
            "no program here can draw a poster as png",
            expected="the package resvg-py",
            found="svg can be written without it",
            hint="pip install 'shapeflow[graph]'   (or: -o poster.svg)",
        )
    chinese = any(unicodedata.east_asian_width(character) == "W" for character in svg)
    if not has_font(CHINESE if chinese else ""):
        raise InputError(
            "png-missing",
            f"a png needs a font{' with Chinese' if chinese else ''} for its texts, and none is installed",
            found="svg can be written: who opens it has fonts",
            hint=f"apt-get install fonts-{'noto-cjk' if chinese else 'dejavu-core'}   (or: -o poster.svg)",
        )
    import resvg_py

    return bytes(resvg_py.svg_to_bytes(svg_string=svg, width=width, background="#ffffff"))


def has_font(names: str = "") -> bool:
    """Return whether a font is installed whose file is called like one of ``names``."""
    folders = (Path(folder).expanduser() for folder in FONTS.get(sys.platform, FONTS["linux"]))
    return any(
        path.suffix.lower() in (".ttf", ".otf", ".ttc") and re.search(names, path.stem.lower())
        for folder in folders
        if folder.is_dir()
        for path in folder.rglob("*")
    )
