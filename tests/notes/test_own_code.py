"""Comments and docstrings in the model's own source: of layers, of plain functions, and letters."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from own_files import traced

import shapeflow

SOURCE = '''
"""A model."""

import torch
from torch import nn


def pooled(tokens, size: int, mask=None):
    """Average tokens.

    Args:
        tokens: <tokens>
        size: of a group, as <size>
        mask: <mask>

    Returns:
        groups: <groups>
    """
    batch, count, inner = tokens.shape
    groups = tokens.reshape(batch, count // size, size, inner).mean(2)  # <inside>
    return groups


def unused(x):
    """Input: x: <unused>"""
    return x


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        # <above the chain>
        self.embed = nn.Linear(6, 8)  # <embed>
        self.body = nn.Sequential(
            nn.Linear(8, 8),  # <inner>
            # <between>
            nn.ReLU(),
        )
        self.place = nn.Parameter(torch.zeros(1, 4, 8))  # <parameter>
        start = torch.zeros(4, 5)  # <built>
        self.register_buffer("start", start)

    def forward(self, x):
        """Input shape: <first>

        :return: <result>
        """
        x = self.embed(x)  # <line>
        kept = x  # <copied>
        # <chain>
        x = x.transpose(1, 2)
        x = self.body(x.transpose(1, 2)) + self.place  # <sum>
        groups = pooled(x, 2)  # <called>
        if x.shape[1] == 7:
            x = self.embed(x)  # <never>
        # <scores>
        x = torch.nn.functional.scaled_dot_product_attention(x, x, x)
        return x + kept + groups.repeat(1, 2, 1)
'''
BATCH, COUNT = 3, 4


def saying(trace: shapeflow.Trace, source: str, note: Path) -> Callable[..., list[str]]:
    """Return a function that gives the verdicts on shapes written at places of the source, in its order."""

    def annotated(**written: str) -> list[str]:
        text = source
        for place, shape in written.items():
            assert f"<{place.replace('_', ' ')}>" in text
            text = text.replace(f"<{place.replace('_', ' ')}>", shape)
        note.write_text(text)
        return [mark.verdict for mark in shapeflow.annotate(trace, note).marks]

    return annotated


@pytest.fixture(scope="module")
def trace(tmp_path_factory):
    path = tmp_path_factory.mktemp("own") / "own_model.py"
    return traced(SOURCE, path, "Model", torch.zeros(BATCH, COUNT, 6))


@pytest.fixture
def said(trace, tmp_path):
    return saying(trace, SOURCE, tmp_path / "own_model.py")


@pytest.mark.parametrize(
    ("place", "shape", "verdict"),
    [
        # What a parameter of a plain function was, and what it returned under a name.
        ("tokens", "features (3, 4, 8)", "confirmed"),
        ("tokens", "features (3, 4, 9)", "contradicted"),
        ("tokens", "features (batch, width)", "contradicted"),
        ("groups", "averages (3, 2, 8)", "confirmed"),
        ("groups", "averages (3, 2, 9)", "contradicted"),
        ("mask", "tensor of shape (3, 4, 7)", "cannot tell"),
        ("unused", "tensor of shape (3, 4, 8)", "not in this run"),
        # A method, whose first parameter and result have no name in the docstring.
        ("first", "Batch x Time x Channel", "symbolic, consistent"),
        ("result", "tensor (3, 4, 8)", "confirmed"),
        ("result", "tensor (3, 4, 7)", "contradicted"),
        ("result", "tensor (batch, width)", "contradicted"),
        # The layer of a line: what it gave, its weight, what a layer of a container gave.
        ("embed", "[3, 4, 8]", "confirmed"),
        ("embed", "output [3, 4, 8]", "confirmed"),
        ("embed", "[3, 4, 9]", "contradicted"),
        ("embed", "weight of shape [8, 6]", "confirmed"),
        ("embed", "(8, 6)", "confirmed"),
        ("embed", "input shape (3, 4, 6)", "confirmed"),
        ("embed", "[3, 4, 6] -> [3, 4, 8]", "confirmed"),
        ("inner", "[3, 4, 8]", "confirmed"),
        ("inner", "[3, 4, 9]", "contradicted"),
        ("between", "[3, 4, 8]", "confirmed"),
        ("between", "[3, 4, 9]", "cannot tell"),
        ("parameter", "[1, 4, 8]", "confirmed"),
        ("parameter", "[1, 4, 9]", "contradicted"),
        ("built", "[4, 5]", "not in this run"),
        # A plain copy, the result of a plain function, a line that never ran, scores that are never built.
        ("copied", "[3, 4, 8]", "confirmed"),
        ("copied", "[3, 4, 9]", "contradicted"),
        ("called", "[3, 2, 8]", "confirmed"),
        ("never", "[3, 7, 8]", "not in this run"),
        ("scores", "(3, 4, 4)", "confirmed"),
        # A shape with a batch is not one without; so many channels times four are no such number.
        ("line", "(B, 2 * D)", "contradicted"),
        ("line", "(B, N, 3 * D)", "contradicted"),
        ("line", "(B, N, 2 * D)", "symbolic, consistent"),
    ],
)
def test_a_place_in_the_source_decides(said, place, shape, verdict):
    assert said(**{place: shape})[-1] == verdict


@pytest.mark.parametrize(
    ("chain", "verdicts"),
    [
        ("(3, 4, 8) -> (3, 8, 4)", ["confirmed", "confirmed"]),
        ("(3, 4, 8) -> (3, 8, 5)", ["confirmed", "contradicted"]),
        ("(3, 4, 9) -> (3, 8, 4)", ["contradicted", "confirmed"]),
        ("(3, 4, 9) -> (3, 8, 5)", ["cannot tell", "cannot tell"]),
    ],
)
def test_one_end_of_an_arrow_above_a_statement_vouches_for_the_other(said, chain, verdicts):
    assert said(chain=chain) == verdicts


def test_letters_have_one_size_in_a_function(said):
    right = {"line": "(B, N, D)", "copied": "(B, N, D)", "chain": "(B, N, D) -> (B, D, N)"}
    consistent = "symbolic, consistent"
    assert said(**right, sum="(B, N, D)") == [consistent] * 5
    assert said(**right, sum="(B, D, N)") == [*[consistent] * 4, "layout differs"]
    assert said(**right, sum="(B, N, 2 * D)") == [*[consistent] * 4, "contradicted"]
    assert said(**right, sum="(P, Q, R)") == [consistent] * 5


def test_one_comment_against_another_proves_nothing(said):
    assert "contradicted" not in said(line="(B, N, D)", sum="(N, B, D)")
    assert "layout differs" not in said(line="(B, N, D)", sum="(N, B, D)")


def test_the_letters_that_many_use_loosely_are_not_called_wrong(said):
    loose = said(line="(B, T, C)", copied="(B, T, C)", sum="(B, T, C)", called="(B, T, C)")
    assert set(loose) <= {"symbolic, consistent", "cannot tell"}


def test_the_code_tells_what_a_name_is(said):
    assert said(inside="(batch, size, inner)") == ["symbolic, consistent"]
    assert said(inside="(batch, inner, size)") == ["layout differs"]
    assert said(inside="(batch, count, inner)") == ["contradicted"]


def test_what_fits_in_one_of_two_ways_is_not_called_wrong(said):
    assert said(tokens="features (3, 4, 8) or (3, 8, 4)") == ["confirmed", "not in this run"]
    assert said(tokens="features (3, 4, 9) if grouped") == ["cannot tell"]


OTHER = '''
"""A model of pictures."""

import torch
from torch import nn


class Net(nn.Module):
    def __init__(self, deep=False):
        super().__init__()
        # <first>
        self.conv = nn.Conv2d(3, 5, 3, stride=2, padding=1)
        # <second>
        self.down = nn.Conv2d(5, 7, 3, stride=2, padding=1)
        if deep:
            self.head = nn.Sequential(
                nn.Linear(9, 9),  # <unbuilt>
            )
        else:
            self.head = nn.Sequential(
                nn.Linear(7, 9),  # <built>
            )
        layers = nn.ModuleList([nn.Linear(9, 9)])
        self.last = layers[0]  # <taken from a list>

    def forward(self, x, deep=False):
        # x = <given>
        x = self.conv(x)

        # x = <between>

        # <above alone>
        x = self.down(x)
        for _ in range(2):
            # x = <in a loop>

            y = x.sum()
            x = x[:, :, 1:]
        if deep:
            x = x[:, :, ::2]
        # x = <behind a branch>
        if deep:
            y = x.flatten(1)
        else:
            # x = <in the other branch>
            y = x
        assert y.numel()
        return self.last(self.head(x.mean((2, 3))))
'''


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    path = tmp_path_factory.mktemp("other") / "own_net.py"
    return traced(OTHER, path, "Net", torch.zeros(2, 3, 32, 48))


@pytest.fixture
def shown(pictures, tmp_path):
    return saying(pictures, OTHER, tmp_path / "own_net.py")


@pytest.mark.parametrize(
    ("place", "shape", "verdict"),
    [
        # A comment with the name of a variable is of what that is there, or becomes in the next line.
        ("given", "[2, 3, 32, 48]", "confirmed"),
        ("between", "[2, 5, 16, 24]", "confirmed"),
        ("between", "[2, 7, 8, 12]", "confirmed"),
        ("between", "[2, 3, 16, 24]", "contradicted"),
        ("in_a_loop", "[2, 7, 8, 12]", "confirmed"),
        ("in_a_loop", "[2, 7, 7, 12]", "confirmed"),
        # Which of two branches built a layer its arguments show; one may be taken from elsewhere.
        ("built", "[2, 9]", "confirmed"),
        ("built", "[2, 11]", "contradicted"),
        ("unbuilt", "[2, 11]", "not in this run"),
        ("taken_from_a_list", "[2, 9]", "confirmed"),
        ("taken_from_a_list", "[2, 8]", "contradicted"),
    ],
)
def test_a_place_in_the_source_of_pictures_decides(shown, place, shape, verdict):
    assert shown(**{place: shape}) == [verdict]


def test_what_a_branch_gave_a_name_is_not_what_it_always_is(tmp_path):
    path = tmp_path / "own_net.py"
    module_source = OTHER.replace("def forward(self, x, deep=False)", "def forward(self, x, deep=True)")
    run = traced(module_source, path, "Net", torch.zeros(2, 3, 32, 48))
    said_there = saying(run, module_source, path)
    assert said_there(behind_a_branch="[2, 7, 3, 12]") == ["confirmed"]
    assert said_there(behind_a_branch="[2, 7, 8, 12]") != ["contradicted"]


def test_a_shape_with_the_letter_of_the_batch_has_not_left_it_out(said):
    """Whatever letter that is: the one that the others begin with."""
    others = {"line": "(M, N, D)", "copied": "(M, N, D)", "sum": "(M, N, D)", "called": "(M, G, D)"}
    assert said(result="tensor (M, D)") == ["symbolic, consistent"]
    assert said(**others, result="tensor (M, D)")[0] == "contradicted"


def test_an_author_who_puts_channels_last_gives_another_layout(shown):
    both = {"first": "(32, 48, 3) -> (16, 24, 5)", "second": "(16, 24, 5) -> (8, 12, 7)"}
    assert shown(**both) == ["layout differs"] * 4
    assert shown(**both, given="(32, 48, 3)")[-1] == "layout differs"
    assert shown(**both, above_alone="(8, 12, 7)")[-1] == "layout differs"
    assert shown(above_alone="(8, 12, 7)") == ["cannot tell"]
    mixed = shown(first="(3, 32, 48) -> (5, 16, 24)", second="(16, 24, 5) -> (8, 7, 12)")
    assert mixed[:2] == ["confirmed", "confirmed"]


DESCRIBED = '''
import torch
from torch import nn


class Net(nn.Module):
    """What happens here.

    Steps:
      wide(1 -> 6)  -> (batch, 6, 8, 8)
      reshape: (batch, 64, 6)
      expects (batch, tokens, width) from there on
    """

    def __init__(self):
        super().__init__()
        self.wide = nn.Conv2d(1, 6, 1)
        self.last = nn.Linear(6, 5)

    def forward(self, x):
        x = self.wide(x).flatten(2).transpose(1, 2)
        return self.last(x)
'''


def test_steps_of_a_docstring_are_no_parameters_that_nobody_gave(tmp_path):
    path = tmp_path / "described_net.py"
    trace = traced(DESCRIBED, path, "Net", torch.zeros(3, 1, 8, 8))
    marks = shapeflow.annotate(trace, path).marks
    assert [mark.verdict for mark in marks][:2] == ["confirmed", "confirmed"]
    assert all("no tensor was given" not in " ".join(mark.evidence) for mark in marks)


TURNED = """
import torch
from torch import nn


