"""Small pictures of a run: what they show is what was computed, and taking them disturbs nothing."""

from __future__ import annotations

import base64
import gc
import io
import weakref
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy
import pytest
import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional

from shapeflow.common.shared import Changes
from shapeflow.model.exact_names import ExactNames
from shapeflow.model.pictures import MOST_BYTES, MOST_PICTURES, Picture, picture_fault
from shapeflow.model.trace import Trace
from shapeflow.model.tracefile import dumps
from shapeflow.recording.pictures import colours, detections
from shapeflow.recording.pictures.layouts import Layout, permuted, reshaped
from shapeflow.recording.recorder import Recording
from shapeflow.recording.shapes_only.mode import ShapesOnly


class Seer(nn.Module):
    """A patch embedding, a class token, attention inside the map and with a phrase, and a map again."""

    def __init__(self, *, eager: bool = False) -> None:
        super().__init__()
        self.eager = eager
        self.embed = nn.Conv2d(3, 16, 4, 4)
        self.token = nn.Parameter(torch.zeros(1, 1, 16))
        self.mix = nn.Linear(16, 16)
        self.head = nn.Conv2d(16, 5, 1)

    def attend(self, query: Tensor, key: Tensor, mask: Tensor | None = None) -> Tensor:
        """Return attention with two heads."""
        q, k = (x.reshape(x.shape[0], -1, 2, 8).transpose(1, 2) for x in (query, key))
        if not self.eager:
            mixed = functional.scaled_dot_product_attention(q, k, k, attn_mask=mask)
        else:
            scores = q @ k.transpose(-2, -1) * 8**-0.5
            if mask is not None:
                scores = scores.masked_fill(~mask, float("-inf"))
            mixed = scores.softmax(-1) @ k
        return mixed.transpose(1, 2).reshape(query.shape)

    def forward(self, picture: Tensor, phrase: Tensor) -> Tensor:
        """Return five channels of a picture and a phrase of which the last word is padding."""
        rows = self.embed(picture).flatten(2).transpose(1, 2)
        rows = torch.cat([self.token.expand(len(rows), -1, -1), rows], 1)
        rows = self.mix(rows + self.attend(rows, rows))
        mask = torch.tensor([[True, True, False]])
        rows = rows + self.attend(rows, phrase, mask)
        grid = rows[:, 1:].transpose(1, 2).reshape(-1, 16, 6, 8)
        return self.head(grid)


def given() -> tuple[Tensor, Tensor]:
    torch.manual_seed(1)
    return torch.rand(2, 3, 24, 32), torch.rand(2, 3, 16)


def traced(model: nn.Module, *inputs: Any, watch: Callable[[nn.Module], None] = lambda _: None) -> Trace:
    with Recording(model.eval(), pictures=True) as recording, torch.no_grad():
        watch(model)
        model(*inputs)
    return recording.trace


def seer(**options: Any) -> Seer:
    torch.manual_seed(0)
    return Seer(**options)


def named(trace: Trace) -> dict[str, list[Picture]]:
    names, found = ExactNames(trace), {}
    for picture in trace.pictures:
        found.setdefault(names.value(picture.value), []).append(picture)
    return found


def pixels(picture: Picture) -> numpy.ndarray:
    image = Image.open(io.BytesIO(base64.b64decode(picture.data)))
    assert (image.width, image.height) == (picture.width, picture.height)
    return numpy.asarray(image)


def scaled(columns: numpy.ndarray) -> numpy.ndarray:
    """Return columns from 0 to 255 as the pictures have them."""
    low, high = numpy.percentile(columns, [0.5, 99.5], axis=0)
    return ((columns - low) / (high - low)).clip(0, 1) * 255


