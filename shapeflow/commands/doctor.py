"""``shapeflow doctor``: what this machine has, what is missing, and what to do about it."""

from __future__ import annotations

import argparse

HELP = "say what this machine has for tracing, and what to do about what is missing"


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""


def run(args: argparse.Namespace) -> int:
    """Look and tell."""
    return 0
