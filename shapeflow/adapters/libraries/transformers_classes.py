"""Which model of transformers a name stands for: its class and the configuration it is built from."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shapeflow.adapters.inputs.signature import encodes
from shapeflow.adapters.libraries import transformers_names
from shapeflow.adapters.libraries.transformers_defaults import defaults
from shapeflow.adapters.libraries.transformers_repairs import repaired
from shapeflow.common.text import listing
from shapeflow.errors import InputError

if TYPE_CHECKING:
    from torch.nn import Module

OPTION = "option --model"
MAPPING = re.compile(r"MODEL_(FOR_\w+_)?MAPPING")
NEEDS = re.compile(r"requires the ([\w.-]+) library")
"""How transformers says that a package is missing."""


@dataclass(frozen=True, slots=True)
class Source:
    """What a model is built from."""

    model: type[Any]
    config: Any
    notes: Sequence[str] = ()
    folder: Path | None = None
    """Where its files are."""


def source(name: str) -> Source:
    """Return what a class of models or configurations stands for, in its default sizes.

    Raises:
        InputError: a package is missing, or the defaults do not make a model.
    """
    import transformers

    try:
        found = getattr(transformers, name)
        model = found if issubclass(found, transformers.PreTrainedModel) else model_class(found)
        configured = getattr(model, "config_class", None)
    except ImportError as error:
        raise _lacks(name, error) from error
    if model is None or configured is None:
        raise InputError(
            "unknown-model",
            f"no model of transformers is built from {name} alone",
            where=OPTION,
            because="it is the configuration of a part of other models",
            hint=f"shapeflow models {name.removesuffix('Config')}",
        )
    # A model of several parts may share its class of configurations with the parts.
    made, notes = _defaults(found if model is not found else configured)
    return Source(model, made, notes)


def model_class(config: type[Any]) -> type[Any] | None:
    """Return the class of the model that a configuration class stands for, None if there is none.

    The base model as ``AutoModel`` gives it; where there is none, the model of a task; then whatever model of
    the same package is built from such a configuration.
    """
    from transformers.models.auto import modeling_auto

    mappings = sorted(
        filter(MAPPING.fullmatch, vars(modeling_auto)), key=lambda name: name != "MODEL_MAPPING"
    )
    models = [model for name in mappings for model in _listed(getattr(modeling_auto, name), config)]
    # The base model may be only a part, built from the configuration of that part.
    whole = [model for model in models if issubclass(config, getattr(model, "config_class", None) or config)]
    if whole:
        return whole[0]
    stem = config.__name__.removesuffix("Config")
    own = min(_siblings(config), key=lambda model: _likeness(model.__name__, stem), default=None)
    return own or next(iter(models), None)


def _listed(mapping: Any, config: type[Any]) -> list[type[Any]]:
    """Return the model that a table of transformers has for a configuration, if it has one."""
    try:
        found: Any = mapping.get(config, [])
    except ValueError:  # it names a class that the installed transformers does not have
        return []
    return [*found][:1] if isinstance(found, list | tuple) else [found]


def _siblings(config: type[Any]) -> Iterator[type[Any]]:
    """Yield the models of a configuration's own package that are built from it."""
    from transformers import PreTrainedModel

    package = config.__module__.rpartition(".")[0]
    folder = Path(import_module(package).__file__ or "").parent
    for file in sorted(folder.glob("modeling_*.py")):
        try:
            module = import_module(f"{package}.{file.stem}")
        except ImportError:
            continue
        for found in vars(module).values():
            own = isinstance(found, type) and found.__module__ == module.__name__
            if not own or not issubclass(found, PreTrainedModel) or found.config_class is not config:
                continue
            if not found.__name__.endswith(transformers_names.ABSTRACT):
                yield found


def _likeness(name: str, stem: str) -> tuple[int, int]:
    order = (stem, f"{stem}Model", stem.removesuffix("Model"))
    return (order.index(name) if name in order else len(order), len(name))


def _defaults(config: type[Any]) -> tuple[Any, list[str]]:
    """Return a configuration with the defaults of its class, and notes on what had to be chosen."""
    try:
        return defaults(config)
    except Exception as error:
        raise _incomplete(config.__name__, error) from error


