"""Lists of what sizes a transformer has: ``12 layers, 768 hidden, 12 heads``, ``L=12, H=768, A=12``.

One such number may be about anything. Three in one sentence are about the model, if they fit it.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

from shapeflow.model.records import Module
from shapeflow.notes.mention import Span
from shapeflow.notes.statements.lines import Line
from shapeflow.notes.statements.names import NAME
from shapeflow.notes.statements.plainness import is_known, is_plain, names_another
from shapeflow.notes.statements.scope import plain
from shapeflow.notes.statements.statement import Failing, Statement
from shapeflow.notes.statements.subjects import Subjects
from shapeflow.notes.statements.wording import is_against

_SIGN = r"\s*(?:=|:|is|为|是)?\s*"
_NUMBER = r"(?P<{}>\d{{1,3}}(?:,\d{{3}})+|\d+)(?![\d.×x%]|\s*[×x]\s*\d)"
_KINDS = {
    "layers": (
        r"(?:encoder |decoder |transformer )?(?:layers?|blocks?)(?!\w)|"
        r"Schichten|couches|capas|层|層|レイヤー|레이어",
        r"(?:layers|n_layers?|num_layers|num_hidden_layers|depth|L|层数)",
    ),
    "heads": (
        r"(?:(?:self[- ])?attention[- ]|注意力)?heads?(?!\w)|"
        r"Köpfe|têtes|cabezas|个?(?:注意力)?头|ヘッド|헤드",
        r"(?:heads|n_heads?|num_heads|num_attention_heads|A|头数)",
    ),
    "width": (
        r"(?:hidden|dims?|dimensional|dimensions?|wide)(?!\w)|维",
        r"(?:hidden(?:[ _]size|[ _]dim(?:ension)?)?|d_model|n_embd|embed_dim|embedding dim(?:ension)?|"
        r"dim|width|H|隐藏维度|宽度)",
    ),
    "inner": (r"(?!)", r"(?:ffn|mlp|d_ff|mlp_dim|ffn_dim|intermediate(?:[ _]size)?|feed-forward)"),
    "vocabulary": (r"(?!)", r"(?:vocab(?:ulary)?(?:[ _]size)?|词表(?:大小)?)"),
}
"""What stands behind a number, and what before it."""
_ITEMS = {
    kind: re.compile(
        rf"(?<![\w.,×-]){_NUMBER.format('before')}[\s-]?(?:个|個の|개의)?\s?(?:{behind})|"
        rf"(?<![\w.]){before}{_SIGN}{_NUMBER.format('behind')}"
    )
    for kind, (behind, before) in _KINDS.items()
}
_HEADS = ("num_heads", "n_heads", "n_head", "nhead", "num_attention_heads", "attention_heads")
_WIDTHS = ("embed_dim", "hidden_size", "hidden_dim", "d_model", "n_embd", "embedding_dim")
LEAST = 3
"""Sizes in a sentence."""


class SizeLists:
    """The sizes of the transformer in one trace.

    Args:
        subjects: what can be meant in the trace.
        about: whether the text is about its model.
    """

    def __init__(self, subjects: Subjects, *, about: bool) -> None:
        self._subjects, self._about = subjects, about
        self._sizes: dict[str, dict[int, str]] = defaultdict(dict)
        """Kind -> each size that there is, with a claim on one module, ``{}`` for the number."""
        self._present = {size for one in subjects.trace.modules for size in _integers(one)}
        """All sizes that modules have: one of them may be meant by other words."""
        for row in subjects.rows:
            if row.attends:
                self._sizes["layers"].setdefault(row.number, f"count {row.path}.* = {{}}")
        for module in subjects.trace.modules:
            for names, kind in ((_HEADS, "heads"), (_WIDTHS, "width")):
                for name in names:
                    self._add(kind, module, name)
        for module in subjects.trace.modules:
            if module.class_name == "Embedding":
                self._add("vocabulary", module, "num_embeddings", least=2_000)
            if module.class_name == "Linear":
                self._inner(module)

    def _add(self, kind: str, module: Module, name: str, least: int = 2) -> None:
        size = module.attributes.get(name)
        if type(size) is int and size >= least:
            self._sizes[kind].setdefault(size, f"attr {module.path}.{name} = {{}}")

    def _inner(self, module: Module) -> None:
        """Note the width inside a feed-forward part, told by its name."""
        width, size = module.attributes.get("in_features"), module.attributes.get("out_features")
        telling = "ffn" in self._subjects.tokens(module) or "intermediate" in module.path
        if type(size) is int and width in self._sizes["width"] and size > width and telling:
            self._sizes["inner"].setdefault(size, f"attr {module.path}.out_features = {{}}")

    def read(self, line: Line) -> Iterator[Statement]:
        """Yield the sizes that a line lists, if they are those of the model, or all but one are."""
        text = plain(line.text)
        found = [(kind, one) for kind, pattern in _ITEMS.items() for one in pattern.finditer(text)]
        if len({kind for kind, _ in found}) < LEAST or len(found) > len({kind for kind, _ in found}):
            return
        start, end = min(one.start() for _, one in found), max(one.end() for _, one in found)
        said = line.sentence(start, end)
        if re.search(r"[。;!?！？]|\.\s", text[start:end]) or is_against(said):
            return
        told = [(kind, one, self._sizes[kind]) for kind, one in found if len(self._sizes[kind]) == 1]
        wrong = sum(_number(one) not in sizes for _, one, sizes in told)
        right = len(told) - wrong
        if right < max(LEAST - 1, 2 * wrong) or names_another(said, line.title, self._subjects):
            return
        sure = len(told) >= LEAST and (self._about or right >= LEAST) and line.clear(start, end) is not None
        sure = sure and all(is_known(one, self._subjects) for one in line.passage.frame.headings[1:])
        sure = sure and not NAME.search(said) and is_plain(line, start, end, self._subjects)
        for _, one, sizes in told if sure or not wrong else ():
            yield _statement(line, one, *sizes.values(), sure=sure and _number(one) not in self._present)


def _integers(module: Module) -> Iterator[int]:
    """Yield the whole numbers among the attributes of a module."""
    for value in module.attributes.values():
        for one in value if isinstance(value, list | tuple) else (value,):
            if type(one) is int:
                yield one


def _number(found: re.Match[str]) -> int:
    return int((found["before"] or found["behind"]).replace(",", ""))


def _statement(line: Line, found: re.Match[str], claim: str, *, sure: bool) -> Statement:
    failing: Failing = "contradicts" if sure else "says nothing"
    group = "before" if found["before"] else "behind"
    start, end = found.span(group)
    span = Span(line.passage.line, found.start() + 1, found.end() + 1, line.passage.cell)
    claims = (claim.format(_number(found)),)
    text = line.text[found.start() : found.end()]
    place = claims[0].split()[1].rpartition(".")[0]
    return Statement(
        span, text, "attribute", claims, place, failing, line.passage.frame.headings, (start + 1, end + 1)
    )
