"""One cause, told once: what many claims that fail have in common, and what they have not."""

from __future__ import annotations

import pytest
from layer_stacks import CLAIMS, alone, causes, judged, stack
from walkthroughs import result_of


def test_nothing_fails_and_nothing_is_told():
    result = judged(stack())
    assert (result.failed, result.causes, result.told()) == ((), (), [])


def test_a_claim_that_fails_alone_is_told_by_itself():
    result = judged(stack(), "head:out  [1, N, 11]")
    assert result.causes == ()
    assert result.told() == [result.failed[0].render()]


class TestNames:
    def test_a_name_with_another_size_where_it_starts(self):
        result = judged(stack(tokens=4))
        # The restated mistake is right in this run only since S is 4: it follows from the cause, too.
        assert causes(result) == [("size-changed", "'S' is 4 in this run, not 8", 9)]
        assert alone(result) == []
        (cause,) = result.causes
        assert cause.where == "an input of the run in.x"
        assert result.document.claims[cause.first].text == ".:in  [1, N, 4]"
        assert cause.size == ("S", 4)

    def test_a_weight_that_is_wider_names_the_line_and_the_weight(self):
        result = judged(stack(width=32), claims=[claim for claim in CLAIMS if "16]" not in claim])
        (cause,) = result.causes
        assert cause.what == "'D' is 32 in this run, not 16"
        assert cause.where == "tiny/embed.py:7, linear in embed@0"
        assert "embed.weight f32[32, 4]" in cause.found

    def test_two_names_are_two_causes(self):
        claims = [claim for claim in CLAIMS if "16]" not in claim]
        result = judged(stack(tokens=4, width=32), claims=claims)
        assert {what for _, what, _ in causes(result)} == {
            "'S' is 4 in this run, not 8",
            "'D' is 32 in this run, not 16",
        }
        assert alone(result) == []

    def test_a_name_that_is_right_elsewhere_is_not_to_blame(self):
        """D is the width of the embedding; if it also names what did not change, a place is to blame."""
        result = judged(stack(width=32), "head:out  [1, N, D - 6]")
        (cause,) = result.causes
        assert cause.what == "'D' is 32 from here on, not 16"
        assert cause.where == "tiny/embed.py:7, linear in embed@0"
        assert cause.size is None

    def test_a_size_of_its_own_is_not_folded(self):
        result = judged(stack(tokens=4), "head:out  [1, N, 11]", "embed:out  [1, N, 17]")
        assert alone(result) == ["head:out  [1, N, 11]", "embed:out  [1, N, 17]"]

    def test_a_name_that_a_claim_bound(self, sample):
        lines = [
            "decoder.box_head@0:out [1, Q, 4]",
            "mask_head:out [1, Q + 1, 14, 14]",
            "decoder:out[0] [1, Q + 1, 16]",
        ]
        result = result_of(sample, *lines)
        assert [cause.what for cause in result.causes] == ["'Q + 1' is 10 from here on, not 11"]


class TestPlaces:
    def test_sizes_in_numbers_that_follow_each_other(self):
        claims = [
            "embed:out  [1, 8, 16]",
            "body:out  [1, 8, 16]",
            "head:in  [8, 16, 1]",
            "body.layers.0/add:out  [1, 8, 16]",
        ]
        result = judged(stack(tokens=4), claims=claims)
        assert causes(result) == [("size-changed", "a size is 4 from here on, not 8", 3)]
        assert alone(result) == ["head:in  [8, 16, 1]"]

    @pytest.mark.parametrize("line", ["head:out  [1, 7, 10]", "head:out  [1, 9, 10]", "head:out  [1, 8, 11]"])
    def test_a_size_that_does_not_follow_is_not_folded(self, line):
        result = judged(stack(tokens=4), claims=["embed:out  [1, 8, 16]", "body:out  [1, 8, 16]", line])
        assert alone(result) == [line]

    def test_a_dtype_and_the_op_that_changed_it(self):
        result = judged(stack(cast_at=2), "embed:out  bf16[1, N, D]")
        (cause,) = result.causes
        assert (cause.code, cause.what) == ("dtype-changed", "tensors are bf16 from here on, not f32")
        assert cause.where == "tiny/body.py:9, to in body.layers.2@0"
        texts = [result.document.claims[number].text for number in cause.claims]
        assert texts == [
            "body.layers.*:out  f32[1, N, D]",
            "body:out  f32[1, N, D]",
            "head:out  f32[1, N, 10]",
        ]
        assert alone(result) == ["embed:out  bf16[1, N, D]"]


