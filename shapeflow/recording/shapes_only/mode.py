"""The whole forward with no arithmetic on large tensors.

Large tensors have a shape, strides and a dtype, and memory that nobody touches, or none (``meta``). Small
tensors whose values follow from Python values are really computed on the CPU, they are *concrete*; so a
model may read its small integers (``spatial_shapes[0, 0]``) and gets true ones. Everything else is
*symbolic*: its values are not known, and reading them is an error that names the op and the way out.

To the model this looks like a run on the CPU: every tensor says ``device='cpu'``. The model is built under
the same mode, so no weight ever takes memory.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

import torch
from torch import Tensor

from shapeflow.common.shared import Changes, surely
from shapeflow.errors import NeedsValues, NoShapeFormula
from shapeflow.recording.dispatch_mode import DispatchMode
from shapeflow.recording.lazy_dynamo import load_before_run
from shapeflow.recording.modes import put_on, refuse_inside_shapes_only
from shapeflow.recording.operators import OperatorWatch
from shapeflow.recording.ports import map_tensors
from shapeflow.recording.redispatch import have_own_dispatch, redispatch
from shapeflow.recording.schemas import Kind, Operator, broadcast_elements, operator_of, tensors_in
from shapeflow.recording.shapes_only import zeros
from shapeflow.recording.shapes_only.arguments import CPU, notations, on_cpu, tensors_among
from shapeflow.recording.shapes_only.attempts import attempt
from shapeflow.recording.shapes_only.cleanup import RandomState, Shapes
from shapeflow.recording.shapes_only.concrete import ConcreteValues
from shapeflow.recording.shapes_only.higher import run_higher
from shapeflow.recording.shapes_only.memo import Inferred, Layout, MetaMemo, build, lacks_formula
from shapeflow.recording.shapes_only.outs import hand_back, write_out
from shapeflow.recording.shapes_only.overrides import CpuView
from shapeflow.recording.shapes_only.places import MASKS, PlaceChecks, check_mask
from shapeflow.recording.shapes_only.stand_ins import lift
from shapeflow.recording.shapes_only.trials import Trials
from shapeflow.recording.torch_internals import no_torch_function

_META = torch.device("meta")
_aten = torch.ops.aten


class ShapesOnly(DispatchMode):
    """Run what is inside without arithmetic on large tensors.

    Args:
        protect: tensors that exist already and must not be changed, such as the parameters and buffers of a
            model that was built before. Their values may be read, never written.
    """

    watch: OperatorWatch | None = None
    is_shapes_only = True

    def __init__(self, protect: Iterable[Tensor] = ()) -> None:
        super().__init__()
        self.concrete = ConcreteValues(protect)
        self.trials = Trials(self.concrete.has_data)
        self.memo = MetaMemo(self.trials)
        self.places = PlaceChecks(self.concrete, self.trials)
        self._shapes = Shapes()
        self.functions = CpuView(self.concrete, self.trials)
        self._changes = Changes()
        self._flops = 0
        self.elements_left_out = 0  # of tensors that were made without data

    def begin(self, changes: Changes) -> None:
        """Be on until the changes end.

        Raises:
            RuntimeError: a shapes-only run is going on around it.
        """
        refuse_inside_shapes_only()
        load_before_run()
        changes.on_end(self.concrete.release)
        changes.on_end(self._shapes.put_back)
        changes.share("random numbers", RandomState)
        self.functions.begin(changes)
        put_on(self, changes)

    def __enter__(self) -> ShapesOnly:
        try:
            self.begin(self._changes)
        except BaseException:
            self._changes.end()
            raise
        return self

    def __exit__(self, *exception: Any) -> None:
        surely(lambda: None, self._changes.end)

    # Operators --------------------------------------------------------------------------------------------

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Run one operator on shapes, or on values where they are concrete."""
        if have_own_dispatch(types):
            self.concrete.have_wrappers = True
            return NotImplemented  # they do so with operators on what they hold
        kwargs, operator, watch = kwargs or {}, operator_of(func), self.watch
        handler = self._HANDLERS[operator.kind]
        with no_torch_function():
            if watch is None:
                return handler(self, operator, args, kwargs)
            on_meta = kwargs.get("device") == _META  # which the model sees as the CPU
            begun = watch.begin(operator, args, {**kwargs, "device": CPU} if on_meta else kwargs)
            self._flops = 0
            try:
                result = handler(self, operator, args, kwargs)
            except BaseException as error:
                self.concrete.lacking.note(error)  # a scripted function makes another error of it
                watch.failed(begun, error)
                raise
            watch.end(begun, self._flops, result)
            return result

    def _query(self, operator: Operator, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        return operator.func(*args, **kwargs)

    def _higher(self, operator: Operator, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        return run_higher(self.concrete, operator, args, kwargs)

    def _make(self, operator: Operator, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if self.concrete.paused or operator.func is not _aten.scalar_tensor.default:
            inferred = self.memo.infer(operator.func, args, kwargs)
            if operator.is_random or not self.concrete.may_be(inferred.largest):
                self.elements_left_out += inferred.largest
                made = self._built(inferred, args, kwargs)
                if not operator.is_random:
                    shapes = map_tensors(args, lift), map_tensors(kwargs, lift)
                    self.concrete.deferred.note(operator.func, shapes[0], {**shapes[1], "device": CPU}, made)
                return made
        where = {"device": CPU} if tensors_among(args, kwargs) else {}
        result = operator.func(*args, **{**on_cpu(kwargs), **where})
        # What memory happens to hold is not a number that the model could mean.
        return result.zero_() if "empty" in operator.name else result

    def _convert(self, operator: Operator, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        tensors = tensors_among(args, kwargs)
        kwargs = {name: value for name, value in kwargs.items() if name not in ("device", "pin_memory")}
        here, there = (
            tuple([device if isinstance(value, torch.device) else value for value in args])
            for device in (CPU, _META)
        )
        if all(map(self.concrete.is_small, tensors)):
            return redispatch(operator.func, (), here, kwargs)
        made = self._built(self.memo.infer(operator.func, there, kwargs), there, kwargs)
        if self.concrete.have_values(tensors):
            self.concrete.deferred.note(operator.func, here, kwargs, made)
        return made

    def _view(self, operator: Operator, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        tensors = tensors_among(args, kwargs)
        if operator.func is _aten.as_strided.default:  # without data, torch lets it go beyond the memory
            attempt(operator.func, args, kwargs, untouched=True)
        with_data = [tensor for tensor in tensors if not tensor.is_meta]
        if len(with_data) < len(tensors):
            for tensor in tensors:
                if isinstance(tensor, torch.nn.Parameter):  # a view of it has no values either
                    self.concrete.forget(tensor)
            if with_data:
                args, kwargs = map_tensors(args, lift), map_tensors(kwargs, lift)
            return operator.func(*args, **kwargs)
        result = operator.func(*args, **kwargs)
        if not self.concrete.have_values(tensors):
            for tensor in tensors + tensors_in((result,)):
                self.concrete.forget(tensor)
        return result

    def _read(self, operator: Operator, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if operator.func is _aten.index.Tensor:
            return self._index(*args)
        concrete = self.concrete
        if concrete.have_values(tensors_among(args, kwargs)):
            return redispatch(operator.func, (), concrete.with_values(args), concrete.with_values(kwargs))
        if operator.func is _aten.masked_select.default and concrete.has_values(args[1]):
            if args[1].dtype is not torch.bool:
                self.trials.refuse(operator.func, args, kwargs)
            tensor, mask = torch.broadcast_tensors(*args)
            return self._index(tensor, [mask])
        result = zeros.of_readers(operator, args, kwargs, concrete)
        if result is NotImplemented:
            result = self._by_parts(operator.func, args, kwargs)
        if result is NotImplemented:
            raise NeedsValues(operator.name, notations(args, kwargs))
        return result

    def _by_parts(self, func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Run the parts of what `inference_mode` hands over whole; ``NotImplemented`` if it has none."""
        super().__enter__()  # it sees what is called inside, too
        try:
            result = func.decompose(*args, **kwargs)
        finally:
            super().__exit__(None, None, None)
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
                indices += self.concrete.values_of(index).nonzero().unbind(1)
            else:
                raise NeedsValues("index", notations((index,), {}))
        return self._compute(operator_of(_aten.index.Tensor), (tensor, indices), {})

    def _compute(self, operator: Operator, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        tensors, written = tensors_among(args, kwargs), operator.written(args, kwargs)
        small = not operator.is_random and all(map(self.concrete.is_small, tensors))
        if small and operator.is_pointwise and self.concrete.may_be(broadcast_elements(tensors)):
            return redispatch(operator.func, (), args, on_cpu(kwargs))
        try:
            inferred = self.memo.infer(operator.func, args, kwargs, tried=not small)
        except Exception as error:
            if small and self.concrete.may_write(written):  # it says in its own words what it refuses
                return redispatch(operator.func, (), args, on_cpu(kwargs))
            if not lacks_formula(error):
                raise
            return self._without_formula(operator, args, kwargs)
        self._flops = inferred.flops
        if small:
            if self.concrete.may_be(inferred.largest) and self.concrete.may_write(written):
                return redispatch(operator.func, (), args, on_cpu(kwargs))
            self.memo.infer(operator.func, args, kwargs)  # tried now
        self.places.check(operator, args, kwargs)
        for tensor in written:
            self.concrete.forget(tensor)
        made = self._built(inferred, args, kwargs)
        if tensors and not written and not operator.is_random and self.concrete.have_values(tensors):
            self.concrete.deferred.note(operator.func, args, on_cpu(kwargs), made, inferred.flops)
        return made

    def _without_formula(self, operator: Operator, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        result = self._by_parts(operator.func, args, kwargs)
        if result is NotImplemented:
            result = zeros.of_formulaless(operator, args, kwargs, self.concrete)
        if result is NotImplemented:
            raise NoShapeFormula(operator.name, notations(args, kwargs))
        return result

    def _write(self, operator: Operator, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        written = operator.written(args, kwargs)
        if operator.reshapes:
            if operator.name.startswith(("resize", "set")):  # it gets other memory, or more
                for tensor in written:
                    self.concrete.deferred.forget(tensor)
            self._shapes.note(tensor for tensor in written if self.concrete.is_protected(tensor))
            return operator.func(*args, **kwargs)
        tensors = tensors_among(args, kwargs)
        small = not operator.is_random and all(map(self.concrete.is_small, tensors))
        if small and self.concrete.may_write(written):
            return redispatch(operator.func, (), args, kwargs)
        self.places.check_memory(operator, args, kwargs)
        self.places.check(operator, args, kwargs)
        first_alone = operator.writes_first_alone and isinstance(args[0], Tensor)
        if first_alone and not operator.is_random and self.concrete.have_values(tensors):
            inferred = self.memo.infer_or_name(operator, args, kwargs)
            if type(inferred.outputs) is not Layout and self.concrete.write(operator.func, args, kwargs):
                self._flops = inferred.flops
                return self._built(inferred, args, kwargs)
        for tensor in written:
            self.concrete.forget(tensor)
        if any(tensor is value for tensor in written for value in kwargs.values()):
            self._shapes.note(tensor for tensor in written if self.concrete.is_protected(tensor))
            return write_out(self.trials, operator, args, kwargs, written)
        if operator.gives_nothing and not self.memo.has_formula(operator, args, kwargs):
            return None  # such as a fused optimiser: it has no shape to tell
        inferred = self.memo.infer_or_name(operator, args, kwargs)
        self._flops = inferred.flops
        made = self._built(inferred, args, kwargs)
        grows = type(inferred.outputs) is Layout and first_alone and operator.name.endswith("_")
        if grows:  # it gives its first argument another shape, as `addbmm_` does
            self._shapes.note(tensor for tensor in written if self.concrete.is_protected(tensor))
        return hand_back(args[0], made) if grows else made

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

    def _built(self, inferred: Inferred, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        return build(inferred.outputs, args, kwargs, self.concrete.symbolic)
