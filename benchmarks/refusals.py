"""Compare what torch takes and refuses with what a shapes-only run takes and refuses: generated calls.

The calls that fit are torch's own samples for tests: of every function and operator, and of every module
of ``torch.nn``, each in several ways, some with the backward pass. From each, others are made: one size, the
dtype or the number of dims of one tensor is changed, and most of those are faulty. Each call is made for real
and shapes-only, once with all floating point tensors symbolic and once with all tensors symbolic; whether it
is refused and in which words, and the shapes, strides and dtypes of the results are compared.

``python -m benchmarks.refusals [NAME ...]`` prints the table; ``--write`` puts it into docs/limits.md;
``--list FILE`` writes every comparison into a file, one JSON object a line.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import signal
import time
import warnings
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple, TextIO

import torch
from torch import Tensor
from torch.utils import _pytree as pytree

from benchmarks.document import replace_part, table, versions
from shapeflow.errors import NeedsValues, NoShapeFormula
from shapeflow.recording.shapes_only.memo import Layout
from shapeflow.recording.shapes_only.mode import ShapesOnly
from shapeflow.recording.shapes_only.wording import without_numbers

DTYPES = (torch.float64, torch.float16, torch.int64, torch.bool)
"""What the dtype of a tensor is changed to."""
SAMPLES = 4
"""Fitting calls of a function that others are made from."""
SECONDS = 300
"""After which the calls of one function are given up."""

ACCEPTED, REFUSED = "accepted, and refused for real", "refused, and accepted for real"
OTHER_WORDS, OTHER_RESULTS = "refused in other words", "other results"
NUMBERS = "refused for real for the numbers in symbolic tensors"
LOST, UNDER_WAY = "not compared", "under way"
_ENDS = "ends the process"
VERDICTS = (
    *("the same results", "refused in the same words", OTHER_WORDS, OTHER_RESULTS),
    *("needs values", NUMBERS, ACCEPTED, REFUSED, LOST),
)
LISTED = (ACCEPTED, REFUSED, OTHER_RESULTS, LOST)
"""Verdicts that are listed below the table, call by call."""


class Outcome(NamedTuple):
    """What a call did."""

    kind: str
    """``runs``, ``refused``, or ``needs values``."""
    what: Any
    """The description of the results, or the first line of the message."""


@dataclass(frozen=True)
class Case:
    """A call: how what is called is made, and with which arguments."""

    name: str
    change: str
    make: Callable[[], Callable[..., Any]]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]


# Cases ----------------------------------------------------------------------------------------------------


def _variations(case: Case, chance: random.Random) -> Iterator[Case]:
    """Yield a case, and those that differ from it in one size, dtype or dim count of one tensor."""
    yield case
    leaves, form = pytree.tree_flatten((case.args, case.kwargs))
    for position, leaf in enumerate(leaves):
        if isinstance(leaf, Tensor) and leaf.layout is torch.strided:
            for change, other in _changed(leaf.detach(), chance):
                args, kwargs = pytree.tree_unflatten(
                    [*leaves[:position], other, *leaves[position + 1 :]], form
                )
                if "scaled_dot_product" in case.name and args[1].shape[:-1] != args[2].shape[:-1]:
                    continue  # the CPU's kernel does not check, and reads beyond the memory
                text = f"{case.change}, {change} of tensor {position}"
                yield replace(case, change=text, args=args, kwargs=kwargs)


def _changed(tensor: Tensor, chance: random.Random) -> Iterator[tuple[str, Tensor]]:
    for dtype in DTYPES:
        if dtype is not tensor.dtype:
            yield f"dtype {dtype}", tensor.to(dtype)
    for dim in sorted(chance.sample(range(tensor.dim()), min(tensor.dim(), 2))):
        size = tensor.shape[dim]
        first = tensor.narrow(dim, 0, 1) if size else None
        shape = (*tensor.shape[:dim], 1, *tensor.shape[dim + 1 :])
        larger = tensor.new_zeros(shape) if first is None else torch.cat([tensor, first], dim)
        yield f"size {size + 1} for {size} at {dim}", larger
        if size > 1:
            yield f"size {size - 1} for {size} at {dim}", tensor.narrow(dim, 0, size - 1).clone()
    yield "one dim more", tensor[None].clone()
    if tensor.dim():
        yield "one dim less", tensor[0].clone() if len(tensor) else tensor.new_zeros(tensor.shape[1:])


def _function_cases(name: str) -> Iterator[Case]:
    from torch.testing._internal.common_methods_invocations import op_db

    chance = random.Random(0)
    for info in op_db:
        if _name(info) != name:
            continue
        dtypes = (torch.float32, torch.int64, torch.complex64, torch.bool)
        dtype = next((dtype for dtype in dtypes if dtype in info.dtypes), None)
        samples = [] if dtype is None else list(info.sample_inputs("cpu", dtype))
        chosen = samples if len(samples) <= SAMPLES else chance.sample(samples, SAMPLES)
        backward = partial(_with_gradients, info.op)
        kinds = (("fits", info.op), ("in place", info.inplace_variant), ("backward", backward))
        for kind, function in kinds:
            few = chosen[: SAMPLES // 2] if kind == "backward" else chosen
            for sample in few if function is not None else ():
                args = (sample.input, *sample.args)
                fits = Case(name, kind, lambda function=function: function, args, sample.kwargs)
                yield from _variations(fits, chance)


def _module_cases(name: str) -> Iterator[Case]:
    from torch.testing._internal.common_modules import module_db

    chance = random.Random(0)
    options = {"device": "cpu", "dtype": torch.float32, "requires_grad": False}
    for info in module_db:
        for training in (False, True) if info.name == name else ():
            inputs = info.module_inputs_func(info, **options, training=training)
            for given in inputs if len(inputs) <= SAMPLES else chance.sample(inputs, SAMPLES):
                built, called = given.constructor_input, given.forward_input
                if called is not None:

                    def make(built: Any = built, training: bool = training, info: Any = info) -> Any:
                        module = info.module_cls(*built.args, **built.kwargs).train(training)
                        return partial(_with_gradients, module) if training else module

                    kind = "training, backward" if training else "fits"
                    fits = Case(name, kind, make, tuple(called.args), called.kwargs)
                    yield from _variations(fits, chance)


def _name(info: Any) -> str:
    return f"{info.name}.{info.variant_test_name}" if info.variant_test_name else str(info.name)


def names() -> dict[str, Callable[[str], Iterator[Case]]]:
    """Return all functions and modules that torch has samples of, and what gives the cases of each."""
    from torch.testing._internal.common_methods_invocations import op_db
    from torch.testing._internal.common_modules import module_db

    functions = sorted({_name(info) for info in op_db})
    modules = sorted({f"module {info.name}" for info in module_db})
    return {
        **dict.fromkeys(functions, _function_cases),
        **dict.fromkeys(modules, lambda name: _module_cases(name.removeprefix("module "))),
    }


# Outcomes -------------------------------------------------------------------------------------------------


def _outcome(call: Callable[[], Any]) -> Outcome:
    try:
        result = call()
    except (NeedsValues, NoShapeFormula) as error:
        return Outcome("needs values", error.what)
    except Exception as error:
        text = str(without_numbers(error)).partition("\n")[0]
        return Outcome("refused", f"{type(error).__name__}: {text}")
    return Outcome("runs", pytree.tree_map(_described, result))


def _described(value: Any) -> Any:
    if not isinstance(value, Tensor):
        return value if isinstance(value, int | str | bool | None) else type(value).__name__
    if value.layout is not torch.strided:
        return str(value.dtype), tuple(value.shape), str(value.layout)
    strides = [stride for size, stride in zip(value.shape, value.stride(), strict=True) if size > 1]
    return str(value.dtype), tuple(value.shape), strides if value.numel() else None


def _really(case: Case) -> Outcome:
    def call() -> Any:
        args, kwargs = pytree.tree_map_only(Tensor, _copied, (case.args, case.kwargs))
        return case.make()(*args, **kwargs)

    return _outcome(call)


def _shapes_only(case: Case, everything: bool) -> Outcome:
    mode = ShapesOnly()

    def without_values(tensor: Tensor) -> Tensor:
        if tensor.layout is not torch.strided or not (everything or _is_real(tensor)):
            return _copied(tensor)
        made = mode.concrete.symbolic(Layout(tensor.size(), tensor.stride(), tensor.dtype))
        return made.conj() if tensor.is_conj() else made

    def call() -> Any:
        with mode:
            args, kwargs = pytree.tree_map_only(Tensor, without_values, (case.args, case.kwargs))
            return case.make()(*args, **kwargs)

    return _outcome(call)


def _with_gradients(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Return the gradients of what a function gives, with respect to all that it is given."""
    given = [leaf for leaf in pytree.tree_leaves((args, kwargs)) if isinstance(leaf, Tensor)]
    leaves = [leaf.requires_grad_() for leaf in given if _is_real(leaf)]
    results = pytree.tree_leaves(function(*args, **kwargs))
    ends = [result for result in results if isinstance(result, Tensor) and result.requires_grad]
    if not ends or not leaves:
        return None
    total = [end.abs().sum() if end.is_complex() else end.sum() for end in ends]
    return torch.autograd.grad(total, leaves, allow_unused=True)


