"""The prompt that a user gives, and what the text encoder of SAM3 makes of it: its length and vocabulary."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from shapeflow.common.text import counted
from shapeflow.errors import InputError

CONTEXT_TOKENS = 32
"""Tokens of SAM3's text encoder, the start and end marks included."""


def check_prompt(prompt: str) -> str:
    """Return a prompt without the white space around it.

    Raises:
        InputError: nothing is left.
    """
    stripped = " ".join(prompt.encode("utf-8", "replace").decode().split())
    if not stripped:
        raise InputError(
            "prompt-empty",
            "the prompt is empty",
            where="option --prompt",
            expected="a short noun phrase",
            hint='--prompt "yellow school bus"',
        )
    return stripped


def long_prompt_note(tokens: int) -> str:
    """Return the note for a prompt of more tokens than SAM3 reads, start and end marks included."""
    return f"The prompt has {counted(tokens, 'token')}; the model reads the first {CONTEXT_TOKENS}."


def vocabulary_file() -> Path | None:
    """Return the text encoder's vocabulary, which the wheel of sam3 0.1.4 lacks and open_clip ships."""
    for package, place in (("sam3", "assets"), ("open_clip", ""), ("clip", "")):
        spec = find_spec(package)
        for folder in spec.submodule_search_locations or () if spec else ():
            file = Path(folder) / place / "bpe_simple_vocab_16e6.txt.gz"
            if file.is_file():
                return file
    return None
