"""Walkthroughs read: front matter, sections, blocks and claims with their real places."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shapeflow.errors import InputError, ShapeflowError, WalkthroughError
from shapeflow.walkthrough.reader import parse, read, slug

SAMPLES = sorted((Path(__file__).parent / "samples").glob("*.md"))

TEXT = """\
---
title: A tiny model
model: tiny
run:
  image: bus.jpg
  boxes: [[0.5, 0.5, 0.2, 0.2]]
dims:
  B: 1
  G: S / P
---
Before any heading.

# 1. Encoder

Prose, then claims.

```shapes
encoder:out  [B, G]   # a remark
# only a remark

    decoder:out  [B, 2]
```

More prose.

Decoder `forward`
-----------------

```python
shapes = "no claims here"
```
"""


def test_a_whole_document():
    document = parse(TEXT, "tiny.md")
    assert (document.path, document.text, document.title, document.model) == (
        "tiny.md",
        TEXT,
        "A tiny model",
        "tiny",
    )
    assert document.run == {"image": "bus.jpg", "boxes": [[0.5, 0.5, 0.2, 0.2]]}
    assert document.dims == {"B": "1", "G": "S / P"}
    assert document.fences == 2
    top, encoder, decoder = document.sections
    assert (top.id, top.title, top.level, top.line) == ("top", "", 0, 11)
    assert (encoder.id, encoder.title, encoder.level, encoder.line) == ("1-encoder", "1. Encoder", 1, 13)
    assert (decoder.id, decoder.title, decoder.level, decoder.line) == (
        "decoder-forward",
        "Decoder forward",
        2,
        26,
    )
    assert [(block.line, bool(block.text), block.claims) for block in encoder.blocks] == [
        (14, True, ()),
        (17, False, (0, 1)),
        (23, True, ()),
    ]
    assert "shapes = " in decoder.blocks[0].text
    assert [claim.text for claim in document.claims] == ["encoder:out  [B, G]", "decoder:out  [B, 2]"]


def test_places_are_those_of_the_file():
    lines = TEXT.splitlines()
    document = parse(TEXT, "tiny.md")
    for claim in document.claims:
        assert lines[claim.span.line - 1] == claim.span.text
        assert str(claim.span.location) == f"tiny.md:{claim.span.line}:{claim.span.start + 1}"
    for section in document.sections[1:]:
        assert section.title.split()[-1] in lines[section.line - 1]
    span = document.dim_spans["G"]
    assert span.text[span.start : span.end] == "S / P"
    assert lines[span.line - 1] == span.text


@pytest.mark.parametrize(
    "text",
    [
        "- item\n\n  ```shapes\n  a:out  [1]\n  ```\n",
        "1. item\n   - item\n\n     ~~~shapes\n     a:out  [1]\n     ~~~\n",
        "> ```shapes\n> a:out  [1]\n> ```\n",
        "> - item\n>\n>   ```shapes module=.\n>   a:out  [1]\n>   ```\n",
        "````shapes\na:out  [1]\n````\n",
        "```shapes\r\na:out  [1]\r\n```\r\n",
        "```shapes\n\ta:out  [1]\t\n```",
    ],
    ids=["list", "nested list", "quote", "list in quote", "longer fence", "Windows", "tabs"],
)
def test_blocks_wherever_they_stand(text):
    document = parse(text)
    (claim,) = document.claims
    assert claim.text == "a:out  [1]"
    assert text.splitlines()[claim.span.line - 1].rstrip()[claim.span.start :].rstrip() == "a:out  [1]"


@pytest.mark.parametrize(
    "text",
    [
        "    ```shapes\n    a:out [1]\n    ```\n",
        "````\n```shapes\na:out [1]\n```\n````\n",
        "<!--\n```shapes\na:out [1]\n```\n-->\n",
        "```\na:out [1]\n```\n",
        "```shell\na:out [1]\n```\n",
    ],
    ids=["indented code", "inside another block", "comment", "no info", "other language"],
)
def test_what_is_no_block_of_claims(text):
    assert parse(text).claims == ()


@pytest.mark.parametrize("info", ["shape", "Shapes", "SHAPES", "shapeflow", "shapes:"])
def test_a_block_that_is_nearly_marked(info):
    (claim,) = parse(f"# T\n\n```{info}\na:out [1]\n```\n").claims
    assert (claim.kind, claim.body.code, claim.span.line) == ("invalid", "block-name", 3)


def test_a_block_that_is_never_closed():
    (claim,) = parse("# T\n\n```shapes\na:out [1]\n\n# Not a heading\n").claims
    assert (claim.kind, claim.body.code, claim.span.line) == ("invalid", "block-open", 3)
    (claim,) = parse("- T\n\n  ```shapes\n  a:out [1]\n\nout of the list\n").claims
    assert claim.body.code == "block-open"


def test_a_remark_ends_a_line_but_not_inside_quotes():
    text = '```shapes\na:out [1] # no\nsaid "issue #3 # 4": a#b:out [1]# yes\n#\n```\n'
    assert [claim.text for claim in parse(text).claims] == [
        "a:out [1]",
        'said "issue #3 # 4": a#b:out [1]# yes',
    ]


class TestSections:
    @pytest.mark.parametrize(
        ("title", "name"),
        [
            ("3.2 Self-attention", "3-2-self-attention"),
            ("  `scalp`: dropped!", "scalp-dropped"),
            ("编码器 (6 层)", "编码器-6-层"),
            ("???", "section"),
        ],
    )
    def test_a_heading_gives_a_stable_name(self, title, name):
        assert slug(title) == name

    def test_the_same_heading_twice(self):
        document = parse("# A\n\n## B\n\ntext\n\n## B\n\n```shapes\na:out [1]\n```\n")
        error, claim = document.claims
        assert (error.kind, error.body.code, error.span.line) == ("invalid", "duplicate-section", 7)
        assert "line 3" in error.body.because
        assert claim.kind == "shape"
        assert [block.claims for block in document.sections[2].blocks] == [(0,), (1,)]

    def test_headings_in_lists_and_quotes_are_no_sections(self):
        assert [section.title for section in parse("# A\n\n> # B\n\n- # C\n\n\\# D\n").sections] == ["A"]


class TestFrontMatter:
    def error(self, front):
        with pytest.raises(WalkthroughError) as caught:
            parse(f"---\n{front}\n---\n\n# T\n", "w.md")
        error = caught.value
        assert error.code == "front-matter"
        path, line, column = error.where.split(":")
        assert path == "w.md"
        shown, carets = error.diagnostic.frame.splitlines()[1:]
        assert shown.startswith(f"{line} | ")
        assert carets.index("^") == len(f"{line} | ") + int(column) - 1
        return error

    def test_none_is_fine(self):
        document = parse("# T\n---\n")
        assert (document.title, document.model, document.dims, document.run) == ("T", "", {}, {})

    @pytest.mark.parametrize(
        "front", ["", "title:", "run:", "dims:", "# only a remark", "author: A\nlang: en"]
    )
    def test_little_is_fine(self, front):
        parse(f"---\n{front}\n---\n# T\n")

    def test_never_closed(self):
        with pytest.raises(WalkthroughError, match="never closed"):
            parse("---\ntitle: T\n\n# T\n")

    @pytest.mark.parametrize(
        ("front", "what", "place"),
        [
            ("title: [1", "the front matter is not YAML", None),
            ("title: a\n  b: c: d", "the front matter is not YAML", "w.md:3"),
            ("- 1\n- 2", "the front matter is not a mapping", "w.md:2:1"),
            ("dims: 3", "'dims' is not a mapping", "w.md:2:7"),
            ("dims:\n  B: 1\n  B: 2", "'B' is given twice", "w.md:4:3"),
            ("dims:\n  2B: 1", "'2B' is not a name for a size", "w.md:3:3"),
            ("dims:\n  _: 1", "'_' is not a name for a size", "w.md:3:3"),
            ("dims:\n  B:", "'B' has no size", "w.md:3:3"),
            ("dims:\n  B: [1]", "'B' has no size", "w.md:3:3"),
            ("title: {a: 1}", "'title' is one line of text", "w.md:2:8"),
            ("model: [a]", "'model' is one line of text", "w.md:2:8"),
            ("run: fast", "'run' names what goes in, a key a line", "w.md:2:1"),
            ("dim:\n  B: 1", "no key 'dim' in a front matter", "w.md:2:1"),
            ("modle: sam3", "no key 'modle' in a front matter", "w.md:2:1"),
            ("? [a]\n: 1", "a key of the front matter is not a name", "w.md:2:3"),
            ("run: !!python/object/apply:os.system ['true']", "this is not plain text", "w.md:2:6"),
            ("run: {when: 2020-13-45}", "this is not plain text", "w.md:2:6"),
            ("a: &a [1]\nb: *a", "a front matter has no aliases ('*name')", "w.md:3:4"),
            ("title: a\ttab: b", "the front matter is not YAML", None),
        ],
    )
    def test_what_is_wrong_and_where(self, front, what, place):
        error = self.error(front)
        assert error.what.startswith(what)
        assert place is None or error.where.startswith(place)

    @pytest.mark.parametrize(
        "front", ["[" * 5000, "a: " + "{b: " * 3000, "x" * 100_000], ids=["lists", "mappings", "long"]
    )
    def test_hostile_yaml(self, front):
        self.error(front)

    def test_a_billion_laughs(self):
        lines = ["a0: &a0 [x, x]", *(f"a{i}: &a{i} [*a{i - 1}, *a{i - 1}]" for i in range(1, 40))]
        assert "aliases" in self.error("\n".join(lines)).what


class TestFiles:
    def test_missing_with_the_nearest_name(self, tmp_path):
        (tmp_path / "model.md").write_text("# T\n")
        with pytest.raises(InputError) as caught:
            read(tmp_path / "modl.md")
        assert (caught.value.code, caught.value.hint) == ("file-missing", str(tmp_path / "model.md"))

    def test_no_text(self, tmp_path):
        (tmp_path / "m.md").write_bytes(b"# T\n\xff\xfe")
        with pytest.raises(InputError) as caught:
            read(tmp_path / "m.md")
        assert (caught.value.code, caught.value.found) == ("not-text", "byte 0xff at position 4")

    def test_a_byte_order_mark(self, tmp_path):
        (tmp_path / "m.md").write_bytes(b"\xef\xbb\xbf---\ntitle: T\n---\n")
        assert read(tmp_path / "m.md").title == "T"

    def test_a_name_for_messages(self, tmp_path):
        (tmp_path / "m.md").write_text("```shapes\na:out [1]\n```\n")
        assert read(tmp_path / "m.md", "docs/m.md").claims[0].span.path == "docs/m.md"


class TestHostile:
    @given(st.text(max_size=300))
    def test_any_text_is_read_or_refused(self, text):
        try:
            document = parse(text)
        except ShapeflowError:
            return
        assert [claim.id for claim in document.claims] == list(range(len(document.claims)))

    @given(st.text(alphabet='`~shape \n#->\t:[]1a"', max_size=200))
    def test_any_markdown_is_read_with_real_places(self, text):
        try:
            document = parse(text)
        except ShapeflowError:
            return
        lines = text.split("\n")
        for claim in document.claims:
            assert lines[claim.span.line - 1] == claim.span.text
            assert claim.text.strip()

    @pytest.mark.slow
    @pytest.mark.parametrize("unit", ["> ", "- ", "`", "[", "* a\n", "```\n", "#"])
    def test_repeated_signs(self, unit):
        parse(unit * 20_000)

    def test_control_characters_and_nul(self):
        (claim,) = parse("```shapes\na\x00b:out [1]\x07\n```\n").claims
        assert claim.kind == "invalid"

    @pytest.mark.slow
    def test_five_megabytes(self):
        part = "## Section {}\n\n" + "Some prose about **tensors** and more of it.\n" * 40 + "\n"
        part += "```shapes\na.b:out  [B, 256, H, W]\n```\n\n"
        text = "".join(part.format(i) for i in range(2_700))
        assert len(text) > 4_900_000
        document = parse(text)
        assert (len(document.claims), len(document.sections)) == (2_700, 2_700)


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
def test_samples_are_read_whole(path):
    document = read(path)
    told = {claim.span.line for claim in document.claims}
    marked = {number for number, line in enumerate(path.read_text().split("\n"), 1) if "# E:" in line}
    assert marked <= told
