"""Words around a statement: which name things, which say nothing, and which make it no plain statement."""

from __future__ import annotations

import re
from collections.abc import Sequence

from shapeflow.notes.words.words import OTHER, name_tokens

_NEUTRAL = """
the a an our of in is are has have with contains contain comprises uses use consists consist made up stack
stacks stacked identical total there model network architecture overview structure transformer module modules
and number layer layers block blocks : = main part parts details configuration config
settings setting hyperparameters
der die das den dem des ein eine einen hat haben besteht aus mit von im insgesamt modell schichten
le la les un une l d de du ont avec comporte contient compte est sont couches au total modèle
el los las una tiene tienen consta con capas modelo il lo ha strati os um uma tem com camadas
"""
NEUTRAL = frozenset(_NEUTRAL.split())
_NEUTRAL_OTHER = """
处理 经过 通过 进行 操作 共有 一共有 一共 总共 共 包含 包括 含有 含 由 有 是 为 使用 采用
个 個 的 模型 网络 結構 结构 架构 概述 层 層 块
モデル 構造 の は が を で には に 合計 全部で つ 概要 構成 処理 ブロック レイヤー レイヤ 层数 層数
모델 구조 개요 는 은 이 가 을 를 의 에는 에 총 개 블록 레이어
"""
NEUTRAL_OTHER = frozenset(_NEUTRAL_OTHER.split())
_HEDGE = re.compile(
    r"""\b(?:if|when|unless|would|could|should|might|may|can|default\w*|e\.g|example|instead|set|setting|was|
    were|originally|original|paper|previous\w*|before|once|not|no|never|isn't|doesn't|without|than|about|around|
    roughly|approximately|up\ to|at\ (?:least|most)|first|last|top|each|every|per|other|another|both|its?|
    they|them|this|that|these|those|which|whose|train\w*|finetun\w*|pretrain\w*|typical\w*|usual\w*|often|sometimes|
    variants?|versions?|large|small|tiny|huge|unlike|compared|versus|vs|or|only|some|more|
    increase\w*|reduce\w*|change\w*|from|instead|wenn|falls|standardmäßig|ursprünglich\w*|si|sauf|défaut|
    defecto|если|обычно|умолчанию|backward|gradients?|backprop\w*)\b
    |[~≈≤≥<>?]
    |如果|若|假如|当|默认|例如|比如|原始|原来|论文|不是|没有|并非|无|约|左右|
    至少|至多|最多|每|前|后|最后|第|其|它|这|那|
    训练|通常|一般|或|可以|可能|应|另|其他|时|
    場合|なら|もし|デフォルト|例えば|論文|ない|約|以上|以下|各|最初|最後|その|それ|この|または|
    学習時|通常|
    경우|만약|기본|예를|논문|않|아니|약\s|이상|이하|각|처음|마지막|그것|또는|학습|보통""",
    re.IGNORECASE | re.VERBOSE,
)
_AGAINST = re.compile(
    r"""\b(?:not|no|never|isn't|doesn't|aren't|without|instead|unlike|than|other|another|versus|vs|was|were|
    originally|original|paper|previous\w*|before|would|could|should|might|may|about|around|roughly|
    approximately|at\ (?:least|most)|
    e\.g|examples?|typical\w*|usual\w*|sometimes|variants?|versions?|compared|increase\w*|reduce\w*|changed?|or|only|
    nicht|kein\w*|statt|anders|ne|au\ lieu|plutôt|sin|nunca|en\ lugar|en\ vez|senza|invece|não|sem|
    не|нет|без|вместо)\b|\bn['’]
    |[~≈≤≥<>?≠]|!=
    |不是|不为|没有|并非|而不是|而非|无|约|左右|至少|至多|最多|原始|原来|论文|例如|比如|通常|一般|或|可能|另一|其他|
    ではなく|ではない|ない|約|以上|以下|例えば|論文|通常|または|
    아니|않|약\s|이상|이하|예를|논문|보통|또는""",
    re.IGNORECASE | re.VERBOSE,
)
_ASIDE = re.compile(
    r"""\b(?:train\w*|fine-?tun\w*|pretrain\w*|if|when|without|examples?|variants?|others?|paper|original\w*|previous\w*|
    older|instead|ablation\w*|baselines?|alternatives?|compar\w+|experiments?|todo|ideas?|future|planned|bigger|smaller)\b
    |训练|消融|对比|比较|变体|论文|基线|原始|学習|比較|論文|実験|학습|비교|논문|실험""",
    re.IGNORECASE | re.VERBOSE,
)
_VARIANT = re.compile(
    r"\b(?:large|small|tiny|huge|giant|base|medium|mini|nano|micro|xl|xxl)\b", re.IGNORECASE
)
_CODE = re.compile(r"(?<=[-_ ])[TSBLHG](?:/\d+)?(?![\w-])|\b\d+(?:\.\d+)?[BM]\b")
_ARROW = re.compile(r"[-=—]+>")
"""An arrow, no comparison."""
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_MARKUP = re.compile(r"[*`#>|_~\"'“”「」()\[\]（）.\-+·•—:=：,，、/&\s\d×]")
SENTENCE_END = re.compile(r"[。;；!?！？]|\.(?=\s|$)")
_OTHERS = sorted(NEUTRAL_OTHER | set(OTHER), key=len, reverse=True)


def is_hedged(text: str) -> bool:
    """Return whether a sentence says more than that something is so: conditions, negations, comparisons."""
    return bool(_HEDGE.search(_ARROW.sub("→", text)))


def is_against(text: str) -> bool:
    """Return whether a sentence may say that something is not so, or of something else."""
    return bool(_AGAINST.search(_ARROW.sub("→", text)))


def is_aside(heading: str) -> bool:
    """Return whether what stands below a heading is about something else than the run: training, a paper."""
    return bool(_ASIDE.search(heading))


def variants(headings: Sequence[str]) -> set[str]:
    """Return what tells models of one kind apart: ``large``; below the title also ``-L/16``, ``13B``."""
    codes = {code for heading in headings[1:] for code in _CODE.findall(heading)}
    return codes | {word.lower() for heading in headings for word in _VARIANT.findall(heading)}


def sentence(text: str, start: int, end: int) -> tuple[int, int]:
    """Return the first and last+1 column of the sentence around some columns."""
    first = max((one.end() for one in SENTENCE_END.finditer(text, 0, start)), default=0)
    after = SENTENCE_END.search(text, end)
    return first, after.start() if after else len(text)


def subject_tokens(phrase: str) -> frozenset[str] | None:
    """Return what the words of a phrase name; None if some of them are not understood.

    Latin words that nothing is called by stay as they are: they will fit nowhere.
    """
    found: set[str] = set()
    for word in _WORD.findall(phrase):
        if word.lower() not in NEUTRAL:
            tokens = {token for token in name_tokens(word) if token[0] not in "#="}
            found |= tokens or {word.lower()}
    rest = _MARKUP.sub("", _WORD.sub("", phrase))
    while rest:
        known = next((word for word in _OTHERS if rest.startswith(word)), "")
        if not known:
            return None
        if known in OTHER and known not in NEUTRAL_OTHER:
            found.add(OTHER[known])
        rest = rest[len(known) :]
    return frozenset(found)
