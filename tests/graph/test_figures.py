"""Every figure is true: each label is what its box gave or got, and each box is in the trace."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib.util import module_from_spec, spec_from_file_location
from typing import Any

import pytest
from figure_checks import FigureCheck
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

        def keep(figures: list[Iterator[Graph]], *_: object) -> list[Drawing]:
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


# -- models -------------------------------------------------------------------------------------------------


def on_meta(model: Any, *arguments: Any, **keywords: Any) -> Trace:
    """Return the trace of a shapes-only run, also of one that fails."""
    import shapeflow

    try:
        return shapeflow.trace(model.eval(), *arguments, device="meta", **keywords)
    except Exception as error:
        trace = getattr(error, "shapeflow_trace", None)
        if not isinstance(trace, Trace):
            raise
        return trace


def tiny_detector() -> Trace:
    """Return the trace of the example."""
    spec = spec_from_file_location("tiny_detector_example", EXAMPLES / "tiny_detector.py")
    assert spec and spec.loader
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    model, arguments = module.build()
    return on_meta(model, *arguments)


def llama() -> Trace:
    """Return the trace of a small Llama: twelve layers, grouped keys."""
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    sizes = {"vocab_size": 60, "hidden_size": 32, "intermediate_size": 48}
    heads = {"num_hidden_layers": 12, "num_attention_heads": 4, "num_key_value_heads": 2}
    model = transformers.LlamaForCausalLM(transformers.LlamaConfig(**sizes, **heads))
    return on_meta(model, torch.zeros(2, 7, dtype=torch.long))


def gpt2() -> Trace:
    """Return the trace of a small GPT-2: two layers, which are not folded."""
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    config = transformers.GPT2Config(
        vocab_size=50, n_embd=32, n_layer=2, n_head=4, bos_token_id=0, eos_token_id=0
    )
    return on_meta(transformers.GPT2LMHeadModel(config), torch.zeros(2, 6, dtype=torch.long))


def detr() -> Trace:
    """Return the trace of a small DETR on a small ResNet."""
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    backbone = transformers.ResNetConfig(
        embedding_size=8, hidden_sizes=[8, 12, 16, 20], depths=[1, 1, 1, 1], out_features=["stage4"]
    )
    sizes = {"d_model": 16, "encoder_layers": 3, "decoder_layers": 3, "num_queries": 5}
    heads = {"encoder_attention_heads": 2, "decoder_attention_heads": 2}
    feed = {"encoder_ffn_dim": 24, "decoder_ffn_dim": 24}
    config = transformers.DetrConfig(
        use_timm_backbone=False,
        use_pretrained_backbone=False,
        backbone=None,
        backbone_config=backbone,
        **sizes,
        **heads,
        **feed,
    )
    return on_meta(transformers.DetrForObjectDetection(config), torch.zeros(1, 3, 64, 96))


def unet() -> Trace:
    """Return the trace of a U-Net: its skip connections are joined by ``cat`` outside all blocks."""
    torch = pytest.importorskip("torch")
    nn, functional = torch.nn, torch.nn.functional

    class UNet(nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            widths = ((3, 8), (8, 16), (16, 32))
            self.down = nn.ModuleList(nn.Conv2d(a, b, 3, padding=1) for a, b in widths)
            self.middle = nn.Conv2d(32, 32, 3, padding=1)
            self.up = nn.ModuleList(nn.Conv2d(2 * b, a, 3, padding=1) for a, b in ((16, 32), (8, 16), (4, 8)))
            self.head = nn.Conv2d(4, 1, 1)

        def forward(self, x: Any) -> Any:
            skips = []
            for block in self.down:
                x = functional.relu(block(x))
                skips.append(x)
                x = functional.max_pool2d(x, 2)
            x = self.middle(x)
            for block in self.up:
                x = functional.interpolate(x, scale_factor=2)
                x = functional.relu(block(torch.cat([x, skips.pop()], 1)))
            return self.head(x)

    return on_meta(UNet(), torch.zeros(1, 3, 32, 48))


def broken() -> Trace:
    """Return the trace of a model that fails because ``mean`` took the wrong axis away."""
    torch = pytest.importorskip("torch")
    nn = torch.nn

    class Broken(nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.blocks = nn.ModuleList(nn.Linear(32, 32) for _ in range(4))
            self.head = nn.Linear(16, 3)
            self.scale = nn.Parameter(torch.ones(7))

        def forward(self, x: Any) -> Any:
            for block in self.blocks:
                x = x + block(x)
            return self.head(x.mean(1))

    return on_meta(Broken(), torch.zeros(2, 5, 32))


def broken_outside() -> Trace:
    """Return the trace of a model that fails between its layers."""
    torch = pytest.importorskip("torch")
    nn = torch.nn

    class Broken(nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.left, self.right = nn.Linear(8, 4), nn.Linear(8, 6)

        def forward(self, x: Any) -> Any:
            return self.left(x).flatten() + self.right(x).flatten()

    return on_meta(Broken(), torch.zeros(2, 8))


MODELS = {
    "tiny detector": tiny_detector,
    "Llama": llama,
    "GPT-2": gpt2,
    "DETR": detr,
    "U-Net": unet,
    "crash in a layer": broken,
    "crash between layers": broken_outside,
}


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
