"""Traces made to do harm: any part of one replaced by anything gives an answer or one clear error."""

from __future__ import annotations

import contextlib
import copy
import gzip
import io
import json
import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from builders import sample_trace
from walkthroughs import document_of

from shapeflow.cli import main
from shapeflow.common.control_characters import printed, visible_line
from shapeflow.errors import InputError
from shapeflow.model import tracefile
from shapeflow.model.codec import plain
from shapeflow.model.trace import Trace
from shapeflow.model.tracefile import dumps, loads

EVIL = "x\n::error::owned\x1b[31m\u202e\r\u2028 ##[error]owned"
"""A name that breaks lines, gives a CI system commands, and steers a terminal."""
STEERING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
DEEP = "DEEP"
"""Stands for 700 lists in one another, which json.dumps cannot write."""
HOSTILE: list[Any] = [
    *(None, "", "abc", EVIL, "\ud800", "x" * 5_000, DEEP, True, 0, -1, 1.5, 1e308, 2**62, 10**30, 10**400),
    *([], {}, [[]], [1, 2], [["a", "b"]], ["in[0]", 0], {"a": 1}, [{"file": 3, "size": "x"}]),
    *({"$number": "abc"}, {"$number": "nan"}, {"$number": 3}, {"shape": "x", "data": "y"}),
    *("f32[9223372036854775807]", "f32[" + ", ".join(["4294967296"] * 30) + "]"),
]
CLAIMS = (
    "mask_head:out [1, Q, 14, 14]",
    "count encoder.layers.* = 2",
    ".:in.tokens reaches mask_head:out",
    ".:in.tokens never reaches encoder:out.memory",
    "mask_head:out unused",
    "class mask_head = MaskHead",
    'mask_head/einsum "bqc,bchw->bqhw"',
    "value .:out.boxes ~= sigmoid(decoder.box_head@1:out)",
)
COMMANDS = [
    "show t.json",
    "show t.json **:out",
    "show t.json **/*",
    "show t.json ** --json",
    "show t.json --json",
    "show t.json --unused",
    "show t.json .:in.tokens --reaches mask_head:out",
    "show t.json mask_head:out --users",
    "show t.json mask_head:out --unused",
    *(f"check t.json w.md --format {form}" for form in ("text", "json", "junit", "github")),
    *(f"report t.json w.md --format {form}" for form in ("html -o r.html", "markdown", "terminal", "json")),
    "report t.json --no-walkthrough --format markdown",
    "graph t.json -o g.dot",
    "graph t.json -o g.mmd",
    "init t.json -o new.md --force --numbers",
]


def base() -> dict[str, Any]:
    """Return the sample trace as data, with inputs and numbers as a real run has them."""
    data: dict[str, Any] = json.loads(dumps(sample_trace()))
    data["containers"] = [
        {"id": 0, "kind": "Layer", "edits": [[0, 0, [[".keys", 0], [".n", None, "3"]]]]},
        {"id": 1, "kind": "list", "edits": [[0, 0, [["", 1], ["", None, 0]]]]},
        {"id": 2, "kind": "list", "edits": [[0, 1, []], [2, 0, [["", 2]]]], "base": 1},
    ]
    for call, number in ((data["calls"][0], 1), (data["calls"][-1], 2)):
        call["outputs"].append(["out.cache", None, number])
    numbers = {"dtype": "f32", "shape": [1, 1], "data": "AAAAAA=="}
    box = {"cx": 0.5, "cy": 0.5, "width": 0.1, "height": 0.1, "positive": True}
    data["run"] |= {
        "device": "cpu",
        "kept": {".:out.boxes": numbers, "decoder.box_head@1:out": numbers},
        "inputs": {
            "images": [{"file": "a.png", "size": [8, 8]}],
            "prompt": "a bus",
            "boxes": [box],
            "seed": 0,
            "checkpoint": None,
            "thumbnail": "iVBORw0KGgo=",
        },
    }
    return data


