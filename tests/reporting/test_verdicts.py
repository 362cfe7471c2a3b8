"""The result of a check in every format: the same codes and places, nothing that could be misread."""

from __future__ import annotations

import json
import re
from html import unescape
from pathlib import Path
from xml.etree import ElementTree

import pytest
from layer_stacks import judged, stack
from walkthroughs import result_of

from shapeflow.errors import InputError
from shapeflow.reporting import renderer
from shapeflow.reporting.verdicts import badge, github, github_summary, junit
from shapeflow.reporting.verdicts import json_data as check_data
from shapeflow.reporting.verdicts import text as check_text
from shapeflow.reporting.view.build import build
from shapeflow.walkthrough.check import check
from shapeflow.walkthrough.reader import parse

LINES = (
    "mask_head:out [1, 10, 14, 14]",
    "mask_head:out [1, 10, 14, 15]",
    "mask_head:out [1 10 14 14]",
    ".:in.tokens never reaches encoder:out.memory",
    "geometry:out [1]",
    'said "6.1, half: 50%": mask_head:out [1, 10, 14, 16]',
    'said "6.2": mask_head:out [1, 10, 14, 14]',
    "value mask_head:out ~= sigmoid(mask_head:out)",
    "encoder.layers.0:out [1, 16, 196]",
)


@pytest.fixture(scope="module")
def result(sample):
    return result_of(sample, *LINES)


class TestText:
    def test_failures_in_full_then_sections_then_the_sentence(self, result):
        text = check_text.render(result)
        heads = re.findall(r"^(\S.*)\[([\w-]+)\]: ", text, re.MULTILINE)
        assert heads == [
            ("contradicted", "shape"),
            ("error", "claim-syntax"),
            ("undecided", "flow-escaped"),
            ("not observed", "never-called"),
            ("holds", "said-holds"),
            ("layout differs", "layout"),
        ]
        assert text.splitlines()[-1] == (
            "6 of 9 claims failed: 1 contradicted, 1 with an error, 1 undecided, 1 not observed, "
            "1 no mistake after all, 1 layout differs; "
            "of the others 1 holds, 1 restated mistake is contradicted, 1 needs a real run"
        )

    def test_a_line_for_each_section_with_claims(self, sample):
        block = "\n\n```shapes\n{}\n```\n\n"
        text = (
            "# All\n\n## Heads"
            + block.format("mask_head:out [1, 10, 14, 14]\ndecoder.box_head@0:out [1, 10, 4]")
            + "## Only prose\n\nWords.\n\n## 中文标题"
            + block.format("encoder.layers.*:out [1, 196, 16]\nencoder:in [2]")
            + "## Later"
            + block.format("real geometry:out [1]")
        )
        lines = check_text.summary(check(sample, parse(text))).splitlines()
        assert lines == [
            "ok    Heads     2 ok                      f32[1, 10, 14, 14], f32[1, 10, 4]",
            "FAIL  中文标题  1 ok, 1 contradicted      f32[1, 196, 16]",
            "-     Later     0 ok, 1 needs a real run",
            "",
            "1 of 5 claims failed: 1 contradicted; of the others 3 hold, 1 needs a real run",
        ]

    def test_all_satisfied(self, sample):
        assert check_text.sentence(result_of(sample, LINES[0])) == "1 claim, all satisfied: 1 holds"
        text = check_text.sentence(result_of(sample, LINES[0], LINES[5], LINES[7]))
        assert text == (
            "3 claims, all satisfied: 1 holds, 1 restated mistake is contradicted, 1 needs a real run"
        )

    def test_long_lists_of_shapes_are_cut_to_the_width(self, sample):
        lines = [f"{call.name}@{call.index}:out [...]" for call in sample.calls if call.outputs]
        summary = check_text.summary(result_of(sample, *lines)).splitlines()[0]
        assert summary.endswith("more")
        assert len(summary) <= check_text.WIDTH

    def test_text_of_the_document_cannot_steer_the_terminal(self, sample):
        text = check_text.render(
            check(sample, parse("# T\x1b[31m\n\n```shapes\na:out \x1b]0;x\x07[1]\n```\n"))
        )
        assert "\x1b" not in text
        assert "\x07" not in text


