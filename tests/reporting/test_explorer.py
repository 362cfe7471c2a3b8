"""The trace as tables for the page's script: rows by name, with finished texts."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest
from builders import TraceBuilder, sample_trace
from report_samples import detector, hostile

from shapeflow.model.call_tree import CallTree
from shapeflow.model.exact_names import ExactNames
from shapeflow.model.records import Run
from shapeflow.model.trace import Trace
from shapeflow.reporting.view import explorer_model
from shapeflow.reporting.view.columns import table
from shapeflow.reporting.view.explorer import columns, with_walkthrough
from shapeflow.reporting.view.sources import Sources


@dataclass(frozen=True, slots=True)
class Row:
    number: int | None
    text: str = ""
    flag: bool = False


def tables(trace, folders=()) -> dict:
    names, tree = ExactNames(trace), CallTree(trace)
    sizes = {28: ("in.image", "in.image f32[1, 3, 28, 28]")}
    found = columns(trace, names, tree, Sources(trace, folders), sizes)
    return with_walkthrough(found, len(trace.calls), {0: 66.6}, {0: "other.part"})


def items(column) -> list:
    if isinstance(column, dict):
        return [column["dictionary"][position] for position in column["indices"]]
    return column


def rows(found) -> list[dict]:
    """Return the rows of a table, as the page's script does."""
    return [dict(zip(found, row, strict=True)) for row in zip(*map(items, found.values()), strict=True)]


@pytest.fixture(scope="module")
def trace():
    return sample_trace()


@pytest.fixture(scope="module")
def found(trace):
    return {name: rows(found) for name, found in tables(trace).items()}


# -- columns --------------------------------------------------------------------------------------------


def test_a_column_that_repeats_its_items_has_each_of_them_once():
    found = table(Row, [Row(1, "a"), Row(None, "a"), Row(1, "a"), Row(2, "b", True)])
    assert found == {
        "number": [1, None, 1, 2],
        "text": {"dictionary": ["a", "b"], "indices": [0, 0, 0, 1]},
        "flag": {"dictionary": [False, True], "indices": [0, 0, 0, 1]},
    }


def test_a_column_of_different_items_is_a_list():
    assert table(Row, [Row(1, "a"), Row(2, "b"), Row(3, "c")])["text"] == ["a", "b", "c"]


def test_a_table_without_rows_has_its_columns():
    assert table(Row, []) == {"number": [], "text": [], "flag": []}


def test_control_characters_are_visible():
    assert table(Row, [Row(1, "a\x1b")])["text"] == ["a\\x1b"]


# -- rows -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [sample_trace, detector, hostile, lambda: Trace(Run("python", "", "meta"))])
def test_every_table_has_the_fields_of_its_rows(make):
    kinds = [getattr(explorer_model, name) for name in vars(explorer_model) if name.endswith("Row")]
    found = tables(make())
    assert {tuple(columns) for columns in found.values()} == {tuple(kind._fields) for kind in kinds}
    assert all(len({len(items(column)) for column in columns.values()}) == 1 for columns in found.values())


def test_everything_has_its_exact_selector(trace, found):
    names = ExactNames(trace)
    assert [row["selector"] for row in found["calls"]] == [names.call(call.id) for call in trace.calls]
    assert [row["selector"] for row in found["ops"]] == [names.op(op.id) for op in trace.ops]
    assert [row["selector"] for row in found["values"]] == [names.value(value.id) for value in trace.values]


def test_ports_are_counted_and_stand_in_the_order_of_their_owners(trace, found):
    owners = [*trace.calls, *trace.ops]
    counts = [(row["input_count"], row["output_count"]) for row in found["calls"] + found["ops"]]
    assert counts == [(len(owner.inputs), len(owner.outputs)) for owner in owners]
    ports = [(row["name"], row["alias"], row["value"], row["text"]) for row in found["ports"]]
    expected = [port for owner in owners for port in owner.ports]
    assert ports == [(port.name, port.alias, port.value, port.text) for port in expected]


def test_a_call_is_called_by_what_the_call_around_it_does_not_say(found):
    labels = {row["selector"]: row["label"] for row in found["calls"]}
    assert labels["backbone.forward_image()@0"] == "backbone.forward_image()"
    assert labels["backbone.trunk@0"] == "trunk"
    assert labels[".@0"] == "."
    assert labels["._run_heads()@0"] == "._run_heads()"
    assert labels["encoder.layers.0@0"] == "layers.0"
    assert labels["decoder._box_bias()@1"] == "._box_bias()"


def test_numbers_are_finished_texts(found):
    calls = {row["selector"]: row for row in found["calls"]}
    assert calls["backbone.trunk@0"]["flops"] == "75.3 k"
    assert calls["backbone.trunk@0"]["share"].endswith(" %")
    assert (calls["text@0"]["flops"], calls["text@0"]["share"]) == ("", "")
    types = {(row["dtype"], row["dims"]): row["memory"] for row in found["types"]}
    assert types["f32", (1, 3, 28, 28)] == "9.19 KiB"
    assert types["bool", (1, 5)] == "5 B"


