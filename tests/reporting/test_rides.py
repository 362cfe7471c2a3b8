"""The ways that the page's script finds through a trace are those of ``reaches``."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from builders import sample_trace
from poster_models import llama, mixtral, resnet, whisper
from report_samples import crashed, detector, hostile

from shapeflow.errors import SelectorError
from shapeflow.model.exact_names import ExactNames
from shapeflow.model.flow import places_at, reaches
from shapeflow.model.trace import Trace
from shapeflow.reporting.formats import page_data
from shapeflow.reporting.view.build import build

SCRIPT = Path(__file__).parent / "js" / "flows.mjs"
PAIRS = 200


def branching() -> Trace:
    """Return the trace of a model that lets Python see a number, and numpy a tensor."""
    import torch
    from torch import nn

    class Branching(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.linear = nn.Linear(3, 3)

        def forward(self, x):
            scale = float(self.linear(x).sum())
            seen = x.detach().numpy().copy()
            return x * scale, self.linear(torch.from_numpy(seen))

    import shapeflow

    return shapeflow.trace(Branching().eval(), torch.zeros(2, 3), device="cpu")


TRACES: dict[str, Callable[[], Trace]] = {
    "detector": detector,
    "sample": sample_trace,
    "hostile": hostile,
    "crashed": crashed,
    "branching": branching,
    "llama": llama,
    "mixtral": mixtral,
    "resnet": resnet,
    "whisper": whisper,
}
RUN = {"branching", "llama", "mixtral", "resnet", "whisper"}


def questions(trace: Trace) -> list[dict]:
    """Return pairs of places, always the same ones, with what ``reaches`` answers."""
    names, chosen = trace.cached(ExactNames), random.Random(7)
    calls = [names.call(call) for call in range(len(trace.calls))]
    ports = [
        f"{calls[call.id]}:{port.name}"
        for call in trace.calls
        for port in [*call.inputs, *call.outputs]
        if port.value is not None
    ]
    places = [*calls, *map(names.op, range(len(trace.ops))), *ports]
    found = []
    for _ in range(PAIRS):
        start, end = chosen.choice(places), chosen.choice(places)
        try:
            reach = reaches(trace, start, end)
        except SelectorError:  # it holds no tensor
            continue
        found.append(
            {
                "start": start,
                "end": end,
                "answer": reach.answer,
                "ops": len(reach.path),
                "last": reach.last,
                "doubts": sorted(doubt.kind for doubt in reach.doubts),
                "starts": [place.value for place in places_at(trace, start)],
                "ends": [place.value for place in places_at(trace, end, "both")],
            }
        )
    return found


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.slow) if name in RUN else name for name in TRACES]
)
def test_the_page_finds_the_ways_of_python(name, tmp_path):
    if not shutil.which("node"):
        pytest.skip("node is not on the PATH")
    trace = TRACES[name]()
    sample = {
        "page": json.loads(page_data.page_data(build(trace, folders=[]))),
        "questions": questions(trace),
        "shapes": [list(value.shape) for value in trace.values],
        "read": [[port.value for port in op.inputs if port.value is not None] for op in trace.ops],
    }
    assert sample["questions"]
    if "packed" in sample["page"]:
        sample["page"]["trace"] = json.loads(json.dumps(build(trace, folders=[]).explorer))
    path = tmp_path / "flows.json"
    path.write_text(json.dumps(sample))
    result = subprocess.run(
        ["node", "--test", "--test-reporter=tap", str(SCRIPT)],
        capture_output=True,
        text=True,
        timeout=300,
        env={**os.environ, "SHAPEFLOW_FLOWS": str(path), "NO_COLOR": "1"},
        check=False,
    )
    assert result.returncode == 0, result.stdout
    assert "\n# skipped 0\n" in result.stdout
