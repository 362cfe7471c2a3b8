"""Numbers of parameters: ``25.6M parameters``, ``参数量：86M``, a column ``params``."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal

from shapeflow.model.records import Module
from shapeflow.notes.mention import Span
from shapeflow.notes.statements.lines import Line
from shapeflow.notes.statements.names import Named, named_modules
from shapeflow.notes.statements.plainness import is_plain
from shapeflow.notes.statements.scope import plain
from shapeflow.notes.statements.statement import Failing, Statement
from shapeflow.notes.statements.subjects import VAGUE, Subjects
from shapeflow.notes.statements.wording import is_against, sentence
from shapeflow.notes.words.words import text_tokens

_UNITS = {"": 1, "K": 10**3, "M": 10**6, "B": 10**9, "G": 10**9}
_COUNT = r"(?P<number>\d{1,3}(?:,\d{3})+|\d+(?:\.\d+)?)(?:\s?(?P<unit>[KkMBG]))?(?![\w.,/×*-]\d|[A-Za-z])"
_THING = r"(?:par[aà]m[eè]tr\w*|parám\w*|param(?:eter\w*|s)?\b|"
_THING += r"参数|參數|パラメータ|매개변수|파라미터|параметр\w*)"
_BEFORE = re.compile(
    rf"(?<![\w.,/×*~<>≈-]){_COUNT}\s*(?:de\s|di\s|of\s|个|の|개의\s)?\s*{_THING}", re.IGNORECASE
)
_BEHIND = re.compile(
    rf"{_THING}(?:数量|总量|总数|数|量|\s?수|zahl)?\s*(?:\(total\)\s*)?(?::|=|是|为|は|が|가|는|—|is\s|ist\s|:\s*共)\s*{_COUNT}",
    re.IGNORECASE,
)
_HEADER = re.compile(
    rf"\s*(?:#\s*|number of |总)?{_THING}(?:数量|数|量)?\s*(?:\((?P<unit>[KMB])\))?\s*", re.IGNORECASE
)
_PART = re.compile(
    r"""\b(?:trainable|frozen|fewer|more|less|additional|extra|non|without|excluding|per|each|every|active|[MG]B|bytes?|
    save[sd]?|half|LoRA|adapters?|FLOPs|eingefroren\w*|trainierbar\w*|zusätzlich\w*|entraînables?|gelés|entrenables?|
    congelados|обучаем\w*|заморожен\w*)\b|可训练|冻结|额外|每|激活|学習可能|追加|凍結|추가|학습""",
    re.IGNORECASE | re.VERBOSE,
)
_WORDS = """
the a an this model network net architecture whole entire full it has have had with of in is are there total
overall altogether contains comprises number count size
das modell netz netzwerk hat insgesamt gesamt es sind die anzahl der zahl hier
le la les modèle réseau a compte possède au il y nombre de total en contient l
el modelo red tiene hay número total en cuenta con
il modello rete ha numero di totale
o modelo rede tem número
всего в модели модель сеть содержит имеет у сети число количество общее
"""
_PLAIN_WORDS = frozenset(_WORDS.split())
_OTHER_SIGNS = re.compile(
    r"模型|网络|整个|整体|总|共计|共|有|约|的|该|为|数|量|是|モデル|全体|ネットワーク|合計|総|は|の|です|で|が|全部|"
    r"모델|전체|총|은|는|의|이"
)
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_SECTION = re.compile(r"^[\s*+>#-]*(?:\d+[.)]\s)?")
_NUMBERED = re.compile(r"[A-Za-z][\w-]*\d")
_BETWEEN = 30
"""Characters between the name of a module and its number of parameters."""
_DIGITS = 3
"""With so many a number is that of no other model by chance."""
NEAR = 0.15
"""What differs less may be counted otherwise: without embeddings, with shared weights twice, rounded."""
_ALIKE = Decimal("0.02")
"""What differs less from the number of a part is that number."""


class ParameterCounts:
    """The numbers of parameters of one trace.

    Args:
        subjects: what can be meant in the trace.
        about: whether the text is about its model: else no number of the whole model is wrong.
    """

    def __init__(self, subjects: Subjects, *, about: bool) -> None:
        self._subjects, self._about = subjects, about
        self._root = subjects.trace.module_by_path.get("")
        self._sizes = sorted({one.parameters for one in subjects.trace.modules if one.parameters})

    def read(self, line: Line) -> Iterator[Statement]:
        """Yield the numbers of parameters that a line gives."""
        text = plain(line.text)
        if line.passage.frame.region == "cell":
            yield from self._in_cell(line, text)
        for pattern in (_BEHIND, _BEFORE):
            for found in pattern.finditer(text):
                yield from self._stated(line, text, found)

    def _in_cell(self, line: Line, text: str) -> Iterator[Statement]:
        """Yield the number of a cell below a header that speaks of parameters, in the row of a module."""
        frame = line.passage.frame
        header = _HEADER.fullmatch(plain(frame.column))
        found = re.fullmatch(rf"\s*{_COUNT}\s*", text)
        meant = self._subjects.in_code(frame.row)
        if header and found and len(meant) == 1 and len(meant[0]) == 1:
            unit = (header["unit"] or found["unit"] or "").upper()
            if unit or found["number"].count(",") or float(found["number"]) > 1000:  # else in which unit?
                span = (found.start("number"), max(found.end("number"), found.end("unit")))
                yield from self._statement(line, meant[0][0], found, span, unit, sure=True)

    def _stated(self, line: Line, text: str, found: re.Match[str]) -> Iterator[Statement]:
        start, end = found.span()
        around = line.sentence(start, end)
        if is_against(around) or _PART.search(around):
            return
        first, _ = sentence(line.text, start, end)
        names = [one for one in named_modules(line, self._subjects) if one.start >= first]
        before = [one for one in names if one.end <= start]
        if before:
            meant = self._of_part(text, first, start, before)
        elif not names:
            meant = self._of_whole(line, text[first:start], found["number"])
        else:
            meant = None
        if meant is not None:
            yield from self._statement(
                line, meant[0], found, (start, end), (found["unit"] or "").upper(), sure=meant[1]
            )

    def _of_part(
        self, text: str, first: int, start: int, names: Sequence[Named]
    ) -> tuple[Module, bool] | None:
        """Return the module whose number it is, and whether nothing else can be meant.

        Args:
            text: of the line.
            first: where its sentence begins.
            start: where the number is given.
            names: those before it in its sentence.
        """
        last = names[-1]
        between = text[last.end : start]
        if last.joined or len(last.modules) != 1 or re.search(r"\d", between):
            return None
        if len(names) > 1 and not re.search(r"\d", text[names[-2].end : last.start]):
            return None  # of both together, or of each
        module = last.modules[0]
        if text_tokens(between) & self._subjects.vocabulary - VAGUE - self._subjects.tokens(module):
            return None
        told = text_tokens(f"{text[first : last.start]} {between}") & (self._subjects.vocabulary | VAGUE)
        return module, last.sure and not told and len(between) < _BETWEEN

    def _of_whole(self, line: Line, before: str, number: str) -> tuple[Module, bool] | None:
        """Return the model, and whether nothing else can be meant; None if it is about something else.

        Args:
            line: where it is said.
            before: the words before the number in its sentence.
            number: as it is written.
        """
        root, frame = self._root, line.passage.frame
        if root is None or re.search(r"\d", _SECTION.sub("", before)) or _NUMBERED.search(before):
            return None
        own = self._subjects.tokens(root)
        for text in (before, frame.row, frame.column, *line.leads, *frame.headings[1:]):
            if text_tokens(text) & self._subjects.vocabulary - VAGUE - own:
                return None
        known = _PLAIN_WORDS | {word.lower() for word in re.findall(r"[A-Za-z]+", root.class_name)}
        words = {word.lower() for word in _WORD.findall(_OTHER_SIGNS.sub(" ", before))}
        plainly = words <= known and not any(map(str.strip, (frame.row, frame.column, *line.leads)))
        precise = len(re.sub(r"[,.]", "", number).lstrip("0")) >= _DIGITS
        return (root, plainly and self._about) if plainly or precise else None

    def _statement(
        self,
        line: Line,
        module: Module,
        found: re.Match[str],
        span: tuple[int, int],
        unit: str,
        *,
        sure: bool,
    ) -> Iterator[Statement]:
        number = found["number"]
        said = Decimal(number.replace(",", "")) * _UNITS[unit]
        if not module.parameters or not said:
            return
        near = abs(said - module.parameters) <= module.parameters * Decimal(NEAR)
        digits = len(number.partition(".")[2])
        if not near and round(Decimal(module.parameters) / _UNITS[unit], digits) == said / _UNITS[unit]:
            return  # too roughly said to be right or wrong
        whole = module is self._root
        explained = near or (whole and any(abs(said - size) <= size * _ALIKE for size in self._counts()))
        clear = line.clear(found.start(), found.end()) is not None
        clear = clear and is_plain(line, found.start(), found.end(), self._subjects)
        failing: Failing = "contradicts" if sure and clear and not explained else "says nothing"
        claim = f"parameters {module.path or '.'} = {number}{unit}"
        place = Span(line.passage.line, span[0] + 1, span[1] + 1, line.passage.cell)
        text = line.text[span[0] : span[1]]
        headings = line.passage.frame.headings
        yield Statement(place, text, "count", (claim,), module.path, failing, headings)

    def _counts(self) -> Iterator[int]:
        """Yield the numbers of parts of the model, and of the model with one of them twice or left out."""
        whole = self._root.parameters if self._root else 0
        for size in self._sizes:
            yield from (size, whole + size, whole - size) if whole > size else (size,)
