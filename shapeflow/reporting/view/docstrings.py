"""What the classes of a model say of themselves: the first paragraphs of their docstrings, as plain text."""

from __future__ import annotations

import re

from shapeflow.common.control_characters import visible_line
from shapeflow.model.trace import Trace
from shapeflow.reporting.view.doc_model import DocView
from shapeflow.reporting.view.sources import Sources

SAYS_NOTHING = "torch.nn.modules.container."
"""Classes that only hold others; what they are is said by what is in them."""
LONGEST = 320
ROLE = re.compile(r":[a-z:]+:`~?([^`<]*?)(?:\s*<[^`]*>)?`")
LITERAL = re.compile(r"``?([^`]*)``?_?_?")
NAMED = re.compile(r"\[`([^`]*)`\](?!\()")
EMPHASIS = re.compile(r"(?<![\w*])\*{1,2}(\w[\w. -]*\w|\w)\*{1,2}(?![\w*])")
LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")
SENTENCE = re.compile(r"(?<=[.!?])\s+")


class Docstrings:
    """The docstrings of the classes in a trace, each told once."""

    def __init__(self, trace: Trace, sources: Sources) -> None:
        self._trace = trace
        self._sources = sources
        self._told: set[str] = set()

    def first_time(self, class_name: str, call: int) -> DocView | None:
        """Return what the class of a called module says, unless it was told before or nothing is known."""
        record = self._trace.calls[call]
        module = self._trace.module_by_path.get(record.path)
        if (
            module is None
            or module.class_path.startswith(SAYS_NOTHING)
            or record.method != "forward"
            or module.class_path in self._told
        ):
            return None
        self._told.add(module.class_path)
        text = plain(self._sources.docstring(module.source))
        return DocView(class_name, text) if text else None


def plain(text: str) -> str:
    """Return a paragraph of a docstring without the markup of Sphinx and Markdown, cut at a sentence."""
    for pattern in (ROLE, NAMED, LITERAL, LINK, EMPHASIS):
        text = pattern.sub(r"\1", text)
    text = visible_line(" ".join(text.replace("\\", "").split()))
    if len(text) <= LONGEST:
        return text
    kept = ""
    for sentence in SENTENCE.split(text):
        if len(kept) + len(sentence) + 1 > LONGEST:
            break
        kept = f"{kept} {sentence}".strip()
    return kept or f"{text[: LONGEST - 1]}…"
