"""Errors for the person who caused them: fields first, text last.

An error holds what happened, where, what was expected, what was found, why and what to try.
Front doors print ``render()`` and leave with ``exit_code``; other renderers read the fields.
"""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """What a command tells its caller."""

    FINE = 0
    DIFFERENT = 1
    """Something is contradicted, undecided or different."""
    WRONG_INPUT = 2
    """An option, file, selector or walkthrough is wrong."""
    RUN_FAILED = 3
    """The model's own run failed."""
    OUR_BUG = 4


class ShapeflowError(Exception):
    """Base of every error we raise on purpose.

    Args:
        code: short stable name such as ``unknown-path``; each is explained in docs/messages.md.
        what: one line, under about 90 characters, quoting the user's own text.
        where: ``path:line:column``, a call path or a command option.
        expected: what was asked for.
        found: what there is instead.
        because: the evidence.
        hint: one thing to do next, ready to paste.
        frame: the lines of the user's text with carets, already laid out.
    """

    exit_code = ExitCode.WRONG_INPUT

    def __init__(
        self,
        code: str,
        what: str,
        *,
        where: str = "",
        expected: str = "",
        found: str = "",
        because: str = "",
        hint: str = "",
        frame: str = "",
    ) -> None:
        super().__init__(what)
        self.code = code
        self.what = what
        self.where = where
        self.expected = expected
        self.found = found
        self.because = because
        self.hint = hint
        self.frame = frame

    def __str__(self) -> str:
        return self.render()

    def render(self, level: str = "error") -> str:
        """Return the message as plain text, one field a line, continuation lines indented."""
        lines = [f"{level}[{self.code}]: {self.what}"]
        if self.where:
            lines.append(f"  --> {self.where}")
        if self.frame:
            lines.append(self.frame)
        for label, text in (
            ("expected", self.expected),
            ("found", self.found),
            ("because", self.because),
            ("try", self.hint),
        ):
            if text:
                first, *rest = text.splitlines()
                lines.append(f"   = {label + ':':<9} {first}")
                lines += [f"               {line}" for line in rest]
        return "\n".join(lines)


class InputError(ShapeflowError):
    """A file, option or argument from the user cannot be used."""


class SelectorError(ShapeflowError):
    """A selector cannot be read, or names nothing in the trace."""

    span: tuple[int, int] | None = None
    """Columns (from 0, the end not included) of the part of the selector that is meant."""


class WalkthroughError(ShapeflowError):
    """A walkthrough cannot be judged at all."""


class RunError(ShapeflowError):
    """The model's run failed; what was recorded before is kept."""

    exit_code = ExitCode.RUN_FAILED


class NeedsValues(RunError):  # noqa: N818 - what the run met, as its code says
    """A shapes-only run met a step that needs data.

    Args:
        operation: the torch function that wanted to read.
        found: the tensors it was given, in the one notation.
    """

    def __init__(self, operation: str, found: str) -> None:
        super().__init__(
            "needs-values",
            f"'{operation}' needs real values, but this tensor has only a shape",
            found=found or "a tensor that was never computed",
            because="a shapes-only run computes nothing on weights, images or random numbers",
            hint="--device cpu   (a real run)",
        )


class NoShapeFormula(RunError):  # noqa: N818 - the same
    """A shapes-only run met an operator whose result torch can only describe by computing it.

    Args:
        operation: the operator.
        found: the tensors it was given, in the one notation.
    """

    def __init__(self, operation: str, found: str) -> None:
        super().__init__(
            "no-shape-formula",
            f"the shape of what '{operation}' gives is not known without running it",
            found=found,
            because="a shapes-only run asks each operator for its shape formula, and this one has none",
            hint="--device cpu   (a real run)",
        )


class EndOfRun(Exception):  # noqa: N818 - it ends a run in good order, it is no error
    """Raised by an adapter where a shapes-only run has nothing more to show; its text goes into the notes."""
