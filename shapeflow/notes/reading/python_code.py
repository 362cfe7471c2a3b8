"""Python cut into passages: comments, docstrings, strings of jaxtyping and einops; code itself is none."""

from __future__ import annotations

import ast
import io
import re
import tokenize
import warnings
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from shapeflow.notes.finding.bare import JAXTYPING
from shapeflow.notes.mention import Frame, Passage, Region
from shapeflow.notes.reading.folding import fold
from shapeflow.notes.reading.parameters import Parameters, annotated
from shapeflow.notes.reading.passages import Leads, masked

_BETWEEN_STATEMENTS = frozenset(
    {tokenize.NEWLINE, tokenize.NL, tokenize.INDENT, tokenize.DEDENT, tokenize.ENCODING}
)
MAX_STATEMENT = 300
"""Characters of a statement that a frame keeps."""
_BLOCKS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_MAGIC = re.compile(r"\s*[%!?]|\s*\w+\?+\s*$")
_PROMPT = re.compile(r"\s*(?:>>>|\.\.\.)(?:\s|$)")
_TOO_DEEP = (SyntaxError, ValueError, RecursionError, MemoryError)


@dataclass(frozen=True, slots=True)
class _Statement:
    first: int
    last: int
    assigned: str
    text: str


def parsed(lines: Sequence[str]) -> ast.Module | None:
    """Return the tree of a piece of Python; None if it is none. Lines for the shell are left out."""
    source = "\n".join("pass" if _MAGIC.match(line) and not line.startswith(" ") else line for line in lines)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(source)
    except _TOO_DEEP:
        return None


def code_passages(
    lines: Sequence[str], first: int, frame: Frame, block: int, cell: int | None, tree: ast.Module | None
) -> Iterator[Passage]:
    """Yield the passages of Python code that begins at line ``first`` of the text.

    Args:
        lines: the code, folded or not.
        first: the line, from 1.
        frame: what is around all of it.
        block: number of the block that all of it is; each docstring and run of comments is a part of it.
        cell: position of the notebook's cell, None: it is of no notebook.
        tree: the parsed code; None if it cannot be parsed: comments are found all the same.
    """
    code = _Code(lines, tree)
    found = [*_comments(code, frame), *_docstrings(code, frame), *_annotations(code, frame)]
    found.sort(key=lambda one: (one.line, len(one.text) - len(one.text.lstrip())))
    for one in found:
        yield replace(one, line=one.line + first - 1, block=block, part=one.block, cell=cell)


class _Code:
    """The lines of a piece of Python, with its statements and definitions by line."""

    def __init__(self, lines: Sequence[str], tree: ast.Module | None) -> None:
        self.lines = [fold(line) for line in lines]
        self.raw = lines
        self.tree = tree
        self.comments = list(_comment_places(self))
        self._code = list(self.lines)
        for line, start, _ in self.comments:
            self._code[line - 1] = self.lines[line - 1][:start].rstrip()
        self.statements: list[_Statement] = []
        self.definitions: list[tuple[int, int, str]] = []
        self.annotations = annotated(tree) if tree is not None else {}
        if tree is not None:
            self._visit(tree)
        self.statements.sort(key=lambda one: one.first)
        self._firsts = [one.first for one in self.statements]

    def _visit(self, tree: ast.Module) -> None:
        for node in ast.walk(tree):
            if not isinstance(node, ast.stmt):
                continue
            if isinstance(node, _BLOCKS):
                last = node.end_lineno or node.lineno
                self.definitions.append((node.lineno, last, node.name))
            body = getattr(node, "body", None)
            last = body[0].lineno - 1 if isinstance(body, list) and body else node.end_lineno or node.lineno
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
                continue
            text = "\n".join(self._code[node.lineno - 1 : max(last, node.lineno)]).strip()
            statement = _Statement(node.lineno, max(last, node.lineno), _target(node), text[:MAX_STATEMENT])
            self.statements.append(statement)

    def around(self, line: int) -> tuple[str, ...]:
        """Return the classes and functions around a line, outermost first."""
        return tuple(name for first, last, name in sorted(self.definitions) if first <= line <= last)

    def statement(self, line: int, alone: bool) -> _Statement | None:
        """Return the statement that a comment is about: on its line, or the next one, if it stands alone."""
        place = bisect_right(self._firsts, line)
        for one in reversed(self.statements[max(0, place - 3) : place]):
            if one.first <= line <= one.last:
                return one
        if alone and place < len(self.statements) and self.statements[place].first <= line + 4:
            return self.statements[place]
        return None


def _target(node: ast.stmt) -> str:
    """Return what a statement assigns, as written."""
    if isinstance(node, ast.Assign):
        return ast.unparse(node.targets[-1]).strip("()")
    if isinstance(node, ast.AnnAssign | ast.AugAssign):
        return ast.unparse(node.target)
    return "return" if isinstance(node, ast.Return) else ""


def _tokens(lines: Sequence[str]) -> Iterator[tokenize.TokenInfo]:
    """Yield the tokens of Python code up to where it cannot be read further."""
    source = "\n".join(" " * len(line) if _MAGIC.match(line) else line for line in lines) + "\n"
    try:
        yield from tokenize.generate_tokens(io.StringIO(source).readline)
    except (tokenize.TokenError, SyntaxError, ValueError, RecursionError):
        return


def _comments(code: _Code, frame: Frame) -> Iterator[Passage]:
    """Yield the comments; those that follow each other line by line are one block."""
    leads = Leads(frame.lead)
    block = 0
    last = -2
    for line, start, end in code.comments:
        text = code.lines[line - 1]
        alone = not text[:start].strip()
        if line != last + 1 or not alone:
            block += 1
            leads = Leads(frame.lead)
        last = line if alone else -2
        words = masked(text, start + 1, end)
        statement = code.statement(line, alone)
        here = replace(
            frame,
            region="comment",
            line=text.strip(),
            lead=leads.of(" " * (start + 1) + text[start + 1 : end]),
            definitions=code.around(line),
            statement=statement.text if statement else "",
            assigned=statement.assigned if statement else "",
        )
        yield Passage(line, words, here, block)


