"""Sums that a text does: wrong ones are told, and what only looks like a sum is not."""

from __future__ import annotations

import pytest

from shapeflow.notes.finding.contradictions import contradictions
from shapeflow.notes.finding.sums import wrong_sums
from shapeflow.notes.reading.note import note_from_text


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("14 × 14 + 1 = 198", "14 × 14 + 1 is 197, not 198"),
        ("so 72 * 72 = 5148 of them", "72 × 72 is 5184, not 5148"),
        ("(224/16) × (224/16) = 195", "(224 / 16) × (224 / 16) is 196, not 195"),
        ("1008 / 14 = 73", "1008 / 14 is 72, not 73"),
        ("1000 / 14 = 60", "1000 / 14 is about 71.43, not 60"),
        ("- 14 × 14 + 1 = 198", "14 × 14 + 1 is 197, not 198"),
        ("2. 64 + 1 = 66", "64 + 1 is 65, not 66"),
        ("64 + 1 = 66", "64 + 1 is 65, not 66"),
        ("d = 3 × 4 = 13", "3 × 4 is 12, not 13"),
        ("32 + 1 = 33, 32 + 2 = 35", "32 + 2 is 34, not 35"),
        ("共14×14+1=198个token", "14 × 14 + 1 is 197, not 198"),
        (r"$14 \times 14 + 1 = 198$", "14 × 14 + 1 is 197, not 198"),
    ],
)
def test_a_wrong_sum_is_told(text, what):
    assert [one.what for one in wrong_sums(text)] == [what]
    assert [one.what for one in contradictions(note_from_text(text))] == [what]


@pytest.mark.parametrize(
    "text",
    [
        "14 × 14 + 1 = 197, (224 / 16) × (224 / 16) = 196, 2 × (3 + 4) = 14",
        "1000 / 14 = 71 or 1000 / 14 = 72",
        "7 × 7 × 2 = 98 = 49 × 2",
        "2024-01-02 = 5, 1-3 = 4, 3-1 = 5, 9/11 = 3, 1/4 = 0",
        "v1.2 + 3 = 4, 10 % 3 + 1 = 2, 2^3 + 1 = 10, 0x10 + 3 = 4",
        "3 × 1,000 = 4000, 3 × 1000 = 4,000, 2 * 3 = 7.5",
        "a × 3 + 1 = 7, 3 + 4 = x, 12 + 3 == 14, 12 + 3 ≈ 14",
        "((3 + 4) × 2) = 15, (3 + 4 = 8, 4 / 0 = 1",
        "3 + 4 = 8 × 2, 3 + 4 = 8 + 1",
    ],
)
def test_what_is_right_or_no_plain_sum_is_left_alone(text):
    assert list(wrong_sums(text)) == []
