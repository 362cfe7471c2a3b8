"""What an operator would give, without doing it: metadata and FLOPs, worked out once for each distinct call.

torch's meta kernels are exact but many are written in Python (layer norm 2 ms, attention 2.7 ms,
``interpolate`` 12 ms a call), and blocks of a model repeat. Of SAM3's 7,205 operator calls only 558 differ in
operator, shapes, dtypes, strides and scalars, so remembering the results is what makes a shapes-only run
fast.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import torch
from torch import Tensor

from shapeflow.errors import NoShapeFormula
from shapeflow.recording.flops import FlopCounter, flops_of, may_count
from shapeflow.recording.notation import notation
from shapeflow.recording.ports import map_tensors, tensors_of
from shapeflow.recording.schemas import Operator
from shapeflow.recording.shapes_only import layouts
from shapeflow.recording.shapes_only.descriptions import key
from shapeflow.recording.shapes_only.formulas import result_of
from shapeflow.recording.shapes_only.stand_ins import lift
from shapeflow.recording.shapes_only.trials import Reduced, Trials

_META = torch.device("meta")


class Layout(NamedTuple):
    """One output."""

    shape: torch.Size
    strides: tuple[int, ...]
    """In elements."""
    dtype: torch.dtype


@dataclass(frozen=True, slots=True)
class Argument:
    """An output that is an argument handed back, such as that of ``dropout`` outside training."""

    place: int | str
    """Its position, or its name."""


@dataclass(frozen=True, slots=True)
class Inferred:
    """What an operator gives for arguments of one description."""

    outputs: Any
    """The result with each tensor replaced by its ``Layout``, or by the ``Argument`` that it is."""
    largest: int
    """The number of elements of its largest new tensor."""
    flops: int


def _copied(tensor: Tensor) -> Tensor:
    """Return another tensor of the same description without data."""
    if tensor.is_neg():
        return lift(tensor)
    made = torch.empty_strided(tensor.size(), tensor.stride(), dtype=tensor.dtype, device=_META)
    return made.conj() if tensor.is_conj() else made


def lacks_formula(error: Exception) -> bool:
    """Return True if torch says that an operator has no shape formula, not that arguments do not fit."""
    text = str(error).lower()
    if isinstance(error, NotImplementedError):  # else it is the model that asks for what there is not
        return "meta" in text or "fake impl" in text
    return text.startswith("there was no fake impl registered") or "nestedtensorimpl storage" in text


class MetaMemo:
    """Remembers what was inferred for each distinct operator call."""

    def __init__(self, trials: Trials | None = None) -> None:
        self._inferred: dict[Any, Inferred] = {}
        self._trials = trials

    def infer(
        self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any], *, tried: bool = True
    ) -> Inferred:
        """Return what ``func`` would give.

        Args:
            func: the operator (an ``OpOverload`` of torch).
            args: its arguments.
            kwargs: its keyword arguments.
            tried: ask torch's kernel too, whether it takes the call; not needed if it is going to be run.

        Raises:
            NoShapeFormula: one of them is sparse.
            Exception: whatever the meta kernel raises for arguments that do not fit together.
        """
        try:
            description = key(func, args, kwargs), tried
        except RuntimeError:  # a layout without strides
            tensors = tensors_of((args, kwargs)).values()
            raise NoShapeFormula(func.overloadpacket.__name__, ", ".join(map(notation, tensors))) from None
        try:
            inferred = self._inferred.get(description)
        except TypeError:  # an argument that cannot be hashed: infer it each time
            return self._infer(func, args, kwargs, tried)
        if inferred is None:
            inferred = self._inferred[description] = self._infer(func, args, kwargs, tried)
        return inferred

    def has_formula(self, operator: Operator, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
        """Return False if torch has no shape formula for an operator."""
        try:
            self.infer(operator.func, args, kwargs)
        except Exception as error:
            return not lacks_formula(error)
        return True

    def infer_or_name(self, operator: Operator, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Inferred:
        """Return what an operator would give.

        Raises:
            NoShapeFormula: it has no shape formula; its name is in the error.
        """
        try:
            return self.infer(operator.func, args, kwargs)
        except (NotImplementedError, RuntimeError) as error:
            if not lacks_formula(error):
                raise
            tensors = tensors_of((args, kwargs)).values()
            raise NoShapeFormula(operator.name, ", ".join(map(notation, tensors))) from None

    def flops(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> int:
        """Return what ``func`` would take; raises as ``ask`` does."""
        return self.infer(func, args, kwargs).flops

    def _infer(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any], asked: bool) -> Inferred:
        trials = self._trials
        if trials is None or not asked:
            return self._by_formula(func, args, kwargs)
        try:
            inferred = self._by_formula(func, args, kwargs)
        except Exception as error:
            if lacks_formula(error) or isinstance(error, NoShapeFormula):
                raise
            result = trials.refuse(func, args, kwargs)
            if result is None:
                raise
            return described(result, args, kwargs, flops_of(func, args, kwargs, result))
        result = trials.check(func, args, kwargs, inferred.largest, inferred.flops)
        if isinstance(result, Reduced):
            return replace(inferred, outputs=_of_dtypes(inferred.outputs, result.dtypes))
        tried = inferred if result is None else described(result, args, kwargs, inferred.flops)
        return tried if _are_alike(tried.outputs, inferred.outputs) else inferred

    @staticmethod
    def _by_formula(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Inferred:
        made = result_of(func, args, kwargs)
        if made is not None:
            layout = Layout(made.size(), made.stride(), made.dtype)
            return Inferred(layout, made.numel(), flops_of(func, args, kwargs, made))
        # Copies: a formula may give an argument that is written to another shape, where the kernel refuses.
        args, kwargs = map_tensors(args, _copied), map_tensors(kwargs, _copied)
        if "device" in kwargs:
            kwargs["device"] = _META
        if "generator" in kwargs:
            kwargs["generator"] = None  # nothing is drawn
        counter = FlopCounter()
        with layouts.of_the_cpu(), counter if may_count(func) else nullcontext():
            result = layouts.corrected(func, args, func(*args, **kwargs))
        return described(result, args, kwargs, counter.flops)


def described(result: Any, args: tuple[Any, ...], kwargs: dict[str, Any], flops: int) -> Inferred:
    """Return the description of what an operator gave for these arguments."""
    given: list[tuple[int | str, Any]] = [*enumerate(args), *kwargs.items()]
    places = {id(value): Argument(place) for place, value in given if isinstance(value, Tensor)}
    largest = 0

    for tensor in tensors_of(result).values():
        kind = "quantised" if tensor.is_quantized else "sparse"
        if tensor.is_quantized or tensor.layout is not torch.strided:
            found = ", ".join(map(notation, tensors_of(args).values()))
            raise NoShapeFormula(f"an operator with a {kind} result", found)

    def layout(tensor: Tensor) -> Argument | Layout:
        nonlocal largest
        place = places.get(id(tensor))
        if place is not None:
            return place
        largest = max(largest, tensor.numel())
        return Layout(tensor.size(), tensor.stride(), tensor.dtype)

    return Inferred(map_tensors(result, layout), largest, flops)


_DESCRIBED: frozenset[type] = frozenset({Layout, Argument})


def _are_alike(outputs: Any, others: Any) -> bool:
    """Return False if one has a tensor where the other has none, such as the workspace of a training LSTM."""
    if isinstance(outputs, list | tuple) and type(outputs) not in _DESCRIBED:
        return len(outputs) == len(others) and all(map(_are_alike, outputs, others))
    return (type(outputs) in _DESCRIBED) == (type(others) in _DESCRIBED)


def _of_dtypes(outputs: Any, dtypes: Any) -> Any:
    """Return outputs with other dtypes: those that the kernel gives, which the formula may not know."""
    if type(outputs) is Layout:
        return Layout(outputs.shape, outputs.strides, dtypes) if isinstance(dtypes, torch.dtype) else outputs
    nested = isinstance(outputs, list | tuple) and isinstance(dtypes, list | tuple)
    if not nested or len(outputs) != len(dtypes):
        return outputs
    return type(outputs)(map(_of_dtypes, outputs, dtypes))


def build(
    outputs: Any, args: tuple[Any, ...], kwargs: dict[str, Any], make: Callable[[Layout], Tensor]
) -> Any:
    """Return the outputs of an ``Inferred`` of a call with these arguments; ``make`` makes new tensors."""
    if type(outputs) is Layout:
        return make(outputs)
    if isinstance(outputs, Argument):
        return kwargs[outputs.place] if isinstance(outputs.place, str) else args[outputs.place]
    if isinstance(outputs, list | tuple):
        return type(outputs)(build(item, args, kwargs, make) for item in outputs)
    return outputs
