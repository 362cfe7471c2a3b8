"""A model whose run reads inputs that are drawn while it is built is built once more, with real weights."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from records import built_and_run, same_records
from torch import Tensor, nn

from benchmarks.equality import differences
from shapeflow.errors import NeedsValues
from shapeflow.recording import trace
from shapeflow.recording.job import INPUTS_FOR_REAL
from shapeflow.runs.failure import failure_error


class Reading(nn.Module):
    """Does something with features that weights have made, and with what it was given."""

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__()
        self.embed = nn.Embedding(20, 8)
        self.register_buffer("table", torch.randint(1, 5, (6,)))
        self.function = function

    def forward(self, ids: Tensor, *more: Tensor) -> Any:
        return self.function(self, self.embed(ids), ids, *more)


def built(function: Callable[..., Any], *more: Callable[[], Tensor]) -> Callable[[], Any]:
    def build() -> tuple[nn.Module, tuple[Tensor, ...]]:
        model = Reading(function)
        return model, (torch.randint(0, 20, (2, 5)), *(make() for make in more))

    return build


def branching(model: Reading, x: Tensor, ids: Tensor) -> Tensor:
    return x * 2 if (ids % 2 == 0).any() else x.sum()


GIVEN = {
    "a branch": built(branching),
    "a number": built(lambda model, x, ids: x[:, : int(ids.float().mean()) % 4 + 1]),
    "how many": built(lambda model, x, ids: x[ids > 9]),
    "places": built(lambda model, x, ids: x.flatten()[(ids > 9).nonzero()]),
    "numbers of a buffer": built(lambda model, x, ids: x.repeat_interleave(model.table[:5], 1)),
    "a drawn mask": built(lambda model, x, ids, mask: x[mask] * 2, lambda: torch.rand(2, 5) > 0.5),
    "real numbers": built(lambda model, x, ids, box: x[:, : int(box.max() * 4) + 1], lambda: torch.rand(4)),
    "lengths": built(
        lambda model, x, ids, lengths: (
            nn.utils.rnn.pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False).data
        ),
        lambda: torch.randint(1, 6, (2,)),
    ),
}


@pytest.mark.parametrize("name", GIVEN)
@pytest.mark.slow
def test_inputs_have_the_numbers_of_the_real_run(name: str):
    same_records(GIVEN[name])
    assert built_and_run(GIVEN[name], "meta").run.notes == (INPUTS_FOR_REAL,)


def counted(build: Callable[[], Any]) -> tuple[Callable[[], Any], list[int]]:
    calls: list[int] = []

    def counting() -> Any:
        calls.append(len(calls))
        return build()

    return counting, calls


WEIGHTS = {
    "a branch": lambda model, x, ids: x if x.sum() > 0 else -x,
    "how many": lambda model, x, ids: x[x > 0],
    "drawn in the run": lambda model, x, ids: x if torch.rand(()) > 0.5 else -x,
}


@pytest.mark.parametrize("name", WEIGHTS)
def test_where_weights_decide_the_model_is_not_built_again(name: str):
    build, calls = counted(built(WEIGHTS[name]))
    failure = built_and_run(build, "meta").run.failure
    assert failure is not None
    assert (failure.type, len(calls)) == ("NeedsValues", 1)


def test_a_second_run_that_needs_values_is_the_one_that_is_told():
    def twice(model: Reading, x: Tensor, ids: Tensor) -> Tensor:
        if ids.max() > 0:
            x = x.relu()
        return x if x.max() > 0 else -x

    recorded = built_and_run(built(twice), "meta")
    failure = recorded.run.failure
    assert failure is not None
    assert recorded.sources[failure.source].text.startswith("return x if")
    assert recorded.run.notes == (INPUTS_FOR_REAL,)


def test_what_the_first_run_left_somewhere_is_not_taken_for_numbers():
    kept: list[Tensor] = []

    def build() -> Any:
        if not kept:
            kept.append(torch.randint(0, 20, (2, 5)))
        return Reading(branching), (kept[0],)

    failure = built_and_run(build, "meta").run.failure
    assert failure is not None
    assert failure.type == "NeedsValues"


def test_weights_built_for_real_are_not_made_of_what_the_first_attempt_left():
    kept: list[Tensor] = []

    def build() -> Any:
        if not kept:
            kept.append(torch.randint(1, 20, ()))
        return nn.Linear(4, int(kept[0])), (torch.rand(2, 4),)

    with pytest.raises(NeedsValues):
        built_and_run(build, "meta")


@pytest.mark.parametrize("draw", [lambda: random.randint(2, 60), lambda: int(np.random.randint(2, 60))])
def test_python_draws_the_same_numbers_again(draw: Callable[[], int]):
    def build() -> Any:
        model, args = built(branching)()
        model.embed = nn.Embedding(20, draw())
        return model, args

    traces = []
    for device in ("cpu", "meta"):
        random.seed(3)
        np.random.seed(3)
        traces.append(built_and_run(build, device))
    assert list(differences(*traces, "run.py")) == []


def test_too_many_weights_are_not_built_again():
    def build() -> Any:
        model, args = built(branching)()
        model.more = nn.Linear(2**15, 2**14, bias=False)
        return model, args

    counting, calls = counted(build)
    failure = built_and_run(counting, "meta").run.failure
    assert failure is not None
    assert len(calls) == 1


def test_a_model_that_cannot_be_built_again_has_its_first_failure():
    def build() -> Any:
        if calls[1:]:
            raise ValueError("once is enough")
        return built(branching)()

    counting, calls = counted(build)
    recorded = built_and_run(counting, "meta")
    assert len(calls) == 2
    assert recorded.run.failure is not None
    assert recorded.run.failure.type == "NeedsValues"
    assert recorded.run.notes == ()


class Generating(nn.Module):
    def __init__(self, **options: Any) -> None:
        from transformers import GPT2Config, GPT2LMHeadModel

        super().__init__()
        sizes = {"n_layer": 1, "n_embd": 8, "n_head": 2, "vocab_size": 20, "n_positions": 16}
        self.model = GPT2LMHeadModel(GPT2Config(**sizes, bos_token_id=1, pad_token_id=0, **options))

    def forward(self, ids: Tensor, **options: Any) -> Tensor:
        return self.model.generate(ids, max_new_tokens=2, do_sample=False, **options)


@pytest.mark.slow
def test_generate_takes_drawn_tokens():
    same_records(lambda: (Generating(eos_token_id=None).eval(), (torch.randint(3, 20, (2, 4)),)))


def test_generate_says_what_it_looks_for():
    def build() -> Any:
        return Generating(eos_token_id=2).eval(), (torch.randint(3, 20, (2, 4)),)

    recorded = built_and_run(build, "meta")
    assert "with eos_token_id=None and num_beams=1 it need not" in failure_error(recorded).because
    model, args = build()
    with pytest.raises(NeedsValues) as caught:
        trace(model, *args, device="meta")
    assert "with eos_token_id=None and num_beams=1 it need not" in caught.value.because
