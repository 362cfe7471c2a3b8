"""What a text says of its symbols: ``N = H*W = 5184``, ``where B is the batch size``, ``C：通道数``."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence

from shapeflow.notes.mention import Definition, Mention, Passage, Span

MAX_WORDS = 60

_SYMBOL = r"[A-Za-zΑ-Ωα-ω][A-Za-z0-9_]{0,24}(?:_\{\w{1,12}\})?"
_SIZED = re.compile(
    rf"(?<![\w.\\=])(?<!\w\()(?<![*/×+·^] )(?<![*/×+·^])(?P<symbol>{_SYMBOL})[`$]?\s*(?:=|:=)\s*[`$]?"
    r"(?:[\w*×/+()·^ \\]{1,40}=\s*)?"
    r"(?P<size>\d{1,9})(?![\w.%]|\s*[*/×+^=-]|,\d{3})"
)
_SAID = re.compile(
    rf"(?:^|[\s,;(。、，]|(?<=[^\x00-\x7f]))(?P<mark>[`$]?)(?P<symbol>{_SYMBOL})[`$]?"
    r"(?:\s*[:=]\s*|\s+[-—–]\s+"
    r"|\s+(?:is|are|denotes?|means?|stands for|ist|sind|est|es|é|è|représente|обозначает|—)\s+"
    r"|\s*(?:为|是|表示|代表|指|は|が|는|은)\s*|\s+(?=the\s)|\s*\()"
    r"(?P<words>[^\s\d,;.()。，；、|`$=→][^,;.()。，；、|`$=→]{1,80})"
)


def definitions(passages: Iterable[Passage], mentions: Sequence[Mention]) -> tuple[Definition, ...]:
    """Return what passages say of the symbols that mentions use, in order."""
    used = {name for mention in mentions for name in mention.pattern.symbols}
    named = {name for mention in mentions for name in mention.names}
    found = [*_of_mentions(mentions)]
    covered = {(mention.span.cell, mention.span.line): mention for mention in mentions}
    for passage in passages:
        if passage.frame.region in ("annotation", "output"):
            continue
        mention = covered.get((passage.cell, passage.line))
        found += _in_text(passage, used | named, mention)
    found.sort(key=lambda one: (one.span.cell or 0, one.span.line, one.span.column))
    return tuple(dict.fromkeys(found))


def _of_mentions(mentions: Sequence[Mention]) -> Iterator[Definition]:
    """Yield the names that mentions give to their sizes."""
    for mention in mentions:
        for name, dim in zip(mention.names, mention.pattern.dims, strict=bool(mention.names)):
            if name and dim.text.isdecimal():
                yield Definition(name, int(dim.text), "", mention.span)


def _in_text(passage: Passage, used: Collection[str], mention: Mention | None) -> Iterator[Definition]:
    text = passage.text
    if "=" in text:
        for match in _SIZED.finditer(text):
            symbol = _plain(match["symbol"])
            inside = mention is not None and mention.span.column <= match.start() + 1 < mention.span.end
            if symbol in used and not inside:
                yield Definition(symbol, int(match["size"]), "", _span(passage, match.start(), match.end()))
    for match in _SAID.finditer(text):
        symbol, words = _plain(match["symbol"]), match["words"].strip()
        if symbol in used and _is_said(symbol, words, match):
            place = _span(passage, match.start("symbol"), match.end())
            yield Definition(symbol, None, words[:MAX_WORDS], place)


def _is_said(symbol: str, words: str, match: re.Match[str]) -> bool:
    """Return whether words can say what a symbol is: a letter of a sentence is none, nor another symbol."""
    if len(words) < 2 or not re.search(r"[^\W\d_]{2}", words):
        return False
    sentence = symbol in ("a", "A", "I", "i") and not match["mark"]
    return not sentence and (len(symbol) <= 4 or bool(match["mark"]) or "_" in symbol)


def _plain(symbol: str) -> str:
    """Return a symbol as it stands in a pattern: ``N_{txt}`` is ``N_txt``."""
    return symbol.replace("{", "").replace("}", "")


def _span(passage: Passage, start: int, end: int) -> Span:
    return Span(passage.line, start + 1, end + 1, passage.cell)
