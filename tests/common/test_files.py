"""Whole files: written wholly or not at all, and every refusal is a message."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest

from shapeflow.common import files
from shapeflow.common.files import is_stream, read_bytes, with_ending, write_bytes
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


def unread(path: Path, **options: object) -> InputError:
    with pytest.raises(InputError) as caught:
        read_bytes(path, "trace", ".trace.json", **options)  # type: ignore[arg-type]
    return caught.value


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="this system has no /dev/zero")
@pytest.mark.parametrize("name", ["/dev/zero", "/dev/null", "link"])
def test_a_device_is_not_read(tmp_path: Path, name: str) -> None:
    (tmp_path / "link").symlink_to("/dev/zero")
    error = unread(tmp_path / name, unfit="trace-unreadable")
    assert (error.code, "is a device, not a trace" in error.what) == ("trace-unreadable", True)


def test_a_pipe_with_a_name_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert "is a pipe, not a trace" in unread(tmp_path / "pipe").what
    assert is_stream(tmp_path / "pipe")


def test_a_pipe_that_is_open_already_is_read() -> None:
    read, write = os.pipe()
    os.write(write, b"content")
    os.close(write)
    assert read_bytes(Path(f"/dev/fd/{read}")) == b"content"
    os.close(read)


def test_more_than_fits_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sparse = tmp_path / "sparse"
    with sparse.open("wb") as file:
        file.truncate(1 << 40)
    assert unread(sparse, unfit="trace-unreadable").code == "trace-unreadable"
    monkeypatch.setattr(files, "CHUNK", 4)
    endless, write = os.pipe()
    os.write(write, b"x" * 100)
    assert "is too large for a trace" in unread(Path(f"/dev/fd/{endless}"), limit=50).what
    os.close(endless)
    os.close(write)
    (tmp_path / "full").write_bytes(b"x" * 50)
    assert len(read_bytes(tmp_path / "full", limit=50)) == 50
    assert unread(tmp_path / "full", limit=49).expected == "at most 49 B"


def test_a_link_to_itself_is_refused_by_every_python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "loop").symlink_to("loop")
    monkeypatch.setattr(Path, "resolve", Path.absolute)  # since 3.13 it raises nothing here
    assert refused(tmp_path / "loop").code == "not-writable"
    assert (tmp_path / "loop").is_symlink()
    (tmp_path / "dangling").symlink_to("there")
    write_bytes(tmp_path / "dangling", b"new")
    assert (tmp_path / "there").read_bytes() == b"new"


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("a.x", "a.md"),
        ("a", "a.md"),
        ("d/a.b.c", "d/a.b.md"),
        ("/", "/NAME.md"),
        (".", "NAME.md"),
        ("..", "../NAME.md"),
        ("d/..", "d/../NAME.md"),
        (".hidden", ".hidden.md"),
    ],
)
def test_every_path_can_be_given_an_ending(path: str, wanted: str) -> None:
    assert str(with_ending(Path(path), ".md")) == wanted
