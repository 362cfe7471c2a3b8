"""Every figure is true: each label is what its box gave or got, and each box is in the trace."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from figure_checks import FigureCheck
from figure_models import MODELS
from places import EXAMPLES, PACKAGE
from report_samples import WALKTHROUGH, crashed, detector

from shapeflow.graph.build import graph_of
from shapeflow.graph.model import Flow, Graph
from shapeflow.graph.route import route
from shapeflow.model.call_tree import CallTree
from shapeflow.model.trace import Trace
from shapeflow.reporting.report import report
from shapeflow.reporting.view import section_figures
from shapeflow.reporting.view.figure_model import Drawing
from shapeflow.walkthrough.check import check
from shapeflow.walkthrough.document import Document
from shapeflow.walkthrough.reader import parse, read

MOST_OPENED = 60
"""So many calls of a trace are opened one by one."""

Reported = Callable[[Trace, Document | None], list[Graph]]


@pytest.fixture
def reported(monkeypatch: pytest.MonkeyPatch) -> Reported:
    """Return a function that gives the figures of a report, from the most detailed on, not laid out."""

    def figures(trace: Trace, document: Document | None) -> list[Graph]:
        found: list[Graph] = []

        def keep(figures: list[Iterator[Graph]], *_: object, **__: object) -> list[Drawing]:
            found.extend(graph for graphs in figures for graph in graphs)
            return [Drawing("", "", "") for _ in figures]

        monkeypatch.setattr(section_figures, "draw_all", keep)
        report(trace, check(trace, document) if document else None)
        return found

    return figures


def commanded(trace: Trace) -> Iterator[Graph]:
    """Yield what ``shapeflow graph`` draws of a trace: all of it, deeper and deeper, and call by call."""
    tree = CallTree(trace)
    for depth in (None, 1, 2, 3):
        yield graph_of(trace, depth=depth, structure=tree)
    for limit in (8, 17, 40, 200):
        yield graph_of(trace, limit=limit, structure=tree)
    opened = [call.id for call in trace.calls if tree.children[call.id]]
    for call in opened[:: len(opened) // MOST_OPENED + 1]:
        yield graph_of(trace, [call], structure=tree)
        yield graph_of(trace, tree.children[call], limit=24, structure=tree)


def check_all(trace: Trace, figures: list[Graph]) -> None:
    """Fail where a figure of ``trace`` says what is not so."""
    checked = FigureCheck(trace)
    drawn = [graph for graph in (*figures, *commanded(trace)) if not graph.empty]
    faults = list(dict.fromkeys(fault for graph in drawn for fault in checked.faults(graph)))
    assert drawn
    assert not faults, f"{len(faults)} faults:\n" + "\n".join(faults[:20])


@pytest.mark.slow
@pytest.mark.parametrize("name", MODELS)
def test_every_figure_of_a_model_is_true(name: str, reported: Reported) -> None:
    trace = MODELS[name]()
    check_all(trace, reported(trace, None))


def test_every_figure_of_the_small_detector_is_true(reported: Reported) -> None:
    trace = detector()
    check_all(trace, [*reported(trace, None), *reported(trace, parse(WALKTHROUGH, "walkthrough.md"))])


def test_every_figure_of_a_run_that_failed_is_true(reported: Reported) -> None:
    check_all(crashed(), reported(crashed(), None))


@pytest.mark.slow
def test_every_figure_of_the_tiny_detector_and_its_walkthrough_is_true(reported: Reported) -> None:
    from shapeflow.runs.documents import run_documents

    document = read(EXAMPLES / "tiny_detector.md")
    trace = run_documents([document])
    check_all(trace, reported(trace, document))


@pytest.mark.slow
def test_every_figure_of_sam3_is_true(reported: Reported) -> None:
    pytest.importorskip("sam3")
    from shapeflow.runs.documents import run_documents

    document = read(PACKAGE / "walkthrough" / "shipped" / "sam3.en.md")
    trace = run_documents([document])
    figures = reported(trace, document)
    assert len(figures) > 50
    check_all(trace, figures)
    einsum = [node for node in graph_of(trace).nodes if node.title == "einsum"]
    assert len(einsum) == 1, "the masks are the product of two heads"


def test_the_check_sees_what_is_false() -> None:
    trace = detector()
    graph, checked = graph_of(trace), FigureCheck(trace)
    assert not checked.faults(graph)
    edge = next(edge for edge in graph.edges if len(edge.flows[0].lines) > 1)
    flow = edge.flows[0]
    late = Flow(flow.last, flow.last, flow.after, flow.after)  # what arrives, told as what is given
    false = replace(graph, edges=(replace(edge, flows=(late,)),))
    assert any("its tail never gave" in fault for fault in checked.faults(false))
    early = Flow(flow.first, flow.first, flow.before, flow.before)
    false = replace(graph, edges=(replace(edge, flows=(early,)),))
    assert any("its head never got" in fault for fault in checked.faults(false))
    for kind in ("call", "repeat", "input"):
        box = next(node for node in graph.nodes if node.kind == kind)
        renamed = [replace(node, title="another") if node is box else node for node in graph.nodes]
        assert any("another" in fault for fault in checked.faults(replace(graph, nodes=tuple(renamed))))


def test_the_way_from_a_to_b_is_true() -> None:
    trace = detector()
    graph = route(trace, "backbone.vision_backbone.trunk.blocks.5:out", "mask_head:out")
    assert [edge.flows[0].first for edge in graph.edges] == [edge.flows[0].last for edge in graph.edges]
