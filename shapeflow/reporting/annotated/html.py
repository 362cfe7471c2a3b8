"""Texts with what a trace says of their shapes, as one self-contained page that asks no host for anything."""

from __future__ import annotations

from collections.abc import Sequence

from shapeflow.common.places import display_target
from shapeflow.model.trace import Trace
from shapeflow.notes.annotate import Annotation
from shapeflow.reporting.annotated.view import text_view
from shapeflow.reporting.formats.small_page import small_page
from shapeflow.reporting.translator import Translator
from shapeflow.reporting.words.pages.annotated import TABLE


def annotated_page(
    trace: Trace, annotations: Sequence[Annotation], *, language: str = "en", report: str | None = None
) -> str:
    """Return the page.

    Args:
        trace: the run.
        annotations: the texts.
        language: of the interface words, ``en`` or ``zh``.
        report: the address of the report that places lead to, seen from the page; None: they lead nowhere.
    """
    texts = [text_view(annotation, number) for number, annotation in enumerate(annotations)]
    return small_page(
        "annotated",
        Translator(language, TABLE),
        texts=texts,
        target=display_target(trace.run.target),
        report=report,
    )
