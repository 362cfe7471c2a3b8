"""Value claims: numbers of a real run against formulas over a closed set of functions."""

from __future__ import annotations

import sys
from base64 import b64encode
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from walkthroughs import document_of, judge, result_of, under

from shapeflow.shapes.matching import Binding, Bindings
from shapeflow.walkthrough.claims.value import needed_values
from shapeflow.walkthrough.formula import functions as arrays
from shapeflow.walkthrough.formula.ast import FUNCTIONS
from shapeflow.walkthrough.formula.evaluate import decode, evaluate
from shapeflow.walkthrough.formula.functions import FormulaError
from shapeflow.walkthrough.formula.parser import parse_formula
from shapeflow.walkthrough.parts import ClaimError, Part, SelectorPart
from shapeflow.walkthrough.reader import parse

RANDOM = np.random.default_rng(0)


def stored(array):
    array = np.asarray(array, dtype="<f4")
    return {"dtype": "f32", "shape": list(array.shape), "data": b64encode(array.tobytes()).decode()}


def with_numbers(trace, **numbers):
    """Return the trace as of a real run that kept these numbers, by selector."""
    kept = {name: stored(array) for name, array in numbers.items()}
    return replace(trace, run=replace(trace.run, device="cpu", kept=kept))


def result(text, **numbers):
    bindings = Bindings()
    bindings.bind("D", Binding(4, 1))
    node = parse_formula(Part(text, 0))
    given = {f"{name}:out": np.asarray(array, dtype=float) for name, array in numbers.items()}
    return evaluate(node, given, bindings)


X, Y, Z = RANDOM.normal(size=(2, 3)), RANDOM.normal(size=(2, 3)), RANDOM.normal(size=(3, 4))

CENTRED = X - X.mean(-1, keepdims=True)
MIDDLE, HALF = Z[:, :2], Z[:, 2:] / 2


