"""``FILE:LINE`` and ``FILE:NAME``: the calls and ops that lines of the model's source made."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from shapeflow.common.text import listing, nearest
from shapeflow.errors import SelectorError
from shapeflow.model.records import Call, Op, Records, Source

_PLACE = re.compile(
    r"(?P<file>.*[^\\]\.(?:py|pyx|ipynb)):"
    r"(?:(?P<first>\d{1,9})(?:-(?P<last>\d{1,9}))?|(?P<name>(?:self\.)?[^\W\d]\w*))(?::(?P<port>.+))?",
    re.ASCII | re.DOTALL,
)
_TARGETS = re.compile(r"(?P<targets>[\w.,\s*()\[\]]+?)\s*(?::[^=]*)?(?:[-+*/@|&^%]|//|\*\*|<<|>>)?=(?!=)")
_NEAREST = 3
"""So many lines are named where one made nothing."""


@dataclass(frozen=True, slots=True)
class SourcePlace:
    """Lines of a source file, or those that give a variable its value."""

    file: str
    """As much of the end of its path as is needed."""
    first: int = 0
    last: int = 0
    name: str = ""
    """A variable or an attribute, ``self.cache``; empty: the lines from ``first`` to ``last``."""
    port: str = ""
    port_span: tuple[int, int] = (0, 0)

    @property
    def meant(self) -> str:
        """The lines, or the variable, as they are written."""
        lines = f"{self.first}" if self.first == self.last else f"{self.first}-{self.last}"
        return self.name or lines

    @property
    def rest(self) -> str:
        """What stands behind the file."""
        return f":{self.meant}{':' if self.port else ''}{self.port}"

    @property
    def span(self) -> tuple[int, int]:
        """The columns of what is meant in the file."""
        start = len(self.file) + 1
        return start, start + len(self.meant)

    def instead(self, meant: object) -> str:
        """Return the selector with other lines or another variable."""
        return f"{self.file}:{meant}{':' if self.port else ''}{self.port}"


def source_place(text: str) -> SourcePlace | None:
    """Return the place that a selector such as ``decoder.py:77`` names; None for any other selector."""
    found = _PLACE.fullmatch(text)
    if found is None:
        return None
    first = int(found["first"] or 0)
    last = int(found["last"] or first)
    return SourcePlace(
        found["file"], first, last, found["name"] or "", found["port"] or "", found.span("port")
    )


def made_at(trace: Records, place: SourcePlace) -> list[Call | Op]:
    """Return the calls and ops that some lines made, in the order of the run; never empty.

    What torch does inside a call of one of its own modules is that call's doing, and left out beside it.

    Raises:
        SelectorError: the trace has no such file (``unknown-file``) or several (``ambiguous-file``), or the
            lines made nothing (``unknown-line``).
    """
    files = _files(trace, place.file)
    if not files:
        raise _unknown_file(trace, place)
    lines = {
        number
        for number, source in enumerate(trace.sources)
        if source.file in files and _is_meant(source, place)
    }
    found = list(_made(trace, lines))
    if not found:
        raise _nothing_made(trace, files, place)
    told = {trace.sources[made.source].file for made in found if made.source is not None}
    if len(told) > 1:
        names = sorted(told)
        raise SelectorError(
            "ambiguous-file",
            f"'{place.file}' is the end of {len(names)} files of this model",
            columns=(0, len(place.file)),
            found=listing(names),
            hint=f"{names[0]}{place.rest}",
        )
    return sorted(found, key=lambda made: (_begin(made), isinstance(made, Op)))


def _made(trace: Records, lines: set[int]) -> Iterator[Call | Op]:
    """Yield what some lines made, without what is inside of it."""
    records: Iterable[Call | Op] = (*trace.calls, *trace.ops)
    for record in records:
        if record.source not in lines or (isinstance(record, Op) and record.parent is not None):
            continue
        around = record.call if isinstance(record, Op) else record.parent
        if around is None or not _is_inside(trace, record, trace.calls[around]):
            yield record


def _is_inside(trace: Records, record: Call | Op, around: Call) -> bool:
    """Return whether a record got its line from the call around it: torch's own lines are not recorded."""
    module = trace.module_by_path.get(around.path)
    return record.source == around.source and module is not None and module.class_path.startswith("torch.")


