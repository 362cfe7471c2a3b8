"""Which op and which call an exception came from: found by what it passed, and nothing is left on it."""

from __future__ import annotations

import contextlib
import gc
import weakref

import models
import pytest
import torch
from torch import nn

from shapeflow.recording import record, trace
from shapeflow.recording.error_path import ErrorPath

DEVICES = pytest.mark.parametrize("device", [None, "meta"])


class Slotted(Exception):
    __slots__ = ("detail",)


class Refusing(Exception):
    def __setattr__(self, name, value):
        raise TypeError("no attributes")


class Alike(Exception):
    """Equal to all others and without a hash."""

    def __eq__(self, other):
        return True

    __hash__ = None


class Function(nn.Module):
    """A model made of one function, and a layer that it may call."""

    def __init__(self, function, layer: nn.Module | None = None) -> None:
        super().__init__()
        self.function = function
        self.layer = layer

    def forward(self, *args):
        return self.function(*args) if self.layer is None else self.function(self.layer, *args)


def outcome(function, *args, layer: nn.Module | None = None) -> tuple[str | None, str | None]:
    """Return the target of the op that failed, and the path of the call."""
    model = Function(function, layer)
    with pytest.raises(Exception), record(model) as recording:  # noqa: B017 - whichever
        model(*args)
    failure = recording.trace.run.failure
    op = None if failure.op is None else recording.trace.ops[failure.op].target
    return op, None if failure.call is None else recording.trace.calls[failure.call].path


X = torch.randn(2, 3)


def wrong(x: torch.Tensor) -> torch.Tensor:
    return x @ x


@pytest.mark.parametrize("kind", [Slotted, Refusing, Alike, ValueError, KeyboardInterrupt, MemoryError])
def test_every_kind_of_exception_keeps_its_op(kind):
    class Picky(torch.Tensor):
        @classmethod
        def __torch_function__(cls, func, types, args=(), kwargs=None):
            if func is torch.Tensor.exp:
                raise error
            return super().__torch_function__(func, types, args, kwargs)

    error = kind()
    picky = X.as_subclass(Picky)
    model = Function(lambda x: picky.exp())
    with pytest.raises(kind), record(model) as recording:
        model(X)
    failure = recording.trace.run.failure
    assert failure.type == kind.__name__
    assert recording.trace.ops[failure.op].target == "exp"
    assert vars(error) == {}


@DEVICES
def test_the_innermost_op_and_the_innermost_call(device):
    with pytest.raises(RuntimeError) as caught:
        trace(models.Crash(), torch.randn(2, 4), device=device)
    found = caught.value.shapeflow_trace
    assert found.ops[found.run.failure.op].target == "matmul"
    assert found.calls[found.run.failure.call].path == "inner.1"


def test_an_exception_that_was_caught_is_not_taken_for_a_later_one():
    """Later ones are likely to be made at the addresses of earlier ones, which are gone."""

    def function(x):
        for _ in range(50):
            with contextlib.suppress(RuntimeError):
                wrong(x)
        raise RuntimeError("of the model's own")

    def reached(x):
        for _ in range(50):
            with contextlib.suppress(RuntimeError):
                x @ x
        return [].pop()

    for _ in range(20):
        assert outcome(function, X) == (None, "")
        assert outcome(reached, X) == (None, "")


def test_of_several_failures_it_is_the_one_that_ended_the_run():
    def function(x):
        with contextlib.suppress(RuntimeError):
            wrong(x)
        return torch.cat([x, x[0]])

    assert outcome(function, X) == ("cat", "")


def test_one_that_is_kept_and_raised_later():
    def function(x):
        kept = None
        try:
            wrong(x)
        except RuntimeError as error:
            kept = error
        x = x + 1
        raise kept

    def told_otherwise(x):
        kept = None
        try:
            wrong(x)
        except RuntimeError as error:
            kept = error
        x = x + 1
        raise ValueError("nothing worked") from kept

    assert outcome(function, X) == ("matmul", "")
    assert outcome(told_otherwise, X) == ("matmul", "")


def test_one_that_was_raised_while_another_was_handled():
    def function(x):
        try:
            wrong(x)
        except RuntimeError:
            return {}["no such key"]

    assert outcome(function, X) == ("matmul", "")


def test_an_op_that_runs_while_an_exception_is_on_its_way():
    def function(x):
        try:
            return wrong(x)
        finally:
            x.add(1)
            with contextlib.suppress(RuntimeError):
                torch.cat([x, x[0]])

    assert outcome(function, X) == ("matmul", "")


def test_a_chain_that_goes_in_a_circle_ends():
    first, second = ValueError("1"), ValueError("2")
    first.__context__, second.__context__ = second, first
    path = ErrorPath()
    assert path.innermost_of_chain(first) is None


def test_one_without_a_traceback_is_not_known():
    path = ErrorPath()
    path.note(ValueError(), 1)

    def function(x):
        try:
            wrong(x)
        except RuntimeError as error:
            raise error.with_traceback(None) from None

    assert path.innermost(ValueError()) is None
    assert outcome(function, X) == (None, "")


def test_the_call_is_known_without_an_op():
    def refuse(x):
        raise ValueError("refused")

    def function(layer, x):
        with contextlib.suppress(ValueError):
            layer(x)
        return layer(x + 1)

    assert outcome(function, X, layer=Function(refuse)) == (None, "layer")


def test_overlapping_recordings_each_have_their_own_numbers():
    model = Function(wrong)
    with record(model) as outer:
        X.exp()
        X.exp()
        with pytest.raises(RuntimeError), record(model) as inner:
            model(X)
    assert outer.trace.run.failure is None
    failure = inner.trace.run.failure
    assert inner.trace.ops[failure.op].target == "matmul"
    with pytest.raises(RuntimeError), record(model) as outer:
        X.exp()
        with record(model) as inner:
            model(X)
    for recording in (inner, outer):
        assert recording.trace.ops[recording.trace.run.failure.op].target == "matmul"


def test_nothing_is_kept_alive_and_nothing_is_left():
    """An exception that the model caught goes with its frames and their tensors, and one it kept is bare."""
    gone, kept = [], []

    def function(x):
        large = x * 2
        gone.append(weakref.ref(large))
        return large @ large

    def caught(x):
        with contextlib.suppress(RuntimeError):
            function(x)
        assert gone[-1]() is None
        try:
            wrong(x)
        except RuntimeError as error:
            kept.append(error)
        return x + 1

    gc.disable()
    try:
        assert trace(Function(caught), X).run.complete
    finally:
        gc.enable()
    assert [vars(error) for error in kept] == [{}]
