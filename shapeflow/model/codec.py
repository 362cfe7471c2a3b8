"""The records of a trace as plain JSON data, and back, checked.

How a field is written and read follows from its type in ``trace``, so a new field of a known type needs
no line here. A field at its default is left out. What is written shorter than it is held is in ``rows``; a
value's dtype and shape are one text (``f32[1, 256]``).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields
from functools import cache
from typing import Any, TypeVar

from shapeflow.model.pictures import KINDS, picture_fault
from shapeflow.model.records import Failure, Value
from shapeflow.model.rows import (
    MAX_SIZE,
    MalformedError,
    read_edits,
    read_integer,
    read_list,
    read_ports,
    read_tensors,
    read_text,
    shown,
    tensor_type,
    write_edits,
    write_ports,
    write_tensors,
)

Record = TypeVar("Record")
_NUMBER_KEY = "$number"
_SPECIAL = ("inf", "-inf", "nan")
"""JSON has no infinity: ``{"$number": "inf"}``, ``"-inf"`` or ``"nan"``."""
MAX_DEPTH = 64
"""Of lists and objects in one another."""
MAX_NUMBER = 10**300
"""A setting beyond it is no number that anybody could use, and cannot become a float."""


def encode(record: object) -> dict[str, Any]:
    """Return a record as plain JSON data."""
    data: dict[str, Any] = {}
    kind: Any = type(record)
    for name, default, write in _plan_to_write(kind):
        value = getattr(record, name)
        if value != default:
            data[name] = value if write is None else write(value)
    if isinstance(record, Value):
        rest = {name: item for name, item in data.items() if name not in ("id", "dtype", "shape", "origin")}
        origin = {} if record.origin == "op" else {"origin": record.origin}
        return {"id": record.id, "type": str(record), **origin, **rest}
    return data


def decode(kind: Callable[..., Record], data: object) -> Record:
    """Return the record of a data type that plain JSON data stands for; unknown keys are ignored.

    Raises:
        MalformedError: a field is missing or of another type.
    """
    if not isinstance(data, dict):
        raise MalformedError(f"an object, not {shown(data)}")
    if kind is Value:
        dtype, shape = tensor_type(data.get("type"))
        data = {"origin": "op", **data, "dtype": dtype, "shape": shape}
    arguments = {}
    for name, required, read in _plan_to_read(kind):
        if name in data:
            try:
                arguments[name] = read(data[name])
            except MalformedError as error:
                raise MalformedError(f"'{name}' should be {error}") from None
        elif required:
            raise MalformedError(f"'{name}' is missing")
    return kind(**arguments)


def plain(thing: Any) -> Any:
    """Return settings and attributes as JSON data: what has no JSON form is given by its name or text."""
    if thing is None or isinstance(thing, bool | str) or (isinstance(thing, int) and abs(thing) < MAX_NUMBER):
        return thing
    if isinstance(thing, float):
        return thing if math.isfinite(thing) else {_NUMBER_KEY: repr(thing)}
    if isinstance(thing, Mapping) and thing.keys() != {_NUMBER_KEY}:
        return {str(key): plain(item) for key, item in thing.items()}
    if isinstance(thing, list | tuple):
        return [plain(item) for item in thing]
    return getattr(thing, "__name__", None) or f"{type(thing).__name__}"


def _from_plain(thing: Any, depth: int = MAX_DEPTH) -> Any:
    if not isinstance(thing, dict | list):
        if isinstance(thing, int) and abs(thing) >= MAX_NUMBER:
            raise MalformedError("numbers of at most 300 digits")
        return thing
    if not depth:
        raise MalformedError(f"nested at most {MAX_DEPTH} deep")
    if isinstance(thing, list):
        return [_from_plain(item, depth - 1) for item in thing]
    if thing.keys() == {_NUMBER_KEY}:
        return _read_special(thing[_NUMBER_KEY])
    return {key: _from_plain(item, depth - 1) for key, item in thing.items()}


def _read_special(name: object) -> float:
    if isinstance(name, str) and name in _SPECIAL:
        return float(name)
    raise MalformedError(f"one of {', '.join(_SPECIAL)} as {_NUMBER_KEY!r}, not {shown(name)}")


def _read_optional_integer(thing: Any) -> int | None:
    return None if thing is None else read_integer(thing)


def _read_truth(thing: Any) -> bool:
    if isinstance(thing, bool):
        return thing
    raise MalformedError(f"true or false, not {shown(thing)}")


def _read_mapping(thing: Any) -> dict[str, Any]:
    if isinstance(thing, dict):
        return {key: _from_plain(item) for key, item in thing.items()}
    raise MalformedError(f"an object, not {shown(thing)}")


def _read_texts(thing: Any) -> dict[str, str]:
    return {key: read_text(item) for key, item in _read_mapping(thing).items()}


def _read_numbers(thing: Any) -> dict[str, float]:
    numbers = _read_mapping(thing)
    if all(type(number) in (int, float) and abs(number) < MAX_SIZE for number in numbers.values()):
        return numbers
    raise MalformedError(f"numbers by name, not {shown(thing)}")


def _read_counts(thing: Any) -> dict[str, int]:
    return {key: read_integer(item) for key, item in _read_mapping(thing).items()}


def _read_origin(thing: Any) -> str:
    if thing in ("op", "input", "parameter", "buffer", "unknown"):
        return str(thing)
    raise MalformedError(f"op, input, parameter, buffer or unknown, not {shown(thing)}")


def _read_picture_kind(thing: Any) -> str:
    if thing in KINDS:
        return str(thing)
    raise MalformedError(f"{', '.join(KINDS)}, not {shown(thing)}")


def _read_picture(thing: Any) -> str:
    fault = picture_fault(thing)
    if fault:
        raise MalformedError(f"{fault}, not {shown(thing)}")
    return str(thing)


_READ: dict[str, Callable[[Any], Any]] = {
    "str": read_text,
    "int": read_integer,
    "int | None": _read_optional_integer,
    "bool": _read_truth,
    "Origin": _read_origin,
    "PictureKind": _read_picture_kind,
    "PictureData": _read_picture,
    "tuple[int, ...]": tuple,
    "tuple[str, ...]": lambda thing: tuple(read_text(item) for item in read_list(thing)),
    "Sequence[Port]": read_ports,
    "tuple[Port, ...]": read_ports,
    "tuple[Edit, ...]": read_edits,
    "tuple[ModuleTensor, ...] | None": read_tensors,
    "Mapping[str, Any]": _read_mapping,
    "Mapping[str, str]": _read_texts,
    "Mapping[str, float]": _read_numbers,
    "Mapping[str, int]": _read_counts,
    "Failure | None": lambda thing: None if thing is None else decode(Failure, thing),
}
"""A field's type, as written in ``trace``, and how it is read."""

_WRITE: dict[str, Callable[[Any], Any]] = {
    "tuple[str, ...]": list,
    "Sequence[Port]": write_ports,
    "tuple[Port, ...]": write_ports,
    "tuple[Edit, ...]": write_edits,
    "tuple[ModuleTensor, ...] | None": write_tensors,
    "Mapping[str, Any]": plain,
    "Mapping[str, str]": plain,
    "Mapping[str, float]": plain,
    "Mapping[str, int]": plain,
    "Failure | None": encode,
}
"""The same for writing, where JSON has no such thing."""


@cache
def _plan_to_write(kind: Any) -> list[tuple[str, Any, Callable[[Any], Any] | None]]:
    plan = []
    for field in fields(kind):
        default = field.default_factory() if field.default_factory is not MISSING else field.default
        plan.append((field.name, default, _WRITE.get(str(field.type))))
    return plan


@cache
def _plan_to_read(kind: Any) -> list[tuple[str, bool, Callable[[Any], Any]]]:
    return [
        (field.name, field.default is MISSING and field.default_factory is MISSING, _READ[str(field.type)])
        for field in fields(kind)
    ]
