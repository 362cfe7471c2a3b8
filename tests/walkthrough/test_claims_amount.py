"""Claims on parameters, FLOPs and memory: rounding, units, shares, and what is counted once."""

from __future__ import annotations

from dataclasses import replace

import pytest
from builders import TraceBuilder
from walkthroughs import judge, under

from shapeflow.model.tensors import ModuleTensor


def tensor(name, *shape, kind="parameter", same=""):
    return ModuleTensor(name, "f32", shape, kind, same)


@pytest.fixture(scope="module")
def trace():
    build = TraceBuilder()
    build.module("", "Net", parameters=1_250, own=50, tensors=(tensor("scale", 50),))
    build.module("embed", parameters=1_000, own=1_000, tensors=(tensor("weight", 100, 10),))
    build.module("layers", "ModuleList", callable=False, tensors=())
    for number in range(2):
        weight = tensor("weight", 10, 10, kind="frozen" if number else "parameter")
        held = (weight, tensor("mean", 5, kind="buffer"))
        build.module(f"layers.{number}", parameters=100, own=100, tensors=held)
    tied = tensor("weight", 100, 10, same="embed.weight")
    build.module("head", parameters=1_000, own=1_000, tensors=(tied,))
    build.module("idle", tensors=())
    x = build.input("f32[1, 10]")
    with build.call("", x):
        for number in range(2):
            with build.call(f"layers.{number}", x) as layer:
                x = build.op("linear", [x], "f32[1, 10]", flops=200_000)
                with build.composite("attention", [x], "f32[1, 25]", flops=1_000):
                    build.op("matmul", [x], "f32[1, 25]", flops=1_000)
                layer.returns(x)
        with build.call("head", x) as head:
            head.returns(build.op("linear", [x], "f32[1, 100]", flops=1_598_000))
    made = build.trace()
    return replace(made, run=replace(made.run, peak_bytes=1_234))


@pytest.mark.parametrize(
    "line",
    [
        "parameters . = 1250",
        "parameters . = 1,250",
        "parameters . = 1.25K",
        "parameters . = 1.2k",
        "parameters . = 1.3K",
        "parameters . = 1.25e3",
        "parameters layers.* = 200",
        "parameters layers.0 = 8 %",
        "parameters layers.0 = 8.0%",
        "parameters {embed,head} = 1000",
        "parameters embed.weight = 1000",
        "parameters layers.*.mean = 0",
        "parameters idle = 0",
        "trainable . = 1150",
        "trainable layers.* = 100",
        "trainable layers.1.weight = 0",
        "flops . = 2M",
        "flops . = 2.0 MFLOPs",
        "flops . = 2,000,000",
        "flops layers.* = 402K",
        "flops layers = 402K",
        "flops layers = 20.1 %",
        "flops layers.* = 20.1 %",
        "flops head = 80 %",
        "flops layers.0/linear = 200K",
        "flops layers.*/linear = 400K",
        "flops layers.0/matmul = 1K",
        "flops layers.0/* = 201K",
        "flops idle = 0",
        "multiply-adds . = 1.0 MMACs",
        "multiply-adds head = 799K",
        "multiply-adds head = 79.9 %",
        "memory . = 1.2 kB",
        "memory . = 1,234 B",
        "memory . = 1.21 KiB",
        "memory head = 400 B",
        "memory head = 32 %",
    ],
)
def test_amounts_that_hold(trace, line):
    verdict = judge(trace, line)
    assert verdict.status == "holds", verdict.render()


@pytest.mark.parametrize(
    ("line", "found", "hint"),
    [
        ("parameters . = 1251", "1,250", "parameters . = 1,250"),
        ("parameters . = 1.24K", "1,250", "parameters . = 1.25K"),
        ("parameters . = 1.250M", "1,250", "parameters . = 0.001M"),
        ("parameters . = 12M", "1,250", "parameters . = 1,250"),
        ("parameters layers.0 = 8.1 %", "100, 8.00 % of 1,250", "parameters layers.0 = 8.0 %"),
        ("trainable layers.* = 200", "100", "trainable layers.* = 100"),
        ("flops head = 81 %", "1,598,000, 79.90 % of 2,000,000", "flops head = 80 %"),
        ("flops head = 79.8 %", "1,598,000, 79.90 % of 2,000,000", "flops head = 79.9 %"),
        ("memory . = 1.3 kB", "1,234 B", "memory . = 1.2 kB"),
        ("memory . = 5 GB", "1,234 B", "memory . = 1,234 B"),
        ("flops idle = 1", "0", "flops idle = 0"),
    ],
)
def test_amounts_that_do_not(trace, line, found, hint):
    verdict = judge(trace, line)
    assert (verdict.status, verdict.code, verdict.found) == ("contradicted", "amount", found)
    assert under(verdict) == line.partition("= ")[2]
    assert verdict.hint == hint
    assert judge(trace, hint).status == "holds"


