"""The inside of a fence: code, whose comments count, or text that was laid out by hand."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from shapeflow.notes.mention import Frame, Passage
from shapeflow.notes.reading.passages import Leads, masked
from shapeflow.notes.reading.python_code import code_passages, parsed

PYTHON = frozenset({"python", "py", "python3", "py3", "ipython", "ipython3", "pycon", "jupyter", "sage"})
TEXT = frozenset(
    {"", "text", "txt", "plain", "plaintext", "markdown", "md", "none", "ascii", "output", "console", "log"}
)
DIAGRAMS = frozenset({"mermaid", "dot", "graphviz", "plantuml", "ditaa", "tikz"})
MATH = frozenset({"math", "latex", "tex", "katex"})
DATA = frozenset({"json", "yaml", "yml", "toml", "xml", "html", "ini", "csv", "css", "bibtex", "bib"})
CHANGES = frozenset({"diff", "patch", "udiff"})
_CHANGE_SIGN = re.compile(r"^(?:[-+]|@@.*@@|(?:---|\+\+\+) .*)")

_CODE_LINE = re.compile(
    r"\s*(?:>>>|\.\.\.\s|(?:async\s+)?def\s|class\s|import\s|from\s+\S+\s+import\s|return\b|for\s.+:\s*$|if\s.+:\s*$"
    r"|elif\s|else:|with\s|while\s|raise\s|assert\s|try:|except\b|@\w|[\w.,\[\] ]+\s*[-+*/@]?=\s*[\w.]+\("
    r"|[\w.]+\([^)]*\)?\s*(?:#.*)?$"
    r"|[\w.,\[\] ]+=\s*[\w.]+\s*(?:[-+*/@]|$|#))"
)
_BEHIND = re.compile(r"→|->|=>|\s{2}:\s*(?=[(\[])")
"""An arrow, or a colon behind a gap: what stands behind it is said of the code."""
_NOTE = re.compile(r"(?:^|\s)(?:#|//)")
_BOX = re.compile(r"[\u2500-\u257f]|^\s*[+|][-=+|\s]{3,}|[-=]{2,}>|^\s*\|.*\|\s*$")
_DRAWN = re.compile(r"\s*(?:[\u2500-\u257f]|[↓▼⬇⇓]\s*$)")
"""A line that begins with a part of a box, or is nothing but an arrow: no code has it."""
_OUTPUT = re.compile(r"[\s>(]*(?:torch\.Size|TensorShape|tensor|array)\s*\(.*")
_SIZE = re.compile(r"\s*(?:torch\.Size|TensorShape)\(\[[\d, ]+\]\)")
_LABELLED = re.compile(
    r"[^=(\"'\[#]+(?:torch\.Size|TensorShape)\s*\(.*|[^=\"'#]+[:：]\s*(?:torch\.Size|TensorShape)\s*\(.*"
    r"|\s*[^\W\d_]+\s*:.*|\s*(?:→|->).*"
)
"""What was printed behind words, ``conv1 shape: torch.Size([1, 64])``, and what stands behind an arrow."""
_STATED = re.compile(
    r"\s*[A-Za-z_]\w*\.shape = (?=[(\[])|\s*[A-Za-z_]\w*: (?=[(\[][^()\[\]]+[)\]]\s*(?:#.*)?$)"
    r"|\s*[\"'][\w.]+\.(?:weight|bias|running_\w+)[\"']\s*:\s*(?=[(\[])"
)
"""Nobody runs this: it says what shape a variable has, or a parameter in a list of a checkpoint.

