"""Settings that a text gives by the names of attributes, in code or in words: ``hidden size 768``.

The names are those that the modules of the trace have; no list of them is needed in any language.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from shapeflow.notes.mention import Span
from shapeflow.notes.statements.attributes import is_distinct
from shapeflow.notes.statements.lines import Line
from shapeflow.notes.statements.plainness import is_known, is_plain
from shapeflow.notes.statements.scope import LINK_END, plain, scoped
from shapeflow.notes.statements.statement import Failing, Statement
from shapeflow.notes.statements.subjects import Subjects
from shapeflow.notes.statements.wording import is_against, sentence

_NUMBER = r"-?\d+(?:,\d{3})+|-?\d+(?:\.\d+)?(?:e-?\d+)?"
_VALUE = rf"(?P<value>{_NUMBER}|True|False|[(\[]\s*-?\d[\d.,\s-]*[)\]]|\"[^\"]*\"|'[^']*')"
_IS = (
    r"(?:\s*(?::=|==|=|:)\s*|\s+(?:is|are|of|equals?|ist|sind|beträgt|est|es|è|равно|—|-)\s+|"
    r"\s*(?:被?(?:显式)?设置?为|等于|为|是|は|が|는|은)\s*|(?P<bare>\s+))"
)
AFTER = re.compile(
    r"(?![A-Za-z0-9_]|[.,]\d|\s\d{3}\b|\s*[×x*/^+%~-]\s*\d|\s?%|\s*(?:to|bis|到|至)\s*\d|-[a-z]|\s*[倍万千百亿億천만])",
    re.IGNORECASE,
)
_ANY_VALUE = re.compile(r"\d|True|False|\"|'")
_IN_CALL = re.compile(r"\w[(\[][^)\]]*$")
_SPELT = {
    "dim": "dim(?:ension)?s?",
    "embed": "embed(?:ding)?",
    "num": "(?:num(?:ber)?(?:[ _]of)?)",
    "n": "(?:n|number[ _]of)",
}
ONE_WORD = 3
"""A name of one word is read in code only, and if it has more letters than this."""
MOST = 200


class Settings:
    """The settings of one trace.

    Args:
        subjects: what can be meant in the trace.
        about: whether the text is about its model.
    """

    def __init__(self, subjects: Subjects, *, about: bool) -> None:
        self._subjects, self._about = subjects, about
        names = sorted((name for name in subjects.holders if _is_telling(name)), key=len, reverse=True)
        self._names = names
        spelt = "|".join(f"(?P<n{number}>{_spelling(name)})" for number, name in enumerate(names))
        before = r"(?<![A-Za-z0-9_./\\-])(?P<path>(?:\w+\.)*)"
        given = rf"{before}(?:{spelt})(?![\w(\[]|\.\w){_IS}{_VALUE}"
        self._given = re.compile(given, re.IGNORECASE) if names else None
        self._header = re.compile(spelt, re.IGNORECASE) if names else None

    def read(self, line: Line) -> Iterator[Statement]:
        """Yield the settings that a line gives."""
        if line.passage.frame.region == "cell":
            yield from self._in_cell(line)
        text = plain(line.text)
        if self._given is None or not _ANY_VALUE.search(text):
            return
        for found in self._given.finditer(text):
            number = next(number for number in range(len(self._names)) if found[f"n{number}"] is not None)
            name = self._names[number]
            end = found.end(f"n{number}")
            code = "_" in name or f"`{name}" in line.text or text[end:].lstrip()[:1] == "="
            one_word = found["bare"] and "_" not in name
            if code and not one_word and AFTER.match(text, found.end()):
                place = (found.start(), found.end(), found.start("value"))
                yield from self._stated(line, name, place, found["value"], path=found["path"])

    def _in_cell(self, line: Line) -> Iterator[Statement]:
        """Yield the setting of a cell whose row or column is headed by a name."""
        text = plain(line.text)
        value = re.fullmatch(rf"\s*{_VALUE}\s*", text)
        frame = line.passage.frame
        for header in (frame.column, frame.row) if value and self._header else ():
            found = self._header.fullmatch(plain(header).strip()) if self._header else None
            if value and found and (header != frame.column or self._names_part(frame.row)):
                name = self._names[int((found.lastgroup or "n0")[1:])]
                start, end = value.span("value")
                yield from self._stated(line, name, (start, end, start), value["value"], header=header)
                return

    def _names_part(self, row: str) -> bool:
        """Return whether the first cell of a row names a part of the model: it may name other models."""
        said = self._subjects.said(row)
        known = said is not None and said <= self._subjects.vocabulary
        return not row or known or bool(self._subjects.in_code(row))

    def _stated(
        self,
        line: Line,
        name: str,
        place: tuple[int, int, int],
        value: str,
        *,
        path: str = "",
        header: str = "",
    ) -> Iterator[Statement]:
        """Yield what is said, if it can be told of what.

        Args:
            line: where it stands.
            name: of the attribute.
            place: where it begins and ends, and where the value begins.
            value: as it is written.
            path: what stands before the name, with dots.
            header: that of the row or column that names it.
        """
        start, end, at = place
        clear = line.clear(start, end)
        if is_against(line.sentence(start, end)):
            return
        before = line.text[sentence(line.text, start, end)[0] : start]
        holders = [one for one in self._subjects.holders[name] if _written(one.attributes[name], value)]
        own = {one.path for one in self._subjects.ending(path.rstrip("."))} if path else set()
        if own:
            modules, named = tuple(one for one in holders if one.path in own), True
        else:
            meant = scoped(line.without(header), before, holders, self._subjects)
            modules = meant.modules or (tuple(holders) if is_distinct(name, holders) else ())
            named = meant.named and not path
        if not modules or len(modules) > MOST or len({repr(one.attributes[name]) for one in modules}) > 1:
            return
        written = _written(modules[0].attributes[name], value)
        claims = tuple(f"attr {one.path}.{name} = {written}" for one in modules)
        sure = (named or self._is_only(line, name, (start, end))) and clear is not None
        sure = sure and "_" in name and not _IN_CALL.search(before)
        failing: Failing = "contradicts" if sure else "says nothing"
        span = Span(line.passage.line, start + 1, end + 1, line.passage.cell)
        yield Statement(
            span,
            LINK_END.sub("", line.text[start:end]),
            "attribute",
            claims,
            modules[0].path,
            failing,
            line.passage.frame.headings,
            (at + 1, at + len(value) + 1),
        )

    def _is_only(self, line: Line, name: str, place: tuple[int, int]) -> bool:
        """Return whether all that have an attribute have the same, and nothing around names another model."""
        holders = self._subjects.holders[name]
        alike = len({repr(one.attributes[name]) for one in holders}) == 1
        known = all(is_known(heading, self._subjects) for heading in line.passage.frame.headings[1:])
        return self._about and alike and known and is_plain(line, *place, self._subjects)


def _is_telling(name: str) -> bool:
    return not name.startswith("_") and (len(name) > ONE_WORD or "_" in name) and name.isascii()


def _spelling(name: str) -> str:
    """Return how a name is written, in code or in words."""
    words = [_SPELT.get(word, re.escape(word)) for word in name.lower().split("_") if word]
    return r"[ _-]?".join(words) if len(words) > 1 else re.escape(name)


def _written(value: object, text: str) -> str:
    """Return a value of a text as a claim has it, if it is of the kind of one that is there; else nothing."""
    text = text.strip()
    if isinstance(value, bool):
        return text if text in ("True", "False") else ""
    if isinstance(value, int | float):
        number = text.replace(",", "")
        return number if re.fullmatch(_NUMBER, text) else ""
    if isinstance(value, list | tuple):
        if text[0] in "([":
            return text if len(re.findall(r"\d+(?:\.\d+)?", text)) == len(value) else ""
        same: Sequence[object] = value
        alike = len(same) > 0 and all(one == same[0] and isinstance(one, int) for one in same)
        return f"[{', '.join([text] * len(same))}]" if alike and text.isdecimal() else ""
    if isinstance(value, str):
        return text if text[0] in "'\"" else ""
    return ""
