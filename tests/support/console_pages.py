"""Console examples in pages: commands behind ``$``, each followed by what it prints.

``python tests/support/console_pages.py`` runs those of docs/agents.md and writes what they print into
the page; look at the diff before committing.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import shlex
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from places import DOCS, ROOT

from shapeflow.cli import main

AGENTS = DOCS / "agents.md"
BLOCK = re.compile(r"(?<=```console\n).*?(?=```)", re.DOTALL)


def prepare(folder: Path) -> None:
    """Fill a folder with what the examples of docs/agents.md need."""
    (folder / "examples").mkdir()
    shutil.copy(ROOT / "examples" / "tiny_detector.py", folder / "examples")
    claims = re.search(r"````markdown\n(.*?)````", AGENTS.read_text(encoding="utf-8"), re.DOTALL)
    assert claims is not None
    (folder / "claims.md").write_text(claims[1], encoding="utf-8")


def run(command: str) -> str:
    """Return what a command line prints, standard output and error together."""
    name, *words = shlex.split(command)
    assert name == "shapeflow", command
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        main(words)
    return said.getvalue()


def as_run(block: str) -> str:
    """Return a block as it has to be: each command with what it prints."""
    commands = [line[2:] for line in block.splitlines() if line.startswith("$ ")]
    return "".join(f"$ {command}\n{run(command)}" for command in commands)


def in_folder(work: Callable[[], None]) -> None:
    """Do something in a folder that is prepared."""
    before = Path.cwd()
    with tempfile.TemporaryDirectory() as name:
        prepare(Path(name))
        os.chdir(name)
        try:
            work()
        finally:
            os.chdir(before)


def write() -> None:
    """Write what the commands print into the page."""
    text = AGENTS.read_text(encoding="utf-8")
    AGENTS.write_text(BLOCK.sub(lambda block: as_run(block[0]), text), encoding="utf-8")


if __name__ == "__main__":
    in_folder(write)
