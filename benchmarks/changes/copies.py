"""A copy of the installed package with one change in it, and this process made to use the copy."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from importlib import invalidate_caches
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.changes.edits import Change, apply

PACKAGE = "sam3"
_LOADED_WITH_IT = ("shapeflow.adapters.sam3",)


@lru_cache(maxsize=1)
def installed() -> Path:
    """Return the folder of the installed package, without importing it; remembered once a copy is in use."""
    spec = find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise SystemExit(f"the package {PACKAGE} is not installed: pip install 'shapeflow[sam3]'")
    return Path(next(iter(spec.submodule_search_locations)))


@contextmanager
def copied(change: Change | None, sizes: dict[str, dict[str, str]] | None = None) -> Iterator[Path]:
    """Make a copy of the package in a temporary folder, with a change made in it; gives that folder.

    Files that stay as they are need no copy: links lead to them, and nothing is ever written there.

    Args:
        change: none leaves the copy as the package is.
        sizes: more to replace, everywhere in a file: file -> text -> text.
    """
    package = installed()
    texts = {} if change is None else {change.file: apply(change, _text(package / change.file)).text}
    for file, replaced in (sizes or {}).items():
        text = texts.get(file) or _text(package / file)
        for old, new in replaced.items():
            text = text.replace(old, new)
        texts[file] = text
    with TemporaryDirectory(prefix="changes-") as name:
        _link(package, Path(name) / PACKAGE, texts)
        yield Path(name)


def _link(folder: Path, copy: Path, texts: dict[str, str]) -> None:
    """Fill a folder with links to another one's files, and with files that have texts of their own."""
    copy.mkdir()
    for entry in folder.iterdir():
        below = {
            file.partition("/")[2]: text for file, text in texts.items() if file.startswith(f"{entry.name}/")
        }
        if below:
            _link(entry, copy / entry.name, below)
        elif entry.name in texts:
            (copy / entry.name).write_text(texts[entry.name], encoding="utf-8")
        else:
            (copy / entry.name).symlink_to(entry)


def use(folder: Path) -> None:
    """Let this process import the package from a folder, as if it had never been imported."""
    for name in [*sys.modules]:
        if name == PACKAGE or name.startswith(f"{PACKAGE}.") or name in _LOADED_WITH_IT:
            del sys.modules[name]
    sys.dont_write_bytecode = True
    sys.path.insert(0, str(folder))
    invalidate_caches()


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")
