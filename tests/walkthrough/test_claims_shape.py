"""Shape claims: what holds, what does not, and what the verdict says of it."""

from __future__ import annotations

import pytest
from builders import TraceBuilder
from walkthroughs import judge, result_of, under

from shapeflow.model.records import Port

DIMS = {"B": 1, "C": 16, "G": 14}


@pytest.fixture(scope="module")
def layers():
    """Four layers, of which the last gives another shape; one path that is called five times."""
    build = TraceBuilder()
    x = build.input("f32[1, 8]")
    with build.call("", x):
        for number in range(4):
            with build.call(f"layers.{number}", x) as layer:
                layer.returns(build.op("linear", [x], "f32[1, 8]" if number < 3 else "f32[1, 9]"))
        for number in range(5):
            with build.call("norm", x) as norm:
                norm.returns(build.op("norm", [x], "f32[1, 8]" if number != 3 else "f32[2, 8]"))
    return build.trace()


def test_it_holds_and_shows_what_was_found(sample):
    verdict = judge(sample, "backbone.forward_image():out.features[0]  [B, C, G, G]", DIMS)
    assert (verdict.status, verdict.passed, verdict.code, verdict.what) == ("holds", True, "", "")
    assert verdict.found == "f32[1, 16, 14, 14]"
    assert verdict.expected == "[B, C, G, G]   with B = 1 (line 3), C = 16 (line 4), G = 14 (line 5)"
    assert verdict.sizes == (("B", 1), ("C", 16), ("G", 14))
    assert [sample.calls[call].name for call in verdict.evidence.calls] == ["backbone.forward_image()"]
    assert [str(sample.values[value]) for value in verdict.evidence.values] == ["f32[1, 16, 14, 14]"]


def test_an_op_that_never_ran_outside_of_all_calls(layers):
    verdict = judge(layers, "/softmax:out  [1, 8]")
    assert (verdict.status, verdict.code) == ("contradicted", "unknown-op")


@pytest.mark.parametrize("axis", range(4))
def test_each_wrong_size_is_found_with_a_caret_under_it(sample, axis):
    sizes = [1, 16, 14, 14]
    sizes[axis] = 99
    verdict = judge(sample, f"backbone.convs.0:out  {sizes}")
    assert (verdict.status, verdict.code) == ("contradicted", "shape")
    assert under(verdict) == "99"
    assert verdict.expected == str(sizes)
    assert verdict.found == f"f32[1, 16, 14, 14]   dim {axis + 1} differs"
    assert verdict.because == "made by interpolate, in backbone.convs.0"
    assert verdict.hint == "backbone.convs.0:out  [1, 16, 14, 14]"


def test_the_source_line_of_the_maker(sample):
    verdict = judge(sample, "mask_head:out [1, 10, 14, 15]")
    assert verdict.because == "made by einsum, tiny/masks.py:21, in mask_head"


@pytest.mark.parametrize(
    ("selector", "origin"),
    [
        (".:in.tokens", "it is an input of the run: in.tokens"),
        ("encoder:in.position", "it is the buffer backbone.position"),
        ("text/embedding:in[0]", "it is the parameter text.embedding.weight"),
    ],
)
def test_tensors_that_no_op_made(sample, selector, origin):
    assert judge(sample, f"{selector} [7]").because == origin


def test_rank_and_dtype(sample):
    verdict = judge(sample, "backbone.convs.0:out [1, 16, 14]")
    assert verdict.what == "'backbone.convs.0:out' has 4 dims, not 3"
    assert under(verdict) == "[1, 16, 14]"
    verdict = judge(sample, "backbone.convs.0:out bf16[1, 16, 14, 14]")
    assert (verdict.code, under(verdict)) == ("dtype", "bf16")


def test_another_order_of_the_same_sizes(sample):
    verdict = judge(sample, "encoder.layers.0:out [N, B, C]", {"N": 196, "B": 1, "C": 16})
    assert (verdict.status, verdict.code, verdict.passed) == ("layout differs", "layout", False)
    assert verdict.hint == "encoder.layers.0:out  [B, N, C]"


@pytest.mark.parametrize(
    ("written", "sizes", "offered"),
    [
        ("[N, B, C]", {"N": 196, "B": 1, "C": 16}, "[B, N, C]"),
        ("[N, B, C]", {"N": 196, "B": 1, "C": 16, "M": 196}, "[B, N, C]"),  # of the line itself before others
        ("[B, 32, C]", {"N": 196, "B": 1, "C": 16}, "[B, N, C]"),
        ("[B, 32, C]", {"N": 196, "B": 1, "C": 16, "M": 196}, "[B, 196, C]"),  # which of two is not known
        ("[B, N, 8]", {"N": 196, "B": 1, "C": 16}, "[B, N, 16]"),  # small enough to be met by chance
        ("[N, 2, C]", {"N": 196, "B": 1, "C": 16}, "[1, N, C]"),
        ("[..., 32, C]", {"N": 196, "C": 16}, "[..., N, C]"),
    ],
)
def test_what_is_offered_has_the_letters_of_the_document(sample, written, sizes, offered):
    assert judge(sample, f"encoder.layers.0:out {written}", sizes).hint == f"encoder.layers.0:out  {offered}"


