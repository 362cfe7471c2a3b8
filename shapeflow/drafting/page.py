"""The Markdown of a draft: front matter, headings, prose and blocks of claims."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from shapeflow.common.control_characters import visible_line
from shapeflow.drafting.sections import DraftSection
from shapeflow.drafting.statements import WORDS, Statement

WIDEST = 60
"""Columns up to which the shapes of a block stand below each other."""
FEWEST_INSIDE = 2
"""Claims from which on a block of their own, about the part, is worth its two lines."""
_NAME = re.compile(r"(?:\\.|\{[^{}]*\}|\[[^\[\]]*\]|[^\s(),{}\[\]\\])+")
"""A word that may be a name, with the patterns in it."""


@dataclass
class Page:
    """Everything that the file will say."""

    title: str
    model: str
    run: Mapping[str, Any]
    introduction: Sequence[str]
    sections: list[DraftSection]
    dtype: str = ""
    """What a shape without a dtype means."""
    widths: Mapping[str, tuple[int, str]] = field(default_factory=dict)
    """Symbol -> size and configuration key."""

    def text(self) -> str:
        """Return the Markdown."""
        lines = ["---", *self._front_matter(), "---", "", f"# {self.title}", "", *self.introduction]
        numbers = [0, 0, 0, 0, 0, 0]
        for section in self.sections:
            level = section.level - 2
            numbers[level:] = [numbers[level] + 1, *[0] * (5 - level)]
            number = ".".join(map(str, numbers[: level + 1]))
            lines += ["", f"{'#' * min(6, section.level)} {number}. {section.title}"]
            if section.prose:
                lines += ["", *section.prose]
            lines += self._blocks(section)
        return "\n".join(lines) + "\n"

    def _front_matter(self) -> list[str]:
        """Return the lines of the YAML, one an entry."""
        import yaml

        def entry(key: str, thing: Any) -> str:
            text = yaml.safe_dump(
                [thing], allow_unicode=True, width=math.inf, default_flow_style=True, sort_keys=False
            )
            return f"{key}: {text.strip()[1:-1]}"

        run = [f"  {entry(key, thing)}" for key, thing in self.run.items()]
        dtype = [entry("dtype", self.dtype)] if self.dtype else []
        sizes = [f"  {name}: {size}  # {visible_line(key)}" for name, (size, key) in self.widths.items()]
        dims = ["dims:", *sizes] if sizes else []
        return [
            entry("title", self.title),
            entry("model", self.model),
            *dtype,
            *dims,
            *(["run:", *run] if run else []),
        ]

    def _blocks(self, section: DraftSection) -> list[str]:
        """Return the claims of a section: one block with whole names, one relative to its part."""
        module = section.part.selector
        whole: list[Statement] = []
        inside: list[Statement] = []
        for one in section.statements:
            short = None if module == "." else relative(one, module)
            (whole if short is None else inside).append(short or one)
        if len(inside) < FEWEST_INSIDE:
            whole, inside = list(section.statements), []
        lines = ["", "```shapes", *_aligned(whole), "```"] if whole else []
        if inside:
            lines += ["", f"```shapes module={module}", *_aligned(inside), "```"]
        return lines


def _aligned(statements: Sequence[Statement]) -> Iterator[str]:
    """Yield the lines of a block, the shapes below each other."""
    shapes = [one for one in statements if not one.rest.startswith(WORDS) and one.subject != "chain"]
    width = max((len(one.subject) for one in shapes if len(one.subject) <= WIDEST), default=0)
    for one in statements:
        yield f"{one.subject:<{width}}  {one.rest}" if one in shapes else one.text


def relative(statement: Statement, module: str) -> Statement | None:
    """Return a claim with its names as seen from a module; None if it is also about something else."""
    others = False

    def seen(found: re.Match[str]) -> str:
        nonlocal others
        word = found[0]
        if word.startswith("["):  # an index
            return word
        rest = word.removeprefix(module)
        if rest != word and rest.startswith((":", "/", "@")):
            return rest
        if rest != word and rest.startswith("."):
            # In a formula a name alone is that of a size, so a parameter keeps its whole name.
            others = others or (statement.rest.startswith("= ") and not re.search(r"[.:/@]", rest[1:]))
            return rest[1:]
        others = others or ":" in word or "." in word.strip(".,0123456789")
        return word

    if not statement.subject.startswith(module) and statement.subject not in ("chain",):
        return None
    subject = _NAME.sub(seen, statement.subject)
    names = statement.rest.startswith(("=", "before", "never")) or statement.subject == "chain"
    rest = _NAME.sub(seen, statement.rest) if names else statement.rest
    return None if others else replace(statement, subject=subject, rest=rest)
