"""How sure it is that a literal states a shape: a linear score over what it holds and what is around it.

The weights are logarithms of odds, set by hand: first by the reason that each line gives, then changed where
texts of our own in several languages, and lines drawn from public libraries, showed one of them too strong or too weak.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from itertools import pairwise

from shapeflow.annotate.cues import (
    CONFIG_NAME,
    CONFIGS,
    COORDINATES,
    COSTS,
    DEFAULT,
    DIM_STEM,
    DIM_WORD,
    INPUTS,
    KERNELS,
    OUTPUTS,
    PICTURES,
    SHAPES,
    SIZE,
    TENSOR_PREFIX,
    TYPES,
    has,
)
from shapeflow.annotate.literals import Literal
from shapeflow.annotate.mention import Frame

WEIGHTS = {
    "always": -1.2,
    # Notations that are used for shapes and hardly for anything else.
    "above ℝ": 4.5,
    "axes of einops or jaxtyping": 6.0,
    "names = sizes": 3.0,
    "tensor type before": 4.0,
    # Most shapes have three to five axes.
    "rank 1": -2.6,
    "rank 2": -0.4,
    "rank 3": 1.2,
    "rank 4 or 5": 2.2,
    "rank above 5": 0.8,
    # What the dims are.
    "capitals": 1.9,
    "small letters": 0.6,
    "names of axes": 1.6,
    "sizes and names": 0.8,
    "other words": -2.9,
    "a remark": -3.0,
    "types": -5.0,
    "lone in parentheses": -1.8,
    "height and width": -1.0,
    "arithmetic": 0.9,
    "wildcard": 0.3,
    "an axis of size 1": 0.8,
    "large size": 0.9,
    "only sizes": -0.2,
    "a zero": -4.0,
    "only small sizes": -1.6,
    "all equal": -1.5,
    "permutation": -3.0,
    "progression": -2.6,
    "interval": -2.2,
    "coordinates": -5.0,
    "numbered": -5.0,
    "years": -3.0,
    # What stands around them.
    "shape word directly before": 4.5,
    "shape word before": 3.0,
    "shape word in line": 0.9,
    "shape word in header": 1.6,
    "shape word leads": 0.8,
    "input or output word": 0.7,
    "colon before": 0.7,
    "arrow beside": 1.5,
    "element of": 1.0,
    "alone": 1.3,
    "comma at end": 1.0,
    "function before": -5.0,
    "item of": -3.2,
    "keyword before": -3.0,
    "kernel word beside": -4.0,
    "picture word beside": -2.0,
    "configuration word before": -1.6,
    "default": -3.5,
    "a setting": -2.0,
    "letters after": -2.0,
    "formula": -4.0,
    "operator beside": -2.0,
    "cost": -2.5,
    "product with *": -1.4,
    # Where it stands.
    "comment": 0.6,
    "docstring": 0.4,
    "output": 1.5,
    "code": 0.3,
    "cell": 0.4,
    "diagram": 0.6,
    "math": 0.3,
    "heading": -0.6,
    "fence": 0.3,
    "bare": -0.9,
    "like its neighbours": 1.8,
    "blanks in brackets": -0.8,
}

_ARROW_BEFORE = re.compile(r"(?:→|-+>|=+>|\\(?:to|rightarrow|mapsto|Rightarrow))[\s`*$(\[|\"]*$")
_ARROW_AFTER = re.compile(r"[\s`*$)\]|\"]*(?:→|-+>|=+>|\\(?:to|rightarrow|mapsto|Rightarrow))")
_COLON_BEFORE = re.compile(r":[\s`*$\"']*$")
_ELEMENT = re.compile(r"(?:∈|\\in|:=)\s*[`$({]*$")
_EQUAL_AFTER = re.compile(r"[\s$`)]*(?:=|==|≈|≤|<)\s*\d")
_EQUAL_BEFORE = re.compile(r"(?<![A-Za-z_\d.])\d[\d.,]*\s*(?:=|≈)\s*$|[√%]\s*$")
_OPERATOR = re.compile(r"\s*[-+*/^]\s*[\w(]|\s*%|\s*(?:个|倍|次)")
_OPERATOR_BEFORE = re.compile(r"[\w)]\s*[-+/^]\s*$")
_KEYWORD = re.compile(r"([A-Za-z_]\w*)\s?=\s?[\[(]*$")
_SHAPE_KEYWORD = re.compile(r"(?i).*(?:shape|size\b|dims?|out|in|inputs?|outputs?|result|x|y|z|feats?|features?)$")
_LAST_WORDS = re.compile(r"[.;,。)(]|\s(?!of\b|is\b|are\b|=|:)(?=\S+\s*\S*$)")
_KERNEL_TAIL = re.compile(r"(?:[\s`(\[:=*]|\bsizes?\b|\bof\b|\bis\b|大小|尺寸|[为是は의])+$")
_ALONE = re.compile(r"[\s`*$|>#\"'_.,;()\[\]{}:~│┃║-]*")
_ORDINARY_CALL = re.compile(r"[A-Za-z_][\w.]*\(?$")


def features(literal: Literal, frame: Frame, text: str) -> Iterator[str]:
    """Yield the names of the features that hold, each a key of ``WEIGHTS``."""
    yield "always"
    if frame.region in WEIGHTS:
        yield frame.region
    yield from _of_form(literal)
    yield from _of_dims([dim.text for dim in literal.dims], [text[dim.start : dim.end] for dim in literal.dims])
    before, after = text[: literal.start], text[literal.end :]
    yield from _of_words(literal, frame, before, after)
    yield from _of_signs(literal, frame, before, after)


def evidence(literal: Literal, frame: Frame, text: str) -> float:
    """Return the logarithm of the odds that a literal in a text states a shape."""
    return sum(WEIGHTS[name] for name in set(features(literal, frame, text)))


def probability(odds: float) -> float:
    """Return the probability, from 0 to 1, for the logarithm of odds."""
    return 1 / (1 + math.exp(-odds)) if odds > -30 else 0.0


def _of_form(literal: Literal) -> Iterator[str]:
    if literal.form == "real":
        yield "above ℝ"
    elif literal.form == "axes":
        yield "axes of einops or jaxtyping"
    elif literal.form == "bare":
        yield "bare"
    elif literal.separator == "*":
        yield "product with *"
    elif literal.form == "bracket" and literal.separator == " ":
        yield "blanks in brackets"
    if literal.names and len(literal.dims) > 1:
        yield "names = sizes"
    rank = len(literal.dims)
    yield "rank above 5" if rank > 5 else "rank 4 or 5" if rank > 3 else f"rank {rank}"


def _of_dims(dims: list[str], written: list[str]) -> Iterator[str]:
    """Yield what the dims are."""
    if len(written) == 2 and written[0] in ("-1", "0", "1") and written[1] in ("1", "10", "100", "255"):
        yield "interval"
    sizes = [int(dim) for dim in dims if dim.isdigit()]
    symbols = [dim for dim in dims if not dim.isdigit() and dim not in ("_", "...")]
    if len(sizes) + len(symbols) < len(dims):
        yield "wildcard"
    if sizes:
        yield from _of_sizes(sizes, len(dims))
    if not symbols:
        yield "only sizes"
        return
    if sizes:
        yield "sizes and names"
    if any(re.search(r"[*/+()-]", dim) for dim in symbols):
        yield "arithmetic"
    if any(name.rsplit("_", 1)[-1].lower() in TYPES for name in symbols):
        yield "types"
    if len(symbols) > 2 and len({name.rstrip("0123456789") for name in symbols}) == 1:
        yield "numbered"
    names = [name for dim in symbols for name in re.findall(r"[^\W\d]\w*", dim)]
    if _coordinates(symbols, len(sizes)):
        yield "coordinates"
    if all(re.fullmatch(r"[A-ZΑ-Ω][A-Za-z]?\d?(?:_\w{1,3}|_|_prime)?", name) for name in names):
        yield "capitals"
    elif all(len(name) <= 2 for name in names):
        yield "small letters"
    else:
        axes = sum(bool(DIM_WORD.fullmatch(name) or DIM_STEM.search(name)) for name in names)
        yield "names of axes" if axes * 2 > len(names) else "other words"
        if len(dims) == 1 and axes * 2 <= len(names):
            yield "a remark"
    if not sizes and {name.lower() for name in symbols} in ({"h", "w"}, {"height", "width"}):
        yield "height and width"


def _coordinates(symbols: list[str], sizes: int) -> bool:
    """Return whether names are those of coordinates, bounds, angles, colours, or queries, keys and values."""
    places = [name for name in symbols if re.fullmatch(r"[xyz]_?(?:\d|min|max|center|c)?|c_?[xyz]", name)]
    if len(places) > 1:
        return True
    # Batch and time, length and batch are axes too; with a third one they are no bounds.
    several = set(symbols) <= COORDINATES and sizes < 2
    return several and not ({"b"} < set(symbols) and set(symbols) <= {"b", "t", "l", "u", "k", "q", "v"})


def _of_sizes(sizes: list[int], rank: int) -> Iterator[str]:
    if 0 in sizes:
        yield "a zero"
    if 1 in sizes and rank > 2:
        yield "an axis of size 1"
    if max(sizes) >= 16:
        yield "large size"
    if len(sizes) < rank or rank < 2:
        return
    if max(sizes) < 8:
        yield "only small sizes"
    if len(set(sizes)) == 1:
        yield "all equal"
    if sorted(sizes) in (list(range(rank)), list(range(1, rank + 1))) and rank > 2:
        yield "permutation"
    steps = {b - a for a, b in pairwise(sizes)}
    doubled = all(b == 2 * a for a, b in pairwise(sizes))
    if rank > 2 and steps != {0} and (doubled or (len(steps) == 1 and min(steps) > 0)):
        yield "progression"
    if all(1950 <= size <= 2050 for size in sizes):
        yield "years"


def _of_words(literal: Literal, frame: Frame, before: str, after: str) -> Iterator[str]:
    """Yield what words say."""
    near = before[-28:]
    following = after[:18].lstrip(" )]`*_")
    last_words = _LAST_WORDS.split(near.rstrip(" `:=*([{$\"'"))[-1]
    if _ends_with_shape(last_words) and not SIZE.search(last_words):
        yield "shape word directly before"
    elif has(SHAPES, re.split(r"[.;,。)]", near)[-1]):
        yield "shape word before"
    elif has(SHAPES, before[-120:]) or has(SHAPES, after[:12]):
        yield "shape word in line"
    if has(SHAPES, frame.column) or has(SHAPES, frame.row):
        yield "shape word in header"
    elif frame.lead and has(SHAPES, frame.lead[-1]):
        yield "shape word leads"
    if has(INPUTS, before[-40:]) or has(OUTPUTS, before[-40:]):
        yield "input or output word"
    first = re.match(r"[\s\w×-]*", following)
    word = (first[0] if first else "")[:14]
    if len(literal.dims) <= 3:
        if has(KERNELS, _KERNEL_TAIL.sub("", before[-30:])[-9:]) or has(KERNELS, word):
            yield "kernel word beside"
        if len(literal.dims) == 2 and literal.form != "bracket":
            if has(PICTURES, before[-18:]) or has(PICTURES, following):
                yield "picture word beside"
    if has(CONFIGS, before[-14:]):
        yield "configuration word before"
    if DEFAULT.search(before[-24:]):
        yield "default"
    if frame.assigned and CONFIG_NAME.search(frame.assigned) and not has(SHAPES, before[-40:]):
        yield "a setting"
    if literal.form == "times" and has(COSTS, frame.line):
        yield "cost"


def _ends_with_shape(words: str) -> bool:
    """Return whether words end with one for a shape; a short ending may follow it."""
    ends = [m.end() for pattern in SHAPES for m in pattern.finditer(words)]
    return bool(ends) and re.fullmatch(r"\s*(?:of|is|are|was)?|[^\W\dA-Za-z]{1,3}", words[max(ends) :]) is not None


def _of_signs(literal: Literal, frame: Frame, before: str, after: str) -> Iterator[str]:
    """Yield what the signs around say."""
    if _ARROW_BEFORE.search(before[-24:]) or _ARROW_AFTER.match(after):
        yield "arrow beside"
    if _COLON_BEFORE.search(before[-12:]):
        yield "colon before"
    if _ELEMENT.search(before[-12:]):
        yield "element of"
    if _ALONE.fullmatch(before) and _ALONE.fullmatch(after):
        yield "alone"
    if literal.form == "bracket":
        if re.match(r"[A-Za-z0-9]", after) and after.isascii():
            yield "letters after"
        yield from _of_bracket(literal, before)
        return
    if literal.form == "times":
        if _EQUAL_AFTER.match(after) or _EQUAL_BEFORE.search(before[-8:]):
            yield "formula"
        elif _OPERATOR.match(after) or _OPERATOR_BEFORE.search(before[-6:]):
            yield "operator beside"


def _of_bracket(literal: Literal, before: str) -> Iterator[str]:
    if len(literal.dims) == 1 and literal.separator == ",":
        yield "comma at end"
    elif len(literal.dims) == 1 and literal.opener == "(":
        yield "lone in parentheses"
    if literal.glued:
        if literal.opener == "[" and len(literal.dims) == 1 and re.search(r"(?i)(?:shape|size)$", literal.glued):
            yield "item of"
        elif TENSOR_PREFIX.match(literal.glued):
            yield "tensor type before"
        elif literal.glued[-1:] == "(":
            yield "function before"
        elif literal.opener == "[":
            large = sum(dim.text.isdigit() and int(dim.text) >= 8 for dim in literal.dims)
            capitals = sum(bool(re.match(r"[A-Z]", dim.text)) for dim in literal.dims)
            if len(literal.dims) < 3 or large + capitals < 2 or literal.glued[-1:] in "])":
                yield "item of"
        elif literal.glued[-1:] not in "])":
            yield "function before"
    elif (keyword := _KEYWORD.search(before[-32:])) is not None and not _SHAPE_KEYWORD.match(keyword[1]):
        if keyword[1].islower() and len(keyword[1]) > 1 and " = " not in before[-4:]:
            yield "keyword before"