class TestFormulas:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("x:out + y:out * 2", X + Y * 2),
            ("(x:out + y:out) * 2", (X + Y) * 2),
            ("x:out - y:out - 1", X - Y - 1),
            ("-x:out * y:out", -X * Y),
            ("1 / x:out / D", 1 / X / 4),
            ("x:out @ z:out", X @ Z),
            ("x:out @ z:out + 1.5e-1", X @ Z + 0.15),
            ("sigmoid(x:out)", 1 / (1 + np.exp(-X))),
            ("sigmoid(x:out) * sigmoid(y:out)", 1 / (1 + np.exp(-X)) / (1 + np.exp(-Y))),
            ("softmax(x:out, -1)", np.exp(X) / np.exp(X).sum(-1, keepdims=True)),
            ("softmax(x:out, 0)", np.exp(X) / np.exp(X).sum(0)),
            ("exp(x:out) + log(exp(y:out)) + sqrt(abs(x:out))", np.exp(X) + Y + np.sqrt(np.abs(X))),
            ("relu(x:out)", X.clip(0)),
            ("tanh(x:out) + sin(x:out) + cos(x:out)", np.tanh(X) + np.sin(X) + np.cos(X)),
            ("sum(x:out)", X.sum()),
            ("sum(x:out, 0)", X.sum(0)),
            ("mean(x:out, 0, 1)", X.mean()),
            ("max(x:out, -1) - min(x:out, -1)", X.max(-1) - X.min(-1)),
            ("transpose(x:out, 0, 1)", X.T),
            ("permute(x:out, 1, 0)", X.T),
            ("reshape(x:out, 3, -1)", X.reshape(3, -1)),
            ("unsqueeze(x:out, 0)", X[None]),
            ("cat(x:out, y:out, 1)", np.concatenate([X, Y], 1)),
            ("stack(x:out, y:out, 0)", np.stack([X, Y])),
            ("where(x:out, x:out, y:out)", np.where(X, X, Y)),
            ("clamp(x:out, -0.5, 0.5)", X.clip(-0.5, 0.5)),
            ('einsum("ab,bc->ac", x:out, z:out)', X @ Z),
            ('einsum("ab, ab -> b", x:out, y:out)', (X * Y).sum(0)),
            ("(x:out * 1)[0]", X[0]),
            ("(x:out * 1)[0, 1:]", X[0, 1:]),
            ("(x:out * 1)[:, -1]", X[:, -1]),
            ("(x:out + y:out)[0][1]", (X + Y)[0, 1]),
            ("layer_norm(x:out)", CENTRED / np.sqrt(X.var(-1, keepdims=True) + 1e-5)),
            ("cxcywh_to_xyxy(z:out)", np.concatenate([MIDDLE - HALF, MIDDLE + HALF], -1)),
            ("sqrt(D) + pi", 2 + np.pi),
            ("max(x:out - inf)", -np.inf),
        ],
    )
    def test_each_function_gives_numpy_s_result(self, text, expected):
        found = result(text, x=X, y=Y, z=Z)
        assert found.shape == np.shape(expected)
        np.testing.assert_allclose(found, expected, rtol=1e-9)

    def test_every_function_is_there(self):
        names = set(arrays.FUNCTIONS) | {"einsum"}
        assert names - {"+", "-", "*", "/", "@", "neg"} == set(FUNCTIONS)

    @pytest.mark.parametrize(
        ("text", "what"),
        [
            ("sigmod(x:out)", "no function 'sigmod'"),
            ("sigmoid(x:out", "the formula ends too early"),
            ("sigmoid()", "sigmoid takes 1 argument, found 0"),
            ("softmax(x:out)", "softmax takes 2 arguments, found 1"),
            ("x:out y:out", "'y:out' cannot stand here"),
            ("x:out +", "the formula ends too early"),
            ("", "the formula ends too early"),
            ("x:out)", "')' cannot stand here"),
            ("einsum(x:out, y:out)", "the equation of einsum, and nothing else, is text"),
            ('sigmoid("x")', "the equation of einsum, and nothing else, is text"),
            ("x:out[0", "the formula ends too early"),
            ("(x:out)[]", "an index is missing here"),
            ("(x:out)[y]", "'y' cannot stand here"),
            ("(x:out)[-]", "']' cannot stand here"),
            ("(" * 50 + "1" + ")" * 50, "this formula is nested too deeply"),
            ("1" + " + 1" * 300, "a formula has at most 400 parts"),
            ("-" * 100 + "1", "this formula is nested too deeply"),
        ],
    )
    def test_what_cannot_be_read(self, text, what):
        with pytest.raises(ClaimError) as caught:
            parse_formula(Part(text, 0))
        assert caught.value.what == what

    @pytest.mark.parametrize(
        "selector",
        [
            "a.b:out",
            ".:out.boxes",
            ".forward():in[0][1]",
            "a.b()@1/einsum@0:in.query",
            "a@-1:out",
            "a/b:score",
            "0.1:out",
        ],
    )
    def test_selectors(self, selector):
        node = parse_formula(Part(f"1 + {selector} * 2", 0))
        (kept,) = [node.arguments[1].arguments[0]]
        assert kept.selector == SelectorPart(selector, 4)

    @pytest.mark.parametrize(
        ("text", "what"),
        [
            ("x:out + z:out", "'+' does not fit [2, 3] and [3, 4]"),
            ("x:out @ y:out", "'@' does not fit [2, 3] and [2, 3]"),
            ('einsum("abc->a", x:out)', "'abc' does not fit the dims of its 1 tensors"),
            ('einsum("ab", x:out)', "an equation such as 'bqc,bchw->bqhw' is expected"),
            ('einsum("ab->c", x:out)', "einsum does not fit [2, 3]"),
            ("(x:out * 1)[7]", "an index does not fit [2, 3]"),
            ("sum(x:out, 0.5)", "an axis or size has to be a whole number"),
            ("sum(x:out, y:out)", "an axis or size has to be a whole number"),
            ("sum(x:out, 7)", "'sum' does not fit [2, 3]"),
            ("reshape(x:out, 7)", "'reshape' does not fit [2, 3]"),
            ("x:out * E", "'E' has no size yet"),
            ("sum(x:out, inf)", "an axis or size has to be a whole number"),
        ],
    )
    def test_what_cannot_be_worked_out(self, text, what):
        with pytest.raises(FormulaError) as caught:
            result(text, x=X, y=Y, z=Z)
        assert caught.value.what.startswith(what)
        assert caught.value.columns is not None

    @pytest.mark.parametrize(
        "text",
        [
            "unsqueeze(x:out, 1) * unsqueeze(x:out, 0)",
            "unsqueeze(x:out, 1) @ unsqueeze(x:out, 0)",
            'einsum("a,b,c->abc", x:out, x:out, x:out)',
            'einsum("a,b,c,d->", x:out, x:out, x:out, x:out)',
            "where(unsqueeze(x:out, 1), unsqueeze(x:out, 0), 1)",
        ],
    )
    def test_results_are_bounded(self, text):
        with pytest.raises(FormulaError, match=r"too (large|many)"):
            result(text, x=np.ones(9_000))

    @given(st.text(alphabet='ab:out()[]+-*/@,. 019"~sigmoid', max_size=60))
    def test_any_text_is_read_or_refused(self, text):
        try:
            parse_formula(Part(text, 0))
        except ClaimError as error:
            assert error.columns is None or 0 <= error.columns[0] < error.columns[1]


