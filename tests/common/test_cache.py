"""What is kept in the user's cache folder is whole, or it is not there."""

from __future__ import annotations

from pathlib import Path

import pytest

from shapeflow.common.cache import VARIABLE, cache_folder, keep, kept


def test_what_is_kept_comes_back(tmp_path: Path) -> None:
    file = tmp_path / "new" / "one"
    assert kept(file) == b""
    assert keep(file, b"as it was")
    assert kept(file) == b"as it was"
    assert list(file.parent.iterdir()) == [file]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda content: content[:-1],
        lambda content: content[:40],
        lambda _: b"",
        lambda content: content + b"x",
    ],
)
def test_what_was_changed_counts_as_none(tmp_path: Path, spoil) -> None:
    file = tmp_path / "one"
    keep(file, b"a picture of something")
    file.write_bytes(spoil(file.read_bytes()))
    assert kept(file) == b""


def test_a_folder_that_cannot_be_made_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    assert not keep(tmp_path / "file" / "one", b"content")
    assert kept(tmp_path / "file" / "one") == b""


def test_only_the_user_may_look_into_it(tmp_path: Path) -> None:
    keep(tmp_path / "figures" / "one", b"content")
    assert (tmp_path / "figures").stat().st_mode & 0o077 == 0


def test_the_folder_is_the_one_that_the_environment_names(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    assert cache_folder("figures") == tmp_path / "figures"
    monkeypatch.setenv(VARIABLE, "")
    assert cache_folder("figures") is None
    monkeypatch.delenv(VARIABLE)
    found = cache_folder("figures")
    assert found is not None
    assert found.parts[-2:] == ("shapeflow", "figures")
