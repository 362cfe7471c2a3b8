"""Run the model of a trace again, shapes-only, with other sizes of what goes in.

What can vary is known without knowing the model: a request has pictures and boxes, a factory brings
tensors, each of whose dims either can have another size or makes the model raise.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from shapeflow.adapters.base import Adapter, Prepared, load, surroundings
from shapeflow.adapters.boxes import Box
from shapeflow.adapters.recorded import from_recorded
from shapeflow.adapters.request import Request
from shapeflow.adapters.specs import FORWARD_INPUTS, spec_of
from shapeflow.errors import InputError
from shapeflow.model.axis_names import Place, is_picture, name_axes
from shapeflow.model.records import Call, Port
from shapeflow.model.trace import Trace
from shapeflow.model.variation import Axis, OtherRun, Variation
from shapeflow.runs.axes import Found, find_axes
from shapeflow.runs.execute import execute
from shapeflow.runs.words import sentences, size_names, widths

LONGER = " with some more words"
"""Added to the prompt of a run, to see whether its length moves anything."""
PICTURE = (640, 480)
"""Size of a picture whose own was not recorded."""
APART = "The sizes were varied one at a time: the model does not run with all of them changed."
FIXED = "No size of the inputs could be changed: every claim has numbers."
CANNOT_RUN = "The model could not be run again ({}), so every claim has numbers."

Report = Callable[[str], None]


def vary(trace: Trace, report: Report) -> Variation:
    """Return the axes of a trace's inputs, and runs in which they have other sizes.

    Args:
        trace: a complete run by any adapter but ``python``, which gives nothing to run again.
        report: told what is being run, in a few words.

    Raises:
        InputError: the model cannot be built again, or is another one by now.
    """
    adapter = _Noting(load(trace.run.target))
    with ExitStack() as stack:
        if spec_of(trace.run.target).inputs >= FORWARD_INPUTS:
            found = _Forward(trace, adapter, report).vary()
        else:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="shapeflow-")))
            found = _vary_request(trace, adapter, folder, report)
    taken = {axis.symbol for axis in found.axes}
    fixed = {symbol: size for symbol, size in adapter.widths.items() if symbol not in taken}
    return replace(found, sentences=sentences(trace), widths=fixed)


class _Noting:
    """An adapter that notes the configuration of the model that it builds."""

    def __init__(self, adapter: Adapter) -> None:
        self._adapter = adapter
        self.widths: dict[str, tuple[int, str]] = {}

    def __call__(self, request: Request) -> Prepared:
        """Build as the adapter does."""
        prepared = self._adapter(request)
        self.widths = self.widths or widths(prepared.model)
        return prepared

    def surroundings(self) -> AbstractContextManager[None]:
        """Return what has to be entered wherever code of the user's runs."""
        return surroundings(self._adapter)


def run_again(trace: Trace, adapter: Adapter, request: Request) -> Trace:
    """Return a run of the model of a trace.

    Raises:
        InputError: the request cannot be met.
        KeyboardInterrupt: by the person who waits.
    """
    again = execute(request, adapter=adapter)
    if again.run.failure and again.run.failure.type == "KeyboardInterrupt":
        raise KeyboardInterrupt
    return again


def check_same_model(trace: Trace, again: Trace) -> None:
    """Check that the model of the trace is still the one that is built today.

    Raises:
        InputError: it is not.
    """
    now = {module.path: (module.class_name, module.parameters) for module in again.modules}
    then = {module.path: (module.class_name, module.parameters) for module in trace.modules}
    if now != then:
        changed = next(path for path in {**then, **now} if now.get(path) != then.get(path))
        raise _outdated(trace, f"module '{changed or '.'}' is another one now")


def _outdated(trace: Trace, because: str) -> InputError:
    return InputError(
        "trace-outdated",
        f"the trace is not of the model that '{trace.run.target}' gives today",
        because=because,
        hint="trace it again, then draft",
    )


