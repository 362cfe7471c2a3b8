"""Letters in the comments of one function: each has one size in a call, by the comments and by the code."""

from __future__ import annotations

import ast
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from shapeflow.notes.mention import Mention
from shapeflow.notes.own_source.axes import axes_taken
from shapeflow.notes.own_source.names import OwnNames
from shapeflow.notes.own_source.sizes import OwnSizes
from shapeflow.notes.placing.relations import bindings_of, multiple_of
from shapeflow.notes.placing.symbols import LOOSE
from shapeflow.shapes.matching import Bindings, evaluate, pairs_of
from shapeflow.shapes.notation import Expression

Shape = tuple[int, ...]
Sort = Literal["comment", "docstring", "annotation", "code"]
Conflict = Literal["", "contradicted", "layout differs", "cannot tell"]
LEAST_SAYING = 2
"""So many comments have to give a letter a size before another one is wrong; the code alone is enough."""
CLEAR = 3
"""So many times as many as give it the next size."""


@dataclass(frozen=True, slots=True)
class Said:
    """Letters that a comment, or the code, gives to the axes of a tensor."""

    line: int
    scope: int
    """Line of the function."""
    owner: str
    """The class around it."""
    dims: tuple[tuple[Expression | None, int], ...]
    """What each dim says and the axis that it is of."""
    shapes: tuple[Shape, ...]
    """Of the tensor, in the order of the calls."""
    sort: Sort


class OwnLetters:
    """Knows the sizes of the letters of a file, and finds the shapes that do not agree with the others."""

    def __init__(self, names: OwnNames, sizes: OwnSizes) -> None:
        self.names = names
        self.sizes = sizes
        self.said: list[Said] = []

    def said_by(self, mention: Mention, shapes: Iterable[Shape]) -> Said | None:
        """Return what a mention says of a tensor; None if its dims are not those of the tensor.

        Args:
            mention: the mention.
            shapes: of the tensor, in the order of the calls.
        """
        held = tuple(shapes)
        pairs = [pairs_of(mention.pattern, shape) for shape in held]
        if not held or pairs[0] is None or any(one != pairs[0] for one in pairs):
            return None
        dims = mention.pattern.dims
        meanings = tuple((_expression(dims[dim].meaning), axis) for dim, axis in pairs[0])
        region = mention.frame.region
        sort: Sort = region if region in ("comment", "annotation") else "docstring"
        return self._of(mention.span.line, meanings, held, sort)

    def add(self, said: Said) -> None:
        """Add what is known of a tensor that is the only one that a mention can mean."""
        self.said.append(said)

    def read_code(self, values: Mapping[int, Shape]) -> None:
        """Add what the code takes from shapes: ``B, N, C = x.shape``.

        Args:
            values: id of a value -> its shape.
        """
        for node in self.names.functions:
            for taken in axes_taken(self.names.parts(node)):
                held = self.names.before(node, taken.tensor, taken.line)
                shapes = tuple(values[value] for value in held.values) if held.sure else ()
                if shapes and len({len(shape) for shape in shapes}) == 1 and taken.fits(len(shapes[0])):
                    rank = len(shapes[0])
                    dims = tuple((Expression(name, (name,)), axis % rank) for name, axis in taken.axes)
                    self.said.append(self._of(taken.line, dims, shapes, "code"))

    def conflict(self, said: Said) -> Conflict:
        """Return what is wrong with letters that others, or the code, give other sizes in each call."""
        found: set[Conflict] = set()
        # Both ends of an arrow are one saying: a wrong line does not bear itself out.
        others = [one for one in self.said if one.line != said.line or one.sort == "code"]
        scope = [one for one in others if one.scope == said.scope and _counts(one, said)]
        beside = [one for one in others if said.owner and one.owner == said.owner and one.scope != said.scope]
        node = self.names.around(said.line)
        method = None if isinstance(node, ast.ClassDef) else node
        coded = self.sizes.of(self.names.class_around(said.line), method)
        taken = [one for one in scope if one.sort == "code"]
        given = {name for one in taken for meaning, _ in one.dims if meaning for name in meaning.symbols}
        sure = frozenset(name.casefold() for name in given)
        for call, shape in enumerate(said.shapes):
            here, there = _sizes(scope, said, call, coded), _sizes(beside, said, None)
            words = {name: size for name, size in there.items() if not here or name.lower() not in LOOSE}
            found.add(_judged(said, shape, words | here, coded, sure))
        return found.pop() if len(found) == 1 else ""

    def _of(
        self,
        line: int,
        dims: tuple[tuple[Expression | None, int], ...],
        shapes: tuple[Shape, ...],
        sort: Sort,
    ) -> Said:
        node = self.names.around(line)
        return Said(line, node.lineno if node else 0, self.names.class_around(line), dims, shapes, sort)


def _counts(one: Said, said: Said) -> bool:
    """Return whether what is said elsewhere in a function holds at a place, too: the code for lines below."""
    if one.sort == "code" and one.shapes != said.shapes:
        return said.sort == "comment" and one.line <= said.line
    return True