def places(thing: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the way to every part of plain data; of each list of records to the first and the last only."""
    if path:
        yield path
    if isinstance(thing, dict):
        for key in thing:
            yield from places(thing[key], (*path, key))
    elif isinstance(thing, list):
        for number in {0, len(thing) - 1} if len(path) == 1 and thing else range(len(thing)):
            yield from places(thing[number], (*path, number))


def replaced(data: dict[str, Any], path: tuple[Any, ...], thing: Any) -> bytes:
    """Return the text of a trace with another thing at a place."""
    data = copy.deepcopy(data)
    inside: Any = data
    for step in path[:-1]:
        inside = inside[step]
    inside[path[-1]] = thing
    return json.dumps(data).replace(json.dumps(DEEP), "[" * 700 + "]" * 700).encode()


def mutants(seed: int, number: int) -> Iterator[bytes]:
    """Yield some traces that each have something else in one place."""
    data, chance = base(), random.Random(seed)
    everywhere = list(places(data))
    for _ in range(number):
        yield replaced(data, chance.choice(everywhere), chance.choice(HOSTILE))


@pytest.mark.slow
def test_any_thing_in_any_place_is_read_or_refused() -> None:
    data = base()
    refused = 0
    for path in places(data):
        for thing in HOSTILE:
            try:
                loads(replaced(data, path, thing), Trace)
            except InputError as error:
                assert error.code in ("trace-unreadable", "trace-newer"), (path, thing)
                refused += 1
    assert refused > 1_000


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_what_is_read_breaks_no_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    monkeypatch.chdir(tmp_path)
    Path("w.md").write_text("---\ndims:\n  Q: 10\n---\n" + document_of(*CLAIMS))
    chance = random.Random(seed)
    read = 0
    for content in mutants(seed, 250):
        Path("t.json").write_bytes(content)
        try:
            Trace.load("t.json")
        except InputError:
            continue
        read += 1
        for words in chance.sample(COMMANDS, 4):
            code, out = run(words.split())
            assert code in (0, 1, 2), (words, out)
            assert_harmless(out, words)
    assert read > 20


def run(words: list[str]) -> tuple[int, str]:
    """Run a command; returns its exit code and all that it printed."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
        return int(main(words)), out.getvalue()


def assert_harmless(text: str, words: str) -> None:
    assert not STEERING.search(text), words
    for line in text.split("\n"):
        assert not line.lstrip().startswith("::error::owned"), words
        assert "##[" not in line, words


@pytest.mark.slow
def test_names_that_give_commands_are_printed_on_their_lines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every text of a trace and a document, file names included: as many lines as with harmless names."""
    monkeypatch.chdir(tmp_path)
    Path("w.md").write_text("---\ntitle: T\n---\n" + document_of(*CLAIMS, "mask_head:out [1]"))
    counts: dict[str, list[int]] = {}
    for name in ("p" * len(printed(visible_line(EVIL))), EVIL):
        data = base()
        data["run"] |= {"target": name, "adapter": name, "notes": [name], "versions": {name: name}}
        for record in (*data["modules"], *data["calls"]):
            record["class_name"] = name
        for source in data["sources"]:
            source |= dict.fromkeys(("file", "function", "text"), name)
        Path("t.json").write_text(json.dumps(data))
        for words in COMMANDS[:-1]:
            code, out = run(words.split())
            assert code in (0, 1, 2), out
            assert_harmless(out, words)
            # Whether a figure is narrow enough to be drawn depends on the letters of its names.
            told = re.sub(r"<details[^>]*>(?:(?!</details>)[\s\S])*?```mermaid[\s\S]*?</details>\n*", "", out)
            counts.setdefault(words, []).append(told.count("\n"))
    assert {words: lines for words, lines in counts.items() if lines[0] != lines[1]} == {}


# Bounds


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (b'{"schema":"shapeflow.trace/1","run":' + b"[" * 700 + b"]" * 700 + b"}", ""),
        (b'{"schema":"shapeflow.trace/1","run":NaN}', ""),
        (
            b'{"schema":"shapeflow.trace/1","run":{"adapter":"a","target":"b","device":"c","peak_bytes":-1}}',
            "from 0",
        ),
    ],
)
def test_small_texts_that_are_no_traces(text: bytes, found: str) -> None:
    with pytest.raises(InputError) as caught:
        loads(text, Trace)
    assert caught.value.code == "trace-unreadable"
    assert found in caught.value.found


@pytest.mark.parametrize("depth", [60, 65, 700])
def test_settings_are_as_deep_as_can_be_read(depth: int) -> None:
    data = base()
    content = json.dumps(data | {"run": data["run"] | {"inputs": {"a": "DEEPER"}}})
    text = content.replace('"DEEPER"', "[" * depth + "]" * depth).encode()
    if depth == 60:
        loads(text, Trace)
        return
    with pytest.raises(InputError, match="broken record") as caught:
        loads(text, Trace)
    assert "nested at most 64 deep" in caught.value.found


def test_what_is_written_can_be_read() -> None:
    for odd in ({"$number": "abc"}, 10**400):
        data = base()
        data["modules"][0]["attributes"] = {"odd": plain(odd)}
        assert loads(json.dumps(data).encode(), Trace).modules[0].attributes["odd"] == type(odd).__name__


def test_a_small_file_may_not_unpack_to_a_large_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracefile, "MAX_BYTES", 100_000)
    path = tmp_path / "bomb.trace.json.gz"
    path.write_bytes(gzip.compress(b" " * 10_000_000))
    with pytest.raises(InputError) as caught:
        Trace.load(path)
    assert caught.value.code == "trace-unreadable"
    assert "too large" in caught.value.what
    whole = dumps(sample_trace())
    path.write_bytes(
        gzip.compress(whole[:2_000]) + gzip.compress(whole[2_000:])
    )  # in two parts, as gzip allows
    assert Trace.load(path) == sample_trace()


def test_a_text_of_nothing_but_lists_is_not_built(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracefile, "MAX_ITEMS", 1_000)
    monkeypatch.setattr(json, "loads", lambda *_, **__: pytest.fail("it was read"))
    with pytest.raises(InputError, match="too large"):
        loads(b'{"schema":[' + b"[]," * 1_000 + b"0]}", Trace)
