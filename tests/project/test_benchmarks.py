"""What `make bench` measures."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
import torch
from torch import Tensor

from benchmarks.__main__ import PARTS, parse
from benchmarks.refusals import Case, in_children
from shapeflow.recording.shapes_only.mode import ShapesOnly


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


def _cases(name: str) -> Iterator[Case]:
    def doubled(tensor: Tensor) -> Tensor:
        return tensor * 2

    def ends(tensor: Tensor) -> Tensor:
        return tensor * 2 if tensor.is_leaf and ShapesOnly in map(type, _modes()) else os.abort()

    for change, function in (("one", doubled), ("two", ends), ("three", doubled)):
        yield Case("of torch", change, lambda function=function: function, (torch.ones(3),), {})


def _modes() -> list[object]:
    from torch.utils._python_dispatch import _get_current_dispatch_mode_stack

    return list(_get_current_dispatch_mode_stack())


@pytest.mark.slow
def test_only_the_call_that_ends_the_process_is_not_compared():
    rows = [(row["change"], row["verdict"], row["real"]) for row in in_children("doubled", _cases)]
    assert [row[:2] for row in rows] == [
        *(("one", "the same results"), ("one", "the same results")),
        *(("two", "not compared"), ("two", "not compared")),
        *(("three", "the same results"), ("three", "the same results")),
    ]
    assert {row[2] for row in rows if row[0] == "two"} == {"ends the process"}


@pytest.mark.slow
def test_a_comparison_has_the_name_by_which_it_was_asked_for():
    assert {row["name"] for row in in_children("module doubled", _cases)} == {"module doubled"}
