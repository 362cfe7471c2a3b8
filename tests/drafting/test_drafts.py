"""What a draft says besides shapes, and that it notices changes."""

from __future__ import annotations

import sys
from functools import partial
from types import SimpleNamespace

import pytest
import torch
import varied_models
from builders import TraceBuilder
from torch import nn

from shapeflow import recording
from shapeflow.adapters.base import Prepared
from shapeflow.drafting.draft import draft
from shapeflow.drafting.page import relative
from shapeflow.drafting.sections import plain
from shapeflow.drafting.size_flow import bracketed
from shapeflow.drafting.statements import Statement
from shapeflow.model.variation import Axis, Variation
from shapeflow.runs.variants import vary
from shapeflow.runs.words import sentences, widths
from shapeflow.walkthrough.check import check
from shapeflow.walkthrough.reader import parse


def traced(model, inputs, target="it"):
    given = inputs if isinstance(inputs, tuple) else (inputs,)
    prepared = Prepared(model, partial(model, *given), {}, {})
    return recording.run(lambda: prepared, device="cpu", adapter="factory", target=target)


@pytest.fixture(scope="module")
def drafts():
    """Function of ``varied_models`` -> its draft and trace, each made once."""
    made = {}

    def make(name):
        if name not in made:
            trace = traced(*getattr(varied_models, name)(), target=f"varied_models:{name}")
            made[name] = draft(trace, vary(trace, lambda text: None)).text
        return made[name]

    return make


def changed(text, change):
    """The claims of the draft of the stack that a changed model contradicts."""
    torch.manual_seed(0)
    model, given = varied_models.stack()
    change(model)
    trace = traced(model, given, target="varied_models:stack")
    return [verdict.claim.text for verdict in check(trace, parse(text)).failed]


# What it says


def test_a_residual_is_told_of_all_layers_alike(drafts):
    assert ":out = :in.x + back:out" in drafts("stack").splitlines()


def test_tables_orders_parameters_and_the_dtype_are_told(drafts):
    lines = [" ".join(line.split()) for line in drafts("stack").splitlines()]
    assert "dtype: f32" in lines
    assert "start [1, 1, 24]" in lines
    assert "parameters . = 7,296" in lines
    assert "chain blocks.*" in lines
    assert "norm before mix" in lines
    assert any(line.startswith("blocks.0:in.x = cat(.start, .:in.x") for line in lines)


def test_names_come_from_the_source_and_the_configuration(drafts):
    lines = [" ".join(line.split()) for line in drafts("stack").splitlines()]
    assert "D: 24 # hidden_size" in lines
    assert ".:out [B, T + 1, D]" in lines
    assert "mix:out [B, T + 1, 48]" in lines


def test_what_flatten_makes_is_told_by_what_it_was_given(drafts):
    lines = [" ".join(line.split()) for line in drafts("patches").splitlines()]
    assert ".:out [B, 6, (H/4)*(W/4)]" in lines


def test_odd_sizes_are_tried_and_rounded_up(drafts):
    lines = [" ".join(line.split()) for line in drafts("rounding").splitlines()]
    assert "second:out [B, 6, ceil(H/4), ceil(W/4)]" in lines
    assert ".:out [B, ceil(H/4)*ceil(W/4), 6]" in lines


def test_rows_that_only_seem_free_move_together(drafts):
    lines = [" ".join(line.split()) for line in drafts("shared").splitlines()]
    assert ".:in.x [B, T, 8]" in lines
    assert ".:in.y [B, S, 8]" in lines


# It notices


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda model: setattr(model.blocks[1], "forward", lambda x: x), id="dropped layer"),
        pytest.param(lambda model: _reorder(model, [0, 2, 1]), id="swapped layers"),
        pytest.param(lambda model: _reorder(model, [0, 2]), id="layer passed over"),
        pytest.param(lambda model: _widen(model.blocks[1]), id="width"),
        pytest.param(
            lambda model: setattr(
                model.blocks[1],
                "forward",
                lambda x, b=model.blocks[1]: b.back(b.mix(b.norm(x))),
            ),
            id="dropped residual",
        ),
    ],
)
def test_a_change_is_noticed(drafts, change):
    assert changed(drafts("stack"), lambda model: None) == []
    assert changed(drafts("stack"), change)


def _reorder(model, order):
    class Walked(nn.ModuleList):
        def __iter__(self):
            return iter([self[number] for number in order])

    Walked.__name__ = "ModuleList"
    model.blocks.__class__ = Walked


def _widen(block):
    block.mix, block.back = nn.Linear(24, 50), nn.Linear(50, 24)


