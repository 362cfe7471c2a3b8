"""A few of the public models that `make bench` compares: real and shapes-only runs give the same records."""

from __future__ import annotations

import math
import os

import pytest

from benchmarks.equality import differences
from benchmarks.forked import ChildError, call, call_each
from benchmarks.models import Entry, zoo
from benchmarks.zoo import Outcome, compare, record, report

NAMES = (
    "GPT-2",
    "Mixtral, batched experts",
    "Swin",
    "LSTM and GRU, packed",
    "mobilenet_v3_small",
    "DeepSeek-V3",
)


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_shapes_only_equals_real(name):
    entry = next(entry for entry in zoo() if entry.name == name)
    real = record(entry, "real")
    assert compare(real, [(how, record(entry, how)) for how in ("rebuilt", "existing")]) == []


@pytest.mark.slow
def test_a_loop_over_chosen_experts_needs_values():
    entry = next(entry for entry in zoo() if entry.name == "Mixtral, experts in a loop")
    failure = record(entry, "rebuilt").run.failure
    assert failure is not None
    assert failure.type == "NeedsValues"


def test_a_difference_is_found_where_it_is(sample):
    from dataclasses import replace

    assert list(differences(sample, sample)) == []
    values = list(sample.values)
    changed = next(value for value in values if value.origin == "op")
    values[changed.id] = replace(changed, dtype="f64")
    (first, *_) = differences(sample, replace(sample, values=tuple(values)))
    assert first.startswith(f"ops[{changed.producer}]")
    assert f"{changed} from op" in first
    assert "f64" in first


@pytest.mark.slow
def test_there_are_many_models_and_each_has_its_own_name():
    names = [(entry.package, entry.name) for entry in zoo()]
    assert len(set(names)) == len(names) >= 300


def test_a_child_gives_a_result_or_says_why_not():
    assert call(len, "abc") == 3
    with pytest.raises(ChildError, match="ZeroDivisionError"):
        call(divmod, 1, 0)
    with pytest.raises(ChildError, match="ended with exit code 3"):
        call(os._exit, 3)


def test_each_item_comes_back_with_its_result():
    found = dict(call_each(math.sqrt, (4, -1, 9), at_once=2))
    assert (found[4], found[9]) == (2, 3)
    assert isinstance(found[-1], ChildError)


def test_a_limit_explains_only_that_values_are_needed():
    limited = Entry("a", "text", "torch", dict, limit="as many as the picture says")
    verdicts = {
        (): "equal",
        ("real: it does not run",): "no real run",
        ("rebuilt: NeedsValues at a.py:1: 'nonzero' needs real values",): "data-dependent",
        ("rebuilt: ops[3] mm: another",): "different",
    }
    for problems, verdict in verdicts.items():
        assert Outcome(limited, 1, 1, problems).verdict == verdict
    plain = Entry("b", "text", "torch", dict)
    assert Outcome(plain, 1, 1, ("rebuilt: NeedsValues at a.py:1",)).verdict == "different"


def test_the_report_counts_by_kind_and_gives_reasons():
    entries = [Entry(name, "text", "torch", dict, limit="its sizes depend on data") for name in "abc"]
    stopped = ("rebuilt: NeedsValues at a.py:1: no",)
    outcomes = [
        Outcome(entries[0], 2, 5, ()),
        Outcome(entries[1], 2, 3, stopped),
        Outcome(entries[2], 1, 1, ()),
    ]
    text = report(outcomes)
    assert (
        "2 of the 2 models whose sizes do not depend on data give the same records (100.0%); 1 more" in text
    )
    assert "| torch | text | 3 | 9 | 2 | 1 | 0 |" in text
    assert "- b (torch): its sizes depend on data" in text


def test_a_configuration_is_made_small_as_a_whole():
    transformers = pytest.importorskip("transformers")
    from benchmarks.models.transformers_small import small

    config = small(transformers.CLIPConfig(), vision_config={"patch_size": 16})
    for part in (config.text_config, config.vision_config):
        assert (part.hidden_size, part.num_attention_heads, part.num_hidden_layers) == (64, 4, 2)
    assert config.vision_config.patch_size == 16
    assert config.text_config.vocab_size == 100
