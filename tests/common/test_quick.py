"""Frozen records that are made quickly are records like all others."""

from __future__ import annotations

import pickle
from dataclasses import FrozenInstanceError, dataclass, fields

import pytest

from shapeflow.common.quick import maker
from shapeflow.model.records import Call, Op, Port, Value


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        (Port, ("in[0]", 3, "", "in.x")),
        (Port, ("in[0]", None)),
        (Value, (1, "f32", (2, 3), "op", 4, "", 5, True, "", 9)),
        (Op, (0, "add", None, (Port("in[0]", 3),), ())),
        (Call, (0, "a", "forward", 0, "Linear", None, (), (), 0, 1)),
    ],
)
def test_what_is_made_is_the_same_record(kind, values):
    made, usual = maker(kind)(*values), kind(*values)
    assert type(made) is kind
    assert made == usual
    assert hash(made) == hash(usual)
    assert repr(made) == repr(usual)
    assert pickle.loads(pickle.dumps(made)) == usual
    with pytest.raises(FrozenInstanceError):
        setattr(made, fields(kind)[0].name, "other")


def test_every_class_has_a_maker_of_its_own():
    @dataclass(frozen=True, slots=True)
    class Pair:
        one: int
        two: str = "b"

    assert maker(Pair)(1) == Pair(1, "b")
    assert maker(Port)("out", 1) == Port("out", 1)
