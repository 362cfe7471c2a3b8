"""Comments with shapes in a file of one's own: ``# f32[2, 64]`` behind the line that made it."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from shapeflow.errors import InputError
from shapeflow.shapes.matching import Bindings, DimsDiffer, DtypeDiffers, match
from shapeflow.shapes.notation import DTYPE, ShapeTextError, parse_shape
from shapeflow.source.lines import Line, Made, SourceFile

LONGEST_TEXT = 150
"""Characters of a line that are compared: longer ones are cut in a trace."""
MARK = "\ufeff"
"""What some editors put before a text in UTF-8."""
MOST_TYPES = 3
"""Different shapes of one name that are written; of more, the first and the last."""

_SHAPE = rf"(?:{DTYPE.pattern})\[[^\[\]#]*\]"
_ONE = rf"(?:(?P<name>[^\s,|#]+) )?(?:{_SHAPE}|…)(?: \| (?:{_SHAPE}|…))*"
_OURS = re.compile(
    rf"(?:^|(?<=\s))# ?{_ONE.replace('?P<name>', '?:')}(?:, {_ONE.replace('?P<name>', '?:')})*\s*$"
)
"""The part of a comment, at its end, that is nothing but shapes."""
_ITEM = re.compile(rf"(?:^|, ){_ONE}")
_PLAIN = re.compile(_SHAPE)
_NAME = re.compile(r"[^\s,|#]+")


@dataclass(frozen=True, slots=True)
class Remark:
    """What a comment behind a line says of shapes, and what it should."""

    line: int
    column: int
    """Where the comment with shapes begins in the line, or where it would stand, from 0."""
    there: str
    """What is there in our notation; empty for nothing."""
    right: str
    """The same, where it is so; else what is."""

    @property
    def kind(self) -> Literal["added", "updated", "kept"]:
        """What becomes of it when it is written."""
        return "kept" if self.there == self.right else "updated" if self.there else "added"


def remarks(file: SourceFile, text: str) -> list[Remark]:
    """Return the comments with shapes of a file, those that are there and those that might be.

    What is there in our notation is kept where it is so, with symbols too. A line of which nothing is known
    in the run keeps what it has.

    Args:
        file: what its lines made.
        text: the file, the text that ``file`` was made from.

    Raises:
        InputError: the file is not Python of the running version.
    """
    places = _Places(text, text.split("\n"), file.name)
    bindings: dict[int, Bindings] = {}
    found = []
    for line in file.lines:
        wanted = [made for made in line.made if made.name not in ("", "_")]
        if not wanted or line.number in places.closed or not all(map(_can_be_written, wanted)):
            continue
        known = bindings.setdefault(places.function(line.number), Bindings())
        code, comment = places.split(line.number)
        prose, shapes = _parts(comment, {made.name for made in wanted})
        right = _written(shapes, wanted, line, known)
        before = len(code) + len(comment) - len(shapes) if shapes else len(f"{code}{prose}".rstrip())
        found.append(Remark(line.number, before, shapes, right))
    return found


def written(text: str, changes: Iterable[Remark]) -> str:
    """Return a file with comments put in and put right; all else stays as it is."""
    lines = text.split("\n")
    for change in changes:
        line = lines[change.line - 1]
        end = "\r" if line.endswith("\r") else ""
        lines[change.line - 1] = f"{line[: change.column].rstrip()}  {change.right}{end}"
    result = "\n".join(lines)
    before, after = (ast.dump(ast.parse(one.removeprefix(MARK))) for one in (text, result))
    assert before == after, "comments change no code"
    return result


def _can_be_written(made: Made) -> bool:
    return _NAME.fullmatch(made.name) is not None and all(map(_PLAIN.fullmatch, made.types))


def same_code(line: str, other: str) -> bool:
    """Return whether two lines of source differ in nothing but comments in our notation, and blanks.

    Args:
        line: a line of a file.
        other: the line as a trace has it, which may be cut.
    """
    return bare(line)[:LONGEST_TEXT] == bare(other)[:LONGEST_TEXT]


def bare(line: str) -> str:
    """Return the code of a line with its comments, but without those in our notation."""
    line = line.strip()
    return _OURS.sub("", line).rstrip() if "#" in line else line


class _Places:
    """Where comments may stand in a file."""

    def __init__(self, text: str, lines: Sequence[str], name: str) -> None:
        self._lines = lines
        self._comments: dict[int, int] = {}
        """Line -> the column at which its comment begins."""
        self.closed: set[int] = set()
        """Lines that end inside of a text, or go on with a backslash."""
        try:
            text = text.removeprefix(MARK)
            tree = ast.parse(text)
            tokens = list(tokenize.generate_tokens(io.StringIO(text).readline))
        except (SyntaxError, ValueError, RecursionError, tokenize.TokenError) as error:
            raise InputError(
                "unknown-source", f"'{name}' is not Python that can be read", where=name, because=str(error)
            ) from None
        started: list[int] = []
        for token in tokens:
            kind = tokenize.tok_name[token.type]
            if token.type == tokenize.COMMENT:
                self._comments[token.start[0]] = token.start[1]
            elif token.type == tokenize.STRING:
                self.closed.update(range(token.start[0], token.end[0]))
            elif kind in ("FSTRING_START", "TSTRING_START"):
                started.append(token.start[0])
            elif kind in ("FSTRING_END", "TSTRING_END"):
                self.closed.update(range(started.pop(), token.end[0]))
        for number, line in enumerate(lines, 1):
            if line.rstrip("\r").endswith("\\") and number not in self._comments:
                self.closed.add(number)
        self._starts = sorted(
            node.lineno
            for node in ast.walk(tree)
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        )

    def function(self, number: int) -> int:
        """Return the line at which the function begins that a line is in, as far as symbols are concerned."""
        place = bisect_right(self._starts, number)
        return self._starts[place - 1] if place else 0

    def split(self, number: int) -> tuple[str, str]:
        """Return the code of a line and its comment."""
        line = self._lines[number - 1].rstrip("\r")
        column = self._comments.get(number, len(line))
        return line[:column], line[column:].rstrip()


def _parts(comment: str, names: Collection[str]) -> tuple[str, str]:
    """Return what a comment says before shapes in our notation, and these. Other words are no names."""
    found = _OURS.search(comment)
    if found is None or any(name and name not in names for name, _ in _said(found[0].strip())):
        return comment, ""
    return comment[: found.start()].rstrip(), found[0].strip()


def _written(shapes: str, wanted: Sequence[Made], line: Line, bindings: Bindings) -> str:
    """Return the comment of a line: what is there as far as it is so, else what was made."""
    said = list(_said(shapes))
    fitting = len(said) == len(wanted) and all(
        name in ("", made.name) and (name or len(wanted) == 1)
        for (name, _), made in zip(said, wanted, strict=True)
    )
    if not fitting:
        several = len(wanted) > 1 or line.text.lstrip().startswith(("def ", "async def "))
        return "# " + ", ".join(f"{made.name} {_types(made)}" if several else _types(made) for made in wanted)
    parts = []
    for (name, types), made in zip(said, wanted, strict=True):
        symbolic = _symbolic(types[0], made, line, bindings) if len(types) == 1 else ""
        parts.append(f"{name} {symbolic or _types(made)}".strip())
    right = "# " + ", ".join(parts)
    return shapes if "".join(right.split()) == "".join(shapes.split()) else right


def _types(made: Made) -> str:
    types = list(made.types)
    if len(types) > MOST_TYPES:
        types = [*types[: MOST_TYPES - 1], "…", types[-1]]
    return " | ".join(types)


def _said(shapes: str) -> Iterator[tuple[str, list[str]]]:
    """Yield the names and shapes of a comment."""
    for item in _ITEM.finditer(shapes.removeprefix("#").strip()):
        name = item["name"] or ""
        written = item[0].removeprefix(", ").removeprefix(name).strip()
        yield name, written.split(" | ")


def _symbolic(written: str, made: Made, line: Line, bindings: Bindings) -> str:
    """Return a shape as written with right sizes where it has wrong ones; empty if that cannot be.

    Symbols get their sizes where a shape fits, once in a function.
    """
    try:
        pattern = parse_shape(written)
    except ShapeTextError:
        return ""
    layer = bindings.scope()
    right = set()
    for found in made.types:
        shape = parse_shape(found)
        sizes = [int(dim.text) for dim in shape.dims]
        reason = match(pattern, shape.dtype, sizes, layer, (line.number, written))
        if reason is None:
            right.add(written)
        elif isinstance(reason, DtypeDiffers):
            right.add(pattern.with_sizes({}, shape.dtype))
        elif isinstance(reason, DimsDiffer) and not reason.reordered:
            right.add(pattern.with_sizes({one.dim: one.found for one in reason.differences}, shape.dtype))
        else:
            return ""
    if len(right) != 1:
        return ""
    if right == {written}:
        layer.commit()
    return right.pop()
