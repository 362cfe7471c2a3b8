"""Whether something is said plainly: in words that cannot turn it into a wish, a change or another model.

What is so may be said in any words. Before something is called wrong each word of its sentence has to be
known: names in code, numbers, and the few words that join them, in the languages below.
"""

from __future__ import annotations

import re

from shapeflow.notes.statements.lines import Line
from shapeflow.notes.statements.plain_words import ABBREVIATIONS, PLAIN_PIECES, PLAIN_WORDS
from shapeflow.notes.statements.subjects import Subjects
from shapeflow.notes.statements.torch_layers import ACTIVATIONS, ARGUMENTS
from shapeflow.notes.words.words import LATIN, OTHER, name_tokens

_CODE = re.compile(
    r"`[^`]*`|\([KMBG]\)|\[[^\[\]]*\]\(\s*\)|(?<![\w.])[A-Za-z_][\w.]*\((?:[^()]|\([^()]*\))*\)|"
    r"(?<!\w)[A-Za-z_]\w*\s*=\s*[^\s,;。]+"
)
_VALUE = re.compile(
    r"(?<![A-Za-z])(?<![A-Za-z][-_])\d[\d.,]*(?:e-?\d+)?(?:\s?[×x]\s?\d+)*\s?[KMBG]?(?![A-Za-z\d])|\bx\b",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W\d_][\w.-]*\w|[^\W\d_]")
_PARTS = frozenset(LATIN.values())
"""What parts of networks are called."""
_END = re.compile(r"[。!?！？]|\.(?=\s|$)")
"""Of a sentence: what stands before a semicolon may be said of all of it."""
_ITEM = re.compile(r"^[\s#*+>|·-]*(?:\d+(?:\.\d+)*[.)]?\s)?")
_CAPITALS = re.compile(r"\b\w*[A-Z]\w*[A-Z0-9]\w*(?:-\w+)*|\b[A-Za-z]+-?\d[\w-]*")


def is_plain(
    line: Line, start: int, end: int, subjects: Subjects, names: frozenset[str] = frozenset()
) -> bool:
    """Return whether all words are known of the sentence around a piece, and of what leads to it.

    A title names the model that the text is about; other headings may name another one.

    Args:
        line: where it stands.
        start: its first column.
        end: the column after it.
        subjects: what can be meant in the trace.
        names: what names of parts say, where such words may stand in the sentence.
    """
    first = max((one.end() for one in _END.finditer(line.text, 0, start)), default=0)
    after = _END.search(line.text, end)
    last = after.start() if after else len(line.text)
    if after and after[0] in "?？":
        return False
    parts = [line.text[first:last]]
    parts += [line.earlier] if first == 0 else []
    parts += [line.later] if last == len(line.text) else []
    frame = line.passage.frame
    below = frame.headings[1:] if frame.headings[:1] == (line.title,) else frame.headings
    before = (*below, *frame.lead, line.above, line.text[:first])
    around = (frame.row, frame.column, *line.leads)
    return (
        not any(_unknown(part, subjects, names) for part in parts)
        and not any(_unknown(part, subjects, subjects.vocabulary) for part in around)
        and not any(names_another(text, line.title, subjects) for text in before)
        and all(is_known(heading, subjects) for heading in below)
    )


def is_known(text: str, subjects: Subjects) -> bool:
    """Return whether all words of a heading are known, or name parts of the model."""
    return not _unknown(text, subjects, subjects.vocabulary | _PARTS)


def _unknown(text: str, subjects: Subjects, parts: frozenset[str]) -> bool:
    """Return whether a text has words that are not known.

    Args:
        text: a sentence, or what leads to it.
        subjects: what can be meant in the trace.
        parts: what the names of parts of the model say, where such words may stand.
    """
    left = _VALUE.sub(" ", _CODE.sub(" ", _ITEM.sub("", text)))
    return not all(_is_known(word, subjects, parts) for word in _WORD.findall(left))


def _is_known(word: str, subjects: Subjects, parts: frozenset[str]) -> bool:
    if word.lower() in PLAIN_WORDS or word in ARGUMENTS or word in ACTIVATIONS or subjects.is_name(word):
        return True
    if word.isascii():
        return bool(parts) and name_tokens(word) <= parts
    pieces = (*PLAIN_PIECES, *(piece for piece, concept in OTHER.items() if concept in parts))
    rest = word
    while rest:
        piece = next((one for one in pieces if rest.startswith(one)), "")
        if not piece:
            return False
        rest = rest[len(piece) :]
    return True


def names_another(text: str, title: str, subjects: Subjects) -> bool:
    """Return whether a heading, or what stands before a sentence, may name another model.

    ``CIFAR`` does, and ``ResNet-101`` below ``ResNet-50``; but ``ViT`` is
    short for a ``VisionTransformer``, and ``FFN`` for a part that many models have.
    """
    root = subjects.trace.module_by_path.get("")
    own = root.class_name.lower() if root else ""
    for word in _CAPITALS.findall(_CODE.sub(" ", text)):
        letters = re.sub(r"[^a-z]", "", word.lower())
        if _is_known(word, subjects, frozenset()) or word.lower() in LATIN or word in ABBREVIATIONS:
            continue
        if subjects.is_model(word):
            continue
        numbered = any(sign.isdigit() for sign in word)
        if word not in title and (numbered or not _is_short_for(letters, own)):
            return True
    return False


def _is_short_for(letters: str, name: str) -> bool:
    """Return whether letters stand in a name in this order."""
    rest = iter(name)
    return all(letter in rest for letter in letters)