def _copied(tensor: Tensor) -> Tensor:
    tensor = tensor.detach()
    if tensor.layout is not torch.strided or 0 in tensor.stride():
        return tensor.clone() if tensor.layout is not torch.strided else tensor
    return torch.empty_strided(tensor.size(), tensor.stride(), dtype=tensor.dtype).copy_(tensor)


def _is_real(tensor: Tensor) -> bool:
    return tensor.is_floating_point() or tensor.is_complex()


def _with_other_numbers(case: Case, everything: bool) -> Iterator[Outcome]:
    """Yield what the call does for real with other numbers in the tensors that are symbolic.

    Random ones in floating point tensors; if all are symbolic, also zeros, and ones, in the others.
    """
    for filled in (_random, *(partial(_full, number) for number in (0, 1) if everything)):
        args, kwargs = pytree.tree_map_only(Tensor, filled, (case.args, case.kwargs))
        yield _really(replace(case, args=args, kwargs=kwargs))


def _random(tensor: Tensor) -> Tensor:
    usual = _is_real(tensor) and tensor.layout is torch.strided and 0 not in tensor.stride()
    return torch.rand_like(tensor) if usual else tensor


def _full(number: int, tensor: Tensor) -> Tensor:
    return tensor if _is_real(tensor) else torch.full_like(tensor, number)


