"""Judging only what a change can touch gives the verdicts of judging everything; what survives is told."""

from __future__ import annotations

from itertools import islice

import pytest
from places import PACKAGE
from tiny import tiny_document, tiny_trace
from walkthroughs import document_of

from shapeflow.coverage.lines import Lines
from shapeflow.coverage.mutation.change import Base
from shapeflow.coverage.mutation.edit import apply
from shapeflow.coverage.mutation.judging import Judge
from shapeflow.coverage.mutation.kinds import choose
from shapeflow.coverage.mutation.mutate import mutate
from shapeflow.coverage.mutation.unfit import Unfit
from shapeflow.errors import WalkthroughError
from shapeflow.model.trace import Trace
from shapeflow.walkthrough.check import check
from shapeflow.walkthrough.document import Document
from shapeflow.walkthrough.reader import parse, read

FLOWS = (
    ".:in[0] reaches .:out.boxes",
    "layers.0:out reaches layers.1:in[0]",
    "layers.*:out reaches decoder:in[0]",
    ".encode():out never reaches embed:out",
    "score_head:out never reaches .:out.boxes",
    "decoder.attention:out[1] unused",
    "decoder:out[1] unused",
    'said "1": decoder:out[0] reaches layers.0:in[0]',
    "embed:out  [B, N, C]",
    "layers.0:out  [B, M, C]",
    "layers.1:out  [B, M, C]",
    "decoder:out[1]  [B, Q, M]",
    "count ops **/add = 5",
    "count calls layers.* = L",
    "count layers.* = L",
    "attr .patch = 16",
    'said "2": decoder/bmm:out  [1]',
)


MAKINGS = (
    "layers.*:out = layers.*/add@0:out + layers.*.contract:out",
    "layers.*/add@0:out = layers.*:in[0] + layers.*.attention:out[0]",
    "layers.0:out = layers.0:in[0] + _",
    'said "1": layers.*:out = layers.*.contract:out',
    "layers.1:in[0] = layers.0:out",
    "chain layers.*",
    "chain layers.0.norm1, layers.0.attention",
    'said "2": chain layers.1, layers.0',
    "layers.*.attention before layers.*.expand",
    "layers.0 before decoder",
    'said "3": decoder before layers.0',
    "score_head.weight  [1, 64]",
    "score_head.weight reaches .:out.scores",
    "parameters score_head = 65",
    "parameters . = 1M",
    "flops score_head = 100 %",
    "where 1 <= N <= 100",
    "where B == 2",
)


def block_of(module: str, *lines: str) -> str:
    return f"\n```shapes module={module}\n" + "\n".join(lines) + "\n```\n"


RELATIVE = (
    "---\ndtype: f32\n---\n"
    + document_of("embed:out  [B, N, C]", *MAKINGS)
    + block_of("layers.*", ":out  [B, M, C]", "attention:in[0] = norm1:out", "norm1 before norm2")
    + block_of("layers.2", ":out  [B, M, C]")
    + block_of("decoder", "attention:out[0]  [B, 10, C]", ":in[0] = .layers.1:out", "norm:out unused")
)


def differences(trace: Trace, document: Document, number: int, seed: int) -> list[tuple[str, str]]:
    """Return the changes and claims with another verdict than judging everything gives."""
    judge = Judge(trace, document)
    found = []
    for change in islice(choose(Base(trace), seed), number):
        try:
            edit = change.make()
            changed = apply(trace, edit)
        except Unfit:
            continue
        every = check(changed, document).verdicts
        for mine, other in zip(judge.verdicts(changed, edit), every, strict=True):
            if mine.status != other.status:
                found.append((change.sentence, mine.claim.text))
    return found


def test_the_verdicts_are_those_of_judging_everything():
    assert differences(tiny_trace(), tiny_document(), 400, 0) == []
    assert differences(tiny_trace(), parse(document_of(*FLOWS), "w.md"), 400, 1) == []