def test_colours_are_the_principal_components_that_numpy_finds() -> None:
    model, inputs = seer(), given()
    picture = named(traced(model, *inputs))["embed@0:out"][0]
    with torch.no_grad():
        rows = model.embed(inputs[0])[0].reshape(16, -1).T.numpy()
    centred = rows - rows.mean(0)
    left, sizes, _ = numpy.linalg.svd(centred, full_matrices=False)
    shown = pixels(picture).reshape(-1, 3)
    for number in range(3):
        own = left[:, number] * sizes[number]
        differences = [
            numpy.abs(scaled(sign * own[:, None])[:, 0] - shown[:, number]).max() for sign in (1, -1)
        ]
        assert min(differences) < 5  # steps of four
    assert picture.share == round(100 * (sizes[:3] ** 2).sum() / (sizes**2).sum())
    assert (picture.channels, picture.batch) == (16, 2)


@pytest.mark.parametrize(("samples", "channels"), [(40, 7), (9, 50), (30, 2)])
def test_components_are_the_same_whichever_square_is_taken(samples: int, channels: int) -> None:
    rows = numpy.random.default_rng(0).normal(size=(samples, channels)).astype(numpy.float32)
    found, share = colours.components(rows)
    left, sizes, _ = numpy.linalg.svd(rows - rows.mean(0), full_matrices=False)
    count = min(3, channels)
    assert numpy.allclose(numpy.abs(found), numpy.abs(left[:, :count] * sizes[:count]), atol=1e-3)
    assert share == pytest.approx((sizes[:count] ** 2).sum() / (sizes**2).sum(), abs=1e-4)


@pytest.mark.parametrize("eager", [False, True])
def test_attention_is_what_the_model_weighs(eager: bool) -> None:
    model, (picture, phrase) = seer(eager=eager), given()
    found = [one for pictures in named(traced(model, picture, phrase)).values() for one in pictures]
    maps = [one for one in found if one.kind == "attention"]
    assert [(one.receives, one.token, one.tokens, one.heads) for one in maps] == [
        (False, 0, 49, 2),  # from the class token
        (True, 0, 3, 2),
        (True, 1, 3, 2),  # the third word is masked out
    ]
    with torch.no_grad():
        rows = model.embed(picture).flatten(2).transpose(1, 2)
        rows = torch.cat([model.token.expand(2, -1, -1), rows], 1)
        q = rows.reshape(2, -1, 2, 8).transpose(1, 2)
        own = (q @ q.transpose(-2, -1) * 8**-0.5).softmax(-1)[0, :, 0, 1:].mean(0).reshape(6, 8)
    assert maps[0].data == colours.scale_picture(own.numpy())


def test_a_map_is_found_again_behind_tokens_and_a_class_token() -> None:
    found = named(traced(seer(), *given()))
    assert {
        name: (one[0].width, one[0].height) for name, one in found.items() if one[0].kind == "features"
    } == {
        "embed@0:out": (8, 6),
        "mix@0:out": (8, 6),
        ".@0:out": (8, 6),
    }


class Words(nn.Module):
    """As many tokens as a picture of 14 x 14 would have, and no picture."""

    def __init__(self) -> None:
        super().__init__()
        self.table, self.mix = nn.Embedding(10, 12), nn.Linear(12, 12)

    def forward(self, words: Tensor) -> Tensor:
        """Return something for each word."""
        x = self.mix(self.table(words))
        return functional.scaled_dot_product_attention(x[:, None], x[:, None], x[:, None])[:, 0]


def test_tokens_that_are_no_picture_are_not_drawn() -> None:
    assert traced(Words(), torch.zeros(1, 196, dtype=torch.long)).pictures == ()


def test_nothing_is_kept_unless_asked_for() -> None:
    with Recording(seer()) as recording:
        recording._model(*given())  # type: ignore[misc]
    assert recording.trace.pictures == ()


@pytest.mark.parametrize("eager", [False, True])
def test_outputs_and_random_numbers_are_bitwise_those_of_a_run_without(eager: bool) -> None:
    model, inputs = seer(eager=eager).eval(), given()
    expected, after = model(*inputs), torch.rand(3)
    torch.manual_seed(1)
    given()
    with Recording(model, pictures=True) as recording:
        found = model(*inputs)
    assert torch.equal(found, expected)
    assert found.requires_grad
    assert torch.equal(torch.rand(3), after)
    assert all(picture.data for picture in recording.trace.pictures)


