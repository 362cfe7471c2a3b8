"""What looks like a shape in one line, in every common notation; ``scoring`` says which of it is one.

The line has plain signs (see ``folding``). Found are lists in brackets, ``B × N × C``, ``ℝ^{...}``, sizes
with names (``B, N = 2, 5``) and lists without brackets.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import replace

from shapeflow.notes.finding.cues import INPUTS, OUTPUTS, SHAPES
from shapeflow.notes.finding.literal import (
    CLOSING,
    MAX_LITERAL,
    OPENING,
    Literal,
    ReadDim,
    closing,
    read_dims,
    split,
    stripped,
)

MAX_LINE = 5_000
"""What stands further right in a line is not read: no person wrote it."""

_GLUED = re.compile(r"(?:\.?[A-Za-z_][\w.]*|[\w\])}])$", re.ASCII)
_INDEX = r"_\\?\{(?:[^{}]{1,24}|\s?\\[a-z]{2,12}\s?\{[^{}]{1,24}\}\s?)\}"
_SYMBOL = rf"(?:\d{{0,3}}[A-Za-zΑ-Ωα-ω][A-Za-z0-9_]{{0,24}}'?(?:{_INDEX})?(?<!_(?=\{{)))(?:\(= ?\d{{1,7}}\))?"
_ATOM = (
    rf"(?:{_SYMBOL}|\d{{1,7}}|\([^()]{{1,40}}\)|⌊[^⌋]{{1,20}}⌋|⌈[^⌉]{{1,20}}⌉|\.\.\.|…|\\[lc]?dots|\?"
    r"|\\[dt]?frac\{[^{}]{1,20}\}\{[^{}]{1,20}\}|\\(?:text|mathrm|mathit|texttt|operatorname)\{[^{}]{1,30}\})"
)
_DIM = rf"{_ATOM}(?:(?: ?//? ?| \* (?=[A-Za-z])|[-+*·²³]|\^\{{?[23]\}}?){_ATOM}|[²³]|\^\{{?[23]\}}?)*"
_SIGN = r"×|\$\s?\\times\s?\$|\\times|&times;"
_TIMES = rf"\s{{0,8}}(?:{_SIGN})\s{{0,8}}"
_FACTOR = r"(?:\d{1,7}|[A-Za-z]\w{0,20})"
_CROSSES = (
    (
        re.compile(rf"(?<![\w.×/^*]){_DIM}(?:{_TIMES}{_DIM})+(?![\w.]*\w?[×])", re.ASCII),
        re.compile(_SIGN),
    ),
    (
        re.compile(rf"(?<![\w.×/^*]){_DIM}(?: {{1,3}}[xX] {{1,3}}{_DIM})+(?!\w)", re.ASCII),
        re.compile(r"(?<= )[xX](?= )"),
    ),
    (
        re.compile(
            r"(?<![\w.×/^*])(?:\d{1,7}|[A-Z]|[A-Z]{2}(?=x[A-Z\d]+x[A-Z\d])|\?)"
            r"(?:(?:[xх]|(?<=\d)X(?=\d))(?:\d{1,7}|[A-Z](?![a-wyz\d])|\?|\([\w+*/ -]{1,30}\))(?!\.\d))+"
        ),
        re.compile(r"[xх]|(?<=\d)X(?=\d)"),
    ),
    (
        # "batchxCxHxW", "bxcxhxw"
        re.compile(
            r"(?<![\w.×/^*])(?:[a-z]{2,8}(?=x[A-Z]x[A-Z])|[a-z](?=x[a-z\d]x))"
            r"(?:x(?:[A-Z]|[a-z]|\d{1,7})(?![a-wyzA-Z]))+"
        ),
        re.compile(r"x(?=[A-Z\d]|[a-z](?![a-wyz]))"),
    ),
    (
        re.compile(r"(?<![\w.×/^*])\d{1,7}(?: {0,2}\* {0,2}\d{1,7}){2,}(?![\w.*])"),
        re.compile(r"\*"),
    ),
    (
        # "1*1*emb_dim", but not as one dim of a list.
        re.compile(
            rf"(?<![\w.×/^*(\[=])(?<![\w)],)(?<!, ){_FACTOR}(?:\*{_FACTOR}){{2,}}(?![\w.*(]| ?,)", re.ASCII
        ),
        re.compile(r"\*"),
    ),
)
"""How products are written, each with the sign between two dims."""
_CROSS_SIGN = re.compile(r"×|&times;|\\times| [xX] |[\dA-Z?][xхX][\dA-Z?]|[a-z]x[A-Za-z\d]x|\d ?\* ?\d")
_REAL = re.compile(
    r"(?:[ℝℤℕℂ𝔹]|\\mathbb\s*\{?\s*[RZNCB]\s*\}?|\\mathds\s*\{?\s*R\s*\}?|\\(?:mathbf|mathcal|bf)\s*\{?\s*R\s*\}?"
    r"|\\R\b|\\Reals?\b|(?<![A-Za-z])(?:[RZ]|IR)|\{\s*0\s*,\s*1\s*\\?\}|\[\s*0\s*,\s*1\s*\])\s*\^\s*"
)
_REAL_LINE = re.compile(
    r"\(?(?:[A-Za-z0-9_/']+|\\times)(?:\s?(?:×|\\times|(?<=\d)x(?=\d))\s?(?:[A-Za-z0-9_/']+))*\)?"
)
_RAISED = re.compile(r"[ℝR]([⁰¹²³⁴⁵⁶⁷⁸⁹ᴬᴮᴰᴱᴳᴴᴵᴶᴷᴸᴹᴺᴼᴾᴿᵀᵁⱽᵂˣᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷʸᶻ⁺⁻ⁿ]{1,30})")
_INDEXED = re.compile(
    r"(?<![\\A-Za-z][A-Za-z])(?:[A-Za-z]|\})\s?[_^]\s?\{((?=[^{}]*(?:\\times|×))[^{}^]{3,60})\}"
)
"""The shape of a matrix at its letter: ``W_{d \\times k}``."""
_NO_LENGTH = frozenset("123456789*T_mn")
"""What stands alone above ℝ and is no number of features: the plane, the transposed, spaces in general."""
_NAME = r"[A-Za-z_Α-Ωα-ω][A-Za-z0-9_']{0,24}"
_NAMES = re.compile(
    rf"(?<![\w.,(\[])({_NAME}(?: ?, ?{_NAME}){{1,7}}) ?(?:=|:=|←|<-) ?"
    r"(\d{1,7}(?: ?, ?\d{1,7}){1,7})(?![\w.(])"
)


def find_literals(line: str) -> list[Literal]:
    """Return what can be read as a shape in a line; some of it may overlap."""
    return [*_find_real(line), *_find_names(line), *_find_brackets(line), *_find_crosses(line)]


def _find_brackets(line: str) -> Iterator[Literal]:
    """Yield lists in brackets, the outer one first."""
    pairs: list[tuple[int, int]] = []
    waiting: list[int] = []
    for match in re.finditer(r"[\[({\])}]", line):
        sign, place = match[0], match.start()
        if sign in OPENING:
            waiting.append(place)
        elif waiting and line[waiting[-1]] == CLOSING[sign]:
            pairs.append((waiting.pop(), place))
        elif sign == ")" and waiting:
            # "[0, 1)": an interval.
            waiting.pop()
    pairs.sort()
    for start, close in pairs:
        if line[start] == "{" or close - start > MAX_LITERAL or close - start < 2:
            continue
        if literal := _bracket(line, start, close):
            yield literal


def _bracket(line: str, start: int, close: int) -> Literal | None:
    """Return the list between two brackets, if it is one of dims."""
    end = close
    if line.endswith("\\right", start, close):
        end -= len("\\right")
    inner = line[start + 1 : end]
    if not re.search(r"\w|\*|\?", inner) or (line[start] == "[" and _TARGET.match(line, close + 1)):
        return None
    glued = _word_before(line, start)
    dims, separator = _list(line, start + 1, end)
    if not dims and (label := _LABEL.match(line, start + 1, end)):
        # "[input: B, 3, 224, 224]"
        behind, separator = _list(line, label.end(), end)
        told = any(cue.search(label[0]) for cue in (SHAPES, INPUTS, OUTPUTS))
        if len(behind) > 1 and told and not any(dim.name for dim in behind):
            return Literal(label.end(), end, behind, "bracket", line[start], "", separator)
    if not dims:
        return None
    return Literal(start, close + 1, dims, "bracket", line[start], glued, separator)


def _list(line: str, start: int, end: int) -> tuple[tuple[ReadDim, ...], str]:
    """Return the dims between two columns and what separates them; none if one of them is not a dim."""
    pieces = list(split(line, start, end, ",;"))
    if len(pieces) > 1:
        if not line[slice(*pieces[-1])].strip():
            pieces.pop()
        return read_dims(line, pieces), ","
    inner = line[start:end]
    if _CROSS_SIGN.search(line, start, end):
        crossed = list(_between_crosses(inner, start)) if _BESIDE_CROSSES.search(inner) else []
        return (read_dims(line, crossed), "×") if len(crossed) > 1 else ((), "")
    words = [(start + m.start(), start + m.end()) for m in _SPACED.finditer(inner)]
    enough = len(words) > 2 or (len(words) == 2 and inner.isupper() and not re.search(r"\d", inner))
    if enough and all(_short(line[a:b]) for a, b in words):
        return read_dims(line, words), " "
    return read_dims(line, pieces), ""


_LABEL = re.compile(r"\s*[^\W\d][\w .]{0,30}:\s*")
_BETWEEN_CROSSES = re.compile(r"\s+[x×X]\s+|$")
_BESIDE_CROSSES = re.compile(r"\w\s*\*\s*\w|\(=")
_REMARK = re.compile(r"\s*\(=[^()]*\)$")
"""``len_q(=len_k)``: what else a size is."""


def _between_crosses(inner: str, start: int) -> Iterator[tuple[int, int]]:
    """Yield the columns of dims between crosses in a bracket: products, and those with a remark, too."""
    first = 0
    for cross in _BETWEEN_CROSSES.finditer(inner):
        piece = _REMARK.sub("", inner[first : cross.start()])
        yield start + first, start + first + len(piece)
        first = cross.end()


_TARGET = re.compile(r"\((?:\s*|[^()\s]*[./#][^()\s]*)\)")
"""Of a link; in Markdown blanks stand in its place."""
_SPACED = re.compile(r"\([^()]*\)|\S+")


def _short(word: str) -> bool:
    """Return whether a word among spaces can be a dim: ``C``, ``H/2``, ``224``, ``(h w)``, ``d_k``."""
    return bool(
        re.fullmatch(r"\d{1,7}|[A-Za-z]{1,2}\d?(?:_\w{1,4})?'?(?:[*/+-]+\w{1,4})?|\.\.\.|…|\(.*\)", word)
    )


def _word_before(line: str, start: int) -> str:
    """Return the word that touches the bracket at a column; empty for none."""
    before = line[max(0, start - 40) : start]
    if before.endswith("\\") or re.search(r"\\(?:left|big|Big|bigl|times|cdot|to|in|quad)$", before):
        return ""
    if before.endswith("("):
        # "torch.Size([1, 3])": the call around a list.
        found = _GLUED.search(before, 0, len(before) - 1)
        return f"{found[0]}(" if found else ""
    found = _GLUED.search(before)
    return found[0] if found else ""


def _find_crosses(line: str) -> Iterator[Literal]:
    """Yield ``1 × 256 × 72``, ``B x N x C`` and ``1x3x224x224``."""
    if not _CROSS_SIGN.search(line) and "*" not in line:
        return
    for pattern, between in _CROSSES:
        for match in pattern.finditer(line):
            if _ends_a_word(line[: match.start()][-1:]):
                continue
            pieces = []
            first = match.start()
            for sign in between.finditer(line, match.start(), match.end()):
                if line.count("(", first, sign.start()) == line.count(")", first, sign.start()):
                    pieces.append((first, sign.start()))
                    first = sign.end()
            dims = read_dims(line, [*pieces, (first, match.end())])
            if len(dims) > 1:
                product = "*" if between.pattern == r"\*" else "×"
                yield Literal(match.start(), match.end(), dims, "times", separator=product)


def _ends_a_word(sign: str) -> bool:
    """Return whether a sign is a letter of a script that writes words apart, such as ``ı`` or ``é``."""
    return sign.lower() != sign.upper()


def _find_real(line: str) -> Iterator[Literal]:
    """Yield what stands above ℝ."""
    for match in _REAL.finditer(line):
        start = match.end()
        sign = line[start : start + 1]
        if sign and sign in "{(":
            close = closing(line, start)
            if close is None or close - start > MAX_LITERAL:
                continue
            start, end = start + 1, close
            while line[start : start + 1] == "{" and line[end - 1 : end] == "}":
                start, end = start + 1, end - 1
        elif (plain := _REAL_LINE.match(line, start)) is not None:
            end = plain.end()
        else:
            continue
        pieces = list(_crossed(line, start, end))
        dims = read_dims(line, pieces)
        if dims and not (len(dims) == 1 and dims[0].text in _NO_LENGTH):
            yield Literal(pieces[0][0], pieces[-1][1], dims, "real", separator="×")
    for match in _INDEXED.finditer(line):
        pieces = list(_crossed(line, *match.span(1)))
        if dims := read_dims(line, pieces):
            yield Literal(pieces[0][0], pieces[-1][1], dims, "real", separator="×")
    for match in _RAISED.finditer(line):
        plain_text = unicodedata.normalize("NFKC", match[1])
        if len(plain_text) == len(match[1]):
            changed = line[: match.start(1)] + plain_text.replace("x", "×") + line[match.end(1) :]
            dims = read_dims(changed, list(_crossed(changed, match.start(1), match.end(1))))
            if len(dims) > 1:
                yield Literal(match.start(1), match.end(1), dims, "real", separator="×")


def _crossed(line: str, start: int, end: int) -> list[tuple[int, int]]:
    """Return the pieces between signs of multiplication or commas, without the blanks around them."""
    pieces = []
    first = start
    for sign in re.finditer(r"×|\\times|,|(?<=[\s\d])[xX](?=[\s\d])|\\cdot|·", line[start:end]):
        if line.count("(", first, start + sign.start()) == line.count(")", first, start + sign.start()):
            pieces.append((first, start + sign.start()))
            first = start + sign.end()
    pieces.append((first, end))
    return [stripped(line, *piece) for piece in pieces]


def _find_names(line: str) -> Iterator[Literal]:
    """Yield ``B, N, C = 4, 197, 768``."""
    if "=" not in line and "<-" not in line and "←" not in line:
        return
    for match in _NAMES.finditer(line):
        names = [name.strip() for name in match[1].split(",")]
        dims = read_dims(line, [stripped(line, *piece) for piece in split(line, *match.span(2), ",")])
        if len(names) == len(dims):
            named = tuple(replace(dim, name=name) for dim, name in zip(dims, names, strict=True))
            yield Literal(match.start(), match.end(), named, "names")
