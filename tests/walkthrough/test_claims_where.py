"""Ranges of sizes, and sizes that are rounded."""

from __future__ import annotations

import pytest
from walkthroughs import judge, result_of, under

SIZES = {"B": 1, "S": 28, "H": "ceil(S / 3)", "G": "S // 3", "R": "S % 5"}


@pytest.mark.parametrize(
    "line",
    [
        "where S % 14 == 0",
        "where 1 <= B <= 10",
        "where 0 < B < 2 <= 2",
        "where H == 10",
        "where G != H",
        "where R == 3 and".removesuffix(" and"),
        "where ceil(S / 4) >= S // 4 > S % 4",
        "where H > G",
        "where 2*(B + 1) == 4",
        "where 3 == 3",
    ],
)
def test_ranges_that_hold(sample, line):
    assert judge(sample, line, SIZES).status == "holds"


@pytest.mark.parametrize(
    ("line", "meant", "what"),
    [
        ("where S % 13 == 0", "S % 13 == 0", "2 == 0 is not so"),
        ("where 1 <= S <= 10", "S <= 10", "28 <= 10 is not so"),
        ("where 2 <= B <= 10", "2 <= B", "2 <= 1 is not so"),
        ("where B != 1", "B != 1", "1 != 1 is not so"),
    ],
)
def test_ranges_that_do_not(sample, line, meant, what):
    verdict = judge(sample, line, SIZES)
    assert (verdict.status, verdict.code, verdict.what) == ("contradicted", "range", what)
    assert under(verdict) == meant


def test_a_name_bound_above(sample):
    assert result_of(sample, "decoder.box_head@0:out  [1, Q, 4]", "where Q % 5 == 0").passed


@pytest.mark.parametrize(
    ("line", "code", "meant", "what"),
    [
        ("where 1 <= M <= 10", "symbol-unbound", "M", "'M' has no size yet, so it has no range"),
        ("where 2*M == 4", "symbol-unbound", "2*M", "'M' has no size yet, so it has no range"),
        ("where S / 5 == 2", "symbol-fraction", "S / 5", "'S / 5' is not a whole number"),
        ("where S % 0 == 2", "symbol-fraction", "S % 0", "'S % 0' divides by zero"),
        ("where S", "claim-syntax", "where S", "a range compares sizes"),
        ("where S = 28", "claim-syntax", "=", "two sizes are compared with '=='"),
        ("where S == ", "claim-syntax", "==", "a size is missing here"),
        ("where < 3", "claim-syntax", "<", "a size is missing here"),
        ("where S <> 3", "claim-syntax", ">", "a size is missing here"),
        ("where S < 3 x", "claim-syntax", "x", "an operator is missing before 'x'"),
        ("where round(S) == 3", "claim-syntax", "round", "sizes have no function 'round'"),
        ("where __import__('os') == 3", "claim-syntax", "__import__", "sizes have no function '__import__'"),
    ],
)
def test_what_is_no_range(sample, line, code, meant, what):
    verdict = judge(sample, line, SIZES)
    assert (verdict.status, verdict.code, verdict.what) == ("invalid", code, what)
    assert under(verdict) == meant


def test_a_mistake_about_a_range(sample):
    assert judge(sample, 'said "1": where S % 13 == 0', SIZES).passed
    assert judge(sample, 'said "1": where S % 14 == 0', SIZES).code == "said-holds"
    assert judge(sample, 'said "1": where M == 14', SIZES).status == "invalid"


def test_a_module_may_have_the_name_of_a_keyword(sample):
    for name in ("where", "memory", "flops", "parameters"):
        assert judge(sample, f"{name}:out  [1]").code == "unknown-path"
        assert judge(sample, f"{name} reaches mask_head:out").code == "unknown-path"
