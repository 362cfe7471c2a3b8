"""Whether data goes from one module to the next, for the pairs of modules that two names can mean."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from shapeflow.errors import SelectorError
from shapeflow.model.flow import fold, reaches
from shapeflow.model.records import Module
from shapeflow.notes.statements.subjects import Subjects

Pair = tuple[Module, Module]
MOST = 64
"""Pairs of modules of which one statement may speak."""


def candidates(name: str, subjects: Subjects) -> list[Module]:
    """Return the modules that a name in code may mean and that run once: what runs again may feed itself."""
    found = [one for one in subjects.ending(name) if one.path]
    return found if all(subjects.calls[one.path] == 1 for one in found) else []


def pairs(first: Sequence[Module], second: Sequence[Module], names: tuple[str, str]) -> list[Pair]:
    """Return the pairs of modules that two names beside each other mean; none where that is open.

    Names that several modules have mean those of one owner: ``fc1`` and ``fc2`` of each ``mlp``.

    Args:
        first: the modules that the first name may mean.
        second: those that the second one may mean.
        names: both, as they are written.
    """
    if len(first) == 1 and len(second) == 1:
        found = [(first[0], second[0])]
    else:
        exact = [
            [one for one in side if one.path == name]
            for side, name in zip((first, second), names, strict=True)
        ]
        of_owner = {_owner(one, names[1]): one for one in second}
        found = [(one, of_owner[owner]) for one in first if (owner := _owner(one, names[0])) in of_owner]
        if exact[0] and exact[1]:
            found = [(exact[0][0], exact[1][0])]
        elif len(found) < max(len(first), len(second)):
            return []
    apart = [(one, other) for one, other in found if not _is_part(one, other) and not _is_part(other, one)]
    return apart if len(apart) == len(found) <= MOST else []


def goes(pair: Pair, subjects: Subjects) -> bool:
    """Return whether data may go from the first module of a pair to the second."""
    one, other = pair
    try:
        return reaches(subjects.trace, one.path, other.path).answer != "no"
    except SelectorError:
        return True


def leaps(pair: Pair, subjects: Subjects, *, strict: bool = False) -> bool:
    """Return whether data that goes from one module to another is made into something else on its way.

    ``layer1`` does not feed ``layer3``: what ``layer2`` makes of it does. A single layer, such as a norm,
    is often left out.

    Args:
        pair: where data comes from, and where it goes.
        subjects: what can be meant in the trace.
        strict: whether no layer with parameters may lie between: the very output is spoken of.
    """
    trace = subjects.trace
    try:
        reach = reaches(trace, pair[0].path, pair[1].path)
    except SelectorError:
        return True
    paths = {trace.calls[step.call].path for step in fold(trace, reach) if step.call is not None} - {""}
    between = [one for path in paths if (one := trace.module_by_path.get(path)) and one.parameters]
    between = [one for one in between if not any(_is_part(one, end) or _is_part(end, one) for end in pair)]
    if strict:
        return bool(between)
    return any(one.own_parameters < one.parameters or one.class_name == pair[0].class_name for one in between)


def claims_of(found: Sequence[Pair]) -> Iterator[str]:
    """Yield the claims that data goes from the first to the second of each pair."""
    for one, other in found:
        yield f"{one.path} reaches {other.path}"


def _owner(module: Module, name: str) -> str:
    return module.path.removesuffix(name)


def _is_part(one: Module, other: Module) -> bool:
    return f"{one.path}.".startswith(f"{other.path}.")
