"""Comments with a line of their own: of which statement, or layer, the author's others show."""

from __future__ import annotations

import pytest
import torch
from own_files import verdicts

STATEMENTS = """
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1, self.fc2, self.fc3 = nn.Linear(4, 5), nn.Linear(5, 6), nn.Linear(6, 7)
        self.fc4, self.fc5, self.fc6 = nn.Linear(7, 8), nn.Linear(8, 9), nn.Linear(9, 10)

    def forward(self, x):
{steps}
        return x
"""
SIZES = [5, 6, 7, 8, 9, 10]


def steps(written: list[str], *, above: bool) -> str:
    """Return a model whose steps have comments above, or below, them."""
    lines = []
    for number, shape in enumerate(written, 1):
        pair = [f"x = self.fc{number}(x)", *([f"# {shape}"] if shape else [])]
        lines += [*(reversed(pair) if above else pair), ""]
    return STATEMENTS.format(steps="\n".join(f"        {line}" if line else "" for line in lines))


@pytest.mark.parametrize("above", [True, False])
@pytest.mark.parametrize(
    ("wrong", "verdict"),
    [("(3, 2, 11)", "contradicted"), ("(2, 3, 10)", "confirmed"), ("(2, 10, 3)", "layout differs")],
)
def test_a_comment_is_of_the_side_that_the_others_are_of(tmp_path, above, wrong, verdict):
    written = [f"(2, 3, {size})" for size in SIZES]
    source = steps([*written[:-1], wrong], above=above)
    found = verdicts(source, tmp_path / "habit_net.py", torch.zeros(2, 3, 4))
    assert [said for _, said in found] == ["confirmed"] * 5 + [verdict]


def test_few_comments_show_no_habit(tmp_path):
    written = [*(f"(2, 3, {size})" for size in SIZES[:3]), "", "", "(2, 3, 11)"]
    found = verdicts(steps(written, above=True), tmp_path / "few_net.py", torch.zeros(2, 3, 4))
    assert found[-1][1] == "cannot tell"


def test_comments_on_both_sides_show_no_habit(tmp_path):
    source = STATEMENTS.format(
        steps="\n".join(
            "        " + line
            for line in (
                *("# (2, 3, 5)", "x = self.fc1(x)", "# (2, 3, 6)", "x = self.fc2(x)", "# (2, 3, 7)"),
                *("x = self.fc3(x)", "y = x * 2", "# (2, 3, 7)", "z = y.sum(1)", "x = self.fc4(x)"),
                *("# (2, 3, 8)", "y = x.sum(1)", "x = self.fc5(x)", "# (2, 3, 11)", "x = self.fc6(x)"),
            )
        )
    )
    found = verdicts(source, tmp_path / "both_net.py", torch.zeros(2, 3, 4))
    assert found[-1] == ("(2, 3, 11)", "cannot tell")


def test_letters_are_of_the_side_that_the_others_are_of(tmp_path):
    written = [f"(batch, count, {size})" for size in SIZES[:-1]]
    source = steps([*written, "(count, batch, width)"], above=True)
    found = verdicts(source, tmp_path / "letters_net.py", torch.zeros(2, 3, 4))
    assert found[-1][1] == "layout differs"


LAYERS = """
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        # [b, 4, 9]
        self.a = nn.Conv1d(4, 5, 1)
        # [b, 5, 9]
        self.b = nn.Conv1d(5, 6, 1)
        # [b, 6, 9]
        self.c = nn.Conv1d(6, 7, 1)
        # [b, 7, 9]
        self.d = nn.Conv1d(7, 8, 1)
        # [b, <width>, 9]
        self.e = nn.Conv1d(8, 9, 1)

    def forward(self, x):
        return self.e(self.d(self.c(self.b(self.a(x)))))
"""


@pytest.mark.parametrize(("width", "verdict"), [(8, "confirmed"), (11, "contradicted")])
def test_comments_between_layers_are_of_what_the_next_one_takes(tmp_path, width, verdict):
    source = LAYERS.replace("<width>", str(width))
    found = verdicts(source, tmp_path / "layers_net.py", torch.zeros(2, 4, 9))
    assert [said for _, said in found] == ["confirmed"] * 4 + [verdict]


PARAGRAPH = """
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        # (2, 7, 4) -> (2, 7, 8) -> split -> two of (2, 7, 2)
        self.fc1 = nn.Linear(4, 8)
        self.fc2 = nn.Linear(8, 6)

    def forward(self, x):
        # From (2, 7, 4) -> <end>
        x = self.fc1(x)
        x = x.relu()
        x = self.fc2(x)

        # From (2, 7, 6) -> (2, 7, 1)
        x = x.sum(-1, keepdim=True)
        return x
"""


