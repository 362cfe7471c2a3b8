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
    ast.Lt: ("lt",),
    ast.LtE: ("le",),
    ast.Gt: ("gt",),
    ast.GtE: ("ge",),
}
"""Node of an operator -> the ops that it may be in a trace."""
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
        return (called.attr,) if isinstance(called, ast.Attribute) else ()
    if isinstance(node, ast.BinOp | ast.UnaryOp):
        return OPERATORS.get(type(node.op), ())
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        return OPERATORS.get(type(node.ops[0]), ())
    if isinstance(node, ast.Subscript):
        return ("getitem",)
    return ()
