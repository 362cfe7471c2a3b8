"""What words of a text say of places: in many languages, by ordinals, by numbers that count from one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import nn

import shapeflow
from shapeflow.notes.placing.chain import Placed, State
from shapeflow.notes.placing.leads import misleading
from shapeflow.notes.reading.note import note_from_text
from shapeflow.notes.words.ordinals import Ranks, numbered, ranked
from shapeflow.notes.words.vocabulary import CONCEPTS, STEMS
from shapeflow.notes.words.words import text_tokens, without_accents


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Gewicht der Downsampling-Faltung in Stufe 3", {"weight", "conv", "stage", "#3"}),
        ("das Faltungsgewicht", {"conv", "weight"}),
        ("les clés de l'encodeur", {"key", "encoder"}),
        ("pesos do codificador e do decodificador", {"weight", "encoder", "decoder"}),
        ("el mapa de características del bloque", {"feature", "block"}),
        ("la convoluzione con peso", {"conv", "weight"}),
        ("вес свёртки декодера, по головам", {"weight", "conv", "decoder", "head"}),
        ("kodlayıcı ağırlıkları", {"encoder", "weight"}),
    ],
)
def test_words_of_further_languages_are_parts_of_networks(text, said):
    assert said <= text_tokens(text)


def test_plain_english_names_no_part_by_its_foreign_words():
    said = text_tokens("This was the case with every one of them, so we went on and tried it at home")
    assert not said & {row.split()[0] for row in CONCEPTS.strip().splitlines()}


def test_a_word_of_a_language_is_only_known_with_its_own_ending():
    assert "layer" in text_tokens("две слои")
    assert "weight" not in text_tokens("весьма")


def test_each_row_of_stems_has_a_concept_of_its_own():
    concepts = [row.split()[0] for row in STEMS.replace("\n    ", " ").strip().splitlines()]
    assert len(set(concepts)) == len(concepts)
    assert set(concepts) <= {row.split()[0] for row in CONCEPTS.strip().splitlines()}


def test_accents_are_dropped_of_letters_only():
    assert without_accents("Größe, ağırlık, ёлка, ガ") == "Grosse, agirlik, елка, ガ"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("the second conv", "conv@2"),
        ("in the last block", "block@last"),
        ("die dritte Stufe", "stage@3"),
        ("la première couche", "layer@1"),
        ("最后一层", "layer@last"),
        ("第2层", "layer@2"),
        ("두 번째 블록", "block@2"),
        ("во втором слое", "layer@2"),
    ],
)
def test_ordinals_count_what_stands_behind_them(text, said):
    assert said in ranked(text)


def test_a_size_is_no_number_of_a_thing():
    assert ("stage", 3) in numbered("Stage 3: 14 x 14")
    assert not numbered("conv 3x3 and kernel 7×7, head 0.5")


class Staged(nn.Module):
    """Three stages of another width each."""

    def __init__(self):
        super().__init__()
        self.stages = nn.ModuleList(nn.Linear(a, b) for a, b in ((4, 6), (6, 8), (8, 10)))
        self.tail = nn.Sequential(nn.Linear(10, 12), nn.ReLU(), nn.Linear(12, 14))

    def forward(self, x):
        for stage in self.stages:
            x = stage(x)
        return self.tail(x)


@pytest.fixture(scope="module")
def trace():
    return shapeflow.trace(Staged().eval(), torch.zeros(2, 5, 4))


def said(trace, tmp_path, text):
    path = Path(tmp_path) / "note.md"
    path.write_text(text)
    return [(mark.verdict, mark.place.replace("@0", "")) for mark in shapeflow.annotate(trace, path).marks]


def test_ranks_count_those_of_one_name_and_of_one_class(trace):
    ranks = Ranks(trace)
    assert {"stage@1", "linear@1"} <= ranks.own("stages.0")
    assert {"stage@3", "stage@last"} <= ranks.own("stages.2")
    assert {"linear@2", "linear@last"} <= ranks.own("tail.2")
    assert ("stage", 2) in ranks.numbers("stages.2")


def test_stages_counted_from_one_are_those_of_the_code_counted_from_zero(trace, tmp_path):
    text = "# Notes\n\n" + "".join(
        f"- output of stage {number}: shape [2, 5, {width}]\n" for number, width in ((1, 6), (2, 8), (3, 10))
    )
    assert said(trace, tmp_path, text) == [("confirmed", f"stages.{number}:out") for number in range(3)]


def test_a_wrong_stage_is_not_confirmed_by_its_neighbour(trace, tmp_path):
    rows = ((1, 6), (2, 8), (3, 8))
    text = "# Notes\n\n" + "".join(f"- output of stage {n}: shape [2, 5, {width}]\n" for n, width in rows)
    verdicts = [verdict for verdict, _ in said(trace, tmp_path, text)]
    assert verdicts[:2] == ["confirmed", "confirmed"]
    assert verdicts[2] != "confirmed"


def test_the_number_in_a_row_of_a_table_is_of_what_heads_its_column(trace, tmp_path):
    text = "| stage | output shape |\n|---|---|\n| 1 | [2, 5, 6] |\n| 2 | [2, 5, 8] |\n| 3 | [2, 5, 10] |\n"
    assert said(trace, tmp_path, text) == [("confirmed", f"stages.{number}:out") for number in range(3)]


def test_the_last_of_several_is_not_confirmed_by_the_one_before(trace, tmp_path):
    ((verdict, _),) = said(trace, tmp_path, "The last stage gives an output of shape [2, 5, 8].")
    assert verdict != "confirmed"
    ((verdict, place),) = said(trace, tmp_path, "The last stage gives an output of shape [2, 5, 10].")
    assert (verdict, place) == ("confirmed", "stages.2:out")


def test_what_a_stage_takes_is_not_confirmed_as_what_the_one_before_gives(trace, tmp_path):
    text = "# Notes\n\n- stage 1: shape [2, 5, 6]\n- stage 3: shape [2, 5, 8]\n- stage 2: shape [2, 5, 8]\n"
    verdicts = dict(zip((1, 3, 2), said(trace, tmp_path, text), strict=True))
    assert verdicts[2] == ("confirmed", "stages.1:out")
    assert verdicts[3] != ("confirmed", "stages.1:out")


class Sound(nn.Module):
    """A spectrum, convolutions over it, and a head."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Sequential(nn.Conv2d(1, 20, 3, stride=(2, 1), padding=1), nn.ReLU())
        self.lstm = nn.LSTM(20, 36, batch_first=True)
        self.score = nn.Linear(36, 1)

    def _spectrogram(self, waveform):
        window = torch.ones(128)
        return torch.stft(waveform, 128, 64, window=window, return_complex=True).abs()

    def forward(self, waveform):
        maps = self.conv(self._spectrogram(waveform).unsqueeze(1))
        states, _ = self.lstm(maps.mean(2).transpose(1, 2))
        return self.score(states)


