"""A trace with the walkthrough that a command shows it with: the one that was named, or the model's own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shapeflow.model.trace import Trace
    from shapeflow.walkthrough.document import Document
    from shapeflow.walkthrough.verdict import CheckResult


def judged(
    trace: Trace, path: Path | None, language: str | None, *, alone: bool = False
) -> tuple[CheckResult | None, str]:
    """Return the verdicts and the language of what is shown.

    Args:
        trace: the run.
        path: a walkthrough; None: the shipped one of the trace's model, if there is one.
        language: ``en`` or ``zh``; None: that of the walkthrough, else English.
        alone: without any walkthrough.
    """
    from shapeflow.walkthrough.check import check

    document, shown = chosen(trace, path, language, alone=alone)
    return (check(trace, document, partial=True) if document else None), shown


def chosen(
    trace: Trace, path: Path | None, language: str | None, *, alone: bool = False
) -> tuple[Document | None, str]:
    """Return the walkthrough that ``judged`` judges, and the language of what is shown."""
    from shapeflow.walkthrough.reader import read
    from shapeflow.walkthrough.shipped import find_shipped

    if path is not None:
        document = read(path)
        return document, language or ("zh" if _is_chinese(document.text) else "en")
    shown = language or "en"
    if alone:
        return None, shown
    shipped = find_shipped(trace.run.target, shown) or find_shipped(trace.run.target)
    return (read(shipped) if shipped else None), shown


def translation(path: Path | None, language: str) -> Path | None:
    """Return the walkthrough beside ``path`` that is written in a language, else ``path`` itself.

    ``model.en.md`` and ``model.zh.md`` are the same text in two languages, and so are ``model.md`` and these.

    Args:
        path: the walkthrough that was named, if one was.
        language: ``en`` or ``zh``.
    """
    if path is None:
        return None
    stem = path.stem.removesuffix(".en").removesuffix(".zh")
    wanted = [f"{stem}.{language}{path.suffix}", *([f"{stem}{path.suffix}"] if language == "en" else [])]
    return next((path.with_name(one) for one in wanted if path.with_name(one).is_file()), path)


def _is_chinese(text: str) -> bool:
    """Return whether a good part of a document is written in Chinese characters."""
    sample = text[:20_000]
    return sum("\u4e00" <= character <= "\u9fff" for character in sample) * 12 > len(sample)
