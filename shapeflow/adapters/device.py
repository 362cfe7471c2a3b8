"""Choose the device of a real run."""

from __future__ import annotations

import torch

from shapeflow.errors import InputError


def real_device(wanted: str) -> str:
    """Return ``cpu`` or ``cuda`` for ``auto``, ``cpu`` or ``cuda``.

    Raises:
        InputError: CUDA is wanted and not there.
    """
    if wanted == "cpu" or (wanted == "auto" and not torch.cuda.is_available()):
        return "cpu"
    if torch.cuda.is_available():
        return "cuda"
    build = f"for CUDA {torch.version.cuda}" if torch.version.cuda else "without CUDA"
    raise InputError(
        "no-cuda",
        "torch finds no CUDA device here",
        where="option --device",
        found=f"torch {torch.__version__}, built {build}",
        hint="--device cpu   (or --device meta: the shapes are the same)",
    )
