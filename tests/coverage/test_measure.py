"""What a claim constrains, and what it does not."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from builders import TraceBuilder
from walkthroughs import document_of

from shapeflow.coverage.measure import Coverage, measure
from shapeflow.coverage.units import KINDS, hands_on, units_of
from shapeflow.errors import WalkthroughError
from shapeflow.model.trace import Trace
from shapeflow.walkthrough.constraint import Item, constraints_of
from shapeflow.walkthrough.context import Subject
from shapeflow.walkthrough.finding import Evidence, Finding
from shapeflow.walkthrough.reader import parse

OUT = "encoder.layers.0:out"


def coverage(trace: Trace, *lines: str, dims: dict[str, object] | None = None) -> Coverage:
    return measure(trace, parse(document_of(*lines, dims=dims), "w.md"))


def covered(trace: Trace, *lines: str, dims: dict[str, object] | None = None) -> dict[str, int]:
    return {kind: s.covered for kind, s in coverage(trace, *lines, dims=dims).shares.items() if s.covered}


@pytest.mark.parametrize(
    ("claim", "expected"),
    [
        (f"{OUT}  f32[1, 196, 16]", {"calls": 1, "ports": 1, "dims": 3, "dtypes": 1}),
        (f"{OUT}  [1, 196, 16]", {"calls": 1, "ports": 1, "dims": 3}),
        (f"{OUT}  [_, _, 16]", {"calls": 1, "ports": 1, "dims": 1}),
        (f"{OUT}  [_, _, _]", {"calls": 1, "ports": 1}),
        (f"{OUT}  [..., 16]", {"calls": 1, "ports": 1, "dims": 1}),
        (f"{OUT}  [1, ..., 16]", {"calls": 1, "ports": 1, "dims": 2}),
        (f"{OUT}  [...]", {"calls": 1}),
        (f"{OUT}  f32[...]", {"calls": 1, "ports": 1, "dtypes": 1}),
        ("encoder.layers.*:out  [_, _, 16]", {"calls": 2, "ports": 2, "dims": 2}),
        ("class decoder.norm = LayerNorm", {"attributes": 1}),
        ("class encoder.layers.* = EncoderLayer", {"attributes": 2}),
        ("count encoder.layers.* = 2", {}),
        ("count calls encoder.layers.* = 2", {"calls": 2}),
        ("count calls geometry = 0", {}),
        ("count ops mask_head/einsum = 1", {"calls": 1}),
        ('mask_head/einsum  "bqc,bchw->bqhw"', {"calls": 1}),
        (".:out.presence  None", {"calls": 1}),
        ("backbone.convs.1:out unused", {"calls": 1, "ports": 1}),
        ("backbone.convs.1:out never reaches mask_head:out", {"calls": 2, "ports": 2}),
        ("backbone.trunk/conv2d:in[1]  [16, 3, 4, 4]", {"calls": 1, "parameters": 1}),
        ("backbone.trunk/conv2d:in[1]  [16, 3, _, 4]", {"calls": 1}),
    ],
)
def test_a_claim_covers_what_it_constrains(sample, claim, expected):
    assert covered(sample, claim) == expected


@pytest.mark.parametrize(
    "claim",
    [
        'said "1": encoder.layers.0:out  [196, 1, 16]',
        "encoder.layers.0:out  [1, 196, 17]",
        "encoder.layers.0:out  [196, 1, 16]",
        ".:in.tokens never reaches encoder:out.memory",
        "geometry:out  [1, 16]",
        "encoder.layer.0:out  [1, 196, 16]",
        "value .:out.boxes ~= 2 * .:out.boxes",
        "real encoder.layers.0:out  [1, 196, 16]",
    ],
)
def test_what_does_not_hold_covers_nothing(sample, claim):
    assert covered(sample, claim) == {}


def test_a_size_by_name_counts_where_the_name_is_fixed(sample):
    line = "decoder.box_head@0:out  [_, Q, _]"
    assert "dims" not in covered(sample, line)
    assert covered(sample, line, dims={"Q": 10})["dims"] == 1
    assert covered(sample, line, "mask_head:out  [_, Q, _, _]")["dims"] == 2
    assert covered(sample, line, "count encoder.layers.* = Q / 5")["dims"] == 1


def test_one_tensor_seen_twice_fixes_no_name(sample):
    same = ("encoder.layers.0:out  [_, N, _]", "encoder.layers.1:in[0]  [_, N, _]")
    assert "dims" not in covered(sample, *same)


def test_a_count_by_name_fixes_it_only_with_another_use(sample):
    assert "calls" not in covered(sample, "count calls encoder.layers.* = L")
    assert covered(sample, "count calls encoder.layers.* = L", "count encoder.layers.* = L")["calls"] == 2


def joined() -> Trace:
    """Return a residual around a branch of two ops."""
    build = TraceBuilder()
    x = build.input("f32[1, 4]", "in[0]")
    with build.call("", x) as root:
        with build.call("branch", x) as branch:
            inner = build.op("relu", [x], "f32[1, 4]")
            branch.returns(inner)
        root.returns(build.op("add", [x, inner], "f32[1, 4]"))
    return build.trace()


@dataclass(frozen=True)
class Join:
    lines: tuple[str, ...]
    covered: bool


@pytest.mark.parametrize(
    "case",
    [
        Join(("branch:out reaches ./add:in[1]",), False),
        Join(("branch:out reaches ./add:in[1]", ".:in[0] reaches ./add:in[0]"), True),
        Join(("branch:out reaches .:out", ".:in[0] reaches ./add:in[0]"), True),
        Join((".:in[0] reaches .:out",), False),
        Join((".:in[0] reaches .:out", "branch:in[0] reaches branch:out"), False),
    ],
    ids=lambda case: " and ".join(case.lines),
)
def test_a_join_is_covered_where_each_input_has_to_come_from_somewhere(case):
    assert bool(covered(joined(), *case.lines).get("joins")) is case.covered


@pytest.mark.parametrize(
    "case",
    [
        Join((".:out = .:in[0] + branch:out",), True),
        Join((".:out = branch:out + .:in[0]",), True),
        Join((".:out = .:in[0] + relu(branch:in[0])",), True),
        Join((".:out = .:in[0] + _",), False),
        Join((".:out = _ + branch:out",), False),
        Join((".:out = .:in[0] + _", ".:out = _ + branch:out"), True),
        Join((".:out = add(.:in[0], ...)",), False),
        Join(('said "1": .:out = branch:out', ".:out = .:in[0] + _"), False),
    ],
    ids=lambda case: " and ".join(case.lines),
)
def test_a_making_covers_the_inputs_whose_origin_it_says(case):
    assert bool(covered(joined(), *case.lines).get("joins")) is case.covered


def test_what_did_not_fit_in_the_end_is_not_covered():
    build = TraceBuilder()
    x, y, z = (build.input("f32[4]", f"in[{i}]") for i in range(3))
    with build.call("", x, y, z) as root:
        root.returns(
            build.op("add", [build.op("sub", [x, y], "f32[4]"), build.op("sub", [x, z], "f32[4]")], "f32[4]")
        )
    trace = build.trace()
    found = coverage(trace, ".:out = (_ - .:in[2]) + (.:in[0] - _)")
    feeds = {item for item in found.items if item.kind == "feed"}
    assert feeds == {
        Item("feed", 0, "in[0]"),
        Item("feed", 1, "in[1]"),
        Item("feed", 2, "in[0]"),
        Item("feed", 2, "in[1]"),
    }


def chained() -> Trace:
    """Return three layers, each with what the one before gave and a mask."""
    build = TraceBuilder()
    x, mask = build.input("f32[1, 4]", "in[0]"), build.input("f32[1, 4]", "in[1]")
    with build.call("", x, mask) as root:
        value = x
        for number in range(3):
            with build.call(f"layers.{number}", value, mask) as layer:
                value = build.op("mul", [value, mask], "f32[1, 4]")
                layer.returns(value)
        root.returns(value)
    return build.trace()


def test_a_chain_covers_what_each_hands_on():
    given = {item for item in coverage(chained(), "chain layers.*").items if item.kind == "given"}
    assert given == {Item("given", 2, "in[0]"), Item("given", 3, "in[0]")}
    lines = ("chain layers.*", "layers.*:in[1] = .:in[1]")
    assert covered(chained(), *lines)["joins"] == 2  # not that of the first layer
    assert covered(chained(), *lines, "layers.0:in[0] = .:in[0]")["joins"] == 3


def test_an_order_covers_its_steps():
    assert covered(chained(), "layers.0 before layers.2") == {"calls": 2}


def test_what_torch_does_inside_its_modules_is_no_join():
    build = TraceBuilder()
    x, y = build.input("f32[1, 4]", "in[0]"), build.input("f32[1, 4]", "in[1]")
    here, there = build.source("z = self.join(x, y)", line=3), build.source("return x + y", line=9)
    for source, number in ((here, 1), (there, 2)):
        with build.call("", x, y) as root:
            with build.call("join", x, y, source=here) as join:
                join.returns(build.op("add", [x, y], "f32[1, 4]", source=source))
            root.returns(join.outputs[0])
        ops = [unit for unit in units_of(build.trace()) if unit.needs[0].kind == "feed"]
        assert len(ops) == number - 1


@pytest.mark.parametrize(
    ("claim", "number"),
    [
        ("decoder.query  [10, 16]", 1),
        ("decoder.query  [_, 16]", 0),
        ("decoder.query reaches mask_head:out", 1),
    ],
)
def test_a_parameter_is_covered_by_its_shape_or_where_it_goes(sample, claim, number):
    assert covered(sample, claim).get("parameters", 0) == number


def test_the_dtype_of_the_document_covers_those_of_its_shapes(sample):
    text = document_of(f"{OUT}  [1, 196, 16]", "encoder.layers.1:out  _[1, 196, 16]")
    assert measure(sample, parse("---\ndtype: f32\n---\n" + text, "w.md")).shares["dtypes"].covered == 1


def test_an_equation_fixes_a_name_and_a_range_does_not(sample):
    line = "decoder.box_head@0:out  [_, Q, _]"
    assert "dims" not in covered(sample, line, "where 1 <= Q <= 100")
    assert "dims" not in covered(sample, line, "where Q % 10 == 0")
    assert covered(sample, line, "where Q == 10")["dims"] == 1


def test_only_the_run_of_the_trace_counts(sample):
    runs = "---\nruns:\n  one:\n    model: m.py:f\n  two:\n    model: m.py:f\n---\n"
    of_two = "\n```shapes run=two\nencoder.layers.1:out  [1, 196, 16]\n```\n"
    text = runs + document_of(f"{OUT}  [_, _, 16]") + of_two
    found = measure(sample, parse(text, "w.md"))
    assert found.shares["dims"].covered == 1
    assert found.result.failed == ()


def test_a_call_that_hands_on_what_it_was_given_is_left_out():
    build = TraceBuilder()
    x = build.input("f32[1, 4]", "in[0]")
    with build.call("", x) as root:
        with build.call("drop", x) as drop:
            drop.returns(x)
        root.returns(build.op("relu", [x], "f32[1, 4]"))
    trace = build.trace()
    assert [hands_on(call) for call in trace.calls] == [False, True]
    assert {unit.module for unit in units_of(trace) if unit.kind in ("calls", "ports")} == {""}


def test_what_is_covered_by_section_and_module(sample):
    text = (
        "# One\n\n```shapes\nencoder.layers.*:out  f32[1, 196, 16]\n```\n\n"
        "# Two\n\n```shapes\nencoder.layers.0:out  [_, _, 16]\nmask_head:out  [1, _, _, _]\n```\n"
    )
    found = measure(sample, parse(text, "w.md"))
    one, two = found.sections
    assert (one.claims, one.counted, dict(one.covers)) == (
        1,
        1,
        {"calls": 2, "ports": 2, "dims": 6, "dtypes": 2},
    )
    assert dict(two.alone) == {"calls": 1, "ports": 1, "dims": 1}
    assert dict(one.alone) == {"calls": 1, "ports": 1, "dims": 5, "dtypes": 2}
    rows = {row.path: row for row in found.modules(3)}
    assert rows["encoder.layers.*"].modules == 2
    assert rows["encoder.layers.*"].shares["calls"].covered == 2
    assert rows[""].shares == found.shares
    assert list(found.shares) == [kind for kind in KINDS if kind in found.shares]


def test_the_total_is_the_mean_of_the_kinds(sample):
    found = coverage(sample, "encoder.layers.*:out  f32[1, 196, 16]")
    percents = [share.percent for share in found.shares.values()]
    assert found.total == pytest.approx(sum(percents) / len(percents))


def test_another_model_is_refused(sample):
    document = parse("---\nmodel: sam3\n---\n" + document_of(f"{OUT}  [_, _, 16]"), "w.md")
    with pytest.raises(WalkthroughError, match="another model"):
        measure(sample, document)


def test_a_kind_that_does_not_say_it_constrains_its_evidence(sample):
    finding = Finding("holds", evidence=Evidence(calls=(3,), ops=(5, 7)))
    found = constraints_of(object(), Subject(sample), finding)
    assert [constraint.item for constraint in found] == [Item("call", 3), Item("op", 5), Item("op", 7)]
