"""Shape text read, matched with observed shapes, and put right where it has a known slip."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shapeflow.errors import Diagnostic
from shapeflow.shapes.arithmetic import MAX_SIZE
from shapeflow.shapes.corrections import suggest_shape
from shapeflow.shapes.matching import (
    Binding,
    Bindings,
    Difference,
    DimsDiffer,
    DtypeDiffers,
    NotEvaluable,
    RankDiffers,
    difference_text,
    evaluate,
    match,
    sizes_of,
    with_sizes_text,
)
from shapeflow.shapes.notation import (
    Expression,
    ShapeTextError,
    Wildcard,
    parse_expression,
    parse_shape,
    shape_text,
)

CLAIM = (7, "x:out [N]")


def bound(**sizes):
    bindings = Bindings()
    for line, (symbol, size) in enumerate(sizes.items(), 1):
        bindings.bind(symbol, Binding(size, line))
    return bindings


def matched(text, *shape, dtype="f32", **sizes):
    bindings = bound(**sizes)
    return match(parse_shape(text), dtype, shape, bindings, CLAIM), bindings


class TestParse:
    def test_every_kind_of_dim(self):
        pattern = parse_shape(" f32[ B,256 , _, ..., 2*(H + 1)/W ]")
        assert pattern.dtype == "f32"
        assert [dim.text for dim in pattern.dims] == ["B", "256", "_", "...", "2*(H + 1)/W"]
        assert pattern.dims[0].meaning == Expression("B", ("B",))
        assert pattern.dims[1].meaning == Expression("256", (256,))
        assert pattern.dims[2].meaning is Wildcard.ANY
        assert pattern.dims[3].meaning is Wildcard.REST
        assert pattern.rest == 3
        assert pattern.symbols == ("B", "H", "W")

    def test_columns_are_those_of_the_text(self):
        text = "  f32[B, 256, H/14]"
        assert [text[dim.start : dim.end] for dim in parse_shape(text).dims] == ["B", "256", "H/14"]

    def test_a_scalar(self):
        assert parse_shape("[]").dims == ()
        assert parse_shape("i64[ ]").dims == ()

    @pytest.mark.parametrize(
        "dtype", ["f32", "f16", "bf16", "f64", "f8e4m3fn", "i8", "i64", "u8", "bool", "c64"]
    )
    def test_short_dtypes(self, dtype):
        assert parse_shape(f"{dtype}[1]").dtype == dtype

    def test_what_is_printed_can_be_read(self):
        for text in ("f32[1, 256, 288, 288]", "[B, H/14, ...]", "bool[]"):
            assert str(parse_shape(text)) == text
        assert str(parse_shape("f32[1,2 ,B*2]")) == "f32[1, 2, B*2]"
        assert shape_text("f32", (1, 2)) == "f32[1, 2]"

    @pytest.mark.parametrize(
        ("text", "what", "place"),
        [
            ("[B x 256]", "dims in a shape are separated by commas, found 'x'", "x"),
            ("[B 256]", "dims in a shape are separated by commas, found '256'", "256"),
            ("[B, 1.5]", "dims in a shape are separated by commas, found '.'", "."),
            ("[B,, 2]", "a dim is missing here", ","),
            ("[B, ]", "a dim is missing here", ","),
            ("[B, 2", "this bracket is never closed", "["),
            ("[B, (2]", "this bracket is never closed", "("),
            ("[B, 2)]", "this bracket was never opened", ")"),
            ("[B, 2 +]", "a size is missing here", "+"),
            ("[B, -2]", "'-' cannot stand here", "-"),
            ("[B, _*2]", "'_' cannot stand here", None),
            ("[..., 2, ...]", "'...' may stand only once in a shape", "..."),
            ("[B] [C]", "nothing may follow the shape", "[C]"),
            ("[99999999999999999999]", "no tensor is that large", "99999999999999999999"),
            ("f31[B]", "no dtype 'f31'", "f31"),
            ("(B, 2)", "a shape opens with '[', found '(B, 2)'", "(B, 2)"),
            ("B]", "a shape opens with '[', found 'B]'", "B]"),
            ("  ", "a shape is missing here", None),
        ],
    )
    def test_what_is_wrong_and_where(self, text, what, place):
        with pytest.raises(ShapeTextError) as caught:
            parse_shape(text)
        assert caught.value.what == what
        if place is not None:
            assert text[slice(*caught.value.columns)] == place

    @pytest.mark.parametrize(
        ("text", "size"),
        [
            ("H // 14", 72),
            ("H % 14", 1),
            ("ceil(H / 14)", 73),
            ("floor(H / 14)", 72),
            ("ceil(H / 4 * 4)", 1009),
            ("2 * ceil((H / 4 + 1) / 2)", 254),
            ("floor(ceil(H / 2) / 2)", 252),
            ("2*(H//14) + 1", 145),
        ],
    )
    def test_rounding(self, text, size):
        assert evaluate(parse_expression(text), bound(H=1009)) == size
        assert matched(f"[{text}]", size, H=1009)[0] is None
        assert matched(f"[{text}]", size + 1, H=1009)[0] is not None

    @pytest.mark.parametrize("text", ["H // 0", "H % 0", "ceil(H / 0)", "1 / (H // 2000)"])
    def test_division_by_zero(self, text):
        assert evaluate(parse_expression(text), bound(H=1009)).diagnostic.code == "symbol-fraction"

    @pytest.mark.parametrize(
        ("text", "meant"),
        [("round(H / 4)", "round"), ("ceil(H", "("), ("ceil()", ")"), ("H /// 4", "/"), ("% 4", "%")],
    )
    def test_what_is_no_rounding(self, text, meant):
        with pytest.raises(ShapeTextError) as caught:
            parse_expression(text)
        assert text[slice(*caught.value.columns)] == meant

    def test_ceil_is_a_name_where_no_bracket_follows(self):
        assert evaluate(parse_expression("ceil + 1"), bound(ceil=4)) == 5

    def test_any_dtype(self):
        assert matched("_[2]", 2, dtype="i64")[0] is None
        assert str(parse_shape("_[2, B]")) == "_[2, B]"

    @given(st.text(alphabet="[](){}.,_+-*/% ceilBH019x\n'\"", max_size=40))
    def test_any_text_is_read_or_refused(self, text):
        for read in (parse_shape, parse_expression):
            try:
                read(text)
            except ShapeTextError as error:
                assert 0 <= error.columns[0] < error.columns[1]

    @pytest.mark.parametrize(
        "text",
        ["(" * 100_000, "[" + "(" * 990 + ")", "1+" * 499 + "1", "[" + "1," * 498 + "1]", "((((1))))" * 110],
        ids=["open", "brackets", "sum", "dims", "many"],
    )
    def test_hostile_text_costs_nothing(self, text):
        for read in (parse_shape, parse_expression):
            try:
                expression = read(text)
            except ShapeTextError:
                continue
            if isinstance(expression, Expression):
                evaluate(expression, Bindings())


def combined(pairs):
    """Return sums of two sums: their text and value; None where that is not a whole number."""

    def combine(left, operator, right):
        (left_text, x), (right_text, y) = left, right
        text = f"({left_text}) {operator} ({right_text})"
        if x is None or y is None or (operator == "/" and (y == 0 or x % y)):
            return text, None
        return text, {"+": x + y, "-": x - y, "*": x * y, "/": x // (y or 1)}[operator]

    return st.builds(combine, pairs, st.sampled_from("+-*/"), pairs)


SUMS = st.recursive(st.integers(0, 99).map(lambda size: (str(size), size)), combined, max_leaves=12)


class TestArithmetic:
    @given(SUMS)
    def test_generated_sums_have_python_s_value(self, given_sum):
        text, value = given_sum
        size = evaluate(parse_expression(text), Bindings())
        assert size == value if value is not None else isinstance(size, NotEvaluable)

    @pytest.mark.parametrize(
        ("text", "size"), [("2+3*4", 14), ("(2+3)*4", 20), ("20-3-2", 15), ("64/4/2", 8), ("H*W/196", 5184)]
    )
    def test_order_of_operators(self, text, size):
        assert evaluate(parse_expression(text), bound(H=1008, W=1008)) == size

    def test_a_remainder(self):
        assert evaluate(parse_expression("S / P"), bound(S=1000, P=14)) == NotEvaluable(
            Diagnostic("symbol-fraction", "'S / P' is not a whole number", because="1000 / 14 leaves 6")
        )

    def test_a_division_by_zero_has_no_size(self):
        assert evaluate(parse_expression("S/0"), bound(S=1)).diagnostic.code == "symbol-fraction"

    def test_an_unbound_symbol(self):
        reason = evaluate(parse_expression("H/14"), Bindings())
        assert reason.diagnostic.what == "'H' has no size yet, so 'H/14' cannot be evaluated"
        assert reason.symbol == "H"
        assert evaluate(parse_expression("H"), Bindings()).diagnostic.what == "'H' has no size yet"

    def test_sizes_are_bounded(self):
        reason = evaluate(parse_expression("A*A*A"), bound(A=MAX_SIZE))
        assert reason.diagnostic.code == "size-out-of-range"


class TestMatch:
    def test_binds_symbols_once_all_fits(self):
        reason, bindings = matched("[B, N, 256]", 1, 33, 256)
        assert reason is None
        assert bindings.get("N") == Binding(33, *CLAIM)
        assert sizes_of(("B", "N", "X"), bindings) == (("B", 1), ("N", 33))

    def test_binds_nothing_if_something_differs(self):
        reason, bindings = matched("[B, N, 256]", 1, 33, 255)
        assert reason == DimsDiffer((Difference(2, 2, 256, 255),), reordered=False)
        assert bindings.get("N") is None

    def test_a_symbol_has_one_size(self):
        reason, _ = matched("[N, N]", 3, 4)
        assert reason.differences == (Difference(1, 1, 3, 4, Binding(3, *CLAIM)),)

    def test_tells_who_bound_it(self):
        reason, _ = matched("[N]", 4, N=3)
        assert reason.differences[0].binding == Binding(3, 1)

    def test_a_plain_symbol_is_bound_before_expressions_are_worked_out(self):
        reason, bindings = matched("[H/14, H]", 72, 1008)
        assert reason is None
        assert bindings.get("H").size == 1008

    def test_an_expression_is_not_solved_for_its_symbol(self):
        reason, _ = matched("[2*B]", 4)
        assert reason.diagnostic.code == "symbol-unbound"

    @pytest.mark.parametrize(
        ("text", "shape"),
        [
            ("[...]", ()),
            ("[...]", (1, 2)),
            ("[1, ...]", (1,)),
            ("[..., 3]", (1, 2, 3)),
            ("[1, ..., 3]", (1, 3)),
        ],
    )
    def test_any_number_of_dims(self, text, shape):
        assert matched(text, *shape)[0] is None

    def test_another_number_of_dims_is_told(self):
        assert matched("[1, 2]", 1)[0] == RankDiffers(2, 1, at_least=False)
        assert matched("[1, 2, ...]", 1)[0] == RankDiffers(2, 1, at_least=True)

    def test_dims_behind_the_rest_know_their_axis(self):
        reason, _ = matched("[1, ..., 9]", 1, 2, 3, 4)
        assert reason.differences == (Difference(2, 3, 9, 4),)

    def test_dtype(self):
        assert matched("bf16[1]", 1)[0] == DtypeDiffers("bf16", "f32")
        assert matched("f32[1]", 1)[0] is None

    def test_another_order(self):
        assert matched("[N, B, C]", 1, 5184, 256, N=5184, B=1, C=256)[0].reordered
        assert not matched("[N, B, C]", 1, 5184, 255, N=5184, B=1, C=256)[0].reordered
        assert not matched("[_, B, C]", 5, 5184, 256, B=1, C=256)[0].reordered

    def test_empty_tensors(self):
        assert matched("[0, 1, 256]", 0, 1, 256)[0] is None
        assert matched("[]")[0] is None

    def test_layers_of_bindings(self):
        below = bound(B=1)
        above = below.scope()
        above.bind("C", Binding(2, 3, "claim"))
        assert dict(above) == {"B": Binding(1, 1), "C": Binding(2, 3, "claim")}
        assert below.get("C") is None
        above.commit()
        assert below.get("C").size == 2


class TestWords:
    def test_the_text_says_which_dims_differ(self):
        def words(text, *shape, **sizes):
            return difference_text(matched(text, *shape, **sizes)[0], "f32", shape)

        assert words("[1, 2]", 1, 3) == "f32[1, 3]   dim 2 differs"
        assert words("[1, 2, 3]", 2, 4, 4) == "f32[2, 4, 4]   dims 1, 2 and 3 differ"
        assert words("[1, 2]", 2, 1) == "f32[2, 1]   the same sizes in another order"
        assert words("[1]", 1, 2) == "f32[1, 2]   1 dim expected, 2 found"
        assert words("[1, 2, ...]", 1) == "f32[1]   at least 2 dims expected, 1 found"
        assert words("i64[1]", 1) == "f32[1]   same shape, other dtype"

    def test_sizes_with_who_bound_them(self):
        bindings = bound(B=1, G=72)
        bindings.bind("N", Binding(5, 2, "claim"))
        assert (
            with_sizes_text(("B", "N", "G", "X"), bindings) == "with B = 1 (line 1), N = 5, G = 72 (line 2)"
        )
        assert with_sizes_text(("X",), bindings) == ""


class TestSlips:
    @pytest.mark.parametrize(
        ("text", "meant"),
        [
            ("f32[B x 256 x H x W]", "f32[B, 256, H, W]"),
            ("[B X 256]", "[B, 256]"),
            ("1x3x1008x1008", "[1, 3, 1008, 1008]"),
            ("1 × 3 × 1008", "[1, 3, 1008]"),
            ("[B 256 H/2 W]", "[B, 256, H/2, W]"),
            ("(1, 3, 8)", "[1, 3, 8]"),
            ("f32(1, 3)", "f32[1, 3]"),
            ("torch.Size([1, 2])", "[1, 2]"),
            ("torch.float32[1, 2]", "f32[1, 2]"),
            ("half[1]", "f16[1]"),
            ("[1，2，3]", "[1, 2, 3]"),
            ("（1，2）", "[1, 2]"),
            ("[B, 256", "[B, 256]"),
        ],
    )
    def test_known_slips(self, text, meant):
        assert suggest_shape(text) == meant

    @pytest.mark.parametrize("text", ["", "[a-]", "[B,, 2]", "wide", "f31[1]", "(" * 5000, "[1, [2]]"])
    def test_no_guess_where_none_is_known(self, text):
        assert suggest_shape(text) == ""

    @given(st.text(alphabet="[](){}.,_+-*/ BH019x×", max_size=60))
    def test_what_is_put_right_can_be_read(self, text):
        repaired = suggest_shape(text)
        assert not repaired or str(parse_shape(repaired)) == repaired