def _judge(case: Case, real: Outcome, found: Outcome, everything: bool) -> str:
    if found.kind == "needs values":
        return "needs values"
    if real.kind == "runs":
        same = "the same results" if found == real else OTHER_RESULTS
        return same if found.kind == "runs" else REFUSED
    if found == real:
        return "refused in the same words"
    others = list(_with_other_numbers(case, everything))
    if found.kind == "refused":
        return NUMBERS if found in others else OTHER_WORDS
    about_numbers = real.what.startswith("_LinAlgError") or any(other.kind == "runs" for other in others)
    return NUMBERS if about_numbers else ACCEPTED


def compare(name: str, case: Case, ends: bool = False) -> Iterator[dict[str, str]]:
    """Yield a row for each comparison of a call; before each step one that says what is under way.

    Args:
        name: of the function or module.
        case: the call.
        ends: it does so for real; so it is made shapes-only alone.
    """
    row = {"name": name, "change": case.change, "verdict": UNDER_WAY, "real": _ENDS, "found": ""}
    torch.manual_seed(0)
    if not ends:
        yield row
        real = _really(case)
        row["real"] = _text(real.what)
    for everything in (False, True):
        yield {**row, "found": _ENDS}
        found = _shapes_only(case, everything)
        verdict = LOST if ends else _judge(case, real, found, everything)
        yield {**row, "verdict": verdict, "found": _text(found.what)}