class TestJUnit:
    def test_a_test_case_for_each_claim(self, result):
        root = ElementTree.fromstring(junit.render(result))
        (suite,) = root
        numbers = {"tests": "9", "failures": "5", "errors": "1", "skipped": "1"}
        assert {key: suite.get(key) for key in numbers} == numbers
        assert [case.get("line") for case in suite] == [str(line) for line in range(4, 13)]
        kinds = [next((child.tag for child in case), "") for case in suite]
        assert kinds == ["", "failure", "error", "failure", "failure", "", "failure", "skipped", "failure"]
        assert suite[1].get("name") == "line 5: mask_head:out [1, 10, 14, 15]"
        assert suite[1].get("file") == "w.md"
        assert suite[1][0].get("type") == "shape"
        assert suite[1][0].text == result.verdicts[1].render()

    def test_undecided_may_be_let_through(self, result):
        root = ElementTree.fromstring(junit.render(result, allow_undecided=True))
        assert root.get("failures") == "4"
        assert len(root[0][3]) == 0

    def test_any_text_is_legal_xml(self, sample):
        text = '# ]]> <a> & "q"\n\n```shapes\na:out ]]><x>&amp;\x01\x0b\ufffe [1]\n```\n'
        root = ElementTree.fromstring(junit.render(check(sample, parse(text))))
        assert "]]><x>&amp;" in root[0][0].get("name")


class TestGitHub:
    def test_an_annotation_on_the_line_of_each_failure(self, result):
        *annotations, last = github.render(result).splitlines()
        assert len(annotations) == 6
        assert last == check_text.sentence(result)
        assert annotations[0].startswith(
            "::error file=w.md,line=5,col=27,endColumn=28,title=contradicted[shape]::"
            "'mask_head:out' has 14 in dim 4, not 15%0Aexpected: [1, 10, 14, 15]%0Afound: f32[1, 10, 14, 14]"
        )

    def test_undecided_is_a_warning_where_it_may_be(self, result):
        commands = [line.split()[0] for line in github.render(result, allow_undecided=True).splitlines()]
        assert commands[:6] == ["::error", "::error", "::warning", "::error", "::error", "::error"]

    def test_nothing_ends_a_command_early(self, sample):
        text = "```shapes\n::error::100% [1]\n::set-env name=A::b reaches c\n```\n"
        result = check(sample, parse(text, "a,b:c%.md"))
        *annotations, _ = github.render(result).splitlines()
        assert len(annotations) == 2
        for line in annotations:
            assert line.startswith("::error file=a%2Cb%3Ac%25.md,line=")
            properties, _, data = line.removeprefix("::error ").partition("::")
            assert all(part.count("=") == 1 for part in properties.split(","))
            assert not re.search(r"%(?!25|0A|0D|2C|3A)", data)

    def test_the_sentence_is_no_command(self, sample):
        text = "# ::error::x\n\n```shapes\nmask_head:out [1, 10, 14, 14]\n```\n"
        assert not github.render(check(sample, parse(text))).startswith("::")


def test_several_checks_and_a_document_that_cannot_be_judged(sample, result):
    fine = result_of(sample, LINES[0])
    errors = {"nope.md": InputError("file-missing", "no walkthrough 'nope.md'")}
    root = ElementTree.fromstring(junit.render(fine, result, errors=errors))
    assert [suite.get("file") for suite in root] == ["nope.md", "w.md", "w.md"]
    assert {key: root.get(key) for key in junit.NUMBERS} == {
        "tests": "11",
        "failures": "5",
        "errors": "2",
        "skipped": "1",
    }
    data = json.loads(check_data.render(fine, result, errors=errors))
    assert (data["passed"], [check["passed"] for check in data["checks"]]) == (False, [True, False])
    assert data["errors"][0]["code"] == "file-missing"
    first, *rest = github.render(fine, result, errors=errors).splitlines()
    assert first.startswith("::error file=nope.md,line=1,")
    assert sum(line.startswith("::error") for line in rest) == 6


