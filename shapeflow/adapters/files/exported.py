"""``--model FILE.pt2``: an exported program, run on the inputs that it was exported with.

What is run is the program with the modules that it had, rebuilt by torch. Reading such a file can execute
code of whoever made it: torch unpickles parts of it, works out its sizes with ``eval`` and looks up its
operators as attributes. So all of that is looked through before.
"""

from __future__ import annotations

import inspect
import io
import json
import re
import warnings
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shapeflow.adapters.base import Adapter, Prepared
from shapeflow.adapters.files.content import OPTION, first_line, unreadable
from shapeflow.adapters.request import Request
from shapeflow.errors import InputError

if TYPE_CHECKING:
    from torch.export import ExportedProgram
    from torch.nn import Module

OPERATOR = re.compile(
    r"torch\.ops(\.(?!_)\w+){2,3}|torch\.sym_\w+|torch\._sym_\w+|_operator\.[a-z]+_?|math\.[a-z]+"
)
NOT_OPERATORS = (
    "_operator.attrgetter",
    "_operator.methodcaller",
    "_operator.call",
    "torch.ops.aten.from_file",
)
CALLED = re.compile(r"[A-Za-z_]\w*(?=\s*\()")
SIZE = re.compile(r"[\w\s+\-*/%()<>=!&|~,]*")
"""Of what the text of a size is made up, fractions left out: no quotes, brackets or attributes."""
FRACTION = re.compile(r"(?<!\w)\d+\.\d*(e[+-]?\d+)?(?!\w)")
IMPORTING = re.compile(r"__enum__|default_factory_module|\\\\u00")
"""What in the description of nested inputs has modules imported, or hides such a word."""
NAMED = re.compile(r"Symbol\('\w+'((, \w+=(True|False))*)\)|Float\('[\d.e+-]+', precision=\d+\)")
"""How sizes spell out symbols and fractions: the only texts in quotes."""
FUNCTIONS = frozenset(
    """
    Max Min Mod PythonMod FloorDiv CleanDiv CeilDiv ModularIndexing Where Eq Ne Lt Le Gt Ge And Or Not Abs Pow
    PowByNatural FloatPow IntTrueDiv FloatTrueDiv ToFloat TruncToInt TruncToFloat CeilToInt FloorToInt
    RoundToInt RoundDecimal LShift RShift Identity Add Mul Integer Rational Float floor ceiling sqrt
    OpaqueUnaryFn_sqrt OpaqueUnaryFn_exp OpaqueUnaryFn_log IsNonOverlappingAndDenseIndicator
    BitwiseFn_bitwise_and BitwiseFn_bitwise_or
    """.split()  # noqa: SIM905 - forty words
)
"""Functions that sizes are worked out with."""
CLASS = re.compile(r"[A-Za-z_]\w{0,99}", re.ASCII)
FROM_EXPORT = "the example that the program was exported with"


def load(path: Path, *, trust: bool) -> Adapter:
    """Return what makes a run of an exported program.

    Raises:
        InputError: it cannot be read, or would execute code.
    """
    program = _program(path, trusted=trust)
    if program.example_inputs is None:
        raise unreadable(path, "it was saved without the inputs that it was exported with")
    args, kwargs = program.example_inputs
    names = _names(program, len(args) + len(kwargs))
    model = _with_modules(program, names)
    made = dict.fromkeys(names, FROM_EXPORT)

    def build(request: Request) -> Prepared:
        from shapeflow.adapters.forward import prepared

        run = prepared(model, tuple(args), dict(kwargs), request, made=made)
        note = f"The program was exported by torch.export; its modules are as {path.name} names them."
        return replace(run, notes=(*run.notes, note))

    return build


def _program(path: Path, *, trusted: bool) -> ExportedProgram:
    import torch

    if not trusted:
        _check(path)
    try:
        return torch.export.load(path)
    except Exception as error:  # each kind of broken file fails in its own way
        raise unreadable(path, first_line(error)) from None


def _with_modules(program: ExportedProgram, names: Sequence[str]) -> Module:
    """Return the program as modules, nested as they were when it was exported."""
    from torch.export import unflatten

    model: Module
    try:
        model = unflatten(program)
        object.__setattr__(model, "__class__", _with_names(type(model), names))
        _give_classes(model, program)
    except Exception:  # what it cannot take apart is one module
        model = program.module()
    trained = any(_is_training(node) for node in program.graph.nodes)
    for module in model.modules():
        module.training = trained
    return model


def _give_classes(model: Module, program: ExportedProgram) -> None:
    """Give each rebuilt module below the root a class with the name of the one that was exported."""
    classes: dict[str, str] = {}
    for node in program.graph.nodes:
        stack = (node.meta.get("nn_module_stack") or {}).values()
        classes.update((str(path), str(kind)) for path, kind in stack)
    for path, module in model.named_modules():
        owner, _, name = classes.get(path, "").rpartition(".")
        if path and CLASS.fullmatch(name):
            kind = type(name, (type(module),), {"__module__": owner, "__qualname__": name})
            object.__setattr__(module, "__class__", kind)


