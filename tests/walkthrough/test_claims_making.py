"""How values are made, which step comes first, and chains: on a small transformer and changes to it."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from walkthroughs import judge, result_of, under

import shapeflow
from shapeflow.model.making_text import making_text
from shapeflow.query import port_matches


class Block(nn.Module):
    """A layer with its norms first: attention with positions in query and key, then a feed-forward part."""

    def __init__(self):
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(8), nn.LayerNorm(8)
        self.attn = nn.MultiheadAttention(8, 2, dropout=0.1, batch_first=True)
        self.fc1, self.fc2 = nn.Linear(8, 16), nn.Linear(16, 8)
        self.drop = nn.Dropout(0.1)

    def attended(self, x, pos):
        y = self.norm1(x)
        return self.attn(y + pos, y + pos, y, need_weights=False)[0]

    def fed(self, x):
        return self.fc2(torch.relu(self.fc1(self.norm2(x))))

    def forward(self, x, pos):
        x = x + self.drop(self.attended(x, pos))
        return x + self.drop(self.fed(x))


class Model(nn.Module):
    """Patches and learnt positions, three layers, and a head on the last of all layers' results."""

    block: type[nn.Module] = Block

    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 4, 4)
        self.pos = nn.Parameter(torch.zeros(1, 4, 8))
        self.layers = nn.ModuleList(self.block() for _ in range(3))
        self.norm, self.head = nn.LayerNorm(8), nn.Linear(8, 5)

    def levels(self, x):
        results = []
        for layer in self.layers:
            x = layer(x, self.pos)
            results.append(self.norm(x))
        return torch.stack(results)

    def forward(self, picture):
        x = self.stem(picture).flatten(2).transpose(1, 2).contiguous() + self.pos
        return self.out(self.levels(x).transpose(1, 2))

    def out(self, levels):
        return torch.sigmoid(self.head(levels[-1].permute(1, 0, 2))) * 2 - 1


RIGHT = (
    "layers.*:out = layers.*:in[0] + layers.*.attn:out[0] + layers.*.fc2:out",
    "layers.*.norm2:in[0] = layers.*.attn:out[0] + layers.*:in[0]",
    "layers.*.attn:in[0] = layers.*.norm1:out + layers.*:in[1]",
    "layers.*.attn:in[2] = layers.*.norm1:out",
    "layers.*.fc2:in[0] = relu(layers.*.fc1:out)",
    "layers.0:in[0] = stem:out + _",
    "head:in[0] = (.levels():out)[-1]",
    "head:in[0] = norm@2:out",
    ".:out = sigmoid(head:out) * 2 - 1",
    ".levels():out = stack(norm@0:out, norm@1:out, norm@2:out)",
    "layers.*.attn before layers.*.fc1",
    "layers.*.norm1 before layers.*.attn",
    "chain layers.*",
    "chain layers.0, layers.[1-2]",
)


def traced(model, device="meta"):
    return shapeflow.trace(model.eval(), torch.zeros(2, 3, 8, 8), device=device)


@pytest.fixture(scope="module")
def trace():
    return traced(Model())


@pytest.mark.parametrize("line", RIGHT)
def test_a_claim_that_is_right_holds(trace, line):
    assert judge(trace, line).status == "holds"


def test_a_real_run_says_the_same():
    result = result_of(traced(Model(), "cpu"), *RIGHT)
    assert result.passed, result.failed


class WithoutResidual(Block):
    def forward(self, x, pos):
        x = self.drop(self.attended(x, pos))
        return x + self.drop(self.fed(x))


class WithAnotherResidual(Block):
    def forward(self, x, pos):
        y = x + self.drop(self.attended(x, pos))
        return y + self.drop(self.fed(y)) + x


class WithPositionInTheValue(Block):
    def attended(self, x, pos):
        y = self.norm1(x) + pos
        return self.attn(y, y, y, need_weights=False)[0]


