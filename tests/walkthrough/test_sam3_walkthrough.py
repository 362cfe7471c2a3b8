"""The SAM3 walkthrough: all of a note's statements are in it, and it holds for the model and nothing else."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from places import ROOT

from shapeflow.model.trace import Trace
from shapeflow.runs.documents import request_of, run_documents
from shapeflow.shapes.matching import Binding, Bindings, evaluate
from shapeflow.shapes.notation import Expression
from shapeflow.walkthrough.check import check, front_matter_sizes
from shapeflow.walkthrough.claims.count import Count
from shapeflow.walkthrough.claims.shape import Shape
from shapeflow.walkthrough.document import Claim, Document
from shapeflow.walkthrough.grammar import read_claim
from shapeflow.walkthrough.reader import read
from shapeflow.walkthrough.shipped import shipped
from shapeflow.walkthrough.statements import Statement, read_statements
from shapeflow.walkthrough.verdict import CheckResult

FOLDER = ROOT / "shapeflow" / "walkthrough" / "shipped"

STATEMENTS = {1: 191, 2: 74, 3: 23, 4: 97, 5: 45, 6: 96, 7: 55, 8: 15}
"""Checkable statements in each pass of the note."""
PLACE = r"[1-8]/(?:Decoder [\d.]+|Summary|[\d.]+)"
"""Where the note says something, as the label of a ``said`` line has it."""
GROUPS = 7
"""Claims are changed in so many groups: neighbours, which bind the same symbols, are never in one."""


@pytest.fixture(scope="module")
def document() -> Document:
    """The English walkthrough."""
    return read(FOLDER / "sam3.en.md")


@pytest.fixture(scope="module")
def statements(document: Document) -> tuple[Statement, ...]:
    """The note's statements, as the table that ships with the walkthrough has them."""
    return read_statements(document)


@pytest.fixture(scope="session")
def sam3() -> Trace:
    """A shapes-only trace of the official SAM3, made as the walkthrough says."""
    pytest.importorskip("sam3")
    return run_documents([read(FOLDER / "sam3.en.md")])


# The note's statements --------------------------------------------------------------------------------------


def test_every_statement_of_the_note_is_in_the_table_once(statements: tuple[Statement, ...]) -> None:
    ids = [f"P{number}-{i:03d}" for number, count in STATEMENTS.items() for i in range(1, count + 1)]
    assert [statement.id for statement in statements] == ids


def test_both_languages_answer_the_statements_alike(statements: tuple[Statement, ...]) -> None:
    chinese = read_statements(read(FOLDER / "sam3.zh.md"))
    same = [(one.id, one.line, one.verdict, one.claim) for one in statements]
    assert [(one.id, one.line, one.verdict, one.claim) for one in chinese] == same
    assert all(re.search("[\u4e00-\u9fff]", one.part) for one in chinese)
    assert sum(bool(re.search("[\u4e00-\u9fff]", one.says)) for one in chinese) > 500, "the rest is code"


def test_mistakes_are_restated_and_what_is_right_is_a_claim(
    statements: tuple[Statement, ...], document: Document
) -> None:
    otherwise = []
    for statement in statements:
        if statement.claim is None:
            assert statement.reason, statement.id
        elif statement.verdict == "holds":
            assert not document.claims[statement.claim].said, statement.id
        elif statement.verdict in ("contradicted", "layout differs"):
            otherwise += [] if document.claims[statement.claim].said else [statement.id]
    assert otherwise == ["P5-014", "P5-035", "P5-036", "P5-037", "P7-022"], "a claim says otherwise"
    answering = {statement.claim for statement in statements}
    assert [claim.text for claim in document.claims if claim.said and claim.id not in answering] == []


