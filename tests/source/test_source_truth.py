"""What is said of a line is what Python did there: compared with a run under a line tracer."""

from __future__ import annotations

import ast
import sys
from collections import defaultdict
from pathlib import Path

import pytest
import torch
from doubtful_model import Doubtful
from places import ROOT
from torch import nn

import shapeflow
from shapeflow.shapes.notation import shape_text
from shapeflow.source.collect import source_files, wanted

FOLDERS = [*sys.path, str(ROOT), str(ROOT / "examples"), str(Path(__file__).parent)]
DTYPES = {torch.float32: "f32", torch.int64: "i64", torch.bool: "bool", torch.complex64: "c64"}


class Tricky(nn.Module):
    """Writes what is easily told wrongly: choices, several results, names used twice, loops, early ends."""

    def __init__(self):
        super().__init__()
        self.norm, self.other = nn.LayerNorm(8), nn.LayerNorm(8)
        self.attention = nn.MultiheadAttention(8, 2, batch_first=True)
        self.blocks = nn.ModuleList(nn.Linear(8, 8) for _ in range(3))
        self.act, self.count = torch.relu, len
        self.deep = nn.Linear(8, 4)

    def pair(self, x):
        return x + 1, self.norm(x)

    def choose(self, x, flag):
        if flag:
            y = self.other(x)
            z = y + 1
            return z.flatten(1)
        return self.act(x)

    def forward(self, x):
        n = self.count("ab")
        first = self.norm(x)[0]
        seen = self.attention(x, x, x)[0]
        a, b = self.pair(x)
        c, d = x.sum(-1), x.mean(1)
        q, k = x.chunk(2, dim=1)
        same = twice = self.norm(self.norm(x))
        for block in self.blocks:
            x = block(x)
        if x.shape[0] > 100:
            x = self.other(x)
            x = x.flatten(1)
        e = x if len(x.shape) == 2 else x.transpose(0, 1)
        x += 1
        f = self.choose(x, False)
        g = self.deep(f).softmax(-1).argmax(-1)
        h = [self.norm(part) for part in (x, x)]
        i = sum(h)
        j = max(len(self.norm(x)), 1)
        return first, seen, a, b, c, d, q, k, same, twice, e, f, g, i, j, n


def tricky():
    return Tricky().eval(), torch.ones(2, 6, 8)


def doubtful():
    return Doubtful().eval(), torch.ones(2, 8)


def detector():
    sys.path.insert(0, str(ROOT / "examples"))
    try:
        import tiny_detector
    finally:
        sys.path.pop(0)
    model, (images,) = tiny_detector.build()
    return model.eval(), images


def resnet():
    torchvision = pytest.importorskip("torchvision")
    return torchvision.models.resnet18().eval(), torch.ones(1, 3, 64, 64)


def swin():
    torchvision = pytest.importorskip("torchvision")
    return torchvision.models.swin_t().eval(), torch.ones(1, 3, 64, 64)


def statements(path):
    """Return the first line of the statement, or of its head, that each line of a file belongs to."""
    first = {}
    nodes = [node for node in ast.walk(ast.parse(Path(path).read_text())) if isinstance(node, ast.stmt)]
    for node in sorted(nodes, key=lambda node: node.lineno):
        begin = min([node.lineno, *(one.lineno for one in getattr(node, "decorator_list", ()))])
        first.update(dict.fromkeys(range(begin, node.end_lineno + 1), node.lineno))
    return first


class Watched:
    """The lines of some files that Python ran, and what simple names held after each statement."""

    def __init__(self, files):
        self.files = files
        self.first = {name: statements(path) for path, name in files.items()}
        self.ran = defaultdict(set)
        self.held = defaultdict(set)

    def __call__(self, frame, event, arg):
        name = self.files.get(frame.f_code.co_filename)
        return self.local(name) if name else None

    def local(self, name):
        first, at = self.first[name], None

        def trace(frame, event, arg):
            nonlocal at
            at = at or frame.f_code.co_firstlineno
            if event == "line":
                self.ran[name].add(frame.f_lineno)
            for variable, value in frame.f_locals.items():
                if isinstance(value, torch.Tensor):
                    shape = shape_text(DTYPES[value.dtype], tuple(value.shape))
                    self.held[name, first[at], variable].add(shape)
            if event == "return" and isinstance(arg, torch.Tensor):
                shape = shape_text(DTYPES[arg.dtype], tuple(arg.shape))
                self.held[name, first[at], "return"].add(shape)
            at = frame.f_lineno
            return trace

        return trace