def test_a_verdict_does_not_depend_on_which_claim_gives_a_size(sample):
    wrong = "encoder.layers.0:out [196, B, 16]"
    binding = "decoder.box_head@0:out [B, 10, 4]"
    for lines in ([wrong, binding, wrong], [binding, wrong, wrong]):
        verdicts = [v for v in result_of(sample, *lines).verdicts if v.claim.text == wrong]
        assert [(v.status, v.hint) for v in verdicts] == [
            ("layout differs", "encoder.layers.0:out  [B, 196, 16]")
        ] * 2


def test_a_size_that_another_claim_gives_later_is_not_held_against_a_claim(sample):
    """Judging again may tell the order of axes; it makes no claim hold, and blames no binding."""
    result = result_of(sample, "encoder.layers.0:out [Q, 195, 16]", "mask_head:out [_, Q, 14, 14]")
    assert [verdict.code for verdict in result.verdicts] == ["shape", ""]


def test_no_tensor_there(sample):
    verdict = judge(sample, "backbone.forward_image():out.mask [1]")
    assert (verdict.status, verdict.found) == ("contradicted", "None")


class TestSymbols:
    def test_bound_at_first_use_and_kept(self, sample):
        result = result_of(sample, "decoder.box_head@0:out [B, Q, 4]", "mask_head:out [B, Q, _, _]")
        assert [verdict.status for verdict in result.verdicts] == ["holds", "holds"]
        assert result.bindings == {"B": (1, "line 4"), "Q": (10, "line 4")}

    def test_two_sizes_name_both_places(self, sample):
        result = result_of(sample, "decoder.box_head@0:out [B, N, 4]", "encoder.layers.0:out [B, N, 16]")
        verdict = result.verdicts[1]
        assert (verdict.status, verdict.code) == ("contradicted", "symbol-conflict")
        assert verdict.what == "'N' is 196 here but was bound to 10"
        assert verdict.expected == "N = 10   bound in line 4 by decoder.box_head@0:out [B, N, 4]"
        assert verdict.found == "f32[1, 196, 16]   dim 2 differs"
        assert under(verdict) == "N"

    def test_a_given_size_is_just_wrong(self, sample):
        verdict = judge(sample, "backbone.convs.0:out [B, C, G, G]", DIMS | {"G": 13})
        assert verdict.code == "shape"

    def test_a_claim_that_fails_binds_nothing(self, sample):
        result = result_of(sample, "decoder.box_head@0:out [B, Q, 5]", "decoder.box_head@0:out [B, Q*2, 4]")
        assert [verdict.code for verdict in result.verdicts] == ["shape", "symbol-unbound"]

    def test_a_said_line_binds_nothing(self, sample):
        result = result_of(
            sample, 'said "1": decoder.box_head@0:out [B, Q, 4]', "mask_head:out [B, Q*2, _, _]"
        )
        assert [verdict.code for verdict in result.verdicts] == ["said-holds", "symbol-unbound"]

    def test_a_symbol_means_the_same_in_all_that_a_pattern_names(self, layers):
        verdict = judge(layers, "layers.*:out [1, N]")
        assert (verdict.status, verdict.code) == ("contradicted", "symbol-conflict")
        assert verdict.what == "'N' is 9 here but was bound to 8"

    def test_an_expression_without_a_size_is_invalid(self, sample):
        verdict = judge(sample, "backbone.convs.0:out [B, Z/2, _, _]")
        assert (verdict.status, verdict.code, under(verdict)) == ("invalid", "symbol-unbound", "Z/2")
        assert verdict.expected == "Z bound by an earlier claim, or given in the front matter"
        verdict = judge(sample, "backbone.convs.0:out [B, S/5, _, _]", {"B": 1, "S": 28})
        assert (verdict.status, verdict.because) == ("invalid", "28 / 5 leaves 3")


