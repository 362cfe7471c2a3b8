"""Full-width and look-alike signs folded to plain ones, one for one: columns stay what they were."""

from __future__ import annotations

import unicodedata


def _table() -> dict[int, str]:
    """Return what each character becomes."""
    table = {code: unicodedata.normalize("NFKC", chr(code)) for code in range(0xFF01, 0xFF5F)}
    for brackets in ("【】", "〔〕", "〖〗", "⟦⟧", "⁅⁆"):
        table |= {ord(brackets[0]): "[", ord(brackets[1]): "]"}
    table |= dict.fromkeys(map(ord, "、﹐،"), ",")
    table |= dict.fromkeys(map(ord, "✕✖⨯⨉╳⊗❌"), "×")
    table |= dict.fromkeys(map(ord, "→⟶➔➜➝➞➡⇒⟹⮕↦⇨▶►↓⬇⇓"), "→")
    table |= dict.fromkeys(map(ord, "−–﹣"), "-")
    table |= dict.fromkeys(map(ord, "∗⋆"), "*")
    table |= dict.fromkeys(map(ord, "⋅∙•"), "·")
    table |= dict.fromkeys(map(ord, "′’ʹ"), "'")
    table |= dict.fromkeys(map(ord, "\u00a0\u2002\u2003\u2005\u2009\u200a\u202f\u3000\t\x0b\x0c"), " ")
    table[ord("：")] = ":"
    table[ord("∕")] = "/"
    return table


_TABLE = _table()


def fold(line: str) -> str:
    """Return a line with plain signs, as long as before."""
    return line if line.isascii() and "\t" not in line else line.translate(_TABLE)
