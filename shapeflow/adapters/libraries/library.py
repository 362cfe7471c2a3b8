"""What a module of this folder has: the names that a library offers, and how each of them becomes a run.

``specs.SPECS`` has a row for each. Names are read without importing torch, from the files of the library, so
that listing them and answering a typo is quick. ``load`` is called outside the shapes-only mode: what is
imported while a model is built inside it would keep tensors without data.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, cast

from shapeflow.adapters.libraries.near import near, spelled
from shapeflow.common.text import listing
from shapeflow.errors import InputError

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Module


WRAPPERS = ("state_dict", "model_state_dict", "model", "state_dict_ema", "model_ema")
"""Under which names training scripts save a model among other things."""


class Library(Protocol):
    """A module that knows an installed library."""

    def names(self) -> Sequence[str]:
        """Return the names behind the prefix, sorted, without importing torch; the package is installed."""
        ...

    def check(self, name: str) -> None:
        """Check a name without importing torch, as far as that goes; a folder may be a name too.

        Raises:
            InputError: the library has no such model; the message has the names that are near.
        """
        ...

    def load(self, target: str) -> Callable[[Any], Any]:
        """Import the library and return the adapter, ``base.Adapter``, for the model that a target names.

        ``name_of`` takes the prefix off. The adapter builds the model without weights from anywhere, makes
        its inputs, and hands both to ``forward.prepared``, with how each input was made.

        Raises:
            InputError: see ``check``.
        """
        ...


class Familiar(Protocol):
    """A library that knows families of models, or tags after a name; a module may have any of these too."""

    def family(self, name: str) -> Sequence[str]:
        """Return the models of the family that a name begins with, the likeliest first."""
        ...

    def spelled(self, name: str) -> str:
        """Return a name as the library has it, whatever its case and hyphens; empty if it has none."""
        ...


class Searchable(Protocol):
    """A library in which the model can be found that weights are of; a module may have these too."""

    def sources(self) -> Sequence[tuple[str, Sequence[str]]]:
        """Return the text of each source file and the names of the models that it defines."""
        ...

    def blank(self, name: str) -> Module:
        """Build a model with weights from nowhere."""
        ...


def family_in(module: str, name: str) -> Sequence[str]:
    """Return the models of the family that a name begins with, if a library knows families."""
    found = import_module(module)
    return list(cast("Familiar", found).family(name)) if hasattr(found, "family") else []


def spelled_in(module: str, name: str) -> str:
    """Return a name as a library has it, whatever its case and hyphens; empty if it has none."""
    found = import_module(module)
    own = hasattr(found, "spelled")
    return cast("Familiar", found).spelled(name) if own else spelled(name, found.names())


def searchable(module: str) -> Searchable | None:
    """Return the module of a library if models can be found in it."""
    found = import_module(module)
    return cast("Searchable", found) if hasattr(found, "sources") else None


def library(module: str) -> Library:
    """Return the module of a library, by the name that its row of ``specs.SPECS`` has for it."""
    return cast("Library", import_module(module))


def name_of(target: str) -> str:
    """Return what a target names behind its prefix; a target without one is its own name."""
    prefix, colon, name = target.partition(":")
    return name if colon else prefix


def folder_of(package: str) -> Path:
    """Return the folder of an installed package, which is not imported."""
    spec = find_spec(package)
    assert spec is not None
    assert spec.submodule_search_locations
    return Path(spec.submodule_search_locations[0])


def check_name(
    prefix: str,
    name: str,
    names: Sequence[str],
    called: str = "model",
    *,
    meant: Sequence[str] = (),
    because: str = "",
) -> None:
    """Check that a library has a name.

    Args:
        prefix: of the library's targets.
        name: what was asked for.
        names: what it has.
        called: what the names are names of.
        meant: names that were likely meant, before those that are near.
        because: why the library has no such model, if that is known.

    Raises:
        InputError: it has not; the message has those that are near.
    """
    if name in names:
        return
    others = [] if because else [known for known in near(name, names) if known not in meant]
    close = [*meant, *others][:3]
    raise InputError(
        "unknown-model",
        f"{prefix} has no {called} '{name}'" if name else f"the name behind '{prefix}:' is missing",
        where="option --model",
        expected=f"one of {len(names):,} names" + (f", such as {listing(close)}" if close else ""),
        because=because,
        hint=f"--model {prefix}:{close[0]}" if close else f"shapeflow models {prefix}",
    )


def first_input(model: Module) -> str:
    """Return what the forward of a model calls its first argument."""
    return next(iter(inspect.signature(model.forward).parameters))


class Asked(Protocol):
    """The part of a request that a library's models look at."""

    @property
    def checkpoint(self) -> Path | None:
        """The file that they are in."""

    @property
    def device(self) -> str:
        """``meta`` for a shapes-only run, which has no weights."""

    @property
    def train(self) -> bool:
        """Whether the model is put into training mode."""


def pictures(channels: int, height: int, width: int, request: Asked) -> tuple[tuple[Tensor], str]:
    """Return a picture as the only argument of a model, and how it was made; two pictures in training.

    A norm over the batch cannot be trained on one number.
    """
    import torch

    count = 2 if request.train else 1
    called = f"{count} pictures" if count > 1 else "a picture"
    made = f"{called} of random numbers, {height} x {width}"
    return (torch.rand(count, channels, height, width),), made


def weights_into(model: Module, request: Asked) -> tuple[str, ...]:
    """Load the checkpoint that a request has into a model, and return notes on what did not fit.

    Raises:
        InputError: it cannot be read, or is of another model.
    """
    if request.checkpoint is None:
        return ()
    from shapeflow.adapters.checkpoints import load_into

    return tuple(load_into(model, request.checkpoint, tensors_of, shapes_only=request.device == "meta"))


def tensors_of(contents: dict[str, Any]) -> dict[str, Any]:
    """Return the tensors by name that are in a checkpoint, taken out of what training wraps them in."""
    for key in WRAPPERS:
        inner = contents.get(key)
        if isinstance(inner, dict) and inner:
            contents = inner
            break
    if contents and all(name.startswith("module.") for name in contents):
        contents = {name.removeprefix("module."): value for name, value in contents.items()}
    return contents
