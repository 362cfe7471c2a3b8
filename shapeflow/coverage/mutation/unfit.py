"""The way out of a change that cannot be made."""

from __future__ import annotations


class Unfit(Exception):  # noqa: N818 - no error: another change is taken
    """This change cannot be made to this trace."""