class Steps(nn.Module):
    def __init__(self):
        super().__init__()
        # 16,32,3 -> 16,32,8
        self.first = nn.Conv2d(3, 8, 3, padding=1)
        # 16,32,8 -> 8,16,12
        self.second = nn.Conv2d(8, 12, 3, stride=2, padding=1)
        # 8,16,12 -> 8,16,13
        self.third = nn.Conv2d(12, 14, 1)

    def forward(self, x):
        return self.third(self.second(self.first(x)))


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        steps = Steps()
        self.steps = nn.Sequential(steps.first, steps.second, steps.third)

    def forward(self, x):
        return self.steps(x)
"""


def test_channels_last_beside_lines_that_only_build_are_another_layout(tmp_path):
    path = tmp_path / "turned_net.py"
    trace = traced(TURNED, path, "Net", torch.zeros(2, 3, 16, 32))
    marks = shapeflow.annotate(trace, path).marks
    assert [mark.verdict for mark in marks[:-1]] == ["layout differs"] * 5
    assert marks[-1].verdict != "layout differs"


TICKED = """
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.wide = nn.Linear(6, 12)

    def forward(self, x):
        # The result has shape `[3, 5, 12]`
        x = self.wide(x)
        # Heads, of shape `[3, 5, 4, 2]`
        x = x.view(3, 5, 4, 3)
        return x
