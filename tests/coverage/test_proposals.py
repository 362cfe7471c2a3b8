"""Every line that is proposed holds, and covers what it says."""

from __future__ import annotations

import re
from collections import Counter

import pytest
from tiny import tiny_document, tiny_trace
from walkthroughs import document_of

from shapeflow.coverage.makings import loosened, numbered, widened
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


def test_a_join_is_proposed_as_it_is_made_for_all_alike():
    found = measure(tiny_trace(), tiny_document())
    lines = [line for proposal in propose(found) for line in proposal.lines if " = " in line]
    assert "layers.*/add@0:out = layers.*:in[0] + layers.*.attention:out[0]" in lines
    assert not any(re.search(r"layers\.\d/add", line) for line in lines)


@pytest.mark.parametrize(
    ("line", "wide"),
    [
        (
            "layers.3:out = layers.3:in[0] + layers.3.mlp:out",
            "layers.*:out = layers.*:in[0] + layers.*.mlp:out",
        ),
        ("layers.3:in[0] = layers.2:out", "layers.*:in[0] = layers.2:out"),
        ("layers.3/add@1:out = relu(layers.3/mul:out)", "layers.*/add@1:out = relu(layers.*/mul:out)"),
        ("a.1.b.2:out = a.1.b.2:in[0] + a.1.c:out", "a.*.b.*:out = a.*.b.*:in[0] + a.*.c:out"),
        ("layers.1:out = layers.10:out", "layers.*:out = layers.10:out"),
        ("head:out[1] = (head.fc:out)[:, 1]", "head:out[1] = (head.fc:out)[:, 1]"),
    ],
)
def test_a_line_about_one_becomes_one_about_all(line, wide):
    assert widened(line) == wide


def test_a_line_about_some_names_them():
    assert numbered("layers.*:in[0] = _", [3, 1, 2]) == "layers.[1-3]:in[0] = _"
    assert numbered("layers.*:in[0] = _", [1, 3]) == ""
    assert numbered("layers.*:in[0] = _", [2]) == ""


def test_a_line_about_one_call_becomes_one_about_all():
    assert loosened("head@3:out = head.fc@3:out") == "head:out = head.fc:out"
    assert loosened("head@3:out = other@2:out") == "head@3:out = other@2:out"
    assert loosened("head@3:out = relu(head/mul@3:out)") == "head@3:out = relu(head/mul@3:out)"


def test_calls_that_differ_get_a_line_each(sample):
    found = measure(sample, parse(document_of("mask_head:out  [1, _, _, _]"), "w.md"))
    lines = {line for proposal in propose(found) for line in proposal.lines}
    assert "decoder.box_head@2:out  f32[2, 1, 10, 4]" in lines
    assert "decoder.box_head:out  f32[1, 10, 4]" not in lines
