"""What `make bench` measures."""

from __future__ import annotations

import pytest

from benchmarks.__main__ import PARTS, parse


@pytest.mark.parametrize(
    ("words", "parts"), [([], list(PARTS)), (["peers"], ["peers"]), (["zoo", "sam3"], ["zoo", "sam3"])]
)
def test_parts_are_named_or_all(words, parts):
    assert parse(words).parts == parts
    assert parse([*words, "--skip-real"]).skip_real


def test_an_unknown_part_is_refused(capsys):
    with pytest.raises(SystemExit):
        parse(["pears"])
    assert "pears" in capsys.readouterr().err
