"""``--model FILE.pt`` of TorchScript: run by torch's interpreter, on an input made from its first weights."""

from __future__ import annotations

import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

from shapeflow.adapters.base import Adapter, Prepared
from shapeflow.adapters.files.content import first_line, unreadable
from shapeflow.adapters.files.likely_input import inputs_for
from shapeflow.adapters.request import Request

NOTE = (
    "A scripted model is run by torch's own interpreter: its operators are seen, and calls of its modules "
    "and lines of its source are not."
)


def load(path: Path) -> Adapter:
    """Return what makes a run of a scripted model. Reading it executes nothing but TorchScript.

    Raises:
        InputError: it cannot be read.
    """
    import torch

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that there are newer ways to save a model
            model: Any = torch.jit.load(path, map_location="cpu")
    except Exception as error:  # each kind of broken file fails in its own way
        raise unreadable(path, first_line(error)) from None

    def build(request: Request) -> Prepared:
        from shapeflow.adapters.forward import prepared

        torch.manual_seed(request.seed)
        needed = [
            (argument.name, str(argument.type))
            for argument in model.forward.schema.arguments[1:]
            if not argument.has_default_value()
        ]
        args, made = inputs_for(model, needed, request)
        run = prepared(model, args, {}, request, made=made)
        return replace(run, notes=(*run.notes, NOTE))

    return build
