"""A table beside a walkthrough, which its front matter names: tabs between the cells, a row in a line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from pathlib import Path

from shapeflow.common.files import read_bytes
from shapeflow.errors import InputError, WalkthroughError
from shapeflow.walkthrough.document import Document

MAX_BYTES = 1 << 21


class Table:
    """The lines of one table; every complaint knows its line."""

    def __init__(self, document: Document, key: str, named: str, what: str) -> None:
        """Read the file.

        Args:
            document: the walkthrough.
            key: of the front matter, which names the table; also the code of every complaint.
            named: the file, as the front matter has it.
            what: the table is, for messages: ``table of statements``.

        Raises:
            InputError: the file is not there or cannot be read.
            WalkthroughError: it is not beside the document.
        """
        self.key = key
        self.path = str(Path(document.path).parent / named)
        self.lines = _lines(document, key, Path(named), what)

    def columns(self, known: Sequence[str], expected: str) -> list[str]:
        """Return the names in the first line.

        Args:
            known: the names that may be there.
            expected: what should be there, for messages.

        Raises:
            WalkthroughError: there is another name, or one twice.
        """
        columns = self.names()
        for name in columns:
            if name not in known or columns.count(name) > 1:
                close = get_close_matches(name, known, n=1)
                what = f"no column '{name[:60]}'" if name not in known else f"two columns '{name}'"
                raise self.error(what, 1, expected=expected, hint="".join(close))
        return columns

    def names(self) -> list[str]:
        """Return the names in the first line, whatever they are."""
        return self.lines[0].split("\t") if self.lines else []

    def rows(self, columns: Sequence[str]) -> Iterator[tuple[int, dict[str, str]]]:
        """Yield the number of each line that is not empty and its cells by column.

        Raises:
            WalkthroughError: a row has more or less cells than there are columns.
        """
        for number, line in enumerate(self.lines[1:], 2):
            if not line.strip():
                continue
            cells = line.split("\t")
            if len(cells) != len(columns):
                what = f"a row of {len(cells)} cells, but the table has {len(columns)} columns"
                raise self.error(what, number, expected="a tab between two cells, also beside an empty one")
            yield number, dict(zip(columns, (cell.strip() for cell in cells), strict=True))

    def error(
        self,
        what: str,
        number: int,
        *,
        expected: str = "",
        found: str = "",
        because: str = "",
        hint: str = "",
    ) -> WalkthroughError:
        """Return the error for a line that cannot be used."""
        return WalkthroughError(
            self.key,
            what,
            where=f"{self.path}:{number}",
            expected=expected,
            found=found,
            because=because,
            hint=hint,
        )


def _lines(document: Document, key: str, named: Path, what: str) -> list[str]:
    """Return the lines of a table that a document names."""
    if named.is_absolute() or ".." in named.parts:
        raise WalkthroughError(
            key,
            f"the {what} is not beside the document: '{named}'",
            where=document.path,
            expected=f"a file in the document's folder or below it, such as '{key}: {named.name}'",
        )
    path = Path(document.path).parent / named
    try:
        text = read_bytes(path, what, ".tsv", limit=MAX_BYTES).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError("not-text", f"'{path}' is not text in UTF-8", where=str(path)) from None
    except InputError as error:
        named_by = f"'{document.path}' names it: '{key}: {named}'"
        error.amend(because="\n".join(filter(None, [named_by, error.because])))
        raise
    return text.splitlines()