def test_autocast_and_inference_mode_are_drawn_all_the_same() -> None:
    model, inputs = seer().eval(), given()
    with torch.inference_mode(), torch.autocast("cpu", dtype=torch.bfloat16):
        expected = model(*inputs)
        with Recording(model, pictures=True) as recording:
            found = model(*inputs)
    assert torch.equal(found, expected)
    assert len(recording.trace.pictures) == len(traced(seer(), *inputs).pictures)


def test_no_tensor_is_kept_alive() -> None:
    model, kept = seer().eval(), []
    hooks = [
        child.register_forward_hook(lambda _, __, out: kept.append(weakref.ref(out)))
        for child in model.children()
    ]
    with Recording(model, pictures=True) as recording, torch.no_grad():
        inputs = given()
        kept += map(weakref.ref, inputs)
        model(*inputs)
        del inputs
        gc.collect()
        assert not [ref for ref in kept if ref() is not None]
    assert recording.trace.pictures
    for hook in hooks:
        hook.remove()


@pytest.mark.parametrize("error", [ValueError("no"), KeyboardInterrupt()])
def test_a_run_that_ends_early_keeps_what_it_has_seen(error: BaseException) -> None:
    model = seer().eval()

    def fail(*_: Any) -> None:
        raise error

    model.head.register_forward_pre_hook(fail)
    recording = Recording(model, pictures=True)
    with pytest.raises(type(error)), recording:
        model(*given())
    assert {"embed@0:out", "mix@0:out"} < named(recording.trace).keys()
    assert recording._builder.pictures._pending == {}  # type: ignore[union-attr]


def test_a_picture_that_cannot_be_drawn_ends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> None:
        raise RuntimeError("no")

    monkeypatch.setattr(colours, "averaged", fail)
    trace = traced(seer(), *given())
    assert {picture.missing for picture in trace.pictures} == {"not-drawn"}


def test_numbers_that_are_not_finite_are_not_drawn() -> None:
    picture, phrase = given()
    picture[0, 0, 0, 0] = float("nan")
    trace = traced(seer(), picture, phrase)
    assert {picture.missing for picture in trace.pictures} == {"not-finite"}


def test_all_else_that_is_recorded_stays_the_same() -> None:
    texts = []
    for pictures in (False, True):
        model, inputs = seer().eval(), given()
        with Recording(model, pictures=pictures) as recording, torch.no_grad():
            model(*inputs)
        trace = recording.trace
        texts.append(dumps(replace(trace, run=replace(trace.run, seconds={}), pictures=())))
    assert texts[0] == texts[1]


def test_a_shapes_only_run_says_what_a_real_one_would_show() -> None:
    model, inputs = seer().eval(), given()
    real = traced(model, *inputs)
    mode, changes = ShapesOnly(), Changes()
    mode.begin(changes)
    try:
        model, inputs = seer().eval(), given()
        recording = Recording(model, shapes_only=mode, pictures=True)
        recording.begin()
        with torch.no_grad():
            model(*inputs)
        recording.end()
    finally:
        changes.end()
    shown = {
        (name, one.kind, one.width, one.height)
        for name, all_ in named(recording.trace).items()
        for one in all_
    }
    assert shown >= {
        (name, one.kind, one.width, one.height) for name, all_ in named(real).items() for one in all_
    }
    assert {picture.missing for picture in recording.trace.pictures} == {"shapes-only"}
    assert not any(picture.data for picture in recording.trace.pictures)


class Deep(nn.Module):
    """Very many maps of noise, which nothing makes small."""

    def __init__(self, layers: int) -> None:
        super().__init__()
        self.stages = nn.ModuleDict(
            {
                f"s{number}": nn.Sequential(nn.Conv2d(3, 3, 1), nn.Conv2d(3, 3, 3, padding=1))
                for number in range(layers)
            }
        )

    def forward(self, x: Tensor) -> Tensor:
        """Run all."""
        for stage in self.stages.values():
            x = torch.rand_like(stage(x))
        return x