class TestLayers:
    def test_a_layer_that_never_ran_and_its_neighbour(self):
        result = judged(stack(order=(0, 1, 1, 3)), "count calls body.layers.1 = 1", "head:out  [1, N, 11]")
        (cause,) = result.causes
        assert cause.what == "'body.layers.2' never ran, and 'body.layers.1' ran 2 times"
        assert cause.where == "tiny/body.py:40, in body@0"
        assert cause.found == "its neighbours ran in the order 0, 1, 1, 3"
        assert alone(result) == ["head:out  [1, N, 11]"]

    def test_it_is_told_even_if_only_the_neighbour_is_claimed(self):
        result = judged(stack(order=(0, 1, 1, 3)), claims=["count calls body.layers.1 = 1"])
        assert [cause.what for cause in result.causes] == [
            "'body.layers.2' never ran, and 'body.layers.1' ran 2 times"
        ]

    def test_counts_that_lack_just_what_it_would_run(self):
        claims = [
            "count calls body.layers.*.attn = L",
            "count ops **/softmax = L",
            "count ops **/softmax = 7",
        ]
        result = judged(stack(order=(0, 1, 3)), claims=claims)
        (cause,) = result.causes
        assert cause.what == "'body.layers.2' never ran"
        assert alone(result) == ["count ops **/softmax = 7"]

    def test_a_list_that_is_shorter(self):
        result = judged(stack(members=3), "count calls body.layers.3 = 1", "body.layers.[0-3]:out  [1, N, D]")
        # L is the number of layers and of nothing else here.
        assert causes(result)[0][:2] == ("size-changed", "'L' is 3 in this run, not 4")
        result = judged(stack(members=3), "count calls embed = L - 3", "count calls body.layers.3.attn = 1")
        assert causes(result)[0][:2] == ("members-changed", "'body.layers' has 3 members, not 4")
        assert result.causes[0].where == "tiny/body.py:40, in body@0"

    def test_ranges_and_lists_of_layers_that_are_gone(self):
        more = [
            "count calls embed = L - 3",
            "body.layers.{0,3}:out  [1, N, D]",
            "body.layers.[3-3].attn:out  [1, N, D]",
        ]
        result = judged(stack(members=3), *more)
        assert [cause.code for cause in result.causes] == ["members-changed"]
        assert alone(result) == []

    def test_a_module_with_another_name(self):
        result = judged(stack(body="trunk"), "bdy:out  [1, N, D]")
        (cause,) = result.causes
        assert cause.what == "no module is called 'body'; 'trunk' is like it"
        assert "with 'trunk' in its place 9 of them hold" in cause.because
        assert cause.hint == "trunk"
        assert alone(result) == ["bdy:out  [1, N, D]"]

    def test_a_module_that_nothing_is_like(self):
        result = judged(stack(), "neck:out  [1]", "neck.conv:out  [2]")
        assert causes(result) == [("module-gone", "no module is called 'neck'", 2)]


RESIDUAL = "body.layers.*:out = body.layers.*:in[0] + body.layers.*.attn:out"
LAST = "body:out = body.layers.3:in[0] + body.layers.3.attn:out"


class TestMakings:
    def test_one_changed_op_where_it_comes_first(self):
        deep = "body.layers.3:in[0] = body.layers.1:in[0] + body.layers.1.attn:out + body.layers.2.attn:out"
        result = judged(stack(joined_by="sub"), LAST, RESIDUAL, deep)
        assert causes(result) == [("making-changed", "'body.layers.0:out' is made otherwise", 3)]
        (cause,) = result.causes
        assert (cause.where, cause.expected) == ("sub in body.layers.0@0", RESIDUAL)
        assert cause.found == "body.layers.0:in[0] - body.layers.0.attn:out"
        assert result.document.claims[cause.first].text == RESIDUAL
        assert alone(result) == []

    @pytest.mark.parametrize(
        "line",
        [
            "head:out = relu(body:out)",
            "embed:out = relu(.:in[0])",
            "body.layers.2.attn:out = body.layers.2:in[0] + 1",
            'said "it is a product": body:out = body.layers.3:in[0] * body.layers.3.attn:out',
        ],
    )
    def test_what_is_wrong_by_another_op_is_told_by_itself(self, line):
        result = judged(stack(joined_by="sub"), LAST, RESIDUAL, line)
        assert [len(cause.claims) for cause in result.causes] == [2]
        assert alone(result) == ([] if line.startswith("said") else [line])

    def test_makings_orders_and_chains_follow_from_a_layer_that_never_ran(self):
        lines = [
            "chain body.layers.*",
            "body.layers.3:in[0] = body.layers.2:out",
            "body.layers.2 before body.layers.3",
            RESIDUAL,
        ]
        result = judged(stack(order=(0, 1, 1, 3)), claims=lines)
        assert [(cause.code, len(cause.claims)) for cause in result.causes] == [("never-ran", 4)]

    def test_and_from_a_module_with_another_name(self):
        lines = ["chain embed, body, head", "embed before body", "head:in[0] = body:out", RESIDUAL]
        result = judged(stack(body="trunk"), claims=lines)
        (cause,) = result.causes
        assert "with 'trunk' in its place 4 of them hold" in cause.because


