"""Findings that are known and do not fail a check: a file that is kept beside the text."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from shapeflow.common.files import read_bytes
from shapeflow.errors import InputError
from shapeflow.notes.findings import Finding

SCHEMA = "shapeflow.baseline/1"


def read_baseline(path: Path) -> dict[str, frozenset[str]]:
    """Return the fingerprints of known findings by the path of their text.

    Raises:
        InputError: it cannot be read, or is no baseline.
    """
    content = read_bytes(path, "baseline", ".json")
    try:
        data = json.loads(content)
        if data["schema"] != SCHEMA:
            raise ValueError(f"its schema is {data['schema']!r}")
        return {
            str(text): frozenset(str(one["fingerprint"]) for one in known)
            for text, known in data["texts"].items()
        }
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise InputError(
            "file-unreadable",
            f"'{path}' is no baseline",
            where="option --baseline",
            because=str(error)[:200],
            hint="--update-baseline writes one",
        ) from None


def baseline_text(texts: Mapping[str, Iterable[Finding]]) -> str:
    """Return the file that makes the findings of some texts known."""
    data = {
        "schema": SCHEMA,
        "texts": {
            path: [{"fingerprint": one.fingerprint, "what": one.what} for one in found]
            for path, found in sorted(texts.items())
        },
    }
    return json.dumps(data, ensure_ascii=False, indent=1) + "\n"
