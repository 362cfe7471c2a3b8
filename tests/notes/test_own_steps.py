"""Docstrings of one's own code: the steps that they list, where sections end, what arrows lead to."""

from __future__ import annotations

import pytest
import torch
from own_files import verdicts

STEPS = '''
import torch
import torch.nn.functional as F
from torch import nn


class Net(nn.Module):
    """Say what it is.

    encode(x) -> <encode>
    head = net(x)  # x: <used>
    forward(x, mask=None) → the scores <forward>
    sample(n) -> <sample>
    """

    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 24, 3, stride=2, padding=1)
        self.head = nn.Linear(24, 10)

    def encode(self, x):
        return F.relu(self.stem(x))

    def sample(self, n):
        return torch.randn(n, 3, 40, 48)

    def forward(self, x, mask=None):  # <signed in> -> <signed out>
        """Run it.

        Args:
            x: <given>
        Returns:
            scores of shape <returned>

        All shapes:
            x:    <x>
            stem: <stem>
            kept: <kept>
            sum:  <sum>
            head: <head in> -> <head>
        """
        y = self.encode(x)
        kept = y.flatten(2)
        y = kept.sum(-1)
        return self.head(y)
'''


@pytest.mark.parametrize(
    ("place", "shape", "verdict"),
    [
        ("given", "(5, 3, 40, 48)", "confirmed"),
        ("returned", "(5, 10)", "confirmed"),
        ("returned", "(5, 12)", "contradicted"),
        ("x", "(5, 3, 40, 48)", "confirmed"),
        ("stem", "(5, 24, 20, 24)", "confirmed"),
        ("stem", "(5, 24, 40, 48)", "contradicted"),
        ("stem", "(5, 20, 24, 24)", "layout differs"),
        ("kept", "(5, 24, 480)", "confirmed"),
        ("kept", "(5, 480, 24)", "layout differs"),
        ("sum", "(5, 24)", "confirmed"),
        ("sum", "(5, 26)", "contradicted"),
        ("head in", "(5, 24)", "confirmed"),
        ("head in", "(5, 10)", "contradicted"),
        ("head", "(5, 10)", "confirmed"),
        ("head", "(5, 24)", "contradicted"),
        ("used", "(5, 3, 40, 48)", "confirmed"),
        ("encode", "(5, 24, 20, 24)", "confirmed"),
        ("encode", "(5, 24, 10, 12)", "contradicted"),
        ("forward", "(5, 10)", "confirmed"),
        ("forward", "(5, 24)", "contradicted"),
        ("sample", "(7, 3, 40, 48)", "not in this run"),
        ("signed in", "(5, 3, 40, 48)", "confirmed"),
        ("signed in", "(5, 3, 40, 40)", "contradicted"),
        ("signed out", "(5, 10)", "confirmed"),
        ("signed out", "(5, 3, 40, 48)", "contradicted"),
    ],
)
def test_a_step_is_known_by_its_layer_variable_operation_or_method(tmp_path, place, shape, verdict):
    ends = {"signed in": " -> (5, 10)", "head in": " -> (5, 10)"}.get(place, "")
    tail = " -> <signed out>" if place == "signed in" else ""
    source = STEPS.replace(f"<{place}>{tail}", shape + ends)
    if place == "head":
        source = source.replace("<head in>", "(5, 24)")
    found = verdicts(source, tmp_path / "steps_net.py", torch.zeros(5, 3, 40, 48))
    assert found[-1 if place == "head" else 0] == (shape, verdict)


CLOSING = '''
import torch
from torch import nn


class Half(nn.Module):
    """Halve it.

    Input: mel <class in>
    Output: f0 <class out>
    """

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv1d(80, 40, 1)
        self.last = nn.Conv1d(40, 24, 3, stride=2, padding=1)

    def forward(self, mel, scale):
        return self.last(self.conv(mel)) * scale


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.low = Half()

    def forward(
        self,
        x: torch.Tensor,
        scale: torch.Tensor,
    ) -> torch.Tensor:  # <closing>
        y = self.low(x, scale)  # -> <arrow>
        z = self.low(x, scale)  # torch.Size(<printed>)
        return y + z
'''


