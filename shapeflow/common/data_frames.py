"""Rows of plain data as a ``pandas.DataFrame``, where pandas is installed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from shapeflow.errors import InputError

if TYPE_CHECKING:
    import pandas as pd


def data_frame(rows: Sequence[dict[str, Any]], asked: str) -> pd.DataFrame:
    """Return rows as a data frame.

    Args:
        rows: dicts with the same keys.
        asked: what was called, for the message.

    Raises:
        InputError: pandas is not installed.
    """
    try:
        import pandas as pd
    except ImportError:
        raise InputError(
            "package-missing",
            f"{asked} needs pandas, which is not installed",
            where=asked,
            hint="pip install pandas",
        ) from None
    return pd.DataFrame(list(rows))
