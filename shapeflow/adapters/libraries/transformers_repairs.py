"""Fields that a configuration lacks and its model reads, where there is one right value for them.

A configuration of a part is given some of its fields by the model that it is a part of; some fields follow
from others. Both are looked for only where a model could not be built, and told in the notes of the trace.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from shapeflow.adapters.inputs.fields import field

FOLLOWS: Mapping[str, tuple[str, Callable[[Any], int]]] = {
    "head_dim": (
        "hidden_size / num_attention_heads",
        lambda config: int(config.hidden_size // config.num_attention_heads),
    ),
}
"""Field that may be empty -> what it follows from, and how."""


def repaired(config: Any) -> list[str]:
    """Fill in what is lacking, and return a sentence on each field; nothing if nothing could be."""
    return [*_as_a_part(config), *_derived(config), *_as_read(config)]


def _derived(config: Any) -> list[str]:
    """Fill in fields that follow from others."""
    notes = []
    for name, (told, value) in FOLLOWS.items():
        if name in vars(config) and field(config, name) is None:
            try:
                setattr(config, name, value(config))
            except (AttributeError, TypeError, ZeroDivisionError):
                continue
            whose, used = type(config).__name__, getattr(config, name)
            notes.append(f"The defaults of {whose} leave {name} empty: {used} is used, {told}.")
    return notes


def _as_read(config: Any) -> list[str]:
    """Turn tuples into the lists that they are in a config.json, which some models concatenate."""
    notes = []
    for name, value in list(vars(config).items()):
        if isinstance(value, tuple):
            setattr(config, name, list(value))
            notes.append(f"{name} is a list here, as in a config.json, and not a tuple as in the defaults.")
    return notes


def _as_a_part(config: Any) -> list[str]:
    """Fill in fields that the default configuration of a whole model gives to this part of it."""
    notes = []
    for whole, given in _as_given(type(config)):
        for own, other in zip(_all(config), _all(given), strict=False):
            if type(own) is not type(other):
                break
            for name in vars(other).keys() - vars(own).keys():
                setattr(own, name, getattr(other, name))
                notes.append(
                    f"{type(own).__name__} has no {name}: {getattr(own, name)} is used, as in {whole}."
                )
        if notes:
            break
    return notes


def _as_given(part: type[Any]) -> Iterator[tuple[str, Any]]:
    """Yield the configurations of one class that stand in the default configurations of its own package."""
    for whole in vars(sys.modules[part.__module__]).values():
        own = isinstance(whole, type) and whole.__module__ == part.__module__
        if not own or whole is part or not getattr(whole, "sub_configs_defaults", None):
            continue
        try:
            found = list(_all(whole()))
        except Exception:  # it may have no defaults either
            continue
        yield from ((whole.__name__, inner) for inner in found if type(inner) is part)


def _all(config: Any) -> Iterator[Any]:
    """Yield a configuration and those inside it."""
    yield config
    for value in list(vars(config).values()):
        if hasattr(value, "model_type"):
            yield from _all(value)