class TestCauses:
    """Every format leads with what many failures have in common."""

    @pytest.fixture(scope="class")
    def caused(self):
        return judged(stack(tokens=4), "head:out  [1, N, 11]")

    def test_github(self, caused):
        lines = github.render(caused).splitlines()
        commands = [line for line in lines if line.startswith("::error")]
        assert len(commands) == 2
        assert commands[0].startswith(
            "::error file=stack.md,line=11,col=11,endColumn=11,title=cause[size-changed]::"
            "'S' is 4 in this run, not 8%0Aplace: an input of the run in.x%0Aexpected: S = 8   line 3"
        )
        assert commands[0].endswith("%0A8 more lines follow from it: 12, 15-17, 23-26")
        start, end = lines.index("::group::all 10 claims that fail"), lines.index("::endgroup::")
        assert sum(line.startswith("contradicted[") for line in lines[start:end]) == 9

    def test_github_shows_ten_of_a_level(self, sample):
        lines = [f"mask_head:out [1, 10, 14, {number}]" for number in range(20, 35)]
        undecided = [LINES[3]] * 12
        text = github.render(result_of(sample, *lines, *undecided), allow_undecided=True)
        commands = [line.partition(" ")[0] for line in text.splitlines()]
        assert (commands.count("::error"), commands.count("::warning")) == (10, 10)

    def test_json(self, caused):
        data = json.loads(check_data.render(caused))
        (cause,) = data["causes"]
        assert (cause["code"], cause["first_line"]) == ("size-changed", 11)
        assert cause["lines"] == [11, 12, 15, 16, 17, 23, 24, 25, 26]
        of = [verdict["cause"] for verdict in data["verdicts"] if not verdict["passed"]]
        assert of == [0] * 9 + [None]

    def test_junit(self, caused):
        (suite,) = ElementTree.fromstring(junit.render(caused))
        assert suite.find("system-out").text.startswith("cause[size-changed]: 'S' is 4 in this run, not 8\n")
        failures = [case[0] for case in suite if case.tag == "testcase" and len(case)]
        assert failures[0].text.startswith("cause[size-changed]")
        assert failures[1].get("message").endswith("(because 'S' is 4 in this run, not 8)")
        assert failures[-1].text.startswith("contradicted[shape]")

    @pytest.mark.parametrize("name", ["html", "markdown", "terminal", "json"])
    def test_reports(self, caused, name):
        page = renderer(name)(build(caused.trace, caused))
        plain = unescape(page.replace("<wbr>", "")).replace("\\", "")
        assert "'S' is 4 in this run, not 8" in plain
        assert "an input of the run in.x" in plain

    @pytest.mark.parametrize("name", ["html", "markdown", "terminal"])
    def test_a_chinese_report_says_it_in_chinese(self, caused, name):
        view = build(caused.trace, caused, language="zh")
        assert view.causes[0].what == "“S”在本次运行中是 4，不是 8"
        assert dict(view.causes[0].reasons)["because"].startswith("若 S = 4，则 9 行不符的断言会成立")
        assert view.causes[0].what in renderer(name)(view)
        assert "fail" not in "".join(text for _, text in view.causes[0].reasons)

    def test_the_anchors_of_a_report_are_those_of_the_claims(self, caused):
        view = build(caused.trace, caused)
        anchors = {claim.anchor: claim.place for claim in view.claims}
        assert all(anchors[claim.anchor] == claim.place for claim in view.causes[0].claims)
        assert view.causes[0].claims[0].place == "stack.md:11"


class TestSummary:
    def test_what_fails_by_cause(self, result):
        caused = judged(stack(tokens=4), "head:out  [1, N, 11]")
        page = github_summary.render([result, caused], {"no.md": InputError("no-claims", "no claims")})
        heads = [line for line in page.splitlines() if line.startswith("#")]
        assert heads == [
            "## ❌ no.md",
            "## ❌ w.md",
            "### What fails",
            "## ❌ stack.md",
            "### 'S' is 4 in this run, not 8",
            "### And, for other reasons",
        ]
        assert "- first place in the run: `an input of the run in.x`" in page
        assert page.count("<details>") == page.count("</details>") == 1

    def test_what_documents_say_stays_text(self, sample):
        evil = "mask_head:out [1] <img src=x> @team `x` | [a](http://b) ::error::x"
        page = github_summary.render([check(sample, parse(f"```shapes\n{evil}\n```\n", "<b>.md"))])
        assert "<b>" not in page
        assert not re.search(r"^::", page, re.MULTILINE)
        outside = re.sub(r"(`+).*?\1", "", page)
        assert not re.search(r"<img|(?<!\\)@|(?<!\\)\[a", outside)

    @pytest.mark.parametrize("room", [0, 100, 3_000, 1 << 20])
    def test_it_never_takes_more_room_than_there_is(self, sample, room):
        lines = [f"mask_head:out [1, 10, 14, {number}]  # {'x' * 200}" for number in range(20, 300)]
        page = github_summary.render([result_of(sample, *lines)] * 40, room=room)
        assert len(page.encode()) <= room
        assert room < 200 or page.endswith(github_summary.CUT) or room == 1 << 20
        assert page.count("<details>") == page.count("</details>")


