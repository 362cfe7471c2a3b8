"""The opening line of a block with claims: ```` ```shapes module=decoder.layers.* run=training ````."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field

from shapeflow.common.text import Span, listing, nearest
from shapeflow.errors import SelectorError
from shapeflow.model.pattern import parse_path
from shapeflow.walkthrough.parts import ClaimError, Part

FENCE = "shapes"
"""The info string of a block with claims begins with it."""
NEAR_FENCES = ("shape", "shapeflow", "shapes:")
"""Info strings that are most likely a typo: a block that is silently not checked would be a trap."""
KEYS = ("module", "run")
"""What a block may say behind it."""
ALL = "all"
"""In place of a run's name: every run of the document."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What the claims of a block, and of its document, have in common."""

    module: str = ""
    """The path that names in it are relative to; empty: the model itself."""
    place: Span | None = None
    """Where the module is written."""
    runs: tuple[str, ...] = ("",)
    """The runs that it speaks of; one without a name in a document that names none."""
    dtype: str = ""
    """What a shape without a dtype means; empty: any."""


NO_SCOPE = Scope()


@dataclass(frozen=True, slots=True)
class Fence:
    """A fenced block, as a Markdown renderer sees it."""

    info: str
    start: int
    """Its first line, from 0."""
    end: int
    content: tuple[str, ...]
    """The lines inside, without the indent of a list or quote around the block."""
    markup: str
    """The backticks or tildes that open it."""

    @property
    def ours(self) -> bool:
        """Whether it holds claims."""
        return self.info.split(maxsplit=1)[:1] == [FENCE]

    @property
    def nearly_ours(self) -> bool:
        """Whether it was probably meant to hold claims."""
        word = self.info.split(maxsplit=1)[0] if self.info else ""
        return word != FENCE and (word.lower() == FENCE or word.lower() in NEAR_FENCES)

    def check(self, lines: Sequence[str]) -> None:
        """Check the block itself, given the lines of the document.

        Raises:
            ClaimError: it is only nearly marked, or is never closed.
        """
        if not self.ours:
            word = self.info.split()[0]
            raise ClaimError(
                "block-name",
                f"a block marked '{word}' is not checked",
                expected=f"'{FENCE}', or another language",
                hint=f"{self.markup}{FENCE}",
            )
        last = lines[self.end - 1].strip(" \t>")
        if self.end - self.start < 2 or not last.startswith(self.markup) or last.strip(self.markup[0]):
            raise ClaimError(
                "block-open", "this block is never closed", expected=f"a line '{self.markup}' after it"
            )


@dataclass
class Opening:
    """Reads the opening lines of the blocks of one document."""

    path: str
    runs: Collection[str] = ()
    """Names of the runs that the front matter gives, in its order."""
    dtype: str = ""
    _default: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        self._default = tuple(self.runs)[:1] or ("",)

    def read(self, line: str, number: int, fence: Fence) -> Scope:
        """Return what a block says of its claims.

        Args:
            line: its opening line.
            number: of that line, from 1.
            fence: the block.

        Raises:
            ClaimError: an attribute is not known, or does not have the right kind of value.
        """
        module, place, runs = "", None, self._default
        for key, value in _attributes(line, line.find(fence.markup) + len(fence.markup)):
            if key.text == "module":
                module = _module(value)
                place = Span(self.path, number, line, *value.columns)
            else:
                runs = self._named_runs(value)
        return Scope(module, place, runs, self.dtype)

    def _named_runs(self, value: Part) -> tuple[str, ...]:
        """Return the runs that ``run=`` names."""
        if not self.runs:
            raise value.error(
                "unknown-run",
                "the front matter of this document names no runs",
                expected="'runs:' in the front matter, with a line for each",
            )
        if value.text == ALL:
            return tuple(self.runs)
        found = value.text.split(",")
        column = value.start
        for name in found:
            if name not in self.runs:
                close = nearest(name, [*self.runs, ALL], 1)
                known = f"the front matter has {listing(list(self.runs), 6)}"
                place = Part(name or ",", column)
                what = f"no run '{name[:60]}' in this document"
                hint = f"run={close[0]}" if close else ""
                raise place.error("unknown-run", what, expected=f"{known}; or '{ALL}'", hint=hint)
            column += len(name) + 1
        return tuple(name for name in self.runs if name in found)


def _attributes(line: str, start: int) -> Iterator[tuple[Part, Part]]:
    """Yield key and value of each attribute behind the mark of a block."""
    met: set[str] = set()
    words = list(re.compile(r"\S+").finditer(line, start))[1:]
    for word in words:
        written = Part(word[0], word.start())
        name, equals, value = word[0].partition("=")
        key = Part(name, word.start())
        if name not in KEYS:
            close = nearest(name, KEYS, 1)
            what = f"a block has no attribute '{name[:60]}'"
            hint = f"{close[0]}={value or '…'}" if close else ""
            raise (key if name else written).error("block-attribute", what, expected=_EXPECTED, hint=hint)
        if not equals or not value:
            raise written.error("block-attribute", f"'{name}' names nothing", expected=f"{name}=NAME")
        if name in met:
            raise written.error("block-attribute", f"'{name}' is given twice", expected="one of them")
        met.add(name)
        yield key, Part(value, word.start() + len(name) + 1)


_EXPECTED = "module=PATH, run=NAME, or nothing"


def _module(value: Part) -> str:
    """Return the path of the module that a block is about; empty for the model itself."""
    path = value.text[1:] if value.text.startswith(".") and not value.text.endswith("()") else value.text
    sign = next((sign for sign in (":", "@", "/") if sign in value.text), "")
    if sign:
        at = value.text.index(sign)
        raise Part(value.text[at:], value.start + at).error(
            "block-attribute", "a block is about a module, not about one of its calls", expected="module=PATH"
        )
    try:
        parse_path(value.text)
    except SelectorError as error:
        start, end = error.columns or (0, len(value.text))
        columns = (value.start + start, value.start + end)
        raise ClaimError(
            "block-attribute", error.what, columns=columns, expected=error.expected, hint=error.hint
        ) from None
    return path
