"""The official SAM3 as a whole: the real run and the shapes-only run are the same, record by record."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from functools import cache

import pytest
from places import ROOT

from benchmarks.equality import differences
from shapeflow.adapters.boxes import Box
from shapeflow.adapters.request import Request
from shapeflow.model.records import Op
from shapeflow.model.trace import Trace
from shapeflow.model.tracefile import dumps
from shapeflow.runs.documents import run_documents
from shapeflow.walkthrough.check import check
from shapeflow.walkthrough.document import Document
from shapeflow.walkthrough.reader import read

pytestmark = pytest.mark.slow


@cache
def walkthroughs() -> list[Document]:
    """Return the shipped ones, in English and in Chinese."""
    folder = ROOT / "shapeflow" / "walkthrough" / "shipped"
    return [read(folder / f"sam3.{language}.md") for language in ("en", "zh")]


def run(*boxes: Box, images: int = 1) -> Trace:
    """Return a shapes-only trace."""
    pytest.importorskip("sam3")
    from shapeflow import recording
    from shapeflow.adapters.base import load

    pictures = (ROOT / "examples" / "school-bus.jpg",) * images
    request = Request("sam3", "meta", pictures, "yellow school bus", boxes)
    prepare = load("sam3")
    return recording.run(lambda: prepare(request), device="meta", adapter="sam3", target="sam3")


def shape(trace: Trace, selector: str) -> tuple[int, ...]:
    """Return the one shape that a selector names."""
    shapes = {trace.values[match.port.value].shape for match in trace.select(selector)}
    assert len(shapes) == 1
    return shapes.pop()


def ops(trace: Trace, selector: str) -> list[Op]:
    """Return the ops that a selector names."""
    return [match.op for match in trace.select(selector)]


@pytest.fixture(scope="module")
def shapes() -> Trace:
    """The run without arithmetic."""
    return run()


@pytest.fixture(scope="module")
def real() -> Trace:
    """The same, really computed on the CPU: a minute or two, and 5 GB."""
    pytest.importorskip("sam3")
    return run_documents(walkthroughs(), device="cpu")


def test_a_shapes_only_run_is_the_real_run_record_by_record(shapes: Trace, real: Trace) -> None:
    rest = real.ops[len(shapes.ops) :]
    same = replace(real, ops=real.ops[: len(shapes.ops)], escapes=real.escapes[: len(shapes.escapes)])
    assert list(differences(same, shapes)) == []
    assert all(op.call is None for op in rest)  # post-processing, whose sizes depend on data
    assert [op.target for op in rest][:3] == ["getitem", "getitem", "getitem"]
    assert any("ends before it" in note for note in shapes.run.notes)
    assert [replace(module, source=None) for module in real.modules] == [
        replace(module, source=None) for module in shapes.modules
    ]


def test_every_claim_holds_on_the_real_run_with_its_numbers(real: Trace) -> None:
    for document in walkthroughs():
        result = check(real, document)
        assert [verdict.claim.text for verdict in result.failed] == []
        assert not any(verdict.skipped for verdict in result.verdicts)
        assert sum(claim.kind == "value" for claim in document.claims) > 15


def test_two_shapes_only_runs_give_the_same_bytes(shapes: Trace) -> None:
    def without_timings(trace: Trace) -> bytes:
        return dumps(replace(trace, run=replace(trace.run, seconds={})))

    assert without_timings(run()) == without_timings(shapes)


def test_calls_that_hooks_miss_are_there(shapes: Trace) -> None:
    assert shape(shapes, "backbone.vision_backbone:out[0][3]") == (1, 256, 36, 36)  # called as .forward
    for helper in (
        "backbone.forward_image()",
        "backbone.forward_text()",
        "._get_img_feats()",
        "._encode_prompt()",
        "._run_encoder()",
        "._run_decoder()",
        "._update_scores_and_boxes()",
        "._run_segmentation_heads()",
        ".forward_grounding()",
    ):
        assert shapes.select(helper), helper
    assert shape(shapes, "._run_segmentation_heads():out.out.pred_masks") == (1, 200, 288, 288)


def test_calls_and_modules_are_counted_right(shapes: Trace) -> None:
    counts = Counter(call.path for call in shapes.calls if call.method == "forward")
    assert counts["backbone.language_backbone.encoder.token_embedding"] == 2
    assert counts["transformer.decoder.bbox_embed"] == 7
    assert counts["transformer.decoder.norm"] == 12
    assert shapes.module_by_path[""].parameters == 840_509_750
    assert len(shapes.modules) == 1166
    assert shapes.run.complete
    assert not any(value.origin == "unknown" for value in shapes.values)


def test_ops_say_what_the_author_wrote(shapes: Trace) -> None:
    (einsum,) = ops(shapes, "segmentation_head.mask_predictor/einsum")
    assert einsum.inputs[0].text == "'bqc,bchw->bqhw'"
    first, second = ops(shapes, "segmentation_head.pixel_decoder/interpolate")
    assert {port.text for port in (*first.inputs, *second.inputs)} >= {"'nearest'"}
    score = shapes.select("transformer.encoder.layers.0.self_attn/scaled_dot_product_attention:score")[0]
    value = shapes.values[score.port.value]
    assert (value.shape, value.materialized) == ((1, 8, 5184, 5184), False)
    assert shape(shapes, "transformer.decoder.layers.0.cross_attn:in.attn_mask") == (8, 201, 5184)
    (none,) = shapes.select(".forward_grounding():out.presence_logit")
    assert (none.port.value, none.port.text) == (None, "None")
    assert re.fullmatch(r"sam3/model/\w+\.py", shapes.sources[einsum.source].file)


def test_the_coarsest_level_reaches_nothing(shapes: Trace) -> None:
    assert shapes.reaches("backbone.vision_backbone.convs.3:out", ".forward_grounding():out").answer == "no"
    assert shapes.reaches("backbone.vision_backbone.convs.1:out", ".forward_grounding():out").answer == "yes"
    unused = {value.id for value in shapes.unused()}
    (level,) = shapes.select("backbone.vision_backbone.convs.3:out")
    assert level.port.value in unused


def test_boxes_lengthen_the_prompt() -> None:
    trace = run(Box(0.5, 0.5, 0.2, 0.2), Box(0.2, 0.2, 0.1, 0.1, positive=False))
    assert shape(trace, "transformer.encoder:in.prompt") == (35, 1, 256)
    assert check(trace, walkthroughs()[0]).failed == ()


def test_pictures_make_a_batch() -> None:
    trace = run(images=3)
    assert shape(trace, ".forward_grounding():out.pred_masks") == (3, 200, 288, 288)
    assert any("takes one image" in note for note in trace.run.notes)


def test_every_command_of_the_stages_page_answers(shapes: Trace) -> None:
    lines = (ROOT / "docs" / "sam3-stages.md").read_text("utf-8").splitlines()
    commands = [re.findall(r"'([^']+)'", line) for line in lines if line.startswith("| ")]
    selectors = [selector for command in commands for selector in command]
    assert len(selectors) > 45
    for selector in selectors:
        assert shapes.select(selector), selector
