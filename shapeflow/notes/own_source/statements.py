"""The statements of a file: where each stands, and what it took and made in the run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from shapeflow.notes.own_source.found import Found, found_of
from shapeflow.source.events import Event
from shapeflow.source.lines import Line
from shapeflow.source.places_now import code_of

FAR = 5
"""A comment of its own is of code that is nearer than so many lines."""


class OwnStatements:
    """Knows the statements of one file by their lines."""

    def __init__(
        self,
        lines: Sequence[Line],
        spans: Mapping[int, tuple[int, int]],
        events: Mapping[int, Sequence[Event]],
    ) -> None:
        self.lines = lines
        self._spans = spans
        self._events = events

    def code(self, number: int) -> str:
        """Return the code on a line, without its comment; empty if there is none."""
        return code_of(self.lines[number - 1].text) if 0 < number <= len(self.lines) else ""

    def is_comment(self, number: int) -> bool:
        """Return whether a line is nothing but a comment."""
        return 0 < number <= len(self.lines) and self.lines[number - 1].text.lstrip().startswith("#")

    def span(self, line: int) -> tuple[int, int]:
        """Return the first and the last line of the statement on a line."""
        return self._spans.get(line, (line, line))

    def closes(self, line: int) -> bool:
        """Return whether a comment stands right below a statement and above nothing."""
        apart = not self.code(line + 1) and not self.is_comment(line + 1)
        return bool(self.code(line - 1)) and apart

    def below(self, line: int) -> int:
        """Return the next line with code; 0 if it is too far."""
        return next((number for number in range(line + 1, line + FAR) if self.code(number)), 0)

    def commented(self, line: int) -> int:
        """Return the line of the statement right below a comment, as deep as it; else the line itself."""
        below = line
        while self.is_comment(below):
            below += 1
        return below if self.code(below) and self._depth(below) == self._depth(line) else line

    def _depth(self, line: int) -> int:
        text = self.lines[line - 1].text
        return len(text) - len(text.lstrip())

    def above(self, line: int) -> int:
        """Return the last line with code above one; 0 if it is too far."""
        return next((number for number in range(line - 1, line - FAR, -1) if self.code(number)), 0)

    def inside(self, line: int) -> int:
        """Return the line of the first statement of a block that a line opens; else the line itself."""
        while line and self.code(line).endswith(":") and not self._events.get(line):
            line = self.below(line)
        return line

    def paragraph(self, line: int) -> Iterator[int]:
        """Yield the lines of the statements below one, up to an empty line or a comment of its own."""
        after = self.span(line)[1] + 1
        while after <= len(self.lines) and self.lines[after - 1].text.strip() and not self.is_comment(after):
            yield after
            after = self.span(after)[1] + 1

    def events(self, line: int) -> list[Event]:
        """Return what happened in the statement on a line."""
        first, last = self.span(line)
        return [event for number in range(first, last + 1) for event in self._events.get(number, ())]

    def events_on(self, line: int) -> Sequence[Event]:
        """Return what happened on a line itself, one of several of a statement."""
        return self._events.get(line, ())

    def taken(self, line: int) -> tuple[Found, ...]:
        """Return the tensors that a statement took."""
        return found_of(port for event in self.events(line) for port in event.record.inputs)

    def made(self, line: int) -> tuple[Found, ...]:
        """Return all tensors that were made in a statement."""
        return found_of(port for event in self.events(line) for port in event.outputs)

    def named(self, line: int) -> list[Found]:
        """Return what a statement gave names."""
        first, last = self.span(line)
        return [
            Found(value, made.name)
            for number in range(max(first, 1), min(last, len(self.lines)) + 1)
            for made in self.lines[number - 1].made
            if made.name
            for value in made.values
        ]