def _sizes(
    others: Iterable[Said], said: Said, call: int | None, coded: Mapping[str, int] | None = None
) -> dict[str, int]:
    """Return the sizes that others than one mention agree on for letters in a call.

    A letter to which too many give another size is left out.

    Args:
        others: what else is said.
        said: by the mention.
        call: which one; None: only sizes that are the same in all calls count.
        coded: sizes that the code of the class gives names.
    """
    others = list(others)
    most = max((len(one.shapes) for one in others), default=0)
    lines: dict[str, dict[int, set[int]]] = defaultdict(lambda: defaultdict(set))
    code: dict[str, set[int]] = defaultdict(set)
    for name, size in (coded or {}).items():
        code[name].add(size)
    for one in others:
        same_calls = len(one.shapes) == len(said.shapes)
        some = len(one.shapes) < most and one.sort != "code"  # an argument that is not always given
        if call is not None and not same_calls and (len({*one.shapes}) > 1 or some):
            continue
        shapes = one.shapes if call is None else [one.shapes[call % len(one.shapes)]]
        for meaning, axis in one.dims:
            sizes = {shape[axis] for shape in shapes}
            symbol, size = _solved(meaning, sizes.pop())
            if symbol and not sizes and one.sort == "code":
                code[symbol].add(size)
            elif symbol and not sizes:
                lines[symbol][size].add(one.line)
    written = {symbol for meaning, _ in said.dims if meaning is not None for symbol in meaning.symbols}
    for symbol in written - code.keys():
        alike = [name for name in code if name.casefold() == symbol.casefold()]
        if len(alike) == 1 and alike[0] not in {*lines, *written}:
            code[symbol] = code[alike[0]]
    found = {}
    for symbol in {*lines, *code}:
        sayings = Counter({size: len(at) for size, at in lines[symbol].items()})
        sayings.update(dict.fromkeys(code[symbol], LEAST_SAYING))
        (size, most), *rest = sayings.most_common(2)
        if most >= LEAST_SAYING and all(most >= CLEAR * other for _, other in rest):
            found[symbol] = size
    return found


def _solved(meaning: Expression | None, size: int) -> tuple[str, int]:
    """Return the one symbol of a product, or quotient, and its size; no symbol for anything else."""
    if meaning is None:
        return "", 0
    symbol, times = multiple_of(meaning)
    if symbol:
        return (symbol, size // times) if size % times == 0 else ("", 0)
    match meaning.items:
        case (str(name), int(by), "/" | "//") if name in meaning.symbols:
            return name, size * by
    return "", 0


def _judged(
    said: Said, shape: Shape, sizes: Mapping[str, int], coded: Mapping[str, int], sure: Collection[str]
) -> Conflict:
    """Return whether letters have other sizes in a shape than the others give them.

    At least one of them has to agree, or the code to have the word: else the letters are others than those
    elsewhere.

    Args:
        said: by the mention.
        shape: of the tensor.
        sizes: that the others, and the code, give letters.
        coded: sizes that the code of the class gives names.
        sure: letters, in lower case, that the function takes from shapes.
    """
    bindings = bindings_of(sizes)
    there = [shape[axis] for _, axis in said.dims]
    stated = [_stated(meaning, size, bindings) for (meaning, _), size in zip(said.dims, there, strict=True)]
    differs = [one is not None and one != other for one, other in zip(stated, there, strict=True)]
    if not any(differs):
        return ""
    moved = [pair for pair, other in zip(zip(stated, there, strict=True), differs, strict=True) if other]
    if sorted(one or 0 for one, _ in moved) == sorted(other for _, other in moved):
        return "layout differs"
    agrees = any(one == other and other > 1 for one, other in zip(stated, there, strict=True))
    others = [meaning for (meaning, _), other in zip(said.dims, differs, strict=True) if other and meaning]
    words = {symbol for meaning in others for symbol in meaning.symbols} & coded.keys()
    free = {one.symbol for one in others if one.symbol.lower() in LOOSE} - words
    loose = said.sort != "annotation" and all(not free.isdisjoint(one.symbols) for one in others)
    left = [other for one, other in zip(stated, there, strict=True) if one != other]
    displaced = [one for one in others if one.symbol and 1 < sizes[one.symbol] in left]
    if any(one.symbol.lower() not in LOOSE for one in displaced):
        return "layout differs"
    if loose:
        known = any(symbol.casefold() in sure for meaning in others for symbol in meaning.symbols)
        said_size = any(meaning is not None and not meaning.symbols for meaning, _ in said.dims)
        return "cannot tell" if known or said_size or displaced else ""
    return "contradicted" if agrees or any("_" in word for word in words) else "cannot tell"


def _stated(meaning: Expression | None, there: int, bindings: Bindings) -> int | None:
    """Return the size that a dim states, None where it is not known; of a fraction the nearer size."""
    value = evaluate(meaning, bindings) if meaning is not None else None
    if isinstance(value, int) or meaning is None or "/" not in meaning.items:
        return value if isinstance(value, int) else None
    whole = Expression(meaning.text, tuple("//" if item == "/" else item for item in meaning.items))
    floor = evaluate(whole, bindings)
    return None if not isinstance(floor, int) else there if there == floor + 1 else floor


def _expression(meaning: object) -> Expression | None:
    return meaning if isinstance(meaning, Expression) else None
