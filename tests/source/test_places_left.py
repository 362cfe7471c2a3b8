"""Of a file that was edited since the run only those lines are shown that can be no others."""

from __future__ import annotations

import random

import pytest

from shapeflow.source.places_left import places_left
from shapeflow.source.places_now import places_now

TEXT = """\
class First(nn.Module):
    def forward(self, x):
        x = self.norm(x)
        y = self.fc(x)
        return y

class Second(nn.Module):
    def forward(self, x):
        x = self.norm(x)
        if self.wide:
            x = x * 2
        else:
            x = self.norm(x)
        z = self.out(x)
        return z
"""
NET = TEXT.split("\n")
RAN = {3: "forward", 4: "forward", 9: "forward", 13: "forward", 14: "forward"}


def left(text, known=None):
    """Return the text of the lines that are found, and where, by their numbers in the run."""
    every = dict(enumerate(NET, 1)) if known is None else known
    places = places_left(every, RAN, text)
    return {number: places[number] for number in RAN if number in places}


def edited(*changes):
    text = "\n".join(NET)
    for old, new in changes:
        assert text.count(old) >= 1
        text = text.replace(old, new, 1)
    return text


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ([("        y =", "        # now\n\n        y =")], {3: 3, 4: 6, 9: 11, 13: 15, 14: 16}),
        ([("y = self.fc(x)", "y = self.fc(x)  # f32[2, 4]")], {3: 3, 4: 4, 9: 9, 13: 13, 14: 14}),
        ([("y = self.fc(x)", "y = self.other(x)")], {3: 3, 9: 9, 13: 13, 14: 14}),
        ([("        y =", "        x = x[:1]\n        y =")], {3: 3, 4: 5, 9: 10, 13: 14, 14: 15}),
        ([("        x = self.norm(x)\n", "")], {4: 3, 9: 8, 13: 12, 14: 13}),
        ([("if self.wide:", "if self.narrow:")], {3: 3, 4: 4, 9: 9, 13: 13, 14: 14}),
        (
            [("            x = self.norm(x)\n        z", "            x = 2 * x\n        z")],
            {3: 3, 4: 4, 9: 9, 14: 14},
        ),
    ],
    ids=["blank", "comment", "changed", "inserted", "deleted", "in-between", "one-of-two-alike"],
)
def test_what_did_not_change_is_found(changes, expected):
    assert left(edited(*changes)) == expected


def test_functions_that_moved_are_found():
    first, second = "\n".join(NET[:6]), "\n".join(NET[6:])
    assert left(f"{second}\n{first}") == {3: 13, 4: 14, 9: 3, 13: 7, 14: 8}


def test_the_same_code_in_another_class_is_not_meant():
    ran = {number: NET[number - 1] for number in range(1, 6)}
    text = "\n".join(NET[6:]).replace("z = self.out(x)", "y = self.fc(x)")
    assert left(text, ran) == {}


def test_a_text_that_is_no_python_as_it_stands_keeps_what_is_there():
    assert left("\n".join(NET[:9]) + "\n        if self.") == {3: 3, 4: 4, 9: 9}


def test_without_the_lines_around_an_edited_file_tells_nothing():
    ran = {number: NET[number - 1].strip() for number in RAN}
    assert left(edited(("y = self.fc(x)", "y = self.other(x)")), ran) == {}
    assert left("\n" + edited(), ran) == {3: 4, 4: 5, 9: 10, 13: 14, 14: 15}


def test_of_two_lines_alike_none_is_meant_where_nothing_tells_which():
    known = {1: "a = 1", 5: "b = 2"}
    text = "a = 1\nif u:\n    b = 2\nelse:\n    b = 2"
    assert places_now(known, text) == {1: 1, 5: 5}
    assert places_now(known, text.replace("\n", "\n\n", 1)) is None


def model(dice):
    """Return the lines of a file in which many are alike, and the functions of those that ran."""
    lines, ran = ["import torch", ""], {}
    for number in range(dice.randint(1, 4)):
        lines += [f"class Block{number}(nn.Module):", "    def forward(self, x):"]
        for _ in range(dice.randint(2, 9)):
            code = dice.choice(
                ["x = self.a(x)", "x = self.b(x)", "y = x + 1", f"q = x * {dice.randint(0, 5)}"]
            )
            lines.append(f"        {code}")
            if dice.random() < 0.7:
                ran[len(lines)] = "forward"
        lines += ["        return x", ""]
    return lines, ran


def changed(dice, lines):
    """Return lines after some edits, each with its number before them; 0 for one that is new."""
    now = list(enumerate(lines, 1))
    for _ in range(dice.randint(1, 3)):
        place = dice.randrange(len(now))
        match dice.choice(["delete", "insert", "blank", "comment", "change"]):
            case "delete":
                del now[place]
            case "insert":
                now.insert(place, (0, f"        w = new({dice.randint(0, 99)})"))
            case "blank":
                now.insert(place, (0, dice.choice(["", "        # why"])))
            case "comment":
                now[place] = (now[place][0], f"{now[place][1]}  # f32[1, 2]")
            case "change":
                now[place] = (0, f"        v = {dice.randint(0, 99)}")
    return now


@pytest.mark.parametrize("around", [1, 99])
def test_no_line_is_taken_for_another(around):
    shown = there = 0
    for seed in range(300):
        dice = random.Random(seed)
        lines, ran = model(dice)
        now = changed(dice, lines)
        known = {
            number: text
            for number, text in enumerate(lines, 1)
            if text.startswith("class") or any(abs(number - other) <= around for other in ran)
        }
        places = places_left(known, ran, "\n".join(text for _, text in now))
        found = {number: place for number, place in places.items() if number in ran}
        assert all(now[place - 1][0] == number for number, place in found.items()), seed
        shown += len(found)
        there += len(ran.keys() & {number for number, _ in now})
    assert shown > there / 2
