"""Runs that are disturbed: by other recordings, by Ctrl-C, by models that handle themselves meanwhile."""

from __future__ import annotations

import asyncio
import builtins
import copy
import io
import pickle
import random
import sys
import threading
import warnings

import pytest
import torch
from torch import nn
from torch.func import functional_call, stack_module_state, vmap

from benchmarks import interrupts
from shapeflow.recording import record, recorder, trace

DEVICES = pytest.mark.parametrize("device", [None, "meta"])


class Inner(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(4, 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.helper(self.linear(x))

    def helper(self, x: torch.Tensor) -> torch.Tensor:
        return torch.relu(x)


class Outer(nn.Module):
    """Runs its inner module, and then what a test wants of it."""

    def __init__(self, then=None) -> None:
        super().__init__()
        self.inner = Inner()
        self.then = then

    def forward(self, x):
        y = self.inner(x)
        return y if self.then is None else self.then(self, x)


CALLS = [".", "inner", "inner.linear", "inner.helper()"]


def names(found) -> list[str]:
    return [call.name for call in found.calls]


@pytest.fixture(autouse=True)
def _nothing_is_left():
    model = Outer()
    before = interrupts.state(model)
    yield
    assert interrupts.state(model) == before


# Several recordings -----------------------------------------------------------------------------------------


def test_crossed_exits():
    one, two, x = Outer(), Outer(), torch.randn(2, 4)
    first, second = record(one), record(two)
    first.__enter__()
    one(x)
    second.__enter__()
    one(x)
    two(x)
    first.__exit__(None, None, None)
    one(x)
    two(x)
    second.__exit__(None, None, None)
    assert names(first.trace) == CALLS * 2
    assert names(second.trace) == CALLS * 2
    assert [op.target for op in second.trace.ops if op.call is not None] == ["linear", "relu"] * 2


def test_each_task_of_an_event_loop_sees_its_own_calls():
    x = torch.randn(2, 4)

    async def task(model, times):
        with record(model) as recording:
            for _ in range(times):
                model(x)
                await asyncio.sleep(0)
        return len(recording.trace.calls), len(recording.trace.ops)

    async def tasks(model):
        return await asyncio.gather(task(model, 3), task(Outer(), 5), task(model, 2))

    assert asyncio.run(tasks(Outer())) == [(12, 6), (20, 10), (8, 4)]


def test_a_generator_that_is_left_half_way():
    def recorded(model):
        with record(model) as recording:
            yield recording
            model(torch.randn(2, 4))
            yield recording

    one, two = recorded(Outer()), recorded(Outer())
    recordings = [next(one), next(two)]
    next(one)
    next(two)
    one.close()
    del two
    assert [names(recording.trace) for recording in recordings] == [CALLS, CALLS]


@pytest.mark.parametrize("together", [True, False])
@pytest.mark.slow
def test_threads_do_not_see_each_other(together):
    ways = ("trace, real", "trace, shapes-only", "record")
    assert [text for one in ways for other in ways for text in interrupts.pair((one, other), together)] == []


def test_a_thread_that_was_started_inside_is_not_recorded():
    model, x = Outer(), torch.randn(2, 4)
    with record(model) as recording:
        thread = threading.Thread(target=model, args=(x,))
        thread.start()
        thread.join()
        model(x)
    assert names(recording.trace) == CALLS


def test_a_shapes_only_run_inside_is_not_seen_from_around():
    model, x = Outer(lambda self, x: len(trace(self.inner, x, device="meta").calls)), torch.randn(2, 4)
    with record(model) as recording:
        assert model(x) == 3
    assert names(recording.trace) == CALLS


def test_nothing_is_recorded_inside_a_shapes_only_run():
    for inside in (None, "meta"):
        model = Outer(lambda self, x, inside=inside: trace(self.inner, x, device=inside))
        with pytest.raises(RuntimeError, match="cannot be recorded inside a shapes-only run"):
            trace(model, torch.randn(2, 4), device="meta")


def test_wrong_uses_are_named():
    model = Outer()
    recording = record(model)
    with pytest.raises(RuntimeError, match="has not begun"):
        recording.__exit__(None, None, None)
    with recording:
        with pytest.raises(RuntimeError, match="has begun and not ended"):
            recording.__enter__()
        model(torch.randn(2, 4))
    assert names(recording.trace) == CALLS


def test_another_thread_may_end_it_and_is_told():
    recording = record(Outer())
    thread = threading.Thread(target=recording.__enter__, name="beginner")
    thread.start()
    thread.join()
    with pytest.raises(RuntimeError, match="began in thread 'beginner'"):
        recording.__exit__(None, None, None)
    assert recording.trace.run.complete


# Models that handle themselves ------------------------------------------------------------------------------


def pickled(self, x):
    data = pickle.dumps(self.inner)
    assert b"shapeflow" not in data.replace(Inner.__module__.encode(), b"")
    return pickle.loads(data)(x)


def saved(self, x):
    file = io.BytesIO()
    torch.save(self.inner, file)
    file.seek(0)
    return torch.load(file, weights_only=False)(x)


def ensemble(self, x):
    models = [copy.deepcopy(self.inner) for _ in range(3)]
    parameters, buffers = stack_module_state(models)
    base = copy.deepcopy(models[0]).to("meta")
    return vmap(lambda *state: functional_call(base, state, (x,)))(parameters, buffers)


def averaged(self, x):
    average = torch.optim.swa_utils.AveragedModel(self.inner)
    average.update_parameters(self.inner)
    return average(x)


def copied_with_own_forward(self, x):
    original = self.inner.forward
    self.inner.forward = lambda value: original(value) * 2
    other = copy.deepcopy(self.inner)
    assert vars(other)["forward"] is vars(self.inner)["forward"]
    return other(x)


HANDLING = {
    "deep copy": lambda self, x: copy.deepcopy(self)._modules["inner"](x),
    "pickle": pickled,
    "save": saved,
    "script": lambda self, x: torch.jit.script(self.inner)(x),
    "fx": lambda self, x: torch.fx.symbolic_trace(self.inner)(x),
    "ensemble": ensemble,
    "average": averaged,
    "own forward": copied_with_own_forward,
}


@pytest.mark.parametrize("handling", HANDLING)
@DEVICES
def test_a_model_may_handle_itself(handling, device):
    model, x = Outer(HANDLING[handling]).eval(), torch.randn(2, 4)
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what is deprecated
        expected = model(x)
        vars(model.inner).pop("forward", None)
        if device is None:
            with record(model) as recording:
                assert torch.equal(model(x), expected)
            found = recording.trace
        else:
            found = trace(model, x, device=device)
    assert names(found)[:4] == CALLS
    assert found.run.complete
    vars(model.inner).pop("forward", None)


def test_jit_trace_of_a_part():
    model, x = Outer(lambda self, x: torch.jit.trace(self.inner, (x,))(x)).eval(), torch.randn(2, 4)
    with torch.no_grad(), warnings.catch_warnings(), record(model):
        warnings.simplefilter("ignore")
        found = model(x)
    assert torch.equal(found, model.inner(x))


def test_a_forward_that_stands_in_is_copied_and_pickled_as_the_original():
    model = Outer()
    model.inner.forward = torch.relu
    with record(model):
        assert vars(model.inner)["forward"] is not torch.relu
        assert vars(copy.deepcopy(model.inner))["forward"] is torch.relu
        assert vars(pickle.loads(pickle.dumps(model.inner)))["forward"] is torch.relu
    assert vars(model.inner)["forward"] is torch.relu


@DEVICES
def test_what_a_model_changes_stays_after_a_real_run_alone(device):
    def own(value):
        return value

    def change(self, x):
        self.inner.forward = own
        Inner.helper = lambda self, value: value
        Inner.table = x
        return self.inner(x)

    model, before = Outer(change), vars(Inner)["helper"]
    trace(model, torch.randn(2, 4), device=device)
    changed = (vars(model.inner).get("forward") is own, Inner.helper is not before, hasattr(Inner, "table"))
    Inner.helper = before
    if hasattr(Inner, "table"):
        del Inner.table
    assert changed == (device is None,) * 3


TAKEN = (
    *("modules", "parameters", "buffers", "children", "named_modules", "named_parameters", "named_buffers"),
    *("named_children", "state_dict", "train", "eval", "to", "apply"),
)


@pytest.mark.parametrize("name", TAKEN)
@DEVICES
def test_a_model_may_use_the_names_of_methods(name, device):
    model = Outer()
    vars(model)[name] = [nn.Linear(4, 4)]
    vars(model.inner)[name] = 5
    assert names(trace(model, torch.randn(2, 4), device=device)) == CALLS


class Refuses(Exception):
    def __setattr__(self, name, value):
        raise SystemError("no")


class Slotted(Exception):
    __slots__ = ()


class Mute(BaseException):
    def __str__(self):
        raise SystemExit(3)


GROUP: type = getattr(builtins, "BaseExceptionGroup", ValueError)  # from Python 3.11 on


@pytest.mark.parametrize("error", [Refuses("a"), Slotted("b"), Mute("c"), GROUP("d", [KeyboardInterrupt()])])
@DEVICES
def test_no_exception_is_replaced_and_each_has_the_trace(error, device):
    def fail(self, x):
        raise error

    with pytest.raises(type(error)) as caught:
        trace(Outer(fail), torch.randn(2, 4), device=device)
    assert caught.value is error
    assert names(error.shapeflow_trace) == CALLS
    assert error.shapeflow_trace.run.failure.type == type(error).__name__


class Nested(nn.Module):
    def __init__(self, inner: nn.Module | None) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, x):
        return x * 2 if self.inner is None else self.inner(x)


@DEVICES
def test_as_deep_as_without_us(device):
    limit, model = sys.getrecursionlimit(), Nested(None)
    for _ in range(180):
        model = Nested(model)
    model(torch.ones(1))
    assert len(trace(model, torch.ones(1), device=device).calls) == 181
    assert sys.getrecursionlimit() == limit


# Ctrl-C -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", interrupts.WAYS)
@pytest.mark.slow
def test_ctrl_c_at_random_lines(way):
    interrupts.size(way, interrupts.Small().eval())
    lines = interrupts.lines_of(way)
    random.seed(3)
    assert [text for _ in range(8) if (text := interrupts.interrupted(way, lines))] == []


class Fails(interrupts.Small):
    def forward(self, x):
        raise ValueError("of the model")


@pytest.mark.parametrize("make", [interrupts.Small, Fails])
@pytest.mark.parametrize("noting", [recorder.Recording.raised, recorder.Recording.watched])
@pytest.mark.slow
def test_ctrl_c_while_the_end_of_a_run_is_noted(make, noting):
    model, x = make().eval(), torch.randn(1, 3, 8)
    way = interrupts.built("meta")
    way(model, x)
    code = noting.__code__
    numbers = sorted({line for _, _, line in code.co_lines() if line and line > code.co_firstlineno})
    reached = 0
    for number in numbers:
        interruption = interrupts.Interruption((code.co_filename, number), 1)
        came: type | None = None
        sys.settrace(interruption)
        try:
            way(model, x)
        except BaseException as error:
            came = type(error)
        finally:
            sys.settrace(None)
        reached += bool(interruption.where)
        assert came is (KeyboardInterrupt if interruption.where else None), interruption.where
    assert reached > 2


@pytest.mark.parametrize("file", ["trace_builder.py", "modes.py", "source.py"])
@pytest.mark.slow
def test_ctrl_c_while_something_is_noted_leaves_a_whole_trace(file):
    way = "trace, shapes-only"
    interrupts.size(way, interrupts.Small().eval())
    lines = [place for place in interrupts.lines_of(way).items() if place[0][0].endswith(f"/{file}")]
    assert len(lines) > 3
    assert not [text for place, last in lines if (text := interrupts.interrupted_at(way, place, last))]


def test_ctrl_c_while_a_trace_is_made_keeps_it(monkeypatch):
    original, seen = recorder.finished, []

    def interrupted(builder, *rest):
        if not seen:
            seen.append(builder)
            raise KeyboardInterrupt
        return original(builder, *rest)

    monkeypatch.setattr(recorder, "finished", interrupted)
    with pytest.raises(KeyboardInterrupt) as caught:
        trace(Outer(), torch.randn(2, 4))
    assert names(caught.value.shapeflow_trace) == CALLS


@DEVICES
def test_the_line_that_called_the_model_is_the_users(device):
    found = trace(Outer(), torch.randn(2, 4), device=device)
    assert found.line(found.calls[0].source).partition(":")[0].endswith("test_disturbed.py")
