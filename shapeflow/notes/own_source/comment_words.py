"""What the words and signs of a comment say of a shape in it: a name, an operand, an end of an arrow."""

from __future__ import annotations

import re

from shapeflow.notes.finding.cues import INPUTS, OUTPUTS, SHAPES
from shapeflow.notes.finding.subjects import role_of
from shapeflow.notes.mention import Frame, Mention, Role
from shapeflow.notes.words.clauses import CHANGED

_LETTERS = re.compile(r"[^\W\d_]{2}|->|→|=>")
_NAME = re.compile(r"(?:^|[\s,;`(])([A-Za-z_]\w*)`?(?:\.shape)?\s*(?:[:=]|==|is)?\s*$")
_SAID = re.compile(r"(?:^|[\s,;`(])([A-Za-z_]\w*)`?(?:\s*[:=]|\s*==|\s+is|\.shape\s*[:=]*)\s*$")
"""The same with a sign, or word, between the two."""
_BECOMES = re.compile(r"\s*`?([A-Za-z_]\w*)`?\s*(?:-+>|=+>|→)\s*")
"""A comment of a name and an arrow: ``scores -> (3, 8)``."""
_PRINTED = re.compile(
    r"(?:^|#)\s*print\(.*?([A-Za-z_]\w*)\.(?:shape|size\(\))\)\s*(?:#|;|->)?\s*(?:torch\.Size\()?$"
)
"""A call that prints a shape, no longer run, with what it printed behind it."""
_FIRST = re.compile(r"[\s`*-]*([A-Za-z_]\w*)`?\s+[^()\[\]]*$")
"""The name that a sentence begins with."""
_IS = re.compile(r"(?i)(?:^|[\s`])(?:is|are|es|ist|est|è|é|has|hat|a)\s*:?\s*$")
_BEHIND = re.compile(r",[^()\[\]]*[)\]][\s`]*(?:[*x×@·⊗]?[\s`]*|\+[\s`]*(?:\w+ ?){0,3})$")
_LIST = re.compile(r"[\[(][^\[\]()]+[\])]")
_GOES_ON = re.compile(r"[\s`*)\]]*(?:-+>|=+>|→|⇒|⟶)")
_OPERAND = re.compile(r"^[\s`]*(?:[*x×@·⊗][\s`]*[(\[]|\+[\s`]*(?:\w+ ?){0,3}[(\[]|[(\[][^()\[\]]*,)")
"""What stands behind the first of two tensors that are multiplied, or added."""
_COLON = re.compile(r"[\s`*]*(?:[:：=(]|$)")
_ARROW_ALONE = re.compile(r"^[\s`]*(?:-+>|=+>|→|⇒|⟶)[\s`]*$")
_ARROW_LAST = re.compile(r"(?:-+>|=+>|→|⇒|⟶)[\s`]*$")
_SHAPE_LAST = re.compile(r"^.*[\])]")


def variable_of(before: str) -> str:
    """Return the variable that a comment says a shape of, by what stands before that; empty: none.

    Right before it, ``x: (2, 3)``, or as the first word of a sentence, ``x is the input, of shape (2, 3)``.
    """
    text = before.rpartition("#")[2]
    said = _PRINTED.search(before) or _SAID.search(text)
    if said is not None and "_" not in said[1] and SHAPES.fullmatch(said[1]):
        said = None
    said = said or _BECOMES.fullmatch(text)
    if said is None and not CHANGED.search(text) and not _GOES_ON.search(text):
        words = text.rstrip(" :=")
        if _IS.search(text) or any(one.end() == len(words) for one in SHAPES.finditer(words)):
            said = _FIRST.match(text)
    return said[1] if said else ""


def begins_with(mention: Mention, name: str) -> bool:
    """Return whether a comment begins with a name, but for signs: then it can be of nothing else."""
    return re.match(rf"[\W_]*(?:print\(.*)?{re.escape(name)}\b", mention.frame.before) is not None


def has_words_before(mention: Mention) -> bool:
    """Return whether words stand between a shape and the one before it, or the start of its comment."""
    said = _SHAPE_LAST.sub("", mention.frame.before.rpartition("#")[2]).strip("->→⇒ :=")
    return _LETTERS.search(said) is not None and not any(
        one[0] == said for words in (INPUTS, OUTPUTS) for one in words.finditer(said)
    )


def said_role(mention: Mention) -> Role:
    """Return whether a comment calls a shape an input, or output; not behind an arrow."""
    before = mention.frame.before.rpartition("#")[2]
    return "" if _GOES_ON.search(before) else role_of(Frame(before=before))


def is_printed(mention: Mention) -> bool:
    """Return whether a shape is what a call printed that is no longer run."""
    return _PRINTED.search(mention.frame.before) is not None


def name_before(mention: Mention) -> str:
    """Return the name that a comment has right before a shape: ``states`` of ``states: [2, 9, 48]``."""
    found = _NAME.search(mention.frame.before.rpartition("#")[2])
    return found[1] if found else ""


def is_taken(mention: Mention) -> bool:
    """Return whether a mention is of what a statement takes: in front of an arrow, or an operand."""
    if is_operand(mention):
        return True
    words = mention.frame.before.rpartition("#")[2]
    named = any(_COLON.match(words, one.end()) for one in OUTPUTS.finditer(words))
    return mention.chain is not None and mention.position == 0 and not (mention.role == "out" and named)


def is_operand(mention: Mention) -> bool:
    """Return whether a mention is one of several that are multiplied, added or laid together."""
    first = _OPERAND.match(mention.frame.after) is not None
    return first or (mention.position == 0 and _BEHIND.search(mention.frame.before) is not None)


def is_between(mention: Mention) -> bool:
    """Return whether a mention is neither the first nor the last of several over arrows: made on the way."""
    return mention.position > 0 and _GOES_ON.match(mention.frame.after) is not None


def is_led_to(mention: Mention) -> bool:
    """Return whether an arrow stands right in front of a shape."""
    return _ARROW_LAST.search(mention.frame.before) is not None


def target_of(mention: Mention, targets: list[str]) -> list[str]:
    """Return the name that a shape is of, where a comment has a shape for each of several in order."""
    said = mention.frame.before.rpartition("#")[2]
    before, behind = _LIST.findall(said), _LIST.findall(mention.frame.after)
    joined = not (said + mention.frame.after).count("=") and mention.chain is None
    if not joined or len(targets) < 2 or len(before) + 1 + len(behind) != len(targets):
        return targets
    return [targets[len(before)]]


def is_bare(mention: Mention) -> bool:
    """Return whether a comment says nothing but one shape: then it is of what its line made in the end."""
    words = f"{mention.frame.before.rpartition('#')[2]} {mention.frame.after}"
    words = words.removeprefix(" torch.Size(").replace("torch.Size(", "")
    return mention.chain is None and not _LETTERS.search(words)


def is_result(mention: Mention) -> bool:
    """Return whether nothing but an arrow stands in front of a shape: it is what the line gives."""
    return _ARROW_ALONE.match(mention.frame.before.rpartition("#")[2]) is not None
