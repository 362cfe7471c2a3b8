"""The map from a walkthrough's model to another: read in either direction, laid out, and refused in words."""

from __future__ import annotations

from pathlib import Path

import pytest

from shapeflow.errors import InputError, ShapeflowError, WalkthroughError
from shapeflow.walkthrough.model_map import ModelMap, read_map
from shapeflow.walkthrough.reader import parse

TEXT = "---\nmodel: {model}\nmap: map.tsv\n---\n\n# 1 Encoder\n\n## 1.1 Layers\n\nWords.\n"
HEAD = "section\tours\ttheirs\tshapes\tnote\tnote.zh\n"
ROW = "1.1\tencoder.layers.*:out\tdetr.blocks.*:out[0]\t[N, B, D] -> [B, N, D]\tbatch first\t批次在前\n"
CALLS = "1.1\tencoder.layers.*.norm1\tdetr.blocks.*.ln\t\t\t\n"


@pytest.fixture
def mapped(tmp_path: Path):
    """Return a function that reads a table beside the document of a model."""

    def read(table: str, model: str = "ours") -> ModelMap:
        (tmp_path / "map.tsv").write_text(table, encoding="utf-8")
        found = read_map(parse(TEXT.format(model=model), str(tmp_path / "w.md")))
        assert found is not None
        return found

    return read


def test_the_other_document_reads_the_table_backwards(mapped):
    (here,), (there,) = mapped(HEAD + ROW).rows, mapped(HEAD + ROW, "theirs").rows
    assert (here.here, here.there) == ("encoder.layers.*:out", "detr.blocks.*:out[0]")
    assert (there.here, there.there) == (here.there, here.here)
    assert (here.shapes, there.shapes) == (("[N, B, D]", "[B, N, D]"), ("[B, N, D]", "[N, B, D]"))
    assert (here.section, here.line, here.note("zh"), here.note("fr")) == (
        "1.1",
        2,
        "批次在前",
        "batch first",
    )
    assert (mapped(HEAD + ROW).model, mapped(HEAD + ROW, "theirs").model) == ("theirs", "ours")


@pytest.mark.parametrize(
    ("key", "partner"),
    [
        ("encoder.layers.3.norm1", "detr.blocks.3.ln"),
        ("encoder.layers.3", ""),
        ("encoder.layers.3.norm1.inner", ""),
        ("encoder.layers.3.forward_pre()", ""),
        ("points", ""),
        ("head.a.to.b", "top.a.b"),
    ],
)
def test_a_star_stands_for_the_same_name_on_both_sides(mapped, key, partner):
    head = "1\thead.*.to.*\ttop.*.*\t\t\t\n1\tpoints\t\t\tnot built\t\n"
    assert mapped(HEAD + ROW + CALLS + head).partners([key]).get(key, "") == partner


def test_without_a_table_there_is_no_map(tmp_path):
    assert read_map(parse("# A\n", str(tmp_path / "w.md"))) is None


@pytest.mark.parametrize(
    ("table", "what", "line"),
    [
        ("", "a map is between two models", 1),
        ("section\tours\n", "a map is between two models", 1),
        ("ours\ttheirs\n", "the column 'section' is missing", 1),
        ("section\tsection\tours\ttheirs\n", "two columns 'section'", 1),
        ("secton\tours\ttheirs\n", "no column 'secton', and there are two models already", 1),
        ("section\tour\ttheirs\n", "no column 'ours'", 1),
        (HEAD + "1.1\tencoder\n", "a row of 2 cells, but the table has 6 columns", 2),
        (HEAD + ROW + ROW, "'encoder.layers.*:out' is there twice", 3),
        (HEAD + ROW.replace("1.1", "1.2"), "w.md' has no section '1.2'", 2),
        (HEAD + "1\t\t\t\t\t\n", "a row without a place in either model", 2),
        (HEAD + "1\tpoints\t\t\t\t\n", "'points' has no partner", 2),
        (HEAD + ROW.replace("blocks.*", "blocks.0"), "are not alike", 2),
        (HEAD + ROW.replace("*:out[0]", "*"), "only one is a port", 2),
        (HEAD + ROW.replace("encoder.layers.*:out", "encoder..*:out"), "'encoder..*:out' is no selector", 2),
        (HEAD + ROW.replace("layers.*", "**"), "cannot be laid beside another", 2),
        (HEAD + ROW.replace("layers.*", "layers.[0-5]"), "cannot be laid beside another", 2),
        (HEAD + ROW.replace(" -> [B, N, D]", ""), "'[N, B, D]' are not two shapes", 2),
        (HEAD + ROW.replace("[B, N, D]", "[B, N,, D]"), "are not two shapes", 2),
        (HEAD + ROW.replace("[B, N, D]", "[N, B, D]"), "is one shape twice", 2),
    ],
)
def test_a_table_that_maps_nothing_is_refused_with_its_line(mapped, table, what, line):
    with pytest.raises(ShapeflowError) as caught:
        mapped(table)
    assert caught.value.code == "map"
    assert what in caught.value.what
    assert caught.value.where.endswith(f"map.tsv:{line}")
    assert caught.value.expected or caught.value.because


@pytest.mark.parametrize(
    ("table", "hint"),
    [
        ("secton\tours\ttheirs\n", "section"),
        ("section\tour\ttheirs\n", "ours"),
        (HEAD + ROW.replace("1.1", "1.2"), "1.1"),
    ],
)
def test_the_nearest_is_offered(mapped, table, hint):
    with pytest.raises(ShapeflowError) as caught:
        mapped(table)
    assert caught.value.hint == hint


def test_a_document_that_names_no_model_has_no_direction(tmp_path):
    (tmp_path / "map.tsv").write_text(HEAD + ROW, encoding="utf-8")
    with pytest.raises(WalkthroughError, match="does not say which model it is about"):
        read_map(parse("---\nmap: map.tsv\n---\n# 1 A\n", str(tmp_path / "w.md")))


def test_a_table_that_is_not_there_names_who_wants_it(tmp_path):
    with pytest.raises(InputError) as caught:
        read_map(parse(TEXT.format(model="ours"), str(tmp_path / "w.md")))
    assert caught.value.code == "file-missing"
    assert "w.md' names it: 'map: map.tsv'" in caught.value.because


def test_a_table_elsewhere_is_refused(tmp_path):
    with pytest.raises(WalkthroughError) as caught:
        read_map(parse("---\nmodel: ours\nmap: ../map.tsv\n---\n# 1 A\n", str(tmp_path / "w.md")))
    assert (caught.value.code, caught.value.what) == (
        "map",
        "the map to another model is not beside the document: '../map.tsv'",
    )
