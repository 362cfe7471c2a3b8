"""Where things are in this repository."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "shapeflow"
DOCS = ROOT / "docs"
EXAMPLES = ROOT / "examples"
TESTS = ROOT / "tests"
GOLD = TESTS / "gold" / "messages"
"""The whole text of each message."""
SUPPORT = TESTS / "support"
"""Importable from every test: models, traces and documents that several of them use."""
