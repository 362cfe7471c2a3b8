"""The labelled texts of `make bench-annotate`: whether the labels can be right, and how they are counted."""

from __future__ import annotations

import json
import re

import pytest

import shapeflow
from benchmarks.annotate.found import Found, anywhere, line_name, nearest_name, tensors
from benchmarks.annotate.generated import NOTATIONS, changed, write
from benchmarks.annotate.labels import VERDICTS, Label, labels_of, texts
from benchmarks.annotate.scores import average, compare, curve
from benchmarks.annotate.traces import MODELS, TEXTS

OWN = ("forecaster", "listener", "segmenteur")


def _label(text: str, *verdicts: str, column: int = 1, line: str = "1") -> Label:
    return Label(line, text, verdicts, "", "", column)


def _found(text: str, verdict: str, column: int = 1, confidence: float = 1.0, line: str = "1") -> Found:
    return Found(line, column, column + len(text), text, verdict, confidence)


def test_every_label_stands_in_its_line_and_has_verdicts_that_there_are():
    corpus = texts()  # reading them looks each label up in its line
    assert all(set(label.verdicts) <= set(VERDICTS) for text in corpus for label in text.labels)
    assert {text.name for text in corpus} == {
        path.name.removesuffix(".tsv") for path in TEXTS.iterdir() if path.suffix == ".tsv"
    }


def test_the_corpus_is_as_wide_as_it_says():
    corpus = texts()
    assert len(corpus) >= 20
    assert len({text.language for text in corpus}) >= 4
    assert {text.path.suffix for text in corpus} == {".md", ".ipynb", ".py"}
    assert {text.trace for text in corpus} == set(MODELS)
    assert 0.45 < sum(text.held_out for text in corpus) / len(corpus) < 0.55


def test_a_label_that_its_line_does_not_have_is_an_error(tmp_path):
    (tmp_path / "note.md").write_text("x is [1, 2]\n")
    table = tmp_path / "note.md.tsv"
    table.write_text("line\ttext\tverdict\tplace\tnote\n1\t[1, 2]\tconfirmed\tx\t\n")
    assert labels_of(tmp_path / "note.md")[0].column == 6
    table.write_text(table.read_text() + "1\t[1, 2]\tconfirmed\tx\t\n")
    with pytest.raises(ValueError, match=r"note\.md:1 has no"):
        labels_of(tmp_path / "note.md")


@pytest.mark.parametrize("name", OWN)
def test_labels_of_our_own_models_agree_with_the_run(name):
    """Of each place there is a tensor, and it has the shape in the text just where the label says so."""
    text = next(text for text in texts() if text.trace == name)
    trace = shapeflow.run(MODELS[name][1], device="meta")
    for label in text.labels:
        if not label.place:
            continue
        shapes = {tuple(trace.values[number].shape) for number in tensors(label.place, trace)}
        assert shapes, f"{text.name}:{label.line}: nothing at {label.place}"
        if re.search(r"[A-Za-wyz]", label.text) or label.optional:
            continue
        sizes = tuple(map(int, re.findall(r"\d+", label.text)))
        assert (sizes in shapes) == ("confirmed" in label.verdicts), f"{text.name}:{label.line} {shapes}"


def test_found_shapes_are_matched_with_labels_and_counted():
    labels = [
        _label("[1, 2]", "confirmed", column=1),
        _label("[3, 4]", "contradicted", column=10),
        _label("torch.Size([5, 6])", "layout differs", column=20),
        _label("[7, 8]", "confirmed", line="2"),
        _label("9 x 9", "optional", line="3"),
    ]
    found = [
        _found("[1, 2]", "confirmed"),
        _found("[3, 4]", "confirmed", column=10, confidence=0.5),
        _found("[5, 6]", "contradicted", column=31),
        _found("(3, 3)", "not in this run", line="4"),
        _found("9 x 9", "contradicted", line="3"),
    ]
    score = compare("text", labels, found)
    assert [label.text for label in score.missed] == ["[7, 8]"]
    assert [each.text for each in score.extra] == ["(3, 3)"]
    assert (score.recall, score.precision) == (0.75, 0.75)
    assert score.right == pytest.approx(1 / 3)
    assert score.wrong == pytest.approx(1 / 3)
    assert score.caught == 0.5
    assert curve([score], [0.0, 0.9]) == [(0.0, 0.75, pytest.approx(1 / 3)), (0.9, 0.5, 0.0)]


def test_a_list_that_is_no_shape_and_is_judged_is_wrong():
    score = compare("text", [], [_found("(2, 2)", "contradicted")])
    assert (score.wrong, score.precision, score.recall) == (1.0, 0.0, 1.0)


def test_what_is_left_open_is_not_wrong_and_texts_without_a_figure_do_not_count():
    opened = compare("a", [_label("[1, 2]", "contradicted")], [_found("[1, 2]", "cannot tell")])
    assert (opened.wrong, opened.left_open, opened.right) == (None, 1.0, 0.0)
    said = compare("b", [_label("[1, 2]", "contradicted")], [_found("[1, 2]", "contradicted")])
    assert average([opened, said], lambda score: score.wrong) == (0.0, 0.0, 0.0)
    assert average([opened], lambda score: score.wrong) is None


def test_letters_may_be_confirmed_and_sizes_may_not_be_symbolic():
    letters = compare("a", [_label("B N", "symbolic")], [_found("B N", "confirmed")])
    sizes = compare("b", [_label("[1, 2]", "confirmed")], [_found("[1, 2]", "symbolic, consistent")])
    assert (letters.right, letters.wrong, sizes.right) == (1.0, 0.0, 0.0)