class WithAnotherActivation(Block):
    def fed(self, x):
        return self.fc2(torch.nn.functional.gelu(self.fc1(self.norm2(x))))


class WithNormsBehind(Block):
    def attended(self, x, pos):
        return self.norm1(self.attn(x + pos, x + pos, x, need_weights=False)[0])


class WithTheFeedForwardPartFirst(Block):
    def forward(self, x, pos):
        x = x + self.drop(self.fed(x))
        return x + self.drop(self.attended(x, pos))


class OfAnotherLayer(Model):
    def out(self, levels):
        return super().out(levels[:2])


class WithALayerTwice(Model):
    def levels(self, x):
        results = []
        for number in (0, 1, 1):
            x = self.layers[number](x, self.pos)
            results.append(self.norm(x))
        return torch.stack(results)


class WithLayersSwapped(Model):
    def __init__(self):
        super().__init__()
        self.order = (0, 2, 1)

    def levels(self, x):
        results = []
        for number in self.order:
            x = self.layers[number](x, self.pos)
            results.append(self.norm(x))
        return torch.stack(results)


class WithALayerBesideTheOthers(WithLayersSwapped):
    def levels(self, x):
        results = []
        for layer in self.layers:
            results.append(self.norm(layer(x, self.pos)))
        return torch.stack(results)


class WithAnotherConstant(Model):
    def out(self, levels):
        return torch.sigmoid(self.head(levels[-1].permute(1, 0, 2))) * 3 - 1


class WithOperandsSwapped(Model):
    def out(self, levels):
        return 1 - torch.sigmoid(self.head(levels[-1].permute(1, 0, 2))) * 2


def of_blocks(kind):
    return type(kind.__name__, (Model,), {"block": kind})


@pytest.mark.parametrize(
    ("changed", "caught"),
    [
        (of_blocks(WithoutResidual), {0, 1}),
        (of_blocks(WithAnotherResidual), {0}),
        (of_blocks(WithPositionInTheValue), {3}),
        (of_blocks(WithAnotherActivation), {4}),
        (of_blocks(WithNormsBehind), {2, 3, 11}),
        (of_blocks(WithTheFeedForwardPartFirst), {1, 10}),
        (OfAnotherLayer, {6, 7}),
        (WithLayersSwapped, {12, 13}),
        (WithALayerBesideTheOthers, {12, 13}),
        (WithAnotherConstant, {8}),
        (WithOperandsSwapped, {8}),
    ],
)
def test_a_change_of_the_model_is_caught_where_it_is(changed, caught):
    result = result_of(traced(changed()), *RIGHT)
    failed = {verdict.claim.id for verdict in result.failed}
    assert caught <= failed
    assert all(verdict.status == "contradicted" for verdict in result.failed if verdict.claim.id in caught)


def test_a_layer_that_never_ran_is_named():
    verdict = judge(traced(WithALayerTwice()), "chain layers.[0-2]")
    assert (verdict.status, verdict.code) == ("not observed", "not-all-called")
    assert "layers.2" in verdict.render()


def test_another_layer_is_told_from_the_last_one(trace):
    for number in (0, 1):
        verdict = judge(trace, f"head:in[0] = norm@{number}:out")
        assert (verdict.status, verdict.found) == ("contradicted", "(.levels():out)[-1]")


def test_what_does_the_same_in_other_words_is_no_change():
    class InOtherWords(Model):
        def levels(self, x):
            results = []
            for layer in self.layers:
                x = layer(x, self.pos)
                results.append(self.norm(x)[None])
            return torch.cat(results, dim=0)

        def out(self, levels):
            last = levels.select(0, 2).swapaxes(0, 1).reshape(2, 4, 8).clone()
            return torch.sub(torch.mul(2, self.head(last).sigmoid()), 1)

    kept = [line for line in RIGHT if "stack" not in line and "-1]" not in line]
    assert result_of(traced(InOtherWords()), *kept).passed


