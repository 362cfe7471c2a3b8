"""What a trace file writes shorter than it is held: types, ports, edits, and the tensors of modules.

What reads raises ``MalformedError``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from math import prod
from typing import Any

from shapeflow.model.containers import Edit, told
from shapeflow.model.ports import Port
from shapeflow.model.tensors import KINDS, ModuleTensor

_TYPE = re.compile(r"([a-z]\w*)\[((?:\d+(?:, ?\d+)*)?)\]", re.ASCII)
MAX_SIZE = 1 << 63
"""No tensor has as many elements, and no count is as large."""


class MalformedError(ValueError):
    """A record is not what it should be; the text says how."""


def write_ports(ports: Sequence[Port]) -> list[list[Any]]:
    """Return ports as arrays ``[name, value, text, alias]`` without their empty ends."""
    rows = []
    for port in told(ports):
        row = [port.name, port.value, port.text if port.container is None else port.container, port.alias]
        while len(row) > 2 and row[-1] == "":
            row.pop()
        rows.append(row)
    return rows


def read_ports(rows: Any) -> tuple[Port, ...]:
    """Return the ports that such arrays stand for."""
    return tuple([_read_port(row) for row in read_list(rows)])


def _read_port(row: Any) -> Port:
    if isinstance(row, list) and len(row) >= 2:
        name, value = row[0], row[1]
        if isinstance(name, str) and (value is None or type(value) is int):
            if len(row) == 2:
                return Port(name, value)
            if value is None and type(row[2]) is int:
                return Port(name, None, "", read_text(row[3]) if len(row) > 3 else "", row[2])
            if all(isinstance(text, str) for text in row[2:4]):
                return Port(name, value, *row[2:4])
    raise MalformedError(f"ports such as ['in.query', 12], not {shown(row)}")


def write_edits(edits: tuple[Edit, ...]) -> list[list[Any]]:
    """Return edits as arrays ``[at, cut, entries]``."""
    return [[edit.at, edit.cut, write_ports(edit.entries)] for edit in edits]


def read_edits(rows: Any) -> tuple[Edit, ...]:
    """Return the edits that such arrays stand for."""
    edits = []
    for row in read_list(rows):
        if not isinstance(row, list) or len(row) != 3:
            raise MalformedError(f"edits such as [0, 1, [['.keys', 12]]], not {shown(row)}")
        edits.append(Edit(read_integer(row[0]), read_integer(row[1]), read_ports(row[2])))
    return tuple(edits)


def write_tensors(tensors: tuple[ModuleTensor, ...] | None) -> list[list[str]] | None:
    """Return tensors of a module as arrays ``[name, type, kind, same, beside]`` without their empty ends."""
    if tensors is None:
        return None
    rows = []
    for tensor in tensors:
        kind = "" if tensor.kind == "parameter" else tensor.kind
        row = [tensor.name, str(tensor), kind, tensor.same, tensor.beside]
        while row[-1] == "":
            row.pop()
        rows.append(row)
    return rows


def read_tensors(rows: Any) -> tuple[ModuleTensor, ...] | None:
    """Return the tensors that such arrays stand for; None: the trace lists none."""
    return None if rows is None else tuple([_read_tensor(row) for row in read_list(rows)])


def _read_tensor(row: Any) -> ModuleTensor:
    if isinstance(row, list) and 2 <= len(row) <= 5 and all(isinstance(text, str) for text in row):
        kind = row[2] or "parameter" if len(row) > 2 else "parameter"
        if kind in KINDS:
            return ModuleTensor(row[0], *tensor_type(row[1]), kind, *row[3:])
    raise MalformedError(f"tensors such as ['weight', 'f32[256]'], not {shown(row)}")


def tensor_type(thing: object) -> tuple[str, tuple[int, ...]]:
    """Return dtype and shape of ``f32[1, 256]``."""
    if isinstance(thing, str) and len(thing) < 2_000:
        return _parse_type(thing)
    raise MalformedError(f"'type' should be text such as 'f32[1, 256]', not {shown(thing)}")


@lru_cache(maxsize=65_536)
def _parse_type(text: str) -> tuple[str, tuple[int, ...]]:
    match = _TYPE.fullmatch(text)
    if match is None:
        raise MalformedError(f"'type' should be text such as 'f32[1, 256]', not {shown(text)}")
    shape = tuple(int(size) for size in match[2].split(",") if size)
    if prod(shape) >= MAX_SIZE or max(shape, default=0) >= MAX_SIZE:
        raise MalformedError(f"'type' should be a shape that a tensor can have, not {shown(text)}")
    return match[1], shape


def shown(thing: object) -> str:
    """Return data as a message quotes it."""
    try:
        text = repr(thing)
    except (RecursionError, ValueError):  # nested too deeply; a number with too many digits
        return f"{type(thing).__name__}, too large to be shown"
    return text if len(text) <= 60 else text[:59] + "…"


def read_text(thing: Any) -> str:
    """Return text."""
    if isinstance(thing, str):
        return thing
    raise MalformedError(f"text, not {shown(thing)}")


def read_integer(thing: Any) -> int:
    """Return a number from 0 on."""
    if type(thing) is not int:
        raise MalformedError(f"a whole number, not {shown(thing)}")
    if not 0 <= thing < MAX_SIZE:
        raise MalformedError(f"a number from 0 to {MAX_SIZE - 1}, not {shown(thing)}")
    return thing


def read_list(thing: Any) -> list[Any]:
    """Return a list."""
    if isinstance(thing, list):
        return thing
    raise MalformedError(f"a list, not {shown(thing)}")