"""


def test_a_comment_with_backticks_is_of_its_statement(tmp_path):
    path = tmp_path / "ticked_net.py"
    trace = traced(TICKED, path, "Net", torch.zeros(3, 5, 6))
    marks = shapeflow.annotate(trace, path).marks
    assert marks[0].verdict == "confirmed"
    assert marks[1].verdict != "confirmed"
    assert "docstring" not in " ".join(marks[1].evidence)


SEVERAL = """
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.cell = nn.LSTM(6, 12, batch_first=True)

    def split(self, x):
        return x[..., :2], x[..., 2:]

    def forward(self, x):
        out, _ = self.cell(x)  # [batch, seq, size]=[3, 5, 12]
        small, large = self.split(out)  # [3, 5, 2], [3, 5, 11]
        return small, large
"""


def test_several_shapes_beside_several_names_are_theirs_in_order(tmp_path):
    path = tmp_path / "several_net.py"
    trace = traced(SEVERAL, path, "Net", torch.zeros(3, 5, 6))
    verdicts = [mark.verdict for mark in shapeflow.annotate(trace, path).marks]
    assert verdicts == ["symbolic, consistent", "confirmed", "confirmed", "contradicted"], verdicts


ARGUMENTS = """
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.attend = nn.MultiheadAttention(8, 2, batch_first=True)

    def forward(self, x):
        few = x[:, :2]
        out, _ = self.attend(
            query=few,  # [3, 2, 8]
            key=x,  # [3, 5, 8]
            value=x,  # [3, 6, 8]
        )  # [3, 2, 8]
        return out
