"""Letters in the comments of the model's own source: the code tells their sizes."""

from __future__ import annotations

import ast

import pytest
import torch
from own_files import verdicts

from shapeflow.notes.own_source.axes import axes_taken

CONSISTENT = "symbolic, consistent"


@pytest.mark.parametrize(
    ("code", "axes"),
    [
        ("b, n, c = x.shape", [("b", 0), ("n", 1), ("c", 2)]),
        ("b, _, c = x.size()", [("b", 0), ("c", 2)]),
        ("b, n = x.shape[:2]", [("b", 0), ("n", 1)]),
        ("h, w = x.shape[-2:]", [("h", -2), ("w", -1)]),
        ("h, w = x.shape[2:4]", [("h", 2), ("w", 3)]),
        ("b, *rest, c = x.shape", [("b", 0), ("c", -1)]),
        ("*rest, h, w = x.shape", [("h", -2), ("w", -1)]),
        ("n = x.size(1)", [("n", 1)]),
        ("n = x.shape[-1]", [("n", -1)]),
        ("b = len(x)", [("b", 0)]),
        ("b, c = x.size(0), x.shape[2]", [("b", 0), ("c", 2)]),
        ("n = x.size(1) // 2", []),
        ("b, n = x.shape[::2]", []),
        ("shape = x.shape", []),
        ("n = x.size(axis)", []),
        ("b, n = other(x)", []),
    ],
)
def test_names_that_get_the_sizes_of_a_tensor(code, axes):
    taken = list(axes_taken(ast.walk(ast.parse(code))))
    assert [axis for one in taken for axis in one.axes] == axes
    assert {one.tensor for one in taken} <= {"x"}


def test_all_axes_at_once_need_a_tensor_that_has_so_many():
    [taken] = axes_taken(ast.walk(ast.parse("b, n, c = x.shape")))
    assert taken.fits(3)
    assert not taken.fits(4)
    [taken] = axes_taken(ast.walk(ast.parse("h, w = x.shape[-2:]")))
    assert taken.fits(4)
    assert not taken.fits(1)


NET = """
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        hidden_dim, vocab_size = 12, 20
        self.n_heads = 3
        self.embed = nn.Embedding(vocab_size, hidden_dim)
        self.lstm = nn.LSTM(hidden_dim, 2 * hidden_dim, batch_first=True)
        self.head = nn.Linear(2 * hidden_dim, vocab_size)

    def forward(self, x):
        Batch, seq = x.shape
        wide = self.n_heads * 4
        x = self.embed(x)  # <embed>
        x, _ = self.lstm(x)  # <lstm>
        y = x.reshape(Batch, seq, self.n_heads, 8)  # <heads>
        y = y.transpose(1, 2)  # <turned>
        return self.head(y.transpose(1, 2).flatten(2))  # <head>
"""
TOKENS = torch.zeros(2, 7, dtype=torch.long)


@pytest.mark.parametrize(
    ("place", "shape", "verdict"),
    [
        ("embed", "(batch, seq, hidden_dim)", CONSISTENT),
        ("embed", "(batch, seq, wide)", CONSISTENT),
        ("embed", "(batch, seq, vocab_size)", "contradicted"),
        ("lstm", "(batch, seq, 2 * hidden_dim)", CONSISTENT),
        ("lstm", "(batch, seq, hidden_dim)", "contradicted"),
        ("lstm", "(batch, SEQ, hidden_dim)", "contradicted"),
        ("lstm", "(tokens, features, other)", CONSISTENT),
        ("heads", "(batch, seq, n_heads, rest)", CONSISTENT),
        ("turned", "(batch, n_heads, seq, rest)", CONSISTENT),
        ("turned", "(batch, seq, n_heads, rest)", "layout differs"),
        ("head", "(batch, seq, vocab_size)", CONSISTENT),
        ("head", "(rows, steps, hidden_dim)", "contradicted"),
        ("head", "(batch, seq, vocab_size / 2)", "contradicted"),
    ],
)
def test_the_code_of_a_class_tells_the_sizes_of_its_names(tmp_path, place, shape, verdict):
    source = NET.replace(f"<{place}>", shape)
    found = verdicts(source, tmp_path / "named_net.py", TOKENS)
    assert found == [(shape, verdict)]


HALVES = """
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(3, 8, 3, stride=2, padding=1)
        self.second = nn.Conv2d(8, 16, 3, stride=2, padding=1)
        self.third = nn.Conv2d(16, 16, 3, stride=2, padding=1)

    def forward(self, x):
        a = self.first(x)  # (B, 8, H/2, W/2)
        b = self.second(a)  # (B, 16, H/4, W/4)
        c = self.third(b)  # (B, 16, <last>)
        return c
"""


@pytest.mark.parametrize(
    ("last", "verdict"),
    [("H/8, W/8", "confirmed"), ("H/4, W/4", "contradicted"), ("H/16, W/16", "contradicted")],
)
def test_quotients_tell_the_size_of_their_letter(tmp_path, last, verdict):
    source = HALVES.replace("<last>", last)
    found = verdicts(source, tmp_path / "halves_net.py", torch.zeros(2, 3, 64, 96))
    assert [said for _, said in found] == ["confirmed", "confirmed", verdict]


CLASSES = '''
import torch
from torch import nn


class Block(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.fc = nn.Linear(width, width)

    def forward(self, x):
        return self.fc(x)  # (batch, count, <of the block>)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        d_model = 12
        self.blocks = nn.Sequential(Block(d_model), Block(<second>))

    def forward(self, x):
        """Run.

        Args:
            x: (batch, count, <of the net>)
        """
        return self.blocks(x)
'''


