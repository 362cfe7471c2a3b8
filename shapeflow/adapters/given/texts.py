"""The texts of ``--input``, read without torch: ``NAME=f32[1, 3, 224, 224]``, files, numbers, words.

Nothing is evaluated. A text is a tensor that is to be made, a number, a file, or else words.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from shapeflow.common.text import nearest
from shapeflow.errors import InputError
from shapeflow.shapes.corrections import LONG_DTYPES, opens_a_shape, suggest_shape
from shapeflow.shapes.notation import element_bytes, shape_text

OPTION = "option --input"
DTYPES = (
    *("bool", "u8", "u16", "u32", "u64", "i8", "i16", "i32", "i64"),
    *("f16", "bf16", "f32", "f64", "f8_e4m3fn", "f8_e5m2", "c32", "c64", "c128"),
)
"""What a tensor can be asked for in."""
PICTURES = (".bmp", ".gif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp")
TABLES = (".npy", ".npz", ".pt", ".pth", ".safetensors")
KINDS = "f32[1, 3, 224, 224], i64[2, 16]<30522, 2.5, true, none, photo.jpg, x.npy, x.pt or x.safetensors"
LARGEST = 2**63
"""Bytes: no tensor is as large."""

_PLACE = re.compile(r"""[^\W\d]\w*(?:\.[^\W\d]\w*|\[\d+\]|\['[^']*'\]|\["[^"]*"\])*""")
_STEP = re.compile(r"""\.?([^\W\d]\w*)|\[(\d+)\]|\['([^']*)'\]|\["([^"]*)"\]""")
_TENSOR = re.compile(r"(?P<dtype>[\w.]*)\s*\[(?P<sizes>[^\[\]]*)\]\s*(?P<rest>(?:<|=).*)?")
_SIZES = re.compile(r"-?\d+(?:\s*,\s*-?\d+)+,?")
_TIMES = re.compile(r"\d+(?:\s*[xX×*]\s*\d+)+")
_FILE = re.compile(r"[^\s\"']+\.[A-Za-z]\w{0,10}")
_CONSTANTS = {"true": True, "false": False, "none": None, "null": None}


@dataclass(frozen=True, slots=True)
class Tensor:
    """A tensor that is to be made."""

    dtype: str
    """Short name; empty: what the model has there, or what its parameters are of."""
    sizes: tuple[int, ...]
    below: int | None = None
    """Integers from 0 up to here."""
    filled: bool | float | None = None
    """The one number that it is full of; None: random ones."""

    @property
    def bytes(self) -> int:
        """What it takes in memory."""
        return math.prod(self.sizes) * element_bytes(self.dtype or "f32")

    def __str__(self) -> str:
        return shape_text(self.dtype, self.sizes)


@dataclass(frozen=True, slots=True)
class Plain:
    """A number, a truth value or None."""

    value: bool | float | None


@dataclass(frozen=True, slots=True)
class File:
    """A file that holds the value."""

    path: Path


@dataclass(frozen=True, slots=True)
class Words:
    """A text, which a tokenizer turns into numbers where the model takes some."""

    text: str


Step = str | int


@dataclass(frozen=True, slots=True)
class Given:
    """One input that a user gives."""

    text: str
    """As it is written."""
    place: tuple[Step, ...]
    """Parameter or position, then what is inside it; empty: the only input that there is."""
    value: Tensor | Plain | File | Words

    def __str__(self) -> str:
        return self.text

    @property
    def name(self) -> str:
        """The place as it was written."""
        return _split(self.text)[0]


def parse_given(text: str) -> Given:
    """Read what stands behind ``--input``.

    Raises:
        InputError: it cannot be read; the message says what was probably meant.
    """
    name, value = _split(text)
    if not value.strip():
        raise _unreadable(f"'{text}' gives no value", hint=_again(name or "x", "f32[1, 3, 224, 224]"))
    return Given(text, _steps(name), _value(value.strip(), name))


def seen_from(given: Given, folder: Path) -> Given:
    """Return an input whose file is named from another folder."""
    return renamed(given, folder / given.value.path) if isinstance(given.value, File) else given


def renamed(given: Given, path: Path) -> Given:
    """Return an input whose file is called otherwise."""
    name = given.name
    return Given(f"{name}={path}" if name else str(path), given.place, File(path))


def place_text(place: Sequence[Step]) -> str:
    """Return a place as ports name it: ``batch.image``, ``images[0]``, ``in[1]``."""
    first, *rest = place
    text = f"in[{first}]" if isinstance(first, int) else first
    for step in rest:
        text += f".{step}" if isinstance(step, str) and step.isidentifier() else f"[{step!r}]"
    return text


def _split(text: str) -> tuple[str, str]:
    """Return name and value; the name is empty where there is none."""
    name, equals, value = text.partition("=")
    name = name.strip()
    tensor = _TENSOR.fullmatch(name)
    if not equals or (tensor and tensor["dtype"] in ("", *DTYPES, *LONG_DTYPES)):
        return "", text  # the '=' is that of `i64[2, 16]=1`
    if _PLACE.fullmatch(name):
        return name, value
    if re.fullmatch(r"[^\s\"']+", name):
        plain = re.sub(r"\W+", "_", name).strip("_")
        hint = _again(plain, value) if plain.isidentifier() else ""
        raise _unreadable(
            f"'{name}' is not the name of an input", "a parameter of the model's forward, or in[0]", hint
        )
    return "", text


def _steps(name: str) -> tuple[Step, ...]:
    steps = [
        int(number) if number else word or quoted or other
        for word, number, quoted, other in _STEP.findall(name)
    ]
    return tuple(steps[1:] if steps[:1] == ["in"] and len(steps) > 1 else steps)


def _value(text: str, name: str) -> Tensor | Plain | File | Words:
    """Read a value; what looks like a tensor and is none is refused, what looks like nothing is words."""
    if text.lower() in _CONSTANTS:
        return Plain(_CONSTANTS[text.lower()])
    number = _number(text)
    if number is not None and (name or "." in text):
        return Plain(number)
    if found := _TENSOR.fullmatch(text):
        return _tensor(found["dtype"], found["sizes"], found["rest"] or "", name)
    if _SIZES.fullmatch(text) or number is not None:
        return _tensor("", text.rstrip(","), "", name)
    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
        return Words(text[1:-1])
    if opens_a_shape(text) or _TIMES.fullmatch(text):
        meant = suggest_shape(text)
        hint = _again(name, meant) if meant and "_" not in meant else ""
        raise _unreadable(f"'{text}' is not a tensor that can be made", hint=hint)
    return _file_or_words(text)


def _file_or_words(text: str) -> File | Words:
    path = Path(text)
    if path.suffix.lower() in (*PICTURES, *TABLES):
        return File(path)
    if _FILE.fullmatch(text) or (path.suffix and path.is_file()):
        known = ", ".join((*PICTURES, *TABLES))
        raise _unreadable(
            f"'{path.name}' is not a kind of file that can be read", f"a name that ends in {known}"
        )
    return Words(text)


def _number(text: str) -> int | float | None:
    try:
        return int(text) if re.fullmatch(r"[+-]?\d+", text) else float(text) if text[-1:].isdigit() else None
    except ValueError:
        return None


def _tensor(dtype: str, sizes: str, rest: str, name: str) -> Tensor:
    """Read the parts of ``i64[2, 16]<30522``."""
    short = _dtype(dtype, sizes, name)
    made = Tensor(short, _sizes(short, sizes, name))
    if made.bytes >= LARGEST:
        raise InputError(
            "input-too-large", f"'{made}' is larger than any tensor can be", where=OPTION, found=_bytes(made)
        )
    return _with_rest(made, rest.strip(), name) if rest else made


def _dtype(dtype: str, sizes: str, name: str) -> str:
    word = dtype.removeprefix("torch.")
    short = LONG_DTYPES.get(word, word)
    if short and short not in DTYPES:
        close = nearest(short, (*DTYPES, *LONG_DTYPES), 1)
        meant = LONG_DTYPES.get(close[0], close[0]) if close else ""
        raise _unreadable(
            f"no dtype '{dtype}'", ", ".join(DTYPES), _again(name, f"{meant}[{sizes}]") if meant else ""
        )
    return short


def _sizes(dtype: str, text: str, name: str) -> tuple[int, ...]:
    parts = [part.strip() for part in text.split(",")] if text.strip() else []
    if parts and not parts[-1]:
        parts.pop()  # a comma at the end
    wrong = next((part for part in parts if not re.fullmatch(r"\d{1,19}", part)), None)
    if wrong is None:
        return tuple(map(int, parts))
    repaired = [part if re.fullmatch(r"\d{1,19}", part) else "1" for part in parts]
    hint = _again(name, f"{dtype}[{', '.join(repaired)}]")
    if re.fullmatch(r"-\d+", wrong):
        raise _unreadable(f"the size '{wrong}' is negative", "sizes from 0 on", hint)
    if re.fullmatch(r"\d+", wrong):
        raise _unreadable(f"the size '{wrong}' is larger than any tensor can be", "sizes from 0 on", hint)
    what = f"'{wrong}' is not a size" if wrong else "a size is missing"
    raise _unreadable(what, "whole numbers: a run has no symbols, they are found by shapeflow init", hint)


def _with_rest(made: Tensor, rest: str, name: str) -> Tensor:
    """Return a tensor with what follows its brackets: ``<30522`` or ``=1``."""
    sign, text = rest[0], rest[1:].strip()
    whole = made.dtype[:1] in ("i", "u")
    if sign == "<":
        most = 2 ** (8 * element_bytes(made.dtype) - (made.dtype[0] == "i")) if whole else 0
        if not whole:
            what = f"'<{text}' bounds integers, and '{made}' has none"
            raise _unreadable(
                what, "an integer dtype, such as i64", _again(name, f"i64{list(made.sizes)}<{text}")
            )
        if not re.fullmatch(r"\d{1,20}", text) or not 0 < int(text) <= most:
            hint = _again(name, f"{made}<100")
            raise _unreadable(f"'<{text}' is not a bound", f"a number from 1 to {most:,} behind '<'", hint)
        return Tensor(made.dtype, made.sizes, below=int(text))
    value = _CONSTANTS.get(text.lower()) if text.lower() in ("true", "false") else _number(text)
    if value is None or (whole and not isinstance(value, int)):
        hint = _again(name, f"{made}=1")
        raise _unreadable(f"'={text}' is not a number to fill '{made}' with", "a number behind '='", hint)
    return Tensor(made.dtype, made.sizes, filled=value)


def _again(name: str, value: str) -> str:
    """Return an option to type, quoted for a shell."""
    return f"--input '{name}={value}'" if name else f"--input '{value}'"


def _bytes(made: Tensor) -> str:
    from shapeflow.common.units import format_bytes

    return format_bytes(made.bytes)


def _unreadable(what: str, expected: str = KINDS, hint: str = "") -> InputError:
    return InputError("input-syntax", what, where=OPTION, expected=expected, hint=hint)
