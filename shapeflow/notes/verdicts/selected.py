"""Mentions whose place the text itself names, in a comment or as a selector right before."""

from __future__ import annotations

import re

from shapeflow.errors import SelectorError
from shapeflow.model.trace import Trace
from shapeflow.notes.mention import Mention
from shapeflow.notes.placing.relations import FITS, relation
from shapeflow.notes.verdicts.mark import Mark, Verdict

_WRITTEN = re.compile(
    r"`([\w.*()\[\]-]+:(?:in|out)(?:\[\d+\]|\.\w+)*)`(?:\s*(?:is|has|the|shape)\b)*[\s:=`*_(→>|-]*$"
)
"""A selector directly before a shape."""
_ROW = re.compile(r"`?([\w.*()\[\]-]+:(?:in|out)(?:\[\d+\]|\.\w+)*)`?")
"""One that is the whole header of a row."""


def selected_mark(trace: Trace, mention: Mention, batch: int) -> Mark | None:
    """Return what is at the place that the text names for a mention; None if it names none."""
    frame = mention.frame
    row = _ROW.fullmatch(frame.row.strip()) if frame.region == "cell" else None
    written = row or _WRITTEN.search(frame.before)
    text = mention.frame.selector or (written[1] if written else "")
    if not text:
        return None
    try:
        matches = trace.select(text)
    except SelectorError as error:
        return Mark(mention, "cannot tell", "", "", (f"'{text}' names nothing: {error.diagnostic.what}",))
    values = [match.tensor or match.value for match in matches]
    if matches and all(match.port is None and match.tensor is None for match in matches):
        outputs = [port for match in matches for port in match.owner.outputs]
        values = [trace.values[port.value] for port in outputs if port.value is not None]
    found = [value for value in values if value is not None]
    hows = [relation(mention.pattern, value.shape, {}, batch) for value in found]
    evidence = ("the text names this place",)
    if not found:
        return Mark(mention, "cannot tell", text, "", (*evidence, "no tensor is there"))
    for number, how in enumerate(hows):
        if how not in FITS:
            verdict: Verdict = "layout differs" if how == "layout" else "contradicted"
            return Mark(mention, verdict, text, str(found[number]), evidence, (), 1.0)
    return Mark(mention, "confirmed", text, str(found[0]), evidence, (), 1.0)
