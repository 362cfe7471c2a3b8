"""What names in the comments and docstrings of the model's own source stand for."""

from __future__ import annotations

import pytest
import torch
from own_files import verdicts

RESULTS = '''
import torch
from torch import nn


def scored(x, table, width: int):
    """Score.

    Args:
        table: a tensor of shape <table>

    Returns:
        scores: <scores>
        best: <best>
    """
    scores = x @ table.t()
    best = scores.amax(-1)
    found = {"scores": scores, "best": best, "width": width}
    return found


def halved(x, odd=False):
    """:return: <halved>"""
    half = x[..., ::2].relu()
    if odd:
        half = torch.cat([half, half], -1)
    return half


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.table = nn.Parameter(torch.zeros(30, 16))

    def split(self, x):
        """Split.

        :return: left: <left>, right: <right>
        """
        left = x[:, :12] * 2
        right = x[:, 12:] * 3
        return left, right

    def forward(self, x):
        """Run.

        Args:
            x (Tensor): What comes in.
                Shape: <shape>

        * `x` is what comes in, with shape
          `<bullet>`
        """
        B, N, C = x.shape  # <unpacked>
        if x.dim() == 3:  # <looked at>
            x = x * 2
        left, right = self.split(x)
        found = scored(x, self.table, 3)
        return found["scores"].sum() + left.sum() + right.sum() + halved(x).sum()
'''


@pytest.mark.parametrize(
    ("place", "shape", "verdict"),
    [
        ("table", "[30, 16]", "confirmed"),
        ("table", "[classes, width]", "symbolic, consistent"),
        ("table", "[30, 18]", "contradicted"),
        ("scores", "[3, 20, 30]", "confirmed"),
        ("scores", "[3, 20, 16]", "contradicted"),
        ("best", "[3, 20]", "confirmed"),
        ("best", "[3, 20, 30]", "contradicted"),
        ("left", "[3, 12, 16]", "confirmed"),
        ("left", "[3, 18, 16]", "contradicted"),
        ("right", "[3, 8, 16]", "confirmed"),
        ("right", "[3, 18, 16]", "contradicted"),
        ("halved", "[3, 20, 8]", "confirmed"),
        ("shape", "[3, 20, 16]", "confirmed"),
        ("shape", "[3, 16, 20]", "layout differs"),
        ("bullet", "[3, 20, 16]", "confirmed"),
        ("bullet", "[3, 12, 16]", "contradicted"),
        ("unpacked", "[batch, count, 16]", "confirmed"),
        ("looked at", "[3, 20, 16]", "confirmed"),
    ],
)
def test_a_name_is_followed_to_its_tensor(tmp_path, place, shape, verdict):
    source = RESULTS.replace(f"<{place}>", shape)
    found = verdicts(source, tmp_path / "results_net.py", torch.zeros(3, 20, 16))
    assert found == [(shape, verdict)]


SENTENCES = """
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.up = nn.Linear(16, 12)
        self.norm = nn.LayerNorm(12)

    def forward(self, x):
        # <first>

        wide = self.up(x)

        # <named>

        y = self.norm(wide)
        # <below>

        # print(y.shape) # torch.Size(<printed>)
        y = y.sum(1)
        return y
"""


