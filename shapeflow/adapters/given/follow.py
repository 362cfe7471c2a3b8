"""Give inputs that nobody gave the sizes of those that were given: a mask those of what it hides.

Inputs that were made together agree, so a size that two of them had is one size where they belong together:
by their names, or since they had the same shape. What belongs to no input that was given follows in the batch
alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from torch import Tensor

from shapeflow.adapters.given.arguments import Arguments
from shapeflow.adapters.given.belonging import Names, is_mask
from shapeflow.adapters.resize import resized
from shapeflow.recording.ports import arguments as ports_of
from shapeflow.recording.ports import walk

Sizes = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Changed:
    """An input that has other sizes than the one that the model would have been given."""

    name: str
    old: Sizes | None
    """None: the model would have been given none."""
    new: Sizes
    rows: bool = True
    """Whether its first dim is that of the batch."""


def follow(arguments: Arguments, given: Sequence[Changed], made: Mapping[str, str]) -> dict[str, str]:
    """Give inputs that nobody gave the sizes of those that were given, and return how each was made.

    Args:
        arguments: what the model is called with; changed.
        given: what was given in other sizes.
        made: places that a user has said something of.
    """
    ports = {
        f"{key}{place[len(port) :]}": (place, leaf)
        for key, (port, _, value) in zip(
            arguments.named, ports_of(tuple(arguments.args), arguments.kwargs), strict=True
        )
        for place, leaf in walk(port, value)
        if isinstance(leaf, Tensor)
    }
    unknown = {changed.name for changed in given if changed.old is None}
    before = {own: None if own in unknown else tuple(leaf.shape) for own, (_, leaf) in ports.items()}
    names = Names(before | {changed.name: changed.old for changed in given})
    given = [_as_it_would_have_been(changed, names, before) for changed in given]
    wanted: dict[str, dict[int, int]] = {}
    told: dict[str, str] = {}
    waiting = list(given)
    while waiting:
        changed = waiting.pop(0)
        for own, (_, leaf) in ports.items():
            if own == changed.name or _is_said(own, made) or _are_listed(own, changed.name):
                continue
            sizes = tuple(leaf.shape)
            new = _new_sizes(sizes, changed, whole=_as_one(own, changed.name, names))
            shared = _shared(sizes, changed, every=is_mask(own)) if names.belong(own, changed.name) else {}
            rows = changed.rows and (0 in new or 0 not in shared)
            new |= shared
            known = wanted.setdefault(own, {})
            new = {dim: size for dim, size in new.items() if dim not in known}
            if new:
                known.update(new)
                told.setdefault(own, f"made to fit {changed.name}")
                if not names.owners(own):  # what belongs to others has followed them
                    now = tuple(known.get(dim, size) for dim, size in enumerate(sizes))
                    waiting.append(Changed(own, sizes, now, rows))
    by_port = {(ports[own][0], dim): size for own, dims in wanted.items() for dim, size in dims.items()}
    if by_port:
        stretched = frozenset(place for own, (place, _) in ports.items() if is_mask(own))
        args, arguments.kwargs = resized(
            tuple(arguments.args), arguments.kwargs, by_port, stretched=stretched
        )
        arguments.args = list(args)
    return told


def instead_of(name: str, named: Mapping[str, object]) -> str:
    """Return the input that a model takes instead of another: token ids, or the vectors of these; or none."""
    for one, other in (("inputs_embeds", "input_ids"), ("input_ids", "inputs_embeds")):
        if name.endswith(one) and isinstance(named.get(found := name.removesuffix(one) + other), Tensor):
            return found
    return ""


def sizes_instead(other: Sizes, new: Sizes) -> Sizes:
    """Return the sizes that an input would have had in the place of the one that it is given instead of."""
    return (*other[: len(new)], *new[len(other) :])


def _as_it_would_have_been(changed: Changed, names: Names, before: Mapping[str, Sizes | None]) -> Changed:
    """Return what was given with the sizes that what it belongs to had, if the model would have had none."""
    owner = next((sizes for own in names.owners(changed.name) if (sizes := before.get(own))), None)
    if owner is None:
        return changed
    if changed.old is not None:
        return replace(changed, rows=changed.old[:1] == owner[:1])
    rank = len(changed.new)
    if rank >= len(owner):
        old = (*owner, *changed.new[len(owner) :])
    else:  # of tokens without their width, or of rows and columns without the channels
        old = owner[:2] if rank <= 2 else (*owner[:1], *owner[1 - rank :])
    return Changed(changed.name, old[:rank], changed.new)


def _is_said(place: str, made: Mapping[str, str]) -> bool:
    """Return whether a user has said what is in a place."""
    return any(place == said or place.startswith((f"{said}.", f"{said}[")) for said in made)


def _are_listed(one: str, other: str) -> bool:
    """Return whether two places are items of one list, such as pictures, each of a size of its own."""
    head, bracket, rest = one.rpartition("[")
    return bool(bracket) and rest[:-1].isdecimal() and other.rpartition("[")[0] == head


def _as_one(one: str, other: str, names: Names) -> bool:
    """Return whether two inputs of one shape can be said to have it together."""
    owners = names.owners(one), names.owners(other)
    return not any(owners) or other in owners[0] or one in owners[1] or bool(owners[0] & owners[1])


def _new_sizes(own: Sizes, changed: Changed, *, whole: bool) -> dict[int, int]:
    """Return the dims in which a shape has to change so that it fits an input that was changed.

    Args:
        own: the shape.
        changed: the input.
        whole: an input of the same shape gets the new one; any other gets as many rows as there are now.
    """
    if not (own and changed.old and changed.new):  # numbers, or what was not there
        return {}
    if whole and own == changed.old and len(changed.old) == len(changed.new):
        return {dim: size for dim, size in enumerate(changed.new) if size != own[dim]}
    if not changed.rows:
        return {}
    return {0: changed.new[0]} if own[0] == changed.old[0] != changed.new[0] else {}


def _shared(own: Sizes, changed: Changed, *, every: bool) -> dict[int, int]:
    """Return the dims, without the batch, in which a shape changes with an input that it belongs to.

    Dims are the same that stand in the same place, counted from the first or from the last; of the others
    the first that had the size of the only one that was changed.

    Args:
        own: the shape.
        changed: the input.
        every: it is a mask, in which each dim of that size stands for it: what looks at what.
    """
    old, new = changed.old, changed.new
    if old is None or len(old) != len(new):
        return {}
    pairs: dict[int, int] = {}
    for dim in range(min(len(own), len(old))):
        if own[dim] != old[dim]:
            break
        pairs[dim] = dim
    for back in range(1, min(len(own), len(old)) + 1):
        dim, other = len(own) - back, len(old) - back
        if own[dim] != old[other] or dim in pairs or other in pairs.values():
            break
        pairs[dim] = other
    moved = [
        dim for dim in range(1 if changed.rows else 0, len(old)) if old[dim] != new[dim] and old[dim] > 1
    ]
    for dim, size in enumerate(own):
        alike = [other for other in moved if old[other] == size]
        found = not every and set(alike) <= set(pairs.values())
        if dim not in pairs and len(alike) == 1 and not found and (dim or size != old[0]):
            pairs[dim] = alike[0]
    return {dim: new[other] for dim, other in pairs.items() if old[other] != new[other]}
