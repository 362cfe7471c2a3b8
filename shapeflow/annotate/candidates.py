"""Which sites a mention can mean by the words around it and by its shape."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from math import log

from shapeflow.annotate.mention import Mention
from shapeflow.annotate.sites import Site, Sites, folded
from shapeflow.annotate.words import dotted_names, name_tokens, text_tokens

BY_NAME, BY_SHAPE, BY_LAYOUT = 30, 30, 12
"""So many candidates of each sort."""
UNNAMED = 0.3
"""How much a token of a site's own name counts against it that the text does not say."""
DOTTED = 7.0
"""What it counts that the text writes the path of a site as code has it."""


@dataclass(frozen=True, slots=True)
class Named:
    """What words say for one site."""

    score: float
    own: float
    """The part of it that comes from names of the site itself."""


class Names:
    """An index of all sites by the tokens of their names."""

    def __init__(self, sites: Sites) -> None:
        self.sites = sites
        found: dict[str, list[tuple[int, float, bool]]] = defaultdict(list)
        for site in sites.all:
            for token in site.own.keys() | site.around.keys():
                own, around = site.own.get(token, 0.0), site.around.get(token, 0.0)
                found[token].append((site.id, max(own, around), own >= around))
        self.postings = found
        count = max(len(sites.all), 2)
        self.worth = {
            token: min(log(count / (sum(strength for _, strength, _ in places) + 1.0)), 5.0)
            for token, places in found.items()
        }
        """Token -> how much it tells: seldom ones more."""
        for token, worth in self.worth.items():
            self.worth[token] = max(worth, 0.05) * (0.5 if token.startswith("#") else 1.0)
        self.whole = [
            sum(strength * self.worth[token] for token, strength in site.own.items()) for site in sites.all
        ]
        self.paths: dict[str, list[int]] = defaultdict(list)
        for site in sites.all:
            parts = site.key.split(".")
            for start in range(len(parts)):
                self.paths[".".join(parts[start:])].append(site.id)

    def score(self, said: Mapping[str, float]) -> dict[int, Named]:
        """Return the sites that any token names, with how much the tokens say for each."""
        total: dict[int, float] = defaultdict(float)
        own: dict[int, float] = defaultdict(float)
        for token, weight in said.items():
            worth = self.worth.get(token)
            if worth is None:
                continue
            for site, strength, is_own in self.postings[token]:
                amount = weight * worth * strength
                total[site] += amount
                if is_own:
                    own[site] += worth * strength * min(weight * 1.5, 1.0)
        return {
            site: Named(score - UNNAMED * max(self.whole[site] - own[site], 0.0), own[site])
            for site, score in total.items()
        }

    def dotted(self, text: str) -> set[int]:
        """Return the sites whose path, or path and port, a text writes."""
        found: set[int] = set()
        for name in dotted_names(text):
            key = folded(name)
            found.update(self.paths.get(key, ()))
            head, _, last = key.rpartition(".")
            found.update(site for site in self.paths.get(head, ()) if self.sites.all[site].port == last)
        return found


def said_by(mention: Mention) -> dict[str, float]:
    """Return the tokens of the words around a mention, each with how near they stand."""
    frame = mention.frame
    said: dict[str, float] = {}
    _say(said, mention.subject, 1.0)
    _say(said, frame.row, 0.9)
    _say(said, frame.assigned, 0.9)
    _say(said, before_of(mention), 0.7)
    _say(said, frame.column, 0.5)
    _say(said, frame.statement, 0.5)
    _say(said, frame.line, 0.35)
    for distance, lead in enumerate(reversed(frame.lead)):
        _say(said, lead, 0.6 if distance == 0 else 0.4)
    for distance, heading in enumerate(reversed(frame.headings)):
        _say(said, heading, (0.6, 0.45, 0.3)[min(distance, 2)])
    for definition in frame.definitions:
        _say(said, definition, 0.7)
    return said


def before_of(mention: Mention) -> str:
    """Return what stands before a mention in its line."""
    line = mention.frame.line
    return line[: max(mention.span.column - 1, 0)]


def _say(said: dict[str, float], text: str, weight: float) -> None:
    for token in text_tokens(text) if text else ():
        if weight > said.get(token, 0.0):
            said[token] = weight


def is_parameter_meant(mention: Mention) -> bool:
    """Return whether the words speak of weights."""
    tokens: frozenset[str] = frozenset()
    for text in (mention.subject, mention.frame.row, mention.frame.column, before_of(mention)):
        tokens |= text_tokens(text)
    return bool({"weight", "bias", "parameter", "param", "buffer"} & tokens)


def path_of(site: Site) -> frozenset[str]:
    """Return the tokens of a site's path."""
    return name_tokens(site.path)
