"""The fields of a configuration, looked up by name, also in the configurations inside it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

SIDES = {
    "text": re.compile(r"text|llm|language|decoder|thinker|backbone_config|^model_config"),
    "source": re.compile(r"text|llm|language|thinker|encoder|^model_config|vlm"),
    "picture": re.compile(r"vision|image|visual|vit|thinker|backbone|video|vlm"),
    "sound": re.compile(r"audio|speech|sound|asr|encoder|acoustic|thinker"),
    "answer": re.compile(r"decoder"),
}
"""What a model takes in -> how the fields are called that hold the configuration of that part."""


class Fields:
    """A configuration and those inside it, asked for the value of a field."""

    def __init__(self, config: Any) -> None:
        """Look at a configuration object of any library: its fields are attributes, or keys."""
        self.config = config

    def get(self, *names: str, side: str = "", default: Any = None) -> Any:
        """Return the first of some fields that has a value.

        Args:
            *names: what the field may be called, the likeliest first.
            side: a key of ``SIDES``: look in the configurations of that part before the outer one. Without
                it look in the outer one, then in all others.
            default: what to return if no configuration has such a field.
        """
        for part in self.parts(side):
            for name in names:
                value = field(part, name)
                if value is not None:
                    return value
        return default

    def number(self, *names: str, side: str = "", default: int = 1) -> int:
        """Return the first field that is a whole number, or the first of a list of them."""
        for part in self.parts(side):
            for name in names:
                value = field(part, name)
                if isinstance(value, list | tuple) and value:
                    value = value[0]
                if isinstance(value, int) and not isinstance(value, bool):
                    return value
        return default

    def parts(self, side: str = "") -> Iterator[Any]:
        """Yield the configurations in the order in which they are asked."""
        if side:
            rest = []
            for name, part in _inside(self.config):
                if SIDES[side].search(name):
                    yield part
                    yield from (inner for _, inner in _inside(part))
                else:
                    rest += _inside(part)
            yield from (part for name, part in rest if SIDES[side].search(name))
        yield self.config
        if not side:
            for _, part in _inside(self.config):
                yield part
                yield from (inner for _, inner in _inside(part))

    def part(self, side: str) -> Fields:
        """Return the fields of one part alone, all of them if there is no such part."""
        found = (part for name, part in _inside(self.config) if SIDES[side].search(name))
        return Fields(next(found, self.config))

    def special(self) -> dict[str, int]:
        """Return the token ids that have a meaning: name of the field -> id."""
        found: dict[str, int] = {}
        for part in self.parts():
            for name, value in _items(part):
                if re.search(r"(_token_id|_token_index|_token_ids|^sep_id|^cls_id)$", name):
                    first = value[0] if isinstance(value, list | tuple) and value else value
                    if isinstance(first, int) and not isinstance(first, bool):
                        found.setdefault(name, first)
        return found


def field(part: Any, name: str) -> Any:
    """Return a field of one configuration, None if it has none or refuses to tell."""
    if isinstance(part, Mapping):
        return part.get(name)
    try:
        return getattr(part, name, None)
    except Exception:  # a field that varies from layer to layer refuses to be read
        return None


def _items(part: Any) -> list[tuple[str, Any]]:
    return list(part.items()) if isinstance(part, Mapping) else list(vars(part).items())


def _inside(config: Any) -> list[tuple[str, Any]]:
    """Return the configurations that are fields of one."""
    if isinstance(config, Mapping):
        return []
    return [(name, value) for name, value in vars(config).items() if hasattr(value, "model_type")]
