"""Writing and reading traces: nothing is lost, nothing half-written, nothing broken gets through."""

from __future__ import annotations

import dataclasses
import gzip
import json
import math
from pathlib import Path

import jsonschema
import pytest
from builders import TraceBuilder
from hypothesis import given, settings
from hypothesis import strategies as st
from places import DOCS

from shapeflow.errors import InputError
from shapeflow.model.codec import _READ, MalformedError, decode, encode, plain
from shapeflow.model.records import SCHEMA, Escape, Failure, Module, Op, Port, Run, Source, Value
from shapeflow.model.trace import Trace
from shapeflow.model.tracefile import RECORDS, dumps, loads, write

SCHEMA_FILE = DOCS / "trace.schema.json"


def failed_trace() -> Trace:
    run = Run("python", "Tiny", "cpu", versions={"torch": "2.9"}, seconds={"forward": 1}, notes=("A note.",))
    build = TraceBuilder(run)
    x = build.input("f32[1, 256]")
    with build.call("head", x):
        build.fails("matmul", [x, x], "shapes cannot be multiplied")
    return build.trace()


def problem(content: bytes | str) -> InputError:
    with pytest.raises(InputError) as caught:
        loads(content.encode() if isinstance(content, str) else content, Trace, Path("x.trace.json"))
    return caught.value


def changed(trace: Trace, change: object) -> str:
    """Return the text of a trace file after ``change`` was applied to its data."""
    content = json.loads(dumps(trace))
    change(content)  # type: ignore[operator]
    return json.dumps(content)


# Round trip


@pytest.mark.parametrize("name", ["a.trace.json", "a.trace.json.gz", "no ending", "ünï cødé.gz"])
def test_what_is_written_is_read(sample: Trace, tmp_path: Path, name: str) -> None:
    path = sample.save(tmp_path / name)
    assert path == tmp_path / name
    assert Trace.load(str(path)) == sample
    assert [entry.name for entry in tmp_path.iterdir()] == [name]


def test_compressed_is_told_by_content_not_by_name(sample: Trace, tmp_path: Path) -> None:
    packed = write(sample, tmp_path / "a.trace.json.gz")
    assert packed.read_bytes()[:2] == b"\x1f\x8b"
    packed.rename(tmp_path / "b.trace.json")
    assert Trace.load(tmp_path / "b.trace.json") == sample


def test_a_failed_run_is_kept() -> None:
    trace = failed_trace()
    again = loads(dumps(trace), Trace)
    assert again == trace
    assert again.run.failure is not None
    assert again.run.failure.op == 0


def test_the_same_trace_gives_the_same_bytes(sample: Trace, tmp_path: Path) -> None:
    first, second = (write(sample, tmp_path / name).read_bytes() for name in ("1.json.gz", "2.json.gz"))
    assert first == second
    assert dumps(loads(dumps(sample), Trace)) == dumps(sample)


def test_one_record_a_line(sample: Trace) -> None:
    lines = dumps(sample).decode().splitlines()
    records = sum(len(getattr(sample, name)) for name in RECORDS)
    brackets = sum(2 if getattr(sample, name) else 1 for name in RECORDS)
    assert len(lines) == 2 + records + brackets
    assert lines[0] == '{"schema":"shapeflow.trace/1",'
    assert '{"id":12,"type":"f32[1, 16, 196]","producer":7,"storage":4},' in lines


def test_numbers_that_json_lacks_and_text_that_utf8_lacks() -> None:
    attributes = {
        "limit": math.inf,
        "floor": -math.inf,
        "text": "\ud800 ünï \u2028",
        "deep": {"a": [1.5, None]},
    }
    kept = {"a:out": {"shape": [1], "data": [math.nan]}}
    module = Module("", "Tiny", "tiny.Tiny", 0, 0, attributes)
    trace = Trace(Run("python", "Tiny", "cpu", kept=kept), modules=(module,))
    again = loads(dumps(trace), Trace)
    assert again.modules == (module,)
    assert math.isnan(again.run.kept["a:out"]["data"][0])


