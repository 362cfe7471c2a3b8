"""Which modules a callable can reach, and which one a recording of it has to watch."""

from __future__ import annotations

import functools
import types

import pytest
import torch
from torch import nn

from shapeflow.recording.reach import Together, modules_in_reach, root_of
from shapeflow.recording.recorder import Recording

encoder = nn.Linear(3, 4)
decoder = nn.Linear(4, 5)
networks = types.ModuleType("networks")
networks.encoder, networks.unused = encoder, nn.Linear(1, 1)


class Namespace:
    decoder = decoder
    other = nn.Linear(1, 1)


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = nn.Linear(2, 2)

    def forward(self, x):
        return self.inner(x)

    def encode(self, x):
        return self.inner(x)


class Pipeline:
    """No module: it has some."""

    def __init__(self):
        self.unet, self.vae = nn.Linear(1, 2), nn.Linear(2, 1)
        self.name = "pipe"

    @property
    def trap(self):
        raise AssertionError("a property was read")

    def __call__(self, x):
        return self.vae(self.unet(x))

    def generate(self, x):
        return self(x)


class Slotted:
    __slots__ = ("head", "never_set")

    def __init__(self):
        self.head = nn.Linear(1, 1)

    def run(self, x):
        return self.head(x)


def uses_global(x):
    return encoder(x)


def uses_both(x):
    return decoder(helper(x))


def helper(x):
    return encoder(x)


def uses_module_attribute(x):
    return networks.encoder(x)


def uses_class_attribute(x):
    return Namespace.decoder(x)


def uses_inner(x):
    return [decoder(y) for y in map(lambda z: encoder(z), x)]  # noqa: C417 - a function in a function


@torch.no_grad()
def decorated(x):
    return encoder(x)


def default(x, net=encoder):
    return net(x)


def pure(x):
    return x + 1


def closure(model):
    def run(x):
        return model(x)

    return run


MODEL = Model()
PIPELINE = Pipeline()
SLOTTED = Slotted()


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (MODEL, {"model": MODEL}),
        (MODEL.encode, {"model": MODEL}),
        (MODEL.inner.forward, {"model": MODEL.inner}),
        (closure(MODEL), {"model": MODEL}),
        (lambda x: MODEL.encode(x), {"MODEL": MODEL}),
        (functools.partial(MODEL.encode, None), {"model": MODEL}),
        (functools.partial(pure, net=MODEL), {"net": MODEL}),
        (uses_global, {"encoder": encoder}),
        (uses_both, {"decoder": decoder, "encoder": encoder}),
        (uses_inner, {"decoder": decoder, "encoder": encoder}),
        (uses_module_attribute, {"encoder": encoder}),
        (uses_class_attribute, {"decoder": decoder}),
        (decorated, {"encoder": encoder}),
        (default, {"net": encoder}),
        (PIPELINE, {"unet": PIPELINE.unet, "vae": PIPELINE.vae}),
        (PIPELINE.generate, {"unet": PIPELINE.unet, "vae": PIPELINE.vae}),
        (SLOTTED.run, {"head": SLOTTED.head}),
        (closure([MODEL, {"head": decoder}]), {"model_0": MODEL, "head": decoder}),
        (closure((MODEL, MODEL.inner)), {"model_0": MODEL}),
        (closure((MODEL.inner, MODEL)), {"model_1": MODEL}),
        (pure, {}),
        (torch.relu, {}),
    ],
)
def test_what_a_callable_reaches(function, expected):
    found = modules_in_reach(function)
    assert {name: id(module) for name, module in found.items()} == {
        name: id(module) for name, module in expected.items()
    }


def test_modules_among_what_it_is_given():
    assert modules_in_reach(pure, MODEL) == {"model": MODEL}
    assert set(modules_in_reach(pure, (MODEL, decoder), {"vae": encoder})) == {"model_0", "model_1", "vae"}


def test_one_module_is_the_root_and_several_are_together():
    assert root_of(MODEL.encode) is MODEL
    assert root_of(pure) is None
    root = root_of(uses_both)
    assert isinstance(root, Together)
    assert [path for path, _ in root.named_modules()] == ["", "decoder", "encoder"]


def test_any_name_can_be_that_of_a_part():
    root = Together(modules_in_reach(pure, {"forward": encoder, "a.b": decoder, "": MODEL}))
    assert set(root._modules) == {"forward", "a_b", "model"}


def test_a_callable_that_holds_itself_ends():
    holder = [MODEL]
    holder.append(holder)
    assert modules_in_reach(closure(holder)) == {"model_0": MODEL}


def test_a_variable_without_a_value_yet_is_passed_over():
    def run(x):
        return later(x)

    assert modules_in_reach(run) == {}
    later = MODEL
    assert modules_in_reach(run) == {"later": later}


def test_a_recording_watches_the_parts_that_run_together():
    root = root_of(uses_both)
    with Recording(root) as recording:
        uses_both(torch.ones(1, 3))
    assert [call.path for call in recording.trace.calls] == ["encoder", "decoder"]
    assert not recording.trace.modules[0].callable
