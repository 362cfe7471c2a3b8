"""Where an argument of a forward goes, read from its source."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from shapeflow.adapters.inputs.uses import only_raises, taken_with, use_of


class Inner(nn.Module):
    """Projects a text, and a picture if there is one."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(24)
        self.steps = nn.Sequential(nn.Linear(12, 8), nn.SiLU())

    def forward(self, text: Tensor, picture: Tensor | None = None) -> Any:
        text = text.to(torch.float32)
        picture = None if picture is None else self.steps(picture)
        return self.norm(text), picture


class Outer(nn.Module):
    """Hands its arguments on in the ways in which networks do."""

    def __init__(self, by_words: bool) -> None:
        super().__init__()
        self.by_words = by_words
        self.embedder = Inner()
        self.blocks = nn.ModuleList([nn.Linear(40, 40), nn.Linear(40, 40)])
        self.words = nn.Embedding(9, 8)
        self.other = nn.Linear(5, 8)

    def forward(
        self,
        text: Tensor,
        picture: Tensor | None = None,
        sound: Tensor | None = None,
        classes: Tensor | None = None,
        filled: Tensor | None = None,
    ) -> Any:
        if self.by_words:  # noqa: SIM108 - both ways of branching are read
            made = self.words(classes)
        else:
            made = self.other(classes)
        rows, _ = self.embedder(text, picture=picture)
        for number, block in enumerate(self.blocks):
            rows = rows + block(sound) * number
        if filled is None:
            filled = rows
        return made, filled.shape


def test_the_layer_that_an_argument_meets_first() -> None:
    model = Outer(by_words=True)
    assert use_of(model, "text").width == 24
    assert use_of(model, "picture").layer is None  # only where a conditional expression says so
    assert use_of(model, "sound").layer is model.blocks[0]


def test_settings_of_the_model_decide_which_branch_is_read() -> None:
    first, second = Outer(by_words=True), Outer(by_words=False)
    assert use_of(first, "classes").layer is first.words
    assert use_of(second, "classes").layer is second.other
    assert use_of(second, "classes").needed


def test_an_argument_is_needed_where_nobody_asks_whether_it_is_none() -> None:
    model = Outer(by_words=True)
    assert use_of(model, "sound").needed
    assert not use_of(model, "picture").needed
    assert not use_of(model, "filled").needed


def test_a_forward_that_only_raises_is_known_by_what_it_says() -> None:
    def refused(x: Any) -> None:
        """Not for this."""
        raise ValueError("run the whole instead")

    def checked(x: Any) -> Any:
        if x is None:
            raise ValueError("x is missing")
        return x

    assert only_raises(refused) == "run the whole instead"
    assert only_raises(checked) == ""


def test_arguments_that_are_lists_beside_the_parts_of_a_model() -> None:
    def forward(self: Any, sample: Any, images: Any, scales: Any) -> None:
        for image, scale, net in zip(images, scales, self.nets):  # noqa: B905
            net(sample, image, scale)

    assert taken_with(forward, "self.nets") == {"images", "scales"}
