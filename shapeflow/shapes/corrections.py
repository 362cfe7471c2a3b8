"""Suggest the shape that was probably meant by text with a typo: ``(1x3x8)`` is ``[1, 3, 8]``."""

from __future__ import annotations

import re
from collections.abc import Callable

from shapeflow.shapes.notation import ANY_DTYPE, DTYPE, MAX_TEXT, ShapeTextError, parse_shape

LONG_DTYPES = {
    "float": "f32",
    "float32": "f32",
    "float16": "f16",
    "half": "f16",
    "bfloat16": "bf16",
    "float64": "f64",
    "double": "f64",
    "int": "i64",
    "int8": "i8",
    "int16": "i16",
    "int32": "i32",
    "int64": "i64",
    "long": "i64",
    "uint8": "u8",
    "complex64": "c64",
    "complex128": "c128",
}
"""What people write for a dtype, and the short name that is meant."""


def suggest_shape(text: str) -> str:
    """Return the shape that was probably meant, or nothing rather than a guess."""
    if len(text) > MAX_TEXT:
        return ""
    for repair in _REPAIRS:
        text = repair(text.strip())
        try:
            return str(parse_shape(text))
        except ShapeTextError:
            continue
    return ""


def opens_a_shape(text: str) -> bool:
    """Return whether a text begins as a shape does: with a bracket, or a dtype and a bracket of any kind."""
    word, bracket, _ = text.translate(str.maketrans("（(【［{", "[[[[[")).partition("[")
    word = word.strip().removeprefix("torch.")
    named = word in ("", ANY_DTYPE, "Size", "Tensor", *LONG_DTYPES) or bool(DTYPE.fullmatch(word))
    return bool(bracket) and named


def looks_like_shape(text: str) -> bool:
    """Return whether a text can be meant as a shape, the brackets perhaps forgotten."""
    return opens_a_shape(text) or text[:1].isdigit()


def _plain_marks(text: str) -> str:
    """Full-width marks, as typed with a Chinese keyboard, and semicolons."""
    return text.translate(str.maketrans("，、；;（）【】［］", ",,,,()[][]"))


def _short_dtype(text: str) -> str:
    """``torch.float32[…]`` and ``float32[…]``."""
    found = re.match(r"(?:torch\.)?(\w+)\s*(?=[\[(])", text)
    if found and found[1] in LONG_DTYPES:
        return LONG_DTYPES[found[1]] + text[found.end() :]
    return text


def _square_brackets(text: str) -> str:
    """``(1, 2)``, ``{1, 2}``, ``Size([1, 2])`` and no bracket at all."""
    found = re.fullmatch(r"(\w*?)\s*(?:torch\.Size|Size)?[({\[]+([^\[\](){}]*)[)}\]]*", text)
    if found:
        return f"{found[1]}[{found[2]}]"
    return f"[{text}]" if re.match(r"\d", text) else text


def _commas_for_times(text: str) -> str:
    """``B x 256 x H`` and ``1×3×8``."""
    text = re.sub(r"(?<=\w)\s+[xX×]\s+(?=\w)|\s*×\s*", ", ", text)
    return re.sub(r"(?<=\d)[xX](?=\d)", ", ", text)


def _commas_for_blanks(text: str) -> str:
    """``[B 256 H W]``."""
    return re.sub(r"(?<=[\w_.])\s+(?=[\w_.])", ", ", text)


_REPAIRS: tuple[Callable[[str], str], ...] = (
    _plain_marks,
    _short_dtype,
    _square_brackets,
    _commas_for_times,
    _commas_for_blanks,
)
"""Each is tried on the result of those before it."""
