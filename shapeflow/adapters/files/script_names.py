"""What of a Python file could be run as a model, read from its source: nothing of it is executed."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from pathlib import Path

MODEL_WORDS = ("build", "model", "net", "create", "make", "get", "main")
"""Words in the names of what gives a model, the likeliest first."""
BASES = ("Module", "Sequential", "LightningModule", "PreTrainedModel", "ModelMixin")


@dataclass(frozen=True, slots=True)
class Candidates:
    """Names in a file that ``FILE.py:NAME`` could end in."""

    functions: tuple[str, ...] = ()
    """That can be called without arguments."""
    classes: tuple[str, ...] = ()
    """Of modules, that can be built without arguments."""
    objects: tuple[str, ...] = ()
    """Made of a call, such as ``model = Net(3)``."""
    need_arguments: tuple[str, ...] = ()
    """Functions and classes of modules that cannot do without."""

    @property
    def all(self) -> tuple[str, ...]:
        """Every name, the likeliest first."""
        return (
            *sorted(self.functions, key=_likeliness),
            *self.classes,
            *sorted(self.objects, key=_likeliness),
        )


def candidates_in(path: Path) -> Candidates:
    """Return the candidates in a Python file.

    Raises:
        OSError: it cannot be read.
        SyntaxError: it is not Python.
        ValueError: likewise.
    """
    tree = ast.parse(path.read_bytes(), filename=str(path))
    modules: set[str] = set()
    found: dict[str, list[str]] = {"functions": [], "classes": [], "objects": [], "need_arguments": []}
    for node in _top_level(tree):
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            found["functions" if _is_free(node.args, 0) else "need_arguments"].append(node.name)
        elif isinstance(node, ast.ClassDef) and any(
            _last_name(base) in (*BASES, *modules) for base in node.bases
        ):
            modules.add(node.name)
            found["classes" if _is_built_free(node) else "need_arguments"].append(node.name)
        elif isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, ast.Call):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names = [name.id for name in targets if isinstance(name, ast.Name)]
            if _may_be_model(node.value, modules, names):
                found["objects"] += names
    return Candidates(**{kind: tuple(dict.fromkeys(names)) for kind, names in found.items()})


def _top_level(tree: ast.Module) -> list[ast.stmt]:
    """Return the statements of a file that run when it is imported, also those in ``try`` and ``if``."""
    statements: list[ast.stmt] = []
    for node in tree.body:
        if isinstance(node, ast.Try):
            statements += node.body
        elif isinstance(node, ast.If) and not (
            isinstance(node.test, ast.Compare) and _last_name(node.test.left) == "__name__"
        ):
            statements += [*node.body, *node.orelse]
        else:
            statements.append(node)
    return statements


def _is_free(arguments: ast.arguments, given: int) -> bool:
    """Return True if a function can be called with its first arguments alone."""
    positional = len(arguments.posonlyargs) + len(arguments.args)
    return positional - len(arguments.defaults) <= given and None not in arguments.kw_defaults


def _is_built_free(node: ast.ClassDef) -> bool:
    for part in node.body:
        if isinstance(part, ast.FunctionDef) and part.name == "__init__":
            return _is_free(part.args, 1)
    return True


def _may_be_model(call: ast.Call, modules: set[str], names: list[str]) -> bool:
    """Return True if a call makes a module as far as names tell: of a class here, or called like a model."""
    made = _last_name(call.func)
    called = {"eval", "to", "cuda", "cpu", "half", "float", "train", "requires_grad_"}
    while made in called and isinstance(call.func, ast.Attribute) and isinstance(call.func.value, ast.Call):
        call = call.func.value
        made = _last_name(call.func)
    likely = any(word in name.lower() for name in names for word in ("model", "net"))
    return made in modules or made in BASES or likely


def _last_name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _likeliness(name: str) -> int:
    words = [number for number, word in enumerate(MODEL_WORDS) if word in name.lower()]
    return min(words, default=len(MODEL_WORDS))
