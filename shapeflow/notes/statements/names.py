"""Names of modules that a line has in code, and of which of the modules so called a statement is true."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from shapeflow.model.records import Module
from shapeflow.notes.mention import Passage
from shapeflow.notes.statements.lines import Line
from shapeflow.notes.statements.scope import scoped
from shapeflow.notes.statements.subjects import Subjects
from shapeflow.notes.statements.wording import sentence

NAME = re.compile(r"(?:`|\[)(?:self\.)?(?P<name>[A-Za-z_][\w.]*)(?:`|\])(?:\(\s*\))?")
"""A name in code, between backticks or as the words of a link."""
_JOINED = re.compile(
    r"\s*(?:[,/&+·|]|and|or|und|oder|et|ou|y|o|e|и|или|和|与|及|或|と|や|와|과|,\s*(?:and|or))?\s*"
)
"""What joins names of which something is said together."""
MOST = 200
"""Modules of which one statement may speak."""


_LIBRARIES = frozenset({"torch", "nn", "F", "np", "config", "torchvision", "timm", "transformers"})
LEAST_NAMES = 3
"""A text that names so many modules of a model in code is about it."""


@dataclass(frozen=True, slots=True)
class Named:
    """A name in a line, and the modules that it may mean there."""

    name: str
    start: int
    end: int
    """The column after it, with its backticks."""
    until: int
    """Where what is said of it ends: the next name of a module, or the end of the sentence."""
    modules: tuple[Module, ...]
    sure: bool
    """Whether nothing around it speaks for another thing of this name."""
    joined: bool
    """Whether it is one of several, of which something is said together, or of each its own."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """Modules that a statement is about."""

    modules: tuple[Module, ...]
    right: bool
    """Whether it is true of them."""


def named_modules(line: Line, subjects: Subjects) -> tuple[Named, ...]:
    """Return the names of modules in a line; what is the name of nothing is left out."""
    asked = subjects.last_names
    if asked is None or asked[0] is not line:  # several readers ask for each line
        asked = (line, tuple(_named_modules(line, subjects)))
        subjects.last_names = asked
    return asked[1]


def _named_modules(line: Line, subjects: Subjects) -> Iterator[Named]:
    found = [(one, _meant(one["name"], subjects)) for one in NAME.finditer(line.text)]
    places = [(one, modules) for one, modules in found if modules]
    for number, (one, modules) in enumerate(places):
        first, last = sentence(line.text, one.start(), one.end())
        later = places[number + 1][0].start() if number + 1 < len(places) else len(line.text)
        before = line.text[first : one.start()] if not NAME.search(line.text, first, one.start()) else ""
        alone = len(modules) == 1
        meant = scoped(line, before, modules, subjects).modules
        if meant or alone:
            sure = bool(meant) or "." in one["name"]
            joined = number > 0 and bool(
                _JOINED.fullmatch(line.text, places[number - 1][0].end(), one.start())
            )
            until = min(last, later)
            yield Named(one["name"], one.start(), one.end(), until, meant or tuple(modules), sure, joined)


def is_about(passages: Iterable[Passage], subjects: Subjects) -> bool | None:
    """Return whether a text is about the model of the trace; None if it names too little to tell.

    It is about another one where most of the paths that it has in code lead nowhere.
    """
    names = {one["name"] for passage in passages for one in NAME.finditer(passage.text)}
    paths = {name for name in names if "." in name and name.partition(".")[0] not in _LIBRARIES}
    known = {name for name in names if subjects.ending(name)}
    leading = {name for name in paths if name in known or subjects.ending(name.rpartition(".")[0])}
    if len(paths) >= LEAST_NAMES and 2 * len(leading) < len(paths):
        return False
    return True if len(known) >= LEAST_NAMES else None


def _meant(name: str, subjects: Subjects) -> list[Module]:
    """Return the modules whose path ends in a name; one whose whole path has dots is meant alone."""
    found = subjects.ending(name)
    exact = [one for one in found if one.path == name and "." in name]
    return exact or found


def chosen(named: Named, fits: Callable[[Module], bool | None]) -> Chosen | None:
    """Return of which modules something that is said of a name is, or is not, so; None where that is open.

    Of several modules with the name those are left out that it cannot be said of. It is so if it is of all of
    them, or of the one that has the name as its path; and not so if it is of none.

    Args:
        named: the name, and what it may mean.
        fits: whether it is so of a module; None if it cannot be said of it.
    """
    told = {one.path: fits(one) for one in named.modules}
    able = [one for one in named.modules if told[one.path] is not None]
    right = [one for one in able if told[one.path]]
    if not able or len(able) > MOST:
        return None
    if len(right) == len(able) or not right:
        return Chosen(tuple(right or able), bool(right))
    exact = tuple(one for one in right if one.path == named.name)
    return Chosen(exact, right=True) if exact else None
