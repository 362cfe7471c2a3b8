"""The names of transformers: models and configurations, read from its files without importing it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from shapeflow.adapters.libraries.library import folder_of
from shapeflow.adapters.libraries.near import plain_name

CLASS = re.compile(r"^class (\w+)\(([^)]*)\):", re.MULTILINE)
CONFIGURED = re.compile(r"^    config(?:_class)?(?:: | = )\W?(\w+Config)\b", re.MULTILINE)
TYPE = re.compile(r"\(\s*\"([\w. -]+)\",\s*\"(\w+Config)\"\s*,?\)")
MAPPED = re.compile(r"\(\s*\"([\w. -]+)\",\s*\(?\s*\"(\w+)\"")
EXPORTED = re.compile(r"^__all__ = \[(.*?)\]", re.MULTILINE | re.DOTALL)
ABSTRACT = "PreTrainedModel"
"""Ending of the classes that are only there to be inherited from."""


@cache
def modeling_files() -> Sequence[Path]:
    """Return the files in which models are defined."""
    return sorted((folder_of("transformers") / "models").glob("*/modeling_*.py"))


@cache
def _classes() -> tuple[frozenset[str], frozenset[str]]:
    """Return the names of all model classes, and of the configurations that one of them is built from."""
    bases: dict[str, list[str]] = {}
    exported: set[str] = set()
    configured: set[str] = set()
    for file in modeling_files():
        text = file.read_text(encoding="utf-8")
        for name, inherited in CLASS.findall(text):
            bases[name] = re.findall(r"\w+", inherited)
        listed = EXPORTED.search(text)
        exported.update(re.findall(r"\w+", listed[1]) if listed else ())
        configured.update(CONFIGURED.findall(text))
    found = {name for name in exported if not name.endswith(ABSTRACT) and _is_model(name, bases)}
    return frozenset(found), frozenset(configured)


def sources() -> Sequence[tuple[str, Sequence[str]]]:
    """Return the text of each file in which models are defined, and their names."""
    texts = [file.read_text(encoding="utf-8") for file in modeling_files()]
    return [(text, [name for name, _ in CLASS.findall(text) if name in models()]) for text in texts]


def _is_model(name: str, bases: Mapping[str, Sequence[str]]) -> bool:
    """Return whether a class descends from the library's own class of models."""
    seen: set[str] = set()
    waiting = [name]
    while waiting:
        current = waiting.pop()
        if current == ABSTRACT:
            return True
        if current not in seen:
            seen.add(current)
            waiting += bases.get(current, ())
    return False


@cache
def types() -> Mapping[str, str]:
    """Return what ``model_type`` of a config.json may be -> the class of that configuration."""
    folder = folder_of("transformers") / "models" / "auto"
    found: dict[str, str] = {}
    for file in sorted(folder.glob("*auto*.py")):
        found.update(TYPE.findall(file.read_text(encoding="utf-8")))
    return found


@cache
def models() -> frozenset[str]:
    """Return the classes of models."""
    return _classes()[0]


@cache
def configurations() -> frozenset[str]:
    """Return the classes of configurations that stand for a model."""
    auto = folder_of("transformers") / "models" / "auto" / "modeling_auto.py"
    mapped = {kind for kind, _ in MAPPED.findall(auto.read_text(encoding="utf-8"))}
    built = {name for kind, name in types().items() if kind in mapped}
    return frozenset(set(types().values()) & (built | _classes()[1]))


@cache
def _families() -> Mapping[str, str]:
    """Return each ``model_type`` as it is compared -> its configuration, if that makes a model."""
    return {plain_name(kind): name for kind, name in types().items() if name in configurations()}


def family(name: str) -> Sequence[str]:
    """Return the models of the type that a name has words of: ``detr-resnet-50``, ``Meta-Llama-3-8B``.

    The first words that are a type decide, and as many of them as are one.
    """
    words = [word for word in re.split(r"[^a-z0-9]+", name.lower()) if word]
    for first in range(len(words)):
        for end in range(len(words), first, -1):
            if found := _families().get("".join(words[first:end])):
                model = f"{found.removesuffix('Config')}Model"
                return [model, found] if model in models() else [found]
    return []