def test_the_making_of_every_port_holds_as_a_claim(trace):
    lines = [
        f"{match.name} = {making_text(trace, match)}"
        for match in port_matches(trace, [*trace.select("**"), *trace.select("**/*")])
        if match.value is not None and making_text(trace, match)
    ]
    lines = [line for line in lines if "weight" not in line and "bias" not in line and line[-3:] != "pos"]
    assert len(lines) > 100
    assert result_of(trace, *lines).passed


def test_what_is_found_is_told_in_the_notation_of_claims(trace):
    verdict = judge(trace, "layers.*:out = layers.*:in[0] + layers.*.fc2:out")
    assert (verdict.status, verdict.code) == ("contradicted", "making")
    assert verdict.what == "'layers.0:out' is made otherwise"
    assert verdict.found == "layers.0:in[0] + layers.0.attended():out + layers.0.fed():out"
    assert "the same in layers.1:out, layers.2:out" in verdict.because
    assert under(verdict) == "layers.*:in[0] + layers.*.fc2:out"


def test_the_same_pattern_means_the_same_layer(trace):
    assert judge(trace, "layers.[1-2]:in[0] = layers.[0-1]:out").code == "ambiguous-path"
    assert judge(trace, "layers.1:in[0] = layers.0:out").status == "holds"
    assert judge(trace, "layers.2:in[0] = layers.0:out").status == "contradicted"


def test_calls_of_the_same_module_are_kept_apart():
    class Twice(nn.Module):
        def __init__(self):
            super().__init__()
            self.fc, self.act = nn.Linear(8, 8), nn.Tanh()

        def step(self, x):
            return x + self.act(self.fc(x))

        def forward(self, x):
            return self.step(self.step(x))

    trace = shapeflow.trace(Twice(), torch.zeros(1, 8), device="meta")
    assert judge(trace, ".step():out = .step():in[0] + act:out").status == "holds"
    assert judge(trace, ".step():out = .step()@0:in[0] + act:out").status == "contradicted"
    assert judge(trace, ".:out = .:in[0] + act:out").code == "ambiguous-path"
    assert judge(trace, ".step()@0:out = .step()@0:in[0] + act@0:out").status == "holds"
    assert judge(trace, ".step()@1:out = .step()@0:out + act@1:out").status == "holds"
    assert judge(trace, ".step()@1:out = .step()@0:out + act@0:out").status == "contradicted"
    assert judge(trace, "chain fc, act").status == "holds"


def test_an_index_that_leaves_nothing_is_no_copy():
    class Starts(nn.Module):
        def forward(self, x):
            return torch.cat((x.new_zeros(1), x.cumsum(0)[:-1]))

    trace = shapeflow.trace(Starts(), torch.ones(1))
    assert judge(trace, ".:out = cat(new_zeros(_), (cumsum(.:in[0]))[:-1])").status == "holds"
    assert judge(trace, ".:out = cat(new_zeros(_), cumsum(.:in[0]))").status == "contradicted"


def test_anything_stands_for_plain_values_and_tensors_in_their_order():
    class Where(nn.Module):
        def forward(self, x):
            return torch.where(x > 0, 1.5, x) + torch.arange(1, 4)

    trace = shapeflow.trace(Where(), torch.ones(3))
    for line, status in {
        "where(_, _, .:in[0]) + arange(1, _)": "holds",
        "where(_, 1.5, _) + arange(_, 4)": "holds",
        "where(_, _) + arange(1, 4)": "holds",
        "where(_, 1.5, _, _) + _": "contradicted",
        "where(_, .:in[0], _) + _": "contradicted",
        "_ + arange(_, 1)": "contradicted",
    }.items():
        assert judge(trace, f".:out = {line}").status == status, line


