"""What all tests share."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from builders import sample_trace

from shapeflow.common.cache import VARIABLE
from shapeflow.model.trace import Trace

with contextlib.suppress(ImportError):  # tests of torch's private names run without it
    import hypothesis

    hypothesis.settings.register_profile("untimed", deadline=None)
    hypothesis.settings.load_profile("untimed")  # how long an example takes depends on what else runs


@pytest.fixture(autouse=True)
def _seeded() -> None:
    """Give every test the same random numbers in every run, whichever tests ran before it."""
    random.seed(0)
    if "torch" in sys.modules:
        sys.modules["torch"].manual_seed(0)


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep drawings and templates in a folder of the tests, and not in the user's."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(VARIABLE, str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(autouse=True)
def _no_width(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let tables have the width that they take, however wide the terminal of the tests is."""
    monkeypatch.delenv("COLUMNS", raising=False)


@pytest.fixture(scope="session")
def sample() -> Trace:
    """A small realistic trace."""
    return sample_trace()


CHROMIUMS = ("chromium", "chromium-browser", "google-chrome", "chrome")


def find_chromium() -> str | None:
    """Return the browser named by CHROMIUM, else the first on the PATH."""
    named = os.environ.get("CHROMIUM")
    return named or next((found for name in CHROMIUMS if (found := shutil.which(name))), None)


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """A Chromium, one for all tests of a process; they are skipped, visibly, where there is none."""
    playwright = pytest.importorskip(
        "playwright.sync_api", reason="the package 'playwright' is not installed"
    )
    chromium = find_chromium()
    if chromium is None:
        pytest.skip(f"no Chromium on the PATH ({', '.join(CHROMIUMS)}), and CHROMIUM names none")
    with playwright.sync_playwright() as driver:
        running = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield running
        running.close()