def test_settings_without_a_json_form_are_given_by_name() -> None:
    class Odd:
        pass

    assert plain({1: (1, 2), "f": math.sqrt, "c": Odd, "o": Odd()}) == {
        "1": [1, 2],
        "f": "sqrt",
        "c": "Odd",
        "o": "Odd",
    }


texts = st.text(max_size=12)
counts = st.integers(0, 2**63 - 1)
ids = st.none() | st.integers(0, 0)
names = st.sampled_from(["in[0]", "in.query", "out", "out.a[1]", "score"])
ports = st.lists(st.builds(Port, names, ids, texts, texts), max_size=3).map(tuple)
values = st.builds(
    Value,
    st.just(0),
    st.sampled_from(["f32", "bf16", "bool", "f8_e4m3fn"]),
    st.lists(st.integers(0, 10**4), max_size=4).map(tuple),
    st.sampled_from(["op", "input", "parameter", "buffer", "unknown"]),
    ids,
    texts,
    st.none() | st.integers(0, 9),
    st.booleans(),
)
plain_data = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | texts,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(texts.filter(lambda key: key != "$number"), inner, max_size=3)
    ),
    max_leaves=6,
)
mappings = st.dictionaries(texts, plain_data, max_size=3)


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(
    values,
    st.builds(Op, st.just(0), texts, st.none(), ports, ports, ids, st.none(), counts, counts),
    st.builds(Module, texts, texts, texts, counts, counts, mappings, ids),
    st.builds(Source, texts, counts, texts, texts),
    st.builds(Escape, st.just(0), texts, st.none(), ids),
    st.builds(
        Run,
        texts,
        texts,
        texts,
        mappings,
        notes=st.lists(texts, max_size=2).map(tuple),
        complete=st.booleans(),
        failure=st.none() | st.builds(Failure, texts, texts, st.none(), ids, ids, texts),
    ),
)
def test_any_trace_survives(
    value: Value, op: Op, module: Module, source: Source, escape: Escape, run: Run
) -> None:
    trace = Trace(run, (module,), (), (op,), (value,), (escape,), (source,))
    content = dumps(trace)
    assert loads(content, Trace) == trace
    jsonschema.validate(json.loads(content), json.loads(SCHEMA_FILE.read_text()))


def test_every_field_of_every_record_can_be_read() -> None:
    for kind in (*RECORDS.values(), Run, Failure):
        for field in dataclasses.fields(kind):
            assert str(field.type) in _READ, f"{kind.__name__}.{field.name}"


# The schema


