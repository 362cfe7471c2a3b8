"""A few of the public models that `make bench` compares: real and shapes-only runs give the same records."""

from __future__ import annotations

import pytest

from benchmarks.equality import differences
from benchmarks.models import ZOO
from benchmarks.zoo import compare, record

NAMES = ("GPT-2", "Mixtral, batched experts", "Swin", "LSTM and GRU, packed", "MobileNetV3", "DeepSeek-V3")


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_shapes_only_equals_real(name):
    entry = next(entry for entry in ZOO if entry.name == name)
    real = record(entry, "real")
    assert compare(real, [(how, record(entry, how)) for how in ("rebuilt", "existing")]) == []


@pytest.mark.slow
def test_a_loop_over_chosen_experts_needs_values():
    entry = next(entry for entry in ZOO if entry.name == "Mixtral, experts in a loop")
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


def test_every_model_has_its_own_name():
    assert len({entry.name for entry in ZOO}) == len(ZOO) >= 20
