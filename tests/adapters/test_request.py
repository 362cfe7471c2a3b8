"""A request is written in four ways; each is read back as the same request, whatever is in it."""

from __future__ import annotations

import argparse
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
from shapeflow.adapters.request import (
    DEVICES,
    INPUTS,
    Request,
    from_recorded,
    from_texts,
    to_arguments,
    to_recorded,
    to_texts,
)
from shapeflow.adapters.specs import SAM3_INPUTS, AdapterSpec
from shapeflow.commands import trace as trace_command
from shapeflow.commands.options import request_of
from shapeflow.errors import InputError

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
@given(REQUESTS)
def test_as_texts_and_back(request):
    again = from_texts(request.target, to_texts(request), device=request.device, seed=request.seed)
    assert again == request


@settings(max_examples=150)
@given(REQUESTS)
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
    assert set(to_texts(request)) == {row.name for row in INPUTS} == SAM3_INPUTS
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
    assert caught.value.what == "'picky' does not take --prompt; --prompt would not be used"
    with pytest.raises(InputError) as caught:
        from_texts("picky", {})
    assert caught.value.code == "image-missing"
