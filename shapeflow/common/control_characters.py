"""Characters that a terminal, a page or a log would obey or hide, made visible."""

from __future__ import annotations

import json
import re

HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e007f]"
)
"""Control characters but tab and new line, marks that turn the direction of text, halves of characters."""
_BREAKS = {"\n": "\\n", "\t": "\\t"}
_COMMANDS = re.compile(r"^([^\S\n]*):(?=:[^:\s])|#(?=#\w*\[)", re.MULTILINE)
"""What a CI system obeys when it stands in a log: ``::error::`` first on a line, ``##[error]`` anywhere."""


def visible(text: str) -> str:
    r"""Return ``text`` with each such character written as ``\x1b`` or ``\u202e``."""
    if _is_plain(text):
        return text
    return HIDDEN.sub(lambda match: _escape(ord(match[0])), text)


def visible_line(text: str) -> str:
    r"""Return the same for text that has to stay on one line: ``\n`` and ``\t`` are written out, too."""
    if _is_plain(text):
        return text
    for sign, written in _BREAKS.items():
        text = text.replace(sign, written)
    return visible(text)


def _is_plain(text: str) -> bool:
    """Return True if nothing in a text is hidden or breaks a line, as in most there are."""
    return text.isascii() and text.isprintable()


def printed(text: str) -> str:
    r"""Return text as it may go to a terminal or log: visible, with ``\x3a:`` where CI obeys ``::``."""
    return _COMMANDS.sub(lambda match: r"\x23" if match[1] is None else match[1] + r"\x3a", visible(text))


def json_text(data: object, indent: int | None = None) -> str:
    """Return plain data as JSON; what ``printed`` would change stands as an escape of JSON."""
    text = HIDDEN.sub(_json_escape, json.dumps(data, ensure_ascii=False, indent=indent))
    return _COMMANDS.sub(lambda match: r"\u0023" if match[1] is None else match[0], text)


def _json_escape(match: re.Match[str]) -> str:
    return json.dumps(match[0])[1:-1] if match[0] != "\x7f" else "\\u007f"


def _escape(code: int) -> str:
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
