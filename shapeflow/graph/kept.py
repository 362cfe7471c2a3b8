"""Pictures of graphs that were drawn before, in the user's cache folder: as they were, or not at all."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

from shapeflow.common.cache import keep, kept

MOST = 2_000
"""Pictures that are kept, some 10 kB each; of more the older half goes."""


class KeptPictures:
    """Pictures by the text of the graph.

    Args:
        folder: where they are; made when the first is kept.
        engine: tells apart what would draw the same text otherwise.
    """

    def __init__(self, folder: Path, engine: str) -> None:
        self._folder, self._engine = folder, engine
        self._any_new = False

    def get(self, dot: str) -> bytes:
        """Return the picture of a graph; empty if it is not kept."""
        return kept(self._file(dot))

    def put(self, dot: str, picture: bytes) -> None:
        """Keep the picture of a graph, if that is possible."""
        self._any_new |= keep(self._file(dot), picture)

    def tidy(self) -> None:
        """Remove the older half where there are too many; to be called when no more come."""
        if not self._any_new:
            return
        try:
            files = list(self._folder.iterdir())
            if len(files) > MOST:
                for file in sorted(files, key=lambda file: file.stat().st_mtime)[: len(files) // 2]:
                    file.unlink()
        except OSError:  # another process does the same
            return

    def _file(self, dot: str) -> Path:
        return self._folder / sha256(f"{self._engine}\n{dot}".encode(errors="replace")).hexdigest()
