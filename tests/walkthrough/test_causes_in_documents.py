"""Causes in whole documents: several runs, blocks about modules, a dtype for all shapes."""

from __future__ import annotations

from layer_stacks import alone, causes, judged, stack

from shapeflow.walkthrough.check import check
from shapeflow.walkthrough.reader import parse

LAST = "body:out = body.layers.3:in[0] + body.layers.3.attn:out"


def runs(*blocks, dtype=""):
    """Return a document of two runs, with blocks of an opening and lines."""
    front = "".join(f"{line}\n" for line in ("runs:", "  one: {}", "  two: {}", "dims:", "  S: 8", "  D: 16"))
    body = "".join(
        "\n```shapes {}\n{}\n```\n".format(opening, "\n".join(lines)) for opening, *lines in blocks
    )
    return f"---\n{f'dtype: {dtype}' if dtype else 'title: two'}\n{front}---\n# Two\n{body}"


def judged_in_runs(text, **changes):
    """Judge a document of two runs, with how the stack differs in each."""
    return check([stack(run=run, **change) for run, change in changes.items()], parse(text, "two.md"))


class TestRuns:
    ALL = ("run=all", "embed:out [_, S, D]", "body:out [_, S, D]")
    TWO = ("run=two", "head:out [_, S, 10]", "head:in [_, S, D]")

    def test_what_is_the_same_in_two_runs_is_told_once(self):
        result = judged_in_runs(runs(self.ALL, self.TWO), one={"tokens": 4}, two={"tokens": 4, "batch": 2})
        assert causes(result) == [("size-changed", "'S' is 4 in this run, not 8", 4)]
        (cause,) = result.causes
        assert cause.because.endswith("\nin the run 'one', and so in 'two' (4 lines)")
        assert cause.size == ("S", 4)

    def test_what_is_in_one_run_names_it(self):
        result = judged_in_runs(runs(self.ALL, self.TWO), one={}, two={"tokens": 4})
        (cause,) = result.causes
        assert len(cause.claims) == 4
        assert cause.because.endswith("\nin the run 'two'")
        assert cause.hint == "no size for 'S' in the front matter, so that each run binds its own"

    def test_two_causes_in_two_runs(self):
        result = judged_in_runs(runs(self.ALL, self.TWO), one={"tokens": 4}, two={"tokens": 2})
        assert causes(result) == [
            ("size-changed", "'S' is 4 in this run, not 8", 2),
            ("size-changed", "'S' is 2 in this run, not 8", 2),
        ]

    def test_a_claim_that_fails_otherwise_in_another_run_is_told_by_itself(self):
        """In the first run 'head' is wrong for a reason of its own, which no other claim shares."""
        block = (
            "run=all",
            "count calls body.layers.2 = 1",
            "body.layers.2:out [_, S, D]",
            "body:out [_, S, D]",
        )
        result = judged_in_runs(runs(block), one={"order": (0, 1, 3)}, two={"width": 8, "order": (0, 1, 3)})
        assert [(cause.code, len(cause.claims)) for cause in result.causes] == [("never-ran", 2)]
        assert alone(result) == ["body:out [_, S, D]"]

    def test_one_claim_in_one_run_and_more_in_the_other(self):
        makings = (("module=body.layers.* run=all", ":out = :in[0] + attn:out"), ("run=two", LAST))
        result = judged_in_runs(runs(*makings), one={"joined_by": "sub"}, two={"joined_by": "sub"})
        assert causes(result) == [("making-changed", "'body.layers.0:out' is made otherwise", 2)]

    def test_a_broken_line_has_no_run_and_no_cause(self):
        result = judged_in_runs(runs((*self.ALL, "head:out [")), one={"tokens": 4}, two={"tokens": 4})
        assert alone(result) == ["head:out ["]


class TestBlocks:
    def test_the_module_of_a_block_that_is_gone(self):
        block = (
            "module=body.layers.*",
            ":out  [_, S, D]",
            ":out = :in[0] + attn:out",
            ".head:out [_, S, 10]",
        )
        result = judged_in_runs(runs(block, ("", "body:out [_, S, D]")), one={"body": "trunk"})
        # The head is there; but a line of a block about what is not there is not judged.
        assert causes(result) == [
            ("module-gone", "no module is called 'body'; 'trunk' is like it", 4),
        ]
        assert "with 'trunk' in its place 4 of them hold" in result.causes[0].because

    def test_a_leading_dot_is_the_same_module(self):
        result = judged(stack(body="trunk"), claims=[".body:out  [1, N, D]", "body.layers.0:in [1, N, D]"])
        (cause,) = result.causes
        assert "with 'trunk' in its place 2 of them hold" in cause.because

    def test_the_dtype_of_the_document(self):
        block = ("", "body.layers.3:out [_, S, D]", "body:out [_, S, D]", "embed:out bf16[_, S, D]")
        result = judged_in_runs(runs(block, dtype="f32"), one={"cast_at": 2})
        assert causes(result) == [("dtype-changed", "tensors are bf16 from here on, not f32", 2)]
        assert alone(result) == ["embed:out bf16[_, S, D]"]