def test_an_axis_may_be_counted_from_the_end():
    class Joined(nn.Module):
        def forward(self, x, y):
            return torch.stack((torch.cat((x, y), dim=-1), torch.cat((y, x), dim=1)), dim=-1)

    trace = shapeflow.trace(Joined(), torch.ones(2, 3), torch.zeros(2, 3))
    for line, status in {
        "stack(cat(.:in[0], .:in[1], dim=1), cat(.:in[1], .:in[0], dim=-1), dim=2)": "holds",
        "stack(_, _, dim=1)": "contradicted",
        "stack(_, _, dim=-1)": "holds",
        "stack(cat(_, _, dim=0), _)": "contradicted",
        "stack(cat(_, _, dim=3), _)": "contradicted",
        "stack(cat(_, _, dim=-2), _)": "contradicted",
    }.items():
        assert judge(trace, f".:out = {line}").status == status, line


def test_an_axis_is_the_same_with_and_without_its_name():
    class Joined(nn.Module):
        def forward(self, x, y):
            return (
                torch.cat((x, y)),
                torch.stack((x, y), -1).sum(-1),
                x.softmax(dim=1),
                torch.chunk(x, 3, 1)[0],
            )

    trace = shapeflow.trace(Joined(), torch.ones(2, 3), torch.zeros(2, 3))
    for line, status in {
        ".:out[0] = cat(.:in[0], .:in[1], dim=0)": "holds",
        ".:out[0] = cat(.:in[0], .:in[1], dim=1)": "contradicted",
        ".:out[1] = sum(stack(.:in[0], .:in[1], dim=2), dim=-1)": "holds",
        ".:out[1] = sum(stack(.:in[0], .:in[1], dim=1), dim=-1)": "contradicted",
        ".:out[1] = sum(stack(.:in[0], .:in[1], 2), axis=2)": "holds",
        ".:out[2] = softmax(.:in[0], -1)": "holds",
        ".:out[2] = softmax(.:in[0], 0)": "contradicted",
        ".:out[3] = (chunk(.:in[0], 3, dim=-1))[0]": "holds",
        ".:out[3] = (chunk(.:in[0], 3, dim=0))[0]": "contradicted",
    }.items():
        assert judge(trace, line).status == status, line


def test_what_python_may_have_written_is_undecided():
    class Written(nn.Module):
        def forward(self, x):
            y = x * 2
            y.numpy()[0] = 1
            return y

    trace = shapeflow.trace(Written(), torch.zeros(3), device="cpu")
    assert judge(trace, ".:out = .:in[0] * 2").status == "undecided"


def test_what_came_from_outside_is_undecided():
    class Outside(nn.Module):
        def forward(self, x):
            return torch.from_numpy(x.numpy() + 1) * 2

    trace = shapeflow.trace(Outside(), torch.zeros(3), device="cpu")
    assert judge(trace, ".:out = .:in[0] * 2").status == "undecided"
    assert judge(trace, ".:out = _ * 2").status == "holds"
    assert judge(trace, ".:out = _ * 3").status == "contradicted"


def test_a_fused_kernel_hides_how_it_computes():
    layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True).eval()
    with torch.no_grad():
        trace = shapeflow.trace(layer, torch.zeros(1, 3, 8), device="meta")
    verdict = judge(trace, ".:out = .:in[0] + _")
    assert (verdict.status, verdict.code) == ("undecided", "making-fused")
    assert "_transformer_encoder_layer_fwd computes a whole encoder layer at once" in verdict.because


def test_subtraction_and_division_keep_their_sides():
    class Sides(nn.Module):
        def forward(self, x, y):
            return 1 - x, x - y, 2 / x, torch.rsub(x, y), 3**x

    trace = shapeflow.trace(Sides(), torch.ones(2), torch.ones(2), device="meta")
    right = (
        ".:out[0] = 1 - .:in[0]",
        ".:out[1] = .:in[0] - .:in[1]",
        ".:out[2] = 2 / .:in[0]",
        ".:out[3] = rsub(.:in[0], .:in[1])",
        ".:out[4] = pow(3, .:in[0])",
    )
    wrong = (
        ".:out[0] = .:in[0] - 1",
        ".:out[1] = .:in[1] - .:in[0]",
        ".:out[2] = .:in[0] / 2",
        ".:out[3] = .:in[1] - .:in[0] - 1",
    )
    assert result_of(trace, *right).passed
    assert [judge(trace, line).status for line in wrong] == ["contradicted"] * 4


