"""Whole files: written wholly or not at all, and every refusal is a message."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest

from shapeflow.common.files import read_bytes, write_bytes
from shapeflow.errors import ExitCode, InputError


def refused(path: Path) -> InputError:
    with pytest.raises(InputError) as caught:
        write_bytes(path, b"new")
    assert caught.value.exit_code == ExitCode.WRONG_INPUT
    return caught.value


def test_a_file_is_replaced_and_keeps_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    assert write_bytes(path, b"old") == path
    path.chmod(0o640)
    write_bytes(path, b"new")
    assert path.read_bytes() == b"new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.json"]


def test_a_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "real").write_bytes(b"old")
    (tmp_path / "link").symlink_to("real")
    write_bytes(tmp_path / "link", b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_bytes() == b"new"


def test_a_device_is_written_to_not_replaced() -> None:
    write_bytes(Path(os.devnull), b"new")
    assert not Path(os.devnull).is_file()


def test_a_full_disk_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(b"old")
    real_open = Path.open

    class Full:
        def __init__(self, file: object) -> None:
            self.file = file

        def __enter__(self) -> Full:
            return self

        def __exit__(self, *_: object) -> None:
            self.file.close()  # type: ignore[attr-defined]

        def write(self, content: bytes) -> None:
            self.file.write(content[:1])  # type: ignore[attr-defined]
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "open", lambda self, mode: Full(real_open(self, mode)))
    error = refused(path)
    assert error.code == "disk-full"
    assert error.expected == "room for 3 bytes"
    monkeypatch.undo()
    assert path.read_bytes() == b"old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.json"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_device_that_is_full() -> None:
    assert refused(Path("/dev/full")).code == "disk-full"


def test_an_interruption_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_bytes(tmp_path / "a.json", b"new")
    assert list(tmp_path.iterdir()) == []


def test_places_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    error = refused(tmp_path)
    assert (error.code, error.what) == ("not-writable", f"'{tmp_path}' is a folder")
    error = refused(tmp_path / "no" / "a.json")
    assert error.what == f"no folder '{tmp_path / 'no'}'"
    assert error.hint.startswith("mkdir -p ")
    (tmp_path / "file").touch()
    assert refused(tmp_path / "file" / "a.json").because == "Not a directory"
    assert refused(tmp_path / ("a" * 300)).because == "File name too long"
    assert "null" in refused(tmp_path / "a\0b").because
    (tmp_path / "loop").symlink_to("loop")
    assert refused(tmp_path / "loop").code == "not-writable"
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert refused(tmp_path / "file").because == "the file is read-only"


def test_a_missing_file_names_the_nearest(tmp_path: Path) -> None:
    for name in ("sam3.trace.json", "other.trace.json.gz", "notes.md"):
        (tmp_path / name).touch()
    with pytest.raises(InputError) as caught:
        read_bytes(tmp_path / "sam.trace.json", "trace", ".trace.json")
    error = caught.value
    assert error.code == "file-missing"
    assert error.what == f"no trace '{tmp_path / 'sam.trace.json'}'"
    assert error.found == "the folder holds other.trace.json.gz, sam3.trace.json"
    assert error.hint == str(tmp_path / "sam3.trace.json")
    with pytest.raises(InputError, match="no folder") as caught:
        read_bytes(tmp_path / "no" / "sam.trace.json")
    assert caught.value.hint == ""


def test_files_that_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match="is a folder, not a trace"):
        read_bytes(tmp_path, "trace")
    with pytest.raises(InputError, match="cannot be read"):
        read_bytes(tmp_path / "a\0b")
    (tmp_path / "a").touch()

    def deny(*_: object, **__: object) -> bytes:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "open", deny)
    with pytest.raises(InputError, match="Permission denied"):
        read_bytes(tmp_path / "a")
