"""The walkthrough of the SAM3 of transformers: the sections of the official one, and true of the model."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise

import pytest

from shapeflow.runs.documents import run_documents
from shapeflow.walkthrough.check import check
from shapeflow.walkthrough.document import Document
from shapeflow.walkthrough.reader import read
from shapeflow.walkthrough.shipped import shipped

OTHERWISE = {
    "SAM3, step by step: from a picture and a phrase to boxes and masks": (
        "SAM3 in transformers, step by step: from a picture and a phrase to boxes and masks"
    ),
    "15 Corrections": "15 Where the two differ",
    "15.1 The prompt has 33 tokens": "15.1 The prompt has 32 tokens",
    "15.9 What the note leaves out": "15.9 What differs in numbers",
}
"""Headings of the official page -> those that stand in their place."""


@pytest.fixture(scope="module")
def document() -> Document:
    """The walkthrough."""
    return read(shipped("sam3-transformers"))


def test_it_has_the_sections_of_the_official_one(document: Document) -> None:
    official = read(shipped("sam3"))
    expected = [(one.level, OTHERWISE.get(one.title, one.title)) for one in official.sections]
    assert [(section.level, section.title) for section in document.sections] == expected


def test_every_section_makes_claims_and_every_step_names_its_source(document: Document) -> None:
    title, *sections = document.sections
    assert title.level == 1
    parents = {one.id for one, following in pairwise(sections) if one.level < following.level}
    for section in sections:
        chapter = re.match(r"(\d+)", section.title)
        if section.id not in parents:
            assert any(block.claims for block in section.blocks), section.title
        if chapter and int(chapter[1]) in {*range(1, 12), 13, 14} and section.id not in parents:
            assert any("*In the source: `" in block.text for block in section.blocks), section.title


def test_both_languages_carry_the_same_claims(document: Document) -> None:
    chinese = read(shipped("sam3-transformers", "zh"))
    assert [claim.text for claim in chinese.claims] == [claim.text for claim in document.claims]
    assert [claim.section for claim in chinese.claims] == [claim.section for claim in document.claims]
    assert [section.level for section in chinese.sections] == [section.level for section in document.sections]
    assert (chinese.model, chinese.dims, chinese.runs) == (document.model, document.dims, document.runs)
    assert chinese.map == document.map
    told = [block.text for section in chinese.sections for block in section.blocks if not block.claims]
    assert sum(bool(re.search("[\u4e00-\u9fff]", text)) for text in told) > 0.8 * len(told)


@pytest.mark.slow
def test_all_of_it_holds_for_the_model(document: Document) -> None:
    pytest.importorskip("transformers")
    runs = {run: run_documents([document], run=run) for run in document.run_names}
    for trace in runs.values():  # as a report and the check of a stored trace judge it
        alone = check(replace(trace, run=replace(trace.run, name="")), document, partial=True)
        assert [verdict.claim.text for verdict in alone.failed] == []
    result = check(runs, document)
    assert [f"{verdict.claim.span.location}: {verdict.what}" for verdict in result.failed] == []
    assert all(verdict.claim.kind == "value" for verdict in result.skipped)
