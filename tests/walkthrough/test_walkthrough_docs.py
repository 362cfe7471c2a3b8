"""The page on the language is a walkthrough that holds, and its messages are those that are given."""

from __future__ import annotations

import re

from message_cases import GOLD
from places import DOCS

from shapeflow.commands.check import FORMATS
from shapeflow.walkthrough.check import check
from shapeflow.walkthrough.claims import KINDS
from shapeflow.walkthrough.formula.ast import CONSTANTS, FUNCTIONS
from shapeflow.walkthrough.front_matter import KEYS
from shapeflow.walkthrough.reader import read

PAGE = DOCS / "walkthrough-language.md"
TEXT = PAGE.read_text(encoding="utf-8")


def test_every_claim_is_satisfied(sample):
    result = check(sample, read(PAGE))
    assert [verdict.claim.text for verdict in result.failed] == []
    assert len(result.verdicts) > 30
    assert len(result.skipped) == 3


def test_every_kind_of_claim_is_shown(sample):
    """An attribute is shown in words: the sample trace has none."""
    shown = {claim.kind for claim in read(PAGE).claims}
    assert {kind.name for kind in KINDS} - shown == {"attribute"}
    assert "`attr " in TEXT


def test_messages_are_those_that_are_given():
    blocks = re.findall(r"```text\n((?:error|contradicted|undecided)\[.*?)```", TEXT, re.DOTALL)
    assert len(blocks) == 5
    gold = {path.read_text(encoding="utf-8") for path in GOLD.glob("*.txt")}
    assert [block for block in blocks if block not in gold] == []


def test_nothing_is_left_out():
    words = set(re.findall(r"[a-z_0-9]+", TEXT))
    for names in (FUNCTIONS, CONSTANTS, KEYS, FORMATS):
        assert set(names) <= words
