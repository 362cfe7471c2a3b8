"""The whole forward with no arithmetic on large tensors.

Large tensors live on ``meta``: shape, strides, dtype, no data. Small tensors whose values follow from Python
values are really computed on the CPU, they are *concrete*; so a model may read its small integers
(``spatial_shapes[0, 0]``) and gets true ones. Everything else is *symbolic*: its values are not known, and
reading them is an error that names the op and the way out.

To the model this looks like a run on the CPU: every tensor says ``device='cpu'``. The model is built under
the same mode, so no weight is ever allocated.

Not done here: arithmetic of any kind on symbolic tensors, random numbers (always symbolic), sparse and
nested tensors.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from typing import Any, ClassVar

import torch
from torch import Tensor

from shapeflow.errors import NeedsValues, NoShapeFormula
from shapeflow.recording.identity import notation
from shapeflow.recording.lazy_dynamo import load_before_run
from shapeflow.recording.operators import OperatorWatch
from shapeflow.recording.ports import map_tensors, tensors_of
from shapeflow.recording.redispatch import have_own_dispatch, redispatch
from shapeflow.recording.schemas import Kind, Operator, broadcast_elements, operator_of, tensors_in
from shapeflow.recording.shapes_only.concrete import ConcreteValues
from shapeflow.recording.shapes_only.memo import MetaMemo, build
from shapeflow.recording.shapes_only.overrides import CpuView
from shapeflow.recording.shapes_only.places import MASKS, PlaceChecks, check_mask
from shapeflow.recording.shapes_only.stand_ins import lift
from shapeflow.recording.shapes_only.trials import Trials, attempt
from shapeflow.recording.torch_internals import DispatchMode, no_torch_function

_CPU = torch.device("cpu")
_META = torch.device("meta")
_aten = torch.ops.aten


class ShapesOnly(DispatchMode):
    """Run what is inside without arithmetic on large tensors.

    Args:
        protect: tensors that exist already and must not be changed, such as the parameters and buffers of a
            model that was built before. Their values may be read, never written.
    """

    watch: OperatorWatch | None = None

    def __init__(self, protect: Iterable[Tensor] = ()) -> None:
        super().__init__()
        self.concrete = ConcreteValues(protect)
        self.trials = Trials(self.concrete.has_values)
        self.memo = MetaMemo(self.trials)
        self.places = PlaceChecks(self.concrete, self.trials)
        self._reshaped: list[tuple[Tensor, torch.Size, tuple[int, ...], int | torch.SymInt]] = []
        self.functions = CpuView(self.concrete, self.trials)
        self._stack = contextlib.ExitStack()
        self._flops = 0

    def __enter__(self) -> ShapesOnly:
        load_before_run()
        self._random_state = torch.random.get_rng_state()
        self._stack.enter_context(self.functions)
        super().__enter__()
        return self

    def __exit__(self, *exception: Any) -> None:
        super().__exit__(*exception)
        self._stack.close()
        torch.random.set_rng_state(self._random_state)
        with torch.no_grad():
            for tensor, size, stride, offset in reversed(self._reshaped):
                tensor.as_strided_(size, stride, offset)
        self.concrete.release()
        self._reshaped.clear()

    # Operators --------------------------------------------------------------------------------------------

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Run one operator on shapes, or on values where they are concrete."""
        if have_own_dispatch(types):
            return NotImplemented  # they do so with operators on what they hold
        kwargs, operator, watch = kwargs or {}, operator_of(func), self.watch
        handler = self._HANDLERS[operator.kind]
        with no_torch_function():
            if watch is None:
                return handler(self, operator, args, kwargs)
            begun = watch.begin(operator, args, kwargs)
            self._flops = 0
            try:
                result = handler(self, operator, args, kwargs)
            except BaseException as error:
                watch.failed(begun, error)
                raise
            watch.end(begun, self._flops, result)
            return result

    def _query(self, operator: Operator, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        return operator.func(*args, **kwargs)

    def _higher(self, operator: Operator, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Let it call its operators without data; its condition keeps its value."""
        tensors = tensors_of((args, kwargs)).values()
        if all(map(self.concrete.has_values, tensors)):
            return operator.func(*args, **kwargs)

        def without_data(tensor: Tensor) -> Tensor:
            return tensor if tensor.dtype is torch.bool and self.concrete.has_values(tensor) else lift(tensor)

        try:
            return operator.func(*map_tensors(args, without_data), **map_tensors(kwargs, without_data))
        except (RuntimeError, NotImplementedError) as error:
            if "meta" not in str(error).lower():
                raise
            raise NeedsValues(operator.name, ", ".join(map(notation, tensors))) from None

    def _make(self, operator: Operator, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if self.concrete.paused or operator.func is not _aten.scalar_tensor.default:
            inferred = self.memo.infer(operator.func, args, kwargs)
            if operator.is_random or not self.concrete.may_be(inferred.largest):
                return build(inferred.outputs, args, kwargs)
        where = {"device": _CPU} if _tensors(args, kwargs) else {}
        result = operator.func(*args, **{**_on_cpu(kwargs), **where})
        # What memory happens to hold is not a number that the model could mean.
        return result.zero_() if "empty" in operator.name else result

    def _convert(self, operator: Operator, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        concrete = all(map(self.concrete.is_small, _tensors(args, kwargs)))
        device = _CPU if concrete else _META
        kwargs = {name: value for name, value in kwargs.items() if name not in ("device", "pin_memory")}
        args = tuple([device if isinstance(value, torch.device) else value for value in args])
        if concrete:
            return redispatch(operator.func, (), args, kwargs)
        return build(self.memo.infer(operator.func, args, kwargs).outputs, args, kwargs)

    def _view(self, operator: Operator, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        tensors = _tensors(args, kwargs)
        if operator.func is _aten.as_strided.default:  # without data, torch lets it go beyond the memory
            attempt(operator.func, args, kwargs, untouched=True)
        concrete = [tensor for tensor in tensors if not tensor.is_meta]
        if len(concrete) < len(tensors):
            if concrete:
                args, kwargs = map_tensors(args, lift), map_tensors(kwargs, lift)
            return operator.func(*args, **kwargs)
        result = operator.func(*args, **kwargs)
        if not all(map(self.concrete.has_values, tensors)):
            for tensor in tensors + tensors_in((result,)):
                self.concrete.forget(tensor)
        return result

    def _read(self, operator: Operator, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if operator.func is _aten.index.Tensor:
            return self._index(*args)
        if all(map(self.concrete.has_values, _tensors(args, kwargs))):
            return redispatch(operator.func, (), args, kwargs)
        if operator.func is _aten.masked_select.default and self.concrete.has_values(args[1]):
            if args[1].dtype is not torch.bool:
                self.trials.refuse(operator.func, args, kwargs)
            tensor, mask = torch.broadcast_tensors(*args)
            return self._index(tensor, [mask])
        result = self._by_parts(operator.func, args, kwargs)
        if result is NotImplemented:
            raise NeedsValues(operator.name, _notations(args, kwargs))
        return result

    def _by_parts(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Run the parts of what `inference_mode` hands over whole; ``NotImplemented`` if it has none."""
        with self._again():
            result = func.decompose(*args, **kwargs)
        self._flops = 0  # the parts told theirs
        return result

    def _index(self, tensor: Tensor, places: Iterable[Tensor | None]) -> Any:
        """Index by numbers, or by masks whose values are true: those are turned into numbers."""
        indices: list[Tensor | None] = []
        for index in places:
            if index is None or index.dtype not in MASKS:
                indices.append(index)
            elif self.concrete.has_values(index):
                check_mask(tensor, index, len(indices))
                indices += index.nonzero().unbind(1)
            else:
                raise NeedsValues("index", _notations((index,), {}))
        return self._compute(operator_of(_aten.index.Tensor), (tensor, indices), {})

    def _compute(self, operator: Operator, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        tensors, written = _tensors(args, kwargs), operator.written(args, kwargs)
        concrete = not operator.is_random and all(map(self.concrete.is_small, tensors))
        if concrete and operator.is_pointwise and self.concrete.may_be(broadcast_elements(tensors)):
            return redispatch(operator.func, (), args, _on_cpu(kwargs))
        try:
            inferred = self.memo.infer(operator.func, args, kwargs, tried=not concrete)
        except NotImplementedError as error:
            if concrete and not self.concrete.any_protected(written):
                return redispatch(operator.func, (), args, _on_cpu(kwargs))
            if "meta" not in str(error).lower():
                raise  # it is the model that asks for what there is not
            result = self._by_parts(operator.func, args, kwargs)
            if result is NotImplemented:
                raise NoShapeFormula(operator.name, _notations(args, kwargs)) from None
            return result
        except Exception:
            if concrete and not self.concrete.any_protected(written):
                return redispatch(operator.func, (), args, _on_cpu(kwargs))  # it refuses in its own words
            raise
        self._flops = inferred.flops
        if concrete and self.concrete.may_be(inferred.largest) and not self.concrete.any_protected(written):
            return redispatch(operator.func, (), args, _on_cpu(kwargs))
        if concrete:
            self.memo.infer(operator.func, args, kwargs)
        self.places.check(operator, args, kwargs)
        for tensor in written:
            self.concrete.forget(tensor)
        return build(inferred.outputs, args, kwargs)

    def _write(self, operator: Operator, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        written = operator.written(args, kwargs)
        if operator.reshapes:
            self._reshaped += [
                (tensor, tensor.size(), tensor.stride(), tensor.storage_offset())
                for tensor in written
                if self.concrete.any_protected([tensor])
            ]
            return operator.func(*args, **kwargs)
        concrete = not operator.is_random and all(map(self.concrete.is_small, _tensors(args, kwargs)))
        if concrete and not self.concrete.any_protected(written):
            return redispatch(operator.func, (), args, kwargs)
        self.places.check_memory(operator, args, kwargs)
        self.places.check(operator, args, kwargs)
        for tensor in written:
            self.concrete.forget(tensor)
        if any(tensor is value for tensor in written for value in kwargs.values()):
            self.trials.check(operator.func, args, kwargs)
            return _write_out(operator, args, kwargs, written)
        inferred = self.memo.infer(operator.func, args, kwargs)
        self._flops = inferred.flops
        return build(inferred.outputs, args, kwargs)

    _HANDLERS: ClassVar = {
        Kind.FACTORY: _make,
        Kind.COPY: _convert,
        Kind.VIEW: _view,
        Kind.READ: _read,
        Kind.PURE: _compute,
        Kind.WRITE: _write,
        Kind.QUERY: _query,
        Kind.HIGHER: _higher,
    }
    """What runs an operator of each kind."""

    # ------------------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def _again(self) -> Iterator[None]:
        """Let this mode see what is called inside, too."""
        super().__enter__()
        try:
            yield
        finally:
            super().__exit__(None, None, None)


def _write_out(
    operator: Operator, args: tuple[Any, ...], kwargs: dict[str, Any], written: list[Tensor]
) -> Tensor | tuple[Tensor, ...]:
    """Run a function with ``out=``, which gives that tensor the shape of the result."""
    lifted = map_tensors(args, lift), map_tensors(kwargs, lift)
    operator.func(*lifted[0], **lifted[1])
    for tensor, result in zip(written, operator.written(*lifted), strict=True):
        if tensor.shape != result.shape:
            tensor.resize_(result.shape)
    return written[0] if len(written) == 1 else tuple(written)


def _on_cpu(kwargs: dict[str, Any]) -> dict[str, Any]:
    """Return keyword arguments for really doing what is asked for any device."""
    changes = {"device": _CPU, "pin_memory": False}
    return {name: changes.get(name, value) for name, value in kwargs.items()} if kwargs else kwargs


def _tensors(args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[Tensor]:
    return tensors_in((*args, *kwargs.values()) if kwargs else args)


def _notations(args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
    return ", ".join(notation(tensor) for tensor in _tensors(args, kwargs))
