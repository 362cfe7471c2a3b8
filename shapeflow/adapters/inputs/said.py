"""The shape that a docstring gives an argument, in each of the ways in which that is written.

``x (`torch.Tensor` of shape `(batch_size, 2 * channels + 1, height, width)`)``, ``x: [B, C, H, W] - some``,
``x (`torch.Tensor`): Noisy sounds `(batch, channels, T)`.`` A dim is a number, a name, or a sum of them.
"""

from __future__ import annotations

import ast
import math
import operator
import re
from collections.abc import Callable
from typing import Any

SHAPED = re.compile(r"\bshape[ds]?\b[\s:]*`*(?=[(\[])")
QUOTED = re.compile(r"(?<=[`:\s])(?=[(\[])")
SIGNS: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.FloorDiv: operator.floordiv,
    ast.Div: operator.floordiv,
    ast.Pow: operator.pow,
}
FUNCTIONS: dict[str, Callable[[Any], int]] = {"len": len, "prod": math.prod}


def dims_said(doc: str, name: str) -> list[str]:
    """Return the dims that a docstring gives an argument, each as it stands there; none if it gives none."""
    text = _paragraph(doc, name)
    for pattern in (SHAPED, QUOTED):
        for found in pattern.finditer(text):
            dims = _dims(text[found.end() :])
            if dims:
                return dims
    return []


def value_of(dim: str, known: Callable[[str], Any]) -> int | None:
    """Return the size of a dim, None if a name in it is not known.

    Args:
        dim: as ``dims_said`` returns it.
        known: returns the value of a name, a number or a list of them, or None.
    """
    try:
        value = _worked_out(ast.parse(dim, mode="eval").body, known)
    except (ArithmeticError, TypeError, ValueError):
        return None
    return value if isinstance(value, int) and 0 < value < 10**7 else None


def _paragraph(doc: str, name: str) -> str:
    """Return what a docstring says of an argument, in one line."""
    lines = doc.splitlines()
    for place, line in enumerate(lines):
        start = re.match(rf"(\s*)`*{re.escape(name)}`*\s*[(:]", line)
        if start is None:
            continue
        said = [line[start.end() - 1 :]]
        for more in lines[place + 1 :]:
            if not more.strip() or len(more) - len(more.lstrip()) <= len(start[1]):
                break
            said.append(more.strip())
        return " ".join(said)
    return ""


def _dims(text: str) -> list[str]:
    """Return the dims of a text that begins with a bracket, none if that is something else."""
    depth, parts, part, end = 0, [], "", -1
    for place, sign in enumerate(text):
        depth += (sign in "([") - (sign in ")]")
        if depth == 0:
            end = place
            break
        if depth == 1 and sign in ",`":
            parts += [part] if sign == "," else []
            part = "" if sign == "," else part
        elif not (depth == 1 and not parts and not part and sign in "(["):
            part += sign
    parts += [part] if part.strip() else []
    dims = [_plain(part) for part in parts]
    pair = text[:1] + text[end : end + 1]  # `[0, 1)` is a range
    closed = pair in ("()", "[]") and (len(dims) > 1 or "," in text[:end])
    return dims if closed and dims and all(map(_is_dim, dims)) else []


def _plain(part: str) -> str:
    """Return a dim as an expression: ``batch size`` is one name, ``2C`` a product."""
    dim = re.sub(r"\b(self\.)?config\.", "", part.strip())
    dim = re.sub(r"(?<=[A-Za-z]) (?=[A-Za-z])", "_", dim)
    return re.sub(r"\b(\d+)([A-Za-z])", r"\1*\2", dim)


def _is_dim(dim: str) -> bool:
    try:
        tree = ast.parse(dim, mode="eval")
    except (SyntaxError, ValueError):
        return False
    kinds = (ast.Expression, ast.BinOp, ast.operator, ast.Name, ast.Load, ast.Call)
    return all(
        isinstance(part, kinds) or (isinstance(part, ast.Constant) and isinstance(part.value, int))
        for part in ast.walk(tree)
    )


def _worked_out(node: ast.expr, known: Callable[[str], Any]) -> Any:
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.Name):
        return known(node.id)
    if isinstance(node, ast.BinOp):
        left, right = _worked_out(node.left, known), _worked_out(node.right, known)
        return SIGNS[type(node.op)](left, right)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and len(node.args) == 1:
        return FUNCTIONS[node.func.id](_worked_out(node.args[0], known))
    raise ValueError(ast.dump(node))
