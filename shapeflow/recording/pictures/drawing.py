"""Draw one picture from the numbers at hand, seen by nobody, and without ending the run if that fails."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import replace
from typing import Any

import numpy
import torch
from torch import Tensor, nn

from shapeflow.model.pictures import Picture
from shapeflow.recording.pictures import colours
from shapeflow.recording.pictures.attention import Wanted
from shapeflow.recording.pictures.layouts import Layout
from shapeflow.recording.torch_internals import no_dispatch_modes, no_torch_function


class Features:
    """Draws a map with a layout."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout

    def __call__(self, tensor: Tensor, blank: Picture) -> Picture:
        """Return the picture drawn."""
        layout = self.layout
        keep = (layout.channels, *layout.axes)
        rest = [axis for axis in range(tensor.dim()) if axis not in keep]
        first = tensor.permute(*rest, *(axis for axis in keep if axis is not None))
        for _ in rest:
            first = first[0]
        if len(layout.axes) == 1:
            first = first[:, layout.skip : layout.skip + layout.tokens]
            first = first.reshape(-1, layout.height, layout.width)
        maps = colours.averaged(first, (blank.height, blank.width))
        if not numpy.isfinite(maps).all():
            return replace(blank, missing="not-finite")
        data, share = colours.feature_picture(maps)
        return replace(blank, data=data, share=share)


def photo_of(tensor: Tensor, blank: Picture) -> Picture:
    """Return a picture that went in as it looks."""
    first = tensor[0] if tensor.dim() == 4 else tensor
    pixels = colours.averaged(first, (blank.height, blank.width))
    if not numpy.isfinite(pixels).all():
        return replace(blank, missing="not-finite")
    return replace(blank, data=colours.photo(pixels))


def attention_maps(blanks: Sequence[Picture], wish: Wanted, weights: Sequence[Tensor]) -> list[Picture]:
    """Return maps of attention drawn; one of a token that is masked out, and gets nothing, is left out."""
    pictures = []
    for blank, tensor in zip(blanks, weights, strict=True):
        grid = tensor.reshape(1, wish.grid.height, wish.grid.width)
        numbers = colours.averaged(grid, (blank.height, blank.width))[0]
        if not numpy.isfinite(numbers).all():
            pictures.append(replace(blank, missing="not-finite"))
        elif numbers.any():
            pictures.append(replace(blank, data=colours.scale_picture(numbers)))
    return pictures


def is_plain(tensor: Tensor) -> bool:
    """Return whether the numbers of a tensor can be read here, without a class of its own in between."""
    kinds = (Tensor, nn.Parameter)
    return type(tensor) in kinds and tensor.layout is torch.strided and not tensor.is_meta


def quietly(tensor: Tensor) -> AbstractContextManager[object]:
    """Let nobody see what is drawn, and no autocast change it."""
    stack = ExitStack()
    stack.enter_context(no_torch_function())
    stack.enter_context(no_dispatch_modes())
    stack.enter_context(torch.autocast(tensor.device.type, enabled=False))
    return stack


def tried(draw: Callable[[], Any]) -> Any:
    """Return what is drawn; None where that fails, which must not end the run."""
    try:
        return draw()
    except Exception:
        return None
