"""The files that a server may read: traces and walkthroughs below one folder, and nothing else."""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path

from shapeflow.common.text import listing, nearest
from shapeflow.errors import InputError
from shapeflow.model.trace import Trace

TRACES = (".trace.json", ".trace.json.gz")
WALKTHROUGHS = (".md", ".markdown")
MOST_FILES = 200
"""So many are listed and suggested."""
MOST_FOLDERS = 2_000
"""So many are looked through for them."""
LONGEST = 80
"""Characters of a name that a message quotes."""
MOST_TRACES = 4
"""So many are kept in memory."""

Stamp = tuple[str, int, int]
"""Name, time and size of a file: another one is another content."""


class Folder:
    """Traces and walkthroughs by their names below a folder.

    Args:
        root: the folder.

    Raises:
        InputError: there is no such folder.
    """

    def __init__(self, root: Path) -> None:
        if not root.is_dir():
            raise InputError(
                "file-missing", f"no folder '{root}'", where="argument FOLDER", hint="one that holds traces"
            )
        self.root = root.resolve()
        self._traces: OrderedDict[Stamp, Trace] = OrderedDict()

    def names(self, endings: tuple[str, ...] = TRACES) -> list[str]:
        """Return the names of the files with such endings, those in nearer folders first."""
        found = sorted(self._found(endings), key=lambda name: (name.count("/"), name))
        return found[:MOST_FILES]

    def _found(self, endings: tuple[str, ...]) -> Iterator[str]:
        for number, (folder, folders, files) in enumerate(os.walk(self.root)):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            for file in files:
                path = Path(folder, file)
                if file.endswith(endings) and self._is_inside(path):
                    yield path.relative_to(self.root).as_posix()
            if number > MOST_FOLDERS:
                return

    def _is_inside(self, path: Path) -> bool:
        try:
            return path.resolve(strict=True).is_relative_to(self.root) and path.is_file()
        except (OSError, RuntimeError):  # a link to nothing, or to itself
            return False

    def trace(self, name: str) -> Trace:
        """Return the trace of a name.

        Raises:
            InputError: the name leads elsewhere (``path-outside``), there is no such file, or it is no trace.
        """
        path = self.path(name, "trace", TRACES)
        stat = path.stat()
        stamp = (str(path), stat.st_mtime_ns, stat.st_size)
        if stamp not in self._traces:
            self._traces[stamp] = Trace.load(path)
            while len(self._traces) > MOST_TRACES:
                self._traces.popitem(last=False)
        self._traces.move_to_end(stamp)
        return self._traces[stamp]

    def path(self, name: str, kind: str, endings: tuple[str, ...]) -> Path:
        """Return where the file of a name is.

        Raises:
            InputError: the name leads elsewhere (``path-outside``), ends otherwise, or there is no such file.
        """
        path = self._place(name)
        if path is None or not path.is_relative_to(self.root):
            raise InputError(
                "path-outside",
                f"'{_short(name)}' is not in the folder of this server",
                where=f"argument {kind}",
                expected="the name of a file below it, as list_traces gives it",
            )
        if not name.endswith(endings) or not path.is_file():
            raise self._missing(name, kind, endings)
        return path

    def _place(self, name: str) -> Path | None:
        """Return where a name leads, links followed; None for one that no file can have."""
        try:
            path = (self.root / name).resolve()
            path.is_file()
        except (OSError, ValueError, RuntimeError):  # too long, with a NUL, a link to itself
            return None
        return path

    def _missing(self, name: str, kind: str, endings: tuple[str, ...]) -> InputError:
        names = self.names(endings)
        by_tail = {known.rpartition("/")[2]: known for known in reversed(names)}
        close = nearest(name, names, 1) or [by_tail[tail] for tail in nearest(name, by_tail, 1)]
        return InputError(
            "file-missing",
            f"no {kind} '{_short(name)}'",
            where=f"argument {kind}",
            expected=f"a name that ends in {' or '.join(endings)}" if not name.endswith(endings) else "",
            found=f"there is {listing(names, 6)}" if names else f"there is no {kind} below the folder",
            hint=close[0] if close else "",
        )


def _short(name: str) -> str:
    return name if len(name) <= LONGEST else f"{name[:LONGEST]}…"
