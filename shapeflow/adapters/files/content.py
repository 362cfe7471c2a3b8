"""What kind of model a file is, told by its content; and the words for one that is none."""

from __future__ import annotations

import stat
import zipfile
from pathlib import Path
from typing import Literal

from shapeflow.adapters.files.kinds import ENDINGS, FOREIGN
from shapeflow.common.text import nearest
from shapeflow.errors import InputError

OPTION = "option --model"
EXPORT = "torch.export.save(torch.export.export(model, args), 'model.pt2')"
MOST_UNPACKED = 20
"""Times its size on the disk that an archive may unpack to; torch does not compress weights."""
NOT_MODELS = (
    (b"version https://git-lfs", "a Git LFS pointer, not the file it stands for", "git lfs pull"),
    (b"<!doctype html", "a saved web page", "download the file itself"),
    (b"<html", "a saved web page", "download the file itself"),
    (b"\x1f\x8b", "a gzip archive", "unpack it"),
    (b"{", "a JSON file", ""),
)
"""First bytes (lower case) -> what the file is, and what to do."""
Kind = Literal["exported", "scripted", "saved", "safetensors"]


def check(target: str) -> None:
    """Check without torch that a model file is there, and of a format that torch runs.

    Raises:
        InputError: it is not.
    """
    path = Path(target)
    if path.is_dir() or not path.exists():
        raise _missing(path)
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise OSError(None, "it is not a file but a device or a pipe")
        with path.open("rb") as file:
            first = file.read(64)
    except OSError as error:
        raise InputError(
            "file-unreadable", f"'{path}' cannot be read", where=OPTION, because=error.strerror or str(error)
        ) from None
    foreign = FOREIGN.get(path.suffix.lower())
    if foreign is not None:
        raise InputError(
            "model-format",
            f"'{path}' is a file of {foreign}, which torch does not run",
            where=OPTION,
            expected="an exported program (.pt2), a scripted model, or code: FILE.py:FUNCTION",
            because="its operators are not those of torch: what is said of them would not be of the model",
            hint=f"where the model is in torch: {EXPORT}",
        )
    if not first:
        raise unreadable(path, "it is empty")
    for begin, what, hint in NOT_MODELS:
        if first.lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith(begin):
            raise unreadable(path, f"it begins like {what}").amend(hint=hint)


def kind_of(path: Path) -> Kind:
    """Return what a file is, from the names of the parts in it; nothing in it is unpacked.

    Raises:
        InputError: it is an archive of something else, or a broken one.
    """
    if path.suffix.lower() == ".safetensors":
        return "safetensors"
    if not zipfile.is_zipfile(path):
        with path.open("rb") as file:
            begins_like_zip = file.read(2) == b"PK"
        if begins_like_zip or path.suffix.lower() == ".pt2":
            raise unreadable(path, "it is no complete archive; it may be cut off" if begins_like_zip else "")
        return "saved"
    try:
        with zipfile.ZipFile(path) as archive:
            unpacked = sum(part.file_size for part in archive.infolist())
            if unpacked > MOST_UNPACKED * path.stat().st_size:
                raise ValueError(f"it would unpack to {unpacked / 1e9:,.1f} GB")
            names = [name.partition("/")[2] for name in archive.namelist()] + archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise unreadable(path, str(error)) from None
    if any(name.startswith("models/") or name == "serialized_exported_program.json" for name in names):
        return "exported"
    if any(name.startswith("data/aotinductor/") for name in names):
        raise InputError(
            "model-format",
            f"'{path}' is a compiled package, which has no operators to look at",
            where=OPTION,
            expected="the exported program that it was compiled from",
            hint=EXPORT,
        )
    if "constants.pkl" in names and any(name.startswith("code/") for name in names):
        return "scripted"
    if "data.pkl" in names:
        return "saved"
    raise unreadable(path, "it is an archive of something else")


def first_line(error: BaseException) -> str:
    """Return the kind of an error and how its text begins."""
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0][:160]}" if lines else type(error).__name__


def unreadable(path: Path, because: str) -> InputError:
    """Return the error for a file that is not what its name says."""
    return InputError(
        "model-unreadable",
        f"'{path}' cannot be read as a model",
        where=OPTION,
        expected="an exported program (.pt2), a scripted model, or a model saved by torch.save",
        found=f"{path.stat().st_size:,} bytes",
        because=because,
    )


def _missing(path: Path) -> InputError:
    folder = path.parent
    if path.is_dir():
        inside = sorted(entry.name for entry in path.iterdir() if entry.suffix in ENDINGS)
        close = inside[:1]
        because = "it is a folder"
        folder = path
    else:
        beside = [entry.name for entry in folder.iterdir()] if folder.is_dir() else []
        close = (
            nearest(path.name, beside, 1)
            or sorted(name for name in beside if Path(name).suffix in ENDINGS)[:1]
        )
        because = f"looked in {folder.resolve()}" if folder.is_dir() else f"there is no folder '{folder}'"
    return InputError(
        "file-missing",
        f"no file '{path}'",
        where=OPTION,
        because=because,
        hint=f"--model {folder / close[0]}" if close else "",
    )
