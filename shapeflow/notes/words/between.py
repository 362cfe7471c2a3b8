"""What stands between a name and a shape: whether the shape is that of the name."""

from __future__ import annotations

import re

_CLOSE = re.compile(
    r"(?i)[\s`'\"*_:=,(\[{→>|-]*(?:(?:then |now |the |an? |its |we |it |module |layer "
    r"|block |output |outputs |input |inputs"
    r"|weight |weights |bias |tensor |result |of |is |are |has |have |gives |give |get "
    r"|gets |makes |produces |returns |yields"
    r"|with |in |out |out: |shape |shaped |size |ist |hat |die |der |das |form |ausgabe "
    r"|liefert |est |de |la |forme |sortie"
    r"|in: |input: |output: |shape: |的|输出|输入|形状|是|为|得到|之后|后|権重|重み|出力"
    r"|入力|形|は|の|が|출력|입력|은|는|형태)"
    r"[\s`'\"*_:=,(\[{→>|-]*)*"
)
"""What may stand between a name and its shape."""
_FEW = re.compile(r"[\s`'\"*_:=│|]*(?:[^\W\d]+[\s`*:=]+){0,3}|[\s\dx×→│|>-]*")
"""A few words that name nothing, or how many and how wide."""


def joins(words: str) -> bool:
    """Return whether words between a name and a shape only join the two."""
    return _CLOSE.fullmatch(words + " ") is not None


def is_near(words: str) -> bool:
    """Return whether nothing between a name and a shape can mean something else."""
    return joins(words) or _FEW.fullmatch(words) is not None
