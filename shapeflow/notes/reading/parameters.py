"""The parameters that the lines of a docstring describe, with the types that they are declared with."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping

_PARAMETER = re.compile(
    r"\s*(?:[-*•]\s+)?(?::param\s+(?:(?P<before>\w+)\s+)?|:returns?|@param\s+)?"
    r"[`*:]*(?P<name>\*{0,2}[A-Za-z_]\w*)`{0,2}\*{0,2}\s*(?:\(|:)"
)
_TYPE = re.compile(
    r"\s*[-*• ]*`{0,2}\*{0,2}\w+`{0,2}(?:\s*\((?P<google>(?:[^()]|\([^()]*\))*)\)| : (?P<numpy>[^:]+)$)"
)


def annotated(tree: ast.Module) -> dict[int, dict[str, str]]:
    """Return the annotations of what each docstring is about: its first line -> name -> type as written."""
    found: dict[int, dict[str, str]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and node.body:
            found[node.body[0].lineno] = _annotations(node)
    return found


def _annotations(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> dict[str, str]:
    """Return name and type of the arguments of a function; of a class those that it is made with."""
    if isinstance(node, ast.ClassDef):
        makers = [one for one in node.body if isinstance(one, ast.FunctionDef) and one.name == "__init__"]
        return _annotations(makers[0]) if makers else {}
    given = (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)
    return {one.arg: ast.unparse(one.annotation) for one in given if one.annotation is not None}


class Parameters:
    """Follows the lines of one docstring; ``name`` and ``declared`` hold for the last line that was seen."""

    def __init__(self, annotations: Mapping[str, str]) -> None:
        """Take the types that the function itself declares."""
        self._annotations = annotations
        self.name = ""
        self.declared = ""

    def see(self, words: str, inside: bool) -> None:
        """Go on to a line.

        Args:
            words: the line.
            inside: whether other lines lead to it: it may then go on with the parameter before.
        """
        named = _PARAMETER.match(words)
        if named is None:
            self.name, self.declared = (self.name, self.declared) if inside else ("", "")
            return
        self.name = named["name"].lstrip("*")
        written = _TYPE.match(words)
        said = (written["google"] or written["numpy"] or "") if written else named["before"] or ""
        self.declared = said.strip(" `") or self._annotations.get(self.name, "")