@pytest.mark.parametrize(
    ("place", "text", "shape", "verdict"),
    [
        ("first", "x is the input, it has shape {}", "(3, 20, 16)", "confirmed"),
        ("first", "x es el dato de entrada, tiene forma: {}", "(3, 12, 16)", "contradicted"),
        ("first", "x после свёртки имеет форму {}", "(3, 12, 16)", "cannot tell"),
        ("first", "x is pooled to shape {}", "(3, 12, 16)", "cannot tell"),
        ("named", "adds what it was to x: {}", "(3, 20, 12, 2)", "cannot tell"),
        ("named", "wide est {}", "(3, 20, 12)", "confirmed"),
        ("named", "wide ist {}", "(3, 12, 20)", "layout differs"),
        ("below", "Output: {}", "(3, 20, 12)", "confirmed"),
        ("below", "Salida: {}", "(3, 12, 12)", "contradicted"),
        ("printed", "{}", "[3, 20, 12]", "confirmed"),
        ("printed", "{}", "[3, 20, 16]", "contradicted"),
    ],
)
def test_a_sentence_says_which_tensor_it_is_of(tmp_path, place, text, shape, verdict):
    source = SENTENCES.replace(f"<{place}>", text.format(shape))
    for other in ("first", "named", "below"):
        source = source.replace(f"        # <{other}>\n", "")
    source = source.replace("        # print(y.shape) # torch.Size(<printed>)\n", "")
    found = verdicts(source, tmp_path / "sentences_net.py", torch.zeros(3, 20, 16))
    assert [said for _, said in found] == [verdict]


ROLES = """
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        # Input: <taken>
        # Output: <given>
        self.up = nn.Linear(16, 12)
        self.down = nn.Linear(12, 24)

    def forward(self, x):
        # Output: <statement>
        x = self.up(x).relu()
        x = x * 2
        y = self.down(x)
        return y
"""


@pytest.mark.parametrize(
    ("place", "shape", "verdict"),
    [
        ("taken", "(3, 20, 16)", "confirmed"),
        ("taken", "(3, 20, 18)", "contradicted"),
        ("given", "(3, 20, 12)", "confirmed"),
        ("given", "(3, 20, 18)", "contradicted"),
        ("statement", "(3, 20, 12)", "confirmed"),
        ("statement", "(3, 20, 18)", "contradicted"),
        ("statement", "(3, 20, 24)", "cannot tell"),
    ],
)
def test_words_for_input_and_output_say_the_side(tmp_path, place, shape, verdict):
    source = ROLES.replace(f"<{place}>", shape)
    for other in (
        "        # Input: <taken>\n",
        "        # Output: <given>\n",
        "        # Output: <statement>\n",
    ):
        source = source.replace(other, "")
    found = verdicts(source, tmp_path / "roles_net.py", torch.zeros(3, 20, 16))
    assert found == [(shape, verdict)]


BRANCHES = """
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self, deep=True):
        super().__init__()
        if deep:
            # <above built>
            self.head = nn.Sequential(
                nn.Linear(16, 12),  # <built>
                nn.ReLU(),
            )
        else:
            # <above left>
            self.head = nn.Sequential(
                nn.Linear(16, 24),  # <left>
                nn.ReLU(),
            )

    def forward(self, x):
        return self.head(x)
"""


@pytest.mark.parametrize(
    ("place", "shape", "verdict"),
    [
        ("built", "(3, 20, 12)", "confirmed"),
        ("built", "(3, 20, 24)", "contradicted"),
        ("above built", "(3, 20, 16)", "confirmed"),
        ("left", "(3, 20, 24)", "not in this run"),
        ("left", "(3, 20, 12)", "not in this run"),
        ("above left", "(3, 20, 16)", "not in this run"),
    ],
)
def test_the_branch_that_built_the_model_is_known_by_its_layers(tmp_path, place, shape, verdict):
    source = BRANCHES.replace(f"<{place}>", shape)
    found = verdicts(source, tmp_path / "branches_net.py", torch.zeros(3, 20, 16))
    assert found == [(shape, verdict)]


SKIPS = """
import torch
from torch import nn


class Up(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.conv = nn.Conv2d(width, 4, 1)

    def forward(self, x, skip):
        return self.conv(torch.cat([x.repeat(1, 1, 2, 2), skip], 1))


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        # Deep (6, H/4, W/4) + skip 1 (5, H/2, W/2) -> (4, H/2, W/2)
        self.up = Up(11)

    def forward(self, x):
        return self.up(x, x[:, :5].repeat(1, 1, 2, 2))
"""