def test_lines_that_a_cell_printed_follow_its_source(tmp_path):
    path = tmp_path / "n.ipynb"
    cell = {"source": ["a\n", "b"], "outputs": [{"text": ["c\n", "d\n"]}]}
    path.write_text(json.dumps({"cells": [{"source": ["x"]}, cell]}))
    assert line_name(path, {"cell": 1, "line": 2}) == "1:2"
    assert line_name(path, {"cell": 1, "line": 4}) == "1:out2"


def test_the_simple_ways_say_what_they_are_said_to(tmp_path):
    trace = shapeflow.run(MODELS["forecaster"][1], device="meta")
    path = tmp_path / "note.md"
    path.write_text("`embed` gives [3, 21, 96], `calendar` [21, 96], then [3, 22, 96]\n(3, 24, 21) at last\n")
    assert [each.verdict for each in anywhere(path, trace)] == [
        *("confirmed", "contradicted", "contradicted"),
        "confirmed",
    ]
    assert [each.verdict for each in nearest_name(path, trace)] == [
        *("confirmed", "contradicted", "contradicted"),
        "cannot tell",
    ]


def test_generated_texts_have_the_shapes_that_their_labels_name(tmp_path, monkeypatch):
    import random

    monkeypatch.setattr("benchmarks.annotate.generated.CACHE", tmp_path)
    claims = [(f"layer{at}:out", (2, 3 + at, 7)) for at in range(20)]
    for notation in NOTATIONS:
        path, labels = write("net", claims, notation, random.Random(1))
        lines = path.read_text().splitlines()
        assert len(labels) == len(claims)
        assert all(lines[int(each.line) - 1].find(each.text) == each.column - 1 for each in labels), notation
        assert {"confirmed"} < {each.verdicts[0] for each in labels}


def test_a_changed_shape_is_another_one():
    import random

    draw = random.Random(0)
    for shape in ((1, 1), (2, 3), (1, 3, 224, 224)):
        for _ in range(50):
            other, verdict = changed(shape, draw)
            assert other != shape
            assert (sorted(other) == sorted(shape)) == (verdict == "layout differs")


def test_planted_mistakes_are_mistakes():
    import random

    from benchmarks.annotate.planting import planted
    from shapeflow.notes.reading.note import note_from_text

    text = "".join(f"- layer {at}: [2, {at + 3}, 64]\n" for at in range(20))
    note = note_from_text(text)
    truth = {mention.id: ("confirmed",) for mention in note.mentions}
    assert len(truth) == 20
    changed_, now = planted(note, truth, random.Random(1), 0.5)
    for old, new in zip(note.mentions, changed_.mentions, strict=True):
        assert (now[old.id] == ("confirmed",)) == (old == new)
        if old != new:
            swapped = sorted(dim.text for dim in old.pattern.dims) == sorted(
                dim.text for dim in new.pattern.dims
            )
            assert now[old.id] == (("layout differs",) if swapped else ("contradicted",))
    assert 5 <= sum(verdicts != ("confirmed",) for verdicts in now.values()) <= 12


def test_texts_in_words_state_shapes_of_the_run():
    import random

    from benchmarks.annotate.spoken import spoken
    from shapeflow.notes.places.sites import Sites

    trace = shapeflow.run(MODELS["segmenteur"][1], device="meta")
    text, stated = spoken(Sites(trace), random.Random(3))
    lines = text.splitlines()
    assert len(stated) >= 10
    assert all(shape in lines[number - 1] for number, shape in stated.items())


def test_weights_that_are_fitted_tell_what_they_were_fitted_to():
    """Also at the chosen point what is said rightly outweighs what is said wrongly."""
    from benchmarks.annotate.fitting import PRICE, Sample, chosen, fitted, left_out, point, written

    def sample(text: str, fits: float, noise: float, *truth: str) -> Sample:
        numbers = {"fits": fits, "mass fit": 4 * fits - 2 + noise, "changed": 0.0}
        numbers |= {"other heard": 1.0, "named other": 0.0}
        return Sample(text, False, 0, truth, numbers, "", frozenset())

    group = [
        sample(f"text {at % 4}", float(at % 3 > 0), (at % 5) / 5, "confirmed" if at % 3 else "contradicted")
        for at in range(60)
    ]
    fit = fitted(group)
    assert fit.true[1] > 0 > fit.false[1]
    chances = left_out(group)
    best = chosen(chances)
    assert best.right > 0.9
    assert best.wrong < 0.03
    other = point(chances, (0.93, 0.8))
    assert best.right - PRICE * best.wrong >= other.right - PRICE * other.wrong
    assert '"mass fit": (' in written(fit, best)


def test_each_number_that_speaks_for_a_mention_has_a_weight():
    from shapeflow.notes.annotate import batch_of, judge_of, left_to_place
    from shapeflow.notes.places.sites import Sites
    from shapeflow.notes.reading.note import read_note
    from shapeflow.notes.verdicts.weights import WEIGHTS

    text = next(text for text in texts() if text.trace == "segmenteur")
    trace = shapeflow.run(MODELS["segmenteur"][1], device="meta")
    note = read_note(text.path)
    mentions = left_to_place(trace, note) or note.mentions
    judge = judge_of(Sites(trace), mentions, {}, batch_of(trace))
    for placed in judge.placing.placed:
        assert {*judge.evidence(placed).numbers, "always"} == set(WEIGHTS)
