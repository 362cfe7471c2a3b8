"""Features of a candidate that come from the signs and code around it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from shapeflow.notes.finding.candidate import Candidate
from shapeflow.notes.finding.cues import SHAPES, TENSOR_PREFIX, WIDTHS_OF_LAYERS

_ARROW = r"(?:→|-+>|=+>|\\(?:to|rightarrow|mapsto|Rightarrow))"
_ARROW_BEFORE = re.compile(_ARROW + r"[\s`*$(\[|\"]*$")
_ARROW_AFTER = re.compile(r"[\s`*$)\]|\"]*" + _ARROW)
_COLON_BEFORE = re.compile(r":[\s`*$\"']*$")
_CODE_NAME = re.compile(
    r"(?:`[A-Za-z_][\w.\[\]*]*`|(?<![\w.])[A-Za-z_]\w*(?:\.[A-Za-z_\d]\w*)+|(?<![\w.])[A-Za-z]+\d\w*|[A-Za-z]+_\w+)"
    r"(?: (?:output|weight|gives?|is|has|returns?|shape|input|bias))*[\s:=]*[`\s]*$"
)
_ELEMENT = re.compile(r"(?:∈|\\in|:=)\s*[`$({]*$")
_EQUAL_AFTER = re.compile(r"[\s$`)]*(?:=|==|≈|≤|<)\s*\d")
_EQUAL_BEFORE = re.compile(r"(?<![A-Za-z_\d.])\d[\d.,]*\s*(?:=|≈)\s*$|[√%]\s*$")
_SUM_AFTER = re.compile(r"\s*\+\s*\d[\d,]*\s*(?:\([^()]*\))?\s*=\s*\d")
"""What stands behind a product of which a sum is made, as of the parameters of a layer."""
_TIMES = re.compile(r"[A-Za-z]{3,}\s+[×x]\d+")
"""So many of something: ``Block ×3``."""
_FRACTION = re.compile(r"\\[dt]?frac\s*\{[^{}]*(?:\}\s*\{[^{}]*)?$")
_OPERATOR = re.compile(r"\s*(?:\([^)]*\)\s*)?[-+*/^×]\s*[\w(]|\s*%|\s*(?:个|倍|次|层|層|layers?\b)")
_OPERATOR_BEFORE = re.compile(r"[\w)]\s*[-+/^]\s*$")
_KEYWORD = re.compile(r"(?<!\w)([a-z_][a-z_0-9]+)(?:=| = ?)[\[(]*$")
_SHAPE_KEYWORD = re.compile(
    rf"(?!{WIDTHS_OF_LAYERS}$)(?:(?:(?:in|out)put_|target_)?size$"
    r"|.*(?:shape|dims?|out|in|inputs?|outputs?|result|feats?|features?)$)"
)
_TUPLE_OF = re.compile(r"(?i)\b(?:tuples?|lists?|pairs?|triples?)(?: of)?[\s`(]*$")
_SHAPE_SAID = re.compile(r"(?i)(?:\bshaped?(?: of| is)?|形状[为是は]?|형상)[\s:=`]*$")
_TENSOR = re.compile(r"^\w+ *: *(?:\w+\.)?\w*Tensor *(?:= *[^#]*)?,? *#")
_MATMUL_BEFORE = re.compile(r"[)\]]`?\s*@\s*`?$")
_MATMUL_AFTER = re.compile(r"`?\s*@\s*`?[(\[]")
_PAIR = re.compile(r"(?<![\w×.])(\d+) ?(?:×|\\times) ?(\d+)(?! ?[×.\d]| ?\\times)")
_PRINTS = re.compile(r"\.(?:shape|size\(\))\W*$")
_NAME_EQUALS = re.compile(r"[\s#*`-]*[A-Za-z_][\w.]*`? ?= ?[`\s]*")
_ALONE = re.compile(r"[\s`*$|>#\"'_.,;()\[\]{}:~│┃║-]*(?:\b\w{1,3}\b[\s`*$|>#\"'_.,;()\[\]{}:~│┃║-]*)?")
_SIGNS = " `*$|>#\"'_.,;()[]{}:~│┃║-"
_LIST = re.compile(r"(?:torch\.Size)?[(\[][^()\[\]]*,[^()\[\]]*[)\]]")
_ROW_ENDS = re.compile(r"\]+,?\s*|,\s*|\]+\).*")


def features(candidate: Candidate) -> Iterator[str]:
    """Yield the names of the features that hold."""
    before, after = candidate.before, candidate.after
    if _ARROW_BEFORE.search(before[-24:]) or _ARROW_AFTER.match(after):
        yield "arrow beside"
    if _COLON_BEFORE.search(before[-12:]):
        yield "colon before"
    if candidate.numeric and candidate.rank == 2 and _CODE_NAME.search(before[-48:]):
        yield "name of code before"
    if candidate.rank == 2 and candidate.literal.form == "times" and _is_multiplied(candidate):
        yield "in a matrix product"
    if candidate.rank > 1 and (_MATMUL_BEFORE.search(before[-12:]) or _MATMUL_AFTER.match(after)):
        yield "in a matrix product"
    if _ELEMENT.search(before[-12:]):
        yield "element of"
    if _TUPLE_OF.search(before[-16:]):
        yield "tuple of"
    if candidate.symbols and _NAME_EQUALS.fullmatch(before[-60:]) and len(before) < 60:
        yield "equals before"
    yield from _with_code(candidate, _is_alone(candidate))
    if candidate.frame.region in ("output", "comment", "docstring"):
        yield from _of_values(candidate)
    if candidate.literal.form == "bracket":
        yield from _of_bracket(candidate)
        yield from _of_glue(candidate)
    elif candidate.literal.form == "times":
        yield from _of_product(candidate)


def _is_multiplied(candidate: Candidate) -> bool:
    """Return whether its line has matrices that go with it: ``4 × 3``, ``3 × 1`` and their product."""
    rows, columns = candidate.dims
    found = {(match[1], match[2]) for match in _PAIR.finditer(candidate.text)}
    if rows == columns or not candidate.numeric or any(first == last for first, last in found):
        return False
    others = found - {(rows, columns)}
    if any(
        (columns == first and rows != last) or (last == rows and first != columns) for first, last in others
    ):
        return True
    return any((last, columns) in found for first, last in others if first == rows)


def _with_code(candidate: Candidate, alone: bool) -> Iterator[str]:
    """Yield whether nothing else is said in its line, and what the code beside it tells."""
    if alone:
        yield "alone"
    asked = _PRINTS.search(candidate.frame.statement) is not None
    if candidate.frame.region == "output" and alone and candidate.frame.statement:
        yield "a shape is asked for" if asked else "a value is printed"
    if candidate.frame.region != "comment":
        return
    if alone and _TENSOR.search(candidate.frame.line):
        yield "a tensor is declared"
    if _are_parameters(candidate):
        yield "arguments"
    if asked and candidate.rank > 1:
        yield "a shape is asked for"


def _are_parameters(candidate: Candidate) -> bool:
    """Return whether a comment behind the head of a function names its parameters one by one."""
    head = re.match(r"def \w+\((.*)\)", candidate.frame.line)
    if head is None or candidate.literal.form != "bare" or len(candidate.symbols) < candidate.rank:
        return False
    given = [name for name in head[1].split(",") if not name.strip().startswith(("self", "cls"))]
    return len(given) - candidate.rank in (0, 1)


def _is_alone(candidate: Candidate) -> bool:
    """Return whether nothing else stands in its line or cell; ``224×224`` is then most often a resolution."""
    if candidate.numeric and candidate.rank == 2 and candidate.literal.form == "times":
        return False
    around = candidate.before, candidate.after
    if candidate.rank < 2:
        return len(candidate.text) < 400 and not any(text.strip(_SIGNS) for text in around)
    return len(candidate.text) < 400 and all(_ALONE.fullmatch(_LIST.sub("", text)) for text in around)


def _of_product(candidate: Candidate) -> Iterator[str]:
    """Yield what tells a calculation from a shape."""
    before, after = candidate.before, candidate.after
    written = candidate.text[candidate.literal.start : candidate.literal.end]
    several = re.search(r"\d [A-Za-z]*$", before[-16:]) and not candidate.dims[0].isdecimal()
    if _FRACTION.search(before) or _EQUAL_AFTER.match(after) or _EQUAL_BEFORE.search(before[-8:]):
        yield "formula"
    elif _SUM_AFTER.match(after) and candidate.numeric:
        yield "sum"
    elif several or _TIMES.fullmatch(written):
        yield "counted"
    elif _OPERATOR.match(after) or _OPERATOR_BEFORE.search(before[-6:]):
        yield "operator beside"


def _of_values(candidate: Candidate) -> Iterator[str]:
    """Yield what tells printed values from printed shapes."""
    literal, before, after = candidate.literal, candidate.before, candidate.after
    if re.search(r"<\w{1,20} size $|mode=\w+ size=$", before[-30:]):
        yield "printed figure"
    if re.search(r"(?:tensor|array)\s*\(\s*\[*$", before[-16:]):
        yield "printed values"
    if literal.opener != "[" or literal.glued or SHAPES.search(before[-120:]):
        return
    if not before.strip("[ ") and _ROW_ENDS.fullmatch(after):
        yield "printed values"
    if candidate.frame.region == "output" and (candidate.numeric or "..." in candidate.dims[1:]):
        yield "rows of values"


def _of_bracket(candidate: Candidate) -> Iterator[str]:
    literal, before, after, frame = candidate.literal, candidate.before, candidate.after, candidate.frame
    if frame.region == "comment" and frame.assigned and not before.strip():
        called = re.search(r"= ?[\w.]+\(", frame.statement)
        yield "first behind a call" if called else "first behind an assignment"
    if re.match(r"[A-Za-z0-9]", after):
        yield "letters after"
    if candidate.rank == 1 and literal.separator == ",":
        short = len(candidate.written[0]) < 6
        yield "comma at end" if short else "comma behind a word"
    elif candidate.rank == 1 and literal.opener == "(":
        said = not candidate.numeric and _SHAPE_SAID.search(before[-24:])
        lone = "lone behind a shape word" if said else "lone in parentheses"
        yield "a number in parentheses" if candidate.numeric else lone
        if not "".join(candidate.dims).isascii():
            yield "a remark"
    if literal.opener == "[" and before[-160:].count("[") > before[-160:].count("]"):
        yield "nested"
    keyword = None if literal.glued else _KEYWORD.search(before[-32:])
    area = candidate.rank == 2 and candidate.numeric and keyword and keyword[1].endswith("size")
    if keyword and (area or not _SHAPE_KEYWORD.match(keyword[1])) and before[-1:] != " ":
        yield "keyword before"


def _is_variable(candidate: Candidate) -> bool:
    """Return whether a comment writes the shape of a variable behind its name: ``# x(b,c,h,w)``."""
    name = candidate.literal.glued
    if candidate.frame.region != "comment" or not re.fullmatch(r"[a-z]{1,5}\d?|[a-z]+es", name):
        return False
    if name in ("min", "max", "range") or (max(candidate.sizes, default=8) < 8 and candidate.numeric):
        return False
    return candidate.rank > 1 and all(size.isdecimal() or len(size) < 4 for size in candidate.dims)


def _of_glue(candidate: Candidate) -> Iterator[str]:
    """Yield what the word that touches the bracket makes of it."""
    literal = candidate.literal
    glued = literal.glued
    if not glued:
        return
    if literal.opener == "[" and candidate.rank == 1 and re.search(r"(?i)(?:shape|size)$", glued):
        yield "item of"
    elif literal.opener == "(" and candidate.numeric and re.search(r"(?:^|\.)(?:tensor|array)$", glued):
        yield "function before"
    elif TENSOR_PREFIX.match(glued) and not (candidate.rank == 1 and glued in ("array", "tensor")):
        yield "tensor type before"
    elif glued[-1] == "(":
        yield "function before"
    elif literal.opener == "[":
        sure = sum(size >= 8 for size in candidate.sizes) + sum(
            name[0].isupper() for name in candidate.symbols
        )
        rising = candidate.numeric and candidate.sizes == sorted(set(candidate.sizes))
        if candidate.rank < 3 or sure < 2 or rising or glued[-1] in "])":
            yield "item of"
    elif (glued[-1] not in "])" or candidate.frame.region == "math") and not _is_variable(candidate):
        yield "function before"
