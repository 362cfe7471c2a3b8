"""A pattern means all that it names, and what others say is contradicted only by what is there."""

from __future__ import annotations

import pytest
from builders import TraceBuilder
from walkthroughs import judge, result_of

from shapeflow.model.trace import Trace


@pytest.fixture(scope="module")
def holed() -> Trace:
    """Six layers, each with a list of parts: the fourth never ran, and the third ran twice."""
    build = TraceBuilder()
    build.module("", "Net")
    build.module("layers", "ModuleList", callable=False)
    for number in range(6):
        build.module(f"layers.{number}", "Layer")
        build.module(f"layers.{number}.parts", "ModuleList", callable=False)
        build.module(f"layers.{number}.parts.0", "Linear")
    value = build.input("f32[2, 4]", "in.x")
    with build.call("", x=value, class_name="Net") as root:
        first = None
        for number in (0, 1, 2, 2, 4, 5):
            with build.call(f"layers.{number}", value, class_name="Layer") as layer:
                with build.call(f"layers.{number}.parts.0", value, class_name="Linear") as linear:
                    made = build.op("linear", [value], "f32[2, 4]")
                    linear.returns(made)
                if number == 1:
                    layer.returns(made, made)
                else:
                    layer.returns(made)
            first = first or made
            value = made if number != 4 else value
        root.returns({"last": value, "first": first})
    return build.trace()


@pytest.mark.parametrize(
    "line",
    [
        "layers.*:out [2, 4]",
        "layers.[0-5]:out [2, 4]",
        "layers.{2,3}:out [2, 4]",
        "layers.*:out None",
        "**.parts.0:out [2, 4]",
        "layers.*.parts.0:out [2, 4]",
        "count calls layers.* = 6",
        "count calls **.parts.* = 6",
        "count ops layers.*.parts.0/linear = 6",
        ".:in.x reaches layers.*:out",
        "layers.*:out never reaches .:in.x",
        "layers.*:out unused",
    ],
)
def test_a_module_that_never_ran_makes_the_claim_fail(holed, line):
    verdict = judge(holed, line)
    assert (verdict.status, verdict.code, verdict.passed) == ("not observed", "not-all-called", False)
    assert "'layers.3" in verdict.what
    assert not judge(holed, f'said "1": {line}').passed


@pytest.mark.parametrize(
    "line",
    [
        "layers.[0-2,4-5]:in [2, 4]",
        "layers.{0,1}:out [2, 4]",
        "count calls layers.[0-2,4-5] = 6",
        "count calls layers.3 = 0",
        "count layers.* = 6",
        "count ops **/linear = 6",
        "class layers.* = Layer",
        "layers.0.**:in [2, 4]",  # a list of modules never runs
        ".:in.x reaches layers.[0-2]:out",
    ],
)
def test_what_ran_in_full(holed, line):
    assert judge(holed, line).status == "holds"


def test_a_count_that_is_wrong_anyway_is_contradicted(holed):
    assert judge(holed, "count calls layers.* = 5").status == "contradicted"
    assert judge(holed, 'said "1": count calls layers.* = 5').passed


@pytest.mark.parametrize(
    "line",
    [
        "layers.[0-7]:in [2, 4]",
        "layers.{0,middle}:in [2, 4]",
        "**.{0,middle}:in [2, 4]",
        "count calls layers.[0-7] = 6",
        "class layers.[0-7] = Layer",
        "layers.[4-7].parts.0:in [2, 4]",
    ],
)
def test_a_name_that_a_pattern_lists_and_nothing_has(holed, line):
    verdict = judge(holed, line)
    assert (verdict.status, verdict.code) == ("invalid", "not-all-there")


def test_a_call_that_some_did_not_have(holed):
    verdict = judge(holed, "layers.[0-2]@1:out [2, 4]")
    assert (verdict.status, verdict.code) == ("not observed", "bad-index")
    assert verdict.what == "'layers.0' was called 1 time only"


def test_a_port_that_some_have_not(holed):
    assert judge(holed, "layers.{0,1}:out[1] [2, 4]").status != "holds"
    assert judge(holed, "layers.{0,1}:out.more [2, 4]").status != "holds"
    assert judge(holed, "layers.1:out[1] [2, 4]").status == "holds"


def test_reaches_is_about_every_member(holed):
    assert judge(holed, "layers.[0-2]:out reaches .:out").status == "holds"
    verdict = judge(holed, "layers.[0-2,4]:out reaches .:out.last")
    assert (verdict.status, verdict.what) == ("contradicted", "'layers.4:out' does not reach '.:out.last'")
    assert judge(holed, "layers.[0-2,4]:out never reaches .:out.last").status == "contradicted"
    assert judge(holed, ".:in.x reaches layers.[0-2]:in").status == "holds"


@pytest.mark.parametrize(
    "line",
    [
        "layers.9:out [1]",
        "layers.0.nothing:out [1]",
        "layers.0.nothing():out [1]",
        "layers.0:out.nothing [1]",
        "layers.0:in.nothing [1]",
        "layers.0:out.nothing None",
        "layers.0.parts.0/nothing:out [1]",
        'layers.0.parts.0/nothing "text"',
        "count nothing.* = 3",
        "count layers.0.nothing = 3",
        "count **.nothing = 3",
        "count calls nothing = 3",
        "count ops layers.0/nothing = 3",
        "count items layers.0:out.nothing = 3",
        "layers.0:out reaches nothing:in",
        "layers.0:out.nothing unused",
        "attr layers.0.nothing = 1",
        "class nothing = Layer",
        "value layers.0:out.nothing ~= layers.0:out",
        "layers.0:out [2, Q, 5]",
        "layers.0:out [2, 5 * Q]",
        "count layers.* = Q + 1",
    ],
)
def test_a_said_line_on_what_nothing_has_does_not_pass(holed, line):
    verdict = judge(holed, f'said "1": {line}')
    assert (verdict.status, verdict.passed) == ("invalid", False)


@pytest.mark.parametrize(
    "line",
    [
        "layers.0:out [2, 5]",
        "layers.0:out [B, 5]",
        "layers.0:out None",
        "count layers.* = 7",
        "count calls layers.0 = 2",
        "count items layers.1:out = 3",
        "layers.1:out[2] [2, 4]",
        "layers.0:out[1] [2, 4]",
        "layers.0/linear:out [2, 4]",
        "count ops layers.0/linear = 1",
        "layers.0:out never reaches .:out",
    ],
)
def test_a_said_line_that_is_contradicted_by_what_is_there(holed, line):
    assert judge(holed, f'said "1": {line}', dims={"B": 2}).passed


def test_a_new_name_in_a_said_line_that_holds_is_told_so(holed):
    verdict = judge(holed, 'said "1": layers.0:out [2, Q]')
    assert verdict.code == "said-holds"


def test_what_the_names_of_sizes_are_like(holed):
    (_, verdict) = result_of(holed, "layers.0:out [Rows, 4]", 'said "1": layers.0:out [Row, 5]').verdicts
    assert (verdict.code, verdict.hint) == ("symbol-unbound", "Rows")
