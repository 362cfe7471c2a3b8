"""Which adapter knows which model. Nothing here loads torch; the adapters do."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, cast

from shapeflow.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from importlib.metadata import EntryPoint

NAME = re.compile(r"[\w-]+")
GROUP = "shapeflow.adapters"
"""Entry points with which other packages add adapters: name -> an ``AdapterSpec`` of that name."""


@dataclass(frozen=True, slots=True)
class AdapterSpec:
    """An adapter, as far as it is known without loading it."""

    name: str
    """The target that it answers, or the prefix of its targets."""
    adapter: str
    """``module:function``, see ``base.Adapter``."""
    packages: tuple[str, ...] = ("torch",)
    """What has to be installed; the first that is missing is named."""
    extra: str = "torch"
    """The extra of shapeflow that brings them."""
    inputs: frozenset[str] = frozenset()
    """What a user can give it, by the names in ``request.INPUTS``; the rest is refused."""
    needed: frozenset[str] = frozenset()
    """What a user has to give it."""
    prefix: bool = False
    """True if its targets are ``NAME:MODEL``."""
    imports: bool = False
    """True if the function takes the target, imports what that names, and returns the adapter: what is
    imported while a model is built shapes-only would keep tensors without data."""
    tested: str = ""
    """The version of its last package that was tested."""
    install: str = ""
    """What pip installs for its last package, where that is no extra of shapeflow."""
    library: str = ""
    """The module that lists the names behind the prefix, see ``libraries.library.Library``."""
    check: str = ""
    """``module:function`` that checks what a target names, without torch."""
    trusts: bool = False
    """True if what its targets name may bring code, which is executed only where it is trusted."""

    def without(self, called: str) -> str:
        """Return why an input is refused, as the beginning of a sentence."""
        name = {"factory": "a factory", "file": "a model file"}.get(self.name, f"'{self.name}'")
        return f"{name} does not take {called}" if self.inputs else f"{name} brings its own inputs"

    @property
    def expected(self) -> str:
        """What could be given instead of an input that is refused."""
        return "a function that returns (model, args, kwargs)" if self is FACTORY else ""


FORWARD_INPUTS = frozenset({"input", "call", "train", "backward"})
"""What every adapter takes that hands over its run through ``forward.prepared``."""
SAM3_INPUTS = frozenset({"image", "prompt", "box", "negative-box", "checkpoint"})


def _library(prefix: str, package: str = "", install: str = "", *, trusts: bool = False) -> AdapterSpec:
    """Return the adapter for the models that an installed library has by name."""
    module = f"shapeflow.adapters.libraries.{prefix}"
    return AdapterSpec(
        prefix,
        f"{module}:load",
        ("torch", package or prefix),
        inputs=FORWARD_INPUTS | {"checkpoint"},
        prefix=True,
        imports=True,
        install=install or package or prefix,
        library=module,
        check=f"{module}:check",
        trusts=trusts,
    )


SPECS = (
    AdapterSpec(
        "sam3",
        "shapeflow.adapters.sam3:prepare",
        ("torch", "torchvision", "sam3"),
        "sam3",
        SAM3_INPUTS,
        needed=frozenset({"image"}),
        tested="0.1.4",
    ),
    AdapterSpec(
        "sam3-transformers",
        "shapeflow.adapters.sam3_transformers:prepare",
        ("torch", "torchvision", "transformers"),
        "transformers",
        SAM3_INPUTS,
        needed=frozenset({"image"}),
    ),
    _library("torchvision"),
    _library("timm"),
    _library("open_clip", install="open_clip_torch"),
    _library("transformers", trusts=True),
    _library("diffusers"),
)
"""The adapters that come with shapeflow; a new one is a file and a row here."""

FACTORY = AdapterSpec("factory", "shapeflow.adapters.factory:load", inputs=FORWARD_INPUTS, imports=True)
"""Answers every other target with a colon: ``package.module:function`` or ``file.py:function``."""
FILE = AdapterSpec(
    "file",
    "shapeflow.adapters.files.open:load",
    inputs=FORWARD_INPUTS,
    imports=True,
    check="shapeflow.adapters.files.content:check",
    trusts=True,
)
"""Answers the names of model files."""


def spec_of(target: str) -> AdapterSpec:
    """Return the adapter for a target. A registered prefix wins over a function of that module.

    Raises:
        InputError: no adapter knows the target.
    """
    name, colon, _ = target.partition(":")
    spec = _known(name)
    if spec is not None and spec.prefix == bool(colon):
        return spec
    from shapeflow.adapters import unknown
    from shapeflow.adapters.files.kinds import folder_library, is_folder, is_model_file

    if colon:
        error = unknown.unknown_prefix(target, _written(), libraries())
        if error is not None:
            raise error
        return FACTORY
    if is_model_file(target):
        return FILE
    if is_folder(target) and (spec := _known(folder_library(target))):
        return spec
    raise unknown.unknown_model(target, _written(), libraries())


def not_an_image_but_a_model(text: str) -> InputError | None:
    """Return the error for an argument IMAGE that looks like a model; None if it does not."""
    from shapeflow.adapters import unknown

    return unknown.model_meant(text, _written(), libraries())


def named_model(text: str) -> tuple[str, str]:
    """Return why a text that stands where none belongs is a model, and how --model takes it; else nothing."""
    from shapeflow.adapters import unknown

    return unknown.named_model(text, _written(), libraries())


def _written() -> dict[str, str]:
    """Return the adapters that have a name, each as its targets are written."""
    return {spec.name: f"{spec.name}:NAME" if spec.prefix else spec.name for spec in specs()}


def libraries() -> dict[str, str]:
    """Return the libraries that are installed and have models by name: prefix -> module."""
    return {
        spec.name: spec.library
        for spec in specs()
        if spec.library and all(find_spec(package) is not None for package in spec.packages[1:])
    }


def specs() -> list[AdapterSpec]:
    """Return all adapters that have a name: ours, then those of other packages."""
    added = (_known(name) for name in _entry_points())
    return [*SPECS, *(spec for spec in added if spec is not None and spec not in SPECS)]


def require(spec: AdapterSpec, target: str) -> None:
    """Check that the packages an adapter needs are installed, and what the target names; nothing is imported.

    Raises:
        InputError: a package is missing, and the message says what to install; or the target names nothing.
    """
    for package in spec.packages:
        install = spec.install if package == spec.packages[-1] else ""
        require_package(package, f"running '{target}'", "option --model", spec.extra, install=install)
    if spec.check:
        module, _, function = spec.check.partition(":")
        named = target.partition(":")[2] if spec.prefix and ":" in target else target
        getattr(import_module(module), function)(named)


def require_package(
    package: str, purpose: str, where: str, extra: str = "torch", *, install: str = ""
) -> None:
    """Check, without importing it, that a package is installed.

    Args:
        package: its name.
        purpose: what needs it, as the beginning of a sentence.
        where: the option that asks for that.
        extra: the extra of shapeflow that brings the package.
        install: what pip installs instead of an extra.

    Raises:
        InputError: it is missing; the message says what to install.
    """
    if find_spec(package) is None:
        because = "reading traces, checking walkthroughs and reporting work without it"
        raise InputError(
            "torch-missing" if package == "torch" else "package-missing",
            f"{purpose} needs the package '{package}', which is not installed",
            where=where,
            because=because if package == "torch" else "",
            hint=f"pip install {install}" if install else f"pip install 'shapeflow[{extra}]'",
        )


def _known(name: str) -> AdapterSpec | None:
    """Return the adapter of a name, ours or another package's."""
    for spec in SPECS:
        if spec.name == name:
            return spec
    # Looking through the installed packages is slow, and a dotted module or a file is not a name.
    point = _entry_points().get(name) if NAME.fullmatch(name) else None
    return None if point is None else cast("AdapterSpec", point.load())


@cache
def _entry_points() -> Mapping[str, EntryPoint]:
    """Return the adapters that other packages bring, not loaded."""
    from importlib.metadata import entry_points

    return {point.name: point for point in entry_points(group=GROUP)}
