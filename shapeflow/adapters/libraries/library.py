"""What a module of this folder has: the names that a library offers, and how each of them becomes a run.

``specs.SPECS`` has a row for each. Names are read without importing torch, from the files of the library, so
that listing them and answering a typo is quick. ``load`` is called outside the shapes-only mode: what is
imported while a model is built inside it would keep tensors without data.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping, Sequence
from difflib import SequenceMatcher
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, cast

from shapeflow.common.text import listing, nearest
from shapeflow.errors import InputError

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Module


TYPO = 0.85
"""Likeness of letters from which on a name is one that was mistyped."""
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


class Searchable(Protocol):
    """A library in which the model can be found that weights are of; a module may have these too."""

    def sources(self) -> Sequence[tuple[str, Sequence[str]]]:
        """Return the text of each source file and the names of the models that it defines."""
        ...

    def blank(self, name: str) -> Module:
        """Build a model with weights from nowhere."""
        ...


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


def check_name(prefix: str, name: str, names: Sequence[str], called: str = "model") -> None:
    """Check that a library has a name.

    Args:
        prefix: of the library's targets.
        name: what was asked for.
        names: what it has.
        called: what the names are names of.

    Raises:
        InputError: it has not; the message has those that are near.
    """
    if name in names:
        return
    close = near(name, names)
    raise InputError(
        "unknown-model",
        f"{prefix} has no {called} '{name}'",
        where="option --model",
        expected=f"one of {len(names):,} names" + (f", such as {listing(close)}" if close else ""),
        hint=f"--model {prefix}:{close[0]}" if close else f"shapeflow models {prefix}",
    )


def near(name: str, names: Sequence[str], limit: int = 3) -> list[str]:
    """Return the names that somebody who typed ``name`` may have meant, the likeliest first.

    Case, hyphens and underscores do not count; a beginning counts before a likeness of letters, and the
    family that the hub's names begin with (``bert-base-uncased``) before a weak one.
    """
    plain = {plain_name(known): known for known in reversed(names)}
    wanted = plain_name(name)
    found = [plain[wanted]] if wanted in plain else []
    if len(wanted) > 1:
        found += _begun(wanted, plain)
    like = nearest(wanted, plain, limit)
    typo = bool(like) and SequenceMatcher(None, wanted, like[0]).ratio() >= TYPO
    if not found and not typo:
        found += _family(name, plain)
    found += [plain[key] for key in like]
    if len(wanted) > 2 and len(found) < limit:
        found += sorted((own for key, own in plain.items() if wanted in key), key=len)
    return list(dict.fromkeys(found))[:limit]


def _begun(wanted: str, plain: Mapping[str, str]) -> list[str]:
    """Return the names that begin so, the shortest first."""
    return sorted((own for key, own in plain.items() if key.startswith(wanted)), key=len)


def _family(name: str, plain: Mapping[str, str]) -> list[str]:
    """Return the names of the family that a name of several parts begins with: ``Qwen2.5-7B`` is a Qwen2."""
    first, *rest = re.split(r"[-_ ]", name)
    family = plain_name(first)
    letters = re.match("[a-z]*", family)
    while rest and letters and len(family) > 2 and len(family) >= letters.end():
        if found := _begun(family, plain):
            return found
        family = family[:-1]
    return []


def distance(name: str, known: str) -> tuple[int, float]:
    """Return how far a name that is near is: first its kind, then how unlike its letters are.

    The kinds are 0 for one that begins so, is of the family or was mistyped, 1 for one that has it in it,
    and 2 for one that is only like it.
    """
    wanted, other = plain_name(name), plain_name(known)
    like = SequenceMatcher(None, wanted, other).ratio()
    near_by = other.startswith(wanted) or like >= TYPO or bool(_family(name, {other: known}))
    return 0 if near_by else 1 if wanted in other else 2, 1 - like


def plain_name(name: str) -> str:
    """Return a name as it is compared: ``ViT-B/32`` as ``vitb32``."""
    return "".join(sign for sign in name.lower() if sign.isalnum())


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
