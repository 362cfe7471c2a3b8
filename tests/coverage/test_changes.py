"""Changed traces are consistent records, of every kind of change."""

from __future__ import annotations

import random

import pytest
import torch
from builders import TraceBuilder, blocks_trace
from tiny import tiny_trace
from torch import nn

import shapeflow
from shapeflow.coverage.lines import Lines
from shapeflow.coverage.mutation.change import Base
from shapeflow.coverage.mutation.edit import apply
from shapeflow.coverage.mutation.kinds import KINDS, choose
from shapeflow.coverage.mutation.unfit import Unfit
from shapeflow.model import tracefile
from shapeflow.model.links import Links
from shapeflow.model.moments import Moments
from shapeflow.model.owned import Owned
from shapeflow.model.trace import Trace


def changed(trace: Trace, kind: str, words: str) -> Trace:
    """Return the trace with the first change of a kind whose sentence holds some words."""
    change = next(change for change in KINDS[kind](Base(trace)) if words in change.sentence)
    return apply(trace, change.make())


def holds(trace: Trace, line: str) -> bool:
    return Lines(trace).holds(line)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("trace", ["sample", "blocks", "tiny"])
def test_changed_traces_can_be_saved_and_read(trace, kind, sample):
    original = {"sample": sample, "blocks": blocks_trace(3), "tiny": tiny_trace()}[trace]
    changes = list(KINDS[kind](Base(original)))
    for change in random.Random(1).sample(changes, min(6, len(changes))):
        try:
            edited = apply(original, change.make())
        except Unfit:
            continue
        again = tracefile.loads(tracefile.dumps(edited), Trace)
        assert (again.calls, again.ops, again.values) == (edited.calls, edited.ops, edited.values)
        assert edited != original, change.sentence
        producers = {value.id: value.producer for value in edited.values if value.producer is not None}
        assert all(value in {p.value for p in edited.ops[op].outputs} for value, op in producers.items())
        for call in edited.calls:
            parent = edited.calls[call.parent] if call.parent is not None else call
            assert parent.first_op <= call.first_op <= call.last_op <= parent.last_op
        for op in edited.ops:
            if op.call is not None:
                inside = edited.calls[op.call]
                assert inside.first_op <= op.id < inside.last_op
        assert Moments(edited).began == edited.cached(Moments).began
        assert vars(Links(edited)) == vars(edited.cached(Links))
        assert vars(Owned(edited)) == vars(edited.cached(Owned))


@pytest.mark.parametrize(
    ("kind", "words", "before"),
    [
        ("layer left out", "`layers.1` may never run", "count calls layers.1 = 1"),
        ("layers swapped", "`layers.1` may run before", "layers.0:out reaches layers.1:in"),
        ("steps swapped", "`layers.0.norm2`", "layers.0.norm1:out reaches layers.0.norm2:in"),
        ("residual dropped", "`layers.1/add@1`", "count ops layers.1/add = 2"),
        ("residual added", "`layers.0.norm1` gives", "count ops layers.0/add = 2"),
        ("result not used", "`layers.0.norm2` gives", "layers.0.norm2:out reaches layers.0.expand:in[0]"),
        ("an op less", "`layers.0/relu`", "count ops layers.0/relu = 1"),
        ("an op more", "`layers.0.norm1` gives", "count ops layers.0/relu = 1"),
        ("dtype", "`layers.0:out`", "layers.0:out  f32[...]"),
        ("size", "dim 3 of `layers.0.expand:out`", "layers.0.expand:out  [_, _, 256]"),
        ("parameter's shape", "`score_head.weight`", "score_head/linear:in[1]  [1, 64]"),
        ("parameter's shape", "`score_head.weight`", "score_head.weight  [1, 64]"),
        ("parameter's shape", "`score_head.weight`", "parameters score_head = 65"),
        ("layer skipped", "`layers.1` may never run", "count calls layers.1 = 1"),
        ("layer skipped", "`layers.1` may never run", "chain layers.*"),
        ("unlike steps swapped", "with `layers.0.expand`", "layers.0.attention before layers.0.expand"),
    ],
)
def test_a_change_does_what_it_says(kind, words, before):
    assert holds(tiny_trace(), before)
    assert not holds(changed(tiny_trace(), kind, words), before)


def test_a_layer_that_is_left_out_takes_its_parameters_along():
    edited = changed(tiny_trace(), "layer left out", "`layers.1` may never run")
    assert [call.index for call in edited.calls if call.path == "layers.0"] == [0, 1]
    used = {edited.values[p.value].name for op in edited.ops for p in op.inputs if p.value is not None}
    assert not any(name.startswith("layers.1.") for name in used)


def test_another_table_is_one_of_the_same_shape_that_the_module_has():
    build = TraceBuilder()
    x = build.input("f32[1, 4]", "in[0]")
    tables = [build.parameter(name, "f32[1, 4]") for name in ("head.one", "head.two", "other")]
    with build.call("", x) as root:
        with build.call("head", x) as head:
            head.returns(build.op("add", [x, tables[0]], "f32[1, 4]"))
        root.returns(build.op("add", [head.outputs[0], tables[2]], "f32[1, 4]"))
    changes = [change.sentence for change in KINDS["another table"](Base(build.trace()))]
    assert changes[0] == "`head/add` may take `head.two` instead of `head.one`"


