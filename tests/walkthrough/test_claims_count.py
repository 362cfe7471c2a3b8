"""Counts of modules, calls, ops and items."""

from __future__ import annotations

import pytest
from walkthroughs import judge, result_of, under


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("count encoder.layers.* = 2", "2"),
        ("count modules **.self_attn = 2", "2"),
        ("count . = 1", "1"),
        ("count calls decoder.box_head = 3", "3"),
        ("count calls decoder._box_bias() = 2", "2"),
        ("count calls encoder.layers.* = 2", "2"),
        ("count ops mask_head/einsum = 1", "1"),
        ("count ops **/linear = 3", "3"),
        ("count items backbone.forward_image():out = 3", "3"),
        ("count items .:out = 4", "4"),
        ("count items .:out.aux = 1", "1"),
        ("count items .:out.aux[0] = 1", "1"),
        ("count items .:in.features = 1", "1"),
        ("count items mask_head:out = 0", "0"),
    ],
)
def test_count_claims_that_hold(sample, line, found):
    verdict = judge(sample, line)
    assert (verdict.status, verdict.found) == ("holds", found)


@pytest.mark.parametrize(
    "line",
    [
        "count **.cross_attn = 0",
        "count encoder.layers.2 = 0",
        "count **.*deform* = 0",
        "count calls geometry = 0",
        "count calls encoder.refine() = 0",
        "count ops mask_head/softmax = 0",
    ],
)
def test_none_at_all(sample, line):
    verdict = judge(sample, line)
    assert (verdict.status, verdict.found) == ("holds", "0")


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("count encodr.layers.* = 0", "unknown-path"),
        ("count encoder.layer.* = 0", "unknown-path"),
        ("count encoder.layer = 0", "unknown-path"),
        ("count calls decoder.box_hed = 0", "unknown-path"),
        ("count ops mask_head/einsun = 0", "unknown-op"),
        ("count items backbone.forward_image():out.feature = 0", "unknown-port"),
        ("count items nowhere:out = 0", "unknown-path"),
    ],
)
def test_a_slip_is_not_taken_for_none(sample, line, code):
    verdict = judge(sample, line)
    assert (verdict.status, verdict.code) == ("invalid", code)


def test_another_number(sample):
    verdict = judge(sample, "count encoder.layers.* = 6")
    assert (verdict.status, verdict.code, under(verdict)) == ("contradicted", "count", "6")
    assert verdict.what == "'encoder.layers.*' has 2 modules, not 6"
    assert (verdict.expected, verdict.found) == ("6", "2")
    assert verdict.because == "they are encoder.layers.0, encoder.layers.1"


def test_one_selector_is_counted(sample):
    verdict = judge(sample, "count calls encoder decoder = 2")
    assert (verdict.code, under(verdict)) == ("claim-syntax", "encoder decoder")


def test_symbols_and_arithmetic(sample):
    result = result_of(sample, "count encoder.layers.* = L", "count calls decoder.box_head = L + 1")
    assert [verdict.status for verdict in result.verdicts] == ["holds", "holds"]
    assert result.verdicts[1].expected == "L + 1 = 3   with L = 2 (line 4)"
    assert result.bindings == {"L": (2, "line 4")}
    verdict = judge(sample, "count encoder.layers.* = K * 2")
    assert (verdict.status, verdict.code, under(verdict)) == ("invalid", "symbol-unbound", "K * 2")


@pytest.mark.parametrize(
    ("line", "hint"),
    [
        ("count calls mask_head/einsum = 1", "count ops mask_head/einsum = 1"),
        ("count ops mask_head = 1", "count calls mask_head = 1"),
        ("count calls .:out = 1", "count items .:out = 1"),
        ("count items mask_head = 1", "count calls mask_head = 1"),
    ],
)
def test_one_thing_counted_as_another(sample, line, hint):
    verdict = judge(sample, line)
    assert (verdict.status, verdict.hint) == ("invalid", hint)


def test_calls_with_different_numbers_of_items(sample):
    from builders import TraceBuilder

    build = TraceBuilder()
    x = build.input("f32[1]")
    for number in (1, 2):
        with build.call("", x) as root:
            root.returns({str(i): x for i in range(number)})
    verdict = judge(build.trace(), "count items .:out = 1")
    assert (verdict.status, verdict.code) == ("invalid", "ambiguous-path")
    assert judge(build.trace(), "count items .@1:out = 2").status == "holds"


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("count ops **/linear = 2", "3 ops, not 2: 3 in decoder.box_head"),
        ("count ops mask_head/einsum = 2", "1 op, not 2"),
        ("count calls encoder.layers.* = 3", "2 calls, not 3"),
        ("count **.self_attn = 1", "2 modules, not 1: 2 in encoder.layers.*.self_attn"),
        ("count calls **.self_attn = 1", "2 calls, not 1: 2 in encoder.layers.*.self_attn"),
    ],
)
def test_a_wrong_count_of_a_deep_pattern_says_where_they_are(sample, line, what):
    selector = line.split()[-3]
    assert judge(sample, line).what == f"'{selector}' has {what}"
