"""Which sites a mention can mean by the words around it and by its shape."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import log

from shapeflow.notes.mention import Mention
from shapeflow.notes.places.sites import Sites
from shapeflow.notes.words.ordinals import numbered, ranked
from shapeflow.notes.words.words import GENERIC, dotted_names, text_tokens

BY_NAME, BY_SHAPE, BY_LAYOUT = 30, 30, 12
"""So many candidates of each sort."""
UNNAMED = 0.2
"""How much a token of a site's own name counts against it that the text does not say."""
DOTTED = 7.0
"""What it counts that the text writes the path of a site as code has it."""


@dataclass(frozen=True, slots=True)
class Named:
    """What the words around a mention say for each site that any of them names."""

    heard: Mapping[int, float]
    """How much of what the words say names a site."""
    own: Mapping[int, float]
    """How much of it comes from names of the site itself."""
    near: Mapping[int, float]
    """The same of the nearest words only."""
    whole: Sequence[float]
    """How much the whole name of each site tells."""

    def scores(self) -> dict[int, float]:
        """Return what words say for each site, less what of its name they leave out."""
        own, whole = self.own, self.whole
        return {
            site: heard - UNNAMED * max(whole[site] - own.get(site, 0.0), 0.0)
            for site, heard in self.heard.items()
        }

    def share(self, site: int) -> float:
        """Return how much of a site's own name is said, from 0 to 1."""
        return min(self.own.get(site, 0.0) / self.whole[site], 1.0) if self.whole[site] else 0.0


class Names:
    """An index of all sites by the tokens of their names."""

    def __init__(self, sites: Sites) -> None:
        self.sites = sites
        found: dict[str, list[tuple[int, float, bool]]] = defaultdict(list)
        for site in sites.all:
            for token in sorted(site.own.keys() | site.around.keys()):
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
            weak = token.startswith("#") or token in GENERIC
            self.worth[token] = max(worth, 0.05) * (0.5 if weak else 1.0)
        self.whole = [
            sum(
                strength * self.worth[token]
                for token, strength in sorted(site.own.items())
                if "@" not in token
            )
            for site in sites.all
        ]
        """How much the whole name of each site tells; which one of several it is need not be said."""

    @cached_property
    def paths(self) -> dict[str, list[int]]:
        """End of a path, with its numbers and with ``*`` for them -> the sites there."""
        found: dict[str, list[int]] = defaultdict(list)
        for site in self.sites.all:
            for path in dict.fromkeys((site.key, *site.paths)):
                parts = path.split(".")
                for start in range(len(parts)):
                    found[".".join(parts[start:])].append(site.id)
        return found

    def named(self, said: Mapping[str, float]) -> Named:
        """Return what tokens say for the sites that any of them names."""
        total: dict[int, float] = defaultdict(float)
        own: dict[int, float] = defaultdict(float)
        near: dict[int, float] = defaultdict(float)
        for token, weight in said.items():
            worth = self.worth.get(token)
            if worth is None:
                continue
            for site, strength, is_own in self.postings[token]:
                amount = weight * worth * strength
                total[site] += amount
                if weight >= NEAR_WORDS[0]:
                    near[site] += amount
                if is_own and "@" not in token:
                    own[site] += worth * strength * min(weight * 1.5, 1.0)
        return Named(total, own, near, self.whole)

    def dotted(self, text: str) -> set[int]:
        """Return the sites whose path, or path and port, a text writes; those of the last such name."""
        for name in reversed(dotted_names(text)):
            for key in (name, self.sites.folded(name)):
                head, _, last = key.rpartition(".")
                found = set(self.paths.get(key, ()))
                ports = (last, f"in.{last}", f"out.{last}")
                found.update(site for site in self.paths.get(head, ()) if self.sites.all[site].port in ports)
                if found:
                    return found
        return set()


def said_everywhere(mentions: Sequence[Mention]) -> frozenset[str]:
    """Return the tokens of headings above nearly all of a text: its title says nothing of one shape."""
    count: dict[str, int] = defaultdict(int)
    for mention in mentions:
        for token in frozenset[str]().union(*map(text_tokens, mention.frame.headings)):
            count[token] += 1
    return frozenset(
        token for token, times in count.items() if times > EVERYWHERE * len(mentions) and times > 4
    )


EVERYWHERE = 0.7
NEAR_WORDS = (1.0, 0.85, 0.7, 0.6, 0.5)
"""What words count: those of the nearest source that says anything, of the next, and so on."""


def texts_around(mention: Mention, unheard: Container[str] = frozenset()) -> tuple[tuple[str, ...], ...]:
    """Return the words around a mention, the nearest first, without the lines above that are unheard."""
    frame = mention.frame
    return (
        (mention.subject, frame.assigned),
        (frame.row,),
        (before_of(mention), frame.column, frame.statement),
        *((lead,) for lead in reversed(frame.lead) if lead not in unheard),
        *((definition,) for definition in reversed(frame.definitions)),
        *((heading,) for heading in reversed(frame.headings)),
    )


def said_by(
    mention: Mention,
    known: Container[str],
    everywhere: Container[str],
    from_one: Container[str] = frozenset(),
    unheard: Container[str] = frozenset(),
) -> dict[str, float]:
    """Return the tokens of the words around a mention, each with how near they stand.

    Args:
        mention: the mention.
        known: the tokens that name anything in the trace.
        everywhere: those of headings that count for nothing.
        from_one: what the text counts from 1 and the code from 0.
        unheard: lines above that say nothing of it.
    """
    frame = mention.frame
    said: dict[str, float] = {}
    rank = 0
    for texts in texts_around(mention, unheard):
        tokens = frozenset[str]().union(*(_tokens(text, from_one) for text in texts if text))
        is_heading = texts[0] in frame.headings
        tokens = frozenset(
            token for token in tokens if token in known and not (is_heading and token in everywhere)
        )
        for token in sorted(tokens):  # sums are the same in each run only in one order
            said.setdefault(token, NEAR_WORDS[min(rank, len(NEAR_WORDS) - 1)])
        rank += bool(tokens)
    for token in sorted(text_tokens(frame.line)):
        if token in known:
            said.setdefault(token, LINE_WORDS)
    return said


LINE_WORDS = 0.1


def _tokens(text: str, from_one: Container[str]) -> frozenset[str]:
    """Return what words say, and what they count."""
    tokens = text_tokens(text) | ranked(text)
    counted = [(token, number) for token, number in numbered(text) if token in from_one]
    if not counted:
        return tokens
    return tokens - {f"#{number}" for _, number in counted} | {
        f"{token}@{number}" for token, number in counted
    }


def before_of(mention: Mention) -> str:
    """Return what stands before a mention in its line."""
    line = mention.frame.line
    return line[: max(mention.span.column - 1, 0)]


def is_parameter_meant(mention: Mention) -> bool:
    """Return whether the words speak of weights."""
    tokens: frozenset[str] = frozenset()
    for text in (mention.subject, mention.frame.row, mention.frame.column, before_of(mention)):
        tokens |= text_tokens(text)
    return bool({"weight", "bias", "parameter", "param", "buffer", "matrix", "table"} & tokens)
