"""Does a shapes-only run refuse what torch refuses, and run what torch runs? Generated calls, good and faulty.

The calls that fit come from torch's own samples for testing: every function and operator, and every module of
``torch.nn``, each in several ways. From each fitting call faulty ones are made: one size, one dtype or the
number of dims of one tensor is changed. Each call is made for real and shapes-only, and what happens is
compared: whether it is refused and in which words, and the shapes, strides and dtypes of the results.

``python -m benchmarks.refusals`` prints the differences; ``--write`` puts the table into docs/limits.md.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import sys
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.utils import _pytree as pytree

from benchmarks.document import replace_part, table, versions
from shapeflow.errors import NeedsValues, NoShapeFormula
from shapeflow.recording.shapes_only.mode import ShapesOnly
from shapeflow.recording.shapes_only.stand_ins import lift

DTYPES = (torch.float64, torch.float16, torch.int64, torch.bool)
"""What the dtype of a tensor is changed to."""
SAMPLES = 4
"""Fitting calls of each function that faulty ones are made from."""

SKIPPED = {
    "__getitem__": "",
}


class Outcome(NamedTuple):
    """What a call did."""

    kind: str
    """``runs``, ``refused``, or ``needs values``."""
    what: Any
    """The description of the results, or the message."""


@dataclass(frozen=True)
class Case:
    """A call: a function and its arguments, or a module that is built and called."""

    name: str
    change: str
    make: Callable[[], Callable[..., Any]]
    args: tuple[Any, ...]
    kwargs: dict[str, Any]


def variations(args: Any, kwargs: Any, chance: random.Random) -> Iterator[tuple[str, Any, Any]]:
    """Yield calls that differ from a fitting one in one size, dtype or dim count of one tensor."""
    leaves, spec = pytree.tree_flatten((args, kwargs))
    for position, leaf in enumerate(leaves):
        if not isinstance(leaf, Tensor) or leaf.layout is not torch.strided:
            continue
        for change, other in changed(leaf, chance):
            fresh = [*leaves[:position], other, *leaves[position + 1 :]]
            yield f"{change} of tensor {position}", *pytree.tree_unflatten(fresh, spec)


def changed(tensor: Tensor, chance: random.Random) -> Iterator[tuple[str, Tensor]]:
    """Yield a tensor with one size, the dtype, or the number of dims changed."""
    tensor = tensor.detach()
    for dtype in DTYPES:
        if dtype is not tensor.dtype:
            yield f"dtype {dtype}", tensor.to(dtype)
    dims = sorted(chance.sample(range(tensor.dim()), min(tensor.dim(), 2)))
    for dim in dims:
        size = tensor.shape[dim]
        yield (
            f"size {size} -> {size + 1} at {dim}",
            torch.cat([tensor, tensor.narrow(dim, 0, 1)], dim)
            if (size)
            else tensor.new_zeros((*tensor.shape[:dim], 1, *tensor.shape[dim + 1 :])),
        )
        if size > 1:
            yield f"size {size} -> {size - 1} at {dim}", tensor.narrow(dim, 0, size - 1).clone()
    yield "one dim more", tensor[None].clone()
    if tensor.dim():
        yield (
            "one dim less",
            tensor.select(0, 0).clone() if len(tensor) else tensor.new_zeros(tensor.shape[1:]),
        )


def outcome(call: Callable[[], Any]) -> Outcome:
    """Return what a call did."""
    try:
        result = call()
    except (NeedsValues, NoShapeFormula) as error:
        return Outcome("needs values", f"{type(error).__name__}: {error.what}")
    except Exception as error:  # noqa: BLE001 - whatever torch raises is what is compared
        return Outcome(
            "refused", f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"
        )
    return Outcome("runs", pytree.tree_map(described, result))


def described(value: Any) -> Any:
    if not isinstance(value, Tensor):
        return type(value).__name__ if not isinstance(value, int | str | bool | type(None)) else value
    if value.layout is not torch.strided:
        return (str(value.dtype), tuple(value.shape), str(value.layout))
    used = [stride for size, stride in zip(value.shape, value.stride(), strict=True) if size > 1]
    return (str(value.dtype), tuple(value.shape), used if value.numel() else None)


def really(case: Case) -> Outcome:
    """Make the call for real."""

    def call() -> Any:
        args, kwargs = pytree.tree_map_only(Tensor, copied, (case.args, case.kwargs))
        return case.make()(*args, **kwargs)

    return outcome(call)


def by_shape(case: Case, everything: bool) -> Outcome:
    """Make the call shapes-only: floating point tensors are symbolic, and, if wanted, all others too."""

    def call() -> Any:
        symbolic = lambda tensor: (  # noqa: E731
            lift(tensor)
            if everything or tensor.is_floating_point() or tensor.is_complex()
            else copied(tensor)
        )
        with torch.no_grad():
            args, kwargs = pytree.tree_map_only(Tensor, symbolic, (case.args, case.kwargs))
        with ShapesOnly():
            return case.make()(*args, **kwargs)

    return outcome(call)


def runs_with_other_numbers(case: Case) -> bool:
    """Return True if the call runs for real with zeros in all integer and boolean tensors."""
    zeros = lambda tensor: (  # noqa: E731
        tensor if tensor.is_floating_point() or tensor.is_complex() else torch.zeros_like(tensor)
    )
    args, kwargs = pytree.tree_map_only(Tensor, zeros, (case.args, case.kwargs))
    return really(replace(case, args=args, kwargs=kwargs)).kind == "runs"


def copied(tensor: Tensor) -> Tensor:
    if tensor.layout is not torch.strided:
        return tensor.detach().clone()
    other = torch.empty_strided(tensor.size(), tensor.stride(), dtype=tensor.dtype)
    return other.copy_(tensor.detach()) if 0 not in tensor.stride() else tensor.detach()


def function_cases(name: str) -> Iterator[Case]:
    from torch.testing._internal.common_methods_invocations import op_db

    chance = random.Random(0)
    for info in op_db:
        full = f"{info.name}{'.' + info.variant_test_name if info.variant_test_name else ''}"
        if full != name:
            continue
        dtypes = [torch.float32, torch.int64, torch.complex64, torch.bool]
        dtype = next((dtype for dtype in dtypes if dtype in info.dtypes), None)
        if dtype is None:
            continue
        samples = list(info.sample_inputs("cpu", dtype))
        chosen = samples if len(samples) <= SAMPLES else chance.sample(samples, SAMPLES)
        functions = {"": info.op, "method ": info.method_variant, "in-place ": info.inplace_variant}
        for kind, function in functions.items():
            if function is None or (kind == "method " and info.op is not None):
                continue
            for sample in chosen:
                args, kwargs = (sample.input, *sample.args), sample.kwargs
                yield Case(full, f"{kind}fits", lambda f=function: f, args, kwargs)
                for change, args, kwargs in variations(args, kwargs, chance):
                    yield Case(full, kind + change, lambda f=function: f, args, kwargs)


def module_cases(name: str) -> Iterator[Case]:
    from torch.testing._internal.common_modules import module_db

    chance = random.Random(0)
    for info in module_db:
        if info.name != name:
            continue
        for training in (False, True):
            inputs = info.module_inputs_func(
                info, device="cpu", dtype=torch.float32, requires_grad=False, training=training
            )
            for given in inputs if len(inputs) <= SAMPLES else chance.sample(inputs, SAMPLES):
                built, called = given.constructor_input, given.forward_input
                if called is None:
                    continue

                def make(built: Any = built, training: bool = training, kind: Any = info.module_cls) -> Any:
                    return kind(*built.args, **built.kwargs).train(training)

                mode = "training " if training else ""
                yield Case(name, f"{mode}fits", make, tuple(called.args), called.kwargs)
                for change, args, kwargs in variations(tuple(called.args), called.kwargs, chance):
                    yield Case(name, mode + change, make, args, kwargs)


def names() -> list[str]:
    from torch.testing._internal.common_methods_invocations import op_db
    from torch.testing._internal.common_modules import module_db

    found = {f"{info.name}{'.' + info.variant_test_name if info.variant_test_name else ''}" for info in op_db}
    return sorted(found) + sorted({info.name for info in module_db})


def compare(name: str) -> list[dict[str, str]]:
    """Return a row for each case of a function or module."""
    rows = []
    warnings.simplefilter("ignore")
    make = module_cases if name.startswith("nn.") and not name.startswith("nn.functional") else function_cases
    for case in make(name):
        torch.manual_seed(0)
        real = really(case)
        for everything in (False, True):
            found = by_shape(case, everything)
            verdict = judge(real, found)
            if verdict == "FALSE YES" and everything and runs_with_other_numbers(case):
                verdict = "refused for its numbers"
            rows.append(
                {
                    "name": name,
                    "change": case.change,
                    "all": everything,
                    "verdict": verdict,
                    "real": str(real.what)[:300],
                    "found": str(found.what)[:300],
                }
            )
    return rows


def judge(real: Outcome, found: Outcome) -> str:
    if found.kind == "needs values":
        return "needs values" if real.kind == "runs" else "needs values, refused"
    if real.kind == found.kind == "refused":
        return "same words" if real.what == found.what else "other words"
    if real.kind == found.kind:
        return "same results" if real.what == found.what else "other results"
    return "FALSE YES" if found.kind == "runs" else "FALSE NO"


def child(name: str, seconds: int = 300) -> list[dict[str, str]]:
    """Compare in a process of its own: torch's samples may kill it."""
    read, write = os.pipe()
    pid = os.fork()
    if not pid:
        os.close(read)
        import signal

        signal.alarm(seconds)
        try:
            text = json.dumps(compare(name))
        except Exception as error:  # noqa: BLE001
            text = json.dumps(
                [
                    {
                        "name": name,
                        "change": "",
                        "all": "",
                        "verdict": "HARNESS",
                        "real": repr(error)[:200],
                        "found": "",
                    }
                ]
            )
        with os.fdopen(write, "w") as out:
            out.write(text)
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as source:
        text = source.read()
    os.waitpid(pid, 0)
    return (
        json.loads(text)
        if text
        else [{"name": name, "change": "", "all": "", "verdict": "DIED", "real": "", "found": ""}]
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--out", default="/tmp/refusals.jsonl")
    args = parser.parse_args()
    torch.set_num_threads(1)
    everything = names()
    chosen = [name for name in everything if not args.names or name in args.names]
    with ShapesOnly():
        pass
    counts: Counter[str] = Counter()
    with open(args.out, "w") as out:
        for name in chosen:
            for row in child(name):
                counts[row["verdict"]] += 1
                out.write(json.dumps(row) + "\n")
            out.flush()
    print(counts)


if __name__ == "__main__":
    main()