@pytest.mark.parametrize(
    ("end", "verdict"),
    [("(2, 7, 6)", "confirmed"), ("(2, 7, 8)", "confirmed"), ("(2, 7, 1)", "contradicted")],
)
def test_an_arrow_above_several_statements_ends_with_one_of_them(tmp_path, end, verdict):
    source = PARAGRAPH.replace("<end>", end)
    found = verdicts(source, tmp_path / "paragraph_net.py", torch.zeros(2, 7, 4))
    *layers, start, ended, _, _ = [said for _, said in found]
    assert "contradicted" not in layers
    assert [start, ended] == ["confirmed", verdict]


LISTED = """
import torch
from torch import nn


class Net(nn.Sequential):
    def __init__(self):
        super().__init__(
            # (B, 4, L) -> (B, 12, L)
            nn.Conv1d(4, 12, 1),

            # (B, 12, L) -> (B, <width>, L / 2)
            nn.Conv1d(12, 16, 2, stride=2),
        )

    def forward(self, x):
        for module in self:
            x = module(x)
        return x
"""


@pytest.mark.parametrize(("width", "verdict"), [(16, "confirmed"), (32, "contradicted")])
def test_a_class_of_the_kind_of_a_container_lists_its_layers(tmp_path, width, verdict):
    source = LISTED.replace("<width>", str(width))
    found = verdicts(source, tmp_path / "listed_net.py", torch.zeros(2, 4, 18))
    assert [said for _, said in found] == ["confirmed"] * 3 + [verdict]


PRODUCTS = """
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.left = nn.Parameter(torch.zeros(12, 16))
        self.right = nn.Parameter(torch.zeros(16, 20))

    def forward(self, x):
        y = torch.matmul(torch.matmul(x, self.left), self.right)  # (b,n,c)(c,f)->(b,n,f)(f,o)->(b,n,o)
        if self.training:
            y = torch.softmax(x, -1)  # (b,n,1)
        return y
"""


def test_shapes_that_stand_together_are_multiplied(tmp_path):
    found = verdicts(PRODUCTS, tmp_path / "products_net.py", torch.zeros(2, 7, 12))
    assert [said for _, said in found] == ["symbolic, consistent"] * 5 + ["not in this run"]


BLOCKS = """
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(
            # Block 1: (B, 3, 32, 48) -> (B, 8, 16, 24)
            nn.Conv2d(3, 8, 3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(2),

            # Block 2: -> (B, 12, 8, 12)
            nn.Conv2d(8, 12, 3, padding=1),
            nn.MaxPool2d(2),
        )
        self.register_buffer("place", torch.zeros(1, 12, 8, 12))  # (1, 12, 8, <width>)

    def forward(self, x):
        return self.body(x) + self.place
"""


@pytest.mark.parametrize(("width", "verdict"), [(12, "confirmed"), (16, "contradicted")])
def test_a_comment_heads_a_paragraph_of_layers(tmp_path, width, verdict):
    source = BLOCKS.replace("<width>", str(width))
    found = verdicts(source, tmp_path / "blocks_net.py", torch.zeros(2, 3, 32, 48))
    assert [said for _, said in found] == ["confirmed"] * 3 + [verdict]


STAGES = """
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        # Input: (2, 3, 32, 48), output: (2, 8, 16, <end>)
        self.conv = nn.Conv2d(3, 8, 3, padding=1)
        self.act = nn.ReLU()
        self.pool = nn.MaxPool2d(2)

        self.last = nn.Conv2d(8, 8, 1, stride=2)

    def forward(self, x):
        return self.last(self.pool(self.act(self.conv(x))))
"""


@pytest.mark.parametrize(("end", "verdict"), [(24, "confirmed"), (30, "contradicted")])
def test_an_output_above_layers_is_of_one_of_their_paragraph(tmp_path, end, verdict):
    found = verdicts(STAGES.replace("<end>", str(end)), tmp_path / "stages_net.py", torch.zeros(2, 3, 32, 48))
    assert [said for _, said in found] == ["confirmed", verdict]


def test_of_several_comments_above_each_other_none_is_called_wrong(tmp_path):
    written = [f"(2, 3, {size})" for size in SIZES]
    source = steps([*written[:-1], "(2, 3, 11)"], above=True).replace(
        "        # (2, 3, 11)\n", "        # (2, 3, 11)\n        # (2, 3, 12)\n"
    )
    found = verdicts(source, tmp_path / "stacked_net.py", torch.zeros(2, 3, 4))
    assert [said for _, said in found[-2:]] == ["cannot tell", "cannot tell"]
