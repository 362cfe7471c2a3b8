"""What containers held, put together from edits; what cannot be put together is refused."""

from __future__ import annotations

import copy
import json
import pickle

import pytest

from shapeflow.errors import InputError
from shapeflow.model import containers
from shapeflow.model.containers import ContainerTable, Edit, Ports, first_fault, told, values_at
from shapeflow.model.costs import stages
from shapeflow.model.records import Call, Container, Module, Op, Port, Run, Value
from shapeflow.model.trace import Trace
from shapeflow.model.tracefile import dumps, loads

LAYER = Container(0, "Layer", (Edit(0, 0, (Port(".keys", 0), Port(".n", None, "3"))),))
LIST = Container(1, "list", (Edit(0, 0, (Port("", 1), Port("", None, "", "", 0), Port("", 2))),))
SHIFTED = Container(2, "list", (Edit(0, 1, ()), Edit(2, 1, (Port("", 3), Port("", 1)))), 1)
TABLE = ContainerTable((LAYER, LIST, SHIFTED))


def places(number: int) -> list[tuple[str, int | None, str]]:
    return [
        (port.name, port.value, port.text) for port in Ports([Port("in.c", None, "", "in[1]", number)], TABLE)
    ]


def test_edits_are_counted_before_any_change() -> None:
    assert places(1) == [
        ("in.c[0]", 1, ""),
        ("in.c[1].keys", 0, ""),
        ("in.c[1].n", None, "3"),
        ("in.c[2]", 2, ""),
    ]
    assert places(2) == [
        ("in.c[0].keys", 0, ""),
        ("in.c[0].n", None, "3"),
        ("in.c[1]", 3, ""),
        ("in.c[2]", 1, ""),
    ]


def test_a_container_is_one_port_and_all_that_is_in_it() -> None:
    ports = Ports([Port("in.x", 7), Port("in.c", None, "", "in[1]", 2)], TABLE)
    assert [(port.name, port.text) for port in told(ports)] == [("in.x", ""), ("in.c", "list")]
    assert [port.alias for port in ports] == ["", "in[1][0].keys", "in[1][0].n", "in[1][1]", "in[1][2]"]
    assert values_at(ports) == {7, 0, 1, 3}
    assert (len(ports), ports[0], ports[-1].value) == (5, Port("in.x", 7), 1)
    assert ports == tuple(ports)
    assert ports != tuple(ports)[1:]


def trace_of(*containers: Container, last: int | None = None) -> Trace:
    values = tuple(Value(number, "f32", (2, 4), "op", 0) for number in range(8))
    ops = (Op(0, "add", 0, (), tuple(Port(f"out[{value.id}]", value.id) for value in values)),)
    number = len(containers) - 1 if last is None else last
    outputs = Ports([Port("out", None, "", "", number)], ContainerTable(containers))
    call = Call(0, "", "forward", 0, "Model", None, (), outputs, 0, 1)
    return Trace(
        Run("python", "Model", "meta"),
        (Module("", "Model", "m.Model", 0, 0, {}),),
        (call,),
        ops,
        values,
        containers=containers,
    )


def test_it_is_written_and_read_as_it_is() -> None:
    trace = trace_of(LAYER, LIST, SHIFTED)
    content = dumps(trace)
    assert b'{"id":2,"kind":"list","edits":[[0,1,[]],[2,1,[["",3],["",1]]]],"base":1}' in content
    assert b'["out",null,2]' in content
    assert loads(content, Trace) == trace


def test_it_can_be_copied_and_sent_to_another_process() -> None:
    trace = trace_of(LAYER, LIST, SHIFTED)
    for other in (copy.deepcopy(trace), pickle.loads(pickle.dumps(trace))):
        assert other == trace
        assert [port.name for port in other.calls[0].outputs] == [
            port.name for port in trace.calls[0].outputs
        ]


def full(number: int, *entries: Port) -> Container:
    return Container(number, "list", (Edit(0, 0, entries),))


BROKEN = {
    "its base is 3": (Container(0, "list", (), 3),),
    "2 entries from 2 on are changed, and there are 3": (
        LAYER,
        LIST,
        Container(2, "list", (Edit(2, 2, ()),), 1),
    ),
    "1 entries from 0 on are changed": (
        LAYER,
        LIST,
        Container(2, "list", (Edit(1, 1, ()), Edit(0, 1, ())), 1),
    ),
    "it holds container 1": (full(0, Port("", None, "", "", 1)), LIST),
    "is value 99": (full(0, Port("", 99)),),
    "places, and at most": (
        full(0, *[Port("", 1)] * 10),
        *[full(n, *[Port("", None, "", "", n - 1)] * 10) for n in range(1, 30)],
    ),
    "it is nested more than": (LAYER, *[full(n, Port("", None, "", "", n - 1)) for n in range(1, 3_000)]),
    "the names of its places have": (
        full(0, *[Port("", 1)] * 10_000),
        full(1, Port("a" * 1_000_000, None, "", "", 0)),
    ),
}


@pytest.mark.parametrize("found", BROKEN)
def test_what_cannot_be_put_together_is_refused(found: str) -> None:
    content = json.loads(dumps(trace_of(LAYER)))
    content["containers"] = json.loads(dumps(trace_of(*BROKEN[found], last=0)))["containers"]
    with pytest.raises(InputError) as refused:
        loads(json.dumps(content).encode(), Trace)
    assert refused.value.code == "trace-unreadable"
    assert found in refused.value.found


def test_a_long_row_of_changes_is_gone_through_once() -> None:
    shift = (Edit(0, 1, ()), Edit(30, 0, (Port("", 1),)))
    first = full(0, *[Port("", 1)] * 30)
    records = (first, *[Container(n, "list", shift, n - 1) for n in range(1, 5_000)])
    table = ContainerTable(records)
    for number in range(len(records)):
        assert len(table.entries(number)) == 30
    assert table.steps == len(records)
    assert first_fault(records) is None


def test_changes_of_what_was_long_ago_are_refused_before_they_take_too_long(monkeypatch) -> None:
    monkeypatch.setattr(containers, "MOST_ENTRIES", 20_000)
    chain = [full(0), *[Container(n, "list", (), n - 1) for n in range(1, 1_000)]]
    records = [*chain, *[Container(n, "list", (), n - 100) for n in range(1_000, 2_000)]]
    fault = first_fault(records)
    assert fault is not None
    assert "more than 20,000 entries" in fault[1]


def test_a_port_of_a_container_that_is_missing_is_refused() -> None:
    content = json.loads(dumps(trace_of(LAYER)))
    content["calls"][0]["outputs"] = [["out", None, 4]]
    with pytest.raises(InputError) as refused:
        loads(json.dumps(content).encode(), Trace)
    assert "container 4, which is missing" in refused.value.found


def test_a_row_of_equal_tensors_is_told_once() -> None:
    entries = [Port("", number) for number in range(6)]
    (root,) = stages(trace_of(full(0, *entries)))
    assert root.outputs == ("[0-5] f32[2, 4]",)
    trace = trace_of(full(0, *entries))
    outer = trace.calls[0]
    inner = Call(1, "body", "forward", 0, "Body", 0, (), outer.outputs, 0, 1)
    root, body = stages(Trace(trace.run, trace.modules, (outer, inner), trace.ops, trace.values))
    assert root.outputs == ("[0-5] f32[2, 4]",)
    assert (body.outputs, body.told_above) == ((), 6)
