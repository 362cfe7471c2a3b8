"""Which sizes the symbols of a text have: from its own definitions, and from where its shapes are placed."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

from shapeflow.model.records import Records
from shapeflow.notes.mention import Definition, Mention
from shapeflow.notes.places.sites import Sites
from shapeflow.notes.placing.chain import NOWHERE, Placed
from shapeflow.notes.placing.relations import BATCHES, FITS, Shape, relations
from shapeflow.shapes.matching import pairs_of
from shapeflow.shapes.notation import Expression

MOST_VOTES = 0.8
"""A symbol has the size that gets this share of the mass, in so many mentions at least."""
LEAST_MASS = 1.5
LEAST_USES = 2
"""So many shapes have to fit without the size of a letter before the size is doubted, not they."""
LOOSE = frozenset(
    [
        *("h", "w", "c", "t", "d", "f", "height", "width", "depth", "time", "dim", "hidden_dim", "features"),
        *("channel", "channels", "num_channels", "length", "len", "seq_len", "seq_length", "sequence_length"),
    ]
)
"""Letters and words that many authors give to what a tensor has at this place, whatever its size is now."""


def defined(definitions: Iterable[Definition]) -> dict[str, int]:
    """Return the sizes that a text gives its symbols; none where it gives several."""
    sizes: dict[str, set[int]] = defaultdict(set)
    for definition in definitions:
        if definition.size is not None:
            sizes[definition.symbol].add(definition.size)
    return {symbol: next(iter(found)) for symbol, found in sizes.items() if len(found) == 1}


def as_given(
    given: Mapping[str, int], mentions: Sequence[Mention], shapes: Collection[Shape], batch: int
) -> dict[str, int]:
    """Return the sizes that a text gives, without those of another run.

    That is the size of a batch if the run had another one: a text is right with any number of inputs. And
    that of a letter which many use loosely, as of the length of an input, if no shape of the text fits
    anywhere in the run with it, though all, or nearly all, do without it. Another letter keeps its size: a
    text that says N = 196 of what has 197 is not right.

    Args:
        given: sizes that the text gives its symbols.
        mentions: the shapes that it states.
        shapes: those of the run.
        batch: how many inputs the run had at once.
    """

    def fits(mention: Mention, sizes: Mapping[str, int]) -> bool:
        found = relations(mention.pattern, shapes, sizes, batch)
        return any(how in FITS for how in found.values())

    def is_of_another(symbol: str, size: int) -> bool:
        if size == batch:
            return False
        using = [mention for mention in mentions if symbol in mention.pattern.symbols]
        if symbol.lower() in BATCHES:
            return True
        if symbol.lower() == "n":  # also what tokens and points are called
            whole = (mention.pattern.dims for mention in using)
            leads = all(len(dims) > 2 and dims[0].text.strip() == symbol for dims in whole)
            return leads and all(fits(mention, {symbol: batch}) for mention in using)
        if symbol.lower() not in LOOSE:
            return False
        free = sum(fits(mention, {}) for mention in using)
        enough = free >= LEAST_USES and free >= MOST_VOTES * len(using)
        return enough and not any(fits(mention, {symbol: size}) for mention in using)

    return {symbol: size for symbol, size in given.items() if not is_of_another(symbol, size)}


def voted(sites: Sites, chain: Sequence[Placed]) -> dict[str, dict[int, float]]:
    """Return for each symbol the mass of each size that it has where its shapes are placed."""
    votes: dict[str, dict[int, float]] = defaultdict(lambda: defaultdict(float))
    written = Counter(str(placed.mention.pattern) for placed in chain)
    for placed in chain:
        for state in placed.states:
            if state.site == NOWHERE or state.relation not in ("symbolic", "exact"):
                continue
            shape = sites.all[state.site].shape
            for dim, axis in pairs_of(placed.mention.pattern, shape) or ():
                meaning = placed.mention.pattern.dims[dim].meaning
                if isinstance(meaning, Expression) and meaning.symbol:
                    # What is written several times is one statement: all of them may be placed wrongly alike.
                    share = state.mass / written[str(placed.mention.pattern)]
                    votes[meaning.symbol][shape[axis]] += share
    return {symbol: dict(found) for symbol, found in votes.items()}


def held(trace: Records) -> dict[str, int]:
    """Return the sizes that attributes of modules have, by name; none where modules differ in it."""
    sizes: dict[str, set[int]] = defaultdict(set)
    for module in trace.modules:
        for name, value in module.attributes.items():
            if type(value) is int and value > 1 and "_" in name.strip("_"):
                sizes[name].add(value)
    return {name: next(iter(found)) for name, found in sizes.items() if len(found) == 1}


def solved(
    votes: Mapping[str, Mapping[int, float]], given: Mapping[str, int], code: Mapping[str, int]
) -> dict[str, int]:
    """Return the sizes of symbols: as given, as nearly all placed shapes have them, or as the code has them.

    Args:
        votes: for each symbol the mass of each size where its shapes are placed.
        given: sizes that the text gives its symbols.
        code: sizes that the code of the model has by the same names.
    """
    sizes = dict(given)
    for symbol, found in votes.items():
        size = max(found, key=lambda size: found[size])
        whole = sum(found.values())
        if symbol not in sizes and whole >= LEAST_MASS and found[size] >= MOST_VOTES * whole:
            sizes[symbol] = size
    agreed = {name: size for name, size in code.items() if _agrees(votes.get(name, {}), size)}
    return {**agreed, **sizes}


def _agrees(votes: Mapping[int, float], size: int) -> bool:
    """Return whether a size is not clearly another one than shapes show where they are placed."""
    whole = sum(votes.values())
    return whole < 1 or votes.get(size, 0.0) >= LEAST_AGREED * whole


LEAST_AGREED = 0.4
"""A size that the code gives a name has so much of the mass of the sizes of its shapes."""
