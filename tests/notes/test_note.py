"""Notes of every kind are read with what stands around a shape, and no text breaks the reading."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shapeflow.errors import InputError
from shapeflow.notes.finding.contradictions import contradictions
from shapeflow.notes.mention import Kind, Mention, Note
from shapeflow.notes.reading.note import note_from_text, read_note

NOTE = """\
# Detector

## Neck

The backbone gives:

- stage 3: [2, 512, 28, 28]
  - after the lateral layer: `[2, 256, 28, 28]`

| level | stride | feature map |
| ----- | ------ | ----------- |
| P4    | 16     | 2 × 256 × 28 × 28 |

Code of the neck ([source](https://example.org/project/models/neck.py#L10-L24)):

```python
def merge(self, top, side):
    top = self.up(top)  # (B, C, 28, 28)
    # tokens: (B, 784, C)
    tokens = top.flatten(2).transpose(1, 2)
    return tokens + self.embed(side[0, 1])
```

```
Input: [2, 784, 256]
→ Q [2, 784, 256] → [2, 8, 784, 32]
```
"""


def by_text(note: Note) -> dict[str, Mention]:
    """Return the mentions of a note by what is written."""
    return {mention.text: mention for mention in note.mentions}


def test_a_note_tells_what_stands_around_a_shape() -> None:
    found = by_text(note_from_text(NOTE))
    assert found["[2, 512, 28, 28]"].frame.headings == ("Detector", "Neck")
    assert found["[2, 512, 28, 28]"].frame.lead == ("The backbone gives:",)
    assert found["[2, 256, 28, 28]"].frame.lead[-1].startswith("- stage 3")
    assert found["[2, 256, 28, 28]"].frame.region == "code"
    cell = found["2 × 256 × 28 × 28"].frame
    assert (cell.region, cell.row, cell.column) == ("cell", "P4", "feature map")


def test_comments_belong_to_their_statements() -> None:
    found = by_text(note_from_text(NOTE))
    behind, above = found["(B, C, 28, 28)"].frame, found["(B, 784, C)"].frame
    assert (behind.assigned, behind.definitions) == ("top", ("merge",))
    assert (above.assigned, above.statement) == ("tokens", "tokens = top.flatten(2).transpose(1, 2)")
    assert "side[0, 1]" not in found
    assert above.links == (("example.org/project/models/neck.py", 10, 24),)


def test_arrows_make_chains_with_one_subject() -> None:
    mentions = note_from_text(NOTE).mentions[-3:]
    assert [mention.position for mention in mentions] == [0, 1, 2]
    assert len({mention.chain for mention in mentions}) == 1
    assert mentions[0].role == "in"
    assert mentions[2].subject == "Q"


def test_a_python_file_gives_comments_docstrings_and_annotations() -> None:
    text = '''\
"""Takes (B, 3, H, W)."""
from jaxtyping import Float

class Head(Module):
    def forward(self, feats: Float[Tensor, "b n d"], grid=(7, 7)):
        """Score.

        Args:
            feats (Tensor[B, N, 256]): tokens.

        Returns:
            logits of shape (B, 91)
        """
        x = feats.reshape(-1, 256, 14, 14)  # (B, 256, 14, 14)
        x = rearrange(x, "b c h w -> b (h w) c")
        sizes = [1, 2, 256, 256]
        return self.fc(x[:, 0])
'''
    note = note_from_text(text, "python")
    assert [(str(one.pattern), one.frame.region) for one in note.mentions] == [
        ("[B, 3, H, W]", "docstring"),
        ("[b, n, d]", "annotation"),
        ("[B, N, 256]", "docstring"),
        ("[B, 91]", "docstring"),
        ("[B, 256, 14, 14]", "comment"),
        ("[b, c, h, w]", "annotation"),
        ("[b, h*w, c]", "annotation"),
    ]
    annotation, argument, result = note.mentions[1:4]
    assert annotation.frame.assigned == argument.frame.assigned == "feats"
    assert result.role == "out"
    assert argument.frame.definitions == ("Head", "forward")


def test_code_with_gaps_and_text_for_docstrings_are_read() -> None:
    text = '"""\n    :param x: ids [batch, length]\n    """'
    gap = f"def f(x):\n    {text}\n    return <your code>  # [batch, 7]\n"
    assert [str(one.pattern) for one in note_from_text(gap, "python").mentions] == [
        "[batch, length]",
        "[batch, 7]",
    ]
    shared = 'DOC = r"""\n    mask of shape `(batch, length)`\n"""\nsizes = "(batch, 3)"\n'
    assert [str(one.pattern) for one in note_from_text(shared, "python").mentions] == ["[batch, length]"]


def notebook(*cells: dict[str, object]) -> str:
    """Return the text of a notebook."""
    return json.dumps({"cells": list(cells), "nbformat": 4, "nbformat_minor": 5, "metadata": {}})


def test_a_notebook_gives_its_cells_and_what_they_printed() -> None:
    text = notebook(
        {"cell_type": "markdown", "source": ["# Try\n", "tokens: [1, 50, 768]"]},
        {
            "cell_type": "code",
            "source": "%matplotlib inline\ny = model(x)  # [1, 1000]\ny.shape",
            "outputs": [
                {"output_type": "execute_result", "data": {"text/plain": ["torch.Size([1, 1000])"]}},
                {"output_type": "stream", "text": "tensor([[12, 7, 9],\n        [31, 4, 8]])\n"},
            ],
        },
    )
    note = note_from_text(text, "notebook")
    assert [(one.span.cell, one.span.line, str(one.pattern)) for one in note.mentions] == [
        (0, 2, "[1, 50, 768]"),
        (1, 2, "[1, 1000]"),
        (1, 4, "[1, 1000]"),
    ]
    assert note.mentions[2].frame.headings == ("Try",)
    assert note.mentions[2].frame.statement == "y.shape"


def test_definitions_are_read() -> None:
    text = (
        "Tokens are (B, N, C), where B is the batch size, $N$ = H*W = 784 and C the width.\n\n"
        "其中 B 为批大小。\n\n"
        "`b, n, c` -> [2, 784, 256]"
    )
    found = {(one.symbol, one.size, one.words) for one in note_from_text(text).definitions}
    assert found >= {
        ("B", None, "the batch size"),
        ("N", 784, ""),
        ("C", None, "the width"),
        ("B", None, "批大小"),
        ("b", 2, ""),
        ("n", 784, ""),
        ("c", 256, ""),
    }


def test_comments_for_us_bind_and_ignore() -> None:
    text = (
        "<!-- shapeflow: encoder.layers.0:out -->\n- x [1, 49, 768]\n- y [1, 49, 3072]\n\n"
        "z [1, 7, 7, 768] <!-- shapeflow: ignore -->\n\nw [1, 768, 7, 7]\n\n"
        "<!-- shapeflow: ignore -->\n```\nv: [2, 768, 7, 7]\n```\n\nu [3, 768, 7, 7]\n"
    )
    note = note_from_text(text)
    assert [(one.id, one.text, one.frame.selector) for one in note.mentions] == [
        (0, "[1, 49, 768]", "encoder.layers.0:out"),
        (1, "[1, 49, 3072]", "encoder.layers.0:out"),
        (2, "[1, 768, 7, 7]", ""),
        (3, "[3, 768, 7, 7]", ""),
    ]
    assert note_from_text("x [1, 2, 3, 64]\n<!-- shapeflow: ignore-file -->\n").mentions == ()
    assert note_from_text("x = f(y)  # [1, 2, 3, 64]\n# shapeflow: ignore file\n", "python").mentions == ()


CONTRADICTIONS = {
    "14 × 14 = 169 patches": 1,
    "14 × 14 = 196 patches, 2 × 3 × 4 = 24": 0,
    "P = 2 + 3 × 4 = 14": 0,
    "flatten: [2, 256, 14, 14] → [2, 195, 256]": 1,
    "linear: [2, 196, 256] → [2, 196, 512]": 0,
    "```python\nx = x.flatten(2)  # [2, 64, 8, 8] -> [2, 64, 49]\n```": 1,
    "```python\nx = self.fc(x.flatten(2))  # [2, 64, 8, 8] -> [2, 64, 49]\n```": 0,
    "- pred_boxes: [2, 100, 4]\n- pred_logits: [2, 100, 92]\n- pred_boxes: [2, 300, 4]": 1,
    "## a\n- pred_boxes: [2, 100, 4]\n## b\n- pred_boxes: [2, 300, 4]": 0,
    "x [2, 100, 4], then x [2, 100, 8]": 0,
}


@pytest.mark.parametrize("text", CONTRADICTIONS)
def test_a_text_is_held_against_itself(text: str) -> None:
    assert len(contradictions(note_from_text(text))) == CONTRADICTIONS[text]


UNFIT = {
    "a.md": b"caf\xe9 [1, 2, 3, 64]",
    "b.md": b"\x7fELF\0\0\0",
    "c.ipynb": b'{"cells": [',
    "d.ipynb": b"[1, 2]",
    "e.md": b"a [1, 2, 3, 64]\n" * 1_300_000,
}


@pytest.mark.parametrize("name", UNFIT)
def test_what_is_no_note_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(UNFIT[name])
    with pytest.raises(InputError):
        read_note(tmp_path / name)


@pytest.mark.parametrize(
    "text",
    [
        "```\nx: [1, 2, 3, 64]",
        "> " * 3_000 + "x [1, 2, 3, 64]",
        "(" * 20_000 + "[1, 2, 3, 64]",
        "<div onclick=x " * 2_000 + "[1, 2, 3, 64]",
        "\n".join(" " * i + "- x" for i in range(300)) + " [1, 2, 3, 64]",
        "| a " * 3_000 + "|\n" + "| - " * 3_000 + "|\n" + "| [1, 2, 3, 64] " * 3_000 + "|",
        "1 x " * 20_000,
        "\\mathbb{R}^{" * 5_000,
        "[a](b" * 10_000,
    ],
    ids=lambda text: text[:12].strip(),
)
@pytest.mark.parametrize("kind", ["markdown", "python"])
def test_hostile_texts_are_read(text: str, kind: Kind) -> None:
    note_from_text(text, kind)


PIECES = st.lists(
    st.sampled_from(
        [
            *"[](){}<>|`$#*_-=:.,;×x→→\n\t \\^'\"",
            "[1, 3, 64, 64]",
            "（B，N，C）",
            "１，２",
            "B, N, C = 2, 3, 4",
            "ℝ^{B × N}",
            "\\times",
            "\\frac{H}{2}",
            "形状",
            "```",
            "\n\n",
            "\n- ",
            "\r\n",
            "\x0c",
            "\u2028",
            "<!-- shapeflow: ignore -->",
            "$$",
            "def f():\n",
            "# ",
            '"""',
            "1×2×3",
            "...",
            "é",
            "𝔹",
        ]
    ),
    max_size=60,
).map("".join)


