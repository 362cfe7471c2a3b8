"""A request is written in four ways; each is read back as the same request, whatever is in it."""

from __future__ import annotations

import argparse
import json
import os
from dataclasses import fields, replace
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from shapeflow.adapters import specs
from shapeflow.adapters.boxes import Box, box_text, parse_box
from shapeflow.adapters.front_matter import KEYS, from_front_matter, to_front_matter
from shapeflow.adapters.given.texts import File, parse_given
from shapeflow.adapters.recorded import from_recorded, to_recorded, to_recorded_run
from shapeflow.adapters.request import (
    DEVICES,
    INPUTS,
    Request,
    from_texts,
    to_arguments,
    to_texts,
)
from shapeflow.adapters.specs import FORWARD_INPUTS, SAM3_INPUTS, AdapterSpec
from shapeflow.commands import trace as trace_command
from shapeflow.commands.options import request_of
from shapeflow.errors import InputError, WalkthroughError

PICTURES = ("bus.png", "a car.png", "-x.png", "图.png")
WEIGHTS = ("w.pt", "more weights.safetensors")

halves = st.floats(0.01, 0.49, allow_nan=False)
centres = st.floats(0.5, 0.51, allow_nan=False)


def boxes(positive: bool) -> st.SearchStrategy[tuple[Box, ...]]:
    box = st.builds(Box, centres, centres, halves, halves, st.just(positive))
    return st.lists(box, max_size=3).map(tuple)


words = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1, max_size=8)
phrases = st.lists(words, min_size=1, max_size=3).map(" ".join)
REQUESTS = st.builds(
    Request,
    st.sampled_from(("sam3", "sam3-transformers")),
    st.sampled_from(DEVICES),
    st.lists(st.sampled_from(PICTURES).map(Path), min_size=1, max_size=3).map(tuple),
    st.none() | phrases,
    st.builds(lambda some, others: (*some, *others), boxes(True), boxes(False)),
    st.none() | st.sampled_from(WEIGHTS).map(Path),
    st.integers(0, 2**31),
)
GIVEN = (
    "x=f32[1, 3, 224, 224]",
    "in[0]=bf16[]",
    "batch.image=f32[2, 0]",
    "images[0]=u8[3, 4, 5]",
    "tokens=i64[2,16]<30522",
    "mask=i64[2, 16]=1",
    "flag=true",
    "nothing=none",
    "scale=-2.5e3",
    "text=a dog: 'yes'",
    "picture=bus.png",
    "other=a car.png",
)
NAMELESS = ("f32[1, 3, 224, 224]", "1,3,224,224", "a dog", "bus.png")
inputs = st.lists(st.sampled_from(GIVEN), max_size=4, unique=True) | st.sampled_from(NAMELESS).map(
    lambda t: [t]
)
RUNS = st.builds(
    lambda texts, call, train, backward, seed, device: Request(
        "models.py:build",
        device,
        seed=seed,
        inputs=tuple(map(parse_given, texts)),
        call=call,
        train=train,
        backward=backward,
    ),
    inputs,
    st.sampled_from(("", "generate", "encoder.0.encode")),
    st.booleans(),
    st.booleans(),
    st.integers(0, 2**31),
    st.sampled_from(DEVICES),
)
"""Runs of a forward."""


@pytest.fixture(scope="module", autouse=True)
def _folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("requests")
    for name in PICTURES:
        Image.new("RGB", (4, 4)).save(folder / name)
    for name in WEIGHTS:
        (folder / name).touch()
    before = Path.cwd()
    os.chdir(folder)
    yield
    os.chdir(before)


def of_arguments(arguments: list[str]) -> Request:
    """Read arguments as the command line does."""
    parser = argparse.ArgumentParser(allow_abbrev=False)
    trace_command.configure(parser)
    return request_of(parser.parse_args(arguments))


@settings(max_examples=150)
@given(REQUESTS | RUNS)
def test_as_texts_and_back(request):
    again = from_texts(request.target, to_texts(request), device=request.device, seed=request.seed)
    assert again == request


@settings(max_examples=150)
@given(REQUESTS | RUNS)
def test_as_arguments_and_back(request):
    assert of_arguments(to_arguments(request)) == replace(request, device="meta")


@pytest.mark.slow
@settings(max_examples=150)
@given(REQUESTS, st.booleans())
def test_as_front_matter_and_back(request, below):
    folder = Path("docs") if below else Path()
    folder.mkdir(exist_ok=True)
    run = yaml.safe_load(yaml.safe_dump(to_front_matter(request, folder), allow_unicode=True))
    assert set(run) <= set(KEYS)
    again = from_front_matter(request.target, run, folder=folder)
    there = [path.resolve() for path in again.images]
    assert there == [path.resolve() for path in request.images]
    assert (again.checkpoint and again.checkpoint.resolve()) == (
        request.checkpoint and request.checkpoint.resolve()
    )
    same = {"images": request.images, "checkpoint": request.checkpoint}
    assert replace(again, **same) == request


