"""What all tests share."""

from __future__ import annotations

import random
import sys

import pytest
from builders import sample_trace

from shapeflow.model.trace import Trace


@pytest.fixture(autouse=True)
def _seeded() -> None:
    """Give every test the same random numbers in every run, whichever tests ran before it."""
    random.seed(0)
    if "torch" in sys.modules:
        sys.modules["torch"].manual_seed(0)


@pytest.fixture(scope="session")
def sample() -> Trace:
    """A small realistic trace."""
    return sample_trace()