class TestBadge:
    def test_shields(self, result, sample):
        data = json.loads(badge.render([result], Path("b.json")))
        assert data == {
            "schemaVersion": 1,
            "label": "shapeflow",
            "message": "6 of 9 claims fail",
            "color": "red",
        }
        assert (
            json.loads(badge.render([result_of(sample, LINES[0])], Path("b.json")))["color"] == "brightgreen"
        )
        assert (
            json.loads(badge.render([result_of(sample, LINES[7])], Path("b.json")))["message"]
            == "nothing judged"
        )

    def test_svg(self, result):
        root = ElementTree.fromstring(badge.render([result], Path("b.SVG")))
        assert root.get("aria-label") == "shapeflow: 6 of 9 claims fail"
        assert root.find("{http://www.w3.org/2000/svg}title").text == "shapeflow: 6 of 9 claims fail"
        assert "http" not in badge.render([result], Path("b.svg")).replace("http://www.w3.org/2000/svg", "")

    @pytest.mark.parametrize("name", ["b", "b.png", "b.svg.txt", ".svg", "/"])
    def test_other_endings_are_refused(self, name):
        with pytest.raises(InputError) as caught:
            badge.check_badge_name(Path(name))
        assert caught.value.code == "output-name"
        assert len(caught.value.what) <= 90


class TestData:
    def test_every_verdict_as_plain_data(self, result):
        data = json.loads(check_data.render(result))
        assert data["schema"] == "shapeflow.check/1"
        assert (data["model"], data["device"], data["passed"]) == ("tiny:detector", "meta", False)
        assert (data["failed"], data["need_a_real_run"]) == (6, 1)
        assert data["counts"]["holds"] == 2
        assert data["sections"] == [{"id": "claims", "title": "Claims", "level": 1, "line": 1}]
        assert len(data["verdicts"]) == 9
        wrong = data["verdicts"][1]
        assert wrong["where"] == "w.md:5:27"
        assert (wrong["code"], wrong["kind"], wrong["status"]) == ("shape", "shape", "contradicted")
        assert wrong["found"] == "f32[1, 10, 14, 14]   dim 4 differs"
        assert wrong["evidence"]["values"] != []
        assert data["verdicts"][5]["said"] == "6.1, half: 50%"

    def test_undecided_may_be_let_through(self, sample):
        result = result_of(sample, LINES[3])
        assert not check_data.data_of(result)["passed"]
        assert check_data.data_of(result, allow_undecided=True)["passed"]


def test_all_formats_agree_on_code_and_place(result):
    """The same failures, with the same code, line and column, in every format."""
    failed = [(v.message.code, v.claim.span.line, v.message.where) for v in result.failed]
    cases = ElementTree.fromstring(junit.render(result)).iter("testcase")
    told = [(case[0].get("type"), int(case.get("line"))) for case in cases if len(case) and case[0].text]
    assert told == [(code, line) for code, line, _ in failed]
    pattern = r"^::error file=(.*?),line=(\d+),col=(\d+),.*?title=[\w ]+\[([\w-]+)\]"
    annotations = re.findall(pattern, github.render(result), re.MULTILINE)
    assert [(code, int(line), f"{file}:{line}:{col}") for file, line, col, code in annotations] == failed
    data = [entry for entry in check_data.data_of(result)["verdicts"] if not entry["passed"]]
    assert [(entry["code"], entry["line"], entry["where"]) for entry in data] == failed