@pytest.mark.parametrize("make", [tricky, doubtful, detector, resnet, swin], ids=lambda make: make.__name__)
def test_names_hold_what_is_said_and_lines_that_never_ran_did_not(make):
    model, x = make()
    with torch.no_grad():
        trace = shapeflow.trace(model, x)
        files = source_files(trace, wanted(trace, None), FOLDERS)
        known = [file for file in files if file.known]
        places = {}
        for module in list(sys.modules.values()):
            path = getattr(module, "__file__", None) or ""
            for file in known:
                if path.endswith(f"/{file.name}"):
                    places[path] = file.name
        watched = Watched(places)
        sys.settrace(watched)
        try:
            model(x)
        finally:
            sys.settrace(None)
    named = 0
    for file in known:
        for line in file.lines:
            if line.state == "never":
                assert line.number not in watched.ran[file.name], f"{file.name}:{line.number} ran"
            for made in line.made:
                if made.name.isidentifier() and not made.types[0].startswith("("):
                    place = (file.name, watched.first[file.name][line.number], made.name)
                    assert set(made.types) <= watched.held[place], f"{line.number}: {made}"
                    named += 1
    assert named > 5


def test_the_lines_that_never_ran_are_found():
    model, x = tricky()
    trace = shapeflow.trace(model, x)
    (file,) = source_files(trace, wanted(trace, "test_source_truth.py"), FOLDERS)
    never = [line.text.strip() for line in file.lines if line.state == "never"]
    branch = ["y = self.other(x)", "z = y + 1", "return z.flatten(1)"]
    assert never == [*branch, "x = self.other(x)", "x = x.flatten(1)"]
    made = {made.name: made.types for line in file.lines for made in line.made if made.name}
    assert made["seen"] == ("f32[2, 6, 8]",)
    assert made["first"] == ("f32[6, 8]",)
    assert made["a"] == made["b"] == ("f32[2, 6, 8]",)
    assert (made["c"], made["d"]) == (("f32[2, 6]",), ("f32[2, 8]",))
    assert made["q"] == made["k"] == ("f32[2, 3, 8]",)
    assert "twice" not in made
    assert "j" not in made


@pytest.fixture(scope="module")
def told():
    """The names of a model's source and what they were, by the text of their line."""
    model, x = doubtful()
    trace = shapeflow.trace(model, x)
    (file,) = source_files(trace, wanted(trace, "doubtful_model.py"), FOLDERS)
    return {
        (line.text.strip(), made.name): made.types for line in file.lines for made in line.made if made.name
    }


@pytest.mark.parametrize(
    ("line", "name", "shapes"),
    [
        ("eight = abs(x[:1])", "eight", ("f32[1, 8]",)),
        ("two = (count < x) & (x > 0)", "two", ("bool[2, 8]",)),
        ("five = passed(x)", "five", ("f32[2, 8]",)),
        ("two = F.relu(block(x)[:1])", "two", ("f32[1, 8]",)),
        ('three = self.heads["boxes"](x)', "three", ("f32[2, 3]",)),
        ("five = self.heads[name](x)", "five", ("f32[2, 3]", "f32[2, 2]")),
        ("twelve = torch.cat([part[:, :2] for part in eleven])", "twelve", ("f32[2, 2]",)),
        ("thirteen = x[:, : twelve.shape[1]]", "thirteen", ("f32[2, 2]",)),
        ("for part in x.split(1):", "part", ("f32[1, 8]",)),
        ("for number, (left, right) in enumerate(zip(x, x[:, :3], strict=True)):", "right", ("f32[3]",)),
    ],
)
def test_what_can_be_told_is_told(told, line, name, shapes):
    assert told.get((line, name)) == shapes


@pytest.mark.parametrize(
    ("line", "name", "why"),
    [
        ("two = F.relu(self.act(x)[:1])", "two", "an attribute may be any function"),
        ("five = other_name(x[:1]) + four.relu()", "four", "it may be imported under another name"),
        ("nine = F.relu(act(x)[:1])", "nine", "a variable may be any function"),
        ("ten = functools.reduce(torch.add, [x[:1], x[:1]]) + x", "ten", "the function that it calls adds"),
        ("eleven = sum([x[:1], x[:1]]) + x", "eleven", "a sum adds"),
        ("count = x.shape[0] // 2", "count", "a number and a tensor are swapped in a trace"),
        ("seven, seven = x.relu(), x[:1]  # noqa: F841", "seven", "the second one counts"),
        ("eight = passed(x)", "eight", "it was reshaped under another name"),
        ("sixteen = passed(x)", "sixteen", "the statement that reads it gives it another value first"),
    ],
)
def test_what_may_be_something_else_is_not_told(told, line, name, why):
    assert (line, name) not in told, why
