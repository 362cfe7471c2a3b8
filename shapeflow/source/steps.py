"""The steps of Python code, and what they may be called in a trace."""

from __future__ import annotations

import ast

OPERATORS: dict[type[ast.AST], tuple[str, ...]] = {
    ast.Add: ("add", "add_", "iadd"),
    ast.Sub: ("sub", "rsub", "sub_", "isub"),
    ast.Mult: ("mul", "mul_", "imul"),
    ast.Div: ("div", "true_divide", "rdiv", "div_", "idiv"),
    ast.FloorDiv: ("floor_divide", "floordiv"),
    ast.Mod: ("remainder", "mod"),
    ast.Pow: ("pow", "rpow"),
    ast.MatMult: ("matmul", "rmatmul"),
    ast.BitAnd: ("bitwise_and", "and", "__and__", "logical_and"),
    ast.BitOr: ("bitwise_or", "or", "__or__", "logical_or"),
    ast.BitXor: ("bitwise_xor", "xor", "__xor__"),
    ast.USub: ("neg",),
    ast.Invert: ("bitwise_not", "invert", "__invert__"),
    ast.Eq: ("eq",),
    ast.NotEq: ("ne",),
    ast.Lt: ("lt", "gt"),
    ast.LtE: ("le", "ge"),
    ast.Gt: ("gt", "lt"),
    ast.GtE: ("ge", "le"),
}
"""Node of an operator -> the ops that it may be in a trace: ``1 < x`` is ``x > 1`` there."""
SWAPPING = (ast.Add, ast.Mult, ast.BitAnd, ast.BitOr, ast.BitXor)
"""Operators between a number and a tensor that have the tensor first in a trace, as comparisons have it."""
BUILTINS = {"sum": ("sum", "add"), "max": ("max", "gt", "lt"), "min": ("min", "lt", "gt"), "sorted": ("lt",)}
"""Functions of Python -> the ops of what they are given."""
HIDING = (ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp, ast.Await, ast.Yield)
"""What runs its inside another number of times than once, or later."""


def ops_of(node: ast.AST) -> tuple[str, ...]:
    """Return what a step may be called in a trace; empty if the source does not tell."""
    if isinstance(node, ast.Call):
        called = node.func
        if isinstance(called, ast.Attribute) and called.attr == "forward":
            called = called.value
        if isinstance(called, ast.Subscript):  # a list of modules
            called = called.value
        if isinstance(called, ast.Name) and called is node.func:
            return BUILTINS.get(called.id, (called.id,))
        return (called.attr,) if isinstance(called, ast.Attribute) else ()
    if isinstance(node, ast.BinOp | ast.UnaryOp | ast.AugAssign):
        return OPERATORS.get(type(node.op), ())
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        return OPERATORS.get(type(node.ops[0]), ())
    if isinstance(node, ast.Subscript) and not _is_size(node):
        return ("getitem",)
    return ()


def is_number(node: ast.expr) -> bool:
    """Return whether an expression is surely no tensor: it is worked out of numbers and sizes."""
    if isinstance(node, ast.UnaryOp):
        return is_number(node.operand)
    if isinstance(node, ast.BinOp):
        return is_number(node.left) and is_number(node.right)
    if isinstance(node, ast.Call):
        called = node.func
        if isinstance(called, ast.Attribute) and isinstance(called.value, ast.Name):
            return called.value.id == "math"
        return isinstance(called, ast.Name) and called.id in ("len", "int", "float")
    return isinstance(node, ast.Constant) or (isinstance(node, ast.Subscript) and _is_size(node))


def _is_size(node: ast.Subscript) -> bool:
    """Return whether it is an item of a shape: reading that is no op."""
    return isinstance(node.value, ast.Attribute) and node.value.attr == "shape"
