"""Which modules of a trace words and names mean: found only where nothing else can be meant."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from shapeflow.model.records import Module
from shapeflow.model.trace import Trace
from shapeflow.notes.statements.wording import subject_tokens
from shapeflow.notes.words.words import LATIN, OTHER, name_tokens

_MODALITY = frozenset({"text", "image", "vision", "audio", "language", "pixel", "prompt", "mask", "time"})
"""A heading with such a word speaks of a part of a model, even where no name says so."""
_SECTION = re.compile(r"^[\s#*+>|·-]*(?:\d+(?:\.\d+)*[.)]?\s)?")
_NUMBERED = re.compile(r"[\w.-]*\d[\w.-]*", re.ASCII)
_CODE = re.compile(r"`([A-Za-z_][\w.]*)`")
VAGUE = frozenset({"layer", "block", "module", "stage", "network", "model", "head", "attention", "self"})


@dataclass(frozen=True, slots=True)
class Row:
    """Modules of one class in a row: the numbered ones below a container."""

    path: str
    """Of the container."""
    owner: str
    """Path of the module that holds it."""
    number: int
    units: frozenset[str]
    """What people call each of them: ``layer``, ``block``, ``stage``."""
    attends: bool
    """Whether each holds an attention: layers of a transformer, which people count alike."""
    tokens: frozenset[str]
    """What the names of the container, all around it, and their class say."""


class Subjects:
    """What can be meant in one trace."""

    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        self._by_last: dict[str, list[Module]] = defaultdict(list)
        self._by_class: dict[str, list[Module]] = defaultdict(list)
        self.holders: dict[str, list[Module]] = defaultdict(list)
        """Name of an attribute -> the modules that have it."""
        self._tokens: dict[str, frozenset[str]] = {}
        for module in trace.modules:
            self._by_last[module.path.rpartition(".")[2]].append(module)
            self._by_class[module.class_name].append(module)
            for name in module.attributes:
                self.holders[name].append(module)
            above = self._tokens.get(module.path.rpartition(".")[0], frozenset()) if module.path else ()
            own = _plain(module.path.rpartition(".")[2]) | _plain(module.class_name)
            self._tokens[module.path] = frozenset(above) | own
        self.vocabulary = frozenset().union(*self._tokens.values()) if self._tokens else frozenset()
        self.calls = Counter(call.path for call in trace.calls if call.method == "forward")
        """Path of a module -> how many times it was called."""
        # names of whole models alone: a number in them is one of a version
        self._names = " ".join(
            re.sub(r"[^a-z0-9]", "", name.lower())
            for name in (*(one.class_name for one in trace.modules if not one.path), trace.run.target)
        )
        self.rows = list(self._rows())
        self.last_names: tuple[Any, Any] | None = None
        """The line that was last looked at for names, and those in it, see ``names``."""

    def said(self, phrase: str) -> frozenset[str] | None:
        """Return what the words of a phrase name; None if some of them, or a number, are not understood."""
        plain = _SECTION.sub("", phrase)
        for word in _NUMBERED.findall(plain):
            name = re.sub(r"[^a-z0-9]", "", word.lower())
            if name.isdigit() or name not in self._names:
                return None  # GPT-3 in a run of GPT-2, stage 3
        return subject_tokens(plain)

    def tokens(self, module: Module) -> frozenset[str]:
        """Return what the names of a module, its class and all around it say."""
        return self._tokens[module.path]

    def own_tokens(self, module: Module) -> frozenset[str]:
        """Return what its own name and class say."""
        return _plain(module.path.rpartition(".")[2]) | _plain(module.class_name)

    def named(self, name: str) -> list[Module]:
        """Return the modules that a name in code means: a path, the end of one path alone, or a class."""
        module = self.trace.module_by_path.get(name) if name else None
        if module is not None:
            return [module]
        found = self.ending(name)
        return found if len(found) == 1 else [] if found else list(self._by_class.get(name, ()))

    def ending(self, name: str) -> list[Module]:
        """Return all modules whose path ends in a name."""
        return [
            one
            for one in self._by_last.get(name.rpartition(".")[2], ())
            if f".{one.path}".endswith(f".{name}")
        ]

    def is_name(self, word: str) -> bool:
        """Return whether something in the trace has a name: a class, a module or an attribute."""
        return word in self._by_class or word in self.holders or word in self._by_last

    def is_model(self, word: str) -> bool:
        """Return whether a word is the name of the whole model, or the start of it: ``GPT-2``."""
        name = re.sub(r"[^a-z0-9]", "", word.lower())
        return len(name) > 2 and any(one.startswith(name) for one in self._names.split())

    def in_code(self, text: str) -> list[list[Module]]:
        """Return the modules that each name between backticks means."""
        return [found for name in _CODE.findall(text) if (found := self.named(name))]

    def fit(self, tokens: frozenset[str], said: Iterable[str], headings: Sequence[str]) -> bool:
        """Return whether all that is said of a subject speaks for a thing, and no heading for another.

        Args:
            tokens: what the names of the thing say.
            said: tokens of the words that name it.
            headings: those above, of which only words that name something else count.
        """
        if not set(said) <= tokens:
            return False
        for heading in headings:
            known = {word for word in _heading_tokens(heading) if word in self.vocabulary | _MODALITY}
            if not known - VAGUE <= tokens:
                return False
        return True

    def _rows(self) -> Iterable[Row]:
        below: dict[str, list[Module]] = defaultdict(list)
        attending = {""}
        for module in self.trace.modules:
            if module.path:
                below[module.path.rpartition(".")[0]].append(module)
            if "attention" in self.own_tokens(module):
                parts = module.path.split(".")
                attending |= {".".join(parts[:end]) for end in range(1, len(parts) + 1)}
        numbered = {
            path
            for path, modules in below.items()
            if len({one.class_name for one in modules}) == 1 and _are_numbered(path, modules)
        }
        for path in numbered:
            inside = [one.path for one in below[path]]
            if len(inside) < 2 or any(self.calls[one] != 1 for one in inside):
                continue  # what runs several times may be counted as often as it runs
            attends = attending.issuperset(inside)
            nested = any(
                other.startswith(f"{inside[0]}.") and attending.issuperset(one.path for one in below[other])
                for other in numbered
            )
            units = _units(path.rpartition(".")[2], below[path][0].class_name)
            if attends and units & {"layer", "block"}:
                units |= {"layer", "block"}  # of a transformer both words are in use
            if nested:
                units -= {"layer", "block"}
            if units:
                tokens = self._tokens[path] | _plain(below[path][0].class_name)
                yield Row(path, path.rpartition(".")[0], len(inside), frozenset(units), attends, tokens)


def _are_numbered(path: str, modules: Sequence[Module]) -> bool:
    """Return whether modules are called by a common name, or by nothing else, and numbers from 0."""
    names = [one.path.removeprefix(f"{path}.") for one in modules]
    common = names[0].removesuffix("0")
    return names == [f"{common}{number}" for number in range(len(names))] and common[-1:] in ("", "_")


def _units(name: str, class_name: str) -> set[str]:
    """Return what the members of a container are called, by its name and by their class."""
    words = set(re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", class_name))
    said = {LATIN.get(word.lower(), word.lower()) for word in words}
    units = {unit for unit in ("layer", "block", "stage") if unit in said and name[-1:].isalpha()}
    if name in ("layer", "layers"):
        units = {"layer"}
    elif name in ("block", "blocks", "resblocks"):
        units = {"block"}
    elif name in ("stage", "stages"):
        units = {"stage"}
    if class_name in ("Bottleneck", "BasicBlock"):
        units = {"block"}
    return units


def _plain(name: str) -> frozenset[str]:
    return frozenset(token for token in name_tokens(name) if token[0] not in "#=")


def _heading_tokens(heading: str) -> set[str]:
    found = {token for word in re.findall(r"[A-Za-z]\w*", heading) for token in _plain(word)}
    if not heading.isascii():
        found |= {concept for word, concept in OTHER.items() if word in heading}
    return found
