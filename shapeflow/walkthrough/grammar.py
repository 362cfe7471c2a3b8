"""One line of a ``shapes`` block, read into a claim; one that cannot be read becomes an ``invalid`` claim."""

from __future__ import annotations

import re
from dataclasses import replace

from shapeflow.common.text import Span
from shapeflow.walkthrough.block import NO_SCOPE, Scope
from shapeflow.walkthrough.claims import body_type, kind_of
from shapeflow.walkthrough.document import Claim
from shapeflow.walkthrough.parts import ClaimError
from shapeflow.walkthrough.scoped import in_scope

MAX_LINE = 2_000
"""Characters of one claim."""

_SAID = re.compile(r"\s*said\b\s*")
_SAID_WHERE = re.compile(r'"(?P<where>[^"]+)"\s*:\s')
_REAL = re.compile(r"\s*real\s+(?=\S)")


def read_claim(span: Span, number: int, section: int, scope: Scope = NO_SCOPE) -> Claim:
    """Read the claim that a span marks.

    Args:
        span: the line without its indent and comment.
        number: its position in the document's claims.
        section: position of the section it stands in.
        scope: what its block and document say of it.
    """
    if span.end - span.start > MAX_LINE:
        shown = Span(span.path, span.line, span.text[: span.start + 80] + "…", span.start, span.start + 80)
        what = f"a claim has at most {MAX_LINE:,} characters, this line has {span.end - span.start:,}"
        return broken_claim(shown, number, section, ClaimError("claim-syntax", what))
    said = ""
    try:
        real, text = _split_real(_blank(span.text[: span.end].replace("\t", " "), span.start))
        said, text = _split_said(text)
        if said and not real:
            real, text = _split_real(text)
        kind = kind_of(text)
        # What others say without a dtype says nothing of it, whatever this document means.
        body = in_scope(body_type(kind).parse(text), replace(scope, dtype="") if said else scope)
    except ClaimError as error:
        return replace(broken_claim(span, number, section, error, said), scope=scope)
    return Claim(number, kind.name, span, section, body, said, real, scope)


def broken_claim(span: Span, number: int, section: int, error: ClaimError, said: str = "") -> Claim:
    """Return the ``invalid`` claim for a line that cannot be read."""
    return Claim(number, "invalid", span, section, error, said)


def _blank(text: str, end: int) -> str:
    """Return a text of the same length whose first ``end`` characters are blanks."""
    return " " * end + text[end:]


def _split_real(text: str) -> tuple[bool, str]:
    """Return whether only a real run can decide a claim, and the line without that word."""
    real = _REAL.match(text)
    return bool(real), _blank(text, real.end()) if real else text


def _split_said(text: str) -> tuple[str, str]:
    """Return where a third-party text is said to claim this, if it is, and the line without that."""
    said = _SAID.match(text)
    if not said:
        return "", text
    where = _SAID_WHERE.match(text, said.end())
    if not where or not text[where.end() :].strip():
        column = said.end()
        raise ClaimError(
            "claim-syntax",
            "a said line names the place and then makes a claim",
            columns=(column, max(column + 1, len(text.rstrip()))),
            expected='said "6.1 one score per channel": head:out  [1, 200, 256]',
        )
    return where["where"], _blank(text, where.end())
