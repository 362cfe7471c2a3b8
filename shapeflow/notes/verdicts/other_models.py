"""Other models that a text compares with the traced one: what is said of them is not of this run."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from shapeflow.model.trace import Trace
from shapeflow.notes.mention import Mention
from shapeflow.notes.verdicts.doubts import COMMITTED, left_open
from shapeflow.notes.verdicts.mark import Mark
from shapeflow.notes.words.clauses import sentence

_CAMEL = re.compile(r"\b(?=\w*[a-z])[A-Z][a-z0-9]*(?:[A-Z][a-z0-9]*)+\b")
_CODE = re.compile(r"`[^`\s/.]+`")
"""A name in code style: no file."""
_HUMP = re.compile(r"[A-Z][a-z]*\d*|[A-Z]+(?![a-z])")
_WHOLE = re.compile(r"For[A-Z]\w*$|Model$")
"""What names of whole models end in, not those of their parts and tools."""
_WHY = "the words around it name another model"


def of_this_model(trace: Trace, marks: Sequence[Mark]) -> list[Mark]:
    """Return marks with nothing committed to of what a text says of another model.

    That is: below a heading, or in a column, that names something else where one beside it names the model
    that was traced, and in a sentence that names a variant of it: ``T5ForConditionalGeneration`` for a
    ``T5Model``, ``levit_256`` for ``levit_128s``.
    """
    roots = {call.class_name for call in trace.calls if call.parent is None and call.class_name}
    classes = {module.class_name for module in trace.modules} | roots
    variants = {hump[0] for root in roots if (hump := _HUMP.match(root)) and len(hump[0]) > 1}
    compared = {
        label: any(_names(label(mark.mention), roots) for mark in marks) for label in (_heading, _column)
    }

    def is_other(mention: Mention) -> bool:
        for label, several in compared.items():
            text = label(mention)
            if several and text and not _names(text, classes) and _is_name(text):
                return True
        around = sentence(mention)
        if _names_variant(around, trace.run.target):
            return True
        named = set(_CAMEL.findall(around))
        others = (
            name
            for name in named - classes
            if any(name.startswith(start) for start in variants) and _WHOLE.search(name)
        )
        return not named & roots and any(others)

    return [
        replace(left_open(mark, _WHY), verdict="not in this run")
        if mark.verdict in COMMITTED and is_other(mark.mention)
        else mark
        for mark in marks
    ]


def _names_variant(text: str, target: str) -> bool:
    """Return whether a text names a model of the same family, as ``levit_256`` for ``levit_128s``."""
    name = target.rpartition(":")[2]
    own, family = _plain(name), re.match(r"[a-z]{3,}", name)
    if family is None or own == family[0] or not name.islower():
        return False
    named = [_plain(word) for word in re.findall(rf"(?i)\b{family[0]}(?:[-_ ]?\w*\d\w*|[-_]\w+)", text)]
    others = [name for name in named if not (own.startswith(name) or name.startswith(own))]
    return bool(others) and len(others) == len(named)


def _plain(name: str) -> str:
    """Return the name of a model without what separates its parts."""
    return re.sub(r"[-_ .]", "", name).lower()


Label = Callable[[Mention], str]


def _heading(mention: Mention) -> str:
    return mention.frame.headings[-1] if mention.frame.headings else ""


def _column(mention: Mention) -> str:
    return mention.frame.column if mention.frame.region == "cell" else ""


def _names(text: str, classes: Iterable[str]) -> bool:
    """Return whether a text names one of some classes."""
    return any(re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text, re.IGNORECASE) for name in classes)


def _is_name(text: str) -> bool:
    """Return whether a heading, or a column, has a name such as those of models."""
    return _CAMEL.search(text) is not None or _CODE.search(text) is not None