@pytest.mark.parametrize(
    ("place", "shape", "verdict"),
    [
        ("closing", "(6, 24, 125)", "confirmed"),
        ("closing", "(6, 80, 250)", "contradicted"),
        ("arrow", "(6, 24, 125)", "confirmed"),
        ("arrow", "(6, 40, 250)", "contradicted"),
        ("printed", "[6, 24, 125]", "confirmed"),
        ("printed", "[6, 80, 250]", "contradicted"),
        ("class in", "(6, 80, 250)", "confirmed"),
        ("class in", "(6, 80, 20)", "contradicted"),
        ("class out", "(6, 24, 125)", "confirmed"),
        ("class out", "(6, 125, 24)", "layout differs"),
    ],
)
def test_nothing_inside_of_a_call_is_what_its_line_gives(tmp_path, place, shape, verdict):
    source = CLOSING.replace(f"<{place}>", shape)
    inputs = torch.zeros(6, 80, 250), torch.zeros(1)
    assert verdicts(source, tmp_path / "closing_net.py", *inputs) == [(shape, verdict)]


SENTENCES = '''
import torch
from torch import nn


class Net(nn.Module):
    def sample(self, x):
        """Tire des valeurs.

        Retourne pooled <pooled>, scale (6, 128, 96) et score <score>.
        """
        pooled = x.mean(1)
        scale = x.exp()[:, :128, :96]
        score = x.sum(2)
        return {"pooled": pooled, "scale": scale, "score": score}

    def turn(self, x, other):
        """x : entrée (6, 200, 160) ; other : données fixes <other>."""
        return x @ other

    def mixed(self, x):
        """x: (6, 200, 160) -> <mixed>"""
        return x.sum(1)

    def forward(self, x, other):
        return self.sample(x), self.turn(x, other), self.mixed(x)
'''


@pytest.mark.parametrize(
    ("place", "shape", "verdict"),
    [
        ("pooled", "(6, 160)", "confirmed"),
        ("pooled", "(6, 128, 96)", "contradicted"),
        ("score", "(6, 200)", "confirmed"),
        ("score", "(6, 160)", "contradicted"),
        ("other", "(160, 32)", "confirmed"),
        ("other", "(6, 200, 160)", "contradicted"),
        ("mixed", "(6, 160)", "confirmed"),
        ("mixed", "(6, 200)", "contradicted"),
    ],
)
def test_a_shape_in_a_sentence_is_of_the_name_before_it(tmp_path, place, shape, verdict):
    source = SENTENCES.replace(f"<{place}>", shape)
    for name in ("pooled", "score", "other", "mixed"):
        source = source.replace(f"<{name}>", "")
    found = verdicts(source, tmp_path / "sentences_net.py", torch.zeros(6, 200, 160), torch.zeros(160, 32))
    assert (shape, verdict) in found


USES = '''
from torch import nn


class Net(nn.Module):
    def forward(self, x, mask):
        """Run.

        Args:
            x: the signal
                - of many: (3, 20, 16)
                - of one: (20, 16)
            mask: a mask of shape (3, 20, 20)
                or (3, 20)
        """
        return x * mask[..., None]
'''


def test_shapes_of_other_uses_may_stand_below_each_other(tmp_path):
    found = verdicts(USES, tmp_path / "uses_net.py", torch.zeros(3, 20, 16), torch.zeros(3, 20))
    right, other = "confirmed", "not in this run"
    assert [said for _, said in found] == [right, other, other, right]


CAREFUL = '''
import torch
from torch import nn


class Net(nn.Module):
    """Say what it is.

    last: a table of words, of shape (90, 16)
    """

    def __init__(self, wide=False):
        super().__init__()
        self.last = nn.Linear(16, 24)
        if wide:
            row = torch.zeros(70, 16)  # (70, 16)
        else:
            row = torch.zeros(50, 16)  # (51, 16)
        self.register_buffer("row", row)

    def forward(self, x):
        """Turn (3, 20, 16) -> (3, 16, 20), then apply the layer."""
        turned = x.transpose(1, 2)
        return self.last(turned.mT + self.row.mean()).mean(1)
'''


def test_nothing_is_called_wrong_that_may_be_of_something_else(tmp_path):
    found = verdicts(CAREFUL, tmp_path / "careful_net.py", torch.zeros(3, 20, 16))
    assert "contradicted" not in {verdict for _, verdict in found}
    assert len(found) == 5