# The words of others


def test_a_docstring_stays_words(drafts):
    text = drafts("stack")
    document = parse(text)
    assert [claim for claim in document.claims if claim.said or claim.kind == "invalid"] == []
    assert [section.title for section in document.sections if "heading" in section.title] == []
    assert "\\`\\`\\`shapes --- said" in text
    assert "\\<script\\>" in text


def test_only_the_first_sentence_is_told_and_once(drafts):
    text = drafts("stack")
    assert text.count("Adds what it has \\`learnt\\` to what it is given.") == 1
    assert "The rest of this" not in text


@pytest.mark.parametrize(
    ("doc", "told"),
    [
        (None, ""),
        ("", ""),
        ("   \n ", ""),
        (3, ""),
        ("One. Two.", "One."),
        ("One\n  line.\n\nAnother.", "One line."),
        ("Odd(x: int)", ""),
        ("word " * 200_000, f"{('word ' * 48).strip()[:239].rpartition(' ')[0]} …"),
    ],
)
def test_first_sentences(doc, told, monkeypatch):
    odd = type("Odd", (nn.Module,), {"forward": lambda self, x: x + 1, "__doc__": doc, "__module__": "odd"})
    monkeypatch.setitem(sys.modules, "odd", SimpleNamespace(Odd=odd))
    found = sentences(traced(odd(), torch.ones(2))).get("odd.Odd", "")
    assert (found, len(found) <= 242) == (told, True) if len(told) < 100 else found.endswith("word …")


def test_words_cannot_become_markdown():
    assert plain("a\n# b\x00 `c` [d](e) \ud800|") == "a \\# b \\`c\\` \\[d\\](e) \\|"


def test_a_width_that_two_keys_have_gets_no_name():
    model = SimpleNamespace(
        config={"hidden_size": 64, "n_positions": 64, "vocab_size": 100, "eos_token_id": 100}
    )
    assert widths(model) == {"V": (100, "vocab_size")}


def test_configurations_inside_others():
    inner = SimpleNamespace(hidden_size=80)
    model = SimpleNamespace(config=SimpleNamespace(hidden_size=64, vision_config=inner))
    assert widths(model) == {"D": (64, "hidden_size"), "D2": (80, "vision_config.hidden_size")}


# Its parts


@pytest.mark.parametrize(
    ("subject", "rest", "line"),
    [
        ("layers.*:out", "[B, 3]", ":out  [B, 3]"),
        ("layers.*.mlp@0:out", "None", "mlp@0:out  None"),
        ("layers.*:out", "= layers.*:in.x + layers.*.mlp:out", ":out = :in.x + mlp:out"),
        ("layers.*:out", "= layers.*:in.x + norm:out", None),
        (
            "layers.*:out",
            "= cat(layers.*:in.x, (layers.*.a:out)[:, 1:], dim=1)",
            ":out = cat(:in.x, (a:out)[:, 1:], dim=1)",
        ),
        ("chain", "layers.*.a, layers.*.b", "chain a, b"),
        ("layers.*.a", "before layers.*.b", "a before b"),
        ("layers.*:out", "= layers.*:in.x + layers.*.table", None),  # a name alone would be a size
        ("layersnorm:out", "[B, 3]", None),
        ("class layers.*", "= Layer", None),
    ],
)
def test_claims_as_seen_from_a_module(subject, rest, line):
    short = relative(Statement(subject, rest), "layers.*")
    assert (short.text if short else None) == line


@pytest.mark.parametrize(
    ("text", "factor"),
    [
        ("H", "H"),
        ("H/4", "(H/4)"),
        ("ceil(H/4)", "ceil(H/4)"),
        ("T + 1", "(T + 1)"),
        ("(H/4)*(W/4)", "(H/4)*(W/4)"),
        ("(H/4)*(W/4) + 1", "((H/4)*(W/4) + 1)"),
        ("H // 4", "(H // 4)"),
    ],
)
def test_factors(text, factor):
    assert bracketed(text) == factor


def test_other_dtypes_than_that_of_the_document_are_written():
    build = TraceBuilder()
    given = build.input("f32[2, 3]")
    with build.call("", given) as root:
        root.returns(
            build.op("half", [given], "f16[2, 3]"),
            build.op("other", [given], "f32[3]"),
            build.op("third", [given], "f32[4]"),
        )
    text = draft(build.trace(), Variation((Axis("B", "rows", 2),))).text
    assert "dtype: f32" in text
    assert "f16[" in text
    assert "f32[" not in text
