"""Other tools beside this one, on the same models: time, and what each records.

``python -m benchmarks.peers`` runs each tool on each model in a process of its own, at most ten minutes. On
SAM3 every tool gets the weights-free model: large tensors on ``meta``, small ones real.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import torch
from torch import Tensor, nn

from benchmarks.document import replace_part, table, versions
from benchmarks.processes import python
from benchmarks.tools import OURS, TOOLS, nothing

REPEATS = 3
"""Runs that are timed, after one that is not."""
PACKAGES = ("torch", "torchinfo", "torchscan", "torchview", "torchvista", "torchlens", "transformers", "sam3")

Built = tuple[nn.Module, tuple[Tensor, ...]]


def vit() -> Built:
    from transformers import ViTConfig, ViTModel

    return ViTModel(ViTConfig()).eval(), (torch.rand(1, 3, 224, 224),)


def gpt2() -> Built:
    from transformers import GPT2Config, GPT2LMHeadModel

    return GPT2LMHeadModel(GPT2Config()).eval(), (torch.randint(0, 1000, (1, 64)),)


class ImageAndPrompt(nn.Module):
    """The official SAM3 with one prompt, as a module with a ``forward``, as the other tools need it."""

    def __init__(self) -> None:
        super().__init__()
        from benchmarks.sam3 import request
        from shapeflow.adapters.base import load

        self.model = load("sam3")(request("meta")).model
        from sam3.model.sam3_image_processor import Sam3Processor

        self.stage = Sam3Processor(self.model, device="cpu").find_stage

    def forward(self, picture: Tensor) -> Any:
        """Return the model's outputs for a prepared picture."""
        state = self.model.backbone.forward_image(picture)
        state.update(self.model.backbone.forward_text(["yellow school bus"], device="cpu"))
        return self.model.forward_grounding(
            backbone_out=state,
            find_input=self.stage,
            geometric_prompt=self.model._get_dummy_prompt(),
            find_target=None,
        )


def sam3() -> Built:
    return ImageAndPrompt().eval(), (torch.rand(1, 3, 1008, 1008),)


MODELS: dict[str, Callable[[], Built]] = {"ViT-base": vit, "GPT-2": gpt2, "SAM3": sam3}


def measure(name: str, tool: str) -> dict[str, Any]:
    """Return the seconds of the bare forward and of the tool, and what the tool counted."""
    from benchmarks.plain import plain
    from shapeflow.recording.shapes_only.mode import ShapesOnly

    weightless = name == "SAM3"
    with torch.no_grad(), plain() if weightless else nullcontext():
        model, inputs = MODELS[name]()
        bare = [_seconds(nothing, model, inputs)[0] for _ in range(REPEATS + 1)]
        if tool not in OURS:
            runs = [_seconds(TOOLS[tool], model, inputs) for _ in range(REPEATS + 1)]
    if tool in OURS:
        with torch.no_grad():
            if weightless:
                with ShapesOnly():
                    model, inputs = MODELS[name]()
            runs = [_seconds(TOOLS[tool], model, inputs) for _ in range(REPEATS + 1)]
    seconds = [statistics.median(times) for times in (bare[1:], [taken for taken, _ in runs[1:]])]
    return {"bare": seconds[0], "seconds": seconds[1], "counts": runs[-1][1]}


def _seconds(function: Callable[..., Any], model: nn.Module, inputs: tuple[Tensor, ...]) -> tuple[float, Any]:
    started = time.perf_counter()
    result = function(model, inputs)
    return time.perf_counter() - started, result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", nargs="*", default=list(MODELS), choices=list(MODELS))
    parser.add_argument("--write", action="store_true", help="put the table into docs/benchmarks.md")
    parser.add_argument("--child", nargs=2, metavar=("MODEL", "TOOL"), help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.child:
        print(json.dumps(measure(*args.child)))
        return
    rows = []
    for name in args.models:
        for tool in TOOLS:
            if name == "SAM3" and tool == "shapeflow, real run":  # see benchmarks.sam3
                continue
            finished = python(["-m", "benchmarks.peers", "--child", name, tool])
            rows.append((name, tool, *_cells(finished.result, finished.error)))
            print(*rows[-1], sep=" | ", flush=True)
    head = ("model", "tool", "seconds", "over bare forward", "calls", "ops", "distinct shapes")
    text = f"{table(head, rows)}\n\n{versions(*PACKAGES)}."
    print(replace_part("benchmarks.md", "peers", text) if args.write else text)


def _cells(result: dict[str, Any] | None, error: str) -> tuple[object, ...]:
    if result is None:
        return (f"fails: `{error[:150]}`", "", "", "", "")
    ratio = result["seconds"] / result["bare"]
    return (f"{result['seconds']:.2f}", f"{ratio:.2f}", *(f"{count:,}" for count in result["counts"]))


if __name__ == "__main__":
    main()