def test_written_files_fit_the_schema(sample: Trace) -> None:
    schema = json.loads(SCHEMA_FILE.read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    for trace in (sample, failed_trace(), Trace(Run("python", "Tiny", "meta"))):
        jsonschema.validate(json.loads(dumps(trace)), schema)


def test_the_schema_names_the_fields_of_the_data() -> None:
    schema = json.loads(SCHEMA_FILE.read_text())
    for name, kind in {
        **RECORDS,
        "runs": Run,
        "failures": Failure,
    }.items():
        fields = {field.name for field in dataclasses.fields(kind)}
        fields = fields - {"dtype", "shape"} | {"type"} if kind is Value else fields
        assert set(schema["$defs"][name.removesuffix("s")]["properties"]) == fields
    assert schema["properties"]["schema"]["const"] == SCHEMA


def test_the_schema_refuses_what_the_reader_refuses(sample: Trace) -> None:
    content = json.loads(dumps(sample))
    content["values"][3]["type"] = "f32 1 256"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(content, json.loads(SCHEMA_FILE.read_text()))


# Versions


def test_unknown_keys_and_missing_lists_are_fine(sample: Trace) -> None:
    def add(content: dict[str, object]) -> None:
        content["schema"] = "shapeflow.trace/1.4"
        content["later"] = [1, 2]
        for name in RECORDS:
            for record in content[name]:  # type: ignore[attr-defined]
                record["later"] = {"a": 1}
        content["calls"][0]["inputs"][0].append("later")  # type: ignore[index]

    assert loads(changed(sample, add).encode(), Trace) == sample
    least = b'{"schema":"shapeflow.trace/1","run":{"adapter":"a","target":"t","device":"cpu"}}'
    assert loads(least, Trace).calls == ()


def test_a_newer_format_is_refused() -> None:
    error = problem('{"schema":"shapeflow.trace/4","run":{"versions":{"shapeflow":"9.1"}}}')
    assert error.code == "trace-newer"
    assert error.what == "'x.trace.json' has trace format 4, this shapeflow reads up to 1"
    assert error.found == "written by shapeflow 9.1"
    assert problem('{"schema":"shapeflow.trace/4","run":[]}').found == ""


# Files that are no traces


@pytest.mark.parametrize(
    ("content", "what", "evidence"),
    [
        (b"", "is empty", "0 bytes"),
        (b" \n", "is empty", "2 bytes"),
        (b"<!DOCTYPE html>", "is not a trace", "web page"),
        (b"version https://git-lfs.github.com/spec/v1", "is not a trace", "Git LFS pointer"),
        (b"hello", "is not a trace", "text beginning with 'hello'"),
        (b"\xff\xfe\x00\xd8\x00", "is not text", "bytes beginning with"),
        (b"[1, 2]", "is not a trace", "JSON without keys"),
        (b"{}", "is not a trace", "JSON with the keys"),
        (b'{"a": 1, "b": 2}', "is not a trace", "keys a, b"),
        (b'{"schema": "other/1"}', "is not a trace", "schema 'other/1'"),
        (b'{"schema": ["x"]}', "is not a trace", "schema ['x']"),
        (b"[" * 100_000, "is not a trace", "nested too deeply"),
        (b'{"schema": ' + b"9" * 5000 + b"}", "is not a trace", "digits"),
        (b'{"schema":"shapeflow.trace/1",\n"run":{} x}', "is broken", "line 2, column 10"),
    ],
    ids=lambda content: str(content)[:20],
)
def test_other_files_are_told_apart(content: bytes, what: str, evidence: str) -> None:
    error = problem(content)
    assert error.code == "trace-unreadable"
    assert error.what == f"'x.trace.json' {what}"
    assert evidence in error.render()


def test_a_cut_off_file_says_where_it_ends(sample: Trace) -> None:
    text = dumps(sample)
    error = problem(text[: text.index(b'{"id":7,"target"') + 12])
    assert error.what == "'x.trace.json' is cut off"
    assert error.found == "it ends in the list 'ops', record 7"
    assert problem('{"schema":"shapeflow.tr').found == "it ends after 23 characters"


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.999])
def test_a_cut_off_compressed_file(sample: Trace, tmp_path: Path, share: float) -> None:
    path = write(sample, tmp_path / "a.trace.json.gz")
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(InputError, match="is cut off"):
        Trace.load(path)
    path.write_bytes(content[:400] + b"\0" * 8 + content[408:])
    with pytest.raises(InputError, match=r"is damaged|is cut off|is broken|is no t"):
        Trace.load(path)


def test_cutting_anywhere_is_never_a_traceback(sample: Trace) -> None:
    text = dumps(sample)
    for end in range(0, len(text) - 2, 97):
        assert problem(text[:end]).code == "trace-unreadable"


# Records that are broken


def _set(name: str, number: int, key: str, value: object) -> object:
    return lambda content: content[name][number].__setitem__(key, value)


