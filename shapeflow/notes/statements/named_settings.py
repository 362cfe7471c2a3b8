"""Settings of a module that the line names in code: ```conv1` is a 7×7 convolution with stride 2``.

The first follows the name closely, and each other one the one before: they can be about nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from shapeflow.model.records import Module
from shapeflow.notes.mention import Span
from shapeflow.notes.statements.lines import Line
from shapeflow.notes.statements.names import Named, chosen, named_modules
from shapeflow.notes.statements.plainness import is_plain
from shapeflow.notes.statements.scope import plain
from shapeflow.notes.statements.settings import AFTER
from shapeflow.notes.statements.statement import Failing, Statement
from shapeflow.notes.statements.subjects import Subjects
from shapeflow.notes.statements.values import VALUE, compared
from shapeflow.notes.statements.wording import is_against
from shapeflow.notes.words.words import text_tokens

_OF = r"(?:=|:|of|de|von|di|с|is|ist|est|es|è|é|为|是|は|が|는|은|이)?"
_NAMED = re.compile(
    rf"(?<![\w.])(?P<name>[A-Za-z_]\w*(?:[ -][a-z]+)?)\s*{_OF}\s*(?P<value>{VALUE})(?![\w.]\w)"
)
_OTHER_WORDS = {
    "stride": "步长 步幅 ストライド 스트라이드 pas paso passo шагом шаг Schrittweite",
    "padding": "填充 パディング 패딩 remplissage relleno",
    "kernel_size": "卷积核 カーネル 커널 noyau núcleo Kern kernel ядро",
}
_OTHER = re.compile(
    rf"(?<!\w)(?P<name>{'|'.join(word for words in _OTHER_WORDS.values() for word in words.split())})"
    rf"(?:的?大小|サイズ|\ 크기)?\s*{_OF}\s*(?P<value>{VALUE})(?![\w.]\w)"
)
_ATTRIBUTE_OF = {word: name for name, words in _OTHER_WORDS.items() for word in words.split()}
_WINDOW = re.compile(r"(?<![\d×x.,])(?P<value>(?P<a>\d{1,2})\s?[×x]\s?(?P<b>\d{1,2}))(?!\s?[×x.,]?\d)")
_OF_KERNEL = re.compile(
    r"conv|kernel|filt|window|noyau|núcleo|faltung|св[её]рт|ядр|卷积|核|畳み込み|カーネル|합성곱|커널|池化|窗口",
    re.IGNORECASE,
)
_KERNEL_BEFORE = re.compile(
    r"(?:conv\w*|convolución|св[её]ртк\w*|kernels?|kernel.size|noyau|núcleo|Kern\w*|卷积核|卷积|核|カーネル|커널|window)"
    r"(?:大小|サイズ|\ 크기)?\s?(?:is|of|de|von|的|为|是|は|[:=])?\s?$"
)
_KERNEL_BEHIND = re.compile(
    r"[\s-]?(?:的|の)?(?:conv|kernel|filt|window|pool|Faltung|св[её]рт|卷积|核|畳み込み|カーネル|합성곱|커널|池化)",
    re.IGNORECASE,
)
_BEYOND = re.compile(
    r"[→;\d]|->|=>|\b(?:then|follow\w*|gefolgt|suivi\w*|seguid\w*|output|input|gives?)\b|затем|输出|输入|出力|入力|출력|입력"
)
_GAP = 24
"""Characters between a name and what is said of it, or between two settings."""
_SAID = frozenset(
    {"layer", "module", "block", "conv", "linear", "norm", "kernel", "window", "size", "dropout", "pool"}
)
"""What the kinds of layers are called: such a word does not name another thing than the layer itself."""


def named_settings(line: Line, subjects: Subjects) -> Iterator[Statement]:
    """Yield the settings that a line gives of modules that it names."""
    text = plain(line.text)
    for named in named_modules(line, subjects):
        at = named.end
        while not named.joined and (found := _next(text, at, named, subjects)):
            at = found.end()
            statement = _stated(line, text, named, found, subjects)
            if statement:
                yield statement


def _next(text: str, at: int, named: Named, subjects: Subjects) -> re.Match[str] | None:
    """Return the next setting, if nothing but words that name no other thing stand before it."""
    until = min(named.until, len(text))
    found = [one for pattern in (_NAMED, _OTHER, _WINDOW) if (one := _first(pattern, text, at, until, named))]
    if not found:
        return None
    first = min(found, key=lambda one: (one.start(), one.re is _NAMED))
    gap = text[at : first.start()]
    if len(gap) > _GAP or _BEYOND.search(gap):
        return None
    own = frozenset().union(*(subjects.tokens(one) for one in named.modules)) | _SAID
    foreign = {word for word in text_tokens(gap) if word in subjects.vocabulary} - own
    return None if foreign else first


def _first(pattern: re.Pattern[str], text: str, at: int, until: int, named: Named) -> re.Match[str] | None:
    """Return the first match that names a setting of a module."""
    for found in pattern.finditer(text, at, until):
        if any(_attribute(found, one) for one in named.modules):
            return found
    return None


def _attribute(found: re.Match[str], module: Module) -> str:
    """Return the attribute of a module that a match gives; empty if it has none such."""
    if found.re is _WINDOW:
        name = "kernel_size"
    else:
        words = found["name"]
        name = _ATTRIBUTE_OF.get(words) or re.sub(r"[ -]", "_", words)
        if name not in module.attributes and found.re is _NAMED:
            name = re.split(r"[ -]", words)[-1]  # "with stride 2"
            name = "kernel_size" if name == "kernel" else name
    return name if name in module.attributes else ""


def _is_of_kernel(text: str, found: re.Match[str]) -> bool:
    """Return whether ``3×3`` stands directly beside a word for a convolution or a kernel."""
    return bool(_KERNEL_BEFORE.search(text[: found.start()]) or _KERNEL_BEHIND.match(text, found.end()))


def _start(found: re.Match[str], module: Module) -> int:
    """Return the column where the name of the setting begins, without a word before it."""
    if found.re is not _NAMED or re.sub(r"[ -]", "_", found["name"]) in module.attributes:
        return found.start()
    words = found["name"]
    return found.start() + (0 if words.startswith("kernel") else len(re.match(r"(?:\w+[ -])?", words)[0]))  # type: ignore[index]


def _stated(
    line: Line, text: str, named: Named, found: re.Match[str], subjects: Subjects
) -> Statement | None:
    value = found["value"]
    if found.re is _WINDOW:
        value = f"({found['a']}, {found['b']})"
    if not AFTER.match(text, found.end()) or is_against(line.sentence(named.start, found.end())):
        return None
    near = text[named.end : found.start()][-_GAP:] + text[found.end() : min(named.until, found.end() + _GAP)]
    if found.re is _WINDOW and not _OF_KERNEL.search(near):
        return None

    def fits(module: Module) -> bool | None:
        name = _attribute(found, module)
        told = compared(module.attributes[name], value) if name else None
        return told[0] if told else None

    told = chosen(named, fits)
    if told is None:
        return None
    claims = []
    for module in told.modules:
        name = _attribute(found, module)
        said = compared(module.attributes[name], value)
        claims.append(f"attr {module.path}.{name} = {said[1] if said else value}")
    sure = named.sure and line.clear(named.start, found.end()) is not None
    sure = sure and is_plain(line, named.start, found.end(), subjects)
    sure = sure and (found.re is not _WINDOW or _is_of_kernel(text, found))
    failing: Failing = "contradicts" if sure else "says nothing"
    start = _start(found, told.modules[0])
    span = Span(line.passage.line, start + 1, found.end() + 1, line.passage.cell)
    digits = None if found.re is _WINDOW else (found.start("value") + 1, found.end("value") + 1)
    return Statement(
        span,
        line.text[start : found.end()],
        "attribute",
        tuple(claims),
        told.modules[0].path,
        failing,
        line.passage.frame.headings,
        digits,
    )