@settings(max_examples=150)
@given(REQUESTS)
def test_as_recorded_and_back(request):
    inputs = to_recorded(request, [(4, 4)] * len(request.images))
    assert from_recorded(request.target, inputs) == replace(request, device="meta")


@settings(max_examples=150)
@given(RUNS)
def test_a_run_of_a_forward_as_recorded_and_back(request):
    recorded = json.loads(json.dumps(to_recorded_run(request)))
    assert from_recorded(request.target, recorded) == replace(request, device="meta")


@settings(max_examples=150)
@given(RUNS, st.booleans())
def test_a_run_of_a_forward_as_front_matter_and_back(request, below):
    folder = Path("docs") if below else Path()
    folder.mkdir(exist_ok=True)
    run = yaml.safe_load(
        yaml.safe_dump(to_front_matter(request, folder), allow_unicode=True, sort_keys=False)
    )
    assert set(run) <= set(KEYS)
    again = from_front_matter("", run, folder=folder)
    there = [given.value.path.resolve() for given in again.inputs if isinstance(given.value, File)]
    assert there == [given.value.path.resolve() for given in request.inputs if isinstance(given.value, File)]
    plain = [given for given in again.inputs if not isinstance(given.value, File)]
    assert plain == [given for given in request.inputs if not isinstance(given.value, File)]
    same = {"target": request.target, "inputs": request.inputs}
    assert replace(again, **same) == request


def test_a_walkthrough_can_write_inputs_as_yaml_does():
    run = {"model": "models.py:build", "inputs": {"x": [1, 3], "in[1]": 2, "flag": True, "z": None}}
    again = from_front_matter("", run, folder=Path())
    assert [given.text for given in again.inputs] == ["x=[1, 3]", "in[1]=2", "flag=true", "z=none"]
    one = from_front_matter("", {**run, "inputs": "f32[1, 3]"}, folder=Path())
    assert [given.text for given in one.inputs] == ["f32[1, 3]"]


@pytest.mark.parametrize(
    ("key", "value"), [("train", "yes"), ("backward", 1), ("inputs", [[1.5]]), ("inputs", {"x": {"y": 1}})]
)
def test_what_a_walkthrough_writes_otherwise_is_refused(key, value):
    with pytest.raises(WalkthroughError) as caught:
        from_front_matter("", {"model": "models.py:build", key: value}, folder=Path())
    assert caught.value.code == "front-matter"
    assert f"'{key}'" in caught.value.what


def test_a_file_elsewhere_is_recorded_by_its_name_alone(tmp_path):
    inside, outside = Path.cwd() / "bus.png", tmp_path / "bus.png"
    request = Request("m.py:f", inputs=(parse_given(f"x={inside}"), parse_given(f"y={outside}")))
    assert to_recorded_run(request)["input"] == ["x=bus.png", "y=bus.png"]


def test_a_factory_in_a_file_is_seen_from_the_walkthrough():
    Path("docs").mkdir(exist_ok=True)
    request = Request("models.py:build", seed=3)
    run = to_front_matter(request, Path("docs"))
    assert run == {"model": "../models.py:build", "seed": 3}
    again = from_front_matter("models.py:build", run, folder=Path("docs"))
    assert (again.file[0].resolve(), again.file[1]) == (Path("models.py").resolve(), "build")


def test_what_no_prompt_means_to_the_model_is_recorded():
    assert to_recorded(Request("sam3"), [], "visual")["prompt"] == "visual"
    assert to_recorded(Request("sam3", prompt="bus"), [], "visual")["prompt"] == "bus"


def test_every_input_has_a_field_and_is_read_back():
    request = Request(
        "sam3",
        images=(Path("bus.png"),),
        prompt="bus",
        boxes=(Box(0.5, 0.5, 0.1, 0.1), Box(0.5, 0.5, 0.2, 0.2, False)),
        checkpoint=Path("w.pt"),
    )
    request = replace(request, inputs=(parse_given("x=1"),), call="run", train=True, backward=True)
    assert set(to_texts(request)) == {row.name for row in INPUTS} == SAM3_INPUTS | FORWARD_INPUTS
    given_one = [getattr(request, field.name) for field in fields(Request) if field.name != "resize"]
    assert None not in given_one


@pytest.mark.parametrize("text", ["0.5,0.5,0.2,0.3", "0.1,0.1,0.1,0.1"])
def test_a_box_as_text(text):
    assert box_text(parse_box(text)) == text


def test_an_adapter_says_what_it_takes(monkeypatch):
    picky = AdapterSpec("picky", "none:none", inputs=frozenset({"image"}), needed=frozenset({"image"}))
    monkeypatch.setattr(specs, "SPECS", (picky,))
    assert from_texts("picky", {"image": ["bus.png"]}).images == (Path("bus.png"),)
    with pytest.raises(InputError) as caught:
        from_texts("picky", {"image": ["bus.png"], "prompt": ["bus"]})
    assert caught.value.expected == "what it takes: IMAGE"
    assert caught.value.what == "'picky' does not take --prompt; --prompt would not be used"
    with pytest.raises(InputError) as caught:
        from_texts("picky", {})
    assert caught.value.code == "image-missing"