def _with_names(kind: type[Module], names: Sequence[str]) -> type[Module]:
    """Return a class like that of a rebuilt program whose forward says what its arguments are called."""

    def forward(self: Any, *args: Any, **kwargs: Any) -> Any:
        return kind.forward(self, *args, **kwargs)

    parameters = [
        inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD) for name in ("self", *names)
    ]
    if names:
        forward.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    return type("ExportedProgram", (kind,), {"forward": forward})


def _is_training(node: Any) -> bool:
    """Return True if an operator works as in training: the mode of a program is in its operators."""
    import torch

    from shapeflow.recording.torch_internals import schema_of

    if node.op != "call_function" or not isinstance(node.target, type(torch.ops.aten.add.Tensor)):
        return False
    for number, argument in enumerate(schema_of(node.target).arguments):
        if argument.name in ("train", "training"):
            given = node.args[number] if number < len(node.args) else node.kwargs.get(argument.name)
            return given is True
    return False


def _names(program: ExportedProgram, count: int) -> Sequence[str]:
    """Return what the forward that was exported calls its arguments; empty if the file does not say."""
    for entry in program.module_call_graph:
        names = getattr(entry.signature, "forward_arg_names", None)
        if not entry.fqn and names and len(names) == count:
            return tuple(names)
    return ()


def _check(path: Path) -> None:
    """Check that reading a program and running it executes nothing but operators of torch.

    Raises:
        InputError: it would, or the file is broken.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            found = next(_suspects(archive), "")
    except (zipfile.BadZipFile, ValueError, RecursionError, KeyError, OSError, NotImplementedError) as error:
        raise unreadable(path, first_line(error)) from None
    if found:
        raise InputError(
            "model-untrusted",
            f"reading '{path}' would execute more than operators of torch",
            where=OPTION,
            found=found,
            because="whoever made the file could have anything run here",
            hint="--trust, if you know where the file comes from",
        )


def _suspects(archive: zipfile.ZipFile) -> Iterator[str]:
    """Yield what of an archive could execute code, in words."""
    for name in archive.namelist():
        inside = name.partition("/")[2]
        if inside.startswith("data/constants/custom_obj_") or inside.startswith("data/constants/opaque_obj"):
            yield f"the object '{inside}' is pickled by its own code"
        elif inside.startswith("data/aotinductor/"):
            yield f"'{inside}' is compiled code"
        elif name.endswith((".pt", "_inputs.json", "_dict.json", "_constants.json")):
            if not _is_plain(archive.read(name)):
                yield f"'{inside or name}' holds pickled objects"
        elif name.endswith("_config.json") and "/data/" in name:
            yield from _suspect_payloads(archive, name)
        elif name.endswith(".json"):
            yield from _suspect_values(json.loads(archive.read(name)), "")


def _suspect_payloads(archive: zipfile.ZipFile, config: str) -> Iterator[str]:
    """Yield the pickled tensors of a list of payloads that are not tensors."""
    for payload in json.loads(archive.read(config)).get("config", {}).values():
        if payload.get("use_pickle"):
            file = f"{config.rpartition('/')[0]}/{payload['path_name']}"
            if not _is_plain(archive.read(file)):
                yield f"'{file.partition('/')[2]}' holds pickled objects"


def _suspect_values(value: Any, key: str) -> Iterator[str]:
    """Yield what in the description of a program is not what torch writes there."""
    if isinstance(value, dict):
        for name, part in value.items():
            yield from _suspect_values(part, str(name))
    elif isinstance(value, list):
        for part in value:
            yield from _suspect_values(part, key)
    elif not isinstance(value, str):
        return
    elif key in ("target", "as_operator") and not is_operator(value):
        yield f"the operator '{value[:80]}'"
    elif key == "expr_str" and not is_size(value):
        yield f"the size '{value[:80]}'"
    elif IMPORTING.search(value):
        yield "names of modules that would be imported"


def is_operator(target: str) -> bool:
    """Return True if a target is an operator: all else that starts like one could be any function."""
    if target.startswith(("torch", "_operator", "math", "#")):
        return bool(OPERATOR.fullmatch(target)) and target not in NOT_OPERATORS
    return True  # a name of the program's own, which torch looks up nowhere


def is_size(text: str) -> bool:
    """Return True if a text works out a size: symbols, numbers, and functions that are known to."""
    text = FRACTION.sub("1", NAMED.sub("s", text))
    known = set(CALLED.findall(text)) <= FUNCTIONS and re.search(r"\)\s*\(", text) is None
    return known and bool(SIZE.fullmatch(text)) and "__" not in text


def _is_plain(contents: bytes) -> bool:
    """Return True if something pickled holds tensors and plain values only."""
    import torch

    if not contents:
        return True
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch warns of other protocols of pickle
            torch.load(io.BytesIO(contents), weights_only=True)
    except Exception:  # whatever is wrong with it
        return False
    return True
