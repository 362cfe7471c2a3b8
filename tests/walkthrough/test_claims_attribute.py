"""Attributes and classes of modules."""

from __future__ import annotations

import pytest
from builders import TraceBuilder
from walkthroughs import judge, under

from shapeflow.walkthrough.claims.literal import literal_text, same


@pytest.fixture(scope="module")
def trace():
    build = TraceBuilder()
    build.module("", "Tiny", levels=1, name="tiny")
    plain = {"act": "relu", "bias": False, "cut": None, "size": (2, 2), "note": 'a "b"'}
    build.module("neck", "Neck", scales=[4.0, 2.0, 1.0], **plain)
    for number in range(3):
        build.module(f"layers.{number}", "Layer", heads=8, rate=0.1 if number < 2 else 0.2)
    build.module("dropped", "Dropped", rate=0.10000000149011612)
    return build.trace()


@pytest.mark.parametrize(
    "line",
    [
        "attr .levels = 1",
        'attr .name = "tiny"',
        "attr neck.scales = [4.0, 2.0, 1.0]",
        "attr neck.scales = (4, 2, 1)",
        "attr neck.act = relu",
        "attr neck.act = 'relu'",
        "attr neck.bias = False",
        "attr neck.cut = None",
        "attr neck.size = (2, 2)",
        "attr neck.note = 'a \"b\"'",
        "attr layers.*.heads = 8",
        "attr layers.*.heads = H",
        "attr layers.*.heads = H / 1",
        "attr layers.[0-1].rate = 0.1",
        "attr dropped.rate = 0.1",
    ],
)
def test_attribute_and_class_claims_that_hold(trace, line):
    assert judge(trace, line, {"H": 8}).status == "holds"


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("attr .levels = 2", "1"),
        ("attr .levels = True", "1"),
        ('attr .levels = "1"', "1"),
        ("attr neck.bias = 0", "False"),
        ("attr neck.cut = 0", "None"),
        ("attr neck.act = gelu", '"relu"'),
        ("attr neck.scales = [4.0, 2.0]", "[4.0, 2.0, 1.0]"),
        ("attr layers.*.heads = K", "8"),
        ("attr dropped.rate = 0.10000001", "0.10000000149011612"),
        ("attr dropped.rate = 1e300", "0.10000000149011612"),
        ("attr layers.*.rate = 0.1", "0.1 in layers.0, layers.1\n0.2 in layers.2"),
    ],
)
def test_attribute_and_class_claims_that_fail(trace, line, found):
    verdict = judge(trace, line)
    assert (verdict.status, verdict.code, verdict.found) == ("contradicted", "attribute", found)
    assert under(verdict) == line.partition(" = ")[2]


def test_long_and_odd_values(trace):
    assert judge(trace, f"attr .levels = [{'1, ' * 200}1]").code == "claim-syntax"
    assert judge(trace, "attr neck.act = relu or so").found == '"relu"'


def test_an_unknown_attribute(trace):
    verdict = judge(trace, "attr neck.scale = 1")
    assert (verdict.status, verdict.code, under(verdict)) == ("invalid", "unknown-attribute", "scale")
    assert verdict.hint == "attr neck.scales = 1"
    assert judge(trace, "attr .levls = 1").hint == "attr .levels = 1"


@pytest.mark.parametrize("line", ["attr nek.scales = 1", "class nek = Neck"])
def test_an_unknown_module(trace, line):
    verdict = judge(trace, line)
    assert (verdict.status, verdict.code, under(verdict)) == ("invalid", "unknown-path", "nek")


@pytest.mark.parametrize(
    "line", ["class neck = Neck", "class layers.* = Layer", "class neck = tiny.Neck", "class . = Tiny"]
)
def test_classes(trace, line):
    assert judge(trace, line).status == "holds"


def test_another_class(trace):
    verdict = judge(trace, "class ** = Layer")
    assert (verdict.status, verdict.code, under(verdict)) == ("contradicted", "class", "Layer")
    assert verdict.found.splitlines()[0].endswith("in .")
    assert judge(trace, "class neck = other.Neck").status == "contradicted"
    assert judge(trace, "class neck = iny.Neck").status == "contradicted"


def test_written_and_recorded_values_are_compared_as_values():
    assert same([1, [2]], (1, (2,)))
    assert same({"a": 1}, {"a": 1.0})
    assert not same({"a": 1}, {"b": 1})
    assert same(0.1 + 0.2, 0.3)
    assert not same(1, True)
    assert not same(None, 0)


def test_literal_text():
    assert [literal_text(value) for value in ("a", 'b"', 1, None)] == ['"a"', "'b\"'", "1", "None"]
