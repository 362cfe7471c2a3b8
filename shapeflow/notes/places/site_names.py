"""What the names in code say of a place: tokens, each with how much it tells."""

from __future__ import annotations

import re
from collections import defaultdict
from functools import lru_cache

from shapeflow.model.containers import told
from shapeflow.model.records import Records
from shapeflow.notes.words.words import name_tokens

OWN, NEAR, PARENT, FAR, LINE = 1.0, 0.8, 0.6, 0.4, 0.3
"""How much a name says of a place: its own, one beside it, of what is around it, farther out, in its code."""


@lru_cache(maxsize=1 << 12)
def call_names(key: str, class_name: str) -> tuple[dict[str, float], dict[str, float]]:
    """Return the tokens of a call itself, and of what is around it."""
    own: dict[str, float] = {}
    around: dict[str, float] = {}
    parts = [part.removesuffix("()") for part in key.split(".") if part]
    last = len(parts) - 1
    while last > 0 and parts[last].isdecimal():
        last -= 1
    for place, part in enumerate(parts):
        if place >= last:
            if not part.isdecimal():
                for token in name_tokens(part):
                    put_token(own, token, OWN)
        elif not part.isdecimal():
            for token in name_tokens(part):
                put_token(around, token, PARENT if place == last - 1 else FAR)
    for token in name_tokens(class_name):
        put_token(around, token, NEAR)
    return own, around


@lru_cache(maxsize=1 << 12)
def port_tokens(name: str) -> frozenset[str]:
    """Return what the name of a port says; not which of all arguments or results it is."""
    return name_tokens(re.sub(r"^(?:in|out)(?:\[\d+\])?", "", name))


@lru_cache(maxsize=1 << 12)
def line_tokens(text: str, function: str) -> frozenset[str]:
    """Return the names in a line of code, without its numbers."""
    found = name_tokens(text.replace("self.", " ")) | name_tokens(function)
    return frozenset(token for token in found if not token.startswith("#"))


def names_of_values(trace: Records) -> dict[int, dict[str, float]]:
    """Return the tokens of the ports through which calls take or give each value."""
    found: dict[int, dict[str, float]] = defaultdict(dict)
    for call in trace.calls:
        for port in (*told(call.inputs), *told(call.outputs)):
            if port.value is not None:
                for token in port_tokens(port.name) | port_tokens(port.alias):
                    if not token.startswith("#"):
                        put_token(found[port.value], token, PARENT)
    return found


def put_token(tokens: dict[str, float], token: str, strength: float) -> None:
    """Add a token, if it is not there already and tells more."""
    if strength > tokens.get(token, 0.0):
        tokens[token] = strength