"""


def test_a_comment_beside_an_argument_is_of_that_argument(tmp_path):
    path = tmp_path / "arguments_net.py"
    trace = traced(ARGUMENTS, path, "Net", torch.zeros(3, 5, 8))
    verdicts = [mark.verdict for mark in shapeflow.annotate(trace, path).marks]
    assert verdicts == ["confirmed", "confirmed", "contradicted", "confirmed"]


INNER = '''
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.wide = nn.Linear(16, 24)

    def forward(self, x):
        def widened(y):
            """Widen.

            :param y: (3, 20, 16)
            :return: (3, 20, 25)
            """
            y = self.wide(y)
            return y

        return widened(x)
'''


def test_a_docstring_of_an_inner_function_describes_what_it_took_and_gave(tmp_path):
    path = tmp_path / "inner_net.py"
    trace = traced(INNER, path, "Net", torch.zeros(3, 20, 16))
    given, returned = shapeflow.annotate(trace, path).marks
    assert given.verdict == "confirmed"
    assert returned.verdict != "confirmed"
    assert returned.found == "f32[3, 20, 24]" or returned.verdict == "cannot tell"


SPREAD = """
import torch
from torch import nn


class Net(nn.Module):
    def forward(self, x):
        mask = x[:1, :, :1] > 0  # (1, 20, 1) -> broadcast to (3, 20, 16)
        return x.masked_fill(mask, 0.0)
"""


def test_what_is_broadcast_to_a_shape_later_is_not_called_wrong(tmp_path):
    path = tmp_path / "spread_net.py"
    trace = traced(SPREAD, path, "Net", torch.zeros(3, 20, 16))
    marks = shapeflow.annotate(trace, path).marks
    assert all(mark.verdict != "contradicted" for mark in marks)


LISTED = '''
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.keys = nn.Linear(24, 16)

    def forward(self, enc, proj, hidden):
        """enc (B, T, 24), proj (B, T, 16) [made before], hidden (B, 16) → context (B, 24)."""
        score = (proj + hidden.unsqueeze(1)).sum(-1, keepdim=True)
        return (score * enc).sum(1) + self.keys(enc).sum()
'''


def test_each_shape_of_a_line_that_lists_arguments_is_of_its_own(tmp_path):
    path = tmp_path / "listed_net.py"
    inputs = (torch.zeros(2, 9, 24), torch.zeros(2, 9, 16), torch.zeros(2, 16))
    marks = shapeflow.annotate(traced(LISTED, path, "Net", *inputs), path).marks
    assert [mark.verdict for mark in marks] == ["confirmed"] * 4
    assert [mark.place.partition(":")[2] for mark in marks[:3]] == ["in[0]", "in[1]", "in[2]"]
