"""Which adapter knows which model. Nothing here loads torch; the adapters do."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, cast

from shapeflow.common.text import nearest
from shapeflow.errors import InputError

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

    from shapeflow.adapters.base import Adapter

ADAPTERS: dict[str, str] = {
    "sam3": "shapeflow.adapters.sam3:prepare",
    "sam3-transformers": "shapeflow.adapters.sam3_transformers:prepare",
}
"""Target -> ``module:function``."""

PACKAGES: dict[str, tuple[str, ...]] = {
    "sam3": ("torch", "torchvision", "sam3"),
    "sam3-transformers": ("torch", "torchvision", "transformers"),
}
"""Target -> the packages it needs; they come with the extra of the same name."""

EXTRAS: dict[str, str] = {"sam3": "sam3", "sam3-transformers": "transformers"}


def name_of(target: str) -> str:
    """Return the name of the adapter for a target: its own, or ``factory``.

    Raises:
        InputError: no adapter knows the target.
    """
    if ":" in target:
        return "factory"
    if target in ADAPTERS or target in _entry_points():
        return target
    names = [*ADAPTERS, *_entry_points()]
    close = nearest(target, names, 1)
    raise InputError(
        "unknown-model",
        f"no model '{target}'",
        where="option --model",
        expected=f"{', '.join(names)}, or a factory such as package.module:function or file.py:function",
        hint=f"--model {close[0]}" if close else "--model sam3",
    )


def require(target: str) -> None:
    """Check, without importing them, that the packages a target needs are installed.

    Raises:
        InputError: one is missing; the message says what to install.
    """
    extra = EXTRAS.get(target, "torch")
    for package in PACKAGES.get(target, ("torch",)):
        if find_spec(package) is None:
            because = "reading traces, checking walkthroughs and reporting work without it"
            raise InputError(
                "torch-missing" if package == "torch" else "package-missing",
                f"running '{target}' needs the package '{package}', which is not installed",
                where="option --model",
                because=because if package == "torch" else "",
                hint=f"pip install 'shapeflow[{extra}]'",
            )


def find(target: str) -> Adapter:
    """Return the adapter for a target; this loads torch and the code that the target names.

    Raises:
        InputError: no adapter knows the target, or a package it needs is missing.
    """
    name = name_of(target)
    require(target)
    if name == "factory":
        from shapeflow.adapters.factory import load

        return load(target)
    if name not in ADAPTERS:
        return cast("Adapter", _entry_points()[name].load())
    module, _, function = ADAPTERS[name].partition(":")
    return cast("Adapter", getattr(import_module(module), function))


def _entry_points() -> dict[str, EntryPoint]:
    """Return the adapters that other packages bring."""
    from importlib.metadata import entry_points

    return {point.name: point for point in entry_points(group="shapeflow.adapters")}
