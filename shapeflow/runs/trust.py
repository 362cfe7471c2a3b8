"""Which code a document or trace may have run: only what lies in the same repository, unless it is trusted.

Whoever runs what a document names runs its code. The code of one's own repository is there to be run; a
document that was written elsewhere must not reach for other files of this machine.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from importlib.machinery import ModuleSpec
from pathlib import Path

from shapeflow.adapters.request import Request
from shapeflow.adapters.specs import FACTORY, FILE, spec_of
from shapeflow.common.text import listing
from shapeflow.errors import InputError


def repository_of(folder: Path) -> Path:
    """Return the root of the Git repository that a folder is in; the folder itself if it is in none."""
    folder = folder.resolve()
    return next((place for place in (folder, *folder.parents) if (place / ".git").exists()), folder)


def check_inside(request: Request, roots: Sequence[Path], *, named_by: str) -> None:
    """Check that the code of the user's that a request runs lies in one of some folders.

    Nothing is imported for it. The models of adapters, such as ``sam3``, were chosen by who installed them.

    Args:
        request: what is to be run.
        roots: the folders, resolved.
        named_by: the file that asks for it, for the message.

    Raises:
        InputError: ``target-outside``: it lies elsewhere.
    """
    spec = spec_of(request.target)
    if spec is not FACTORY and spec is not FILE:
        return
    if spec is FILE:
        files: list[Path | None] = [Path(request.target).resolve()]
    elif request.file:
        files = [request.file[0].resolve()]
    else:
        files = list(module_files(request.target.rpartition(":")[0]))
    outside = [file for file in files if file is None or not any(map(file.is_relative_to, roots))]
    if outside:
        raise InputError(
            "target-outside",
            f"'{request.target}' is not in the repository of the file that names it",
            where=named_by,
            expected=f"code in {listing([str(root) for root in roots])}",
            found="a part of Python" if outside[0] is None else str(outside[0]),
            because="running it would run code of this machine that whoever wrote that file has chosen",
            hint="--trust, if you know what it runs",
        )


def module_files(name: str) -> Iterator[Path | None]:
    """Yield the files that importing a module runs, its packages first; None for one without a file.

    It looks where ``import`` would, the current folder first, and stops at what is not found: importing that
    fails.
    """
    search: Sequence[str] | None = [str(Path.cwd()), *sys.path]
    parts = name.split(".")
    for number in range(1, len(parts) + 1):
        part = ".".join(parts[:number])
        loaded = sys.modules.get(part)
        spec = loaded.__spec__ if loaded is not None else _spec(part, search)
        if spec is None:
            if loaded is not None:
                yield _file(getattr(loaded, "__file__", None))
            return
        if (
            spec.origin is not None or spec.submodule_search_locations is None
        ):  # else a folder without __init__
            yield _file(spec.origin if spec.has_location else None)
        search = spec.submodule_search_locations
        if search is None:
            return


def _file(path: str | None) -> Path | None:
    return None if path is None else Path(path).resolve()


def _spec(name: str, search: Sequence[str] | None) -> ModuleSpec | None:
    """Return where a module is found, its package not imported."""
    top = "." not in name
    path = list(sys.path)
    try:
        if top and search is not None:
            sys.path[:] = search  # finders of editable installs look for themselves
        for finder in sys.meta_path:
            find = getattr(finder, "find_spec", None)
            spec = find(name, None if top else search) if find is not None else None
            if isinstance(spec, ModuleSpec):
                return spec
    finally:
        sys.path[:] = path
    return None
