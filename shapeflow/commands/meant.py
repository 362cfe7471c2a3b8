"""What somebody meant who typed another word than one of our commands, or no trace where one belongs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from shlex import join
from typing import TYPE_CHECKING

from shapeflow.common.text import nearest
from shapeflow.errors import InputError

if TYPE_CHECKING:
    from shapeflow.model.trace import Trace

WORDS = {
    "trace": "record run profile capture dump",
    "show": "summary summarize summarise info inspect print cat query lookup find look describe",
    "models": "list ls search model names zoo",
    "check": "verify validate test assert guard",
    "report": "html page view open render doc docs",
    "graph": "draw plot diagram visualize visualise viz",
    "init": "draft new create generate",
    "lint": "bugs analyze analyse warnings",
    "mcp": "serve server agent",
    "doctor": "env status diagnose",
}
"""Command -> what people call it who know other tools."""
DOCUMENTS = frozenset({".md", ".markdown", ".ipynb", ".rst", ".txt"})
PICTURES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff"})
TRACES = (".trace.json", ".trace.json.gz")


def meant_command(word: str, rest: Sequence[str], commands: Sequence[str]) -> str:
    """Return the command line that somebody meant by a word that is none of our commands.

    Args:
        word: what stands in the place of the command.
        rest: what stands behind it.
        commands: the commands that there are.
    """
    if word == "help":
        asked = [command for command in rest[:1] if command in commands]
        return join(["shapeflow", *asked, "--help"])
    if word == "version":
        return "shapeflow --version"
    same = [command for command, words in WORDS.items() if word.lower() in words.split()]
    if same:
        return join(["shapeflow", same[0], *rest])
    if line := _for_file(word, rest):
        return line
    if close := nearest(word, commands, 1):
        return f"shapeflow {close[0]}"
    from shapeflow.adapters.specs import named_model

    because, target = named_model(word)
    return join(["shapeflow", "trace", "--model", target, *rest]) if because else "shapeflow --help"


def _for_file(word: str, rest: Sequence[str]) -> str:
    """Return the command line for the name of a file; empty for one that is none, or a model."""
    if word.endswith(TRACES):
        return join(["shapeflow", "show", word, *rest])
    suffix = Path(word).suffix.lower()
    if suffix in PICTURES:
        return join(["shapeflow", "trace", word, *rest])
    return f"shapeflow check NAME.trace.json {word}" if suffix in DOCUMENTS else ""


def load_trace(path: Path) -> Trace:
    """Read a trace that a command was given.

    Raises:
        InputError: see ``tracefile.read``; where a document or a model was given, with what to do with it.
    """
    from shapeflow.model.trace import Trace

    try:
        return Trace.load(path)
    except InputError as error:
        if error.diagnostic.code not in ("trace-unreadable", "file-missing") or str(path).endswith(TRACES):
            raise
        raise _instead(error, str(path)) from None


def _instead(error: InputError, word: str) -> InputError:
    """Return the error for what is no trace, with what to do with it where that is known."""
    if Path(word).suffix.lower() in DOCUMENTS:
        if error.diagnostic.code == "file-missing":
            return error
        return error.amend(
            because="it is a document: the trace comes before it",
            hint=f"NAME.trace.json {word}; shapeflow check --run {word} makes the trace first",
        )
    from shapeflow.adapters.specs import named_model

    because, target = named_model(word)
    if not because or Path(word).suffix == ".json" or error.diagnostic.hint.endswith(TRACES):
        return error
    return error.amend(
        because=f"{because}; it is traced first",
        hint=f"{join(['shapeflow', 'trace', '--model', target])} -o NAME.trace.json",
    )
