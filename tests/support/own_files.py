"""Runs of models whose source is written to a file, and what is said of the shapes in its comments."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import torch

import shapeflow


def traced(source: str, path: Path, name: str, *inputs: torch.Tensor) -> shapeflow.Trace:
    """Return a run of a class of a file with some source."""
    path.write_text(source)
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return shapeflow.trace(getattr(module, name)().eval(), *inputs)


def verdicts(source: str, path: Path, *inputs: torch.Tensor) -> list[tuple[str, str]]:
    """Return the shapes in the source of a class ``Net``, and what is said of each."""
    trace = traced(source, path, "Net", *inputs)
    return [(mark.mention.text, mark.verdict) for mark in shapeflow.annotate(trace, path).marks]
