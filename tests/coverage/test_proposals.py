"""Every line that is proposed holds, and covers what it says."""

from __future__ import annotations

from collections import Counter

from tiny import tiny_document, tiny_trace
from walkthroughs import document_of

from shapeflow.coverage.measure import measure
from shapeflow.coverage.proposals import propose
from shapeflow.walkthrough.check import check
from shapeflow.walkthrough.reader import parse


def test_each_line_holds_and_covers_what_it_says():
    found = measure(tiny_trace(), tiny_document())
    proposals = propose(found)
    lines = [line for proposal in proposals for line in proposal.lines]
    assert {v.status for v in check(tiny_trace(), parse(document_of(*lines), "w.md")).verdicts} == {"holds"}
    added = tiny_document().text + "\n# More\n\n```shapes\n" + "\n".join(lines) + "\n```\n"
    after = measure(tiny_trace(), parse(added, "w.md"))
    more = sum((Counter(proposal.covers) for proposal in proposals), Counter())
    for kind, share in after.shares.items():
        assert share.covered == found.shares[kind].covered + more[kind]
    for kind in ("calls", "ports", "dims", "dtypes"):
        assert after.shares[kind].percent == 100


def test_the_most_useful_comes_first():
    found = measure(tiny_trace(), tiny_document())
    proposals = propose(found, 6)
    assert len(proposals) == 6

    def worth(covers):
        return sum(number / found.shares[kind].all for kind, number in covers.items())

    assert worth(proposals[0].covers) >= worth(propose(found)[-1].covers)
    assert any("layers.*" in line for proposal in proposals for line in proposal.lines)


def test_calls_that_differ_get_a_line_each(sample):
    found = measure(sample, parse(document_of("mask_head:out  [1, _, _, _]"), "w.md"))
    lines = {line for proposal in propose(found) for line in proposal.lines}
    assert "decoder.box_head@2:out  f32[2, 1, 10, 4]" in lines
    assert "decoder.box_head:out  f32[1, 10, 4]" not in lines
