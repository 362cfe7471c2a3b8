"""Read and write trace files: one JSON object, one record a line. docs/trace-format.md explains them."""

from __future__ import annotations

import gzip
import io
import json
import re
import zlib
from collections.abc import Iterable
from dataclasses import fields, replace
from functools import cache, partial
from pathlib import Path
from typing import Any, TypeVar

from shapeflow.common.collector import collection_paused
from shapeflow.common.files import read_bytes, write_bytes
from shapeflow.common.text import listing
from shapeflow.common.units import format_bytes
from shapeflow.errors import InputError
from shapeflow.model.codec import decode, encode
from shapeflow.model.containers import ContainerTable, first_fault, with_containers
from shapeflow.model.ports import Port
from shapeflow.model.records import RECORDS, SCHEMA, Records, Run
from shapeflow.model.rows import MalformedError

Kind = TypeVar("Kind", bound=Records)

MAX_BYTES = 1 << 28
"""Of the text of a trace: a hundred times that of the official SAM3. A few bytes can unpack to any number."""
MAX_ITEMS = 1 << 25
"""Lists, objects and commas in it: a list of three bytes takes twenty times that in memory."""

_NAME, _, _MAJOR = SCHEMA.partition("/")
_GZIP = b"\x1f\x8b"
_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode


def write(trace: Records, path: Path) -> Path:
    """Write a trace, wholly or not at all; a name that ends in ``.gz`` is compressed.

    The same trace gives the same bytes.

    Raises:
        InputError: ``not-writable`` or ``disk-full``; what was there before is unchanged.
    """
    content = dumps(trace)
    if path.name.endswith(".gz"):
        packed = io.BytesIO()
        # No time and no name inside, so that equal traces are equal files.
        with gzip.GzipFile(filename="", mode="wb", compresslevel=6, fileobj=packed, mtime=0) as file:
            file.write(content)
        content = packed.getvalue()
    return write_bytes(path, content)


def dumps(trace: Records) -> bytes:
    """Return the text of a trace file, as UTF-8."""
    parts = [f'{{"schema":{_json(SCHEMA)}', f'"run":{_json(encode(trace.run))}']
    for name in RECORDS:
        records = getattr(trace, name)
        lines = ",\n".join(_json(encode(record)) for record in records)
        parts.append(f'"{name}":[\n{lines}\n]' if lines else f'"{name}":[]')
    text = ",\n".join(parts) + "}\n"
    # Half of a surrogate pair has no UTF-8 form; with a backslash it is a JSON escape.
    return text.encode("utf-8", "backslashreplace")


def read(path: Path, kind: type[Kind]) -> Kind:
    """Read a trace file, compressed or not, whatever its name, into records of a class.

    Raises:
        InputError: ``file-missing``, ``file-unreadable``, ``trace-unreadable`` (cut off, or not a trace),
            ``trace-newer``.
    """
    content = read_bytes(path, "trace", ".trace.json", limit=MAX_BYTES, unfit="trace-unreadable")
    if content.startswith(_GZIP):
        try:
            with gzip.GzipFile(fileobj=io.BytesIO(content)) as packed:
                content = packed.read(MAX_BYTES + 1)
        except EOFError:
            raise _cut_off(path, f"its {len(content):,} compressed bytes end too early") from None
        except (zlib.error, OSError) as error:
            raise _unreadable(path, "is damaged", because=str(error)) from None
    return loads(content, kind, path)


