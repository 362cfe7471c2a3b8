"""Which model of transformers a name stands for: its class and the configuration it is built from."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import import_module
from typing import Any

MAPPING = re.compile(r"MODEL_(FOR_\w+_)?MAPPING")


def model_class(config: type[Any]) -> type[Any] | None:
    """Return the class of the model that a configuration class stands for, None if there is none.

    The base model as ``AutoModel`` gives it; where there is none, the model of a task; then whatever model of
    the same package is built from such a configuration.
    """
    from transformers.models.auto import modeling_auto

    mappings = sorted(filter(MAPPING.fullmatch, vars(modeling_auto)), key=lambda name: name != "MODEL_MAPPING")
    for name in mappings:
        mapping = getattr(modeling_auto, name)
        if config in getattr(mapping, "_model_mapping", {}) or _has(mapping, config):
            found = mapping[config]
            return found[0] if isinstance(found, list | tuple) else found
    own = list(siblings(config))
    stem = config.__name__.removesuffix("Config")
    return min(own, key=lambda model: _likeness(model.__name__, stem), default=None)


def _has(mapping: Any, config: type[Any]) -> bool:
    try:
        return config in mapping
    except Exception:  # a class of the mapping needs a package that is not installed
        return False


def siblings(config: type[Any]) -> Iterator[type[Any]]:
    """Yield the models of a configuration's own package that are built from it."""
    from transformers import PreTrainedModel

    place = config.__module__.replace(".configuration_", ".modeling_")
    try:
        module = import_module(place)
    except ImportError:
        return
    for found in vars(module).values():
        if not isinstance(found, type) or not issubclass(found, PreTrainedModel):
            continue
        if found.__module__ == place and found.config_class is config and "forward" in dir(found):
            if not found.__name__.endswith("PreTrainedModel"):
                yield found


def _likeness(name: str, stem: str) -> tuple[int, int]:
    order = (stem, f"{stem}Model", stem.removesuffix("Model"))
    return (order.index(name) if name in order else len(order), len(name))


FILLED = {"vocab_size": 1000, "num_experts_per_tok": 2}
"""What is used where a configuration class leaves something empty that its model cannot do without."""


def defaults(config: type[Any]) -> tuple[Any, list[str]]:
    """Return a configuration with the defaults of its class, and notes on what had to be filled in."""
    made, notes = config(), []
    for name, value in FILLED.items():
        if name in vars(made) and getattr(made, name) is None:
            setattr(made, name, value)
            notes.append(f"The defaults of {config.__name__} leave {name} empty: {value:,} is used.")
    return made, notes
