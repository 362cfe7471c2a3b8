"""Conditions that are asked only to complain are taken as passed, and no others."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import pytest
import torch
from records import same_records
from torch import Tensor, distributions, nn

from shapeflow.errors import NeedsValues
from shapeflow.recording import trace
from shapeflow.recording.shapes_only.mode import ShapesOnly

logger = logging.getLogger(__name__)


@pytest.fixture
def unknown() -> Any:
    with ShapesOnly():
        yield torch.rand(3, 5)


def passes_asserts(x: Tensor) -> None:
    assert (x >= 0).all()
    assert not torch.isnan(x).any(), "a message"
    assert x.dim() == 2 and x.max() <= 1
    assert 0 <= x[0, 0] <= 1
    assert bool((x < 2).all())


def passes_raises(x: Tensor) -> None:
    if torch.isnan(x).any() or torch.isinf(x).any():
        message = "not finite"
        raise ValueError(message)
    if not torch.isfinite(x).all().item():
        raise ValueError("not finite")
    if x.min() < 0:
        raise ValueError("negative")
    if (x > 1).any():
        raise ValueError("large")
    if (x < 2).all():
        x = x + 1
    else:
        raise ValueError("large")


def passes_warnings(x: Tensor) -> None:
    if 7 in x[:, :2]:
        text = "seven"
        if x.dim() > 1:
            text += f"in {x.dim()}"
        logger.warning(text)


@pytest.mark.parametrize("checks", [passes_asserts, passes_raises, passes_warnings])
def test_checks_are_taken_as_passed(checks: Callable[[Tensor], None], unknown: Tensor):
    checks(unknown)


def branches(x: Tensor) -> None:
    if torch.isnan(x).any():
        x = torch.nan_to_num(x)


def returns(x: Tensor) -> Tensor | None:
    if torch.isnan(x).any():
        return None
    return x


def catches(x: Tensor) -> None:
    try:
        assert (x > 5).all()
    except AssertionError:
        x = x + 1


def chooses_the_larger(x: Tensor) -> None:
    if max(x[0, 0], x[0, 1]) > 5:
        raise ValueError


def loops(x: Tensor) -> None:
    while (x > 0).any():
        x = x - 1


def chooses_in_a_condition(x: Tensor) -> None:
    if (x if x.sum() > 0 else -x).sum() > 5:
        raise ValueError


def warns_with_a_name_used_later(x: Tensor) -> str:
    state = "fine"
    if x.sum() > 0:
        state = "large"
        logger.warning(state)
    return state


def reads_a_number(x: Tensor) -> None:
    if x.sum().item() > 5:
        raise ValueError


def looks_in_a_list(x: Tensor) -> None:
    if x[0, 0] in [x[0, 1]]:
        raise ValueError


@pytest.mark.parametrize(
    "decides",
    [
        *(branches, returns, catches, chooses_the_larger, loops, chooses_in_a_condition),
        *(warns_with_a_name_used_later, reads_a_number, looks_in_a_list),
    ],
)
def test_where_numbers_decide_they_are_needed(decides: Callable[[Tensor], object], unknown: Tensor):
    with pytest.raises(NeedsValues):
        decides(unknown)


@pytest.mark.usefixtures("unknown")
def test_known_numbers_are_checked():
    with pytest.raises(AssertionError):
        passes_asserts(torch.full((3, 5), 7.0))
    with pytest.raises(ValueError, match="large"):
        passes_raises(torch.full((3, 5), 7.0))
    with pytest.raises(ValueError, match="to satisfy the constraint"):
        distributions.Normal(
            torch.zeros(3), -torch.ones(3), validate_args=True
        )  # torch.compile switches it off


def test_a_tensor_of_several_elements_is_no_condition(unknown: Tensor):
    with pytest.raises(RuntimeError, match="more than one value is ambiguous"):
        bool(unknown)
    with pytest.raises(RuntimeError, match="cannot be converted to Scalar"):
        unknown.item()


def test_the_trace_says_what_was_taken_as_passed():
    class Model(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            passes_asserts(torch.rand_like(x))
            return x

    notes = trace(Model(), torch.rand(3, 5), device="meta").run.notes
    assert len(notes) == 1
    assert "were taken as passed, at 5 lines: " in notes[0]
    assert "test_checks.py:" in notes[0]
    assert trace(nn.Linear(3, 5), torch.rand(3), device="meta").run.notes == ()


DISTRIBUTIONS: dict[str, Callable[[Tensor], Any]] = {
    "categorical": lambda x: distributions.Categorical(logits=x),
    "normal": lambda x: distributions.Normal(x, x.exp()),
    "bernoulli": lambda x: distributions.Bernoulli(logits=x),
    "dirichlet": lambda x: distributions.Dirichlet(x.exp()),
    "multivariate": lambda x: distributions.MultivariateNormal(x, x.mT @ x + torch.eye(5)),
    "independent": lambda x: distributions.Independent(distributions.Normal(x, x.exp()), 1),
    "mixture": lambda x: distributions.MixtureSameFamily(
        distributions.Categorical(logits=x), distributions.Normal(x, x.exp())
    ),
    "negative binomial": lambda x: distributions.NegativeBinomial(x.exp(), logits=x),
    "binomial": lambda x: distributions.Binomial(10, logits=x),
    "geometric": lambda x: distributions.Geometric(x.sigmoid()),
    "tanh": lambda x: distributions.TransformedDistribution(
        distributions.Normal(x, x.exp()), [distributions.transforms.TanhTransform(cache_size=1)]
    ),
}


class Sampled(nn.Module):
    def __init__(self, make: Callable[[Tensor], Any]) -> None:
        super().__init__()
        self.make, self.fc = make, nn.Linear(4, 5)

    def forward(self, x: Tensor) -> Any:
        made = self.make(self.fc(x))
        sample = made.sample()
        return made, sample, made.log_prob(sample)


@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_distributions_give_the_records_of_the_real_run(name: str):
    same_records(lambda: (Sampled(DISTRIBUTIONS[name]), (torch.randn(3, 4),)))


def test_losses_check_as_distributions_do():
    class Model(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return nn.GaussianNLLLoss()(x, x, x.exp())

    same_records(lambda: (Model(), (torch.randn(3, 4),)))