def test_a_shape_is_restated_as_the_note_has_it(
    statements: tuple[Statement, ...], document: Document
) -> None:
    sizes = front_matter_sizes(document)
    for symbol, size in {"B": 1, "R": 33, "M": 0}.items():
        sizes.bind(symbol, Binding(size, 0))
    tried = 0
    for statement in statements:
        claim = None if statement.claim is None else document.claims[statement.claim]
        body = claim.body if claim else None
        written = [
            [int(number) for number in re.findall(r"\d+", shape)]
            for shape in re.findall(r"\[\d+(?:, \d+)*\]|\d+(?: ?× ?\d+){2,}", statement.says)
        ]
        if not isinstance(body, Shape) or not written or "..." in body.pattern.text:
            continue
        meant = [dim.meaning for dim in body.pattern.dims]
        if all(isinstance(meaning, Expression) for meaning in meant):
            found = [evaluate(meaning, sizes) for meaning in meant if isinstance(meaning, Expression)]
            assert found[-len(written[-1]) :] in written, f"{statement.id}: {statement.says}"
            tried += 1
    assert tried > 250


def test_formulas_are_makings_values_or_shapes_that_hold_the_formula(
    statements: tuple[Statement, ...], document: Document
) -> None:
    for statement in statements:
        if re.search(r"softmax\(|sigmoid\(|einsum|Concat\(|⟨|Σ|Up\(", statement.says):
            assert statement.claim is not None, statement.id
            kind = document.claims[statement.claim].kind
            assert kind in ("making", "value", "attribute"), f"{statement.id}: {statement.says}"


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_said_line_names_the_places_in_the_note(language: str, statements: tuple[Statement, ...]) -> None:
    document = read(FOLDER / f"sam3.{language}.md")
    for claim in document.claims:
        assert not claim.said or re.match(rf"{PLACE}(?:, {PLACE})* \w", claim.said), claim.text
    for statement in statements:
        said = "" if statement.claim is None else document.claims[statement.claim].said
        assert not said or f"{statement.id[1]}/" in said, statement.id


def test_the_explanation_of_the_table_counts_as_the_table_does(statements: tuple[Statement, ...]) -> None:
    text = (ROOT / "docs" / "sam3-note-claims.md").read_text("utf-8")
    told = {name: int(count) for name, count in re.findall(r"^\| (.+?) \| (\d+) \|", text, re.MULTILINE)}
    reasons = (statement.reason for statement in statements if statement.reason)
    assert told == Counter([*(statement.verdict for statement in statements), *reasons])


# The document -----------------------------------------------------------------------------------------------


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


def test_formulas_and_tables_are_closed(document: Document) -> None:
    for section in document.sections:
        prose = "\n".join(block.text for block in section.blocks)
        assert len(re.findall(r"(?<!\\)\$\$", prose)) % 2 == 0, section.title
        assert len(re.findall(r"(?<![\\$])\$(?!\$)", prose)) % 2 == 0, section.title


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_picture_that_it_runs_on_is_there(language: str) -> None:
    picture = request_of(read(shipped("sam3", language))).images[0]
    assert Path(picture).resolve() == ROOT / "examples" / "school-bus.jpg"
    assert Path(picture).is_file()


def test_both_languages_carry_the_same_claims(document: Document) -> None:
    path = FOLDER / "sam3.zh.md"
    if not path.exists():
        pytest.skip("there is no Chinese walkthrough yet")
    chinese = read(path)
    english = [_without_label(claim) for claim in document.claims]
    assert [_without_label(claim) for claim in chinese.claims] == english
    said = [claim.said for claim in chinese.claims if claim.said]
    assert all(re.search("[\u4e00-\u9fff]", label) for label in said), "corrections are in Chinese, too"
    assert [claim.section for claim in chinese.claims] == [claim.section for claim in document.claims]
    assert [section.level for section in chinese.sections] == [section.level for section in document.sections]
    assert (chinese.model, chinese.dims, chinese.run) == (document.model, document.dims, document.run)


