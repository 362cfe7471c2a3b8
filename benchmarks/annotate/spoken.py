"""Texts made of a trace in words: names of modules and ports as people speak them, with words left out.

They teach how far words can be trusted; what people write is in ``texts``.
"""

from __future__ import annotations

import random
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping

from shapeflow.notes.places.sites import Site, Sites
from shapeflow.notes.words.words import LATIN, OTHER

TAKEN = {"en": ("input", "input of the {}", "{} takes", "into the {}"), "zh": ("{}的输入", "{} 输入")}
GIVEN = {
    "en": ("{}", "{} output", "output of the {}", "the {} gives", "after the {}"),
    "zh": ("{}", "{}的输出", "{}之后", "{} 输出"),
}
CALLS, OPS, PARAMETERS = 20, 3, 2
"""So many of each are in a text."""


def _turned(table: Mapping[str, str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for word, concept in table.items():
        found[concept].append(word.replace("_", " "))
    return found


ENGLISH, CHINESE = _turned(LATIN), _turned(OTHER)


def spoken(sites: Sites, draw: random.Random) -> tuple[str, dict[int, str]]:
    """Return a text on a trace, and the shape that each of its lines states."""
    language = draw.choice(("en", "en", "zh"))
    lines, stated = ["# notes", ""], {}
    head, form = "", "item"
    for site in _chosen(sites.all, draw):
        path = [part.removesuffix("()") for part in site.path.split(".") if part]
        above = ".".join(path[:-1][:2])
        if above != head and draw.random() < 0.6:
            head, form = above, draw.choice(("item", "item", "row", "prose"))
            words = " ".join(part for part in path[:-1][-2:] if not part.isdecimal())
            lines += ["", f"## {_said(words or 'model', language, draw)}", ""]
            lines += ["| what | shape |", "|---|---|"] if form == "row" else []
        words = _words(sites, site, path, language, draw)
        dims = list(map(str, site.shape))
        dims = dims[1:] if dims[0] == "1" and len(dims) > 2 and draw.random() < 0.1 else dims
        shape = f"[{', '.join(dims)}]"
        lines.append(
            {"row": f"| {words} | {shape} |", "prose": f"The {words} is {shape}."}.get(
                form, f"- {words}: {shape}"
            )
        )
        stated[len(lines)] = shape
    return "\n".join(lines) + "\n", stated


def _chosen(sites: Iterable[Site], draw: random.Random) -> list[Site]:
    """Return some places in the order of the run, weights last."""
    by_kind: dict[str, list[Site]] = defaultdict(list)
    for site in sites:
        if len(site.shape) > 1:
            by_kind[site.kind].append(site)
    chosen = [
        site
        for kind, most in (("call", CALLS), ("op", OPS), ("parameter", PARAMETERS))
        for site in draw.sample(by_kind[kind], min(most, len(by_kind[kind])))
    ]
    return sorted(chosen, key=lambda site: (site.order < 0, site.order, site.id))


def _words(sites: Sites, site: Site, path: list[str], language: str, draw: random.Random) -> str:
    """Return what somebody may call a place."""
    parts = [part for part in path if not part.isdecimal()]
    words = _said(parts[-1] if parts else "model", language, draw)
    if draw.random() < 0.35 and len(parts) > 1:
        words = f"{_said(parts[-2], language, draw)} {words}"
    if draw.random() < 0.2 and site.owners and site.kind == "call":
        words = _said(sites.trace.calls[site.owners[0]].class_name, language, draw)
    if draw.random() < 0.2 and path:
        words = f"`{'.'.join(path[-draw.randint(1, min(3, len(path))) :])}`"
    port = re.sub(r"^(in|out)(\[\d+\])?\.?", "", site.port)
    spoken_port = port and not port.startswith("[") and draw.random() < 0.7
    if site.kind == "parameter":
        return f"{words} {_said(site.port, language, draw) if draw.random() < 0.8 else 'weight'}"
    if site.kind == "op":
        op = site.selector.rpartition("/")[2].partition("@")[0].partition(":")[0]
        return f"{_said(op, language, draw)} {words if draw.random() < 0.5 else ''}".strip()
    if site.direction == "in":
        return _said(port, language, draw) if spoken_port else draw.choice(TAKEN[language]).format(words)
    words = draw.choice(GIVEN[language]).format(words)
    return (
        f"{_said(port, language, draw)} {words if draw.random() < 0.5 else ''}".strip()
        if spoken_port
        else words
    )


def _said(name: str, language: str, draw: random.Random) -> str:
    """Return a name in code as words, in other words of the same meaning, some numbers left out."""
    found = []
    for part in re.split(r"[_\W]+", re.sub(r"([a-z])([A-Z])", r"\1 \2", name)):
        stem = part.rstrip("0123456789")
        number = part[len(stem) :] if draw.random() < 0.5 else ""
        concept = LATIN.get(stem.lower())
        if not stem:
            found.append(number)
        elif concept and language == "zh" and CHINESE[concept]:
            found.append(draw.choice(CHINESE[concept]) + number)
        elif concept and draw.random() < 0.5:
            found.append(draw.choice(ENGLISH[concept]) + number)
        else:
            found.append((stem if draw.random() < 0.2 else stem.lower()) + number)
    return ("" if language == "zh" else " ").join(part for part in found if part)