def test_a_layer_that_is_skipped_leaves_nothing_behind():
    trace = tiny_trace()
    edited = changed(trace, "layer skipped", "`layers.0` may never run")
    assert not any(call.path.startswith("layers.0") for call in edited.calls)
    gone = sum(
        1 for op in trace.ops if op.call is not None and trace.calls[op.call].path.startswith("layers.0")
    )
    assert len(edited.ops) == len(trace.ops) - gone
    assert holds(edited, "layers.1:in[0] = cat(_, embed:out, dim=1)")


def test_a_call_may_be_given_its_inputs_the_other_way_round():
    build = TraceBuilder()
    x = build.input("f32[1, 4]", "in[0]")
    with build.call("", x) as root:
        y = build.op("relu", [x], "f32[1, 4]")
        with build.call("join", x, y) as join:
            join.returns(build.op("sub", [x, y], "f32[1, 4]"))
        root.returns(join.outputs[0])
    edited = changed(build.trace(), "inputs exchanged", "`join` may be given")
    assert holds(edited, "join:in[0] = relu(.:in[0])")
    assert holds(edited, "join:out = join:in[0] - join:in[1]")


def test_unlike_steps_go_on_with_what_the_other_gave():
    edited = changed(tiny_trace(), "unlike steps swapped", "with `layers.0.expand`")
    first = "layers.0/add@0:out = layers.0:in[0] + layers.0.contract:out"
    second = "layers.0:out = layers.0/add@0:out + layers.0.attention:out[0]"
    assert holds(edited, first)
    assert holds(edited, second)


def test_the_order_of_a_product_and_a_quotient_means_nothing():
    build = TraceBuilder()
    x = build.input("f32[4]", "in[0]")
    with build.call("", x) as root:
        y = build.op("div", [build.op("mul", [x, "2"], "f32[4]"), "3"], "f32[4]")
        root.returns(build.op("add", [build.op("relu", [y], "f32[4]"), "1"], "f32[4]"))
    sentences = [change.sentence for change in KINDS["ops swapped"](Base(build.trace()))]
    assert sentences == ["`./relu` may come before `./div`", "`./add` may come before `./relu`"]


def test_a_dropped_op_leaves_no_value_behind():
    trace = tiny_trace()
    edited = changed(trace, "residual dropped", "`layers.0/add@0`")
    assert len(edited.ops) == len(trace.ops) - 1
    assert len(edited.values) == len(trace.values) - 1
    assert [value.id for value in edited.values] == list(range(len(edited.values)))


def test_a_size_goes_on_through_what_keeps_the_shape():
    edited = changed(tiny_trace(), "size", "dim 3 of `layers.0.expand:out`")
    assert holds(edited, "layers.0.expand:out  [_, _, 128]")
    assert holds(edited, "layers.0/relu:out  [_, _, 128]")
    assert holds(edited, "layers.0.contract:out  [_, _, 64]")


def test_the_same_seed_draws_the_same_changes():
    def drawn(seed: int) -> list[str]:
        changes = choose(Base(tiny_trace()), seed)
        return [next(changes).sentence for _ in range(40)]

    assert drawn(3) == drawn(3)
    assert drawn(3) != drawn(4)


def test_all_kinds_are_drawn_as_often():
    changes = choose(Base(tiny_trace()), 0)
    first = [next(changes).kind for _ in range(15)]
    assert len(set(first)) == len(first)


class Normed(nn.Module):
    """A norm that runs twice, another one, and a clamp whose result is thrown away."""

    def __init__(self):
        super().__init__()
        self.norm, self.other = nn.LayerNorm(4), nn.LayerNorm(4)

    def forward(self, x):
        x.clamp(max=3.0)
        return torch.cat([self.norm(self.other(self.norm(x)))])


def test_a_constant_changes_with_the_attribute_that_it_comes_from():
    trace = shapeflow.trace(Normed(), torch.ones(2, 4), device="meta")
    edited = changed(trace, "another constant", "`norm/layer_norm@0:in.eps`")
    assert {m.path: m.attributes["eps"] for m in edited.modules if m.path} == {"norm": 2e-5, "other": 1e-5}
    assert holds(edited, 'norm/layer_norm:in.eps  "2e-05"')
    assert holds(edited, 'other/layer_norm:in.eps  "1e-05"')
    assert holds(edited, "attr norm.eps = 2e-05")


def test_what_makes_no_difference_is_not_changed():
    base = Base(shapeflow.trace(Normed(), torch.ones(2, 4), device="meta"))
    sentences = [change.sentence for yields in KINDS.values() for change in yields(base)]
    assert not [sentence for sentence in sentences if "clamp" in sentence or "cat" in sentence]
