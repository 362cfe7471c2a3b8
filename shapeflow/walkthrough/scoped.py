"""Claims of a block seen from the model: names that are relative to the block's module are made absolute.

Kinds of claim never see relative names: whatever their parsers made is gone through, and every
``SelectorPart`` in it is completed, with the columns of what is written.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import replace
from typing import TypeVar

from shapeflow.model.source_lines import source_place
from shapeflow.shapes.notation import ShapePattern
from shapeflow.walkthrough.block import Scope
from shapeflow.walkthrough.parts import SelectorPart, rewritten

Body = TypeVar("Body")

_STARTS = (":", "/", "@")
"""What a name begins with that is about the block's module itself: its ports, its ops, one of its calls."""


def in_scope(body: Body, scope: Scope) -> Body:
    """Return what the parser of a claim made, with absolute names and the dtype of the document.

    Raises:
        ClaimError: a name makes no sense in this block.
    """
    return rewritten(
        body,
        {
            SelectorPart: lambda part: _absolute(part, scope.module),
            ShapePattern: lambda pattern: replace(pattern, implied=scope.dtype),
        },
    )


def _absolute(part: SelectorPart, module: str) -> SelectorPart:
    """Return a selector as the model knows it."""
    text = part.text
    if not text and not module:
        raise part.error(
            "claim-syntax", "a module is missing here", expected="its path, or '.' for the model"
        )
    if not module or text.startswith(".") or source_place(text) is not None:
        return part
    if not text or text.startswith(_STARTS):
        between = ""
    elif module.endswith("()"):
        raise part.error(
            "claim-syntax",
            f"'{module}' is a helper method, and nothing is below it",
            expected="its ports (':out'), its ops ('/add'), or a name with a leading dot",
            hint=f".{module.rpartition('.')[0]}.{text}".replace("..", "."),
        )
    else:
        between = "."
    return SelectorPart(f"{module}{between}{text}", part.start, len(module) + len(between))


def written_in(hint: str, module: str, names: Collection[str]) -> str:
    """Return a line to paste as the block of a module has to write it.

    Args:
        hint: with absolute names.
        module: of the block.
        names: what stands directly below the model.
    """

    def seen(found: re.Match[str]) -> str:
        word = found[0]
        head = re.split(r"[.:@/\[]", word, maxsplit=1)[0]
        if head not in names or (head == word and word != hint):
            return word
        rest = word[len(module) :] if word.startswith(module) else ""
        if rest.startswith(_STARTS):
            return rest
        if rest.startswith(".") and not module.endswith("()"):
            return rest[1:]
        return f".{word}"

    return re.sub(r"[^\s()]\S*", seen, hint)
