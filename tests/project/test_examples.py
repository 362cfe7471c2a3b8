"""The example model, its walkthrough and workflow, and what the README says of them."""

from __future__ import annotations

import re
import textwrap
from argparse import ArgumentParser
from functools import partial

import pytest
import yaml
from places import ROOT

from shapeflow import cli, recording
from shapeflow.adapters.base import load
from shapeflow.adapters.request import Request
from shapeflow.commands import init
from shapeflow.runs.documents import run_documents
from shapeflow.walkthrough.check import check
from shapeflow.walkthrough.reader import parse, read

EXAMPLES = ROOT / "examples"
TARGET = "examples/tiny_detector.py:build"
README = (ROOT / "README.md").read_text(encoding="utf-8")
CHAPTER = README.partition("## Guard your own model in five minutes\n")[2].partition("\n## ")[0]


@pytest.fixture(autouse=True)
def here(monkeypatch):
    monkeypatch.chdir(ROOT)


def trace_of(**sizes):
    request = Request(TARGET, "meta", resize={("in[0]", dim): size for dim, size in sizes.values()})
    return recording.run(partial(load(TARGET), request), device="meta", adapter="factory", target=TARGET)


@pytest.fixture(scope="module")
def walkthrough():
    return read(EXAMPLES / "tiny_detector.md")


@pytest.fixture(scope="module")
def draft(tmp_path_factory):
    """A fresh draft of the example, as its text, and what was said while it was made."""
    folder = tmp_path_factory.mktemp("draft")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        trace_of().save(folder / "tiny.trace.json")
        assert cli.main(["init", str(folder / "tiny.trace.json"), "-o", str(folder / "tiny.md"), "-q"]) == 0
    return (folder / "tiny.md").read_text(encoding="utf-8")


def words(text):
    return " ".join(text.split())


@pytest.mark.parametrize(
    "sizes", [{}, {"B": (0, 7)}, {"H": (2, 48), "W": (3, 16)}, {"B": (0, 1), "H": (2, 320)}]
)
def test_the_walkthrough_is_true_for_any_batch_and_picture(walkthrough, sizes):
    result = check(trace_of(**sizes), walkthrough)
    assert [f"{verdict.claim.text}: {verdict.what}" for verdict in result.failed] == []


LONGER = "(H // 16)*(W // 16) + 1"


@pytest.mark.parametrize(
    ("changes", "caught"),
    [
        (
            {"layers: int = 2": "layers: int = 3"},
            ["parameters . = 175,301", "count layers.* = 2", "parameters layers.* = 99,968"],
        ),
        (
            {"4 * width": "2 * width"},
            ["parameters . = 175,301", "parameters layers.* = 99,968", f"expand:out [B, {LONGER}, 256]"],
        ),
        (
            {"self.with_masks = False": "self.with_masks = True"},
            [".:out.masks None", "count calls mask_head = 0"],
        ),
        (
            {"found, _ = self": "found, seen = self", '"masks": masks,': '"masks": masks, "seen": seen,'},
            [":out[1] unused"],
        ),
        (
            {"encoded = torch.cat([summary, patches], dim=1)": "encoded = patches"},
            [
                f".encode():out [B, {LONGER}, 64]",
                "layers.0:in.patches = cat(.summary, embed:out, dim=1)",
                f"attention:out[0] [B, {LONGER}, 64]",
                f"expand:out [B, {LONGER}, 256]",
                f"contract:out [B, {LONGER}, 64]",
                f":out [B, {LONGER}, 64]",
                f":out[1] [B, 10, {LONGER}]",
            ],
        ),
    ],
)
def test_a_changed_model_is_caught_by_the_claims_on_what_changed(walkthrough, tmp_path, changes, caught):
    source = (EXAMPLES / "tiny_detector.py").read_text(encoding="utf-8")
    for old, new in changes.items():
        assert old in source
        source = source.replace(old, new)
    (tmp_path / "tiny_detector.py").write_text(source, encoding="utf-8")
    document = parse(walkthrough.text, str(tmp_path / "tiny_detector.md"))
    result = check(run_documents([document]), document)
    assert [words(verdict.claim.text) for verdict in result.failed] == caught


@pytest.mark.slow
def test_the_walkthrough_grew_from_a_draft(walkthrough, draft):
    told = {words(claim.text) for claim in walkthrough.claims}
    drafted = {words(claim.text) for claim in parse(draft).claims}
    assert len(drafted & told) / len(drafted) > 0.8
    assert "[B, (H // 16)*(W // 16) + 1, 64]" in draft


def test_the_workflow_asks_the_action_for_what_it_takes():
    workflow = yaml.safe_load((EXAMPLES / "ci" / "shapeflow.yml").read_text(encoding="utf-8"))
    action = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
    steps = [step for job in workflow["jobs"].values() for step in job["steps"]]
    (ours,) = [step for step in steps if "shapeflow" in step.get("uses", "")]
    assert set(ours["with"]) <= set(action["inputs"])
    named = ours["with"]["walkthrough"].split()
    assert named
    assert all((ROOT / path).is_file() for path in named)


def test_the_files_that_the_chapter_names_are_there():
    links = re.findall(r"\]\(([^)#]+)\)", CHAPTER)
    assert len(links) > 4
    assert [link for link in links if not (ROOT / link).exists()] == []


@pytest.mark.slow
def test_the_claims_in_the_chapter_are_drafted(draft):
    block = re.search(r"```shapes\n(.*?)```", textwrap.dedent(CHAPTER), re.DOTALL)
    shown = [words(line) for line in block[1].strip().splitlines()]
    drafted = [words(claim.text) for claim in parse(draft).claims]
    assert len(shown) == 6
    assert [line for line in shown if line not in drafted] == []


@pytest.mark.slow
def test_the_numbers_in_the_chapter_are_those_of_the_draft(draft):
    document = parse(draft)
    claims, sections = len(document.claims), len(document.sections) - 1
    assert f"{claims} claims in {sections} sections" in CHAPTER
    assert f"checked: {claims} of {claims} hold" in CHAPTER
    for symbol, sizes in re.findall(r"^- `(\w)`: .* \(seen with (.*)\)$", draft, re.MULTILINE):
        assert re.search(rf"{symbol}: .* seen with {sizes}$", CHAPTER, re.MULTILINE)


def test_the_message_in_the_chapter_is_the_real_one(walkthrough, tmp_path, capsys, monkeypatch):
    source = (EXAMPLES / "tiny_detector.py").read_text(encoding="utf-8")
    folder = tmp_path / "examples"
    folder.mkdir()
    (folder / "tiny_detector.py").write_text(source.replace("layers: int = 2", "layers: int = 3"))
    (folder / "tiny_detector.md").write_text(walkthrough.text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert cli.main(["check", "--run", "examples/tiny_detector.md", "-q"]) == 1
    said = capsys.readouterr().out
    shown = re.search(r"   ```\n(   contradicted\[count\].*?)   ```", CHAPTER, re.DOTALL)
    assert textwrap.dedent(shown[1]).strip() in said


def test_the_page_on_drafting_names_all_options():
    page = (ROOT / "docs" / "init.md").read_text(encoding="utf-8")
    parser = ArgumentParser()
    init.configure(parser)
    options = {action.option_strings[-1] for action in parser._actions if action.option_strings}
    for option in options - {"--help"}:
        short = {"--output": "-o NEW.md", "--quiet": "-q"}.get(option, option)
        assert f"`{short}" in page, option