def test_pictures_stay_within_their_limits() -> None:
    trace = traced(Deep(90), torch.rand(1, 3, 80, 80))
    assert 3 < len(trace.pictures) <= MOST_PICTURES
    assert sum(len(picture.data) for picture in trace.pictures) <= MOST_BYTES
    assert all(not picture_fault(picture.data) for picture in trace.pictures)


@pytest.mark.parametrize(
    ("after", "axes", "channels"),
    [
        ((2, 16, 48), (2,), 1),
        ((2, 2, 8, 6, 8), (3, 4), None),
        ((32, 6, 8), (1, 2), None),
        ((2, 16, 8, 6), None, None),
        ((2, 768), None, None),
    ],
)
def test_axes_are_followed_through_reshapes(
    after: tuple[int, ...], axes: tuple[int, ...] | None, channels: int | None
) -> None:
    found = reshaped(Layout(6, 8, (2, 3), 1), (2, 16, 6, 8), after)
    assert (found and found.axes) == axes
    assert found is None or found.channels == channels


def test_axes_are_followed_through_permutations() -> None:
    layout = Layout(6, 8, (2, 3), 1)
    assert permuted(layout, "permute", 4, [0, 2, 3, 1]) == Layout(6, 8, (1, 2), 3)
    assert permuted(layout, "transpose", 4, [1, -1]) == Layout(6, 8, (2, 1), 3)
    assert permuted(layout, "permute", 4, [0, 2]) is None


class GeneralizedRCNN(nn.Module):
    """Gives what torchvision's detectors give."""

    def forward(self, images: list[Tensor]) -> list[dict[str, Tensor]]:
        """Return two detections, the second of which is better."""
        masks = torch.zeros(2, 1, *images[0].shape[-2:])
        masks[0, :, :20], masks[1, :, 20:] = 1, 1
        boxes = torch.tensor([[0.0, 0, 32, 20], [16, 10, 64, 40]])
        return [
            {
                "boxes": boxes,
                "labels": torch.tensor([1, 1]),
                "scores": torch.tensor([0.25, 0.75]),
                "masks": masks,
            }
        ]


def test_boxes_and_masks_are_where_the_tensors_say() -> None:
    found = {one.kind: one for one in traced(GeneralizedRCNN(), [torch.rand(3, 40, 64)]).pictures}
    assert found["boxes"].best == found["masks"].best == "0.75"
    boxes, masks = pixels(found["boxes"]), pixels(found["masks"])
    assert boxes.shape == masks.shape == (180, 288, 4)
    rows, columns = numpy.nonzero((boxes[..., :3] == detections.COLOURS[0]).all(-1) & (boxes[..., 3] > 0))
    assert (columns.min(), rows.min(), columns.max(), rows.max()) == (72, 45, 287, 179)
    assert {int(opacity) for opacity in numpy.unique(boxes[..., 3])} == {0, 64, 191}
    assert (masks[90:, :, :3] == detections.COLOURS[0]).all()
    assert (masks[:90, :, :3] == detections.COLOURS[1]).all()


def test_names_alone_do_not_make_boxes() -> None:
    shapes = {"out[0].boxes": (2, 4), "out[0].scores": (2,)}
    assert detections.find(shapes, {"Other", "Module"}) is None
    assert detections.find(shapes, {"Other", "GeneralizedRCNN"}) is not None


@pytest.mark.parametrize("scored", ["sigmoid", "presence", "softmax"])
def test_scores_are_what_is_said_of_them(scored: str) -> None:
    convention = next(one for one in detections.CONVENTIONS if one.scored == scored)
    logits, presence = torch.randn(1, 5, 3), torch.tensor([[0.3]])
    expected = {
        "sigmoid": logits[0].amax(-1).sigmoid(),
        "presence": logits[0].amax(-1).sigmoid() * torch.tensor(0.3).sigmoid(),
        "softmax": logits[0].softmax(-1)[:, :2].amax(-1),
    }[scored]
    assert torch.equal(
        detections.scores_of(convention, logits, presence if scored == "presence" else None), expected
    )