def built(source: Source, target: str) -> tuple[Module, list[str]]:
    """Build a model without weights from anywhere, and say what its configuration lacked.

    Raises:
        InputError: its configuration does not make one, or a package is missing.
    """
    notes: list[str] = []
    while True:
        try:
            return source.model._from_config(source.config), notes
        except ImportError as error:
            raise _lacks(target, error) from error
        except Exception as error:
            more = [] if source.folder else repaired(source.config)
            notes += more
            if not more:
                chosen = [*source.notes, *notes]
                raise _incomplete(type(source.config).__name__, error, source.folder, chosen) from error


def padded(model: Module) -> list[str]:
    """Say which token pads a text to a model that looks for the last one before it, and return a note."""
    config: Any = model.config
    if not type(model).__name__.endswith("ForSequenceClassification"):
        return []
    if getattr(config.get_text_config(), "pad_token_id", 0) is not None:
        return []
    config.pad_token_id = config.get_text_config().pad_token_id = 0
    return [f"{type(config).__name__} names no token that pads a text: shapeflow chose 0."]


def _incomplete(
    name: str, error: Exception, folder: Path | None = None, chosen: Sequence[str] = ()
) -> InputError:
    """Return the error for a configuration that makes no model, also not with what was chosen for it."""
    lines = [line.strip() for line in str(error).strip().splitlines() if line.strip()] or [""]
    whose = f"{folder}" if folder else f"the defaults of {name}"
    return InputError(
        "model-incomplete",
        f"{whose} do not make a model" if not folder else f"'{whose}' does not make a model",
        where=OPTION,
        found=f"{type(error).__name__}: {listing(lines[:2]) if len(lines) > 1 else lines[0]}"[:300],
        because=""
        if folder
        else f"so it is with other values too. {' '.join(chosen)}"[:600]
        if chosen
        else "some fields of this class have no default, or their defaults do not fit together",
        hint="" if folder else "a folder or config.json that gives them: --model transformers:./config.json",
    )


def _lacks(name: str, error: ImportError) -> InputError:
    """Return the error for a class that needs another package."""
    said = " ".join(str(error).split())
    package = NEEDS.search(said)
    missing = package[1] if package else getattr(error, "name", None) or "another package"
    return InputError(
        "package-missing",
        f"'{name}' needs the package '{missing}', which is not installed",
        where=OPTION,
        found="" if package else said[:200],
        hint=f"pip install {missing}",
    )


def check_runs(model: type[Any], target: str) -> None:
    """Check that a model has a forward of its own, or an encode.

    Raises:
        InputError: it is only a container of others, which run one after the other in ``generate``.
    """
    from torch.nn import Module

    if model.forward is Module.forward and not encodes(model):
        parts = [part.__name__ for part in _parts(model)]
        raise InputError(
            "target-inputs",
            f"{model.__name__} has no forward",
            where=OPTION,
            because="its parts run one after the other when it generates",
            found=f"models of the same package: {listing(parts)}" if parts else "",
            hint=f"--model transformers:{parts[0]}" if parts else "",
        )


def _parts(model: type[Any]) -> list[type[Any]]:
    """Return the models of the same file that can be run."""
    from torch.nn import Module
    from transformers import PreTrainedModel

    found = [value for value in vars(import_module(model.__module__)).values() if isinstance(value, type)]
    run = [
        part
        for part in found
        if issubclass(part, PreTrainedModel)
        and part.forward is not Module.forward
        and part.__module__ == model.__module__
        and part.__name__ in transformers_names.models()
    ]
    return [part for part in run if part.__name__.endswith("ForConditionalGeneration")] or run


def check_inputs(model: Module, missing: Sequence[str], target: str) -> None:
    """Check that all that a forward needs could be made.

    Raises:
        InputError: something could not.
    """
    if missing:
        raise InputError(
            "target-inputs",
            f"{type(model).__name__}.forward needs what cannot be made from its configuration",
            where=OPTION,
            found=listing(list(missing)),
            hint="write a function that returns (model, args, kwargs): --model file.py:function",
        )
