"""Branches that did not run, and shapes of which one is meant at a time."""

from __future__ import annotations

import pytest
import torch
from own_files import verdicts

BRANCHES = """
import torch
from torch import nn


class Net(nn.Module):
    def forward(self, x, pooled=False, mask=None):
        if pooled:
            if mask is None:
                y = x.mean(1)  # <inner>
            else:
                y = (x * mask).sum(1)  # [3, 16]
            # y: <named>
            y = y.relu()
        else:
            y = x.relu()  # <taken>
        if x.dim() == 2:
            x = x.unsqueeze(0)  # <alone>
        if x.size(0) > 99:
            size = x.size(1)  # <quiet>
        return y
"""


@pytest.mark.parametrize(
    ("place", "shape", "verdict"),
    [
        ("inner", "[3, 16]", "not in this run"),
        ("named", "[3, 20, 16]", "not in this run"),
        ("taken", "[3, 20, 16]", "confirmed"),
        ("taken", "[3, 16]", "contradicted"),
        ("alone", "[1, 20, 16]", "not in this run"),
        ("quiet", "[3, 20, 16]", "confirmed"),
    ],
)
def test_a_branch_without_a_trace_of_its_calls_did_not_run(tmp_path, place, shape, verdict):
    source = BRANCHES.replace(f"<{place}>", shape)
    found = dict(verdicts(source, tmp_path / "branch_net.py", torch.zeros(3, 20, 16)))
    assert found[shape] == verdict


USES = '''
import torch
from torch import nn


class Net(nn.Module):
    def forward(
        self,
        x: torch.Tensor,  # [3, 20, 16] or [3, 1, 16] when there is one
    ):
        """Run.

        Args:
            x: (3, 20, 16) ou (3, 16)
        """
        found = {
            "wide": x,  # (3, 20, 16)
            "deep": x,  # (3, 20, 17)
        }
        return found["wide"].sum()
'''


def test_the_second_of_two_shapes_is_of_another_run(tmp_path):
    found = verdicts(USES, tmp_path / "uses_net.py", torch.zeros(3, 20, 16))
    other, right = "not in this run", "confirmed"
    assert [said for _, said in found] == [right, other, right, other, right, "contradicted"]


ANNOTATED = """
from typing import Tuple

import torch
from torch import nn


class Float:
    def __class_getitem__(cls, axes):
        return torch.Tensor


class Net(nn.Module):
    def half(self, x: Float[torch.Tensor, "b n c"]) -> Float[torch.Tensor, "b n half"]:
        return x[..., ::2]

    def both(
        self,
        x: Float[torch.Tensor, "b n c"],
        y: Float[torch.Tensor, "<second>"],
    ) -> Tuple[
        Float[torch.Tensor, "b n c"],
        Float[torch.Tensor, "<result>"],
    ]:
        return x * 2, y.sum(1)

    def forward(self, x):
        one, other = self.both(x, x + 1)
        return self.half(one).sum() + other.sum()
"""


@pytest.mark.parametrize(
    ("second", "result", "said"),
    [
        ("b n c", "b c", ["symbolic, consistent"] * 2),
        ("b c n", "b c", ["layout differs", "symbolic, consistent"]),
        ("b n c", "b n c", ["symbolic, consistent", "contradicted"]),
    ],
)
def test_annotations_have_one_size_for_a_letter(tmp_path, second, result, said):
    source = ANNOTATED.replace("<second>", second).replace("<result>", result)
    found = [verdict for _, verdict in verdicts(source, tmp_path / "typed_net.py", torch.zeros(3, 20, 16))]
    assert [found[3], found[5]] == said
    assert {found[0], found[1], found[2], found[4]} == {"symbolic, consistent"}


PARTS = '''
import torch
from torch import nn


class Net(nn.Module):
    def both(self, x):
        """Run.

        Returns:
            left and right: (3, 12, 16) and (3, 8, 16)
        """
        left, right = x[:, :12] * 2, x[:, 12:] * 3
        return left, right

    def forward(self, x):
        """Run.

        Args:
            x: (3, 5, 20, 16) or (3, 20, 16)
        """
        left, right = self.both(x)
        both = torch.cat(
            [
                left.relu(),
                right,
            ],
            1,
        )
        # both -> (3, 20, <named>)
        total = torch.bmm(
            both,  # (3, 20, <first>)
            both.transpose(1, 2)  # (3, 16, <second>)
        ).sum()
        return total
        total = total * 2  # (3, 20, 16)
'''


def test_parts_of_statements_are_known_by_their_place(tmp_path):
    def said(**sizes: int) -> list[str]:
        source = PARTS
        for name, size in ({"named": 16, "first": 16, "second": 20} | sizes).items():
            source = source.replace(f"<{name}>", str(size))
        return [one for _, one in verdicts(source, tmp_path / "parts_net.py", torch.zeros(3, 20, 16))]

    idle = "not in this run"
    right = ["confirmed"] * 2 + [idle, *["confirmed"] * 4, idle]
    assert said() == right
    assert said(named=17) == [*right[:4], "contradicted", *right[5:]]
    assert said(first=17) == [*right[:5], "contradicted", *right[6:]]
    assert said(second=17) == [*right[:6], "contradicted", *right[7:]]


METHODS = """
import torch
from torch import nn


class Net(nn.Module):
    def forward(self, x):
        y = x * 2
        return y.matmul(
            y.transpose(1, 2),  # (3, 16, <width>)
        )
"""


@pytest.mark.parametrize(("width", "verdict"), [(20, "confirmed"), (16, "contradicted")])
def test_a_method_of_a_tensor_takes_its_arguments_second(tmp_path, width, verdict):
    source = METHODS.replace("<width>", str(width))
    [(_, said)] = verdicts(source, tmp_path / "methods_net.py", torch.zeros(3, 20, 16))
    assert said == verdict