def test_a_layer_takes_all_that_is_added_before_an_arrow(tmp_path):
    found = verdicts(SKIPS, tmp_path / "skips_net.py", torch.zeros(2, 6, 8, 16))
    assert [said for _, said in found] == ["confirmed"] * 3


HEADS = '''"""A model.

Input: <in of the file>
Output: <out of the file>
"""
import torch
from torch import nn


class Net(nn.Module):
    """The net.

    Entree : <in of the class> - what comes in
    Sortie : <out of the class>
    """

    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(16, 12)

    def forward(self, x):
        return self.fc(x)
'''


@pytest.mark.parametrize("where", ["file", "class"])
@pytest.mark.parametrize(
    ("side", "shape", "verdict"),
    [
        ("in", "(3, 20, 16)", "confirmed"),
        ("in", "(3, 20, 18)", "contradicted"),
        ("out", "(3, 20, 12)", "confirmed"),
        ("out", "(3, 20, 18)", "contradicted"),
    ],
)
def test_docstrings_of_the_file_and_the_class_speak_of_the_model(tmp_path, where, side, shape, verdict):
    source = HEADS.replace(f"<{side} of the {where}>", shape)
    found = verdicts(source, tmp_path / "heads_net.py", torch.zeros(3, 20, 16))
    assert found == [(shape, verdict)]


ABOVE = """
import torch
from torch import nn


# The net.
# Input: <in>
# Output: <out>
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(16, 12)
        # Pooled: (3, 12, 20, 1) -> (3, 12, 20)
        self.pool = nn.AdaptiveAvgPool2d((20, 1))

    def forward(self, x):
        y = self.pool(self.fc(x).transpose(1, 2).unsqueeze(-1))
        return y
"""


@pytest.mark.parametrize(
    ("side", "shape", "verdict"),
    [
        ("in", "(3, 20, 16)", "confirmed"),
        ("in", "(3, 20, 18)", "contradicted"),
        ("out", "(3, 12, 20, 1)", "confirmed"),
        ("out", "(3, 12, 18, 1)", "contradicted"),
    ],
)
def test_a_comment_above_a_class_speaks_of_what_it_takes_and_gives(tmp_path, side, shape, verdict):
    source = ABOVE.replace(f"<{side}>", shape)
    found = verdicts(source, tmp_path / "above_net.py", torch.zeros(3, 20, 16))
    assert found[0] == (shape, verdict)
    assert found[-1][1] != "contradicted"  # the axis of size 1 may be dropped later


LISTED = """
import torch
from torch import nn
from torch.nn.utils import weight_norm


class Net(nn.Module):
    def __init__(self, classes=6):
        super().__init__()
        # <above the kept one>
        table = torch.zeros(50, 32)
        self.register_buffer("table", table)
        first = torch.ones(20, 16)
        kept = first.unsqueeze(0)  # <kept>
        self.kept = nn.Parameter(kept)
        self.layers = nn.Sequential(
            nn.Conv1d(96, 64, 1),
            weight_norm(nn.Conv1d(64, classes, 1)),  # (B, <classes>, N)
        ).to("cpu")

    def forward(self, x):
        wide = x.relu()
        thin = x.mean(1, keepdim=True).expand(-1, 48, -1)
        both = torch.cat([
            x,     # <first>
            thin   # <last>
        ], dim=1)  # [3, 96, 300]
        total = (wide.mean(1, keepdim=True)       # <operand>
                 + x                              # <named operand>
                 + x.sum(2, keepdim=True))
        parts = x.view(3, 6, 8, 300)

        # <merged> -> [3, 6, 2400]
        parts = parts.view(3, 6, -1)
        spread = (x.mean(1, keepdim=True)         # <first or whole>
                  + x)                            # <last or whole>
        spread = (x
                  + x.mean(2, keepdim=True))      # <of the whole>
        joined = torch.cat([x, spread,
                            x], dim=1)            # <joined>
        if wide.dim() == 4:
            # <never>
            wide = wide.squeeze(-1).unsqueeze(0)
        both = both + self.kept.sum() + self.table.sum() + total.sum() + joined.sum()
        return self.layers(both)  # <out>
"""