def loads(content: bytes, kind: type[Kind], path: Path = Path("trace.json")) -> Kind:
    """Return the records, of a class, that the text of a trace file holds; ``path`` is for messages only.

    Raises:
        InputError: ``trace-unreadable`` or ``trace-newer``.
    """
    if len(content) > MAX_BYTES:
        most = f"at most {format_bytes(MAX_BYTES)} when unpacked"
        raise _unreadable(path, "is too large for a trace", expected=most)
    if not content.strip():
        raise _unreadable(path, "is empty", found=f"{len(content)} bytes")
    items = sum(content.count(sign) for sign in (b"[", b"{", b","))
    if items > MAX_ITEMS:
        many = f"{items:,} lists, objects and commas"
        raise _unreadable(path, "is too large for a trace", expected=f"at most {MAX_ITEMS:,}", found=many)
    try:
        with collection_paused():
            data = json.loads(content, parse_constant=_no_number)
    except json.JSONDecodeError as error:
        raise _not_json(path, error) from None
    except UnicodeDecodeError:
        raise _unreadable(path, "is not text", found=f"bytes beginning with {content[:16]!r}") from None
    except RecursionError:
        raise _unreadable(path, "is not a trace", because="it is nested too deeply") from None
    except ValueError as error:
        raise _unreadable(path, "is not a trace", because=str(error)) from None
    _check_schema(path, data)
    with collection_paused():
        trace = _build(path, data, kind)
        _check_references(path, trace)
        return _opened(path, trace) if trace.containers else trace


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def _check_schema(path: Path, data: Any) -> None:
    if not isinstance(data, dict) or "schema" not in data:
        keys = f"JSON with the keys {listing(list(data))}" if isinstance(data, dict) else "JSON without keys"
        raise _unreadable(path, "is not a trace", found=keys, expected=f'"schema":"{SCHEMA}"')
    name, _, major = str(data["schema"]).partition("/")
    if name != _NAME or not re.fullmatch(r"\d{1,9}(\.\d+)*", major):
        raise _unreadable(path, "is not a trace", found=f"schema {data['schema']!r}", expected=f"'{SCHEMA}'")
    if int(major.partition(".")[0]) > int(_MAJOR):
        run = data.get("run")
        versions = run.get("versions") if isinstance(run, dict) else None
        written = versions.get("shapeflow") if isinstance(versions, dict) else None
        raise InputError(
            "trace-newer",
            f"'{path.name}' has trace format {major}, this shapeflow reads up to {_MAJOR}",
            where=str(path),
            found=f"written by shapeflow {written}" if written else "",
            hint="pip install --upgrade shapeflow",
        )


def _build(path: Path, data: dict[str, Any], kind: type[Kind]) -> Kind:
    place = "run"
    try:
        run = decode(Run, data.get("run", {}))
        lists: dict[str, tuple[Any, ...]] = {}
        for name, record_type in RECORDS.items():
            place, records = name, data.get(name, [])
            if not isinstance(records, list):
                raise MalformedError("a list is missing here")
            built = []
            for number, record in enumerate(records):
                place = f"{name}, record {number:,}"
                built.append(decode(record_type, record))
            lists[name] = tuple(built)
    except MalformedError as error:
        raise _unreadable(path, "has a broken record", place=place, found=str(error)) from None
    return kind(run=run, **lists)


def _opened(path: Path, trace: Kind) -> Kind:
    """Return a trace whose calls list what is in their containers, too."""
    fault = first_fault(trace.containers)
    if fault is not None:
        raise _dangling(path, "containers", *fault)
    opened = partial(with_containers, table=ContainerTable(trace.containers))
    calls = tuple(
        replace(call, inputs=opened(call.inputs), outputs=opened(call.outputs)) for call in trace.calls
    )
    return replace(trace, calls=calls)


