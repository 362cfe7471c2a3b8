"""The layers of a run as a data frame."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from shapeflow.common.data_frames import data_frame
from shapeflow.model.records import Records
from shapeflow.model.summary_rows import Layer
from shapeflow.reporting.summary.formats import flat_rows
from shapeflow.reporting.summary.groups import DEEPEST
from shapeflow.reporting.summary.rows import layers

if TYPE_CHECKING:
    import pandas as pd


def calls_frame(trace: Records) -> pd.DataFrame:
    """Return a row for each call of a run."""
    return layers_frame(layers(trace, DEEPEST, unfold=True), "Trace.to_pandas()")


def layers_frame(rows: Sequence[Layer], asked: str) -> pd.DataFrame:
    """Return a row for each layer; ``asked`` is what was called, for the message that pandas is missing."""
    return data_frame(flat_rows(rows), asked)
