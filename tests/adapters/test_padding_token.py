"""Classifiers of texts need a token that pads, where their configuration has a place for one."""

from __future__ import annotations

import pytest
from torch import nn

from shapeflow.adapters.libraries.transformers_classes import padded

transformers = pytest.importorskip("transformers")


class ToyForSequenceClassification(nn.Module):
    """Nothing but a configuration."""

    def __init__(self, config) -> None:
        super().__init__()
        self.config = config


def test_a_configuration_without_a_padding_token_gets_one() -> None:
    config = transformers.GPT2Config()
    assert config.pad_token_id is None
    assert padded(ToyForSequenceClassification(config)) == [
        "GPT2Config names no token that pads a text: shapeflow chose 0."
    ]
    assert config.pad_token_id == 0


def test_a_configuration_that_knows_no_padding_needs_none() -> None:
    config = transformers.PerceiverConfig()
    assert not hasattr(config, "pad_token_id")
    assert padded(ToyForSequenceClassification(config)) == []
