"""The interface words of a report in one language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shapeflow.reporting.sentences import chinese_sentences
from shapeflow.reporting.words import LANGUAGES, TABLE


class Translator:
    """The interface words of one language.

    Args:
        language: ``en`` or ``zh``.
        table: key -> English, Chinese; that of the report unless another page has words of its own.
    """

    def __init__(self, language: str, table: Mapping[str, tuple[str, str]] = TABLE) -> None:
        self.language = language
        self.table = table
        self.column = LANGUAGES.index(language)

    def __call__(self, key: str, **values: Any) -> str:
        """Return the words for ``key`` with ``values`` filled in; numbers get thousands separators."""
        text = self.table[key][self.column]
        if "|" in text:
            one, many = text.split("|", 1)
            text = one if values.get("n") == 1 else many
        shown = {
            name: f"{value:,}" if isinstance(value, int) else str(value) for name, value in values.items()
        }
        for name, value in shown.items():
            text = text.replace(f"{{{name}}}", value)
        return text

    def sentence(self, text: str) -> str:
        """Return a text that was written in English where the fact is known, as far as the tables have it."""
        return chinese_sentences()(text) if self.language == "zh" else text

    def find(self, key: str) -> str:
        """Return the words for ``key``, or nothing where the table has none."""
        return self.table[key][self.column] if key in self.table else ""

    def all(self) -> dict[str, str]:
        """Return the whole table of this language, for the page's script."""
        return {key: texts[self.column] for key, texts in self.table.items()}
