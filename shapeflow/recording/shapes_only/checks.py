"""Conditions that code asks only to complain: a shapes-only run takes them as passed where numbers decide.

``assert (boxes[:, 2:] >= boxes[:, :2]).all()``; ``if not valid.all(): raise ValueError(...)``, as
``torch.distributions`` does of each argument. Such a condition has one answer with which the run goes on. It is
given if the numbers are not known, and the trace says on which lines; where they are known, the check is made.

Only what can be seen in the source counts: the condition of an ``assert``, or of an ``if`` of which one side can
but raise an exception or warn, and that no ``try`` of the same function surrounds.
"""

from __future__ import annotations

import ast
import linecache
import sys
from collections.abc import Iterator
from types import CodeType, FrameType

from torch.distributions import constraints

from shapeflow.common.text import counted, listing
from shapeflow.recording.source import display_name, is_hidden

_LEAVING = (ast.Return, ast.Break, ast.Continue, ast.Yield, ast.YieldFrom, ast.Await)
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)
_READING = (ast.BoolOp, ast.IfExp, ast.Lambda, ast.comprehension, ast.Await, ast.In, ast.NotIn)
"""What asks for a truth by itself, or in a function of its own."""
_READERS = ("any", "all", "bool", "filter", "max", "min", "sorted")
"""Functions of Python's that ask for the truth of what they are given."""


class Checks:
    """Knows what to answer, and where it was asked."""

    def __init__(self) -> None:
        self._lines: dict[str, None] = {}
        self._conditions: dict[str, list[tuple[ast.expr, bool | None]]] = {}
        self._answers: dict[tuple[str, int, str], bool | None] = {}

    def answer(self, how: str) -> bool | None:
        """Return what is to be said to the code that asks for the truth of a symbolic tensor; None: nothing.

        Args:
            how: ``bool``, or ``item`` where the code reads a number that is a bool.
        """
        frame: FrameType | None = sys._getframe(1)
        while frame is not None and frame.f_globals.get("__name__", "").startswith("shapeflow."):
            frame = frame.f_back
        if frame is None:
            return None
        code = frame.f_code
        found = _OF_TORCH.get(code)
        if found is None:
            found = self._seen(code.co_filename, frame.f_lineno, how)
        if found is not None:
            self._lines[_line(frame)] = None
        return found

    def _seen(self, filename: str, line: int, how: str) -> bool | None:
        """Return what the conditions on a line are to be told, if they are all told the same."""
        place = (filename, line, how)
        if place not in self._answers:
            if filename not in self._conditions:
                self._conditions[filename] = _conditions(filename)
            answers = {
                _leaf_answer(test, well, how)
                for test, well in self._conditions[filename]
                if test.lineno <= line <= (test.end_lineno or test.lineno)
            }
            self._answers[place] = answers.pop() if len(answers) == 1 else None
        return self._answers[place]

    @property
    def note(self) -> str:
        """What a trace says of the conditions that were taken as passed; empty if there were none."""
        if not self._lines:
            return ""
        where = f"at {counted(len(self._lines), 'line')}: {listing(list(self._lines))}"
        return f"Checks of numbers that a shapes-only run does not know were taken as passed, {where}."


def _of_torch() -> dict[CodeType, bool]:
    """Return the functions of torch's that ask only to complain, and end otherwise than by an exception."""
    kinds = (constraints.symmetric, constraints.positive_semidefinite, constraints.positive_definite)
    return {type(kind).check.__code__: True for kind in kinds}


_OF_TORCH = _of_torch()


def _line(frame: FrameType) -> str:
    """Return the line of the model's source that led to a frame."""
    inner = frame
    while is_hidden(frame.f_code.co_filename) and frame.f_back is not None:
        frame = frame.f_back
    shown = inner if is_hidden(frame.f_code.co_filename) else frame
    return f"{display_name(shown.f_code.co_filename)}:{shown.f_lineno}"


def _conditions(filename: str) -> list[tuple[ast.expr, bool | None]]:
    """Return each condition in a file, and what it is if all is well; None if it is no check."""
    try:
        tree = ast.parse("".join(linecache.getlines(filename)))
        return [(test, None if tried else well) for test, well, tried in _tests(tree, False)]
    except (SyntaxError, ValueError, RecursionError):
        return []


def _tests(node: ast.AST, tried: bool) -> Iterator[tuple[ast.expr, bool | None, bool]]:
    """Yield each condition below a node, what it is if all is well, and whether a ``try`` may catch more."""
    if isinstance(node, ast.Assert):
        yield node.test, True, tried
    elif isinstance(node, ast.If):
        complains, otherwise = _complains(node.body), _complains(node.orelse)
        yield node.test, None if complains == otherwise else not complains, tried
    elif isinstance(node, ast.While | ast.IfExp):
        yield node.test, None, tried
    if isinstance(node, _FUNCTIONS):
        tried = False
    caught = node.body if isinstance(node, ast.Try) and node.handlers else []
    for child in ast.iter_child_nodes(node):
        yield from _tests(child, tried or child in caught)


def _complains(block: list[ast.stmt]) -> bool:
    """Return True if statements can end in nothing but an exception, or do nothing but warn."""
    if not block or any(isinstance(node, _LEAVING) for node in _nodes(block)):
        return False
    return isinstance(block[-1], ast.Raise) or all(map(_is_warning, block))


def _is_warning(statement: ast.stmt) -> bool:
    called = statement.value.func if isinstance(statement, ast.Expr) and _is_call(statement.value) else None
    return isinstance(called, ast.Attribute) and called.attr in ("warn", "warning", "warning_once")


def _is_call(node: ast.AST) -> bool:
    return isinstance(node, ast.Call)


def _nodes(block: list[ast.stmt]) -> Iterator[ast.AST]:
    """Yield what is in a block, without what functions defined there hold."""
    for node in block:
        yield node
        if not isinstance(node, _FUNCTIONS):
            yield from _nodes(list(ast.iter_child_nodes(node)))  # type: ignore[arg-type]


def _leaf_answer(test: ast.expr, well: bool | None, how: str) -> bool | None:
    """Return what each tensor of a condition is to be told; None if that is not plain."""
    if well is None:
        return None
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return _leaf_answer(test.operand, not well, how)
    if isinstance(test, ast.NamedExpr):
        return _leaf_answer(test.value, well, how)
    if isinstance(test, ast.BoolOp):
        answers = {_leaf_answer(value, well, how) for value in test.values}
        return answers.pop() if len(answers) == 1 else None
    if isinstance(test, ast.Call) and isinstance(test.func, ast.Name) and test.func.id == "bool":
        return _leaf_answer(test.args[0], well, how) if len(test.args) == 1 else None
    ends = isinstance(test, ast.Call) and isinstance(test.func, ast.Attribute) and test.func.attr == "item"
    plain = not any(_reads(node, node is test) for node in ast.walk(test))
    return well if plain and (how == "bool" or ends) else None


def _reads(node: ast.AST, is_whole: bool) -> bool:
    """Return True for a part of a condition that may ask for a truth which is not the condition's."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        return node.func.id in _READERS
    if isinstance(node, ast.Compare):
        return len(node.ops) > 1 and not is_whole
    is_negation = isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not)
    return is_negation or isinstance(node, _READING)