@pytest.mark.parametrize(
    ("place", "shape", "verdict"),
    [
        ("first", "[3, 48, 300]", "confirmed"),
        ("last", "[3, 48, 300]", "confirmed"),
        ("last", "[3, 96, 300]", "contradicted"),
        ("first or whole", "[3, 1, 300]", "confirmed"),
        ("first or whole", "[3, 48, 300]", "confirmed"),
        ("of the whole", "[3, 48, 300]", "confirmed"),
        ("of the whole", "[3, 48, 1]", "confirmed"),
        ("last or whole", "[3, 1, 300]", "contradicted"),
        ("joined", "[3, 144, 300]", "confirmed"),
        ("joined", "[3, 48, 300]", "cannot tell"),
        ("operand", "[3, 1, 300]", "confirmed"),
        ("operand", "[3, 48, 300]", "contradicted"),
        ("named operand", "[3, 48, 300]", "confirmed"),
        ("named operand", "[3, 1, 300]", "contradicted"),
        ("merged", "(B, 6, 8*300)", "cannot tell"),
        ("merged", "[3, 6, 8, 200]", "contradicted"),
        ("kept", "[1, 20, 16]", "confirmed"),
        ("kept", "[20, 1, 16]", "layout differs"),
        ("above the kept one", "[50, 32]", "confirmed"),
        ("never", "[1, 3, 48, 300]", "not in this run"),
        ("out", "(B, 6, N)", "confirmed"),
        ("out", "(B, N, 6)", "layout differs"),
        ("out", "(B, N, classes)", "layout differs"),
        ("out", "(B, classes, N)", "symbolic, consistent"),
    ],
)
def test_what_is_listed_kept_and_wrapped_is_known(tmp_path, place, shape, verdict):
    source = LISTED.replace(f"<{place}>", shape).replace("(B, <classes>, N)", "")
    found = verdicts(source, tmp_path / "listed_net.py", torch.zeros(3, 48, 300))
    assert (shape, verdict) in found


BLOCKS = """
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(6, 32, 3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(2),  # (6, 20, 28) → (32, 10, 14)
            nn.Conv2d(32, 48, 3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(2),  # <left> → (48, 5, 7)
        )

    def forward(self, x):
        return self.body(x)
"""


@pytest.mark.parametrize(
    ("left", "verdict"),
    [("(32, 10, 14)", "confirmed"), ("(48, 10, 14)", "confirmed"), ("(6, 20, 28)", "contradicted")],
)
def test_an_arrow_beside_the_last_layer_of_a_block_may_lead_from_what_the_block_took(tmp_path, left, verdict):
    found = verdicts(BLOCKS.replace("<left>", left), tmp_path / "blocks_net.py", torch.zeros(3, 6, 20, 28))
    assert [said for _, said in found] == ["confirmed", "confirmed", verdict, "confirmed"]


OPENED = """
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.up = nn.Linear(16, 12)
        self.down = nn.Linear(12, 24)

    def forward(self, x):
        # Input: (3, 20, 16)
        # Output: <given>
        x = self.up(x).relu()
        return self.down(x)
"""


@pytest.mark.parametrize(
    ("shape", "verdict"), [("(3, 20, 24)", "confirmed"), ("(3, 20, 18)", "contradicted")]
)
def test_comments_before_the_first_statement_may_be_of_the_whole_function(tmp_path, shape, verdict):
    source = OPENED.replace("<given>", shape)
    found = verdicts(source, tmp_path / "opened_net.py", torch.zeros(3, 20, 16))
    assert found[0][1] == "confirmed"
    assert found[1][1] in (verdict, "cannot tell" if verdict == "contradicted" else verdict)
