"""Judging whole documents: samples line by line, sizes of the front matter, large and hostile documents."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from walkthroughs import document_of, judge, result_of

import shapeflow
from shapeflow.errors import ExitCode, InputError, WalkthroughError
from shapeflow.walkthrough.check import check
from shapeflow.walkthrough.reader import parse

SAMPLES = sorted((Path(__file__).parent / "samples").glob("*.md"))


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
def test_each_line_of_the_samples_gets_the_verdict_it_names(sample, path):
    """Each line of a sample that ends with ``# E: code`` gets that code; every other claim is satisfied."""
    whole = {"```shape": "block-name", "## Lines that cannot be read": "duplicate-section"}
    wrong = []
    result = check(sample, path)
    for verdict in result.verdicts:
        line = verdict.claim.span.text
        marked = re.search(r"# E: ([\w-]+)", line)
        wanted = marked[1] if marked else whole.get(line.strip(), "")
        if verdict.claim.kind == "invalid" and verdict.claim.text == "```shapes":
            wanted = "block-open"
        got = "" if verdict.passed else verdict.code
        if got != wanted:
            wrong.append(f"{path.name}:{verdict.claim.span.line}: wanted {wanted or 'no failure'}, got {got}")
    assert wrong == []
    assert len(result.verdicts) > 30


class TestFrontMatter:
    def test_sizes_are_worked_out_in_order(self, sample):
        dims = {"S": 28, "P": 2, "G": "S / P", "N": "G * G"}
        result = result_of(sample, "encoder.layers.0:out [_, N, _]", dims=dims)
        assert result.failed == ()
        assert result.bindings == {
            "S": (28, "line 3"),
            "P": (2, "line 4"),
            "G": (14, "line 5"),
            "N": (196, "line 6"),
        }

    @pytest.mark.parametrize(
        ("dims", "code", "what", "where"),
        [
            ({"G": "S / P", "S": 28}, "symbol-unbound", "'S' has no size yet", "w.md:3:6"),
            ({"S": 28, "G": "S / 3"}, "symbol-fraction", "'S / 3' is not a whole number", "w.md:4:6"),
            ({"S": 28, "G": "S / 0"}, "symbol-fraction", "'S / 0' divides by zero", "w.md:4:6"),
            ({"S": "28 px"}, "front-matter", "an operator is missing before 'px'", "w.md:3:9"),
            ({"S": "1.5"}, "front-matter", "an operator is missing before '.'", "w.md:3:7"),
            ({"S": "true"}, "symbol-unbound", "'true' has no size yet", "w.md:3:6"),
            ({"S": "1 - 2"}, "size-out-of-range", "'S' would be -1", "w.md:3:6"),
            ({"S": "9" * 19 + " * 9"}, "front-matter", "no tensor is that large", "w.md:3:6"),
        ],
    )
    def test_sizes_that_are_none(self, sample, dims, code, what, where):
        with pytest.raises(WalkthroughError) as caught:
            result_of(sample, "encoder.layers.0:out [_, N, _]", dims=dims)
        error = caught.value
        assert (error.code, error.where) == (code, where)
        assert error.what.startswith(what)
        assert "^" in error.diagnostic.frame

    def test_another_model(self, sample):
        text = "---\nmodel: sam3\nrun:\n  image: bus.jpg\n---\n" + document_of(".:out.boxes [1, 10, 4]")
        with pytest.raises(WalkthroughError) as caught:
            check(sample, parse(text, "w.md"))
        error = caught.value
        assert (error.code, error.expected, error.found) == ("other-model", "sam3", "tiny:detector")
        assert error.hint == "shapeflow check --run w.md"

    @pytest.mark.parametrize(
        ("model", "refused"),
        [
            ("tiny.py:build", False),
            ("torchvision:resnet50", False),
            ("sam3", True),
            ("Tiny", False),
            ("Other", True),
        ],
    )
    def test_a_model_traced_in_python_is_known_by_its_class_alone(self, sample, model, refused):
        trace = replace(sample, run=replace(sample.run, adapter="python", target="Tiny"))
        document = parse(f"---\nmodel: {model}\n---\n" + document_of(".:out.boxes [1, 10, 4]"), "w.md")
        if refused:
            with pytest.raises(WalkthroughError):
                check(trace, document)
        else:
            assert check(trace, document).passed

    @pytest.mark.parametrize(
        ("model", "target", "same"),
        [
            ("sam3", "sam3", True),
            ("tiny.py:build", "examples/tiny.py:build", True),
            ("examples/tiny.py:build", "tiny.py:build", True),
            ("tiny.py:build", "tiny.py:other", False),
            ("tiny:build", "examples.tiny:build", False),
            ("sam3", "sam3-transformers", False),
        ],
    )
    def test_which_models_are_the_same(self, sample, model, target, same):
        trace = replace(sample, run=replace(sample.run, target=target))
        document = parse(f"---\nmodel: {model}\n---\n" + document_of(".:out.boxes [1, 10, 4]"))
        if same:
            assert not check(trace, document).failed
        else:
            with pytest.raises(WalkthroughError):
                check(trace, document)


