"""The YAML between two ``---`` lines at the top of a walkthrough."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from shapeflow.common.text import Span
from shapeflow.errors import WalkthroughError
from shapeflow.shapes.corrections import LONG_DTYPES
from shapeflow.shapes.notation import DTYPE
from shapeflow.walkthrough.block import ALL

if TYPE_CHECKING:
    from yaml import Node

KEYS = ("title", "model", "run", "runs", "dtype", "dims", "statements", "map")
_RUN_NAME = re.compile(r"[^\W_][\w.-]*")
MAX_CHARACTERS = 65_536
MAX_DEPTH = 20


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """What the front matter says; see ``Document`` for the fields."""

    title: str = ""
    model: str = ""
    run: Mapping[str, Any] = field(default_factory=dict)
    runs: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    dtype: str = ""
    dims: Mapping[str, str] = field(default_factory=dict)
    dim_spans: Mapping[str, Span] = field(default_factory=dict)
    statements: str = ""
    map: str = ""
    lines: int = 0
    """Number of lines it takes, both ``---`` lines included."""


def read_front_matter(lines: list[str], path: str) -> FrontMatter:
    """Read the front matter of a document, given as its lines; none is fine.

    Raises:
        WalkthroughError: it is never closed, is not YAML, or holds something else than it should.
    """
    if not lines or lines[0].rstrip() != "---":
        return FrontMatter()
    end = next((i for i, line in enumerate(lines) if i and line.rstrip() in ("---", "...")), None)
    if end is None:
        span = Span(path, 1, lines[0], 0, 3)
        raise _error("the front matter is never closed", span, expected="a second line '---' after it")
    return _Reader(lines[:end], path).read()


class _Reader:
    """Reads the lines of one front matter; every complaint knows its place."""

    def __init__(self, lines: list[str], path: str) -> None:
        self.lines = ["", *lines[1:]]  # the ``---`` itself is not part of the YAML
        self.path = path

    def read(self) -> FrontMatter:
        entries = self._mapping(self._compose(), "the front matter")
        for name, (key, _) in entries.items():
            close = get_close_matches(name, KEYS, n=1, cutoff=0.8)
            if name not in KEYS and close:
                raise _error(f"no key '{name}' in a front matter", self._span(key), hint=f"{close[0]}:")
        if "run" in entries and "runs" in entries:
            what = "'run' is one run and 'runs' are several; a document has one of them"
            raise _error(
                what, self._span(entries["runs"][0]), expected="the run as one of 'runs', with a name"
            )
        dims = self._mapping(entries["dims"][1], "'dims'") if "dims" in entries else {}
        return FrontMatter(
            title=self._text(entries, "title"),
            model=self._text(entries, "model"),
            run=self._run(*entries["run"], "run") if "run" in entries else {},
            runs=self._runs(*entries["runs"]) if "runs" in entries else {},
            dtype=self._dtype(entries),
            dims={name: self._size(name, pair) for name, pair in dims.items()},
            dim_spans={name: self._span(value) for name, (_, value) in dims.items()},
            statements=self._text(entries, "statements"),
            map=self._text(entries, "map"),
            lines=len(self.lines) + 1,
        )

    def _compose(self) -> Node | None:
        """Return the YAML as a tree of nodes, which know their places."""
        import yaml

        text = "\n".join(self.lines)
        if len(text) > MAX_CHARACTERS:
            raise _error(f"more than {MAX_CHARACTERS:,} characters of front matter", self._place(0, 0))
        try:
            self._refuse_bombs(text)
            return yaml.compose(text, Loader=yaml.SafeLoader)
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
            problem = getattr(error, "problem", None) or "it cannot be read as YAML"
            raise _error(
                "the front matter is not YAML",
                self._place(mark.line, mark.column) if mark else self._place(0, 0),
                found=problem,
                expected="lines such as 'model: sam3'",
            ) from None

    def _refuse_bombs(self, text: str) -> None:
        """Refuse what is small as text and large as data, before it is built."""
        import yaml

        depth = 0
        for event in yaml.parse(text, Loader=yaml.SafeLoader):
            mark = event.start_mark
            place = self._place(mark.line, mark.column) if mark else self._place(0, 0)
            if isinstance(event, yaml.AliasEvent):  # a few of these can stand for gigabytes
                raise _error("a front matter has no aliases ('*name')", place)
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > MAX_DEPTH:
                raise _error("the front matter is nested too deeply", place)

    def _construct(self, node: Node) -> Any:
        """Return a node as plain data."""
        import yaml

        try:
            return yaml.SafeLoader("").construct_document(node)
        except (yaml.YAMLError, ValueError):  # a tag such as !!python/object, a 32nd of May
            raise _error("this is not plain text, number, list or mapping", self._span(node)) from None

    def _mapping(self, node: Node | None, name: str) -> dict[str, tuple[Node, Node]]:
        """Return the entries of a mapping by key, with the nodes of key and value."""
        import yaml

        if node is None or (isinstance(node, yaml.ScalarNode) and node.value in ("", "null", "~")):
            return {}
        if not isinstance(node, yaml.MappingNode):
            raise _error(f"{name} is not a mapping", self._span(node), expected="lines such as 'B: 1'")
        entries: dict[str, tuple[Node, Node]] = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise _error(f"a key of {name} is not a name", self._span(key))
            if key.value in entries:
                raise _error(
                    f"'{key.value}' is given twice",
                    self._span(key),
                    because=f"first in line {entries[key.value][0].start_mark.line + 1}",
                )
            entries[key.value] = (key, value)
        return entries

    def _text(self, entries: Mapping[str, tuple[Node, Node]], name: str) -> str:
        """Return the text of an entry, as written."""
        import yaml

        if name not in entries:
            return ""
        node = entries[name][1]
        if not isinstance(node, yaml.ScalarNode):
            raise _error(f"'{name}' is one line of text", self._span(node))
        return str(node.value)

    def _run(self, key: Node, value: Node, name: str) -> Mapping[str, Any]:
        """Return what goes into one run."""
        run = self._construct(value)
        if run is not None and not isinstance(run, dict):
            raise _error(f"'{name}' names what goes in, a key a line", self._span(key))
        return run or {}

    def _runs(self, key: Node, value: Node) -> Mapping[str, Mapping[str, Any]]:
        """Return what goes into each of several runs."""
        found = self._mapping(value, "'runs'")
        if not found:
            expected = "a name for each, and below it what 'run' would have"
            raise _error("'runs' names no run", self._span(key), expected=expected)
        for name, (written, _) in found.items():
            if name == ALL or not _RUN_NAME.fullmatch(name):
                because = f"'run={ALL}' means every run" if name == ALL else ""
                expected = "letters, digits, '-', '_' or '.'"
                what = f"'{name}' is not a name for a run"
                raise _error(what, self._span(written), expected=expected, because=because)
        return {name: self._run(*pair, name) for name, pair in found.items()}

    def _dtype(self, entries: Mapping[str, tuple[Node, Node]]) -> str:
        """Return the dtype that shapes without one mean."""
        dtype = self._text(entries, "dtype")
        if not dtype or DTYPE.fullmatch(dtype):
            return dtype
        long = LONG_DTYPES.get(dtype.removeprefix("torch."), "")
        hint = f"dtype: {long}" if long else ""
        expected = "f32, bf16, f16, i64 …"
        raise _error(
            f"no dtype '{dtype[:60]}'", self._span(entries["dtype"][1]), expected=expected, hint=hint
        )

    def _size(self, name: str, pair: tuple[Node, Node]) -> str:
        """Return a size of ``dims`` as written."""
        import yaml

        key, value = pair
        if not name.isidentifier() or name == "_":
            raise _error(f"'{name}' is not a name for a size", self._span(key), expected="a name such as B")
        if not isinstance(value, yaml.ScalarNode) or not value.value:
            raise _error(f"'{name}' has no size", self._span(key), expected=f"a line such as '{name}: 256'")
        return str(value.value)

    def _span(self, node: Node) -> Span:
        """Return where a node is written."""
        start, end = node.start_mark, node.end_mark
        return self._place(start.line, start.column, end.column if end.line == start.line else None)

    def _place(self, line: int, column: int, end: int | None = None) -> Span:
        """Return a span from YAML's line and column, which count from 0."""
        line = min(line, len(self.lines) - 1)
        text = self.lines[line]
        return Span(self.path, line + 1, text, column, max(column + 1, len(text) if end is None else end))


def _error(
    what: str, span: Span, *, expected: str = "", found: str = "", because: str = "", hint: str = ""
) -> WalkthroughError:
    """Return the error for a front matter that cannot be used."""
    return WalkthroughError(
        "front-matter",
        what,
        where=str(span.location),
        expected=expected,
        found=found,
        because=because,
        hint=hint,
        frame=span.frame(),
    )