BROKEN = {
    "no target": (lambda c: c["ops"][2].pop("target"), "ops, record 2", "'target' is missing"),
    "target a number": (_set("ops", 2, "target", 5), "ops, record 2", "'target' should be text, not 5"),
    "value a text": (
        _set("escapes", 0, "value", "3"),
        "escapes, record 0",
        "should be a whole number, not '3'",
    ),
    "value a truth": (_set("calls", 0, "index", True), "calls, record 0", "should be a whole number"),
    "truth a number": (_set("calls", 0, "raised", 1), "calls, record 0", "should be true or false"),
    "no type": (lambda c: c["values"][4].pop("type"), "values, record 4", "'type' should be text such as"),
    "odd type": (_set("values", 4, "type", "f32 1x2"), "values, record 4", "'f32[1, 256]', not 'f32 1x2'"),
    "origin": (_set("values", 4, "origin", "moon"), "values, record 4", "op, input, parameter"),
    "ports a text": (_set("ops", 1, "inputs", "in"), "ops, record 1", "should be a list"),
    "port a text": (_set("ops", 1, "inputs", ["in"]), "ops, record 1", "ports such as"),
    "port without name": (_set("ops", 1, "inputs", [[1, 2]]), "ops, record 1", "ports such as"),
    "record a number": (lambda c: c["ops"].__setitem__(1, 7), "ops, record 1", "an object, not 7"),
    "list a text": (lambda c: c.__setitem__("ops", "x"), "ops", "a list is missing"),
    "run a list": (lambda c: c.__setitem__("run", []), "run", "an object, not []"),
    "seconds": (lambda c: c["run"].__setitem__("seconds", {"a": "b"}), "run", "numbers by name"),
    "inputs": (lambda c: c["run"].__setitem__("inputs", 3), "run", "an object, not 3"),
    "id": (_set("ops", 3, "id", 4), "ops, record 3", "its id is 4"),
    "value id": (_set("ops", 3, "inputs", [["in", 4000]]), "ops, record 3", "in is value 4000"),
    "negative": (_set("ops", 3, "inputs", [["in", -1]]), "ops, record 3", "in is value -1"),
    "producer": (_set("values", 3, "producer", 999), "values, record 3", "its producer is 999"),
    "source": (_set("calls", 3, "source", 99), "calls, record 3", "its source is 99"),
    "own parent": (_set("calls", 3, "parent", 3), "calls, record 3", "its parent 3 is not before it"),
    "ops of a call": (_set("calls", 3, "last_op", 999), "calls, record 3", "its ops are 3 to 999"),
    "peak": (lambda c: c["run"].__setitem__("peak_op", 999), "run", "its peak_op is 999"),
    "failure": (
        lambda c: c["run"].__setitem__(
            "failure",
            {"type": "E", "message": "", "call": 99, "op": None, "source": None, "traceback": ""},
        ),
        "run",
        "its call is 99",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_record_is_named(sample: Trace, name: str) -> None:
    change, place, found = BROKEN[name]
    error = problem(changed(sample, change))
    assert (error.code, error.what) == ("trace-unreadable", "'x.trace.json' has a broken record")
    assert place in error.where
    assert found in error.found


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_any_replaced_field_is_read_or_refused(data: st.DataObject) -> None:
    content = json.loads(dumps(failed_trace()))
    name = data.draw(st.sampled_from([name for name in RECORDS if content[name]]))
    record = data.draw(st.sampled_from(content[name]))
    record[data.draw(st.sampled_from(sorted(record)))] = data.draw(plain_data)
    try:
        trace = loads(json.dumps(content).encode(), Trace)
    except InputError as error:
        assert error.code == "trace-unreadable"
    else:
        trace.unused()


def test_malformed_is_told_without_a_file() -> None:
    with pytest.raises(MalformedError, match="'value' is missing"):
        decode(Escape, {"how": "item"})
    assert decode(Escape, encode(Escape(1, "item", None, None))) == Escape(1, "item", None, None)


# Speed


@pytest.mark.slow
def test_a_trace_as_large_as_sam3_is_a_small_file(tmp_path: Path) -> None:
    build = TraceBuilder()
    x = build.input("f32[1, 3, 1008, 1008]")
    for number in range(650):
        path = f"trunk.blocks.{number}"
        with build.call(path, x, mask=None, mode="bilinear") as outer, build.call(f"{path}.attn", x) as inner:
            weight = build.parameter(f"{path}.weight", "f32[1024, 1024]")
            for step in range(6):
                line = build.source("x = x + self.drop_path(self.attn(x))", line=number * 10 + step)
                x = build.op(
                    "add", [x, weight, None], f"f32[1, {step}, {number}, 8]", source=line, flops=number
                )
            inner.returns(x)
            outer.returns(x)
    path_ = write(build.trace(), tmp_path / "large.trace.json.gz")
    assert path_.stat().st_size < 1_000_000
    assert Trace.load(path_) == build.trace()


def test_dumps_is_plain_json(sample: Trace) -> None:
    packed = gzip.compress(dumps(sample))
    assert json.loads(gzip.decompress(packed))["schema"] == SCHEMA
