"""The words that are a mention's own: behind the shape before it, up to it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from shapeflow.notes.mention import Mention, Role


def _cue(words: str, parts: str = "") -> re.Pattern[str]:
    """Return a pattern of whole words, and of parts of words for languages that write these together."""
    whole = rf"(?<![A-Za-z_])(?:{'|'.join(words.split())})(?![A-Za-z_])"
    return re.compile("|".join([whole, *parts.split()]), re.IGNORECASE)


TAKEN = _cue(
    "inputs? ins? takes? receives? fed feeds? entering before into eingaben? eingang vor"
    " entrées? avant entradas?"
    " antes",
    "输入 輸入 入力 입력 вход 之前 の前",
)
GIVEN = _cue(
    r"outputs? out returns? returned results? yields? gives? produces? produced after leaving makes? get gets"
    r" ausgaben? ausgang nach liefert sorties? après salidas? saídas? después depois",
    "输出 輸出 出力 출력 返回 выход 之后 之後 の後 得到 后",
)
WEIGHTS = _cue(
    r"weights? bias biases parameters? params? buffers? gewichte? poids pesos? kernel",
    "权重 權重 偏置 参数 重み 가중치 вес",
)
CHANGED = _cue(
    r"reshap\w* flatten\w* view\w* permut\w* transpos\w* pooled pooling (?:un)?squeez\w*"
    r" split\w* chunk\w* concat\w* cat"
    r" stack\w* add\w* append\w* prepend\w* plus summed averag\w* slic\w* select\w* drop\w* softmax relu gelu"
    r" then than rearrang\w* expand\w* repeat\w* broadcast\w* interpolat\w* upsampl\w*"
    r" per each one single every",
    "转置 轉置 展平 拼接 加上 相加 重塑 变形 变成 变为 拆 分成 分割 池化 平均 之和 転置"
    " 平坦化 結合 加算 전치 평탄화",
)
"""Words for what is done to a tensor after it was made."""
DENIED = re.compile(
    r"(?i)\b(?:not|isn't|aren't|wasn't|never|rather than|instead of|nicht|kein\w*|statt"
    r"|n'est pas|n'a pas|nunca|não|no es)\b"
    r"|不是|并非|並非|而非|不再|没有|ではな|じゃな|아니|не "
)
PAST = re.compile(
    r"(?i)\b(?:used to|previously|formerly|earlier versions?|before (?:the |our |my )?(?:refactor\w*|change"
    r"|fix|update|rewrite|commit|patch)|früher|auparavant|antes era|legacy|deprecated)\b"
    r"|~~|\b(?:in|until|before|since|bis) v\d+|以前|之前的版本|旧版|过去|曾|重构前|以前は|旧|예전|раньше|был"
)
OTHERWISE = re.compile(
    r"(?i)\b(?:was|were|war|waren|était|era|until|old|if|would|could|suppose|assum\w+"
    r"|imagine|hypothetical\w*|for example|e\.g\.|falls|wenn|würde|bei einer|si|se"
    r"|(?:with|for|at|using) (?:an? )?(?:\w+ )?(?:batch|bs|b|kv|cache|resolution|images?"
    r"|inputs?|sequence|length|\d+)"
    r"|batch(?: ?size)? (?:of|=) ?\d+|(?:in|during|at|while) (?:train\w*|inference"
    r"|generation|decoding|eval\w*)"
    r"|train(?:ing)? mode|kv[- ]cache\w*|fine-?tun\w+|(?:in|of|for|unlike|like|than) (?:the )?[A-Z][\w.-]*-?"
    r"(?:base|large|small|huge|tiny|medium|xl|giant|mini)|[\w.]+[- ](?:base|large|huge"
    r"|giant|medium|xl)|other (?:model|variant"
    r")s?|variants?)\b|如果|假设|假如|若|当.{0,12}时|训练时|训练中|推理时|训练|换成|もし"
    r"|場合|学習時|만약|경우|если"
)
_BREAK = re.compile(r"[;；。]|[.!?](?=\s)")


def own_words(mention: Mention, before: Mention | None) -> str:
    """Return what stands before a mention in its sentence, behind the mention before it."""
    line = mention.frame.before
    if before is not None and (before.span.line, before.span.cell) == (mention.span.line, mention.span.cell):
        gap = mention.span.column - before.span.end
        if gap <= 0:
            return ""
        line = line[-gap:]
    return _BREAK.split(line.replace("e.g.", "eg"))[-1]


def sentence(mention: Mention) -> str:
    """Return the sentence around a mention."""
    before = _BREAK.split(mention.frame.before)[-1]
    after = _BREAK.split(mention.frame.after)[0]
    return f"{before} {after}"


def said_role(words: str) -> Role:
    """Return whether words say that something goes in or comes out; the last such word decides."""
    taken = max((m.end() for m in TAKEN.finditer(words)), default=-1)
    given = max((m.end() for m in GIVEN.finditer(words)), default=-1)
    return "" if taken == given else "in" if taken > given else "out"


def labelled_role(words: str) -> Role:
    """Return whether the word right before a shape calls it an input, or output: ``Input: (2, 3)``."""
    said = words.rstrip(" `*:：=│|-([{")
    for cue, role in ((TAKEN, "in"), (GIVEN, "out")):
        if any(one.end() == len(said) and ":" in words[one.end() :] for one in cue.finditer(said)):
            return "in" if role == "in" else "out"
    return ""


def _called_with(words: str, mention: Mention) -> Role:
    """Return the role of a name before a shape in the call that a comment stands beside."""
    name, call = _NAME.search(words), _CALL.match(mention.frame.statement)
    if name is None or call is None or mention.frame.region != "comment":
        return ""
    if name[1] in re.findall(r"\w+", call["given"] or ""):
        return "out"
    return "in" if name[1] in re.findall(r"\w+", call["taken"]) else ""


_NAME = re.compile(r"([A-Za-z_]\w*)\s*[:=]?\s*$")
_CALL = re.compile(r"\s*(?:(?P<given>[\w\s,]+?)\s*=)?\s*[\w.\[\]]+\((?P<taken>[^()]*)\)")


@dataclass(frozen=True, slots=True)
class Clause:
    """A mention's own words, and what they say."""

    words: str
    role: Role
    weights: bool
    last: bool
    """Whether no arrow leads on from it."""
    starts: bool
    """Whether an arrow leads from it to a shape without words of its own."""


