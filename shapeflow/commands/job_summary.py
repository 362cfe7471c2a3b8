"""The job summary of GitHub Actions, where there is one."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from shapeflow.commands.console import say

if TYPE_CHECKING:
    from shapeflow.errors import ShapeflowError
    from shapeflow.walkthrough.verdict import CheckResult

VARIABLE = "GITHUB_STEP_SUMMARY"
"""Names the file whose Markdown GitHub shows on the page of the job."""


def add_to_job_summary(results: Sequence[CheckResult], errors: Mapping[str, ShapeflowError]) -> None:
    """Add what fails to the job summary, as much as GitHub takes; that it cannot be written is no failure."""
    from shapeflow.reporting.verdicts.github_summary import LIMIT, render

    name = os.environ.get(VARIABLE)
    if not name:
        return
    file = Path(name)
    try:
        there = file.stat().st_size if file.exists() else 0
        with file.open("ab") as stream:
            stream.write(render(results, errors, room=max(0, LIMIT - there)).encode())
    except (OSError, ValueError) as error:
        say(f"the job summary was not written: {error}")
