"""Texts that several kinds of claim use for what they found."""

from __future__ import annotations

from collections.abc import Sequence

from shapeflow.common.text import listing, runs_of
from shapeflow.errors import Diagnostic
from shapeflow.model.match import Match
from shapeflow.model.records import Module
from shapeflow.walkthrough.finding import Finding, evidence_of
from shapeflow.walkthrough.parts import Part

MAX_GROUPS = 3
"""Different things that a message lists."""


def places_text(matches: Sequence[Match], things: Sequence[str]) -> str:
    """Return what was found: one thing if all agree, else a line for each thing with where it is."""
    groups: dict[str, list[Match]] = {}
    for match, thing in zip(matches, things, strict=True):
        groups.setdefault(thing, []).append(match)
    if len(groups) == 1:
        return things[0]
    one_path = len({(match.path, match.port.name if match.port else "") for match in matches}) == 1
    lines = [
        (
            _indices([match.index for match in group])
            if one_path
            else listing([match.short_name for match in group]),
            thing,
        )
        for thing, group in groups.items()
    ]
    width = min(48, max(len(where) for where, _ in lines[:MAX_GROUPS]))
    text = [f"{where:<{width}}  {thing}" for where, thing in lines[:MAX_GROUPS]]
    if len(lines) > MAX_GROUPS:
        text.append(f"and {len(lines) - MAX_GROUPS:,} more that differ")
    return "\n".join(text)


def failing_name(selector: Part, matches: Sequence[Match], wrong: Sequence[Match]) -> str:
    """Return what a message is about: the selector as written, or of several matches the first wrong one."""
    return wrong[0].short_name if len(matches) > 1 and wrong else selector.text


def missing_port(selector: Part, matches: Sequence[Match], rest: str) -> Finding:
    """Return the finding for a selector that names calls where a port is needed."""
    ports = list(dict.fromkeys(port.name for port in matches[0].owner.ports))
    output = next((port for port in ports if port.startswith("out")), "out")
    reason = Diagnostic(
        "port-missing",
        f"'{selector.text}' names a whole call, this claim is about one of its ports",
        columns=(selector.start, selector.end),
        expected="a port after the path, such as ':out'",
        found=f"it has {listing(ports, 6)}" if ports else "it has no ports",
        hint=f"{selector.text}:{output}{rest}",
    )
    return Finding("invalid", reason, evidence_of(matches))


def _indices(numbers: Sequence[int]) -> str:
    """Return ``@0 to @5, @7``."""
    return ", ".join(
        f"@{first}" if first == last else f"@{first} to @{last}" for first, last in runs_of(numbers)[:4]
    )


def modules_text(modules: Sequence[Module], things: Sequence[str]) -> str:
    """Return what modules have: one thing if all agree, else a line for each thing with where it is."""
    groups: dict[str, list[str]] = {}
    for module, thing in zip(modules, things, strict=True):
        groups.setdefault(thing, []).append(module.path or ".")
    if len(groups) == 1:
        return things[0]
    lines = [f"{thing} in {listing(paths)}" for thing, paths in groups.items()]
    more = [f"and {len(lines) - MAX_GROUPS:,} more that differ"] if len(lines) > MAX_GROUPS else []
    return "\n".join(lines[:MAX_GROUPS] + more)
