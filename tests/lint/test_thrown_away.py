"""A result is thrown away by a statement: a line that looks like one may be a part of something longer."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn

from shapeflow.lint.check import lint
from shapeflow.model.trace import Trace
from shapeflow.recording import trace


class Thrown(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        x.permute(1, 0)
        return x + 1


class ThrownOverLines(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        x.relu().permute(
            1,
            0,
        )
        return x + 1


class Listed(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        maps = [
            part.flatten(0).view(1, -1)  # the first of them is wanted
            for part in (x, x + 1)
        ]
        return maps[0]


class Given(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        maps = {
            "first": x + 1,
            "second": torch.stack([
                x.permute(1, 0),
            ]),
        }  # fmt: skip
        list(
            map(
                len,
                [
                    x.permute(1, 0)
                ],
            )
        )  # fmt: skip
        return maps["first"]


def thrown(recorded: Trace) -> list[str]:
    return [finding.what for finding in lint(recorded).findings if "throws it away" in finding.what]


def recorded(kind: type[nn.Module]) -> Trace:
    return trace(kind(), torch.rand(3, 4), device="meta")


@pytest.mark.parametrize("kind", [Thrown, ThrownOverLines])
def test_a_statement_throws_its_result_away(kind: type[nn.Module]) -> None:
    assert len(thrown(recorded(kind))) == 1


@pytest.mark.parametrize("kind", [Listed, Given])
def test_a_part_of_a_longer_statement_does_not(kind: type[nn.Module]) -> None:
    assert thrown(recorded(kind)) == []


def test_without_the_file_nobody_knows() -> None:
    found = recorded(Thrown)
    elsewhere = tuple(replace(source, file=f"gone/{source.file}") for source in found.sources)
    changed = tuple(replace(source, text="y.permute(1, 0)") for source in found.sources)
    assert thrown(replace(found, sources=elsewhere)) == []
    assert thrown(replace(found, sources=changed)) == []