@pytest.mark.parametrize(
    ("line", "what", "place"),
    [
        (
            "head:out =",
            "a claim on how a tensor is made has '=' between its place and a formula",
            "head:out =",
        ),
        ("head:out = 3", "a number is not made of anything", "3"),
        ("head:out = norm:out +", "the formula ends too early", "+"),
        ("head:out = relu(norm:out", "the formula ends too early", "t"),
        ("head:out = (norm:out)[]", "an index is missing here", "]"),
        ("head:out = norm:out norm:out", "'norm:out' cannot stand here", "norm:out"),
        ("norm:out before head", "a claim on an order names two calls or ops, without a port", None),
        (
            "chain layers.*:out",
            "a chain is a pattern, or several calls with commas between them, without ports",
            None,
        ),
        ("chain head", "'head' names one path, a chain needs two", "head"),
    ],
)
def test_lines_that_cannot_be_read(trace, line, what, place):
    verdict = judge(trace, line)
    assert (verdict.status, verdict.what) == ("invalid", what)
    assert place is None or under(verdict) == place


def test_a_hostile_formula_takes_no_time(trace):
    assert judge(trace, "head:out = " + "a" * 1900).status == "invalid"
    assert judge(trace, "head:out = " + "a." * 900).status == "invalid"
    assert judge(trace, "head:out = " + "(" * 900).status == "invalid"
    assert judge(trace, "head:out = " + " + ".join(["_"] * 90)).status in ("contradicted", "invalid")


def test_what_is_said_wrongly_is_contradicted(trace):
    assert judge(trace, 'said "2 no residual": layers.*:out = layers.*.fc2:out').passed
    assert not judge(trace, 'said "2 residual": layers.0:out = _ + _').passed
    assert judge(trace, 'said "2 last first": layers.1 before layers.0').passed


class Computes(nn.Module):
    """Gives what a function makes of a copy of its input."""

    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, x):
        return self.function(x.clone())


