"""Read and write whole files: every failure is a clear message, and no file is ever half-written."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
from pathlib import Path

from shapeflow.common.text import listing, nearest
from shapeflow.errors import InputError


def read_bytes(path: Path, kind: str = "file", ending: str = "") -> bytes:
    """Return what a file holds.

    Args:
        path: the file.
        kind: what it should be, for the message: ``trace``.
        ending: how the names of such files end, for the suggestion when it is missing.

    Raises:
        InputError: ``file-missing`` with the nearest name, or ``file-unreadable``.
    """
    try:
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        raise _missing(path, kind, ending) from None
    except IsADirectoryError:
        what = f"'{path}' is a folder, not a {kind}"
        raise InputError(
            "file-unreadable", what, where=str(path), found=_beside(path / "x", ending)
        ) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", "") or str(error)
        raise InputError(
            "file-unreadable", f"'{path}' cannot be read", where=str(path), because=reason
        ) from None


def _missing(path: Path, kind: str, ending: str) -> InputError:
    close = nearest(path.name, _names(path.parent, ending), 1)
    return InputError(
        "file-missing",
        f"no {kind} '{path}'",
        where=str(path),
        found=_beside(path, ending) if path.parent.is_dir() else f"no folder '{path.parent}' either",
        hint=str(path.with_name(close[0])) if close else "",
    )


def _names(folder: Path, ending: str) -> list[str]:
    with contextlib.suppress(OSError):
        return sorted(entry.name for entry in folder.iterdir() if ending in entry.name)
    return []


def _beside(path: Path, ending: str) -> str:
    names = _names(path.parent, ending)
    return f"the folder holds {listing(names)}" if names and ending else ""


def write_bytes(path: Path, content: bytes) -> Path:
    """Write a file: wholly, or not at all. What was there before stays until the new file is complete.

    A link is followed; a device or pipe (``/dev/stdout``) is written to, not replaced.

    Raises:
        InputError: ``not-writable`` or ``disk-full``; nothing is left behind.
    """
    try:
        target = path.resolve()
        if target.is_dir():
            raise InputError("not-writable", f"'{path}' is a folder", where=str(path), expected="a file name")
        if target.exists() and not target.is_file():
            target.write_bytes(content)
        else:
            _replace(target, content)
    except (OSError, ValueError, RuntimeError) as error:
        raise _not_written(path, error, len(content)) from None
    return path


def _replace(target: Path, content: bytes) -> None:
    # In the same folder, so that the last step is one rename on one disk.
    unfinished = target.with_name(f".{target.name[:200]}.{os.getpid()}.unfinished")
    try:
        with unfinished.open("wb") as file:
            file.write(content)
        if target.exists():
            if not os.access(target, os.W_OK):
                raise PermissionError(errno.EACCES, "the file is read-only", str(target))
            shutil.copymode(target, unfinished)
        unfinished.replace(target)
    except BaseException:
        with contextlib.suppress(OSError):
            unfinished.unlink(missing_ok=True)
        raise


def _not_written(path: Path, error: Exception, size: int) -> InputError:
    number = getattr(error, "errno", None)
    if number in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return InputError(
            "disk-full",
            f"'{path}' was not written: no space left",
            where=str(path),
            expected=f"room for {size:,} bytes",
            found="what was there before is unchanged",
        )
    folder = path.parent
    if isinstance(error, FileNotFoundError) and not folder.exists():
        return InputError(
            "not-writable", f"no folder '{folder}'", where=str(path), hint=f"mkdir -p '{folder}'"
        )
    reason = getattr(error, "strerror", "") or str(error)
    return InputError("not-writable", f"'{path}' cannot be written", where=str(path), because=reason)