class TestSeveral:
    def test_a_pattern_means_all(self, layers):
        assert judge(layers, "layers.[0-2]:out [1, 8]").status == "holds"
        verdict = judge(layers, "layers.*:out [1, 8]")
        assert (verdict.status, verdict.what) == ("contradicted", "'layers.3:out' has 9 in dim 2, not 8")
        assert verdict.found.splitlines() == [
            "layers.0:out, layers.1:out, layers.2:out  f32[1, 8]",
            "layers.3:out                              f32[1, 9]   dim 2 differs",
        ]
        assert len(verdict.evidence.calls) == 4

    def test_calls_that_differ_must_be_told_apart(self, layers):
        verdict = judge(layers, "norm:out [1, 8]")
        assert (verdict.status, verdict.code) == ("invalid", "ambiguous-path")
        assert verdict.what == "'norm:out' was called 5 times and the calls differ"
        assert verdict.found.splitlines() == [
            "@0 to @2, @4  f32[1, 8]",
            "@3            f32[2, 8]   dim 1 differs",
        ]
        assert verdict.hint == "norm@0:out  [1, 8]"
        assert under(verdict) == "norm:out"

    def test_calls_that_are_told_apart(self, layers):
        assert judge(layers, "norm@3:out [2, 8]").status == "holds"
        assert judge(layers, "norm@0-2:out [1, 8]").status == "holds"
        verdict = judge(layers, "norm@2-4:out [1, 8]")
        assert (verdict.status, verdict.code) == ("contradicted", "shape")

    def test_if_no_call_fits_it_does_not_matter_which_is_meant(self, layers):
        verdict = judge(layers, "norm:out [1, 7]")
        assert (verdict.status, verdict.code) == ("contradicted", "shape")

    def test_calls_that_differ_only_where_nothing_is_claimed(self, layers):
        assert judge(layers, "norm:out [_, 8]").status == "holds"

    def test_ports_that_differ(self, sample):
        verdict = judge(sample, "encoder.layers.0.self_attn:out [1, 196, 16]")
        assert (verdict.status, verdict.code) == ("invalid", "ambiguous-path")
        assert verdict.hint == "encoder.layers.0.self_attn:out[0]  [1, 196, 16]"

    def test_many_different_things_are_cut_short(self):
        build = TraceBuilder()
        x = build.input("f32[1]")
        with build.call("", x):
            for number in range(9):
                with build.call(f"layers.{number}", x) as layer:
                    layer.returns(build.op("f", [x], f"f32[{number + 2}]"))
        lines = judge(build.trace(), "layers.*:out [1]").found.splitlines()
        assert len(lines) == 4
        assert lines[-1] == "and 6 more that differ"


class TestNotThere:
    def test_a_call_without_a_port(self, sample):
        verdict = judge(sample, "backbone.convs.0 [1, 16, 14, 14]")
        assert (verdict.status, verdict.code) == ("invalid", "port-missing")
        assert verdict.found == "it has in[0], out"
        assert verdict.hint == "backbone.convs.0:out  [1, 16, 14, 14]"

    def test_an_unknown_path(self, sample):
        verdict = judge(sample, "backbone.cons.0:out [1]")
        assert (verdict.status, verdict.code, under(verdict)) == ("invalid", "unknown-path", "cons.0")
        assert verdict.hint == "backbone.convs.0"

    def test_never_called(self, sample):
        verdict = judge(sample, "geometry:out [1]")
        assert (verdict.status, verdict.code) == ("not observed", "never-called")

    def test_a_number_that_no_call_has(self, sample):
        verdict = judge(sample, "decoder.box_head@7:out [1, 10, 4]")
        assert (verdict.status, verdict.code, under(verdict)) == ("not observed", "bad-index", "@7")

    def test_a_port_that_is_not_there_contradicts(self, sample):
        verdict = judge(sample, "backbone.forward_image():out.features[3] [1]")
        assert (verdict.status, verdict.code) == ("contradicted", "unknown-port")
        assert "out.features[0]" in verdict.found

    def test_a_port_that_is_nearly_right_is_a_slip(self, sample):
        verdict = judge(sample, "backbone.forward_image():out.feature[0] [1]")
        assert (verdict.status, verdict.code) == ("invalid", "unknown-port")
        verdict = judge(sample, 'said "1": backbone.forward_image():out.feature[0] [1]')
        assert not verdict.passed

    def test_an_op_that_is_not_there(self, sample):
        assert judge(sample, "mask_head/softmax:out [1]").status == "contradicted"
        assert judge(sample, "mask_head/einsun:out [1]").status == "invalid"


def test_a_crashed_run_says_that_later_calls_are_missing():
    build = TraceBuilder()
    build.module("head")
    x = build.input("f32[1]")
    with build.call("", x), build.call("body", x):
        build.fails("matmul", [x], "shapes do not fit")
    verdict = judge(build.trace(), "head:out [1]")
    assert (verdict.status, verdict.because) == (
        "not observed",
        "the run ended early, later calls are missing",
    )


def test_a_derived_score_matrix(sample):
    line = "encoder.layers.0.self_attn/scaled_dot_product_attention:score [1, 2, 196, 196]"
    assert judge(sample, line).status == "holds"


def test_a_tensor_whose_making_was_not_seen():
    build = TraceBuilder()
    x = build.unknown("f32[2]")
    with build.call("", x) as root:
        root.returns([Port("out", x.id)])
    assert judge(build.trace(), ".:in [3]").because == "where it was made was not seen"
