"""The table of the statements of another text: read, answered by claims, and refused in words."""

from __future__ import annotations

from pathlib import Path

import pytest

from shapeflow.errors import InputError, ShapeflowError
from shapeflow.walkthrough.document import Document
from shapeflow.walkthrough.reader import parse
from shapeflow.walkthrough.statements import number_of, read_statements

TEXT = """\
---
statements: note.tsv
---

# 1 Encoder

```shapes
encoder:out  [B, N]
count encoder.layers.* = 2
```

```shapes module=encoder
:in  [B, N]
```

```shapes module=decoder
:in  [B, N]
```

## 1.1 Sizes

```shapes
said "2/1 three layers": count encoder.layers.* = 3
encoder:out  [B, N]
```
"""
HEAD = "id\tpart\tline\tsays\tverdict\tsection\tclaim\treason\n"
ROW = "1\tPass 1 > Input\t4-5\ttwo layers\tholds\t1\tcount encoder.layers.* = 2\t\n"


@pytest.fixture
def answered(tmp_path: Path):
    """Return a function that reads a table beside the document."""

    def read(table: str, text: str = TEXT):
        (tmp_path / "note.tsv").write_text(table, encoding="utf-8")
        return read_statements(parse(text, str(tmp_path / "w.md")))

    return read


def test_a_statement_is_answered_by_a_claim_or_by_a_reason(answered):
    said = "2\tPass 1\t9\tthree layers\tcontradicted\t1.1\tcount encoder.layers.* = 3\t\n"
    reason = "3\tPass 2\t\tit helps\tnot observable\t\t\ta guess\n"
    first, second, third = answered(HEAD + ROW + said + "\n" + reason)
    assert (first.id, first.part, first.line, first.says) == ("1", "Pass 1 > Input", "4-5", "two layers")
    assert (first.verdict, first.claim, first.reason) == ("holds", 1, "")
    assert (second.claim, third.claim, third.reason) == (4, None, "a guess")


def test_a_row_may_have_the_whole_line_of_a_claim_that_is_said(answered):
    line = 'said "2/1 three layers": count encoder.layers.* = 3'
    (statement,) = answered(f"id\tsays\tverdict\tclaim\nA\tthree\tcontradicted\t{line}\n")
    assert statement.claim == 4


@pytest.mark.parametrize(
    ("section", "claim"), [("", 0), ("1", 0), ("1.1", 5), ("1.1 Sizes", 5), ("1-1-sizes", 5)]
)
def test_a_section_is_named_by_its_number_heading_or_link(answered, section, claim):
    (statement,) = answered(
        f"id\tsays\tverdict\tsection\tclaim\n1\tx\tholds\t{section}\tencoder:out  [B, N]\n"
    )
    assert statement.claim == claim


def test_without_a_table_there_are_no_statements(tmp_path):
    assert read_statements(parse("# A\n", str(tmp_path / "w.md"))) == ()


@pytest.mark.parametrize(
    ("table", "what", "line"),
    [
        ("", "the column 'id' is missing", 1),
        ("id\tsays\tverdct\tclaim\n", "no column 'verdct'", 1),
        ("id\tid\tsays\tverdict\tclaim\n", "two columns 'id'", 1),
        ("id\tsays\tverdict\n", "no column 'claim'", 1),
        (HEAD + "1\tonly two\n", "a row of 2 cells, but the table has 8 columns", 2),
        (HEAD + ROW + ROW, "'1' is there twice", 3),
        (HEAD + ROW.replace("holds", "hold"), "'hold' is no verdict on a statement", 2),
        (HEAD + ROW.replace("two layers", ""), "a statement without 'says'", 2),
        (HEAD + ROW.replace("count encoder.layers.* = 2", ""), "nothing answers the statement '1'", 2),
        (HEAD + ROW.replace("= 2", "= 4"), "makes no such claim in section '1'", 2),
        (HEAD + ROW.replace("\t1\tcount", "\t1.1\tcount"), "makes no such claim in section '1.1'", 2),
        (HEAD + ROW.replace("\t1\tcount", "\t\tcount").replace("= 2", "= 3"), "said to hold", 2),
        (HEAD + ROW.replace("count encoder.layers.* = 2", ":in  [B, N]"), "more than one claim", 2),
    ],
)
def test_a_table_that_answers_nothing_is_refused_with_its_line(answered, table, what, line):
    with pytest.raises(ShapeflowError) as caught:
        answered(table)
    assert caught.value.code == "statements"
    assert what in caught.value.what
    assert caught.value.where.endswith(f"note.tsv:{line}")


@pytest.mark.parametrize(
    ("table", "hint"),
    [
        ("id\tsays\tverdct\tclaim\n", "verdict"),
        (HEAD + ROW.replace("holds", "hold"), "holds"),
        (HEAD + ROW.replace("= 2", "= 4"), "count encoder.layers.* = 2"),
        (
            HEAD + ROW.replace("\t1\tcount", "\t1.1\tcount").replace("= 2", "= 4"),
            "count encoder.layers.* = 3",
        ),
    ],
)
def test_the_nearest_is_offered(answered, table, hint):
    with pytest.raises(ShapeflowError) as caught:
        answered(table)
    assert caught.value.hint == hint


def test_a_claim_in_another_section_is_said_to_be_there(answered):
    with pytest.raises(ShapeflowError) as caught:
        answered(HEAD + ROW.replace("\t1\tcount", "\t1.1\tcount"))
    assert caught.value.found == "it stands in '1 Encoder'"


def test_a_table_that_is_not_there_names_who_wants_it(tmp_path):
    (tmp_path / "notes.tsv").touch()
    with pytest.raises(InputError) as caught:
        read_statements(parse(TEXT, str(tmp_path / "w.md")))
    assert caught.value.code == "file-missing"
    assert "w.md' names it: 'statements: note.tsv'" in caught.value.because
    assert "notes.tsv" in caught.value.hint


def test_a_table_that_is_no_text_is_refused(tmp_path):
    (tmp_path / "note.tsv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="not text in UTF-8"):
        read_statements(parse(TEXT, str(tmp_path / "w.md")))


@pytest.mark.parametrize("name", ["../note.tsv", "/etc/passwd"])
def test_only_files_of_the_documents_folder_are_read(tmp_path, name):
    document: Document = parse(TEXT.replace("note.tsv", name), str(tmp_path / "w.md"))
    with pytest.raises(ShapeflowError, match="not beside the document"):
        read_statements(document)


@pytest.mark.parametrize(
    ("title", "number"),
    [("7.3 Heads", "7.3"), ("1. Encoder", "1"), ("Heads", "Heads"), ("3D boxes", "3D boxes"), ("7", "7")],
)
def test_the_number_of_a_heading(title, number):
    assert number_of(title) == number
