"""What looks like a shape in one line, in every common notation; ``scoring`` says which of it is one.

The line has plain signs (see ``folding``). Found are lists in brackets, ``B × N × C``, ``ℝ^{...}``, sizes
with names (``B, N = 2, 5``) and lists without brackets.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal as OneOf

from shapeflow.annotate.dims import read_dim

MAX_RANK = 12
MAX_LITERAL = 240
"""Characters between two brackets that can be a shape."""
MAX_LINE = 20_000
"""What stands further right in a line is not read: no person wrote it."""

Form = OneOf["bracket", "times", "real", "names", "bare", "axes"]


@dataclass(frozen=True, slots=True)
class ReadDim:
    """One dim in our notation, with its columns from 0 in the line."""

    text: str
    start: int
    end: int
    name: str = ""
    """The name that the text gives to a size: ``B`` of ``B=2``."""


@dataclass(frozen=True, slots=True)
class Literal:
    """A piece of a line that can be read as a shape."""

    start: int
    end: int
    dims: tuple[ReadDim, ...]
    form: Form
    opener: str = ""
    """The bracket that it begins with, if it has one."""
    glued: str = ""
    """The word that touches the bracket, such as ``Linear`` or ``torch.Size``."""
    separator: str = ","

    @property
    def names(self) -> tuple[tuple[str, str], ...]:
        """Name and size of the dims that have both."""
        return tuple((dim.name, dim.text) for dim in self.dims if dim.name)


_OPEN, _CLOSE = "([{", {")": "(", "]": "[", "}": "{"}
_GLUED = re.compile(r"(?:\.?[A-Za-z_][\w.]*|[\w\])])$", re.ASCII)
_SYMBOL = r"(?:\d{0,3}[A-Za-zΑ-Ωα-ω][A-Za-z0-9_]{0,24}'?(?:_\\?\{[^{}]{1,24}\})?)"
_ATOM = (
    rf"(?:{_SYMBOL}|\d{{1,7}}|\([^()]{{1,40}}\)|⌊[^⌋]{{1,20}}⌋|⌈[^⌉]{{1,20}}⌉|\.\.\.|…|\\[lc]?dots|\?"
    r"|\\[dt]?frac\{[^{}]{1,20}\}\{[^{}]{1,20}\}|\\(?:text|mathrm|mathit|texttt|operatorname)\{[^{}]{1,30}\})"
)
_DIM = rf"{_ATOM}(?:(?: ?//? ?|[-+*·²³]|\^\{{?[23]\}}?){_ATOM}|[²³]|\^\{{?[23]\}}?)*"
_TIMES = r"\s{0,8}(?:×|\\times)\s{0,8}"
_CROSSES = (
    re.compile(rf"(?<![\w.×/^*]){_DIM}(?:{_TIMES}{_DIM})+(?![\w.]*\w?[×])", re.ASCII),
    re.compile(rf"(?<![\w.×/^*]){_DIM}(?: {{1,3}}[xX] {{1,3}}{_DIM})+(?!\w)", re.ASCII),
    re.compile(r"(?<![\w.×/^*])(?:\d{1,7}|[A-Z]|\?)(?:[xхX](?:\d{1,7}|[A-Z](?![a-wyz])|\?)(?!\.\d))+"),
    re.compile(r"(?<![\w.×/^*])\d{1,7}(?: {0,2}\* {0,2}\d{1,7}){2,}(?![\w.*])"),
)
_CROSS_SIGN = re.compile(r"×|\\times| [xX] |[\dA-Z?][xхX][\dA-Z?]|\d ?\* ?\d")
_SPLIT_CROSS = re.compile(r"×|\\times|(?<=\s)[xX](?=\s)|(?<=[\dA-Z?])[xхX](?=[\dA-Z?])|(?<=\d)\s*\*\s*(?=\d)")
_REAL = re.compile(
    r"(?:[ℝℤℕℂ𝔹]|\\mathbb\s*\{?\s*[RZNCB]\s*\}?|\\mathds\s*\{?\s*R\s*\}?|\\(?:mathbf|mathcal|bf)\s*\{?\s*R\s*\}?"
    r"|\\R\b|\\Reals?\b|(?<![A-Za-z])(?:[RZ]|IR)|\{\s*0\s*,\s*1\s*\\?\}|\[\s*0\s*,\s*1\s*\])\s*\^\s*"
)
_REAL_LINE = re.compile(
    r"\(?(?:[A-Za-z0-9_/']+|\\times)(?:\s?(?:×|\\times|(?<=\d)x(?=\d))\s?(?:[A-Za-z0-9_/']+))*\)?"
)
_RAISED = re.compile(r"[ℝR]([⁰¹²³⁴⁵⁶⁷⁸⁹ᴬᴮᴰᴱᴳᴴᴵᴶᴷᴸᴹᴺᴼᴾᴿᵀᵁⱽᵂˣᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷʸᶻ⁺⁻ⁿ]{1,30})")
_NAME = r"[A-Za-z_Α-Ωα-ω][A-Za-z0-9_']{0,24}"
_NAMES = re.compile(
    rf"(?<![\w.,(\[])({_NAME}(?: ?, ?{_NAME}){{1,7}}) ?(?:=|:=|←|<-) ?(\d{{1,7}}(?: ?, ?\d{{1,7}}){{1,7}})(?![\w.(])"
)
_EQUAL = re.compile(r"\s*(?:=|==|≡|:=|:|i\.e\.|即)\s*`?\s*")


def find_literals(line: str) -> list[Literal]:
    """Return what can be read as a shape in a line; some of it may overlap."""
    line = line[:MAX_LINE]
    return [*_find_real(line), *_find_names(line), *_find_brackets(line), *_find_crosses(line)]


def without_overlap(literals: list[Literal]) -> list[Literal]:
    """Return literals in the order of their columns: of two that overlap the one that was named first."""
    kept: list[Literal] = []
    for literal in literals:
        place = bisect_left(kept, literal.start, key=lambda other: other.start)
        before = kept[place - 1].end if place else 0
        after = kept[place].start if place < len(kept) else literal.end
        if before <= literal.start and literal.end <= after:
            kept.insert(place, literal)
    return kept


def _find_brackets(line: str) -> Iterator[Literal]:
    """Yield lists in brackets, the outer one first."""
    pairs: list[tuple[int, int]] = []
    waiting: list[int] = []
    for match in re.finditer(r"[\[({\])}]", line):
        sign, place = match[0], match.start()
        if sign in _OPEN:
            waiting.append(place)
        elif waiting and line[waiting[-1]] == _CLOSE[sign]:
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
    if not re.search(r"\w|\*|\?", inner) or (line[start] == "[" and line[close + 1 : close + 2] == "("):
        return None
    glued = _word_before(line, start)
    dims, separator = _list(line, start + 1, end)
    if not dims:
        return None
    return Literal(start, close + 1, dims, "bracket", line[start], glued, separator)


def _list(line: str, start: int, end: int) -> tuple[tuple[ReadDim, ...], str]:
    """Return the dims between two columns and what separates them; none if one of them is not a dim."""
    pieces = list(_split(line, start, end, ",;"))
    if len(pieces) > 1:
        if not line[slice(*pieces[-1])].strip():
            pieces.pop()
        return _read(line, pieces), ","
    if _CROSS_SIGN.search(line, start, end):
        return (), ""
    words = [(start + m.start(), start + m.end()) for m in _SPACED.finditer(line[start:end])]
    if len(words) > 1 and all(_short(line[a:b]) for a, b in words):
        return _read(line, words), " "
    return _read(line, pieces), ""


_SPACED = re.compile(r"\([^()]*\)|\S+")


def _short(word: str) -> bool:
    """Return whether a word among spaces can be a dim: ``C``, ``H/2``, ``224``, ``(h w)``, ``d_k``."""
    return bool(re.fullmatch(r"\d{1,7}|[A-Za-z]{1,2}\d?(?:_\w{1,4})?'?(?:[*/+-]+\w{1,4})?|\.\.\.|…|\(.*\)", word))


def _read(line: str, pieces: list[tuple[int, int]]) -> tuple[ReadDim, ...]:
    """Return the dims that stand in pieces of a line; none if one of them is not a dim."""
    if len(pieces) > MAX_RANK:
        return ()
    dims: list[ReadDim] = []
    for start, end in pieces:
        text = line[start:end]
        read = read_dim(text)
        if read is None or (read[0] == "..." and any(dim.text == "..." for dim in dims)):
            return ()
        left = start + len(text) - len(text.lstrip())
        if read[1]:
            left = max(left, line.rfind(read[0].strip(), start, end))
        dims.append(ReadDim(read[0], left, start + len(text.rstrip()), read[1]))
    return tuple(dims)


def _split(line: str, start: int, end: int, separators: str) -> Iterator[tuple[int, int]]:
    """Yield the pieces of a line between separators that stand in no inner bracket."""
    depth = 0
    first = start
    for place in range(start, end):
        sign = line[place]
        if sign in _OPEN:
            depth += 1
        elif sign in _CLOSE:
            depth -= 1
        elif depth == 0 and sign in separators and not (sign == "," and line[place - 1] == "\\"):
            yield first, place
            first = place + 1
    yield first, end


def _word_before(line: str, start: int) -> str:
    """Return the word that touches the bracket at a column; empty for none."""
    before = line[max(0, start - 40) : start]
    if before.endswith(("\\left", "\\", "\\big", "\\Big", "\\bigl")):
        return ""
    if before.endswith("("):
        # "torch.Size([1, 3])": the call around a list.
        found = _GLUED.search(before, 0, len(before) - 1)
        return f"{found[0]}(" if found else ""
    found = _GLUED.search(before)
    return found[0] if found else ""


def _find_crosses(line: str) -> Iterator[Literal]:
    """Yield ``1 × 256 × 72``, ``B x N x C`` and ``1x3x224x224``."""
    if not _CROSS_SIGN.search(line):
        return
    for pattern in _CROSSES:
        for match in pattern.finditer(line):
            pieces = []
            first = match.start()
            for sign in _SPLIT_CROSS.finditer(line, match.start(), match.end()):
                if line.count("(", first, sign.start()) == line.count(")", first, sign.start()):
                    pieces.append((first, sign.start()))
                    first = sign.end()
            dims = _read(line, [*pieces, (first, match.end())])
            if len(dims) > 1:
                sign_text = "*" if pattern is _CROSSES[-1] else "×"
                yield Literal(match.start(), match.end(), dims, "times", separator=sign_text)


def _find_real(line: str) -> Iterator[Literal]:
    """Yield what stands above ℝ."""
    for match in _REAL.finditer(line):
        start = match.end()
        sign = line[start : start + 1]
        if sign and sign in "{(":
            close = _closing(line, start)
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
        dims = _read(line, pieces)
        if dims and not (len(dims) == 1 and dims[0].text in ("1", "2", "3", "*", "T", "_")):
            yield Literal(pieces[0][0], pieces[-1][1], dims, "real", separator="×")
    for match in _RAISED.finditer(line):
        plain_text = unicodedata.normalize("NFKC", match[1])
        if len(plain_text) == len(match[1]):
            changed = line[: match.start(1)] + plain_text.replace("x", "×") + line[match.end(1) :]
            dims = _read(changed, list(_crossed(changed, match.start(1), match.end(1))))
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
    return [_stripped(line, *piece) for piece in pieces]


def _stripped(line: str, start: int, end: int) -> tuple[int, int]:
    text = line[start:end]
    return start + len(text) - len(text.lstrip()), start + len(text.rstrip())


def _closing(line: str, start: int) -> int | None:
    """Return where the bracket at a column closes."""
    depth = 0
    for place in range(start, min(len(line), start + MAX_LITERAL + 2)):
        if line[place] in _OPEN:
            depth += 1
        elif line[place] in _CLOSE:
            depth -= 1
            if depth == 0:
                return place
    return None


def _find_names(line: str) -> Iterator[Literal]:
    """Yield ``B, N, C = 4, 197, 768``."""
    if "=" not in line and "<-" not in line and "←" not in line:
        return
    for match in _NAMES.finditer(line):
        names = [name.strip() for name in match[1].split(",")]
        dims = _read(line, [_stripped(line, *piece) for piece in _split(line, *match.span(2), ",")])
        if len(names) == len(dims):
            named = tuple(replace(dim, name=name) for dim, name in zip(dims, names, strict=True))
            yield Literal(match.start(), match.end(), named, "names")


def with_names(line: str, found: list[Literal]) -> list[Literal]:
    """Return literals where ``(B, N, C) = (4, 197, 768)`` is one: the sizes, with names."""
    merged: list[Literal] = []
    for literal in found:
        before = merged[-1] if merged else None
        if (
            before is not None
            and len(before.dims) == len(literal.dims) > 1
            and before.form == literal.form == "bracket"
            and _EQUAL.fullmatch(line, before.end, literal.start)
            and all(dim.text.isidentifier() for dim in before.dims)
            and all(dim.text.isdigit() for dim in literal.dims)
        ):
            dims = zip(before.dims, literal.dims, strict=True)
            merged[-1] = replace(
                literal, dims=tuple(replace(size, name=name.text) for name, size in dims)
            )
        else:
            merged.append(literal)
    return merged


