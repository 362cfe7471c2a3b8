"""Documents with several runs: which block speaks of which, sizes by run, and traces for each."""

from __future__ import annotations

from dataclasses import replace

import pytest
from builders import TraceBuilder

from shapeflow.errors import WalkthroughError
from shapeflow.model.records import Run
from shapeflow.walkthrough.check import check
from shapeflow.walkthrough.reader import parse
from shapeflow.walkthrough.verdict import CheckResult

FRONT = "---\nruns:\n  one:\n    seed: 1\n  pair:\n    seed: 2\n---\n# Claims\n"


def run_of(name: str, pictures: int):
    build = TraceBuilder(run=Run("python", "Tiny", "meta", name=name))
    image = build.input(f"f32[{pictures}, 3, 8, 8]")
    with build.call("", image), build.call("encoder", image) as encoder:
        encoder.returns(build.op("relu", [image], f"f32[{pictures}, 3, 8, 8]"))
    return build.trace()


TRACES = (run_of("one", 1), run_of("pair", 2))


def result_of(*blocks: str, traces=TRACES, front=FRONT, partial=False) -> CheckResult:
    text = front + "\n".join(f"```shapes{block}\n```\n" for block in blocks)
    return check(traces, parse(text, "w.md"), partial=partial)


@pytest.mark.parametrize(
    ("block", "failing"),
    [
        ("\nencoder:out [1, 3, 8, 8]", ()),
        ("\nencoder:out [2, 3, 8, 8]", ("one",)),
        (" run=one\nencoder:out [1, 3, 8, 8]", ()),
        (" run=pair\nencoder:out [2, 3, 8, 8]", ()),
        (" run=pair\nencoder:out [1, 3, 8, 8]", ("pair",)),
        (" run=all\nencoder:out [_, 3, 8, 8]", ()),
        (" run=all\nencoder:out [1, 3, 8, 8]", ("pair",)),
        (" run=pair,one module=encoder\n:out [2, 3, 8, 8]", ("one",)),
        (" module=encoder run=all\n:out [3, 3, 8, 8]", ("one", "pair")),
    ],
)
def test_a_block_says_which_runs_it_is_about(block, failing):
    (verdict,) = result_of(block).verdicts
    assert verdict.failing == failing
    assert verdict.passed is not bool(failing)
    if failing:
        runs = ", ".join(map(repr, failing))
        assert f"in the run{'s' if len(failing) > 1 else ''} {runs}" in verdict.render()


@pytest.mark.parametrize(
    ("boxes", "run"), [(None, "words"), ([], "words"), ([{"cx": 0.5}], "drawn")], ids=["no adapter", "0", "1"]
)
def test_a_trace_without_a_name_is_of_the_run_that_draws_boxes_as_it_does(boxes, run):
    front = "---\nruns:\n  words:\n    seed: 1\n  drawn:\n    boxes: [[0.5, 0.5, 1, 1]]\n---\n# Claims\n"
    trace = run_of("", 1)
    inputs = {} if boxes is None else {"boxes": boxes}
    trace = replace(trace, run=replace(trace.run, inputs=inputs))
    result = result_of(f" run={run}\nencoder:out [1, 3, 8, 8]", traces=trace, front=front, partial=True)
    assert list(result.traces) == [run]
    assert [verdict.status for verdict in result.verdicts] == ["holds"]
    named = replace(trace, run=replace(trace.run, name="words"))
    assert list(result_of("\nencoder:out [1, 3, 8, 8]", traces=named, front=front, partial=True).traces) == [
        "words"
    ]


def test_claims_bind_sizes_in_each_run():
    lines = " run=all\nencoder:out [B, C, H, H]", "\nwhere B == 1", " run=pair\nwhere B == 2"
    assert result_of(*lines).passed


def test_the_front_matter_gives_every_run_its_sizes():
    front = FRONT.replace("runs:", "dims:\n  B: 1\nruns:")
    (verdict,) = result_of(" run=all\nencoder:out [B, 3, 8, 8]", front=front).failed
    assert (verdict.run, verdict.code) == ("pair", "shape")
    assert "'B' in line 3 is for every run; without it each run binds its own" in verdict.because


def test_traces_are_told_apart_by_name():
    text = " run=pair\nencoder:out [2, 3, 8, 8]"
    assert result_of(text, traces=TRACES[::-1]).passed
    nameless = [replace(trace, run=replace(trace.run, name="")) for trace in TRACES]
    assert result_of(text, traces=[nameless[0], TRACES[1]]).passed
    assert result_of(text, traces=dict(zip(("one", "pair"), nameless, strict=True))).passed


@pytest.mark.parametrize(
    ("traces", "what"),
    [
        ({"pairs": TRACES[0]}, "no run 'pairs' in this document"),
        ([TRACES[0], TRACES[0]], "two traces are of the run 'one'"),
    ],
)
def test_traces_that_are_of_no_run(traces, what):
    with pytest.raises(WalkthroughError) as caught:
        result_of("\nencoder:out [1, 3, 8, 8]", traces=traces)
    assert (caught.value.code, caught.value.what) == ("unknown-run", what)
    assert caught.value.hint


def test_several_traces_for_a_document_with_one_run():
    with pytest.raises(WalkthroughError, match="the document has one run"):
        result_of("\nencoder:out [1, 3, 8, 8]", traces=TRACES, front="# Claims\n")


def test_a_run_without_a_trace():
    text = " run=pair\nencoder:out [2, 3, 8, 8]"
    (verdict,) = result_of("\nwhere 1 == 1", text, traces=TRACES[0]).failed
    assert (verdict.status, verdict.code) == ("not observed", "run-missing")
    result = result_of("\nwhere 1 == 1", text, traces=TRACES[0], partial=True)
    assert result.passed
    assert [skipped.code for skipped in result.skipped] == ["run-missing"]


UNKNOWN = [("pairs", "run=pair"), ("al", "run=all"), ("one,par", "run=pair")]


@pytest.mark.parametrize(("name", "hint"), UNKNOWN)
def test_a_block_about_an_unknown_run(name, hint):
    (verdict,) = result_of(f" run={name}\nencoder:out [1]").failed
    assert (verdict.status, verdict.code, verdict.hint) == ("invalid", "unknown-run", hint)
    assert verdict.span.text[verdict.span.start : verdict.span.end] == name.split(",")[-1]


@pytest.mark.parametrize(
    ("front", "what"),
    [
        ("runs:\n", "'runs' names no run"),
        ("runs: [a, b]\n", "'runs' is not a mapping"),
        ("runs:\n  a: 3\n", "'a' names what goes in, a key a line"),
        ("runs:\n  all:\n    seed: 1\n", "'all' is not a name for a run"),
        ("runs:\n  a b:\n    seed: 1\n", "'a b' is not a name for a run"),
        ("runs:\n  a,b:\n    seed: 1\n", "'a,b' is not a name for a run"),
        ("run:\n  seed: 1\nruns:\n  a:\n    seed: 1\n", "'run' is one run and 'runs' are several"),
        ("dtype: float32\n", "no dtype 'float32'"),
        ("dtype: [f32]\n", "'dtype' is one line of text"),
    ],
)
def test_front_matter_that_cannot_be_used(front, what):
    with pytest.raises(WalkthroughError) as caught:
        parse(f"---\n{front}---\n# A\n")
    assert caught.value.what.startswith(what)
    assert "^" in caught.value.diagnostic.frame
