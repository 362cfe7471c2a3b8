"""Read and write whole files: every failure is a clear message, and no file is ever half-written."""

from __future__ import annotations

import contextlib
import errno
import glob
import os
import re
import shutil
import stat
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

from shapeflow.common.text import listing, nearest
from shapeflow.common.units import format_bytes
from shapeflow.errors import InputError

MAX_BYTES = 1 << 28
"""No file that is read whole is larger: what has no end, or is full of nothing, would take all memory."""
CHUNK = 1 << 20
_STANDARD = {"/dev/stdin": 0, "/dev/stdout": 1, "/dev/stderr": 2}
_DESCRIPTOR = re.compile(r"/(?:dev|proc/self)/fd/(\d{1,9})", re.ASCII)


def read_bytes(
    path: Path,
    kind: str = "file",
    ending: str = "",
    *,
    limit: int = MAX_BYTES,
    unfit: str = "file-unreadable",
) -> bytes:
    """Return what a file holds.

    What was opened for this process, such as ``/dev/stdin`` or ``<(zcat FILE)`` of a shell, may be a pipe; a
    pipe or device with a name of its own is refused, since it may never end, or never begin.

    Args:
        path: the file.
        kind: what it should be, for the message: ``trace``.
        ending: how the names of such files end, for the suggestion when it is missing.
        limit: bytes that such a file can have.
        unfit: code of the error for what can be read but is no such file: a device, or larger than that.

    Raises:
        InputError: ``file-missing`` with the nearest name, ``file-unreadable``, or ``unfit``.
    """
    try:
        _check_kind(path, kind, ending, unfit)
        with path.open("rb") as file:
            content = _read_up_to(limit, file)
    except (FileNotFoundError, NotADirectoryError):
        raise _missing(path, kind, ending) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", "") or str(error)
        raise InputError(
            "file-unreadable", f"'{path}' cannot be read", where=str(path), because=reason
        ) from None
    if content is None:
        what = f"'{path}' is too large for a {kind}"
        raise InputError(unfit, what, where=str(path), expected=f"at most {format_bytes(limit)}")
    return content


def _read_up_to(limit: int, file: BinaryIO) -> bytes | None:
    """Return all that a file holds; None if that is more than ``limit`` bytes."""
    if os.fstat(file.fileno()).st_size > limit:
        return None
    parts: list[bytes] = []
    size = 0
    while part := file.read(CHUNK):
        size += len(part)
        if size > limit:
            return None
        parts.append(part)
    return b"".join(parts)


def _check_kind(path: Path, kind: str, ending: str, unfit: str) -> None:
    """Check, without opening it, that something can be read to its end."""
    mode = path.stat().st_mode
    if stat.S_ISDIR(mode):
        what = f"'{path}' is a folder, not a {kind}"
        raise InputError("file-unreadable", what, where=str(path), found=_beside(path / "x", ending))
    pipe = stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)
    if stat.S_ISREG(mode) or (pipe and _is_open_already(path)):
        return
    raise InputError(
        unfit,
        f"'{path}' is a {'pipe' if pipe else 'device'}, not a {kind}",
        where=str(path),
        hint="put what it gives into a file first" if pipe else "",
    )


def _is_open_already(path: Path) -> bool:
    """Return whether a path stands for a file descriptor of this process."""
    return str(path) in _STANDARD or _DESCRIPTOR.fullmatch(str(path)) is not None


def _missing(path: Path, kind: str, ending: str) -> InputError:
    names = _names(path.parent, ending)
    begun = [name for name in names if ending and name.partition(ending)[0] == path.name]
    close = begun or nearest(path.name, names, 1)
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


def fitting(words: Iterable[Path], kind: str = "file") -> list[Path]:
    """Return files by path or pattern (``docs/*.md``, ``docs/**/*.md``), each once; a path is left as it is.

    Raises:
        InputError: ``file-missing``: nothing fits a pattern.
    """
    found: dict[Path, None] = {}
    for word in words:
        if os.path.lexists(word) or not glob.has_magic(str(word)):
            found[word] = None
            continue
        names = glob.glob(str(word), recursive=True)  # noqa: PTH207 - Path.glob also finds hidden files
        files = sorted(path for path in map(Path, names) if path.is_file())
        if not files:
            what = f"no {kind} fits '{word}'"
            raise InputError("file-missing", what, where=str(word), because=f"looked in {Path.cwd()}")
        found.update(dict.fromkeys(files))
    return list(found)


def write_bytes(path: Path, content: bytes) -> Path:
    """Write a file: wholly, or not at all. What was there before stays until the new file is complete.

    A link is followed; a device or pipe is written to, not replaced, and so is the file to which the output
    of this process goes (``/dev/stdout``).

    Raises:
        InputError: ``not-writable`` or ``disk-full``; nothing is left behind.
    """
    try:
        there = _stat(path)
        if there is not None and stat.S_ISDIR(there.st_mode):
            raise InputError("not-writable", f"'{path}' is a folder", where=str(path), expected="a file name")
        if there is not None and (descriptor := _output_descriptor(there)) is not None:
            _write_all(descriptor, content)
        elif there is not None and not stat.S_ISREG(there.st_mode):
            with path.open("wb", buffering=0) as file:
                _write_all(file.fileno(), content)
        else:
            _replace(Path(os.path.realpath(path)), content)
    except BrokenPipeError:
        raise  # the reader went away, which is no fault of the file
    except (OSError, ValueError, RuntimeError) as error:
        raise _not_written(path, error, len(content)) from None
    return path


def is_standard_output(path: Path) -> bool:
    """Return whether a file is where standard output goes, so that nothing else may be written there."""
    with contextlib.suppress(OSError, ValueError):
        return os.path.samestat(path.stat(), os.fstat(1))
    return False


def is_stream(path: Path) -> bool:
    """Return whether a path names a device, a pipe or the standard output: nothing there is replaced."""
    if is_standard_output(path):
        return True
    with contextlib.suppress(OSError, ValueError):
        mode = path.stat().st_mode
        return not stat.S_ISREG(mode) and not stat.S_ISDIR(mode)
    return False


def with_ending(path: Path, ending: str) -> Path:
    """Return a path whose last part ends so, in place of its own ending; also for ``/`` and ``..``."""
    return path.with_suffix(ending) if path.stem.strip(".") else path / f"NAME{ending}"


def _stat(path: Path) -> os.stat_result | None:
    """Return what a path leads to; None if there is nothing yet. A circle of links is an error."""
    try:
        return path.stat()
    except FileNotFoundError:
        return None


def _output_descriptor(there: os.stat_result) -> int | None:
    """Return the output stream of this process that leads to a file, which must not lose its place in it."""
    for descriptor, stream in ((1, sys.stdout), (2, sys.stderr)):
        with contextlib.suppress(OSError):
            if os.path.samestat(there, os.fstat(descriptor)):
                if stream is not None:  # as it is in a program that was started without
                    stream.flush()
                return descriptor
    return None


def _write_all(descriptor: int, content: bytes) -> None:
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


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
