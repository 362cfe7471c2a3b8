"""What a draft says besides shapes: how much there is, what is learnt, in what order, and what joins."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain, pairwise

from shapeflow.drafting.makings import Makings
from shapeflow.drafting.outline import ModelPart, Outline, unnumbered
from shapeflow.drafting.proof import holding
from shapeflow.drafting.sections import DraftSection
from shapeflow.drafting.statements import Statement, Statements
from shapeflow.drafting.steps import ordered, proposals
from shapeflow.errors import SelectorError
from shapeflow.model.flow import reaches
from shapeflow.model.path_index import selector_of
from shapeflow.model.pattern import escape
from shapeflow.model.trace import Trace
from shapeflow.shapes.notation import shape_text

MOST_MAKINGS = 60
MOST_ORDERS = 40
MOST_TABLES = 12
MATRICES = ("weight", "bias")
"""Names under which layers keep what they multiply by and add, which are no tables."""


def add_guards(
    trace: Trace,
    traces: Sequence[Trace],
    sections: Sequence[DraftSection],
    outline: Outline,
    statements: Statements,
) -> None:
    """Put into each section what holds in every run.

    Args:
        trace: the run that is described.
        traces: all runs, this one included.
        sections: of the draft.
        outline: of this run.
        statements: knows how dtypes are written.
    """
    if not sections:
        return
    counted = [one for one in sections if one.part.selector != "." or one is sections[0]]
    amounts = {id(one): _amount(trace, one) for one in counted}
    tables = _tables(trace, outline, statements)
    makings = [(one.path, one.statement) for one in Makings(trace, outline.pattern).all()]
    flowing = {line for one in sections for line in _flowing(trace, one.steps)}
    chains = {id(one): [Statement("chain", each) for each in one.lists] for one in sections}
    steps = {line for one in sections for line in proposals(_names(one))}
    orders = sorted(line for line in steps if " before " not in line or line in flowing)
    asked = [
        *amounts.values(),
        *(one for _, one in (*tables, *makings)),
        *chain.from_iterable(chains.values()),
    ]
    true = holding(traces, [*(one.text for one in asked if one), *orders])
    makings = [pair for pair in makings if pair[1].text in true]
    statements.left_out += max(0, len(makings) - MOST_MAKINGS)
    room = MOST_ORDERS
    for section in sections:
        said = [one for one in chains[id(section)] if one.text in true]
        told = {one.rest for one in said}
        said += [one for one in ordered(_names(section), true) if one.rest not in told]
        start = 1 if section.statements and section.statements[0].subject.startswith("class ") else 0
        amount = amounts.get(id(section))
        section.statements[start:start] = [amount] if amount and amount.text in true else []
        section.statements += said[:room]
        room = max(0, room - len(said))
    for path, statement in (*[pair for pair in tables if pair[1].text in true], *makings[:MOST_MAKINGS]):
        _section_of(path, sections).statements.append(statement)


def _names(section: DraftSection) -> list[str]:
    return [step.selector for step in section.steps]


def _flowing(trace: Trace, steps: Sequence[ModelPart]) -> Iterator[str]:
    """Yield the orders of steps that mean something: what the first gives goes on to the second."""
    for first, second in pairwise(steps):
        try:
            reached = reaches(trace, selector_of(first.paths[0]), selector_of(second.paths[0])).answer
        except SelectorError:  # it has no tensors
            continue
        if reached == "yes":
            yield f"{first.selector} before {second.selector}"


def _amount(trace: Trace, section: DraftSection) -> Statement | None:
    """Return how many parameters a part has, or all of those that are alike together."""
    modules = [trace.module_by_path[path] for path in section.part.paths if path in trace.module_by_path]
    number = sum(module.parameters for module in modules)
    return Statement(f"parameters {section.part.selector}", f"= {_written(number)}") if number else None


def _written(number: int) -> str:
    """Return a number as people read it, precise enough that a layer more or less is seen."""
    if number < 1_000_000:
        return f"{number:,}"
    return f"{number / 1e6:.2f}M" if number < 10**9 else f"{number / 1e9:.3f}B"


def _tables(trace: Trace, outline: Outline, statements: Statements) -> list[tuple[str, Statement]]:
    """Return the learnt tables: embeddings, and parameters of modules of one's own; each with its module."""
    groups: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for module in trace.modules:
        embedding = module.class_name == "Embedding"
        for tensor in module.tensors or ():
            owned = embedding or (not module.class_path.startswith("torch.") and tensor.name not in MATRICES)
            if not owned or tensor.kind == "buffer" or tensor.same or len(tensor.shape) < 2:
                continue
            shape = shape_text(statements.written(tensor.dtype), tensor.shape)
            groups.setdefault((f"{unnumbered(module.path)}.{tensor.name}", shape), []).append(
                (module.path, tensor.name)
            )
    found = []
    for (_, shape), members in groups.items():
        pattern = outline.pattern([path for path, _ in members]) if members[0][0] else ""
        if pattern is not None:
            name = escape(members[0][1])
            found.append((members[0][0], Statement(f"{pattern}.{name}" if pattern else name, shape)))
    statements.left_out += max(0, len(found) - MOST_TABLES)
    return found[:MOST_TABLES]


def _section_of(path: str, sections: Sequence[DraftSection]) -> DraftSection:
    """Return the section of the innermost part that a module is or is in; else the one on the steps."""
    fitting = [
        (len(own), section)
        for section in sections
        for own in section.part.paths
        if own and (path == own or path.startswith(f"{own}."))
    ]
    if fitting:
        return max(fitting, key=lambda pair: pair[0])[1]
    return next((one for one in sections[1:] if one.part.selector == "."), sections[0])