class TestEarlyEnd:
    def test_what_comes_after_follows_and_what_is_before_does_not(self):
        result = judged(stack(fails_at=2), "embed:out  [1, N, 17]", "class head = Conv2d", "hed:out  [1]")
        (cause,) = result.causes
        assert cause.code == "run-ended"
        assert cause.where == "tiny/model.py:12, in body.layers.2.attn@0 (Attention)"
        assert cause.found == "RuntimeError: mat1 and mat2 shapes cannot be multiplied"
        assert alone(result) == ["embed:out  [1, N, 17]", "class head = Conv2d", "hed:out  [1]"]

    def test_a_layer_left_out_before_is_a_cause_of_its_own(self):
        claims = [
            "body.layers.*:out  [1, N, D]",
            "body.layers.1:out  [1, N, D]",
            "body.layers.1.attn:out [1, N, D]",
        ]
        result = judged(stack(order=(0, 2, 3), fails_at=3), claims=claims)
        assert [cause.code for cause in result.causes] == ["run-ended"], (
            "it may have run later, in the same loop"
        )


class TestFlow:
    def test_a_flow_that_is_cut_at_one_place(self):
        result = judged(stack(cut_at=2))
        (cause,) = result.causes
        assert (cause.code, len(cause.claims)) == ("flow-cut", 3)
        assert cause.where == "add in body.layers.2@0"


class TestUnsized:
    def test_a_name_without_a_size_and_the_line_that_would_give_it(self, sample):
        lines = [
            "decoder.box_head@0:out [2, Q, 4]",
            "mask_head:out [1, 2 * Q, 14, 14]",
            "decoder:out[0] [1, Q * 2, 16]",
        ]
        result = result_of(sample, *lines, "mask_head:out [1, 2 * Q, _, _]")
        (cause,) = result.causes
        assert (cause.code, cause.where) == ("size-missing", "w.md:4:25")


def test_a_cause_is_told_with_its_first_claim_and_the_lines_of_the_others():
    result = judged(stack(tokens=4))
    first, claim, more = result.told(hint="(--all shows each)")
    assert first.startswith(
        "cause[size-changed]: 'S' is 4 in this run, not 8\n  --> an input of the run in.x\n"
    )
    assert claim == result.verdicts[0].render()
    assert more == "8 more lines follow from it: 12, 15-17, 23-26   (--all shows each)"
    assert len(result.told(every=True)) == 1 + len(result.failed)
    with pytest.raises(AssertionError, match=r"^cause\[size-changed\]"):
        result.raise_if_failed()


def test_amounts_are_told_last_and_the_innermost_of_them_first(sample):
    lines = (
        "flops mask_head = 99.9 %",
        "parameters . = 1",
        "parameters encoder.layers.0 = 1",
        "class mask_head = Other",
        "parameters encoder = 1",
    )
    result = result_of(sample, *lines)
    order = [lines.index(verdict.claim.text) for verdict in result.alone]
    assert [lines[number] for number in order] == [lines[number] for number in (3, 2, 0, 4, 1)]
    assert result.told() == [verdict.render() for verdict in result.alone]


def test_a_size_of_nothing_follows_from_none():
    """Empty tensors have sizes of 0, which nothing divides."""
    from shapeflow.walkthrough.causes.sizes import _follows

    assert not _follows((0, 4), (8, 16))
    assert not _follows((4, 0), (0, 8))
    assert _follows((16, 32), (8, 16))