def _check_references(path: Path, trace: Records) -> None:
    """Refuse ids that name nothing, so that nobody has to look before following one."""
    sizes = {name: len(getattr(trace, name)) for name in RECORDS}
    _check_ids(path, "run", 0, trace.run, sizes)
    if trace.run.failure is not None:
        _check_ids(path, "run", 0, trace.run.failure, sizes)
    for name in RECORDS:
        for number, record in enumerate(getattr(trace, name)):
            _check_ids(path, name, number, record, sizes)
            if getattr(record, "id", number) != number:
                raise _dangling(
                    path, name, number, f"its id is {record.id}; an id is the position in the list"
                )
            if name in ("calls", "ops"):
                if record.parent is not None and record.parent >= number:
                    raise _dangling(path, name, number, f"its parent {record.parent} is not before it")
                _check_ports(path, name, number, (*record.inputs, *record.outputs), sizes)
            if name == "containers":
                entries = (entry for edit in record.edits for entry in edit.entries)
                _check_ports(path, name, number, entries, sizes)
    for call in trace.calls:
        if not 0 <= call.first_op <= call.last_op <= sizes["ops"]:
            raise _dangling(path, "calls", call.id, f"its ops are {call.first_op} to {call.last_op}")


def _check_ports(path: Path, name: str, number: int, ports: Iterable[Port], sizes: dict[str, int]) -> None:
    for port in ports:
        if port.value is not None and not 0 <= port.value < sizes["values"]:
            raise _dangling(path, name, number, f"{port.name} is value {port.value}, which is missing")
        if port.container is not None and (name == "ops" or not 0 <= port.container < sizes["containers"]):
            raise _dangling(
                path, name, number, f"{port.name} is container {port.container}, which is missing"
            )


_REFERENCES = {
    "call": "calls",
    "freed": "ops",
    "op": "ops",
    "parent": "",
    "peak_op": "ops",
    "producer": "ops",
    "source": "sources",
    "value": "values",
}
"""Fields that hold an id, and the list it counts in; a parent is in the record's own."""


def _check_ids(path: Path, name: str, number: int, record: Any, sizes: dict[str, int]) -> None:
    kind: Any = type(record)
    for field in _fields_with_ids(kind):
        reference = getattr(record, field)
        if reference is not None and not 0 <= reference < sizes[_REFERENCES[field] or name]:
            there = sizes[_REFERENCES[field] or name]
            raise _dangling(path, name, number, f"its {field} is {reference}, and there are {there:,}")


@cache
def _fields_with_ids(kind: Any) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind) if field.name in _REFERENCES)


def _dangling(path: Path, name: str, number: int, found: str) -> InputError:
    return _unreadable(path, "has a broken record", place=f"{name}, record {number:,}", found=found)


def _unreadable(path: Path, what: str, *, place: str = "", **said: Any) -> InputError:
    return InputError(
        "trace-unreadable",
        f"'{path.name}' {what}",
        where=f"{path} ({place})" if place else str(path),
        **said,
        hint="record again with 'shapeflow trace'",
    )


def _cut_off(path: Path, found: str) -> InputError:
    return _unreadable(
        path, "is cut off", found=found, because="was it copied in full? a written trace is whole"
    )


def _not_json(path: Path, error: json.JSONDecodeError) -> InputError:
    """Return the error for text that is not JSON: where it ends or breaks, and what it looks like."""
    text, position = error.doc, error.pos
    if position == 0 and not text.lstrip().startswith("{"):
        looks = {"<": "a web page or XML", "version https://git-lfs": "a Git LFS pointer: git lfs pull"}
        because = next(
            (f"it looks like {kind}" for start, kind in looks.items() if text.startswith(start)), ""
        )
        return _unreadable(
            path, "is not a trace", found=f"text beginning with {text[:40]!r}", because=because
        )
    before = text[:position]
    lists = list(re.finditer(r'^"(\w+)":\[$', before, re.MULTILINE))
    place = ""
    if lists:
        record = before.count("\n", lists[-1].end()) - 1
        place = f"in the list '{lists[-1][1]}', record {record:,}"
    if not text.rstrip().endswith("}") or position >= len(text.rstrip()):
        return _cut_off(path, f"it ends {place or f'after {len(text):,} characters'}")
    return _unreadable(
        path,
        "is broken",
        place=f"line {error.lineno}, column {error.colno}",
        found=f"{error.msg} {place}".rstrip(),
    )
