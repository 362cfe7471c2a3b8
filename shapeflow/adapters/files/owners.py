"""Which models of installed libraries tensors may be of: those that have just these names, best these shapes.

The libraries have too many models to build each. Those are built first, without weights, whose source files
have most of the words that the names of the tensors are made of, rare ones before common ones; in one file,
those whose name is like that of the file with the tensors come first.
"""

from __future__ import annotations

import math
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path
from typing import TYPE_CHECKING

from shapeflow.adapters.files.kinds import CONFIGURATIONS
from shapeflow.adapters.libraries.library import Searchable, searchable
from shapeflow.adapters.libraries.near import plain_name
from shapeflow.adapters.specs import libraries

if TYPE_CHECKING:
    from torch.nn import Module, Parameter

SECONDS = 8.0
"""After which no more models are tried."""
LEAST = 0.6
"""Part of the words that the source of a model has to have."""
MOST_FILES = 12
MOST_STRANGE = 3
SIMILAR = 0.7
"""Part of the score of a model that was found which a file needs to be looked at, too."""
HEAD = 4
"""Tensors that may have another shape in a model that was only given another head."""
EVERYWHERE = frozenset(["weight", "bias", "running_mean", "running_var", "num_batches_tracked"])
Shapes = Mapping[str, tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class Owners:
    """What was found, as targets of --model."""

    exact: tuple[str, ...] = ()
    """Those that have just these names and shapes, one a library."""
    named: str = ""
    """The one that has just these names and most of the shapes, where none has all."""
    others: tuple[str, ...] = ()
    """The tensors that have another shape there."""


@dataclass(frozen=True, slots=True)
class _File:
    """A source file of a library, and how much of the words it has."""

    prefix: str
    found: Searchable
    names: Sequence[str]
    score: float
    """1 for each word that no other file of the library has, less for one that many have."""


def owners_of(path: Path, shapes: Shapes) -> Owners:
    """Return the models that have just these names, as far as they were tried."""
    if any((path.parent / name).is_file() for name in CONFIGURATIONS):
        return Owners((str(path.parent),))
    search = _Search(shapes, time.process_time() + SECONDS)
    for file in _files(search.inner)[:MOST_FILES]:
        if file.score < search.fitting or search.late:
            break  # it is not made of these words as much as one that was found
        search.through(file, _by_likeness(file.names, path.stem))
    return search.owners


class _Search:
    """What was found up to now."""

    def __init__(self, shapes: Shapes, ends: float) -> None:
        self.given = [shapes, inner] if (inner := _without_prefix(shapes)) is not shapes else [shapes]
        self.inner = self.given[-1]
        self.ends = ends
        self.exact: dict[str, str] = {}
        self.near: list[tuple[int, str, tuple[str, ...]]] = []
        self.fitting = 0.0
        """What the score of another file has to be, once a model was found."""

    @property
    def late(self) -> bool:
        """Whether no more models are tried."""
        return time.process_time() > self.ends

    @property
    def owners(self) -> Owners:
        """The models that were found."""
        if self.exact or not self.near:
            return Owners(tuple(self.exact.values()))
        _, target, others = min(self.near, key=lambda one: one[0])
        return Owners((), target, others)

    def through(self, file: _File, names: Sequence[str]) -> None:
        """Try the models of a file until one fits: one of each family, then the families that are nearest.

        A file ends if some in a row had hardly a name in common with what is given.
        """
        families: dict[str, list[str]] = {}
        for name in names:
            families.setdefault(name.partition("_")[0], []).append(name)
        common = {family: self._common(file, first) for family, (first, *_) in families.items()}
        strange = 0
        for family in sorted(families, key=lambda family: -common[family]):
            for name in families[family][1:]:
                if file.prefix in self.exact or self.late or strange > MOST_STRANGE:
                    return
                strange = 0 if self._common(file, name) * 2 >= len(self.inner) else strange + 1

    def _common(self, file: _File, name: str) -> int:
        """Look at a model, and return how many names it has in common with what is given."""
        if file.prefix in self.exact or self.late:
            return 0
        own = _tensors(file.found, name)
        self._look(file, f"{file.prefix}:{name}", own)
        return max(len(own.keys() & given.keys()) for given in self.given)

    def _look(self, file: _File, target: str, own: Shapes) -> None:
        for given in self.given:
            if own.keys() != given.keys():
                continue
            others = tuple(key for key in own if own[key] != given[key])
            if others:
                self.near.append((len(others), target, others))
            else:
                self.exact[file.prefix] = target
            if len(others) <= HEAD:
                self.fitting = max(self.fitting, file.score * (1.001 if others else SIMILAR))


def _without_prefix(shapes: Shapes) -> Shapes:
    """Return the tensors without what a wrapper put before all names, such as ``model.`` of Lightning."""
    first = {name.partition(".")[0] for name in shapes}
    if len(first) != 1 or not all("." in name for name in shapes):
        return shapes
    return {name.partition(".")[2]: shape for name, shape in shapes.items()}


def _files(shapes: Shapes) -> list[_File]:
    """Return the source files that have most of the words in names of tensors, the likeliest first."""
    parts = {part for name in shapes for part in re.findall(r"[A-Za-z]\w\w+", name)}
    words = parts - EVERYWHERE
    if not words:
        return []
    files: list[_File] = []
    for prefix, module in libraries().items():
        found = searchable(module)
        sources = [] if found is None else found.sources()
        having = [{word: _has(text, word) for word in words} for text, _ in sources]
        rarity = {word: _rarity(sum(own[word] > 0 for own in having), len(sources)) for word in words}
        for own, (_, names) in zip(having, sources, strict=True):
            if found is not None and names and sum(own.values()) >= LEAST * len(words):
                score = sum(rarity[word] * part for word, part in own.items())
                files.append(_File(prefix, found, names, score))
    return sorted(files, key=lambda file: -file.score)


def _rarity(having: int, files: int) -> float:
    """Return 1 for a word of one file, towards 0 for one of all."""
    return 1 - math.log(max(having, 1)) / math.log(files + 2)


def _has(text: str, word: str) -> float:
    """Return 1 if a source has a word, less if it has all but the number at its end: ``f"block{number}"``."""
    stem = word.rstrip("0123456789")
    return 1 if word in text else 0.9 if len(stem) > 2 and stem in text else 0


def _by_likeness(names: Sequence[str], stem: str) -> list[str]:
    """Return names, those first that are like the name of the file."""
    wanted = plain_name(stem)
    return sorted(names, key=lambda name: -SequenceMatcher(None, plain_name(name), wanted).ratio())


def _tensors(found: Searchable, name: str) -> dict[str, tuple[int, ...]]:
    """Return name and shape of each tensor of a model, built without weights; empty if it cannot be.

    Parameters lose their numbers as they are registered. In a mode in which nothing has any, those could not
    be built that work out their sizes with tensors.
    """
    from torch.nn.modules.module import register_module_parameter_registration_hook as each_parameter

    hook = each_parameter(_without_numbers)  # type: ignore[arg-type]  # it may return another one
    try:
        return {key: tuple(value.shape) for key, value in found.blank(name).state_dict().items()}
    except Exception:  # one that cannot be built so is not found so
        return {}
    finally:
        hook.remove()


def _without_numbers(module: Module, name: str, parameter: Parameter) -> Parameter:
    from torch.nn import Parameter

    return Parameter(parameter.to("meta"), requires_grad=parameter.requires_grad)