def _comment_places(code: _Code) -> Iterator[tuple[int, int, int]]:
    """Yield line and columns of the comments; code that no tokenizer reads is searched for the sign alone."""
    reached = 0
    for token in _tokens(code.raw):
        reached = max(reached, token.start[0])
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.start[1], token.end[1]
    if reached < len(code.lines) and code.tree is None:
        for line in range(reached + 1, len(code.lines) + 1):
            text = code.lines[line - 1]
            if (sign := re.search(r"(?:^|\s)#", text)) is not None:
                yield line, sign.end() - 1, len(text)


def _docstrings(code: _Code, frame: Frame) -> Iterator[Passage]:
    """Yield the lines of the strings that stand as statements."""
    for block, (first, last, start) in enumerate(_string_statements(code), 50_001):
        yield from _docstring(code, frame, (first, last, start), block)


def _string_statements(code: _Code) -> Iterator[tuple[int, int, int]]:
    """Yield first line, last line and column of the strings that stand as statements."""
    if code.tree is None:
        # Code with a gap to be filled in, as in exercises: what the tokenizer reads is enough.
        new = True
        for token in _tokens(code.raw):
            if token.type == tokenize.STRING and new:
                yield token.start[0], token.end[0], token.start[1]
            new = token.type in _BETWEEN_STATEMENTS or (new and token.type == tokenize.COMMENT)
        return
    for node in ast.walk(code.tree):
        value = node.value if isinstance(node, ast.Expr | ast.Assign) else None
        if not isinstance(value, ast.Constant) or not isinstance(value.value, str):
            continue
        # What is assigned counts where it has several lines: text that is put into docstrings.
        if isinstance(node, ast.Expr) or value.end_lineno != value.lineno:
            raw = code.raw[value.lineno - 1].encode()
            column = len(raw[: value.col_offset].decode(errors="ignore"))
            yield value.lineno, value.end_lineno or value.lineno, column


def _docstring(code: _Code, frame: Frame, place: tuple[int, int, int], block: int) -> Iterator[Passage]:
    leads = Leads(frame.lead)
    first, last, column = place
    around = code.around(first)
    parameters = Parameters(code.annotations.get(first, {}))
    output = False
    for line in range(first, min(last, len(code.lines)) + 1):
        text = code.lines[line - 1]
        start = column if line == first else 0
        if line == first:
            start += len(re.match(r"[rRuUbBfF]*(?:\"{3}|'{3}|[\"'])?", text[start:])[0])  # type: ignore[index]
        words = masked(text, start, len(text.rstrip("\"' ")) if line == last else len(text))
        lead = leads.of(words)
        if not words.strip():
            output = False
            continue
        region: Region = "docstring"
        if _PROMPT.match(words):
            output = True
            sign = words.find("#")
            words = masked(words, sign + 1, len(words)) if sign >= 0 else ""
            region = "comment"
        elif output:
            region = "output"
        parameters.see(words, bool(lead))
        here = replace(
            frame,
            region=region,
            line=text.strip(),
            lead=lead,
            definitions=around,
            assigned=parameters.name,
            declared=parameters.declared,
        )
        yield Passage(line, words, here, block)


def _annotations(code: _Code, frame: Frame) -> Iterator[Passage]:
    """Yield the strings with axes: ``Float[Tensor, "b c"]``, ``rearrange(x, "b c -> c b")``."""
    if code.tree is None:
        return
    for number, (node, assigned) in enumerate(_axis_strings(code.tree), 90_000):
        if node.lineno != node.end_lineno or node.lineno > len(code.lines):
            continue
        raw = code.raw[node.lineno - 1].encode()
        start = len(raw[: node.col_offset].decode(errors="ignore"))
        end = len(raw[: node.end_col_offset].decode(errors="ignore"))
        text = code.lines[node.lineno - 1]
        statement = code.statement(node.lineno, alone=False)
        here = replace(
            frame,
            region="annotation",
            line=text.strip(),
            definitions=code.around(node.lineno),
            statement=statement.text if statement else "",
            assigned=assigned or (statement.assigned if statement else ""),
        )
        yield Passage(node.lineno, masked(text, start + 1, end - 1), here, number)


def _axis_strings(tree: ast.Module) -> Iterator[tuple[ast.Constant, str]]:
    """Yield the strings that can name axes, with the parameter or variable that they are about."""
    names: dict[int, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.arg) and node.annotation is not None:
            names |= dict.fromkeys(map(id, ast.walk(node.annotation)), node.arg)
        elif isinstance(node, ast.AnnAssign):
            names |= dict.fromkeys(map(id, ast.walk(node.annotation)), ast.unparse(node.target))
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.returns is not None:
            names |= dict.fromkeys(map(id, ast.walk(node.returns)), "return")
        elif isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Tuple):
            last = node.slice.elts[-1]
            if (text := _text(last)) is not None and (
                " " in str(text.value) or JAXTYPING.fullmatch(_name(node.value))
            ):
                yield text, names.get(id(node), "")
        elif isinstance(node, ast.Call):
            for text in filter(None, map(_text, node.args)):
                if "->" in str(text.value):
                    yield text, ""


def _text(node: ast.AST) -> ast.Constant | None:
    """Return a node that is a string."""
    return node if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def _name(node: ast.expr) -> str:
    return str(getattr(node, "id", getattr(node, "attr", "")))