HANDED_ON = [
    (lambda x: x[[1, 0, 3, 2]], ".:out = .:in[0]", "contradicted"),
    (lambda x: x[:, None, ...], ".:out = .:in[0]", "holds"),
    (lambda x: x[...], ".:out = .:in[0]", "holds"),
    (lambda x: x[0:4, :], ".:out = .:in[0]", "holds"),
    (lambda x: x.flip(0), ".:out = .:in[0]", "contradicted"),
    (lambda x: x[torch.tensor([1, 0, 3, 2])], ".:out = .:in[0]", "contradicted"),
    (lambda x: x.long().float(), ".:out = .:in[0]", "contradicted"),
    (lambda x: x.half().float(), ".:out = .:in[0]", "holds"),
    (lambda x: x.t()[(0,)], ".:out = (.:in[0])[:, 0]", "holds"),
    (lambda x: torch.stack([x, x * 2])[1], ".:out = .:in[0] * 2", "holds"),
    (lambda x: torch.stack([x, x * 2], 1)[1], ".:out = .:in[0] * 2", "contradicted"),
    (lambda x: torch.stack([x, x * 2], 1)[:, 1], ".:out = .:in[0] * 2", "holds"),
    (lambda x: torch.stack([x, x * 2], 1).transpose(0, 1)[-1], ".:out = .:in[0] * 2", "holds"),
    (lambda x: torch.stack([x, x * 2]).unbind()[1], ".:out = .:in[0] * 2", "holds"),
    (lambda x: torch.stack([x, x * 2]).unbind(1)[1], ".:out = .:in[0] * 2", "contradicted"),
    (lambda x: torch.stack([x, x * 2]).flip(0)[1], ".:out = .:in[0] * 2", "contradicted"),
    (lambda x: torch.stack([x, x * 2]).reshape(4, 2, 4)[1], ".:out = .:in[0] * 2", "contradicted"),
    (lambda x: torch.cat([x[None], x[None] * 2])[1], ".:out = .:in[0] * 2", "holds"),
    (lambda x: torch.cat([x, x * 2])[1], ".:out = .:in[0] * 2", "contradicted"),
    (lambda x: sum([x, x * 2]), ".:out = .:in[0] + .:in[0] * 2", "holds"),
    (lambda x: torch.add(x, x, alpha=2), ".:out = .:in[0] + .:in[0]", "contradicted"),
    (lambda x: x.sub(x.sin(), alpha=3), ".:out = .:in[0] - sin(.:in[0])", "contradicted"),
    (lambda x: torch.div(x, 2, rounding_mode="floor"), ".:out = .:in[0] / 2", "contradicted"),
    (lambda x: x // 2, ".:out = .:in[0] / 2", "contradicted"),
    (lambda x: -x, ".:out = -.:in[0]", "holds"),
    (lambda x: torch.where(x > 0, x, x * 2), ".:out = where(.:in[0] > 0, _, _)", "invalid"),
    (lambda x: torch.where(x > 0, x, x * 2), ".:out = where(gt(.:in[0], 0), .:in[0], .:in[0] * 2)", "holds"),
    (lambda x: x.chunk(2, 0)[1], ".:out = (chunk(.:in[0]))[1]", "holds"),
    (lambda x: x.chunk(2, 0)[1], ".:out = (chunk(.:in[0]))[0]", "contradicted"),
    (lambda x: x.chunk(2, 1)[1], ".:out = (chunk(.:in[0], 2, 0))[1]", "contradicted"),
    (lambda x: x.masked_fill(x > 0, 0.0), ".:out = .:in[0]", "contradicted"),
    (lambda x: x.expand(3, 4, 4), ".:out = .:in[0]", "holds"),
    (lambda x: torch.nn.functional.dropout(x, 0.5, True), ".:out = .:in[0]", "contradicted"),
    (lambda x: torch.nn.functional.dropout(x, 0.5), ".:out = .:in[0]", "contradicted"),
    (lambda x: torch.nn.functional.dropout(x, 0.5, training=False), ".:out = .:in[0]", "holds"),
    (lambda x: torch.softmax(x, -1), ".:out = softmax(.:in[0], dim=0)", "contradicted"),
    (lambda x: torch.softmax(x, -1), ".:out = softmax(.:in[0], -1)", "holds"),
    (lambda x: torch.softmax(x, -1), ".:out = softmax(.:in[0], 0)", "contradicted"),
    (lambda x: torch.softmax(x, dim=-1), ".:out = softmax(.:in[0], -1)", "holds"),
    (lambda x: x.roll(1, 0), ".:out = .:in[0]", "contradicted"),
    (lambda x: x.unfold(0, 2, 2), ".:out = .:in[0]", "contradicted"),
    (lambda x: x.view(torch.int32).view(torch.float32), ".:out = .:in[0]", "contradicted"),
    (lambda x: x.index_select(0, torch.tensor([0, 1, 2, 3])), ".:out = .:in[0]", "contradicted"),
]


@pytest.mark.parametrize(("function", "line", "status"), HANDED_ON)
def test_what_may_lie_between(function, line, status):
    trace = shapeflow.trace(Computes(function), torch.ones(4, 4), device="meta")
    assert judge(trace, line).status == status


def write_to_a_row(x):
    row = x[0]
    row.add_(1)
    return x


def write_beside(x):
    even, odd = x[::2], x[1::2]
    even.mul_(2)
    return odd


def write_to_all(x):
    x.copy_(x * 2)
    return x


@pytest.mark.parametrize(
    ("function", "line", "status"),
    [
        (write_to_a_row, ".:out = (.:in[0])[0] + 1", "undecided"),
        (write_to_a_row, ".:out = .:in[0]", "undecided"),
        (write_beside, ".:out = (.:in[0])[::2] * 2", "undecided"),
        (write_beside, ".:out = (.:in[0])[1::2]", "undecided"),
        (write_to_all, ".:out = .:in[0] * 2", "holds"),
        (lambda x: torch.add(x, 1, out=x), ".:out = .:in[0] + 1", "holds"),
        (lambda x: x.add_(1), ".:out = .:in[0] + 1", "holds"),
        (lambda x: x.add_(1), ".:out = .:in[0]", "contradicted"),
    ],
)
def test_what_is_written_through_a_view_is_not_known(function, line, status):
    trace = shapeflow.trace(Computes(function), torch.ones(4, 4), device="meta")
    assert judge(trace, line).status == status


@pytest.mark.parametrize("turned", [False, True])
def test_an_order_of_axes_that_is_written_is_all_there_is(turned):
    class Flattened(nn.Module):
        def forward(self, x):
            x = x.mT if turned else x
            return x.flatten(2).permute(2, 0, 1).contiguous()

    trace = shapeflow.trace(Flattened(), torch.zeros(2, 3, 4, 4), device="meta")
    assert judge(trace, ".:out = .:in[0]").status == "holds"
    wanted = "contradicted" if turned else "holds"
    assert judge(trace, ".:out = permute(flatten(.:in[0], 2), 2, 0, 1)").status == wanted
    assert judge(trace, ".:out = permute(_, 2, 0, 1)").status == "holds"

    class Folded(nn.Module):
        def forward(self, x):
            x = x.permute(1, 2, 0).reshape(-1, 3, 4, 4)
            return x.mT if turned else x

    trace = shapeflow.trace(Folded(), torch.zeros(16, 2, 3), device="meta")
    assert judge(trace, ".:out = reshape(permute(.:in[0], 1, 2, 0), -1, 3, 4, 4)").status == wanted


def test_an_argument_that_was_not_given_is_what_it_is_by_default():
    class Attention(nn.Module):
        def __init__(self, **given):
            super().__init__()
            self.given = given

        def forward(self, q):
            return torch.nn.functional.scaled_dot_product_attention(q, q, q, **self.given)

    line = ".:out = scaled_dot_product_attention(_, _, _, is_causal=False, scale=None)"
    for given, wanted in (
        ({}, "holds"),
        ({"is_causal": True}, "contradicted"),
        ({"scale": 1.0}, "contradicted"),
    ):
        trace = shapeflow.trace(Attention(**given), torch.zeros(1, 2, 3, 4), device="meta")
        assert judge(trace, line).status == wanted


class Queries(nn.Module):
    """Layers that hand a token on beside the queries, which all of them get anew if ``broken``."""

    def __init__(self, broken=False):
        super().__init__()
        self.layers, self.broken = nn.ModuleList(Pair() for _ in range(3)), broken

    def forward(self, queries, token):
        given = queries
        for layer in self.layers:
            queries, token = layer(token=token, queries=given if self.broken else queries)
        return queries


class Pair(nn.Module):
    def mixed(self, queries, token):
        return queries.detach() + token

    def forward(self, queries, token):
        return self.mixed(queries, token), token * 2


@pytest.mark.parametrize(("broken", "status"), [(False, "holds"), (True, "contradicted")])
def test_a_chain_hands_on_the_first_input(broken, status):
    trace = shapeflow.trace(Queries(broken), torch.ones(2), torch.ones(2), device="meta")
    assert judge(trace, "chain layers.*").status == status


def test_ops_of_any_depth_are_also_those_in_helper_methods():
    trace = shapeflow.trace(Queries(), torch.ones(2), torch.ones(2), device="meta")
    assert judge(trace, "count ops **/detach = 3").status == "holds"
    assert judge(trace, "count ops layers.0.**/detach = 1").status == "holds"
    assert judge(trace, "count ops **()/detach = 0").status == "invalid"


class WithTables(nn.Module):
    """Gives what a function makes of its input and of two parameters."""

    def __init__(self, function):
        super().__init__()
        self.function = function
        self.row, self.scale = nn.Parameter(torch.ones(1, 4)), nn.Parameter(torch.ones(4))

    def forward(self, x):
        return self.function(self, x)


@pytest.mark.parametrize(
    ("function", "right", "wrong"),
    [
        (lambda self, x: torch.cat([self.row, x]), "cat(.row, .:in[0])", "cat(.:in[0], .row)"),
        (lambda self, x: torch.lerp(self.scale, x, 0.3), "lerp(.scale, .:in[0])", "lerp(.:in[0], .scale)"),
        (lambda self, x: torch.atan2(x, self.scale), "atan2(.:in[0], .scale)", "atan2(.scale, .:in[0])"),
        (lambda self, x: 3**x, "pow(3, .:in[0])", "pow(.:in[0], 3)"),
        (lambda self, x: x.clamp(0, 1), "clamp(.:in[0], 0)", "clamp(0)"),
        (lambda self, x: torch.softmax(x, -1), "softmax(.:in[0], -1)", "softmax(-1)"),
        (lambda self, x: -x * x.sin(), "-.:in[0] * sin(.:in[0])", "-(.:in[0] * sin(.:in[0]))"),
    ],
)
def test_what_an_op_is_given_comes_in_the_order_that_is_written(function, right, wrong):
    trace = shapeflow.trace(WithTables(function), torch.ones(3, 4), device="meta")
    assert judge(trace, f".:out = {right}").status == "holds"
    assert judge(trace, f".:out = {wrong}").status == "contradicted"


def test_what_python_may_have_written_on_the_way_is_undecided():
    def writes(x):
        y = x * 2
        y.numpy()[0] = 7
        return y + 1

    trace = shapeflow.trace(Computes(writes), torch.ones(3, 4), device="cpu")
    assert judge(trace, ".:out = .:in[0] * 2 + 1").status == "undecided"


class Uneven(nn.Module):
    """Two blocks, of which the second has no norm, and a head that runs in each and once more."""

    def __init__(self):
        super().__init__()
        self.blocks = nn.ModuleList([self.block("norm", "fc"), self.block("fc")])
        self.head = nn.Linear(4, 4)

    def block(self, *names):
        return nn.ModuleDict({name: nn.Linear(4, 4) for name in names})

    def step(self, block, x):
        return self.head(block["fc"](block["norm"](x) if "norm" in block else x))

    def forward(self, x):
        for block in self.blocks:
            x = self.step(block, x)
        return self.head(x)


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("blocks.*.norm before blocks.*.fc", "'blocks.1.fc' has nothing that fits 'blocks.*.norm' beside it"),
        ("blocks.*.fc before blocks.*.norm", "'blocks.0.norm' begins before 'blocks.0.fc' has ended"),
        ("blocks.0.norm before blocks.0.fc", ""),
        ("blocks.*.fc before head", ""),  # in each step
        ("blocks.*.fc before head@0", "'head@0' begins before 'blocks.1.fc' has ended"),
        ("blocks.0.fc before head", ""),
        ("blocks.1.fc before head", "'head@0' begins before 'blocks.1.fc' has ended"),
        ("blocks.1.fc before head@1-2", ""),
        ("head before blocks.1.fc", "'blocks.1.fc' begins before 'head@1' has ended"),
        ("head@0 before blocks.1.fc", ""),
    ],
)
def test_each_step_has_another_one_before_or_behind_it(line, what):
    trace = shapeflow.trace(Uneven(), torch.ones(1, 4), device="meta")
    verdict = judge(trace, line)
    assert (verdict.status, verdict.what) == ("contradicted" if what else "holds", what)