@pytest.mark.parametrize(
    ("line", "because"),
    [
        ("flops . = 1M", "it is the number of multiply-adds, and a multiply-add is two FLOPs"),
        ("multiply-adds . = 2M", "it is the number of FLOPs, and a multiply-add is two of them"),
        ("memory . = 1.21 kB", "it is that many KiB: 1024 to the step"),
        ("memory . = 1.23 KiB", "it is that many KB: 1000 to the step"),
        ("flops . = 3M", ""),
    ],
)
def test_what_was_probably_meant(trace, line, because):
    assert judge(trace, line).because == because


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        ("parameters embed", "parameters embed"),
        ("parameters embed = ", "="),
        ("parameters embed = many", "many"),
        ("parameters embed = -3", "-3"),
        ("parameters embed = 1,00", "1,00"),
        ("parameters embed = 3 GFLOPs", "GFLOPs"),
        ("parameters embed = 3 Q", "Q"),
        ("flops embed = 3 GMACs", "GMACs"),
        ("multiply-adds embed = 3 GFLOPs", "GFLOPs"),
        ("memory embed = 3 G", "G"),
        ("memory embed = 3", ""),
        ("flops embed head = 3", "flops embed head = 3"),
        ("flops .:in = 3", ".:in"),
        ("flops layers.0:out = 3", "layers.0:out"),
    ],
)
def test_what_is_no_amount(trace, line, meant):
    verdict = judge(trace, line)
    assert (verdict.status, verdict.code) == ("invalid", "claim-syntax")
    assert under(verdict).startswith(meant) or meant == "="
    assert verdict.expected or verdict.found


@pytest.mark.parametrize("line", ["parameters embd = 1000", "flops had = 3", "memory had = 3 B"])
def test_an_unknown_module(trace, line):
    verdict = judge(trace, line)
    assert (verdict.status, verdict.code) == ("invalid", "unknown-path")
    assert verdict.hint in ("embed", "head")


def test_a_run_that_ended_early(trace):
    cut = replace(trace, run=replace(trace.run, complete=False))
    assert judge(cut, "flops head = 80 %").status == "undecided"
    assert judge(cut, "memory . = 1.2 kB").status == "undecided"
    assert judge(cut, "parameters head = 1000").status == "holds"


def test_a_share_of_nothing(trace):
    idle = replace(trace, ops=tuple(replace(op, flops=0) for op in trace.ops))
    assert judge(idle, "flops head = 80 %").status == "undecided"
    assert judge(idle, "flops head = 0").status == "holds"


def test_a_trace_that_lists_no_parameters(trace):
    old = replace(trace, modules=tuple(replace(module, tensors=None) for module in trace.modules))
    assert judge(old, "parameters embed = 1000").status == "holds"
    for line in ("parameters layers.* = 200", "trainable embed = 1000"):
        verdict = judge(old, line)
        assert (verdict.status, verdict.code) == ("not observed", "not-in-trace")


def test_a_module_in_two_places_is_not_counted_wrongly(trace):
    """The model is told to have more than what is listed: a part of it is listed elsewhere."""
    modules = [replace(m, parameters=300) if m.path == "layers.0" else m for m in trace.modules]
    shared = replace(trace, modules=tuple(modules))
    assert judge(shared, "parameters layers.0 = 300").status == "holds"
    assert judge(shared, "parameters layers.* = 200").code == "not-in-trace"


@pytest.mark.parametrize(
    ("line", "status"),
    [
        ("flops head > 79 %", "holds"),
        ("flops head < 80 %", "holds"),
        ("flops head > 80 %", "contradicted"),
        ("parameters . > 1,249", "holds"),
        ("parameters . > 1,250", "contradicted"),
        ("parameters . < 1.25K", "contradicted"),
        ("multiply-adds . < 1.01 MMACs", "holds"),
        ("memory . > 1 kB", "holds"),
    ],
)
def test_a_bound_says_more_or_less(trace, line, status):
    verdict = judge(trace, line)
    assert verdict.status == status, verdict.message
    if status == "contradicted":
        assert ("not more than that" if ">" in line else "not less than that") in verdict.what


@pytest.mark.parametrize("line", ["flops head >= 80 %", "flops > 80 %", "flops head >", "flops head <> 2"])
def test_a_bound_that_is_none_is_told(trace, line):
    assert judge(trace, line).status == "invalid"
