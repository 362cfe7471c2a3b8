"""The picture of a whole model: what it shows is true, and nothing stands over a text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from xml.etree import ElementTree

import pytest
from places import EXAMPLES
from poster_models import MODELS
from report_samples import crashed, detector, hostile, write_walkthrough

from shapeflow.model.call_tree import CallTree
from shapeflow.model.trace import Trace
from shapeflow.reporting.poster.build import poster_of
from shapeflow.reporting.poster.faces import CARD, PAGE, WIDE
from shapeflow.reporting.poster.model import Poster
from shapeflow.reporting.poster.style import STYLE
from shapeflow.reporting.poster.svg import poster_svg
from shapeflow.reporting.poster.texts import mono_width, width
from shapeflow.reporting.translator import Translator
from shapeflow.reporting.view.colours import Colours, symbols_of
from shapeflow.walkthrough.check import check
from shapeflow.walkthrough.shipped import find_shipped

MOST_STATIONS = 16
SMALLEST = 18
WORDS = Translator("en")
Rect = tuple[float, float, float, float]


def drawn(trace: Trace, walkthrough=None, language: str = "en") -> Poster:
    result = check(trace, walkthrough, partial=True).about(trace) if walkthrough else None
    return poster_of(trace, result, Colours(symbols_of(trace, result)), Translator(language))


@pytest.fixture(scope="module")
def sam3() -> Trace:
    pytest.importorskip("sam3")
    import shapeflow

    return shapeflow.run("sam3", image=EXAMPLES / "school-bus.jpg", prompt="yellow school bus", device="meta")


QUICK = ("resnet", "detector", "crashed")
"""Models that are made in no time."""


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(name, marks=() if name in QUICK else pytest.mark.slow)
        for name in (*MODELS, "detector", "crashed")
    ],
)
def poster(request) -> tuple[Trace, Poster]:
    trace = {"detector": detector, "crashed": crashed, **MODELS}[request.param]()
    return trace, drawn(trace)


# -- truth ------------------------------------------------------------------------------------------------


def faults_of(trace: Trace, poster: Poster) -> Iterator[str]:
    """Yield what is false on a poster."""
    made_from = CallTree(trace)
    values = trace.values
    for station in poster.stations:
        for tensor in station.gives:
            text = "".join(piece.text for piece in tensor.shape)
            if text != str(values[tensor.value]):
                yield f"{station.title} gives {text}, which is {values[tensor.value]}"
    for ribbon in poster.ribbons:
        if ribbon.given < 0:
            continue
        waiting, seen = [ribbon.got], {ribbon.got}
        while waiting and ribbon.given not in seen:
            producer = values[waiting.pop()].producer
            for value in made_from.given[producer] if producer is not None else ():
                if value not in seen:
                    seen.add(value)
                    waiting.append(value)
        if ribbon.given not in seen:
            ends = (poster.stations[ribbon.source].title, poster.stations[ribbon.target].title)
            yield f"{values[ribbon.got]} is not made from {values[ribbon.given]}: {ends}"
        unused = poster.stations[ribbon.target].kind == "unused"
        if unused != (ribbon.got in made_from.unused and unused):
            yield f"{values[ribbon.got]} is read"


def test_everything_on_a_poster_is_true(poster):
    trace, shown = poster
    assert not list(faults_of(trace, shown))
    assert 2 <= len(shown.stations) <= MOST_STATIONS
    assert shown.ribbons or trace.run.failure


@pytest.mark.slow
def test_the_parts_of_sam3_are_the_sections_of_its_document(sam3):
    shown = drawn(sam3, find_shipped("sam3", "en"))
    assert not list(faults_of(sam3, shown))
    parts = {station.title: station for station in shown.stations if station.kind == "part"}
    assert list(parts) == [
        "Text encoder",
        "ViT",
        "Feature pyramid",
        "Prompt",
        "Fusion encoder",
        "Decoder",
        "Heads",
        "Segmentation head",
    ]
    assert {title: parts[title].times for title in ("Text encoder", "ViT", "Fusion encoder", "Decoder")} == {
        "Text encoder": 24,
        "ViT": 32,
        "Fusion encoder": 6,
        "Decoder": 6,
    }
    assert 0.85 < parts["ViT"].share < 0.95
    assert all(station.marks and station.marks.bad == 0 for station in parts.values())
    assert parts["ViT"].address == "#3-the-vit"
    names = {station.id: station.title for station in shown.stations}
    flows = {(names[ribbon.source], names[ribbon.target]) for ribbon in shown.ribbons}
    assert ("“yellow school bus”", "Text encoder") in flows
    assert ("picture", "ViT") in flows
    assert ("Feature pyramid", "Segmentation head") in flows
    assert ("Segmentation head", "pred_masks") in flows
    assert ("Feature pyramid", "computed, never read") in flows
    assert ("ViT", "Decoder") not in flows


@pytest.mark.slow
def test_a_poster_speaks_the_language_of_its_document(sam3):
    shown = drawn(sam3, find_shipped("sam3", "zh"), "zh")
    titles = [station.title for station in shown.stations if station.kind in ("part", "unused")]
    assert not [title for title in titles if re.search(r"[A-Za-z]{4,}", title)]


def test_a_false_claim_is_a_cross_at_its_station(tmp_path):
    path = write_walkthrough(tmp_path)
    shown = drawn(detector(), path)
    marks = [station.marks for station in shown.stations if station.marks]
    result = check(detector(), path, partial=True)
    assert sum(mark.bad for mark in marks) <= len([v for v in result.failed if not v.claim.said])
    assert any(mark.good for mark in marks)


def test_what_no_section_speaks_of_is_there_too(tmp_path):
    path = tmp_path / "half.md"
    lines = ("conv1:out [_, 64, _, _]", "layer1:out [_, 256, _, _]", "layer2:out [_, 512, _, _]")
    sections = "".join(
        f"## {n} The `part` {n}\n\n```shapes\n{line}\n```\n\n" for n, line in enumerate(lines, 1)
    )
    path.write_text(f"# Half\n\n{sections}", encoding="utf-8")
    shown = drawn(MODELS["resnet"](), path)
    titles = [station.title for station in shown.stations if station.kind == "part"]
    assert titles[:3] == ["Part 1", "Part 2", "Part 3"]
    assert {"layer3", "layer4", "fc"} <= set(titles)
    assert shown.stations[3].marks is None


# -- geometry ---------------------------------------------------------------------------------------------


def texts_of(svg: str) -> list[tuple[str, Rect]]:
    """Return the texts of a poster with the room that they take."""
    found = []
    for text in ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}text"):
        words = "".join(text.itertext())
        size = float(text.get("font-size", "0"))
        mono = "Mono" in text.get("font-family", "")
        bold = text.get("class") in ("t", "good", "bad", "idle")
        wide = mono_width(words.rstrip(), size) if mono else width(words, size, bold=bold)
        x, y = float(text.get("x", "0")), float(text.get("y", "0"))
        x -= {"middle": wide / 2, "end": wide}.get(text.get("text-anchor", ""), 0.0)
        found.append((words, (x, y - size * 0.75, x + wide, y + size * 0.2)))
    return found


def segments_of(svg: str) -> list[tuple[float, float, float, float, float]]:
    """Return the straight parts of ribbons, with half their width."""
    found = []
    for path in ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}path"):
        if "ribbon" not in path.get("class", ""):
            continue
        half = float(path.get("stroke-width", "0")) / 2
        numbers = [float(n) for n in re.findall(r"-?[\d.]+", path.get("d", ""))]
        points = list(zip(numbers[::2], numbers[1::2], strict=True))
        found += [(*a, *b, half) for a, b in pairwise(points)]
    return found


def overlaps(first: Rect, second: Rect) -> bool:
    return (
        min(first[2], second[2]) - max(first[0], second[0]) > 1
        and min(first[3], second[3]) - max(first[1], second[1]) > 1
    )


def clashes(svg: str, size) -> Iterator[str]:
    """Yield texts that stand over another, under a line, or outside."""
    texts = texts_of(svg)
    for number, (words, box) in enumerate(texts):
        if box[0] < 0 or box[1] < 0 or box[2] > size.width or box[3] > size.height:
            yield f"'{words}' stands out"
        for other, its_box in texts[:number]:
            if overlaps(box, its_box):
                yield f"'{words}' over '{other}'"
        for x1, y1, x2, y2, half in segments_of(svg):
            line = (min(x1, x2) - half, min(y1, y2) - half, max(x1, x2) + half, max(y1, y2) + half)
            if overlaps(box, line):
                yield f"a line through '{words}'"


@pytest.mark.parametrize("size", [WIDE, PAGE, CARD], ids=["wide", "page", "card"])
def test_nothing_stands_over_a_text(poster, size):
    assert not list(clashes(poster_svg(poster[1], WORDS, size=size, style=STYLE), size))


@pytest.mark.parametrize("size", [WIDE, PAGE, CARD], ids=["wide", "page", "card"])
@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.slow
def test_nothing_stands_over_a_text_of_sam3(sam3, size, language):
    shown = drawn(sam3, find_shipped("sam3", language), language)
    assert not list(clashes(poster_svg(shown, Translator(language), size=size, style=STYLE), size))


def test_texts_are_large_enough(poster):
    svg = poster_svg(poster[1], WORDS, style=STYLE)
    assert min(float(size) for size in re.findall(r'font-size="([\d.]+)"', svg)) >= SMALLEST


@pytest.mark.slow
def test_feature_maps_are_to_scale(sam3):
    svg = poster_svg(drawn(sam3, find_shipped("sam3", "en")), WORDS, style=STYLE)
    sides = [float(side) for side in re.findall(r'class="sheet"[^>]* width="([\d.]+)"', svg)]
    front = sorted({round(side, 1) for side in sides})
    largest = max(front)
    for pixels in (288, 144, 72):
        assert any(abs(side - largest * pixels / 1008) < 0.2 for side in front)


# -- hostile and odd --------------------------------------------------------------------------------------


def test_hostile_names_are_text(tmp_path):
    shown = drawn(hostile())
    nasty = "<script>alert(1)</script>\u202e\x1b"
    first = replace(shown.stations[0], title=nasty, details=(nasty,), blocks=nasty)
    svg = poster_svg(replace(shown, stations=(first, *shown.stations[1:]), title=nasty), WORDS, style=STYLE)
    assert "<script" not in svg
    assert "\x1b" not in svg
    assert "\u202e" not in svg
    ElementTree.fromstring(svg)


def test_a_run_of_one_op_has_a_poster():
    torch = pytest.importorskip("torch")
    import shapeflow

    trace = shapeflow.trace(torch.nn.ReLU(), torch.zeros(2, 3), device="meta")
    shown = drawn(trace)
    assert [station.kind for station in shown.stations] == ["part", "input", "output"]
    assert not list(clashes(poster_svg(shown, WORDS, style=STYLE), WIDE))
