"""Data flow: what reaches what, what is never used, and what the trace cannot tell."""

from __future__ import annotations

import pytest
from builders import TraceBuilder
from walkthroughs import judge, under


@pytest.fixture(scope="module")
def trace():
    """x -> a -> b -> out; side is read by nobody; mask is read into Python before b."""
    build = TraceBuilder()
    x, mask, odd = build.input("f32[4]", "in.x"), build.input("bool[4]", "in.mask"), build.unknown("f32[4]")
    with build.call("", x=x, mask=mask, odd=odd) as root:
        for name in "abcdefgh":
            with build.call(name, x) as call:
                if name == "b":
                    build.escape(mask, "bool", build.source("if mask.all():", line=30))
                x = build.op("add", [x, 1], "f32[4]")
                if name == "h":
                    x = build.op("mul", [x, odd], "f32[4, 1]")
                call.returns(x)
        with build.call("side", x) as side:
            side.returns(build.op("neg", [x], "f32[4]"))
        root.returns({"x": x, "none": None})
    return build.trace()


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("a:out reaches b:out", "shortest path, 1 op, through\nb"),
        ("a reaches c", "shortest path, 1 op, through\nb"),
        (".:in.x reaches .:out.x", "shortest path, 9 ops, through\na > b > c > 2 more > f > g > h"),
        ("a:out reaches b:in", "the very same tensor"),
        ("b:out never reaches a:out", "no path"),
        ("side:out unused", "no use"),
        ("side:out never reaches h:out", "no path"),
    ],
)
def test_flow_claims_that_hold(trace, line, found):
    verdict = judge(trace, line)
    assert (verdict.status, verdict.found) == ("holds", found)


def test_a_forbidden_path(trace):
    verdict = judge(trace, "a:out never reaches .:out.x")
    assert (verdict.status, verdict.code) == ("contradicted", "flow")
    assert verdict.what == "'a:out' reaches '.:out.x'"
    assert verdict.found == "shortest path, 8 ops, through\nb > c > d > 1 more > f > g > h"
    assert verdict.because == "it arrives as f32[4]"
    assert [trace.calls[call].name for call in verdict.evidence.calls] == list("bcdefgh")
    assert len(verdict.evidence.ops) + 1 == len(verdict.evidence.values)


def test_a_missing_path(trace):
    verdict = judge(trace, "side:out reaches h:out")
    assert (verdict.status, verdict.what) == ("contradicted", "'side:out' does not reach 'h:out'")
    assert verdict.found == "no path"


def test_a_claim_of_unused_fails_with_the_use(trace):
    verdict = judge(trace, "g:out unused")
    assert (verdict.status, verdict.what) == ("contradicted", "'g:out' is used")
    assert verdict.found == "returned by '.'\nshortest path, 2 ops, through\nh"
    verdict = judge(trace, ".:in.mask unused")
    assert (verdict.status, verdict.found) == ("contradicted", "read into Python (bool) in 'b'")


@pytest.mark.parametrize("verb", ["reaches", "never reaches"])
def test_python_read_it(trace, verb):
    verdict = judge(trace, f".:in.mask {verb} .:out.x")
    assert (verdict.status, verdict.code, verdict.passed) == ("undecided", "flow-escaped", False)
    assert verdict.what == f"Python read its data, so '{verb}' is not proven"
    assert "bool of bool[4] in 'b', tiny/model.py:30" in verdict.because


def test_python_read_it_too_late_to_matter(trace):
    assert judge(trace, ".:in.mask never reaches a:out").status == "holds"


def test_a_tensor_of_unknown_origin(trace):
    verdict = judge(trace, "side:out never reaches .:out.x")
    assert verdict.status == "holds"
    verdict = judge(trace, ".:in.mask never reaches a:in")
    assert verdict.status == "holds"


def test_unknown_origin_is_a_doubt():
    build = TraceBuilder()
    x, y = build.input("f32[4]", "in.x"), build.unknown("f32[4]")
    with build.call("", x=x) as root:
        with build.call("a", x) as a:
            made = build.op("neg", [x], "f32[4]")
            a.returns(made)
        result = build.op("neg", [y], "f32[4]")
        root.returns(result)
    verdict = judge(build.trace(), "a:out never reaches .:out")
    assert (verdict.status, verdict.code) == ("undecided", "flow-unknown-origin")


def test_many_doubts_are_cut_short():
    build = TraceBuilder()
    x = build.input("f32[4]", "in.x")
    with build.call("", x=x) as root:
        for number in range(6):
            with build.call(f"reader{number}", x):
                build.escape(x, "item")
        root.returns(build.op("zeros", [4], "f32[4]"))
    lines = judge(build.trace(), ".:in.x never reaches .:out").because.splitlines()
    assert len(lines) == 4
    assert lines[-1] == "and 3 more doubts"


def test_a_said_line_that_cannot_be_decided_does_not_pass(trace):
    assert not judge(trace, 'said "4": .:in.mask reaches .:out.x').passed
    assert judge(trace, 'said "4": side:out reaches h:out').passed


@pytest.mark.parametrize(
    ("line", "code", "place"),
    [
        (".:out.none reaches a:out", "no-tensor", ".:out.none"),
        ("a:out reaches .:out.none", "no-tensor", ".:out.none"),
        ("aa:out reaches b:out", "unknown-path", "aa"),
        ("a:out never reaches bb:out", "unknown-path", "bb"),
        ("a:outt unused", "unknown-port", "outt"),
    ],
)
def test_ends_that_are_not_there(trace, line, code, place):
    verdict = judge(trace, line)
    assert (verdict.status, verdict.code, under(verdict)) == ("invalid", code, place)
