"""Errors for the person who caused them: fields first, text last.

A ``Diagnostic`` says what happened, where, what was expected, what was found, why and what to try. Errors
have one, and so do the verdicts on claims. Commands print ``render()`` and leave with ``exit_code``; other
renderers loop over ``reasons()``.

    Exception
    ├── ShapeflowError        raised on purpose, with a diagnostic; exit code 2 unless it says otherwise
    │   ├── InputError        a file, option or argument cannot be used
    │   │   └── ShapeTextError        (shapes.notation) text is not a shape or an expression
    │   ├── SelectorError     a selector cannot be read, or names nothing
    │   ├── WalkthroughError  a walkthrough cannot be judged at all
    │   │   ├── ClaimError            (walkthrough.parts) a line cannot be read as a claim
    │   │   └── FormulaError          (walkthrough.formula.functions) a formula has no result on these numbers
    │   └── RunError          the model's run failed; exit code 3
    │       ├── NeedsValues           a shapes-only run met a step that needs data
    │       ├── NoShapeFormula        a shapes-only run met an operator without a shape formula
    │       └── NoGradient            a backward pass was asked for, and there is nothing to go back to
    └── EndOfRun              not an error: a shapes-only run has nothing more to show
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import IntEnum
from typing import TYPE_CHECKING, Any, TypeVar

from shapeflow.common.control_characters import visible, visible_line

if TYPE_CHECKING:
    from typing_extensions import TypedDict, Unpack

Columns = tuple[int, int]
"""Columns of one line of the user's text, from 0, the end not included."""


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


MESSAGE = "shapeflow.message/1"
"""The schema of messages as data."""

LABELS = {"expected": "expected", "found": "found", "because": "because", "hint": "try"}
"""Field of a diagnostic -> what messages in English call it, in the order in which they show it."""
_LINES, _TEXTS = ("code", "what", "where"), (*LABELS, "frame")
"""The fields of a diagnostic that stay on one line, and those that may have several."""


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """What is wrong and what to do about it. What it quotes can neither steer a terminal nor break a line."""

    code: str = ""
    """Short stable name such as ``unknown-path``; each is explained in docs/messages.md."""
    what: str = ""
    """One line, under about 90 characters, quoting the user's own text."""
    where: str = ""
    """``path:line:column``, a call path or a command option."""
    columns: Columns | None = None
    """The part of the user's line that is meant; None: all of it."""
    expected: str = ""
    """What was asked for."""
    found: str = ""
    """What there is instead."""
    because: str = ""
    """The evidence."""
    hint: str = ""
    """One thing to do next, ready to paste."""
    frame: str = ""
    """The lines of the user's text with carets, already laid out."""

    def __post_init__(self) -> None:
        for names, made_visible in ((_LINES, visible_line), (_TEXTS, visible)):
            for name in names:
                text = getattr(self, name)
                shown = made_visible(text)
                if shown is not text:  # of most nothing is hidden
                    object.__setattr__(self, name, shown)

    def reasons(self) -> list[tuple[str, str]]:
        """Return the fields that say more than ``what``, as far as they are filled: name and text."""
        return [(name, text) for name in LABELS if (text := getattr(self, name))]

    def render(self, level: str = "error") -> str:
        """Return the message as plain text, one field a line, continuation lines indented."""
        lines = [f"{level}[{self.code}]: {self.what}"]
        if self.where:
            lines.append(f"  --> {self.where}")
        if self.frame:
            lines.append(self.frame)
        for name, text in self.reasons():
            first, *rest = text.splitlines()
            lines.append(f"   = {LABELS[name] + ':':<9} {first}")
            lines += [f"               {line}" for line in rest]
        return "\n".join(lines)

    def data(self, level: str = "error", exit_code: int | None = None) -> dict[str, Any]:
        """Return the message as plain data; docs/message.schema.json describes it.

        Args:
            level: ``error`` or ``warning``.
            exit_code: the exit code of a command that it ends.
        """
        told = {name: getattr(self, name) or None for name in ("where", *LABELS)}
        return {
            "schema": MESSAGE,
            "level": level,
            "code": self.code,
            "message": self.what,
            **told,
            "exit": exit_code,
            "text": self.render(level),
        }


class Diagnosed:
    """Something that has a diagnostic, whose fields can be read directly."""

    __slots__ = ()

    diagnostic: Diagnostic

    @property
    def code(self) -> str:
        """See ``Diagnostic``, here and below."""
        return self.diagnostic.code

    @property
    def what(self) -> str:  # noqa: D102
        return self.diagnostic.what

    @property
    def where(self) -> str:  # noqa: D102
        return self.diagnostic.where

    @property
    def columns(self) -> Columns | None:  # noqa: D102
        return self.diagnostic.columns

    @property
    def expected(self) -> str:  # noqa: D102
        return self.diagnostic.expected

    @property
    def found(self) -> str:  # noqa: D102
        return self.diagnostic.found

    @property
    def because(self) -> str:  # noqa: D102
        return self.diagnostic.because

    @property
    def hint(self) -> str:  # noqa: D102
        return self.diagnostic.hint


if TYPE_CHECKING:

    class _Reasons(TypedDict, total=False):
        """The fields of a diagnostic that a message can do without."""

        where: str
        columns: Columns | None
        expected: str
        found: str
        because: str
        hint: str
        frame: str

    class _Fields(_Reasons, total=False):
        code: str
        what: str


Error = TypeVar("Error", bound="ShapeflowError")


class ShapeflowError(Diagnosed, Exception):
    """Base of every error we raise on purpose.

    Args:
        code: see ``Diagnostic``.
        what: likewise.
        **fields: any other fields of a diagnostic.
    """

    exit_code = ExitCode.WRONG_INPUT

    def __init__(self, code: str, what: str, **fields: Unpack[_Reasons]) -> None:
        super().__init__(what)
        self.diagnostic = Diagnostic(code, what, **fields)

    def __str__(self) -> str:
        return self.render()

    def render(self) -> str:
        """Return the message as plain text."""
        return self.diagnostic.render()

    def data(self) -> dict[str, Any]:
        """Return the message as plain data."""
        return self.diagnostic.data("error", int(self.exit_code))

    def amend(self: Error, **fields: Unpack[_Fields]) -> Error:
        """Put other texts into some fields of the diagnostic, and return the error itself."""
        self.diagnostic = replace(self.diagnostic, **fields)
        return self


class InputError(ShapeflowError):
    """A file, option or argument from the user cannot be used."""


class SelectorError(ShapeflowError):
    """A selector cannot be read, or names nothing in the trace; its columns are those of the selector."""

    missing: tuple[str, ...] = ()
    """Paths of the modules and methods that it names and that are not there, or did not run."""


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


READERS = {
    "transformers/generation/": "generate() looks for the end in the tokens and scores that it makes; "
    "with eos_token_id=None and num_beams=1 it need not",
}
"""How the names of files begin that read numbers by intent -> what they read, and what spares it."""


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


class NoGradient(RunError):  # noqa: N818 - the same
    """A backward pass was asked for, and no output depends on anything that is trained.

    Args:
        called: what was run.
    """

    def __init__(self, called: str) -> None:
        what = f"no output of {called} needs a gradient, so nothing can run backward"
        super().__init__("no-gradient", what)


class EndOfRun(Exception):  # noqa: N818 - it ends a run in good order, it is not an error
    """Raised by an adapter where a shapes-only run has nothing more to show; its text goes into the notes."""