@settings(max_examples=250, deadline=None)
@given(text=PIECES | st.text(max_size=200), kind=st.sampled_from(["markdown", "python"]))
def test_columns_always_point_at_the_text(text: str, kind: Kind) -> None:
    note = note_from_text(text, kind, threshold=0.0)
    for mention in note.mentions:
        line = note.lines[mention.span.line - 1]
        assert line[mention.span.column - 1 : mention.span.end - 1] == mention.text
        for start, end in mention.dims:
            assert mention.span.column <= start <= end <= mention.span.end
    assert [mention.id for mention in note.mentions] == list(range(len(note.mentions)))
    contradictions(note)


@settings(max_examples=100, deadline=None)
@given(content=st.binary(max_size=300), ending=st.sampled_from([".md", ".py", ".ipynb"]))
def test_any_bytes_are_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, ending: str
) -> None:
    path = tmp_path_factory.mktemp("note") / f"note{ending}"
    path.write_bytes(content)
    try:
        read_note(path)
    except InputError as error:
        assert str(error)


def test_a_fence_of_printed_sizes_alone_is_no_code() -> None:
    text = "```\ntorch.Size([1, 64, 568, 568]) #0\ntorch.Size([1, 128, 280, 280]) #1\n```\n"
    assert [str(mention.pattern) for mention in note_from_text(text).mentions] == [
        "[1, 64, 568, 568]",
        "[1, 128, 280, 280]",
    ]
