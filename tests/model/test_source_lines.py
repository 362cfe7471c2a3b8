"""``FILE:LINE``: what a line of source made, folded where it is alike, and how a wrong line is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from message_cases import twice_named
from torch import nn

import shapeflow
from shapeflow.errors import SelectorError
from shapeflow.model.alike import fold_alike
from shapeflow.model.records import Op
from shapeflow.model.source_lines import names_given, source_place

HERE = "test_source_lines.py"


class Block(nn.Module):
    def __init__(self, inner: nn.Module | None = None) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Linear(4, 4), inner or nn.ReLU())

    def forward(self, x):
        return self.body(x) + x  # the line of a block


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(Block() for _ in range(5))
        self.nested = Block(Block())
        self.odd = nn.Linear(4, 6)

    def forward(self, x):
        for number, block in enumerate(self.blocks):
            x = block(x)  # called in a loop
            if number != 2:
                x = block.body[1](x)  # not for all
        x = self.nested(x)
        y, z = self.odd(x).split(3, dim=1)
        self.last = torch.cat(
            [y, z],
        )
        return self.last.relu()


def line_of(text: str) -> int:
    lines = Path(__file__).read_text(encoding="utf-8").splitlines()
    return next(number for number, line in enumerate(lines, 1) if text in line)


@pytest.fixture(scope="module")
def trace():
    return shapeflow.trace(Net(), torch.rand(2, 4), device="meta")


def folded(trace, selector):
    return [(one.selector, len(one.matches)) for one in fold_alike(trace, trace.select(selector))]


def test_repeats_are_folded_and_what_torch_does_inside_is_left_out(trace):
    assert folded(trace, f"{HERE}:{line_of('called in a loop')}") == [("blocks.[0-4]", 5)]
    assert folded(trace, f"{HERE}:{line_of('the line of a block')}") == [
        ("blocks.[0-4].body", 5),
        ("blocks.[0-4]/add", 5),
        ("nested.body", 1),
        ("nested.body.1.body", 1),
        ("nested.body.1/add", 1),
        ("nested/add", 1),
    ]


def test_only_the_calls_that_a_line_made_are_named(trace):
    assert folded(trace, f"{HERE}:{line_of('not for all')}") == [("blocks.[0-1,3-4].body.1@1", 4)]


def test_several_lines_and_the_end_of_a_path(trace):
    first = line_of("called in a loop")
    names = {match.path for match in trace.select(f"model/{HERE}:{first}-{first + 4}")}
    assert {"blocks.0", "nested", "odd", "odd/linear"} >= {"blocks.0", "nested", "odd"} <= names
    assert trace.select(f"/anywhere/tests/model/{HERE}:{first}") == trace.select(f"{HERE}:{first}")


def test_ports_of_what_a_line_made(trace):
    (match,) = trace.select(f"{HERE}:{line_of('x = self.nested(x)')}:out")
    assert (match.name, match.value.shape) == ("nested@0:out", (2, 4))
    with pytest.raises(SelectorError) as caught:
        trace.select(f"{HERE}:{line_of('x = self.nested(x)')}:in.nothing")
    assert caught.value.code == "unknown-port"


@pytest.mark.parametrize(
    ("name", "paths"),
    [
        ("y", {"odd", "/split"}),
        ("z", {"odd", "/split"}),
        ("self.last", {"/cat"}),
        ("x", {"blocks.0", "blocks.1", "blocks.2", "blocks.3", "blocks.4", "nested"}),
    ],
)
def test_variables(trace, name, paths):
    found = {match.path.lstrip(".") for match in trace.select(f"{HERE}:{name}")}
    assert paths <= found


def test_each_folded_name_names_exactly_its_part(trace, sample):
    for one in (trace, sample):
        for source in one.sources:
            try:
                matches = one.select(f"{source.file}:{source.line}")
            except SelectorError as error:
                assert error.code in ("unknown-line", "unknown-file")
                continue
            parts = fold_alike(one, matches)
            for part in parts:
                assert {match.name for match in one.select(part.selector)} == {
                    match.name for match in part.matches
                }
            assert sorted(match.name for part in parts for match in part.matches) == sorted(
                match.name for match in matches
            )


def test_every_op_of_the_model_is_made_by_its_line(trace):
    for op in trace.ops:
        if op.source is not None and op.parent is None:
            source = trace.sources[op.source]
            made = trace.select(f"{source.file}:{source.line}")
            around = {match.owner.id for match in made if not isinstance(match.owner, Op)}
            ops = {match.owner.id for match in made if isinstance(match.owner, Op)}
            inside = any(trace.calls[call].first_op <= op.id < trace.calls[call].last_op for call in around)
            assert op.id in ops or inside


def test_flow_from_a_line_means_all_that_it_made(trace):
    loop, odd = line_of("called in a loop"), line_of("self.odd(x)")
    assert trace.reaches(f"{HERE}:{loop}", f"{HERE}:{odd}").answer == "yes"
    result = shapeflow.check(
        trace, _document(f"{HERE}:{loop} reaches odd", f"odd never reaches {HERE}:{loop}")
    )
    assert [verdict.status for verdict in result.verdicts] == ["holds", "holds"]
    result = shapeflow.check(trace, _document(f"blocks.2 reaches {HERE}:{loop}"))
    assert [verdict.status for verdict in result.verdicts] == ["contradicted"]


def _document(*lines):
    from shapeflow.walkthrough.reader import parse

    return parse("# A\n\n```shapes\n" + "\n".join(lines) + "\n```\n")


def test_blocks_about_a_module_leave_lines_alone(trace):
    from shapeflow.walkthrough.reader import parse

    text = f"# A\n\n```shapes module=blocks.0\n{HERE}:{line_of('x = self.nested(x)')}:out  [2, 4]\n```\n"
    assert shapeflow.check(trace, parse(text)).passed


LAST = line_of("return shapeflow.trace(Net()")
"""The last line that made something: the call of the model itself."""


@pytest.mark.parametrize(
    ("selector", "code", "hint"),
    [
        (f"{HERE}:1", "unknown-line", f"{HERE}:{line_of('the line of a block')}"),
        (f"{HERE}:99999:out", "unknown-line", f"{HERE}:{LAST}:out"),
        (f"{HERE}:self.lst", "unknown-line", f"{HERE}:self.last"),
        ("test_source_line.py:5-7", "unknown-file", f"{HERE}:5-7"),
        ("quite/elsewhere.py:5", "unknown-file", ""),
    ],
)
def test_a_wrong_place_is_met_with_the_nearest(trace, selector, code, hint):
    with pytest.raises(SelectorError) as caught:
        trace.select(selector)
    assert (caught.value.code, caught.value.hint.rpartition("/")[2]) == (code, hint)
    start, end = caught.value.columns
    assert 0 <= start < end <= len(selector)


def test_one_name_in_two_folders():
    trace = twice_named()
    with pytest.raises(SelectorError) as caught:
        trace.select("decoder.py:77")
    assert caught.value.code == "ambiguous-file"
    assert [match.path for match in trace.select(caught.value.hint)] == ["text"]


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("x = f(y)", ("x",)),
        ("a, (b, *c) = f(x)", ("a", "b", "c")),
        ("self.cache = x = f(y)", ("self.cache", "x")),
        ("out: Tensor = self.head(", ("out",)),
        ("q, k = self.rope(", ("q", "k")),
        ("total += f(x)", ("total",)),
        ("total @= f(", ("total",)),
        ("for layer in self.layers(x):", ("layer",)),
        ("with f(x) as held:", ("held",)),
        ("if (n := f(x)) > 3:", ("n",)),
        ("return f(x, key=y)", ()),
        ("assert x == f(y", ()),
        ("x[0] = f(y)", ()),
        ("f(x)[", ()),
        ("", ()),
        ("x" * 5000 + " = (", ("x" * 5000,)),
        ("(" * 3000, ()),
    ],
)
def test_names_that_a_line_gives_a_value(line, names):
    assert tuple(sorted(names_given(line))) == tuple(sorted(names))


@pytest.mark.parametrize(
    "text",
    ["encoder:out", "encoder.layers.0@1:in.x", "a/b:out", ".", "x.\\py:out", "py:77", "model.py", ":77"],
)
def test_other_selectors_are_no_lines(text):
    assert source_place(text) is None