_WORD = re.compile(r"[^\W\d]{2}")


def clauses(mentions: Sequence[Mention]) -> dict[int, Clause]:
    """Return the own words of each mention, by its id."""
    found: dict[int, Clause] = {}
    for number, mention in enumerate(mentions):
        before = mentions[number - 1] if number else None
        after = mentions[number + 1] if number + 1 < len(mentions) else None
        words = own_words(mention, before)
        cell = f"{mention.frame.row} {mention.frame.column}"
        first = mentions[number - mention.position] if mention.position else None
        chained = after is not None and after.chain is not None and after.chain == mention.chain
        bare = chained and after is not None and not _WORD.search(own_words(after, mention))
        column = "" if re.search(r"[^\W\d_]", words) else mention.frame.column
        role = said_role(words) or said_role(column) or _called_with(words, mention)
        if first is not None and not chained and not _WORD.search(words) and first.chain == mention.chain:
            start = found.get(first.id)
            if start is not None and start.starts and start.role != "out":
                words, role = start.words, "out"
        weight = max((m.end() for m in WEIGHTS.finditer(words)), default=-1)
        given = max((m.end() for m in GIVEN.finditer(words)), default=-1)
        weights = weight > given or bool(WEIGHTS.search(cell))
        found[mention.id] = Clause(words, role, weights, not chained, bool(bare and mention.position == 0))
    return found