A list is no annotation of a type either: ``tokens: (batch, 25, 896)``.
"""
_DATA_LINE = re.compile(r"\s*[\"'][\w.]+[\"']\s*:|.*[{};]\s*$")
_LISTED = re.compile(r"\s*[^\s=#][^=#]*?\s{2,}[(\[][\w, *+/-]+[)\]]\s*(?:#.*)?")
"""Words, a gap, and a list that nobody calls."""
_DEFINITE = (
    ast.Call,
    ast.Import,
    ast.ImportFrom,
    ast.FunctionDef,
    ast.ClassDef,
    ast.Return,
    ast.For,
    ast.With,
)


def fence_passages(
    lines: Sequence[str], first: int, frame: Frame, block: int, cell: int | None = None
) -> Iterator[Passage]:
    """Yield the passages of a fence whose inside begins at line ``first``."""
    language = frame.language
    if language in DATA:
        return
    if language in CHANGES:
        lines = [_CHANGE_SIGN.sub(lambda sign: " " * len(sign[0]), line) for line in lines]
        language = "code" if any(_CODE_LINE.match(line) or _DATA_LINE.match(line) for line in lines) else ""
    if (language in PYTHON or language in TEXT) and not _is_listing(lines):
        tree = parsed(lines)
        printed = tree is not None and (_is_labelled(tree) or _is_printed(tree))
        if tree is not None and not printed and (language in PYTHON or _is_code(tree)):
            found = [*code_passages(lines, first, frame, block, cell, tree)]
            found += _stated(lines, first, frame, block, cell)
            yield from sorted(found, key=lambda one: one.line)
            return
        if tree is None and any(_DRAWN.match(line) for line in lines):
            language = ""
    if any(line.lstrip().startswith(">>>") for line in lines) and language not in DIAGRAMS:
        yield from _session(lines, first, frame, block, cell)
    elif language in TEXT or language in DIAGRAMS or language in MATH or not language:
        yield from _text(lines, first, frame, block, cell)
    else:
        yield from _loose_code(lines, first, frame, block, cell)


def _is_listing(lines: Sequence[str]) -> bool:
    """Return whether lists stand in a column behind what they are of: ``query(x)   (3, 40, 64)``."""
    told = [line for line in lines if line.strip()]
    return sum(_LISTED.fullmatch(line) is not None for line in told) > max(1, len(told) // 2)


def _is_code(tree: ast.Module) -> bool:
    """Return whether a fence without a language holds a whole piece of Python."""
    return any(isinstance(node, _DEFINITE) for node in ast.walk(tree))


def _is_labelled(tree: ast.Module) -> bool:
    """Return whether it is printed lines that can be read as Python, ``logits: torch.Size([1, 10])``."""
    return bool(tree.body) and all(
        isinstance(node, ast.AnnAssign) and node.value is None and isinstance(node.annotation, ast.Call)
        for node in tree.body
    )


def _is_printed(tree: ast.Module) -> bool:
    """Return whether it is printed sizes, and values, which are Python, too: ``torch.Size([1, 10])``."""
    return bool(tree.body) and all(
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Call)
        and ast.unparse(node.value.func) in ("torch.Size", "TensorShape", "tensor", "array")
        for node in tree.body
    )


def _stated(
    lines: Sequence[str], first: int, frame: Frame, block: int, cell: int | None
) -> Iterator[Passage]:
    """Yield the shapes of lines such as ``X.shape = (32, 784)``, ``"head.weight": [10, 64]``."""
    for number, line in enumerate(lines, first):
        if _STATED.match(line):
            words = line.partition("#")[0]
            here = replace(frame, region="code", line=line.strip())
            yield Passage(number, words.ljust(len(line)), here, block, cell=cell)


def _text(lines: Sequence[str], first: int, frame: Frame, block: int, cell: int | None) -> Iterator[Passage]:
    """Yield the lines of a fence that holds text, a drawing or formulas."""
    leads = Leads(frame.lead)
    for number, line in enumerate(lines, first):
        lead = leads.of(line)
        if not line.strip():
            continue
        here = replace(frame, lead=lead, line=line.strip())
        if frame.language in DIAGRAMS or _BOX.search(line):
            here = replace(here, region="diagram")
        elif frame.language in MATH:
            here = replace(here, region="math")
        elif _SIZE.match(line) or (_OUTPUT.fullmatch(line) and not _CODE_LINE.match(line)):
            here = replace(here, region="output")
        elif _CODE_LINE.match(line):
            yield from _notes(line, number, here, block, cell)
            continue
        yield Passage(number, line, here, block, cell=cell)


def _session(
    lines: Sequence[str], first: int, frame: Frame, block: int, cell: int | None
) -> Iterator[Passage]:
    """Yield what a session printed, and the comments at its prompts."""
    statement = ""
    for number, line in enumerate(lines, first):
        here = replace(frame, line=line.strip(), statement=statement)
        if re.match(r"\s*(?:>>>|\.\.\.)", line):
            statement = line.strip(" >.")
            yield from _notes(line, number, here, block, cell)
        elif line.strip():
            yield Passage(number, line, replace(here, region="output"), block, cell=cell)


def _loose_code(
    lines: Sequence[str], first: int, frame: Frame, block: int, cell: int | None
) -> Iterator[Passage]:
    """Yield what is not code in the lines of code that no parser reads: comments, output, behind arrows."""
    leads = Leads(frame.lead)
    for number, line in enumerate(lines, first):
        if not line.strip():
            continue
        here = replace(frame, lead=leads.of(line), line=line.strip())
        if _OUTPUT.fullmatch(line):
            yield Passage(number, line, replace(here, region="output"), block, cell=cell)
        elif _LABELLED.fullmatch(line) and not _CODE_LINE.match(line):
            yield Passage(number, line, here, block, cell=cell)
        else:
            yield from _notes(line, number, here, block, cell)


def _notes(line: str, number: int, frame: Frame, block: int, cell: int | None) -> Iterator[Passage]:
    """Yield the comment of a line of code, or what stands behind an arrow in it."""
    start = _NOTE.search(line)
    arrow = None if "def " in line else _BEHIND.search(line)
    first = min((one for one in (start, arrow) if one), key=lambda one: one.start(), default=None)
    if first is None:
        return
    place = first.end() if first is start else first.start()
    code = line[: first.start()].strip()
    target = re.match(r"([\w.]+(?:\s*,\s*[\w.]+)*)\s*[-+*/@]?=(?!=)", code)
    here = replace(frame, region="comment", statement=code, assigned=target[1] if target else "")
    yield Passage(number, masked(line, place, len(line)), here, block, cell=cell)
