"""``--model FILE`` as ``torch.save`` or safetensors write it: a pickled model, or weights that need one."""

from __future__ import annotations

import json
import warnings
import zipfile
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shapeflow.adapters.base import Adapter, Prepared
from shapeflow.adapters.files.content import OPTION, Kind, first_line, unreadable
from shapeflow.adapters.files.likely_input import inputs_for
from shapeflow.adapters.libraries.library import tensors_of
from shapeflow.adapters.request import Request
from shapeflow.adapters.script import Script
from shapeflow.common.text import counted, listing
from shapeflow.errors import InputError

if TYPE_CHECKING:
    from torch.nn import Module

MOST_HEADER = 100_000_000
"""Bytes of names and sizes that a safetensors file may have, by its own definition."""
MOST_PICKLES = 5
"""One after the other in a file of the old format."""
Shapes = dict[str, tuple[int, ...]]


def load(path: Path, kind: Kind, *, trust: bool) -> Adapter:
    """Return what makes a run of a pickled model.

    Raises:
        InputError: it is not trusted, cannot be read, or holds weights without a model.
    """
    if kind == "safetensors":
        raise _needs_model(path, safetensors_shapes(path))
    contents = _contents(path, trusted=trust)
    from torch.nn import Module

    if isinstance(contents, Module):
        return _run_of(contents, path)
    if isinstance(contents, dict):
        raise _needs_model(path, _shapes_in(contents))
    raise unreadable(path, f"it holds a {type(contents).__name__}, neither a model nor weights by name")


def _run_of(model: Module, path: Path) -> Adapter:
    """Return what makes a run of a model that was unpickled."""

    def build(request: Request) -> Prepared:
        import inspect

        import torch

        from shapeflow.adapters.forward import prepared

        torch.manual_seed(request.seed)
        needed = [
            (name, "")
            for name, parameter in inspect.signature(model.forward).parameters.items()
            if parameter.default is parameter.empty
            and parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD)
        ]
        args, made = inputs_for(model, needed, request)
        run = prepared(model, args, {}, request, made=made)
        return replace(
            run, notes=(*run.notes, f"The model was unpickled from {path.name}, which was trusted.")
        )

    return build


def _contents(path: Path, *, trusted: bool) -> Any:
    """Return what a file holds; without trust only tensors and plain values, of which the shapes are read.

    Raises:
        InputError: it holds more, or cannot be read.
    """
    import torch

    is_archive = zipfile.is_zipfile(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch warns of other protocols of pickle
            return torch.load(path, map_location="meta", weights_only=True, mmap=is_archive or None)
    except Exception as error:  # each kind of broken file fails in its own way
        failed = first_line(error) if is_archive else "it is no archive, and no pickle to its end"
    classes = _pickled_classes(path)
    if not classes:
        raise unreadable(path, failed)
    if not trusted:
        raise InputError(
            "model-untrusted",
            f"'{path}' holds a pickled object, and reading it would execute its code",
            where=OPTION,
            found=listing(classes),
            because="whoever made the file could have anything run here",
            hint="--trust, if you know where the file comes from",
        ) from None
    try:
        with Script(str(path), Path.cwd()).entered():
            return torch.load(path, map_location="cpu", weights_only=False)
    except Exception as error:
        raise unreadable(path, first_line(error)).amend(
            hint="run where the classes can be imported under the names that they were saved with"
        ) from None


def _pickled_classes(path: Path) -> list[str]:
    """Return what reading a file would look up and call; empty if there is nothing, or it is broken."""
    from torch.serialization import get_unsafe_globals_in_checkpoint

    with suppress(Exception):  # a file of the old format, or a broken one
        return sorted(get_unsafe_globals_in_checkpoint(path))
    import pickletools

    found: list[str] = []
    with path.open("rb") as file, suppress(Exception):  # the last one may be no pickle, or end early
        for _ in range(MOST_PICKLES):
            text: list[str] = []
            for operation, argument, _position in pickletools.genops(file):
                if operation.name in ("GLOBAL", "INST"):
                    found.append(str(argument).replace(" ", "."))
                elif "UNICODE" in operation.name or "STRING" in operation.name:
                    text.append(str(argument))
                elif operation.name == "STACK_GLOBAL" and len(text) > 1:
                    found.append(".".join(text[-2:]))
    return sorted(set(found))


def _shapes_in(contents: dict[Any, Any]) -> Shapes:
    """Return name and shape of each tensor in what a training script has saved."""
    import torch

    return {
        str(name): tuple(value.shape)
        for name, value in tensors_of(contents).items()
        if isinstance(value, torch.Tensor)
    }


def safetensors_shapes(path: Path) -> Shapes:
    """Return name and shape of each tensor in a safetensors file, of which only the beginning is read.

    Raises:
        InputError: it is none.
    """
    try:
        with path.open("rb") as file:
            size = int.from_bytes(file.read(8), "little")
            if not 2 <= size <= min(MOST_HEADER, path.stat().st_size - 8):
                raise ValueError("its first eight bytes are not the length of a list of tensors")
            header = json.loads(file.read(size))
        return {
            str(name): tuple(int(part) for part in tensor["shape"])
            for name, tensor in header.items()
            if name != "__metadata__"
        }
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise unreadable(path, f"it is no safetensors file: {error}") from None


def _needs_model(path: Path, shapes: Shapes) -> InputError:
    """Return the error for weights without a model, with the model that they are of if one fits."""
    if not shapes:
        return unreadable(path, "it holds no tensors by name")
    from shapeflow.adapters.files.owners import owners_of

    owners = owners_of(path, shapes)
    if owners.exact:
        because = f"they are those of {' and of '.join(owners.exact)}, by name and shape"
        hint = f"--model {owners.exact[0]} --checkpoint {path}"
    elif owners.named:
        others = listing([f"{name} {list(shapes.get(name, ()))}" for name in owners.others], 2)
        because = f"they have the names of those of {owners.named}, which has other shapes of {others}"
        hint = f"a function that builds it in these sizes: --model FILE.py:FUNCTION --checkpoint {path}"
    else:
        because = "no model of an installed library that was tried has just these"
        hint = f"--model PREFIX:NAME or FILE.py:FUNCTION with --checkpoint {path}"
    return InputError(
        "model-weights",
        f"'{path}' holds weights, and not the model that they are of",
        where=OPTION,
        found=f"{counted(len(shapes), 'tensor')}, such as {listing(list(shapes))}",
        because=because,
        hint=hint,
    )
