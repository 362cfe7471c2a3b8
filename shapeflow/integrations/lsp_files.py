"""What an editor is shown of a file: shapes behind its lines, and comments that are wrong."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from shapeflow.common.text import counted
from shapeflow.errors import ShapeflowError
from shapeflow.integrations.trace_folder import Folder
from shapeflow.model.exact_names import ExactNames
from shapeflow.model.trace import Trace
from shapeflow.source.collect import Wanted, source_files
from shapeflow.source.comments import Remark, remarks
from shapeflow.source.lines import Made, SourceFile
from shapeflow.source.moved import moved
from shapeflow.source.text import made_text

MOST_TRACES = 20
"""So many of the newest traces are looked through for one that names a file."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A file with what a run says of it."""

    trace: Trace
    name: str
    """Of the trace, below its folder."""
    file: SourceFile
    """The text as it is in the editor."""
    changed: bool
    """Whether its code is not that of the run any more."""
    comments: tuple[Remark, ...]
    """Comments that are there or might be; none if the code has changed, or is not Python as it stands."""

    def hints(self) -> Iterator[tuple[int, str, str]]:
        """Yield the number of a line, what it made, and more; not where a comment says it."""
        said = {one.line for one in self.comments if one.kind == "kept"}
        for line in self.file.lines:
            if line.made and line.number not in said:
                texts = [_short(made, alone=len(line.made) == 1) for made in line.made]
                yield (
                    line.number,
                    f"{'was ' if self.changed else ''}{', '.join(texts)}",
                    self.about(line.number),
                )

    def about(self, number: int) -> str:
        """Return in Markdown what a line made; empty if that is not known."""
        if not 1 <= number <= len(self.file.lines):
            return ""
        line = self.file.lines[number - 1]
        names = self.trace.cached(ExactNames)
        parts = []
        for made in line.made:
            where = names.value(made.values[0]) if made.values else ""
            parts.append(f"- {_code(made_text(made))}" + (f"\n  at {_code(where)}" if where else ""))
        if line.state == "never":
            parts.append("This line never ran.")
        if not parts:
            return ""
        run = f"In the run of {_code(self.name)}"
        return "\n".join([*parts, "", f"{run}, before the file was changed" if self.changed else run])

    @property
    def wrong(self) -> list[Remark]:
        """Comments that say what is not so."""
        return [one for one in self.comments if one.kind == "updated"]


class Files:
    """Knows which trace tells of a file.

    Args:
        roots: folders that traces are looked for below, such as those that an editor has opened.
    """

    def __init__(self, roots: Sequence[Path]) -> None:
        self._folders = [Folder(root) for root in roots if root.is_dir()]

    def shown(self, path: Path, text: str) -> Shown | None:
        """Return a file with what the newest trace that names it says; None if there is none."""
        for folder, name in self._newest():
            try:
                trace = folder.trace(name)
            except ShapeflowError:
                continue  # half written, or no trace
            known = _name_in(trace, path)
            if known:
                [file] = source_files(trace, Wanted((known,)), [str(path.parents[known.count("/")])])
                here, changed = moved(file, text)
                return Shown(trace, name, here, changed, () if changed else _comments(here, text))
        return None

    def _newest(self) -> Sequence[tuple[Folder, str]]:
        """Return the traces below the folders, the newest first."""
        found = []
        for folder in self._folders:
            for name in folder.names():
                try:
                    found.append(((folder.root / name).stat().st_mtime_ns, name, folder))
                except OSError:
                    continue  # removed meanwhile
        newest = sorted(found, key=lambda one: one[:2], reverse=True)[:MOST_TRACES]
        return [(folder, name) for _, name, folder in newest]


def _name_in(trace: Trace, path: Path) -> str:
    """Return what a trace calls a file, the longest name that fits; empty if it does not name it."""
    place = path.as_posix()
    fitting = {source.file for source in trace.sources if place.endswith(f"/{source.file}")}
    return max(fitting, key=len, default="")


def _comments(file: SourceFile, text: str) -> tuple[Remark, ...]:
    try:
        return tuple(remarks(file, text))
    except ShapeflowError:
        return ()  # while something is being written it is no Python


def _short(made: Made, *, alone: bool) -> str:
    """Return ``f32[2, 64]``, with a name for a parameter, and where a line made several."""
    label = "" if alone and made.name and made.by else f"{made.name or made.by} "
    types = " | ".join(made.types[:2]) + (
        f" | {counted(len(made.types) - 2, 'more')}" if len(made.types) > 2 else ""
    )
    return f"{label}{types}"


def _code(text: str) -> str:
    return f"``{text}``" if "`" in text else f"`{text}`"
