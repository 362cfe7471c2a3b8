"""Changed traces are consistent records, of every kind of change."""

from __future__ import annotations

import random

import pytest
from builders import blocks_trace
from tiny import tiny_trace

from shapeflow.coverage.lines import Lines
from shapeflow.coverage.mutation.change import Base
from shapeflow.coverage.mutation.edit import apply
from shapeflow.coverage.mutation.kinds import KINDS, choose
from shapeflow.coverage.mutation.unfit import Unfit
from shapeflow.model import tracefile
from shapeflow.model.moments import Moments
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
        ("another attribute", "`.patch`", "attr .patch = 16"),
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


def test_another_table_is_one_of_the_same_shape():
    edited = changed(tiny_trace(), "another table", "instead of `layers.0.expand.bias`")
    taken = next(
        op for op in edited.ops if op.call is not None and edited.calls[op.call].path == "layers.0.expand"
    )
    names = [edited.values[port.value].name for port in taken.inputs if port.value is not None]
    assert names[1:] == ["layers.0.expand.weight", "layers.1.expand.bias"]


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