def test_a_line_above_a_table_that_names_one_place_does_not_hold_for_all_of_its_rows(tmp_path):
    trace = shapeflow.trace(Sound().eval(), torch.zeros(2, 1600))
    path = tmp_path / "note.md"
    path.write_text(
        "With n_fft=128 and hop_length=64 the STFT has 26 frames (see `_spectrogram` and `stft`).\n\n"
        "| step | shape |\n|---|---|\n"
        "| the wave | (2, 1600) |\n| the spectrum | (2, 65, 26) |\n| with channel | (2, 1, 65, 26) |\n"
        "| after conv | (2, 20, 33, 26) |\n| for the LSTM | (2, 26, 20) |\n| LSTM output | (2, 26, 36) |\n"
        "| score | (2, 26, 1) |\n"
    )
    verdicts = [mark.verdict for mark in shapeflow.annotate(trace, path).marks]
    assert verdicts.count("confirmed") >= 5, verdicts


class Scored(nn.Module):
    """Attention whose steps are variables."""

    def __init__(self):
        super().__init__()
        self.query = nn.Linear(16, 12)
        self.key = nn.Linear(16, 12)
        self.value = nn.Linear(16, 40)

    def forward(self, tokens):
        q, k = self.query(tokens), self.key(tokens)
        scores = q @ k.transpose(-2, -1)
        mixed = scores.softmax(-1) @ self.value(tokens)
        return mixed * 2


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("mixed: torch.Size([3, 25, 48])", {"contradicted"}),
        ("scores: torch.Size([3, 25, 25])", {"confirmed"}),
        ("mixed: [3, 40, 25]", {"layout differs"}),
        ("tokens: [3, 25, 16]", {"confirmed"}),
        ("scores: (B, N, 12)", {"confirmed", "cannot tell", "seen elsewhere", "symbolic, consistent"}),
    ],
)
def test_a_shape_behind_a_variable_is_held_against_what_the_variable_was(tmp_path, text, expected):
    trace = shapeflow.trace(Scored().eval(), torch.zeros(3, 25, 16))
    path = tmp_path / "note.md"
    path.write_text(f"It prints:\n\n```text\n{text}\n```\n")
    ((verdict),) = [mark.verdict for mark in shapeflow.annotate(trace, path).marks]
    assert verdict in expected


class Boxed(nn.Module):
    """A variable and a result of nearly one name, of other sizes."""

    def __init__(self):
        super().__init__()
        self.start = nn.Linear(16, 12)
        self.head = nn.Linear(12, 12)

    def forward(self, tokens):
        boxes = self.start(tokens[:, :7])
        return {"pred_boxes": self.head(boxes.mean(1, keepdim=True).expand(-1, 25, -1))}


def test_a_result_of_about_the_name_of_a_variable_may_be_meant(tmp_path):
    trace = shapeflow.trace(Boxed().eval(), torch.zeros(3, 25, 16))
    path = tmp_path / "note.md"
    path.write_text("The head ends with:\n\n```text\nboxes: torch.Size([3, 25, 12])\n```\n")
    assert [mark.verdict for mark in shapeflow.annotate(trace, path).marks] != ["contradicted"]


def test_a_line_above_misleads_where_words_place_most_below_it_at_what_they_do_not_fit():
    text = "All of it is of `encode`:\n\n" + "".join(f"- step (2, {size}, 40)\n" for size in (24, 36, 52, 68))
    mentions = note_from_text(text, "markdown").mentions

    def placed(fitting: float) -> list[Placed]:
        states = [(State(1, "exact", 0, 0), fitting), (State(2, "no", 0, 0), 1 - fitting)]
        return [Placed(one, [replace(state, mass=mass) for state, mass in states]) for one in mentions]

    assert misleading(placed(0.9)) == frozenset()
    assert misleading(placed(0.1)) == frozenset(mentions[0].frame.lead)
    assert misleading(placed(0.1)[:2]) == frozenset()
