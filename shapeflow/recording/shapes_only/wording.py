"""What torch says of stand-ins, without the numbers that they are filled with."""

from __future__ import annotations

import re
from typing import TypeVar

Refusal = TypeVar("Refusal", bound=Exception)

_PRINTED = re.compile(r"(?:[-+\d.,()=\s]|e[-+]\d|nan|inf|Columns|to)+(?=\[ (?:torch\.|CPU)\w+\{[\d,]*\} \])")
"""The numbers of a tensor that torch prints in a message, before its type and shape."""


def without_numbers(error: Refusal) -> Refusal:
    """Return a refusal that prints no numbers of tensors; torch prints a tensor without elements so."""
    text = str(error)
    told = _PRINTED.sub(" ", text)
    return error if told == text else type(error)(told)