def test_a_module_belongs_to_its_calls_and_not_to_helpers(found):
    modules = {row["selector"]: row["module"] for row in found["calls"]}
    assert found["modules"][modules["mask_head@0"]]["parameters"] == str(len("mask_head"))
    assert modules["backbone.forward_image()@0"] is None


def types_of(trace, selector) -> list:
    found = tables(trace)
    types = rows(found["types"])
    row = next(row for row in [*rows(found["calls"]), *rows(found["ops"])] if row["selector"] == selector)
    return [None if at is None else types[at]["dims"] for at in (row["takes"], row["gives"])]


def test_of_several_inputs_the_one_that_keeps_its_type_is_meant():
    build = TraceBuilder()
    mask, x = build.input("bool[1, 4]", "in.mask"), build.input("f32[1, 4]", "in.x")
    weight = build.parameter("weight", "f32[9, 4]")
    with build.call("layer", mask, x) as layer:
        y = build.op("where", [mask, x], "f32[1, 4]")
        z = build.op("linear", [y, weight], "f32[9, 4]")
        build.op("arange", [4], "i64[4]")
        layer.returns(y)
    trace = build.trace()
    assert z.shape == (9, 4)
    assert types_of(trace, "layer@0") == [(1, 4), (1, 4)]
    assert types_of(trace, "layer/where@0") == [(1, 4), (1, 4)]
    assert types_of(trace, "layer/linear@0") == [(1, 4), (9, 4)], "a parameter is not what goes in"
    assert types_of(trace, "layer/arange@0") == [None, (4,)]


def test_of_several_results_the_largest_of_real_numbers_is_meant():
    build = TraceBuilder()
    words = build.input("i64[1, 32]", "in.words")
    with build.call("text", words) as text:
        mask = build.op("ne", [words], "bool[1, 900]")
        small = build.op("mean", [words], "f32[1, 4]")
        large = build.op("embedding", [words], "bf16[1, 32, 8]")
        text.returns(mask, small, large)
    with build.call("only", words) as only:
        only.returns(build.op("eq", [words], "bool[1, 32]"))
    trace = build.trace()
    assert types_of(trace, "text@0") == [(1, 32), (1, 32, 8)]
    assert types_of(trace, "only@0") == [(1, 32), (1, 32)], "where there are no real numbers, what there is"


def test_what_a_layer_passes_on_is_meant_and_not_the_weights_beside_it():
    build = TraceBuilder()
    x, big = build.input("f32[1, 64, 8]", "in.x"), build.input("f32[1, 999]", "in.big")
    with build.call("attention", big, x) as attention:
        out = build.op("linear", [x], "f32[1, 64, 8]")
        weights = build.op("softmax", [x], "f32[1, 64, 64]")
        attention.returns(out, weights)
    assert types_of(build.trace(), "attention@0") == [(1, 64, 8), (1, 64, 8)]


def test_memory_is_only_named_where_it_is_shared(trace, found):
    shared = [row["storage"] for row in found["values"] if row["storage"] is not None]
    assert shared
    assert all(shared.count(storage) > 1 for storage in shared)
    assert len(shared) < sum(value.storage is not None for value in trace.values)


def test_repeats_know_their_calls_and_what_differs():
    found = {name: rows(found) for name, found in tables(detector()).items()}
    (repeat,) = [row for row in found["repeats"] if row["selector"].endswith("blocks.*")]
    position = found["repeats"].index(repeat)
    members = [row for row in found["calls"] if row["repeat"] == position]
    assert repeat["label"] == "blocks.0 … 5"
    assert [row["label"] for row in members] == [f"blocks.{number}" for number in range(6)]
    assert [row["label"] for row in members if row["difference"]] == ["blocks.4"]
    assert not found["calls"][repeat["typical"]]["difference"]


def test_only_places_that_something_names_have_lines(trace):
    spare = replace(trace.sources[0], line=999)
    found = rows(tables(replace(trace, sources=(*trace.sources, spare)))["sources"])
    assert (found[0]["place"], found[0]["lines"]) == ("tiny/backbone.py:40", (0,))
    assert (found[-1]["place"], found[-1]["lines"]) == ("", ())


def test_long_texts_are_cut_and_selectors_are_not():
    build = TraceBuilder()
    path = "layer" * 100
    with build.call(path, "x" * 1_000):
        pass
    found = tables(build.trace())
    assert len(items(found["ports"]["text"])[0]) == 400
    assert items(found["calls"]["selector"]) == [f"{path}@0"]


def test_calls_say_how_much_of_them_is_guarded(found):
    assert [row["covered"] for row in found["calls"]][:3] == [67, None, None]