def _begin(made: Call | Op) -> int:
    return made.id if isinstance(made, Op) else made.first_op


def _is_meant(source: Source, place: SourcePlace) -> bool:
    if place.name:
        return place.name in names_given(source.text)
    return place.first <= source.line <= place.last


def names_given(text: str) -> tuple[str, ...]:
    """Return the variables and attributes that a line of source gives a value; the line may be cut off."""
    try:
        tree = ast.parse(text if not text.rstrip().endswith(":") else f"{text} pass")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return _names_before_equals(text)
    found: dict[str, None] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found[node.id] = None
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            found[ast.unparse(node)] = None
    return tuple(found)


def _names_before_equals(text: str) -> tuple[str, ...]:
    """Return the same for the first line of a longer statement."""
    found = _TARGETS.match(text)
    targets = found["targets"] if found else ""
    if targets.count("(") != targets.count(")"):  # a keyword in a call
        return ()
    names = re.split(r"[,\s()\[\]*]+", targets)
    return tuple(name for name in names if re.fullmatch(r"(?:self\.)?[^\W\d]\w*", name))


def _files(trace: Records, wanted: str) -> set[str]:
    """Return the files whose path ends as is wanted, or that a longer path ends with."""
    files = _known(trace)
    if wanted in files:
        return {wanted}
    parts = _parts(wanted)
    return {file for file in files if _ends_alike(parts, _parts(file))}


def _known(trace: Records) -> set[str]:
    """Return the files a line of which made something."""
    records: Iterable[Call | Op] = (*trace.calls, *trace.ops)
    return {trace.sources[record.source].file for record in records if record.source is not None}


def _parts(file: str) -> list[str]:
    return [part for part in file.replace("\\", "/").split("/") if part not in ("", ".")]


def _ends_alike(first: list[str], second: list[str]) -> bool:
    common = min(len(first), len(second))
    return common > 0 and first[-common:] == second[-common:]


def _unknown_file(trace: Records, place: SourcePlace) -> SelectorError:
    files = sorted(_known(trace))
    wanted = _parts(place.file)
    by_name = {file.rpartition("/")[2]: file for file in reversed(files)}
    close = nearest(wanted[-1] if wanted else place.file, by_name, 1)
    return SelectorError(
        "unknown-file",
        f"no line of a file '{place.file}' made anything in this run",
        columns=(0, len(place.file)),
        found=f"lines that did are in {listing(files)}" if files else "this trace knows no lines of source",
        hint=f"{by_name[close[0]]}{place.rest}" if close else "",
    )


def _nothing_made(trace: Records, files: set[str], place: SourcePlace) -> SelectorError:
    """Return the error for lines that made nothing: the nearest ones that did."""
    records: Iterable[Call | Op] = (*trace.calls, *trace.ops)
    made = {record.source for record in records}
    lines = {
        (source.file, source.line): source
        for number, source in enumerate(trace.sources)
        if source.file in files and number in made
    }
    shown = sorted(files)[0] if len(files) == 1 else place.file
    if place.name:
        names = sorted({name for source in lines.values() for name in names_given(source.text)})
        close = nearest(place.name, names, 1)
        return SelectorError(
            "unknown-line",
            f"no line of '{shown}' that gives '{place.name}' a value made anything",
            columns=place.span,
            found=f"names that got one: {listing(names, 6)}" if names else "",
            hint=place.instead(close[0]) if close else "",
        )
    near = sorted(lines.values(), key=lambda source: (_distance(source, place), source.line))[:_NEAREST]
    one = place.first == place.last
    span = f"line {place.first}" if one else f"lines {place.first} to {place.last}"
    return SelectorError(
        "unknown-line",
        f"{span} of '{shown}' made nothing in this run",
        columns=place.span,
        found="the nearest that did:\n"
        + "\n".join(f"{source.line}: {source.text}" for source in sorted(near, key=lambda one: one.line)),
        hint=place.instead(near[0].line),
    )


def _distance(source: Source, place: SourcePlace) -> int:
    return max(place.first - source.line, source.line - place.last, 0)
