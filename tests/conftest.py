"""What several test files share."""

from __future__ import annotations

import pytest
from builders import sample_trace

from shapeflow.model.trace import Trace


@pytest.fixture(scope="session")
def sample() -> Trace:
    """A small realistic trace."""
    return sample_trace()