def test_so_they_are_with_makings_chains_orders_and_blocks_about_a_module():
    document = parse(RELATIVE, "w.md")
    statuses = [verdict.status for verdict in check(tiny_trace(), document).verdicts]
    assert statuses.count("holds") > 12
    assert differences(tiny_trace(), document, 500, 3) == []


def test_claims_on_another_run_are_left_alone():
    runs = "---\nruns:\n  one:\n    model: m.py:f\n  two:\n    model: m.py:f\n---\n"
    text = f"{runs}{document_of('layers.*:out  [2, 49, 64]')}\n```shapes run=two\nlayers.*:out  [1]\n```\n"
    document = parse(text, "w.md")
    found = mutate(tiny_trace(), document, changes=40)
    assert {o.caught_by.claim.id for o in found.outcomes if o.caught_by} == {0}
    assert found.result.failed == ()


def test_so_they_are_on_the_sample(sample):
    lines = (
        "text:out[0] reaches mask_head:out",
        "backbone.convs.1:out never reaches mask_head:out",
        "backbone.convs.1:out unused",
        "encoder.layers.*:out  [B, N, C]",
        "decoder:out[0]  [B, Q, C]",
        "mask_head:out  [B, Q, G, G]",
        "decoder.box_head@-1:out  [2, B, Q, 4]",
        'mask_head/einsum  "bqc,bchw->bqhw"',
        "value .:out.boxes ~= decoder.box_head@1:out",
    )
    assert differences(sample, parse(document_of(*lines), "w.md"), 300, 2) == []


@pytest.mark.slow
def test_so_they_are_on_sam3():
    pytest.importorskip("sam3.model_builder")
    from shapeflow.runs.documents import run_documents

    document = read(PACKAGE / "walkthrough" / "shipped" / "sam3.en.md")
    assert differences(run_documents([document]), document, 60, 5) == []


def test_a_survivor_is_told_with_a_claim_that_notices_it():
    document = parse(document_of("layers.*:out  f32[2, 49, 64]"), "w.md")
    found = mutate(tiny_trace(), document, changes=60)
    assert len(found.outcomes) == 60
    assert found.score.covered == sum(share.covered for share in found.kinds.values())
    kinds = [survivors.first.change.kind for survivors in found.survivors]
    assert kinds == sorted(kinds, key=[*found.kinds].index)
    texts = [survivors.sentence for survivors in found.survivors]
    assert "`layers.1` may run before `layers.0`: no claim notices" in texts
    told = [outcome for outcome in found.outcomes if outcome.notice]
    assert len(told) > 20
    assert all(Lines(tiny_trace()).holds(outcome.notice) for outcome in told)


def test_the_claim_that_notices_does():
    document = parse(document_of("layers.*:out  f32[2, 49, 64]"), "w.md")
    before = mutate(tiny_trace(), document, changes=60)
    notices = dict.fromkeys(outcome.notice for outcome in before.outcomes if outcome.notice)
    after = mutate(
        tiny_trace(), parse(document_of("layers.*:out  f32[2, 49, 64]", *notices), "w.md"), changes=60
    )
    unseen = {outcome.change.sentence for outcome in after.outcomes if not outcome.caught_by}
    assert unseen == {o.change.sentence for o in before.outcomes if not o.caught_by and not o.notice}


def test_claims_that_fail_already_catch_nothing():
    document = parse(document_of("layers.0:out  [1]", "layers.*:out  [_, _, 64]"), "w.md")
    found = mutate(tiny_trace(), document, changes=80)
    caught = {outcome.caught_by.claim.text for outcome in found.outcomes if outcome.caught_by}
    assert caught == {"layers.*:out  [_, _, 64]"}


def test_there_may_be_fewer_changes_than_asked_for():
    found = mutate(tiny_trace(), tiny_document(), changes=100_000)
    assert 200 < len(found.outcomes) < 2_000
    assert found.asked == 100_000


def test_a_run_that_ended_early_is_refused():
    from message_cases import failed_run

    with pytest.raises(WalkthroughError, match="run-incomplete"):
        mutate(failed_run(), parse(document_of("body:in[0]  [1]"), "w.md"))