def _without_label(claim: Claim) -> str:
    """Return a claim without the words of its ``said``; the places in the note stay."""
    return re.sub(rf'^(said "{PLACE}(?:, {PLACE})*) [^"]*"', r'\1"', claim.text)


# The model --------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_all_of_it_holds_for_the_model(sam3: Trace, document: Document) -> None:
    result = check(sam3, document)
    assert [f"{verdict.claim.span.location}: {verdict.what}" for verdict in result.failed] == []
    only_real = [verdict.claim for verdict in result.skipped]
    assert all(claim.real or claim.kind == "value" for claim in only_real)


@pytest.mark.slow
def test_the_verdicts_on_the_note_are_those_of_its_claims(
    sam3: Trace, document: Document, statements: tuple[Statement, ...]
) -> None:
    verdicts = {verdict.claim.id: verdict for verdict in check(sam3, document).verdicts}
    for statement in statements:
        if statement.claim is not None:
            verdict = verdicts[statement.claim]
            assert verdict.passed, statement.id
            if verdict.claim.said:
                told = ("contradicted", "layout differs") if statement.verdict != "contradicted" else ()
                assert verdict.status in (*told, "contradicted") or verdict.code == "layout", statement.id
                assert verdict.code not in ("unknown-op", "unknown-path"), f"{statement.id} misses its place"


@pytest.mark.slow
def test_any_other_size_makes_exactly_that_claim_fail(sam3: Trace, document: Document) -> None:
    result = check(sam3, document)
    deepest = max(len(claim.body.pattern.dims) for claim in document.claims if isinstance(claim.body, Shape))
    for dim in range(deepest):
        for group in range(GROUPS):
            changed = dict(_with_other_sizes(result, dim, group))
            judged = check(sam3, _changed(document, changed))
            assert {verdict.claim.id for verdict in judged.failed} == set(changed)
            for verdict in judged.failed:
                assert verdict.expected, verdict.claim.text
                assert verdict.found, verdict.claim.text
                assert verdict.because, verdict.claim.text


@pytest.mark.slow
def test_any_other_number_makes_exactly_that_claim_fail(sam3: Trace, document: Document) -> None:
    counts = [claim for claim in document.claims if isinstance(claim.body, Count) and not claim.said]
    changed = {claim.id: _rewritten(claim, f"{claim.text} + 1") for claim in counts}
    judged = check(sam3, _changed(document, changed))
    assert {verdict.claim.id for verdict in judged.failed} == set(changed)


def _with_other_sizes(result: CheckResult, dim: int, group: int) -> Iterator[tuple[int, Claim]]:
    """Yield the shape claims of a group, by id, with one size of each changed."""
    sizes = Bindings()
    for symbol, (size, _) in result.bindings.items():
        sizes.bind(symbol, Binding(size, 0))
    shapes = [claim for claim in result.document.claims if isinstance(claim.body, Shape)]
    for i, claim in enumerate(shapes):
        pattern = claim.body.pattern
        if i % GROUPS != group or claim.said or claim.real or dim >= len(pattern.dims):
            continue
        meaning = pattern.dims[dim].meaning
        if isinstance(meaning, Expression):
            found = evaluate(meaning, sizes)
            assert isinstance(found, int)
            shape = pattern.with_sizes({dim: found + 1})
            selector = claim.body.selector
            yield claim.id, _rewritten(claim, f"{selector.text[selector.hidden :]}  {shape}")


def _rewritten(claim: Claim, text: str) -> Claim:
    """Return a claim with another text at the same place."""
    span = replace(claim.span, text=text, start=0, end=len(text))
    return read_claim(span, claim.id, claim.section, claim.scope)


def _changed(document: Document, changed: Mapping[int, Claim]) -> Document:
    """Return the document with some claims changed; without the flow claims, which no size can touch."""
    claims = tuple(changed.get(claim.id, claim) for claim in document.claims if claim.kind != "flow")
    return replace(document, claims=claims)
