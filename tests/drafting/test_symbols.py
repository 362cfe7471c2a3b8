"""From runs with other sizes: how each dim moves, as an expression."""

from __future__ import annotations

import pytest
from builders import TraceBuilder
from hypothesis import given, settings
from hypothesis import strategies as st

from shapeflow.drafting.symbols import ANY, Symbols
from shapeflow.drafting.terms import fits
from shapeflow.model.variation import Axis, OtherRun, Variation
from shapeflow.shapes.matching import Binding, Bindings, evaluate
from shapeflow.shapes.notation import parse_expression

OWN = {"B": 2, "T": 12, "H": 128, "W": 96}
OTHERS = [
    {**OWN, "B": 3},
    {**OWN, "B": 5},
    {**OWN, "T": 7},
    {**OWN, "T": 13},
    {**OWN, "H": 256},
    {**OWN, "H": 384},
    {**OWN, "W": 192},
    {**OWN, "W": 288},
    {"B": 5, "T": 13, "H": 384, "W": 192},
    {"B": 7, "T": 11, "H": 256, "W": 288},
]


def trace_of(sizes, dims):
    """A run whose one call takes the sizes and gives a tensor of other dims."""
    build = TraceBuilder()
    given_sizes = build.input(f"f32[{', '.join(map(str, sizes.values()))}]")
    with build.call("", given_sizes) as root:
        root.returns(build.op("make", [given_sizes], f"f32[{', '.join(map(str, dims(**sizes)))}]"))
    return build.trace()


def symbols_of(dims, own=OWN, others=OTHERS):
    axes = tuple(Axis(name, name, size) for name, size in own.items())
    runs = tuple(OtherRun(sizes, trace_of(sizes, dims)) for sizes in others)
    return Symbols(trace_of(own, dims), Variation(axes, runs))


def texts(dims, own=OWN, others=OTHERS):
    symbols = symbols_of(dims, own, others)
    call = symbols.traces[0].calls[0]
    return symbols.dims(call, call.outputs[0])


def size_of(text, sizes):
    bindings = Bindings()
    for name, size in sizes.items():
        bindings.bind(name, Binding(size, 1))
    return evaluate(parse_expression(text), bindings)


