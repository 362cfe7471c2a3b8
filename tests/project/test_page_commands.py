"""Every command of the README and of the pages runs, and prints what the page says."""

from __future__ import annotations

import argparse
import json
import re
import shutil
from importlib import import_module
from pathlib import Path

import pytest
from page_commands import Shown, differences, inline_commands, shown_commands
from places import DOCS, EXAMPLES, ROOT

from shapeflow import cli

pytestmark = pytest.mark.slow

PAGES = [ROOT / "README.md", *sorted(DOCS.glob("*.md"))]
SAM3 = ("school-bus.trace.json", "bus.trace.json", "sam3.trace.json")
TINY = ("tiny.trace.json", "model.trace.json")
PLACEHOLDERS = {"SELECTOR": "transformer.encoder:out.memory", "OTHER": ".forward_grounding():out.pred_masks"}
RUNS = """\
---
model: ../examples/tiny_detector.py:build
runs:
  training: {model: ../examples/tiny_detector.py:build}
  evaluation: {model: ../examples/tiny_detector.py:build, seed: 1}
---
```shapes
class . = TinyDetector
```
"""
BERT = {"architectures": ["BertModel"], "model_type": "bert", "num_hidden_layers": 1}
UNET = {"_class_name": "UNet2DConditionModel", "sample_size": 32}
ABOUT_SAM3 = "---\nmodel: sam3\n---\n```shapes\ntransformer.encoder.layers.*:out  [1, 5184, 256]\n```\n"
HEAVY = ("--device cpu", "--device cuda", "--checkpoint")
"""Options of commands that compute for a minute or need what is not there: these are only read."""


def parser_of(command: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=f"shapeflow {command}")
    import_module(f"shapeflow.commands.{command}").configure(parser)
    return parser


@pytest.fixture(scope="module")
def traces(tmp_path_factory):
    """The traces that pages name: of SAM3, and of the example model."""
    folder = tmp_path_factory.mktemp("traces")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        bus = str(EXAMPLES / "school-bus.jpg")
        assert (
            cli.main(["trace", "--prompt", "yellow school bus", bus, "-q", "-o", str(folder / SAM3[0])]) == 0
        )
        model = ["--model", "examples/tiny_detector.py:build"]
        assert cli.main(["trace", *model, "-q", "-o", str(folder / TINY[0])]) == 0
    return folder


@pytest.fixture
def workspace(tmp_path, traces, sample, monkeypatch):
    """A repository with all that the pages name; it gives what lays down more, by the page's name."""
    monkeypatch.chdir(tmp_path)
    Path(".git").mkdir()
    shutil.copytree(EXAMPLES, "examples")
    for names in (SAM3, TINY):
        for name in names:
            shutil.copy(traces / names[0], name)
    source = (EXAMPLES / "tiny_detector.py").read_text(encoding="utf-8")
    for folder, name in (("my_package", "models.py"), ("path/to", "model.py")):
        Path(folder).mkdir(parents=True)
        Path(folder, name).write_text(f"{source}\n\nbuild_tiny = build\n", encoding="utf-8")
    for place, model in (("folder", BERT), ("stable-diffusion/unet", UNET)):
        Path(place).mkdir(parents=True)
        Path(place, "config.json").write_text(json.dumps(model), encoding="utf-8")
    own = (EXAMPLES / "tiny_detector.md").read_text(encoding="utf-8")
    own = own.replace("model: tiny_detector.py", "model: ../examples/tiny_detector.py")
    Path("docs").mkdir()
    document = Path("docs/model.md")
    document.write_text(own, encoding="utf-8")

    def about_sam3():
        document.write_text(ABOUT_SAM3, encoding="utf-8")

    def about_agents():
        Path("claims.md").write_text(_shown_text("agents.md"), encoding="utf-8")

    def about_annotate():
        Path("notes.md").write_text(_shown_text("annotate.md"), encoding="utf-8")

    def about_language():
        shutil.copy(DOCS / "walkthrough-language.md", "walkthrough-language.md")
        sample.save("tiny.trace.json")

    def about_runs():
        document.write_text(RUNS, encoding="utf-8")
        for run in ("training", "evaluation"):
            words = ["--model", "examples/tiny_detector.py:build", "--name", run, "-q"]
            assert cli.main(["trace", *words, "-o", f"{run}.trace.json"]) == 0
        for plain in ("a", "b"):
            shutil.copy(traces / TINY[0], f"{plain}.trace.json")

    return {
        "agents.md": about_agents,
        "annotate.md": about_annotate,
        "coverage.md": about_sam3,
        "walkthrough-language.md": about_language,
        "training": about_runs,
    }


def _shown_text(page: str) -> str:
    """Return the Markdown that a page shows as a file of the reader's."""
    text = re.search(r"````markdown\n(.*?)````", (DOCS / page).read_text("utf-8"), re.DOTALL)
    assert text is not None
    return text[1]


def failure(shown: Shown, capsys: pytest.CaptureFixture[str]) -> str:
    """Return what is wrong with a command, run here; empty if nothing is."""
    words = [PLACEHOLDERS.get(word, word) for word in shown.words]
    if any(option in shown.text for option in HEAVY):
        parser_of(words[0]).parse_args(words[1:])
        return ""
    code = cli.main(words)
    out, err = capsys.readouterr()
    if shown.printed is None:
        return "" if code in (0, 1) else f"ends with {code}: {err}"
    missing = differences(f"{out}{err}".rstrip("\n").split("\n"), shown.printed)
    return f"does not print: {missing}\n--- it prints\n{out}{err}" if missing else ""


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_commands_of_a_page_run_and_print_what_it_says(page, workspace, capsys):
    wrong = []
    workspace.get(page.name, bool)()
    commands = shown_commands(page)
    for shown in sorted(commands, key=lambda shown: "training" in shown.text):
        if "training" in shown.text:
            workspace["training"]()
        if not shown.is_usage:
            said = failure(shown, capsys)
            wrong += [f"{page.name}:{shown.line}: {shown.text}\n{said}"] if said else []
    assert not wrong, "\n\n".join(wrong)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_options_that_a_page_names_are_there(page):
    for shown in [*shown_commands(page), *inline_commands(page)]:
        command = shown.text.split()[1]
        if command not in cli.COMMANDS:
            assert command.startswith(("-", "COMMAND")), f"{page.name}:{shown.line}: {shown.text}"
            continue
        known = parser_of(command).format_help() + " --help --version"
        for option in re.findall(r"(?<![\w-])--?[a-z][\w-]*", re.sub(r"'[^']*'|\"[^\"]*\"", "", shown.text)):
            assert re.search(rf"(?<![\w-]){option}(?![\w-])", known), f"{page.name}:{shown.line}: {option}"


@pytest.mark.parametrize(
    ("printed", "expected", "missing"),
    [
        (["a", "b"], ("a", "b"), ""),
        (["a", "b"], ("a",), "and no more, but it goes on: b"),
        (["a", "b", "c"], ("a", "…"), ""),
        (["a", "b", "c"], ("…", "c"), ""),
        (["a", "b", "c"], ("a", "c"), "c"),
        (["a long line"], ("a long …",), ""),
        (["a"], ("a", "b"), "b"),
    ],
)
def test_lines_are_compared_with_what_a_page_leaves_out(printed, expected, missing):
    assert differences(printed, expected) == missing
