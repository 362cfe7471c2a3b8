"""Letters in the comments of one function: each has one size in a call, by the comments and by the code."""

from __future__ import annotations

import ast
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from shapeflow.notes.mention import Mention
from shapeflow.notes.own_source.names import Function, OwnNames
from shapeflow.notes.placing.relations import bindings_of, multiple_of
from shapeflow.shapes.matching import evaluate, pairs_of
from shapeflow.shapes.notation import Expression

Shape = tuple[int, ...]
Sort = Literal["comment", "docstring", "code"]
Conflict = Literal["", "contradicted", "layout differs", "cannot tell"]
LEAST_SAYING = 2
"""So many comments have to give a letter a size before another one is wrong; the code alone is enough."""
CLEAR = 3
"""So many times as many as give it the next size."""
_LOOSE = frozenset(
    [
        *("h", "w", "c", "t", "d", "height", "width", "channel", "channels", "num_channels", "depth", "time"),
        *("length", "len", "seq_len", "seq_length", "sequence_length", "dim", "hidden_dim", "features"),
    ]
)
"""Letters and words that many authors give to what a tensor has at this place, whatever its size is now."""


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

    def __init__(self, names: OwnNames) -> None:
        self.names = names
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
        sort: Sort = "comment" if mention.frame.region == "comment" else "docstring"
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
            for names, source, line in self._unpacked(node):
                held = self.names.before(node, source, line)
                shapes = tuple(values[value] for value in held.values) if held.sure else ()
                if shapes and all(len(shape) == len(names) for shape in shapes):
                    dims = tuple((_letter(name), axis) for axis, name in enumerate(names))
                    self.said.append(self._of(line, dims, shapes, "code"))

    def conflict(self, said: Said) -> Conflict:
        """Return what is wrong with letters that others, or the code, give other sizes in each call."""
        found: set[Conflict] = set()
        scope = [
            one for one in self.said if one is not said and one.scope == said.scope and _counts(one, said)
        ]
        for call, shape in enumerate(said.shapes):
            sizes = _sizes(scope, said, call) or _sizes(self._beside(said), said, call)
            found.add(_judged(said, shape, sizes))
        return found.pop() if len(found) == 1 else ""

    def _beside(self, said: Said) -> Iterator[Said]:
        """Yield what other functions of the class say of tensors that were alike in all calls."""
        for one in self.said:
            if one is not said and said.owner and one.owner == said.owner and len({*one.shapes}) == 1:
                yield one

    def _of(
        self,
        line: int,
        dims: tuple[tuple[Expression | None, int], ...],
        shapes: tuple[Shape, ...],
        sort: Sort,
    ) -> Said:
        node = self.names.around(line)
        return Said(line, node.lineno if node else 0, self.names.owner(node), dims, shapes, sort)

    def _unpacked(self, node: Function) -> Iterator[tuple[list[str], str, int]]:
        """Yield the names that a function gives the sizes of a tensor, the tensor, and the line."""
        for part in self.names.parts(node):
            if not isinstance(part, ast.Assign) or not isinstance(part.targets[0], ast.Tuple | ast.List):
                continue
            names = part.targets[0].elts
            source = part.value
            if isinstance(source, ast.Call) and not source.args and isinstance(source.func, ast.Attribute):
                taken, tensor = source.func.attr == "size", source.func.value
            elif isinstance(source, ast.Attribute):
                taken, tensor = source.attr == "shape", source.value
            else:
                continue
            if taken and isinstance(tensor, ast.Name) and all(isinstance(name, ast.Name) for name in names):
                yield [ast.unparse(name) for name in names], tensor.id, part.lineno


def _counts(one: Said, said: Said) -> bool:
    """Return whether what is said elsewhere in a function holds at a place, too: the code for lines below."""
    if one.sort == "code":
        return said.sort == "comment" and one.line <= said.line
    return True


def _sizes(others: Iterable[Said], said: Said, call: int) -> dict[str, int]:
    """Return the sizes that others than one mention agree on for letters in a call.

    A letter to which too many give another size is left out.
    """
    lines: dict[str, dict[int, set[int]]] = defaultdict(lambda: defaultdict(set))
    coded: dict[str, set[int]] = defaultdict(set)
    for one in others:
        if len({*one.shapes}) > 1 and len(one.shapes) != len(said.shapes):
            continue
        shape = one.shapes[call % len(one.shapes)]
        for meaning, axis in one.dims:
            symbol, times = multiple_of(meaning) if meaning is not None else ("", 1)
            if symbol and shape[axis] % times == 0:
                size = shape[axis] // times
                if one.sort == "code":
                    coded[symbol].add(size)
                else:
                    lines[symbol][size].add(one.line)
    found = {}
    for symbol in {*lines, *coded}:
        sayings = Counter({size: len(at) for size, at in lines[symbol].items()})
        sayings.update(dict.fromkeys(coded[symbol], LEAST_SAYING))
        (size, most), *rest = sayings.most_common(2)
        if most >= LEAST_SAYING and all(most >= CLEAR * other for _, other in rest):
            found[symbol] = size
    return found


def _judged(said: Said, shape: Shape, sizes: Mapping[str, int]) -> Conflict:
    """Return whether letters have other sizes in a shape than the others give them.

    At least one of them has to agree: else the letters are others than those elsewhere.
    """
    bindings = bindings_of(sizes)
    stated: list[int | None] = []
    for meaning, _ in said.dims:
        value = evaluate(meaning, bindings) if meaning is not None else None
        stated.append(value if isinstance(value, int) else None)
    there = [shape[axis] for _, axis in said.dims]
    differs = [one is not None and one != other for one, other in zip(stated, there, strict=True)]
    if not any(differs):
        return ""
    known = [one for one in stated if one is not None]
    if sorted(known) == sorted(there):
        return "layout differs"
    agrees = any(one == other and other > 1 for one, other in zip(stated, there, strict=True))
    loose = all(
        meaning is not None and meaning.symbol.lower() in _LOOSE
        for (meaning, _), other in zip(said.dims, differs, strict=True)
        if other
    )
    return "cannot tell" if loose or not agrees else "contradicted"


def _letter(name: str) -> Expression | None:
    return None if name == "_" else Expression(name, (name,))


def _expression(meaning: object) -> Expression | None:
    return meaning if isinstance(meaning, Expression) else None
