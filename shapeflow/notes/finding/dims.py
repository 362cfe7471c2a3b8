"""One dim as people write it, ``N_{txt}``, ``H/2``, ``2C``, ``P²``, ``C_in * 4``, read into our notation."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from shapeflow.errors import InputError
from shapeflow.shapes.notation import parse_expression

MAX_DIM = 60
"""Characters of one dim; what is longer is a sentence."""

_PLAIN = re.compile(r"0|[1-9]\d{0,14}|[A-Za-z]\w{0,39}", re.ASCII)
_WORKED_OUT = re.compile(r"[\w+*/() -]+[+*/-][\w+*/() -]*=\s?(\d{1,7})")
"""A size with how it comes about: ``256+128=384``."""
_NAMED = re.compile(
    r"([^\W\d][\w ]{0,30}?'?)\s*(?:[=:]\s*(\d{1,15})|(?:\(\s*=|(?<=[a-z]) \()\s*(\d{1,15})\s*\))"
)
"""``B=2``, ``B (=2)``, ``channels (3)``."""
_FRACTION = re.compile(r"\\[dt]?frac\s*\{([^{}]*)\}\s*\{([^{}]*)\}")
_STYLED = re.compile(
    r"\\(?:text|mathrm|mathit|mathbf|mathtt|mathsf|texttt|textit|textrm|operatorname|mbox|rm|it|bf)\s*\{([^{}]*)\}"
)
_POWER = re.compile(r"(\w+|\([^()]*\))\s*(?:\*\*|\^)\s*\{?\s*([2-9])\s*\}?")
_FLOOR = re.compile(r"(?:\\lfloor|⌊)(.*?)(?:\\rfloor|⌋)")
_CEIL = re.compile(r"(?:\\lceil|⌈)(.*?)(?:\\rceil|⌉)")
_CALL = re.compile(r"\b(?!ceil\b|floor\b)([A-Za-z_]\w*)\(([\w.]*)\)")
_ITEM = re.compile(r"\b([A-Za-z_][\w.]*)\[([\w:-]*)\]")
_WORDS = re.compile(r"[^\W\d]\w*(?: [^\W\d]\w*){1,3}")
_CROSSED = re.compile(r"(?<=[A-Z\d)])(?<!\b0)x(?=[A-Z\d(])")
"""A product inside a dim: ``HxW``."""
_AT_MOST = re.compile(r"[<>≤≥]=? ?\w+")
_COUNTED = re.compile(r"^\|(?:\\mathcal\{)?(\w+)\}?(\w*)\|$")
"""How many things a set has: ``|V|``."""
_NAME_OR_SIZE = re.compile(r"\d+|[^\W\d]\w*(?: [^\W\d]\w*){0,3}")
_SPREAD = re.compile(r"\*[A-Za-z_]\w*|[A-Za-z_]\w*:(?:\.\.\.|…)")
"""Any number of axes, in jaxtyping and Python."""
_NO_DIM = re.compile(
    r"\w*(?:Tensor|[Aa]rray|List|list|[Tt]uple|Optional|Union|[Dd]ict|Type|Sequence|Size)\["
    r"|^\d+ ?(?:[kKMGT]i?B|ms|px|mm|cm|km|hr|min|fps|Hz|kHz)$|^\d+e[+-]?\d+$|^\d+-[A-Za-z]{3}|(?<!\w)0\d"
)
"""A type, a number with a unit, or an adjective: ``12-layer``."""
ANY = frozenset({"-1", "?", "_", "None", "none", ":", "·", "Any", "()"})
REST = frozenset({"...", "…", "*", "\\ldots", "\\dots", "\\cdots", "\\ast", "\\*", "⋯"})


@lru_cache(maxsize=8192)
def read_dim(text: str) -> tuple[str, str] | None:
    """Return a dim in our notation and the name that the text gives to it, if it gives a size too.

    ``B=2`` is ``("2", "B")``, ``H/2`` is ``("H/2", "")``; None: it is not a dim.
    """
    word = _CROSSED.sub("*", text.strip())
    if _PLAIN.fullmatch(word) and word not in ANY:
        return word, ""
    word = word.strip("`$ ")
    if not word or len(word) > MAX_DIM or word[0] in "'\"" or _NO_DIM.search(word):
        return None
    if word in REST or _SPREAD.fullmatch(word):
        return "...", ""
    if word in ANY or _AT_MOST.fullmatch(word):
        return "_", ""
    word = word.removeprefix("~").lstrip()
    if named := _NAMED.fullmatch(word):
        return named[2] or named[3], named[1].strip().replace(" ", "_").replace("'", "_prime")
    found = _arithmetic(word.lstrip("#"))
    return (found, "") if found else None


def _arithmetic(word: str) -> str:
    """Return a dim that is more than a number or a name; empty: it is none."""
    if worked_out := _WORKED_OUT.fullmatch(word):
        return worked_out[1]
    found = _plain_signs(word)
    if not re.search(r"[^\W\d]|\d", found) or re.search(r"\d\.\d|[%$@&|<>=!?\"\\{}\[\]:;^]", found):
        return ""
    if _WORDS.fullmatch(found):
        return found.replace(" ", "_")
    if len(parts := re.split(r" [*/+] ", found)) > 1 and all(map(_NAME_OR_SIZE.fullmatch, parts)):
        found = re.sub(r"(?<=\w) (?=\w)", "_", found)
    if re.fullmatch(r"\w+(?: +\w+)+", found) or re.fullmatch(
        r"\d+\s*[-~/]\s*\d+|\d+ *\+ +\d+|[-+].*|0\d+", found
    ):
        # Words in a row, an interval ("1-5"), a fraction ("1/4") and a signed number are not sizes.
        return ""
    try:
        return parse_expression(found).text
    except InputError:
        return ""


def _plain_signs(word: str) -> str:
    """Return a dim without LaTeX, powers, primes, attributes, indices and products without a sign."""
    word = re.sub(r"\$\s?\\times\s?\$|&times;", "*", word)
    word = _COUNTED.sub(r"\1\2", word)
    word = _FLOOR.sub(r"floor(\1)", word)
    word = _CEIL.sub(r"ceil(\1)", word)
    # "S*" is what runs over another length in each sample.
    word = re.sub(r"(?<=\w)\*$", "_star", word)
    if "\\" in word or "{" in word:
        word = _STYLED.sub(lambda m: m[1].replace("\\_", "_").replace(" ", "_"), word)
        word = word.replace("\\_", "_")
        word = _FRACTION.sub(lambda m: f"{_wrapped(m[1])}/{_wrapped(m[2])}", word)
        word = re.sub(r"\\(?:[,;! ]|(?:left|right|quad|displaystyle|big[lr]?)(?![A-Za-z]))", " ", word)
        word = re.sub(r"\\(?:cdot|times|ast)\b", "*", word)
        word = re.sub(r"_\{\s*([\w ,]*?)\s*\}", lambda m: "_" + re.sub(r"\W+", "_", m[1]), word)
        word = re.sub(r"\\([A-Za-z]+)\b(?!\s*[{(])", r"\1", word)
    word = re.sub(r"\^?\{?(?:'|\\prime)\}?", "_prime", word)
    word = word.replace("²", "^2").replace("³", "^3").replace("×", "*").replace("·", "*").replace("÷", "/")
    word = _POWER.sub(_multiplied, word)
    word = _until_stable(word, lambda text: _ITEM.sub(_joined, _CALL.sub(_joined, text)))
    word = re.sub(r"(?<=[A-Za-z_])\.(?=[A-Za-z_])", "_", word)
    word = re.sub(r"(?<![\w.])(\d+)(?:(?=[A-Za-z(])|\s(?=[A-Za-z]\b))", r"\1*", word)
    word = re.sub(r"\)\s*\(", ")*(", word)
    if re.fullmatch(r"\(\s*[^\W\d]\w*(?:\s+\w+)+\s*\)", word):
        # Of einops: axes that are merged.
        word = "*".join(word.strip("() ").split())
    return word.strip()


def _multiplied(found: re.Match[str]) -> str:
    """Return a power as a number or a product."""
    base, times = found[1], int(found[2])
    return str(int(base) ** times) if base.isdecimal() else "*".join([base] * times)


def _until_stable(text: str, step: Callable[[str], str]) -> str:
    """Return what a few repeated steps make of a text."""
    for _ in range(3):
        changed = step(text)
        if changed == text:
            break
        text = changed
    return text


def _joined(found: re.Match[str]) -> str:
    """Return one name for an item or a call."""
    inner = re.sub(r"\W+", "_", found[2]).strip("_") or "all"
    return re.sub(r"\W", "_", found[1]) + "_" + inner


def _wrapped(text: str) -> str:
    return text if re.fullmatch(r"\s*\\?\w+\s*", text) else f"({text})"
