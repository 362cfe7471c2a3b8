"""What a comment can mean."""

from __future__ import annotations

from dataclasses import dataclass

from shapeflow.notes.own_source.found import Found


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a comment can mean."""

    found: tuple[Found, ...]
    near: tuple[Found, ...] = ()
    """Others of the same statement: what fits one of them is not called wrong."""
    line: int = 0
    """Of the statement."""
    sure: bool = False
    """Whether it can be nothing else."""
    above: bool = False
    """Whether the comment stands right above: then both ends of an arrow are of it, if one end is."""
    also: tuple[Found, ...] = ()
    """What the same name stands for at another moment."""
    aside: bool = False
    """Whether it is not what the nearest statement gives: what it takes, or of another one."""
