"""What the run costs: part by part, over time, and for nothing."""

from __future__ import annotations

from shapeflow.model.containers import values_at
from shapeflow.model.costs import total_flops, total_parameters
from shapeflow.model.exact_names import ExactNames
from shapeflow.model.flow import wasted_flops
from shapeflow.model.trace import Trace
from shapeflow.reporting.run_facts import gradients_text
from shapeflow.reporting.translator import Translator
from shapeflow.reporting.view.cost_rows import part_rows
from shapeflow.reporting.view.link_model import LinkView
from shapeflow.reporting.view.memory_curve import memory_of
from shapeflow.reporting.view.numbers_model import CostRow, NumbersView


def numbers_of(
    trace: Trace, names: ExactNames, words: Translator, rows: tuple[CostRow, ...] | None = None
) -> NumbersView:
    """Return the costs of a run; ``rows`` are those of a walkthrough's sections, if there is one."""
    flops, wasted = total_flops(trace), wasted_flops(trace)
    return NumbersView(
        parameters=total_parameters(trace),
        flops=flops,
        peak_bytes=trace.run.peak_bytes,
        gradients=gradients_text(trace, words),
        rows=part_rows(trace, names, words) if rows is None else rows,
        memory=memory_of(trace, names),
        wasted_flops=wasted,
        wasted_share=wasted / flops if flops else 0.0,
        unused=tuple(unused_outputs(trace, names)),
    )


def unused_outputs(trace: Trace, names: ExactNames) -> list[LinkView]:
    """Return the tensors that calls return and nobody reads, each once, in the order of the run."""
    unused = {value.id for value in trace.unused()}
    returned = {value for call in trace.calls for value in unused & values_at(call.outputs)}
    selectors = [(number, names.value(number)) for number in sorted(returned)]
    return [LinkView(name, name, str(trace.values[number])) for number, name in selectors]
