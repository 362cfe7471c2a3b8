"""Lines of the user's own files, which go into the trace: a report made elsewhere can show them.

Only those around the lines that the trace names, and the first paragraph of a class's docstring. Files of
installed packages and of Python are not among them: a report reads those where it is made.
"""

from __future__ import annotations

import linecache
import sys
import sysconfig
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import groupby
from pathlib import Path

from shapeflow.common.docstrings import docstring_end
from shapeflow.model.records import Excerpt
from shapeflow.recording.source import SourceLines

CONTEXT = 2
"""Lines before and after the one that is meant."""
LONGEST = 200
"""Characters of a line."""
MOST = 4000
"""Lines in all."""
INSTALLED = ("site-packages", "dist-packages")


def excerpts_of(sources: SourceLines) -> tuple[Excerpt, ...]:
    """Return the lines around those that were seen of the user's own files."""
    shown = {name: path for path, name in sources.files.items() if _is_own(path)}
    wanted: dict[str, set[int]] = {}
    for source in sources.sources:
        path = shown.get(source.file)
        if path is not None:
            lines = linecache.getlines(path)
            last = docstring_end(lines, source.line) or source.line
            around = range(source.line - CONTEXT, max(source.line + CONTEXT, last) + 1)
            wanted.setdefault(source.file, set()).update(n for n in around if 1 <= n <= len(lines))
    found, left = [], MOST
    for file, numbers in wanted.items():
        lines = linecache.getlines(shown[file])
        for whole in _runs(sorted(numbers)):
            run = whole[:left]
            left -= len(run)
            if run:
                texts = tuple(lines[number - 1].rstrip("\r\n")[:LONGEST] for number in run)
                found.append(Excerpt(file, run[0], texts))
    return tuple(found)


def _is_own(path: str) -> bool:
    """Return whether a file is below the working folder or beside the script, and no installed one."""
    file = Path(path)
    return not is_installed(file) and any(
        file.is_relative_to(folder) for folder in (Path.cwd(), *map(Path, filter(None, sys.path[:1])))
    )


def is_installed(file: Path) -> bool:
    """Return whether a file belongs to an installed package or to Python itself."""
    return any(part in INSTALLED for part in file.parts) or file.is_relative_to(_standard_library())


@cache
def _standard_library() -> str:
    return sysconfig.get_path("stdlib")


def _runs(numbers: Sequence[int]) -> Iterator[list[int]]:
    """Yield the numbers that follow one another together."""
    for _, run in groupby(enumerate(numbers), key=lambda item: item[1] - item[0]):
        yield [number for _, number in run]