def test_the_arguments_of_ones_own_layers_tell_sizes(tmp_path):
    def said(width: str) -> list[str]:
        source = CLASSES.replace("<second>", "d_model").replace("<of the block>", width)
        source = source.replace("<of the net>", "d_model")
        return [one for _, one in verdicts(source, tmp_path / "classes_net.py", torch.zeros(2, 5, 12))]

    assert said("width") == [CONSISTENT, CONSISTENT]
    assert said("2 * width")[0] != CONSISTENT


SIZES = """
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.up = nn.Linear(4, 6)

    def forward(self, x):
        # (batch, count, 4)
        x = x * 2
        return self.up(x)[:, :1]  # [batch, 1, width]
"""


def test_one_size_among_letters_is_enough_to_be_confirmed(tmp_path):
    found = verdicts(SIZES, tmp_path / "sizes_net.py", torch.zeros(3, 5, 4))
    assert [said for _, said in found] == ["confirmed", "confirmed"]


ASIDE = """
import torch
from torch import nn


class Net(nn.Module):
    def forward(self, x):
        # becomes [batch, 1, count]
        mask = x.unsqueeze(1).unsqueeze(2)
        return mask
"""


def test_a_size_of_one_proves_nothing_of_what_is_made_on_the_way(tmp_path):
    [(_, verdict)] = verdicts(ASIDE, tmp_path / "aside_net.py", torch.zeros(3, 5))
    assert verdict not in ("confirmed", "contradicted")


HANDED_ON = """
import torch
from torch import nn


class Block(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.fc = nn.Linear(width, width)

    def forward(self, x):
        return self.fc(x)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        d_model = 12
        self.blocks = nn.ModuleList(Block(d_model) for _ in range(2))

    def forward(self, x):
        for block in self.blocks:
            x = block(x)
        return x[..., :<size>]  # (batch, count, d_model)
"""


@pytest.mark.parametrize(("size", "verdict"), [(12, CONSISTENT), (5, "contradicted")])
def test_what_a_class_hands_on_has_the_size_that_it_has_there(tmp_path, size, verdict):
    source = HANDED_ON.replace("<size>", str(size))
    [(_, said)] = verdicts(source, tmp_path / "handed_net.py", torch.zeros(2, 5, 12))
    assert said == verdict


LOOSE = '''
import torch
from torch import nn


class Net(nn.Module):
    def forward(self, x):
        """Run.

        Args:
            x: (B, T, C)
        """
        <code>
        y = x * 2  # (B, T, C)
        z = y * 2  # (B, T, C)
        return z[..., :3]  # (B, T, C)
'''


@pytest.mark.parametrize(
    ("code", "verdict"), [("B, T, C = x.shape", "cannot tell"), ("x = x + 1", CONSISTENT)]
)
def test_loose_letters_are_open_where_the_code_says_their_size(tmp_path, code, verdict):
    source = LOOSE.replace("<code>", code)
    found = verdicts(source, tmp_path / "loose_net.py", torch.zeros(2, 5, 12))
    assert [said for _, said in found] == [CONSISTENT] * 3 + [verdict]


SHADOWED = """
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.num_frames = 7

    def pooled(self, x, num_frames):
        return x[:, :num_frames] * 2  # (batch, num_frames, 12)

    def forward(self, x):
        return self.pooled(x, 5)
"""


def test_what_a_caller_hands_over_is_not_the_attribute_of_this_name(tmp_path):
    [(_, said)] = verdicts(SHADOWED, tmp_path / "shadowed_net.py", torch.zeros(2, 9, 12))
    assert said == "confirmed"


TWICE = """
from torch import nn


class Net(nn.Module):
    def mix(self, x, bias=None):
        \"\"\"
        x: (K, L, D)
        bias: (L, L)
        \"\"\"
        K, L, D = x.shape
        return x if bias is None else bias @ x  # <mixed>

    def forward(self, x, bias):
        \"\"\"x: (B, tokens, width)\"\"\"
        y = self.mix(x, bias)
        z = self.mix(x.transpose(1, 2))
        w = x * 2  # (B, tokens, width)
        # <above>
        v = w.exp()

        rows = []
        K, M, P = x.shape
        for row in range(2):
            rows.append(x[:, 1:] * row)  # <row>
        top = w.max(1, keepdim=True).values  # (B, tokens, width) -> <top>
        return y + v + top + z.mean()
"""


@pytest.mark.parametrize(
    ("place", "shape", "verdict"),
    [
        ("mixed", "(K, L, D)", "symbolic, consistent"),
        ("above", "(B, tokens, width)", "symbolic, consistent"),
        ("above", "(B, width, tokens)", "layout differs"),
        ("above", "(B, width, tokens)\n        # (B, tokens, width)", "cannot tell"),
        ("top", "(B, 1, width)", "confirmed"),
        ("row", "(K, 199, P)", "confirmed"),
        ("row", "(K, M, P)", "cannot tell"),
        ("top", "(B, tokens, width)", "cannot tell"),
    ],
)
def test_a_letter_has_one_size_in_all_that_a_line_says(tmp_path, place, shape, verdict):
    source = TWICE.replace(f"<{place}>", shape)
    inputs = torch.zeros(6, 200, 160), torch.zeros(200, 200)
    found = verdicts(source, tmp_path / "twice_net.py", *inputs)
    place = {"mixed": 2, "above": 4, "row": 4, "top": -1}[place]
    assert found[place] == (shape.partition("\n")[0], verdict)