@pytest.mark.parametrize(
    ("dim", "text"),
    [
        (lambda B, T, H, W: 7, "7"),
        (lambda B, T, H, W: B, "B"),
        (lambda B, T, H, W: 2 * B, "2*B"),
        (lambda B, T, H, W: T + 1, "T + 1"),
        (lambda B, T, H, W: 2 * T - 1, "2*T - 1"),
        (lambda B, T, H, W: T * T, "T*T"),
        (lambda B, T, H, W: T * T + 1, "T*T + 1"),
        (lambda B, T, H, W: H // 16, "H/16"),
        (lambda B, T, H, W: H // 16 - 1, "H/16 - 1"),
        (lambda B, T, H, W: 3 * H // 2, "3*H/2"),
        (lambda B, T, H, W: B * T, "B*T"),
        (lambda B, T, H, W: 8 * B * T, "8*B*T"),
        (lambda B, T, H, W: B * T * H, "B*H*T"),
        (lambda B, T, H, W: B * T * T, "B*T*T"),
        (lambda B, T, H, W: B + T, "B + T"),
        (lambda B, T, H, W: 2 * T + B + 1, "B + 2*T + 1"),
        (lambda B, T, H, W: 3 * T - B, "3*T - B"),
        (lambda B, T, H, W: B * T + H, "H + B*T"),
        (lambda B, T, H, W: H * W, "H*W"),
        (lambda B, T, H, W: (H + 4) // 9, ANY),  # rounded down
        (lambda B, T, H, W: {128: 3, 256: 17, 384: 5}[H], ANY),
    ],
)
def test_a_dim_gets_the_simplest_expression(dim, text):
    found = texts(lambda **sizes: (dim(**sizes),))[0]
    assert sorted(found.split("*")) == sorted(text.split("*"))


@pytest.mark.parametrize(
    ("dims", "text"),
    [
        (lambda B, T, H, W: (T + 1, B * (T + 1)), "B*(T + 1)"),
        (lambda B, T, H, W: (T + 1, (T + 1) ** 2), "(T + 1)*(T + 1)"),
        (lambda B, T, H, W: (H // 16, W // 16, H * W // 256), "(H/16)*(W/16)"),
        (lambda B, T, H, W: (H // 16, W // 16, H * W // 256 + 1), "(H/16)*(W/16) + 1"),
        (lambda B, T, H, W: (H // 16, W // 16, B * H * W // 256), "B*(H/16)*(W/16)"),
        (lambda B, T, H, W: (H // 8, H // 16, W // 16, H * W // 256 + T), "T + (H/16)*(W/16)"),
    ],
)
def test_products_are_made_of_what_is_seen_elsewhere(dims, text):
    assert texts(dims)[-1] == text


def test_without_other_runs_all_dims_are_numbers():
    assert texts(lambda **sizes: (sizes["B"], 7), others=[]) == ("2", "7")


def test_a_size_of_nothing_can_vary():
    own, others = {"B": 1, "N": 0}, [{"B": 2, "N": 0}, {"B": 1, "N": 1}, {"B": 2, "N": 3}, {"B": 3, "N": 4}]
    assert texts(lambda B, N: (N, N + 33, B * N, 8 * B), own, others) == ("N", "N + 33", "B*N", "8*B")


def test_a_tensor_that_some_run_lacks_has_no_dims():
    symbols = symbols_of(lambda **sizes: (1,) * sizes["B"])  # another rank
    call = symbols.traces[0].calls[0]
    assert symbols.dims(call, call.outputs[0]) is None
    assert symbols.dims(call, call.inputs[0]) == ("B", "T", "H", "W")


def test_a_count_that_moves_gets_an_expression():
    symbols = symbols_of(lambda **sizes: (1,))
    assert symbols.count([6] * 11) == "6"
    assert symbols.count([sizes["T"] for sizes in (OWN, *OTHERS)]) == "T"


@settings(deadline=None)
@given(st.lists(st.integers(0, 400), min_size=11, max_size=11))
def test_whatever_is_said_is_true_of_every_run(row):
    text = symbols_of(lambda **sizes: (1,)).text(tuple(row))
    if text != ANY:
        assert [size_of(text, sizes) for sizes in (OWN, *OTHERS)] == row


@given(st.integers(1, 9), st.integers(0, 9), st.integers(0, 9), st.integers(0, 99))
def test_what_is_inferred_holds_for_sizes_never_seen(scale, tokens, both, added):
    def dim(B, T, H, W):
        return scale * B * (both + 1) + tokens * T + added

    text = texts(lambda **sizes: (dim(**sizes),))[0]
    for sizes in ({"B": 1, "T": 1, "H": 32, "W": 64}, {"B": 19, "T": 101, "H": 96, "W": 32}):
        assert size_of(text, sizes) == dim(**sizes)


@pytest.mark.parametrize(
    ("sizes", "rule", "texts"),
    [
        # Strided by 2 and then by 3: W = 331 gives 54, and ceil(W/6) - 1 is 55.
        ((333, 334, 663, 666, 999, 1665), lambda size: (-(-size // 2) - 5) // 3 + 1, []),
        ((252, 253, 501, 504, 756, 1260), lambda size: -(-size // 4), ["ceil(W/4)"]),
        ((128, 129, 253, 256, 384, 640), lambda size: size // 16, ["W // 16"]),
        ((130, 131, 257, 260, 390, 650), lambda size: size // 16, []),
        ((250, 251, 497, 500, 750, 1250), lambda size: size // 2, ["W // 2"]),
    ],
)
def test_what_is_rounded_is_said_only_where_the_sizes_show_the_step(sizes, rule, texts):
    row = tuple(map(rule, sizes))
    assert [term.text for term in fits(row, sizes, "W")] == texts