class _Forward:
    """Varies the input tensors that a model is called with."""

    def __init__(self, trace: Trace, adapter: Adapter, report: Report) -> None:
        self._trace = trace
        self._adapter = adapter
        self._report = report
        self._request = from_recorded(trace.run.target, trace.run.inputs)
        root = trace.calls[0]
        self._inputs = _distinct_inputs(root)
        self._sizes = {
            (port.name, dim): size
            for port in self._inputs
            for dim, size in enumerate(trace.values[port.value or 0].shape)
        }

    def vary(self) -> Variation:
        """Find the axes and run them changed, one at a time and together."""
        self._report("the same sizes")
        again = run_again(self._trace, self._adapter, self._request)
        if again.run.failure and self._trace.run.device != "meta":  # it needs values, so it gets them
            self._request = replace(self._request, device=self._trace.run.device)
            again = run_again(self._trace, self._adapter, self._request)
        check_same_model(self._trace, again)
        if again.run.failure:
            return Variation(notes=(CANNOT_RUN.format(again.run.failure.first_line),))
        if _input_shapes(again) != _input_shapes(self._trace):
            raise _outdated(self._trace, "its inputs have other shapes now")
        steady = [place for place in self._sizes if is_picture(self._trace, place)]
        found = find_axes(self._sizes, self._try, steady)
        if not found:
            return Variation(notes=(FIXED,))
        axes = name_axes(self._trace, [axis.places for axis in found], size_names(self._trace))
        runs = [
            OtherRun(_sizes(axes, {axis.symbol: size}), run)
            for axis, one in zip(axes, found, strict=True)
            for size, run in one.traces.items()
        ]
        together = self._together(axes, found) if len(axes) > 1 else []
        notes = () if together or len(axes) == 1 else (APART,)
        return Variation(tuple(axes), (*runs, *together), notes)

    def _try(self, sizes: Mapping[Place, int]) -> Trace | None:
        """Return the run with other sizes, or None if the model cannot run with them."""
        shown = ", ".join(f"{port} dim {dim} = {size}" for (port, dim), size in sizes.items())
        self._report(shown)
        try:
            again = run_again(self._trace, self._adapter, replace(self._request, resize=sizes))
        except InputError:
            return None
        if again.run.failure:
            return None
        shapes = _input_shapes(again)
        taken = all(shapes[port][dim] == size for (port, dim), size in sizes.items())
        return again if taken else None

    def _together(self, axes: Sequence[Axis], found: Sequence[Found]) -> list[OtherRun]:
        """Return runs in which all axes have changed, to sizes that differ where they can."""
        runs = []
        for turn in range(2):
            taken: dict[str, int] = {}
            for axis, one in zip(axes, found, strict=True):
                options = list(one.traces)
                options = options[::-1] if turn else options[1:] + options[:1]
                fresh = [size for size in options if size not in taken.values()]
                taken[axis.symbol] = (fresh or options)[0]
            sizes = {
                place: taken[axis.symbol]
                for axis, one in zip(axes, found, strict=True)
                for place in one.places
            }
            trace = self._try(sizes)
            if trace is not None:
                runs.append(OtherRun(taken, trace))
        return runs


def _distinct_inputs(root: Call) -> list[Port]:
    """Return the ports of the input tensors, each tensor once."""
    ports: dict[int, Port] = {}
    for port in root.inputs:
        if port.value is not None:
            ports.setdefault(port.value, port)
    return list(ports.values())


def _input_shapes(trace: Trace) -> dict[str, tuple[int, ...]]:
    """Return the shapes of the model's input tensors by port."""
    return {
        port.name: trace.values[port.value].shape for port in trace.calls[0].inputs if port.value is not None
    }


def _sizes(axes: Sequence[Axis], other: Mapping[str, int]) -> dict[str, int]:
    """Return the size of every axis, its own where no other is given."""
    return {axis.symbol: other.get(axis.symbol, axis.size) for axis in axes}


@dataclass(frozen=True, slots=True)
class _Countable:
    """Something of a request that there can be more of."""

    axis: Axis
    add: Callable[[Request, int], Request]
    """Returns the request with so many of it."""


def _vary_request(trace: Trace, adapter: Adapter, folder: Path, report: Report) -> Variation:
    """Vary the numbers of pictures and boxes, and the length of the prompt."""
    recorded = trace.run.inputs.get("images") or ()
    images = tuple(_picture(folder, number, image) for number, image in enumerate(recorded))
    request = from_recorded(trace.run.target, trace.run.inputs)
    request = replace(request, images=images, checkpoint=None)
    things = []
    if request.images:
        axis = Axis("B", "number of pictures", len(request.images))
        things.append(_Countable(axis, _with_images))
    if "boxes" in trace.run.inputs:
        things.append(_Countable(Axis("N", "number of boxes", len(request.boxes)), _with_boxes))
    if not things:
        return Variation(notes=(FIXED,))
    axes = [thing.axis for thing in things]
    plans = [(_sizes(axes, {axis.symbol: axis.size + 1}), False) for axis in axes]
    plans += [(_all_different(axes, more), True) for more in (1, 2)]
    runs = []
    for sizes, longer in plans:
        report(", ".join(f"{symbol} = {size}" for symbol, size in sizes.items()))
        changed = request
        for thing in things:
            changed = thing.add(changed, sizes[thing.axis.symbol])
        if longer and changed.prompt is not None:
            changed = replace(changed, prompt=changed.prompt + LONGER)
        again = run_again(trace, adapter, changed)
        check_same_model(trace, again)
        if again.run.failure:
            return Variation(notes=(CANNOT_RUN.format(again.run.failure.first_line),))
        runs.append(OtherRun(sizes, again))
    return Variation(tuple(axes), tuple(runs))


def _all_different(axes: Sequence[Axis], more: int) -> dict[str, int]:
    """Return larger sizes for all axes, no two alike: a dim of ``B*N`` must not look like ``N*N``."""
    sizes: dict[str, int] = {}
    for number, axis in enumerate(axes):
        size = axis.size + more + 2 * number
        while size in sizes.values():
            size += 1
        sizes[axis.symbol] = size
    return sizes


def _picture(folder: Path, number: int, recorded: Mapping[str, Any]) -> Path:
    from PIL import Image

    width, height = recorded.get("size") or PICTURE
    path = folder / f"{number}.png"
    Image.new("RGB", (int(width), int(height)), "grey").save(path)
    return path


def _with_images(request: Request, count: int) -> Request:
    more = [request.images[number % len(request.images)] for number in range(count)]
    return replace(request, images=tuple(more))


def _with_boxes(request: Request, count: int) -> Request:
    boxes = request.boxes or (Box(0.5, 0.5, 0.25, 0.25),)
    return replace(request, boxes=tuple(boxes[number % len(boxes)] for number in range(count)))
