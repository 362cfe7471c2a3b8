"""How many modules of a class there are: ``12 × EncoderBlock``, ``6 x DecoderLayer``, ``Bottleneck × 3``."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence

from shapeflow.model.records import Module
from shapeflow.notes.mention import Span
from shapeflow.notes.statements.lines import Line
from shapeflow.notes.statements.names import named_modules
from shapeflow.notes.statements.plainness import is_plain
from shapeflow.notes.statements.scope import plain
from shapeflow.notes.statements.statement import Failing, Statement
from shapeflow.notes.statements.subjects import Subjects
from shapeflow.notes.statements.wording import is_against

_CLASS = r"(?P<kind>[A-Z]\w*[a-z]\w*)(?![\w(]|\.\w|\s*[×x*]\s*\d)"
_TIMES = r"(?<![\w.,/×*^+-])(?<![×x*^+-]\s)(?P<number>\d{1,3})"
_BEFORE = re.compile(rf"{_TIMES}\s?(?:[×*]|x(?=\s|[A-Z]))\s{{0,2}}{_CLASS}")
_BEHIND = re.compile(
    r"(?<![\w.])(?P<kind>[A-Z]\w*[a-z]\w*)\s?[×*x]\s?(?P<number>\d{1,3})(?![\w.,]\d|\s*[×x*]|\w)"
)
_COUNTED = re.compile(
    rf"{_TIMES}\s*(?:个|個|個の|개의|개|つの|[^\W\d_]{{3,12}}\s)\s*(?=`?[A-Z])`?(?P<kind>[A-Z]\w*[a-z]\w*[A-Z]\w*)`?(?![\w(]|\.\w)"
)
_DIRECT = re.compile(
    rf"{_TIMES}\s{{1,2}}(?P<kind>[A-Z][a-z0-9]+\w*[A-Z]\w*[a-z]\w*|[A-Z][a-z]{{7,}})(?![\w(]|\.\w|\s*[×x*]\s*\d)"
)


_HAS = re.compile(
    r"(?:\b(?:has|have|are|contains?|stacks?|uses?|hat|haben|sind|enthält|enthalten|nutzt|a|ont|contient|compte|sont|"
    r"tiene|tienen|contiene|son|ha|hanno|tem|têm|содержит|имеет)|有|共|共有|含|由|は|が|는|은|에)\s*`?$"
)
"""What stands before a number that counts."""
_MODULES = re.compile(
    r"`?\s*(?:(?:blocks?|layers?|modules?|Blöcke|Schichten|blocs|couches|bloques|capas|in\s+total|altogether|insgesamt|"
    r"en\s+tout|en\s+total|层|块|组成|构成|からなる)\s*)*(?:$|[.,;:。)、])"
)
"""What may stand behind a class that is counted."""


class Repeats:
    """The classes of which the model of one trace has several modules.

    Args:
        subjects: what can be meant in the trace.
    """

    def __init__(self, subjects: Subjects) -> None:
        self._subjects = subjects
        self._of: dict[str, list[Module]] = defaultdict(list)
        """Name of a class that is not torch's -> its modules, each of which ran once."""
        self._children = Counter(one.path.rpartition(".")[0] for one in subjects.trace.modules if one.path)
        for module in subjects.trace.modules:
            if module.path and not module.class_path.startswith("torch."):
                self._of[module.class_name].append(module)

    def read(self, line: Line) -> Iterator[Statement]:
        """Yield the numbers of modules of a class that a line gives."""
        text = plain(line.text)
        for pattern in (_BEFORE, _BEHIND, _DIRECT, _COUNTED):
            for found in pattern.finditer(text):
                if found["kind"] in self._of and not is_against(line.sentence(*found.span())):
                    yield from self._stated(line, found)

    def _stated(self, line: Line, found: re.Match[str]) -> Iterator[Statement]:
        members = self._of[found["kind"]]
        if any(self._subjects.calls[one.path] != 1 for one in members):
            return  # what runs several times may be counted as often as it runs
        named = [one for one in named_modules(line, self._subjects) if one.name != found["kind"]]
        if len(named) > 1 or (named and (len(named[0].modules) > 1 or named[0].start > found.start())):
            return
        row = self._subjects.in_code(line.passage.frame.row)
        owners = named[0].modules if named else row[0] if len(row) == 1 and len(row[0]) == 1 else ()
        if owners:
            members = [one for one in members if f"{one.path}.".startswith(f"{owners[0].path}.")]
        number = int(found["number"])
        rows = _rows(members)
        sizes = {len(row) for row in rows.values()}
        pattern = _pattern(rows, self._children) if members else ""
        if number != len(members) and (number in sizes or number in _sums(rows)):
            return  # so many are in a part of it
        if pattern:
            clear = line.clear(*found.span()) is not None
            counted = found.re in (_BEFORE, _BEHIND) or _is_counted(line.text, found)
            sure = (
                counted
                and clear
                and (not named or named[0].sure)
                and is_plain(line, *found.span(), self._subjects)
            )
            failing: Failing = "contradicts" if sure else "says nothing"
            yield _statement(line, found, f"count {pattern} = {number}", members[0].path, failing)


def _is_counted(text: str, found: re.Match[str]) -> bool:
    """Return whether a number before a class is how many there are: ``has 3 EncoderBlock modules``."""
    return bool(_HAS.search(text[: found.start()]) and _MODULES.match(text, found.end()))


def _rows(members: Sequence[Module]) -> dict[str, list[Module]]:
    """Return modules by what holds them."""
    rows: dict[str, list[Module]] = defaultdict(list)
    for one in members:
        rows[one.path.rpartition(".")[0]].append(one)
    return rows


def _sums(rows: dict[str, list[Module]]) -> set[int]:
    """Return how many there are in parts of the model that hold several rows."""
    sums: dict[str, int] = defaultdict(int)
    for path, row in rows.items():
        parts = path.split(".")
        for end in range(len(parts)):
            sums[".".join(parts[:end])] += len(row)
    return set(sums.values())


def _pattern(rows: dict[str, list[Module]], children: Mapping[str, int]) -> str:
    """Return a pattern that names all members of rows and no other module; empty if there is none.

    Args:
        rows: modules by what holds them.
        children: how many modules each module holds.
    """
    paths = [path.split(".") for path in rows]
    if len({len(path) for path in paths}) != 1:
        return ""
    columns = [list(dict.fromkeys(column)) for column in zip(*paths, strict=True)]
    if sum(len(column) > 1 for column in columns) > 1:
        return ""
    last = {tuple(one.path.rpartition(".")[2] for one in row) for row in rows.values()}
    if all(children[path] == len(row) for path, row in rows.items()):
        columns.append(["*"])
    elif len(last) == 1:
        columns.append(list(*last))
    else:
        return ""
    parts = [column[0] if len(column) == 1 else "{" + ",".join(column) + "}" for column in columns]
    return ".".join(part for part in parts if part)


def _statement(line: Line, found: re.Match[str], claim: str, place: str, failing: Failing) -> Statement:
    end = found.end() + line.text.startswith("`", found.end())
    span = Span(line.passage.line, found.start() + 1, end + 1, line.passage.cell)
    text = line.text[found.start() : end]
    digits = (found.start("number") + 1, found.end("number") + 1)
    return Statement(span, text, "count", (claim,), place, failing, line.passage.frame.headings, digits)
