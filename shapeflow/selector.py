"""Selectors: text that names calls, ops or values of a trace. ``PATH[@K][:PORT]``; see docs/selectors.md."""

from __future__ import annotations

from dataclasses import dataclass

from shapeflow.trace import Module, Port, Trace


@dataclass(frozen=True, slots=True)
class Selector:
    """A selector, read; columns count from 0 in ``text``."""

    text: str
    path: str
    """The path part as written, with a helper's ``name()`` or an op's ``/target``, without ``@K``."""
    port: str
    """The port part as written; empty: the call or op itself."""


@dataclass(frozen=True, slots=True)
class Match:
    """One call, op or port that a selector names."""

    path: str
    """``transformer.encoder``, ``backbone.forward_image()`` or ``mask_head/einsum``."""
    index: int
    """K in ``path@K``."""
    call: int | None
    """Id of the call; for an op, of the innermost call it ran in (None: outside all calls)."""
    op: int | None = None
    """Id of the op, if the selector names an op."""
    port: Port | None = None
    """The port, if the selector names ports; ``port.value`` is the id of the value."""

    @property
    def name(self) -> str:
        """A selector of exactly this: ``transformer.encoder.layers.0.self_attn@0:out[0]``."""
        port = f":{self.port.name}" if self.port else ""
        return f"{self.path}@{self.index}{port}"


def parse(text: str) -> Selector:
    """Read a selector.

    Raises:
        SelectorError: it cannot be read; ``error.span`` gives the columns that are meant.
    """
    raise NotImplementedError


def select(trace: Trace, selector: str | Selector) -> list[Match]:
    """Return what a selector names, in the order of the run; never empty.

    Raises:
        SelectorError: it cannot be read (``selector-syntax``), or names nothing: ``unknown-path``,
            ``never-called``, ``unknown-port``, ``unknown-op``, ``bad-index``; ``error.span``: the columns.
    """
    raise NotImplementedError


def modules(trace: Trace, pattern: str) -> list[Module]:
    """Return the modules, called or not, whose path fits a pattern, in the order of the model; never empty.

    Raises:
        SelectorError: the pattern cannot be read, or fits no module.
    """
    raise NotImplementedError
