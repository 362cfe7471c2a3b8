"""What an editor is shown of a file: shapes behind its lines, and comments that are wrong."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
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
from shapeflow.source.places_left import functions_of_run
from shapeflow.source.places_now import code_of
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
        self._chosen: dict[Path, tuple[object, tuple[Path, str]]] = {}
        """File -> the traces that there were when it was last shown, and which of them was taken."""
        self._named: dict[tuple[Path, str, int], frozenset[str]] = {}
        """Trace as it was at a time -> the files that it names."""

    def shown(self, path: Path, text: str) -> Shown | None:
        """Return a file with what the newest trace of it says; None if there is none.

        Files of several projects may have one name: a trace counts if the code is that of its run, else if
        most of its lines are still there.
        """
        newest = self._newest()
        state = tuple((folder.root, name, time) for time, name, folder in newest)
        known = self._chosen.get(path)
        if known is not None and known[0] == state:
            newest = [one for one in newest if (one[2].root, one[1]) == known[1]]
        found: Shown | None = None
        for time, name, folder in newest:
            one = self._of_trace(folder, name, time, path, text)
            if one is not None and (found is None or not one.changed):
                found = one
                self._chosen[path] = (state, (folder.root, name))
            if found is not None and not found.changed:
                break
        return found

    def _of_trace(self, folder: Folder, name: str, time: int, path: Path, text: str) -> Shown | None:
        """Return a file with what one trace says of it; None if it says nothing of this file."""
        key = (folder.root, name, time)
        if key in self._named and not _name_in(self._named[key], path):
            return None  # not read again for this
        try:
            trace = folder.trace(name)
        except ShapeflowError:
            return None  # half written, or no trace
        self._named[key] = frozenset(source.file for source in trace.sources)
        known = _name_in(self._named[key], path)
        if not known:
            return None
        [file] = source_files(trace, Wanted((known,)), [str(path.parents[known.count("/")])])
        here, changed = moved(file, text, functions_of_run(trace, known))
        if changed and not _is_alike(trace, known, text):
            return None
        return Shown(trace, name, here, changed, () if changed else _comments(here, text))

    def _newest(self) -> list[tuple[int, str, Folder]]:
        """Return when the traces below the folders were written, the newest first."""
        found = []
        for folder in self._folders:
            for name in folder.names():
                try:
                    found.append(((folder.root / name).stat().st_mtime_ns, name, folder))
                except OSError:
                    continue  # removed meanwhile
        return sorted(found, key=lambda one: one[:2], reverse=True)[:MOST_TRACES]


def _name_in(files: Collection[str], path: Path) -> str:
    """Return which of some names of files is that of a path, the longest that fits; empty for none."""
    place = path.as_posix()
    return max((file for file in files if place.endswith(f"/{file}")), key=len, default="")


def _is_alike(trace: Trace, name: str, text: str) -> bool:
    """Return whether at least half of the lines that a trace names of a file are in a text."""
    lines = {code_of(line) for line in text.split("\n")}
    named = [source.text for source in trace.sources if source.file == name]
    return 2 * sum(code_of(line) in lines for line in named) >= len(named)


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
