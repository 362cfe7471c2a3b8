"""Comments at the head of a function, or class: above it, behind it, and before its first statement."""

from __future__ import annotations

import ast
import re

from shapeflow.notes.mention import Mention
from shapeflow.notes.own_source.comment_words import is_led_to, said_role, variable_of
from shapeflow.notes.own_source.docstrings import OwnDocstrings
from shapeflow.notes.own_source.found import Described, found_of
from shapeflow.notes.own_source.names import Node
from shapeflow.notes.words.clauses import labelled_role
from shapeflow.source.places_now import code_of


class OwnHeads:
    """Tells what comments at the heads of the functions and classes of one file describe."""

    def __init__(self, docstrings: OwnDocstrings) -> None:
        self.docstrings = docstrings
        self.names = docstrings.names
        self.lines = docstrings.lines

    def described(self, mention: Mention, line: int) -> Described | None:
        """Return what a comment above, or behind, a head describes; None for another comment.

        Args:
            mention: in the comment.
            line: that of the statement that the comment is on, or above.
        """
        return self.signed(mention) or self.headed(mention, line)

    def opened(self, mention: Mention) -> Described | None:
        """Return what comments before the first statement call an input, and an output; None for others.

        One of them alone may be of the statement below.
        """
        node = self.names.around(mention.span.line)
        role = said_role(mention)
        if node is None or isinstance(node, ast.ClassDef) or not role or mention.chain is not None:
            return None
        before = mention.frame.before.rpartition("#")[2]
        line = mention.span.line
        if labelled_role(before) != role or not self._opens(node, line) or not self._are_both(line):
            return None
        calls = self.docstrings.calls(node)
        if role == "out":
            found = self.docstrings.results.described(mention, node, calls)
            return None if found is None else Described(found.found)
        return Described(found_of(port for call in calls for port in call.inputs[:1]))

    def _opens(self, node: Node, line: int) -> bool:
        """Return whether a line stands between the head of a function and its first statement."""
        text = isinstance(node.body[0], ast.Expr) and isinstance(node.body[0].value, ast.Constant)
        body = node.body[1:] if text else node.body
        start = (node.body[0].end_lineno or node.lineno) if text else node.lineno
        return bool(body) and start < line < body[0].lineno and self._is_comment(line)

    def _is_comment(self, line: int) -> bool:
        return self.lines[line - 1].text.lstrip().startswith("#")

    def _are_both(self, line: int) -> bool:
        """Return whether the comments of the block around a line call one shape an input, one an output."""
        first = last = line
        while first > 1 and self._is_comment(first - 1):
            first -= 1
        while last < len(self.lines) and self._is_comment(last + 1):
            last += 1
        texts = (self.lines[number - 1].text for number in range(first, last + 1))
        return {labelled_role(re.split(r"[\[(]", text)[0]) for text in texts} >= {"in", "out"}

    def headed(self, mention: Mention, line: int) -> Described | None:
        """Return what a comment right above a class calls its input, or output; None for another comment.

        Args:
            mention: in the comment.
            line: the first line of code below it.
        """
        node = next((one for one in self.names.nodes if one.lineno == line), None)
        if not isinstance(node, ast.ClassDef) or not mention.role:
            return None
        calls = self.docstrings.calls(node)
        if mention.role == "out":
            return self.docstrings.results.described(mention, node, calls)
        alone = all(len(found_of(call.inputs)) == 1 for call in calls)
        return Described(found_of(port for call in calls for port in call.inputs[:1]), sure=alone)

    def signed(self, mention: Mention) -> Described | None:
        """Return what an arrow behind the head of a function leads from, or to; None for another comment.

        ``def forward(self, x):  # (B, C) -> (B, D)``
        """
        line = mention.span.line
        node = self.names.around(line)
        if node is None or isinstance(node, ast.ClassDef):
            return None
        code = code_of(self.lines[line - 1].text).rstrip()
        closes = code.lstrip().startswith(")") and "->" in code and mention.chain is None
        leads = is_led_to(mention) or (closes and not variable_of(mention.frame.before))
        if not leads and mention.chain is None:
            return None
        if line >= node.body[0].lineno or not code.endswith(":"):
            return None
        calls = self.docstrings.calls(node)
        if leads or mention.position > 0:
            return self.docstrings.given(mention, node, calls)
        firsts = found_of(port for call in calls for port in call.inputs[:1])
        return Described(firsts, sure=all(len(found_of(call.inputs)) == 1 for call in calls))
