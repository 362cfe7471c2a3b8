"""What an adapter is: from a request it makes a model that is ready to run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol, cast

from shapeflow.adapters.request import Request
from shapeflow.adapters.specs import require, spec_of

if TYPE_CHECKING:
    from torch.nn import Module


@dataclass(frozen=True, slots=True)
class Prepared:
    """A model that is built, and the run to observe."""

    model: Module
    run: Callable[[], object]
    """Performs the run."""
    inputs: Mapping[str, Any]
    """What goes in, as plain data for the trace."""
    versions: Mapping[str, str]
    """Package -> version, of what the run depends on."""
    notes: tuple[str, ...] = ()
    """What this run does differently from what one may expect, a sentence each."""
    outcome: Callable[[Any], Mapping[str, Any]] | None = None
    """Turns the result of a run that ended well into plain data, which joins the inputs in the trace."""


class Adapter(Protocol):
    """Knows one model family."""

    def __call__(self, request: Request) -> Prepared:
        """Build the model, under whatever modes are active, and lay out its run.

        Raises:
            InputError: the request cannot be met: a package, file or name is missing or wrong.
        """
        ...


def surroundings(adapter: Adapter) -> AbstractContextManager[None]:
    """Return what has to be entered around all that an adapter builds and runs.

    An adapter that runs code of the user's has it as a method of this name; the others need nothing.
    """
    own: Callable[[], AbstractContextManager[None]] = getattr(adapter, "surroundings", nullcontext)
    return own()


def load(target: str, *, trust: bool = False) -> Adapter:
    """Return the adapter for a target; this loads torch and the code that the target names.

    Args:
        target: what is to be run.
        trust: whether code that comes with a model may be executed.

    Raises:
        InputError: no adapter knows the target, or a package it needs is missing.
    """
    spec = spec_of(target)
    require(spec, target)
    module, _, name = spec.adapter.partition(":")
    function = getattr(import_module(module), name)
    if spec.trusts:
        return cast("Adapter", function(target, trust=trust))
    return cast("Adapter", function(target) if spec.imports else function)
