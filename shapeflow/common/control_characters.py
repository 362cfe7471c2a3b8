"""Characters that a terminal or a page would obey or hide, made visible."""

from __future__ import annotations

import re

HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)
"""Control characters but tab and new line, marks that turn the direction of text, halves of characters."""
_BREAKS = {"\n": "\\n", "\t": "\\t"}


def visible(text: str) -> str:
    r"""Return ``text`` with each such character written as ``\x1b`` or ``\u202e``."""
    return HIDDEN.sub(lambda match: _escape(ord(match[0])), text)


def visible_line(text: str) -> str:
    r"""Return the same for text that has to stay on one line: ``\n`` and ``\t`` are written out, too."""
    for sign, written in _BREAKS.items():
        text = text.replace(sign, written)
    return visible(text)


def _escape(code: int) -> str:
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}"