class TestNoClaims:
    @pytest.mark.parametrize(
        ("text", "what"),
        [
            ("", "no claims in 'w.md': 0 fenced blocks, none marked 'shapes'"),
            ("# T\n\n```\nx\n```\n", "no claims in 'w.md': 1 fenced block, none marked 'shapes'"),
            ("```a\n```\n\n```b\n```\n", "no claims in 'w.md': 2 fenced blocks, none marked 'shapes'"),
            (
                "```shapes\n# only a remark\n```\n",
                "no claims in 'w.md': 1 fenced block, 1 marked 'shapes', but empty",
            ),
        ],
    )
    def test_is_an_error(self, sample, text, what):
        with pytest.raises(WalkthroughError) as caught:
            check(sample, parse(text, "w.md"))
        assert (caught.value.code, caught.value.what) == ("no-claims", what)


class TestResult:
    def test_from_a_path_and_from_the_public_name(self, sample, tmp_path):
        path = tmp_path / "w.md"
        path.write_text(document_of("mask_head:out [1, 10, 14, 14]"))
        for given in (path, str(path)):
            assert shapeflow.check(sample, given).counts == {"holds": 1}
        with pytest.raises(InputError):
            shapeflow.check(sample, tmp_path / "v.md")

    def test_counts_and_exit_codes(self, sample):
        fine = "mask_head:out [1, 10, 14, 14]"
        undecided = ".:in.tokens never reaches encoder:out.memory"
        result = result_of(sample, fine)
        assert result.exit_code() == ExitCode.FINE
        result = result_of(sample, fine, "mask_head:out [2]")
        assert result.exit_code() == ExitCode.DIFFERENT
        result = result_of(sample, fine, undecided)
        assert result.counts == {"holds": 1, "undecided": 1}
        assert result.exit_code() == ExitCode.DIFFERENT
        assert result.exit_code(allow_undecided=True) == ExitCode.FINE
        assert result.failures(allow_undecided=True) == ()
        result = result_of(sample, undecided, "mask_head:out [2", "mask_head:out [2]")
        assert result.exit_code(allow_undecided=True) == ExitCode.WRONG_INPUT
        assert len(result.failures(allow_undecided=True)) == 2

    def test_a_mistake_that_is_none_any_more_fails(self, sample):
        verdict = judge(sample, 'said "3": mask_head:out [1, 10, 14, 14]')
        assert (verdict.status, verdict.code, verdict.passed) == ("holds", "said-holds", False)

    def test_judged_to_the_end(self, sample):
        lines = ["oops", "mask_head:out [1, 10, 14, 14]"] * 5
        assert [verdict.passed for verdict in result_of(sample, *lines).verdicts] == [False, True] * 5


@pytest.mark.slow
class TestLarge:
    def test_ten_thousand_claims(self, sample):
        lines = [
            f"mask_head:out [1, Q, 14, {14 + number % 2}]   # {number}"
            if number % 3
            else f"encodr.layers.{number}:out [S{number}, 1]"
            for number in range(10_000)
        ]
        result = result_of(sample, *lines)
        text = "\n".join(result.told(every=True))
        assert (len(result.verdicts), result.counts["invalid"]) == (10_000, 3_334)
        assert text.count("error[unknown-path]") == 3_334

    def test_ten_thousand_symbols(self, sample):
        lines = [f"mask_head:out [S{number}, T{number}, _, U{number}]" for number in range(10_000)]
        assert len(result_of(sample, *lines).bindings) == 30_000


def test_a_check_never_loads_torch_or_numpy(sample, tmp_path):
    sample.save(tmp_path / "t.trace.json")
    (tmp_path / "w.md").write_text(document_of("mask_head:out [1, 10, 14, 14]"))
    code = (
        "import sys, shapeflow\n"
        "trace = shapeflow.Trace.load('t.trace.json')\n"
        "assert not shapeflow.check(trace, 'w.md').failed\n"
        "print(sorted({'torch', 'numpy', 'rich', 'jinja2'} & set(sys.modules)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "[]"
