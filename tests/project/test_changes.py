"""The small changes to SAM3's source: each fits the installed package, and what is noticed is told."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from importlib.util import find_spec

import pytest
from places import ROOT

from benchmarks.changes.copies import copied, installed
from benchmarks.changes.edits import SAME, Change, EditError, apply, read
from benchmarks.changes.table import text
from benchmarks.changes.trial import Outcome, Seen

needs_sam3 = pytest.mark.skipif(find_spec("sam3") is None, reason="needs the package sam3")

SOURCE = '''\
class Layer:
    def forward(self, x, é=1):
        """Add."""
        y = self.norm(x)
        y = self.first(
            y,
        )
        z = x + y
        return z

    def other(self, x):
        return x + y
'''


def change(*edits: tuple[object, ...], kind: str = "op", name: str = "it") -> Change:
    return Change(name, kind, "does something", "layer.py", "Layer.forward", edits, "layer")


def body(*edits: tuple[object, ...]) -> list[str]:
    lines = apply(change(*edits), SOURCE).text.splitlines()
    assert lines[-2:] == ["    def other(self, x):", "        return x + y"]
    return [line.strip() for line in lines[3:-3]]


def outcome(name: str, kind: str = "op", caught: bool = False, **facts: object) -> Outcome:
    return replace(Outcome(name, kind, caught, caught, "graph", 0.0, Seen()), **facts)


@pytest.mark.parametrize(
    ("edits", "after"),
    [
        (
            [("replace", "x + y", "y")],
            ["y = self.norm(x)", "y = self.first(", "y,", ")", "z = y", "return z"],
        ),
        (
            [("replace", "y", "w", 2)],
            ["y = self.norm(x)", "w = self.first(", "y,", ")", "z = x + y", "return z"],
        ),
        (
            [("replace", "z", "w", "all")],
            ["y = self.norm(x)", "y = self.first(", "y,", ")", "w = x + y", "return w"],
        ),
        ([("drop", "y = self.first")], ["y = self.norm(x)", "pass", "z = x + y", "return z"]),
        (
            [("swap", "y = self.norm", "y = self.first")],
            ["y = self.first(", "y,", ")", "y = self.norm(x)", "z = x + y", "return z"],
        ),
        (
            [("before", "y = self.norm", "first = x"), ("after", "z =", "z = z + first")],
            [
                "first = x",
                "y = self.norm(x)",
                "y = self.first(",
                "y,",
                ")",
                "z = x + y",
                "z = z + first",
                "return z",
            ],
        ),
    ],
)
def test_an_edit_changes_what_it_names(edits, after):
    assert body(*edits) == after


def test_the_lines_of_an_edit_are_those_before_it():
    assert list(apply(change(("drop", "y = self.first")), SOURCE).lines) == [5, 6, 7]


@pytest.mark.parametrize(
    ("edit", "why"),
    [
        (("replace", "q", "v"), "'q' stands 0 times"),
        (("replace", "y = self", "v"), "'y = self' stands 2 times"),
        (("replace", "y = self", "v", 3), "'y = self' stands 2 times"),
        (("drop", "y = self"), "2 statements of the function begin with 'y = self'"),
        (("swap", "z =", "w ="), "0 statements of the function begin with 'w ='"),
        (("replace", "x + y", "x +"), "not Python"),
        (("turn", "x + y"), "no edit 'turn'; there are replace, drop"),
    ],
)
def test_an_edit_that_does_not_fit_is_refused(edit, why):
    with pytest.raises(EditError, match=why):
        apply(change(edit), SOURCE)


def test_a_function_that_is_not_there_is_refused():
    with pytest.raises(EditError, match=r"there is no Layer\.backward"):
        apply(replace(change(("drop", "z")), function="Layer.backward"), SOURCE)


def test_names_are_given_once(tmp_path):
    item = "{kind: op, what: w, edits: []}"
    group = f"- {{file: a.py, in: f, changes: {{it: {item}}}}}\n"
    (tmp_path / "changes.yaml").write_text(group * 2)
    with pytest.raises(EditError, match=r"twice in changes\.yaml: it"):
        read(tmp_path / "changes.yaml")


@needs_sam3
@pytest.mark.slow
def test_every_change_fits_the_installed_package():
    sources = {path: path.read_text("utf-8") for path in installed().rglob("*.py")}
    changes = read()
    for one in changes:
        source = sources[installed() / one.file]
        assert apply(one, source).text != source, one.name
    assert sum(not one.same for one in changes) >= 150
    assert sum(one.same for one in changes) >= 30
    assert all(one.place for one in changes)


@needs_sam3
def test_a_copy_has_the_change_and_the_package_does_not():
    one = next(one for one in read() if one.kind == "residual")
    before = (installed() / one.file).read_text("utf-8")
    with copied(one) as folder:
        assert (folder / "sam3" / one.file).read_text("utf-8") == apply(one, before).text
        assert not (folder / "sam3" / one.file).is_symlink()
        assert (folder / "sam3" / "__init__.py").is_symlink()
    assert (installed() / one.file).read_text("utf-8") == before


def test_the_table_counts_and_sorts():
    changes = [
        change(name=name, kind=kind) for name, kind in zip("abcd", ["op", "op", "mask", SAME], strict=True)
    ]
    found = [
        outcome("a", caught=True, named=False),
        outcome("b", evidence="attributes"),
        outcome("c", "mask", evidence="numbers"),
        outcome("d", SAME, caught=True, seen=Seen(failed=("x  [1]",))),
    ]
    shown = text(changes, found)
    assert "3 changes to SAM3's source: **33.3% (1 of 3) are caught**" in shown
    assert "0.0% (0 of 1) of these with the place" in shown
    assert "Of 1 that change nothing **1 is a false alarm**" in shown
    assert "| op | 2 | 1 | 0 | 0 | 1 |" in shown
    assert "| **all** | 3 | 1 | 0 | 0 | 2 |" in shown
    assert shown.index("`c` does something") < shown.index("`b` does something")
    assert "source (with the others 4 of the 9 in the list): **" in text(changes, found, 9)
    assert "`d` does something (Layer.forward): only the ops are others; fails: `x  [1]`" in shown


@needs_sam3
@pytest.mark.slow
def test_two_changes_are_tried(tmp_path):
    names = ["built-encoder-layer-less", "same-encoder-torch-add"]
    kept = tmp_path / "outcomes.jsonl"

    def tried(*options: str) -> tuple[str, str]:
        """Run it in a process of its own: one in which autograd ran before cannot be forked."""
        command = [sys.executable, "-m", "benchmarks.changes", *names, *options, "--list", str(kept)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=300)
        return done.stdout, done.stderr

    shown, _ = tried("--jobs", "1")
    assert "100.0% (1 of 1) are caught" in shown
    assert "**0 are false alarms**" in shown
    less, same = sorted(map(json.loads, kept.read_text().splitlines()), key=lambda item: item["name"])
    assert less["named"] and "count transformer.encoder.layers.* = L" in less["seen"]["failed"]
    assert (same["caught"], same["evidence"]) == (False, "")
    assert tried() == (shown, "")  # taken from the file


@needs_sam3
def test_an_unknown_name_is_refused():
    from benchmarks.changes.__main__ import main

    with pytest.raises(SystemExit, match="no change 'nobody'"):
        main(["nobody"])