def _text(what: Any) -> str:
    """Return the beginning of an outcome, without the folder in which torch was built."""
    return re.sub(r'"/\S*?/(aten/)', r'"\1', str(what))[:300].replace("\n", " ")


def in_children(name: str, make: Callable[[str], Iterator[Case]]) -> list[dict[str, str]]:
    """Compare in processes of their own: a call may end one, or take for ever; then another one goes on."""
    rows: list[dict[str, str]] = []
    first, ends = 0, False
    until = time.monotonic() + SECONDS
    while True:
        read, write = os.pipe()
        child = os.fork()
        if not child:
            signal.alarm(max(1, int(until - time.monotonic())))
            with os.fdopen(write, "w") as out:
                _write_rows(name, islice(enumerate(make(name)), first, None), ends, out)
            os._exit(0)
        os.close(write)
        row = {"name": name, "change": "all", "verdict": UNDER_WAY, "real": "", "found": ""}
        with os.fdopen(read) as source:
            for number, row in map(json.loads, source):
                first = number  # the next process goes on there
                rows += [row] if row["verdict"] != UNDER_WAY else []
        _, status = os.waitpid(child, 0)
        if not status:
            return rows
        if not os.WIFSIGNALED(status):
            raise RuntimeError(f"comparing {name} failed: see the traceback above")
        late = os.WTERMSIG(status) == signal.SIGALRM
        if row["verdict"] != UNDER_WAY or not row["real"] or late:
            why = f"took more than {SECONDS} s" if late else _ENDS
            return [*rows, {**row, "verdict": LOST, "change": f"from here on: {row['change']}", "found": why}]
        ends = not row["found"]
        if not ends:
            rows.append({**row, "verdict": LOST})
            first += 1


def _write_rows(name: str, cases: Iterator[tuple[int, Case]], ends: bool, out: TextIO) -> None:
    warnings.simplefilter("ignore")
    for number, case in cases:
        for row in compare(name, case, ends):
            print(json.dumps((number, row)), file=out, flush=True)
        ends = False


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="functions and modules (default: all)")
    parser.add_argument("--write", action="store_true", help="put the table into docs/limits.md")
    parser.add_argument("--list", metavar="FILE", help="write every comparison into a file")
    args = parser.parse_args()
    torch.set_num_threads(1)
    with ShapesOnly():  # loads what every run needs
        pass
    rows = []
    for name, make in names().items():
        if not args.names or name in args.names:
            rows += in_children(name, make)
    if args.list:
        Path(args.list).write_text("\n".join(map(json.dumps, rows)) + "\n", encoding="utf-8")
    text = _report(rows)
    print(replace_part("limits.md", "refusals", text) if args.write else text)


def _report(rows: list[dict[str, str]]) -> str:
    counts: dict[bool, Counter[str]] = defaultdict(Counter)
    listed: dict[tuple[str, str], list[dict[str, str]]] = defaultdict(list)
    for row in rows:
        counts[row["name"].startswith("module ")][row["verdict"]] += 1
        if row["verdict"] in LISTED:
            listed[row["verdict"], row["name"]].append(row)
    lines = [(verdict, f"{counts[False][verdict]:,}", f"{counts[True][verdict]:,}") for verdict in VERDICTS]
    functions = len({row["name"] for row in rows if not row["name"].startswith("module ")})
    modules = len({row["name"] for row in rows}) - functions
    parts = [table(("a shapes-only run", f"{functions} functions", f"{modules} modules"), lines)]
    parts += [
        f"- {verdict}: `{name}`, {len(found)} calls, such as: {found[0]['change']}. "
        f"Real: {found[0]['real']!r}; shapes-only: {found[0]['found']!r}."
        for (verdict, name), found in listed.items()
    ]
    return "\n".join([parts[0], "", *parts[1:], "", f"{versions('torch')}."])


if __name__ == "__main__":
    main()
