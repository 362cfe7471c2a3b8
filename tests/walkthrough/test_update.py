"""``check --update``: what is wrong by a size, dtype or number is put right, and every other byte stays."""

from __future__ import annotations

import pytest
from layer_stacks import document, stack
from walkthroughs import document_of

from shapeflow.cli import main
from shapeflow.errors import ShapeflowError
from shapeflow.walkthrough.check import check
from shapeflow.walkthrough.reader import read
from shapeflow.walkthrough.update import propose


@pytest.fixture
def file(tmp_path):
    def write(text, name="w.md"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


def updated(trace, path):
    return propose(check(trace, read(path)))


class TestLines:
    @pytest.mark.parametrize(
        ("line", "right"),
        [
            ("mask_head:out  [1, 10, 14, 28]", "mask_head:out  [1, 10, 14, 14]"),
            ("mask_head:out\t[1,10 ,14 , 28]\t# 28, too", "mask_head:out\t[1,10 ,14 , 14]\t# 28, too"),
            ("mask_head:out  bf16[1, ..., 14]   # why", "mask_head:out  f32[1, ..., 14]    # why"),
            ("encoder.layers.*:out  [196, 1, 16]", "encoder.layers.*:out  [1, 196, 16]"),
            ("count encoder.layers.* = 12  # layers", "count encoder.layers.* = 2   # layers"),
            ("count calls decoder.box_head = 2   # calls", "count calls decoder.box_head = 3   # calls"),
            ("mask_head:out  [1, 9, 14, 14]  # ten", "mask_head:out  [1, 10, 14, 14] # ten"),
            ("real mask_head:out  [1, 10, 14, 28]", None),
            ('said "28": mask_head:out  [1, 10, 14, 14]', None),
            ("mask_head:out  [1, 10, 14]", None),
            ("mask_head:out  [1 10 14 28]", None),
            ("class encoder.layers.0 = DecoderLayer", None),
            ('mask_head/einsum  "bqc,bchw->bqwh"', None),
            ("decoder.box_head:out  [1, 11, 4]", None),
        ],
    )
    def test_a_line(self, sample, file, line, right):
        path = file(document_of("mask_head:out  [_, _, _, _]", line))
        before = path.read_bytes()
        change = updated(sample, path)
        assert path.read_bytes() == before, "nothing is written unasked"
        assert change.after.encode() == before.replace(line.encode(), (right or line).encode())
        assert change.lines == ((5,) if right else ())

    def test_line_ends_marks_and_tabs_stay(self, sample, file):
        text = "\ufeff" + document_of(
            "mask_head:out\t[1, 10, 14, 28]", "# 中文 \0", "mask_head:out  [1,  10, 28, 14]"
        )
        raw = text.replace("\n", "\r\n").encode() + b"last line\rold Mac\n\nno end"
        path = file(raw)
        change = updated(sample, path)
        change.write()
        assert path.read_bytes() == raw.replace(b"28", b"14")

    def test_what_would_break_another_claim_is_left(self, sample, file):
        """In line 5 'Q' gets its size; with a number there, line 6 would have none."""
        path = file(
            document_of(
                "encoder.layers.*:out  [1, 7, 16]",
                "decoder.box_head@0:out  [1, Q, 4]",
                "mask_head:out  [1, Q, 7, 14]",
            )
        )
        change = updated(sample, path)
        assert change.lines == (4, 6)
        assert change.result.passed

    def test_in_lists_and_quotes(self, sample, file):
        in_list = "- a list\n\n  ```shapes\n  mask_head:out  [1, 10, 14, 28]\n  ```\n\n"
        text = f"{in_list}> ```shapes\n> mask_head:out  [1, 9, 14, 14]\n> ```\n"
        path = file(text)
        assert updated(sample, path).after == text.replace("28", "14").replace("9,", "10,")


class TestSizes:
    def test_the_front_matter_is_changed_once(self, file):
        path = file(document())
        change = updated(stack(tokens=4), path)
        assert change.after == document().replace("S: 8", "S: 4")
        assert change.result.passed
        assert " dims:\n-  S: 8\n+  S: 4\n   N: S" in change.diff()

    def test_what_is_left_is_changed_line_by_line(self, file):
        text = document("head:out  [1, 8, 10]", "body:out  [1, N, 17]")
        path = file(text)
        change = updated(stack(tokens=4), path)
        right = text.replace("S: 8", "S: 4").replace("[1, 8, 10]", "[1, 4, 10]").replace("17", "16")
        assert change.after == right

    def test_formulas_stay(self, file):
        text = document().replace("N: S", "N: S   # tokens").replace("D: 16", "D: S + 8")
        path = file(text)
        change = updated(stack(width=32), path)
        assert "D: S + 8" in change.after


TWO = """\
---
dtype: f32
runs:
  one: {}
  two: {}
dims:
  S: 8
---
# Two

```shapes run=all
embed:out  [_, S, 16]   # in both
body:out  [_, S, 16]
```

```shapes run=two module=body.layers.*
:out  [1, 8, 16]
attn:out\t[1, 8,16] # tab
.head:out  [1, 8, 12]
```
"""


class TestWholeDocuments:
    def updated(self, file, one=(), two=()):
        path = file(TWO)
        traces = [stack(run="one", **dict(one)), stack(run="two", **dict(two))]
        return propose(check(traces, read(path)))

    def test_columns_in_a_block_about_a_module(self, file):
        change = self.updated(file, two={"batch": 2})
        right = TWO.replace("[1, 8, 16]", "[2, 8, 16]").replace("[1, 8,16]", "[2, 8,16]")
        assert change.after == right.replace("[1, 8, 12]", "[2, 8, 10]")

    def test_a_dtype_that_the_front_matter_gives(self, file):
        change = self.updated(file, two={"cast_at": 0})
        right = TWO.replace(":out  [1", ":out  bf16[1").replace("\t[1", "\tbf16[1")
        assert change.after == right.replace("8, 12]", "8, 10]")

    def test_a_size_that_changed_in_both_runs(self, file):
        change = self.updated(file, {"tokens": 4}, {"tokens": 4})
        assert change.after == TWO.replace("S: 8", "S: 4").replace(" 8,", " 4,").replace("12]", "10]")
        assert change.result.passed

    def test_a_size_that_changed_in_one_run_only(self, file):
        """What is right in the first run stays, though it is wrong in the second."""
        change = self.updated(file, two={"tokens": 4})
        assert change.after == TWO.replace(" 8,", " 4,").replace("12]", "10]")
        assert {verdict.claim.text for verdict in change.result.failed} == {
            "embed:out  [_, S, 16]",
            "body:out  [_, S, 16]",
        }

    def test_an_amount(self, sample, file):
        line = "flops encoder = 1.00K  # much"
        path = file(document_of(line))
        change = updated(sample, path)
        assert change.lines == (4,)
        assert change.result.passed

    def test_a_run_that_failed(self, file):
        with pytest.raises(ShapeflowError) as caught:
            self.updated(file, two={"fails_at": 1})
        assert caught.value.code == "trace-failed-run"


class TestCommand:
    @pytest.fixture
    def folder(self, tmp_path, monkeypatch, file):
        monkeypatch.chdir(tmp_path)
        stack(tokens=4).save("t.trace.json")
        stack(fails_at=1).save("failed.trace.json")
        file(document())
        return tmp_path

    def run(self, capsys, *words):
        code = main(["check", *words])
        out, err = capsys.readouterr()
        return code, out, err

    def test_it_is_shown_then_written_then_fine(self, folder, capsys):
        code, out, err = self.run(capsys, "t.trace.json", "w.md", "--update")
        assert code == 1
        assert out.startswith("--- w.md\n+++ w.md\n@@ ")
        assert "\n-  S: 8\n+  S: 4\n" in out
        assert err == "w.md: 1 line would change and put 9 claims right, with --write\n"
        code, out, err = self.run(capsys, "t.trace.json", "w.md", "--update", "--write")
        assert (code, out, err) == (0, "", "w.md: 1 line changed, 9 claims put right\n")
        code, out, err = self.run(capsys, "t.trace.json", "w.md", "--update", "--write")
        assert (code, out, err) == (0, "", "w.md: nothing to put right\n")

    def test_what_is_left_is_told(self, folder, capsys):
        (folder / "w.md").write_text(document("class head = Conv2d"))
        code, _, err = self.run(capsys, "t.trace.json", "w.md", "--update", "--write")
        assert (code, err) == (1, "w.md: 1 line changed, 9 claims put right; left for you: line 27\n")

    def test_a_document_that_changed_meanwhile_is_not_touched(self, folder):
        from shapeflow.model.trace import Trace

        result = check(Trace.load("t.trace.json"), read("w.md"))
        change = propose(result)
        (folder / "w.md").write_text(document("# more"))
        for action in (change.write, lambda: propose(result)):
            with pytest.raises(ShapeflowError) as caught:
                action()
            assert caught.value.code == "document-changed"
        assert (folder / "w.md").read_text() == document("# more")

    @pytest.mark.parametrize(
        ("words", "error"),
        [
            (["t.trace.json", "w.md", "--write"], "error[usage]: --write only means something with --update"),
            (
                ["t.trace.json", "w.md", "--update", "--format", "json"],
                '{"schema": "shapeflow.message/1", "level": "error", "code": "usage", "message": "--update',
            ),
            (["failed.trace.json", "w.md", "--update"], "error[trace-failed-run]: the run ended early"),
        ],
    )
    def test_what_cannot_be_done_is_told(self, folder, capsys, words, error):
        code, out, err = self.run(capsys, *words)
        assert (code, out) == (2, "")
        assert err.startswith(error)
        assert (folder / "w.md").read_text() == document()

    def test_a_read_only_document(self, folder, capsys, monkeypatch):
        monkeypatch.setattr("os.access", lambda *_: False)
        code, _, err = self.run(capsys, "t.trace.json", "w.md", "--update", "--write")
        assert (code, err.splitlines()[0]) == (2, "error[not-writable]: 'w.md' cannot be written")

    def test_the_shipped_walkthrough_is_not_written(self, folder, capsys, sample):
        from dataclasses import replace

        trace = stack()
        replace(trace, run=replace(trace.run, target="sam3")).save("s.trace.json")
        code, _, err = self.run(capsys, "s.trace.json", "--update", "--write")
        assert code == 2
        assert err.startswith("error[usage]: a walkthrough that comes with shapeflow is not written over")