class TestNumbers:
    @pytest.mark.parametrize("dtype", ["f16", "f32", "f64", "i8", "i16", "i32", "i64", "u8", "bool"])
    def test_decode(self, dtype):
        kind = {"f": "<f", "i": "<i", "u": "<u"}
        numpy_dtype = "?" if dtype == "bool" else f"{kind[dtype[0]]}{int(dtype[1:]) // 8}"
        array = np.array([[0, 1], [1, 0]]).astype(numpy_dtype)
        kept = {"dtype": dtype, "shape": [2, 2], "data": b64encode(array.tobytes()).decode()}
        np.testing.assert_array_equal(decode(kept), [[0, 1], [1, 0]])

    def test_a_plain_list(self):
        np.testing.assert_array_equal(decode({"shape": [2, 1], "data": [1, 2]}), [[1], [2]])

    @pytest.mark.parametrize(
        "kept",
        [
            {},
            {"shape": [2], "data": "!!"},
            {"shape": [3], "data": stored([1, 2])["data"]},
            {"shape": [2], "dtype": "f31", "data": stored([1, 2])["data"]},
            {"shape": "x", "data": [1]},
            {"shape": [1], "data": ["a"]},
        ],
    )
    def test_damage(self, kept):
        with pytest.raises(FormulaError, match="cannot be read"):
            decode(kept)


BOXES, HEAD = ".:out.boxes", "decoder.box_head@1:out"


