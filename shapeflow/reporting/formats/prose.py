"""Prose of a walkthrough as HTML: Markdown without raw HTML, math as MathML, shapes in colour."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

from shapeflow.common.control_characters import visible
from shapeflow.reporting.view.colours import Colours
from shapeflow.reporting.view.pieces import Piece

if TYPE_CHECKING:
    from markdown_it.token import Token

SHAPE = re.compile(r"(?:[a-z]+\d*)?\[[\w\s,*/+.()-]*\]")
MATHML = """math mrow mi mn mo mtext mspace ms mfrac msqrt mroot mstyle merror mpadded mphantom mfenced
menclose msub msup msubsup munder mover munderover mmultiscripts mtable mtr mtd"""
"""Elements that a formula may consist of."""
MATHML_ATTRIBUTES = """display displaystyle stretchy fence separator form mathvariant accent columnalign
lspace rspace"""
MATHML_SPACE = "{http://www.w3.org/1998/Math/MathML}"
LONGEST_MATH = 4_000


MATH_END = re.compile(r"(<math\b(?:(?!</math>).)*</math>)([，。；：、！？）】》”’,.;:!?)]+)", re.DOTALL)
"""A formula in a sentence, and the marks that end it: a line must not begin with them."""
BREAKS = re.compile(r"(?<=[./:])(?=\w)")
"""Where a selector may go on in the next line."""


def breakable(text: str) -> str:
    """Return ``text`` as HTML in which long selectors can go on in the next line."""
    return "<wbr>".join(escape(part) for part in BREAKS.split(visible(text)))


def pieces_html(pieces: Sequence[Piece], colours: Colours) -> str:
    """Return pieces as HTML; a dim with a name gets its colour."""
    parts = []
    for piece in pieces:
        symbol = colours.by_name.get(piece.symbol)
        if symbol is None:
            parts.append(breakable(piece.text))
        else:
            name = escape(symbol.name)
            parts.append(
                f'<span class="d y{symbol.colour}" data-s="{name}">{escape(visible(piece.text))}</span>'
            )
    return "".join(parts)


def below_html(pieces: Sequence[Piece], module: str, colours: Colours) -> str:
    """Return the pieces of a claim as HTML in which the name of its block's module takes no room.

    The name stays in the text: the browser's search finds it, a copy has it, an opened claim shows it.
    """
    known = (
        re.compile(rf"(?<![\w.*)\]]){re.escape(module)}(?:\.(?=[^\W]|[*{{\[])|(?=[:/@]))") if module else None
    )
    parts = []
    for piece in pieces:
        symbol = colours.by_name.get(piece.symbol)
        text = escape(visible(piece.text))
        if symbol is not None:
            name = f' data-s="{escape(symbol.name)}"' if symbol.name != piece.text else ""
            text = f'<b class="d y{symbol.colour}"{name}>{text}</b>'
        elif known is not None:
            last = 0
            text = ""
            for found in known.finditer(piece.text):
                text += escape(visible(piece.text[last : found.start()]))
                text += f"<i>{escape(visible(found[0]))}</i>"
                last = found.end()
            text += escape(visible(piece.text[last:]))
        parts.append(text)
    return "".join(parts)


class Prose:
    """Renders Markdown for one report."""

    def __init__(self, colours: Colours) -> None:
        from markdown_it import MarkdownIt
        from mdit_py_plugins.dollarmath import dollarmath_plugin

        self.colours = colours
        self.known: dict[str, str] = {}
        self.markdown = MarkdownIt("commonmark", {"html": False, "linkify": False, "typographer": False})
        self.markdown.enable(["table", "strikethrough"])
        self.markdown.use(dollarmath_plugin, allow_space=False, allow_digits=False)
        rules: dict[str, Any] = self.markdown.renderer.rules  # type: ignore[attr-defined]
        rules["code_inline"] = self._code_inline
        rules["fence"] = rules["code_block"] = _fence
        rules["image"] = _image
        rules["math_inline"] = rules["math_inline_double"] = _math_inline
        rules["math_block"] = rules["math_block_label"] = _math_block
        rules["link_open"] = _link_open
        rules["table_open"] = lambda *_: '<div class="table" tabindex="0"><table>'
        rules["table_close"] = lambda *_: "</table></div>"

    def html(self, text: str) -> str:
        """Return ``text`` as HTML, worked out once."""
        if text not in self.known:
            self.known[text] = _kept(str(self.markdown.render(visible(text))))
        return self.known[text]

    def inline(self, text: str) -> str:
        """Return one line, such as a heading, as HTML."""
        return _kept(str(self.markdown.renderInline(visible(text))))

    def _code_inline(self, tokens: Sequence[Token], index: int, *_: Any) -> str:
        text = tokens[index].content
        if not SHAPE.fullmatch(text.strip()):
            return f"<code>{escape(text)}</code>"
        named = self.colours.claim(text)
        pieces = named if any(piece.symbol for piece in named) else self.colours.shape(text)
        return f'<code class="shape">{pieces_html(pieces, self.colours)}</code>'


def _kept(html: str) -> str:
    """Return HTML in which formulas stay on a line with the marks behind them."""
    return MATH_END.sub(r'<span class="keep">\1\2</span>', html)


def _fence(tokens: Sequence[Token], index: int, *_: Any) -> str:
    from pygments import highlight
    from pygments.formatters.html import HtmlFormatter
    from pygments.lexers import get_lexer_by_name
    from pygments.util import ClassNotFound

    token = tokens[index]
    language = token.info.split()[0] if token.info.split() else ""
    try:
        body = highlight(token.content, get_lexer_by_name(language), HtmlFormatter(nowrap=True))
    except ClassNotFound:
        body = escape(token.content)
    return f'<pre class="code" tabindex="0"><code>{body}</code></pre>\n'


def _image(tokens: Sequence[Token], index: int, *_: Any) -> str:
    """Return a link instead of a picture: the page loads nothing."""
    token = tokens[index]
    source = str(token.attrs.get("src", ""))
    return f'<a href="{escape(source)}" rel="noopener noreferrer">{escape(token.content or source)}</a>'


def _link_open(tokens: Sequence[Token], index: int, *_: Any) -> str:
    return f'<a href="{escape(str(tokens[index].attrs.get("href", "")))}" rel="noopener noreferrer">'


def _math_inline(tokens: Sequence[Token], index: int, *_: Any) -> str:
    return math_html(tokens[index].content, block=False)


def _math_block(tokens: Sequence[Token], index: int, *_: Any) -> str:
    return f'<div class="math" tabindex="0">{math_html(tokens[index].content, block=True)}</div>\n'


def math_html(text: str, *, block: bool) -> str:
    """Return TeX as MathML; what cannot be read as such stays as it was written."""
    shown = f'<code class="tex">{escape(text)}</code>'
    if len(text) > LONGEST_MATH:
        return shown
    try:
        from latex2mathml.converter import convert

        tree = ElementTree.fromstring(convert(text, display="block" if block else "inline"))
    except Exception:  # the converter raises many kinds of error for text that is not quite TeX
        return shown
    clean = _mathml(tree)
    return ElementTree.tostring(clean, encoding="unicode") if clean is not None else shown


def _mathml(element: ElementTree.Element) -> ElementTree.Element | None:
    """Return a copy that holds nothing but MathML's own presentation elements."""
    name = element.tag.removeprefix(MATHML_SPACE)
    if name not in MATHML.split():
        return None
    copy = ElementTree.Element(name)
    copy.text, copy.tail = element.text, element.tail
    for attribute, value in element.attrib.items():
        if attribute in MATHML_ATTRIBUTES.split():
            copy.set(attribute, value)
    for child in element:
        inner = _mathml(child)
        if inner is None:
            return None
        copy.append(inner)
    return copy