class TestVerdicts:
    def test_a_shapes_only_run_is_skipped_visibly(self, sample):
        result = result_of(sample, f"value {BOXES} ~= sigmoid({HEAD})", f"{HEAD} [1, 10, 4]")
        verdict = result.verdicts[0]
        assert (verdict.status, verdict.code, verdict.skipped, verdict.passed) == (
            "not observed",
            "needs-values",
            True,
            True,
        )
        assert (len(result.skipped), result.failed) == (1, ())

    def test_but_not_for_what_is_not_there(self, sample):
        assert judge(sample, "value .:out.boxs ~= 1").status == "invalid"

    def test_a_real_run_without_the_numbers_fails(self, sample):
        verdict = judge(with_numbers(sample), f"value {BOXES} ~= sigmoid({HEAD})")
        assert (verdict.status, verdict.code, verdict.passed) == ("not observed", "needs-values", False)
        assert verdict.found == f"nothing kept for {BOXES}, {HEAD}"

    def test_it_holds(self, sample):
        numbers = RANDOM.normal(size=(1, 10, 4))
        trace = with_numbers(sample, **{BOXES: 1 / (1 + np.exp(-numbers)), HEAD: numbers})
        verdict = judge(trace, f"value {BOXES} ~= sigmoid({HEAD})  (tolerance 1e-6)")
        assert verdict.status == "holds"
        assert verdict.found.startswith("largest difference")
        assert verdict.expected == "equal within 1e-06"
        assert len(verdict.evidence.values) == len({*verdict.evidence.values})

    def test_it_does_not_hold(self, sample):
        numbers = np.zeros((1, 10, 4))
        other = numbers.copy()
        other[0, 3, 2] = 0.25
        trace = with_numbers(sample, **{BOXES: numbers, HEAD: other})
        verdict = judge(trace, f"value {BOXES} ~= {HEAD}")
        assert (verdict.status, verdict.code) == ("contradicted", "value")
        assert verdict.found == "largest difference 0.25, at [0, 3, 2]: 0 and 0.25"
        assert judge(trace, f"value {BOXES} ~= {HEAD} (tolerance 0.25)").status == "holds"

    def test_numbers_that_are_none(self, sample):
        nan = with_numbers(sample, **{BOXES: [np.nan], HEAD: [np.nan]})
        assert judge(nan, f"value {BOXES} ~= {HEAD}").status == "contradicted"
        infinite = with_numbers(sample, **{BOXES: [np.inf], HEAD: [np.inf]})
        assert judge(infinite, f"value {BOXES} ~= {HEAD}").status == "holds"
        empty = with_numbers(sample, **{BOXES: np.zeros((0, 4)), HEAD: np.zeros((0, 4))})
        assert judge(empty, f"value {BOXES} ~= {HEAD}").status == "holds"

    def test_other_shapes(self, sample):
        trace = with_numbers(sample, **{BOXES: np.zeros(3), HEAD: np.zeros(4)})
        verdict = judge(trace, f"value {BOXES} ~= {HEAD}")
        assert (verdict.what, verdict.found) == ("the two sides have different shapes", "[3] and [4]")

    def test_a_formula_that_cannot_be_worked_out(self, sample):
        trace = with_numbers(sample, **{BOXES: np.zeros(3), HEAD: np.zeros(4)})
        verdict = judge(trace, f"value {BOXES} ~= {BOXES} + {HEAD}")
        assert (verdict.status, verdict.code, under(verdict)) == ("invalid", "formula", "+")

    @pytest.mark.parametrize("number", ["1e", "1-2", "-1", "9e99"])
    def test_tolerances_that_are_none(self, sample, number):
        verdict = judge(sample, f"value {BOXES} ~= 1 (tolerance {number})")
        assert (verdict.code, under(verdict)) == ("claim-syntax", number)

    def test_one_tensor_each(self, sample):
        verdict = judge(sample, f"value {BOXES} ~= decoder.box_head:out")
        assert (verdict.status, verdict.code) == ("invalid", "ambiguous-path")
        assert verdict.what == "'decoder.box_head:out' names 3 tensors, a formula needs one"
        assert judge(sample, "value .:out.presence ~= 1").what.startswith("'.:out.presence' names 0 tensors")

    def test_without_numpy(self, sample, monkeypatch):
        trace = with_numbers(sample, **{BOXES: np.zeros(3)})
        monkeypatch.setitem(sys.modules, "numpy", None)
        verdict = judge(trace, f"value {BOXES} ~= 0 * {BOXES}")
        assert (verdict.status, verdict.code, verdict.passed) == ("not observed", "numpy-missing", False)

    def test_symbols_are_sizes(self, sample):
        trace = with_numbers(sample, **{BOXES: np.full((1, 10, 4), 2.0)})
        assert judge(trace, f"value {BOXES} ~= sqrt(Q) + 0 * {BOXES}", {"Q": 4}).status == "holds"

    def test_a_said_line(self, sample):
        numbers = RANDOM.normal(size=(1, 10, 4))
        trace = with_numbers(sample, **{BOXES: numbers, HEAD: numbers})
        assert judge(trace, f'said "3": value {BOXES} ~= sigmoid({HEAD})').passed
        assert not judge(trace, f'said "3": value {BOXES} ~= {HEAD}').passed
        assert judge(sample, f'said "3": value {BOXES} ~= {HEAD}').passed


class TestReal:
    def test_any_claim_can_wait_for_a_real_run(self, sample):
        verdict = judge(sample, "real geometry:out [1]")
        assert (verdict.status, verdict.skipped, verdict.passed) == ("not observed", True, True)
        verdict = judge(with_numbers(sample), "real geometry:out [1]")
        assert (verdict.code, verdict.passed) == ("never-called", False)


def test_what_a_run_has_to_keep():
    lines = (
        f"value {BOXES} ~= sigmoid({HEAD})",
        f"value {BOXES} ~= ({HEAD})[0, :3] @ (a:out)[-1]",
        "a:out [1]",
        f"value (a:out + {BOXES})[0] ~= 1",
        "value broken ~=",
    )
    document = parse(document_of(*lines))
    assert needed_values(document) == {
        BOXES: (BOXES, ()),
        HEAD: (HEAD, ()),
        f"{HEAD}[0, :3]": (HEAD, (0, slice(None, 3))),
        "a:out[-1]": ("a:out", (-1,)),
        "a:out": ("a:out", ()),
    }
