"""The page's scripts without a page: their types, and those of the data that Python gives them."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from builders import sample_trace
from report_samples import detector, hostile

from shapeflow.reporting.formats import html
from shapeflow.reporting.view.build import build

SCRIPTS = html.templates_folder() / "js"
FILES = sorted(SCRIPTS.rglob("*.js"))
TYPESCRIPT = "typescript@5.9"
"""What npx takes where no `tsc` is installed."""


def run(*command: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, **variables, "NO_COLOR": "1"}
    return subprocess.run(command, capture_output=True, text=True, timeout=300, env=environment, check=False)


def page_data(trace) -> dict:
    return json.loads(html.page_data(build(trace, folders=[])))


# -- files --------------------------------------------------------------------------------------------


def test_every_script_is_in_the_page_once():
    names = [file.relative_to(SCRIPTS).as_posix() for file in FILES]
    assert sorted([*html.SCRIPTS, "types.js"]) == names


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_lines_and_files_are_short(file):
    lines = file.read_text(encoding="utf-8").splitlines()
    assert len(lines) < 300
    assert [line for line in lines if len(line) > 120] == []


def test_comments_stay_out_of_the_page_and_code_stays_in():
    script = html.page_script(SCRIPTS)
    assert not re.search(r"^\s*(//|/\*\*(?!.*\*/ *\S)| \*)", script, re.MULTILINE)
    for file in FILES:
        code = re.findall(r"^(?:async )?(?:function|class|const) \w+", file.read_text("utf-8"), re.MULTILINE)
        assert [line for line in code if line not in script] == []


# -- types --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def tsc() -> tuple[str, ...]:
    """The type checker: the one on the PATH, else npx fetches it."""
    if shutil.which("tsc"):
        return ("tsc",)
    if not shutil.which("npx"):
        pytest.skip("neither tsc nor npx is on the PATH")
    command = ("npx", "--yes", f"--package={TYPESCRIPT}", "tsc")
    if run(*command, "--version", npm_config_fetch_retries="0").returncode:
        pytest.skip(f"npx cannot fetch {TYPESCRIPT}")
    return command


def type_errors(tsc, config: Path) -> str:
    result = run(*tsc, "--project", str(config))
    assert (result.returncode == 0) == (result.stdout == ""), result.stderr
    return result.stdout


@pytest.mark.slow
@pytest.mark.parametrize("config", ["jsconfig.json", "model/jsconfig.json"])
def test_types_fit(tsc, config):
    """The scripts in model/ are checked without the names of a browser, so they use none."""
    assert type_errors(tsc, SCRIPTS / config) == ""


@pytest.mark.slow
@pytest.mark.parametrize("make", [detector, sample_trace, hostile])
def test_the_data_has_the_fields_that_the_scripts_expect(tsc, tmp_path, make):
    def errors(data) -> str:
        text = f"/** @type {{PageData}} */\nconst sample = {json.dumps(data)};\nvoid sample;\n"
        (tmp_path / "data.js").write_text(text)
        return type_errors(tsc, tmp_path / "jsconfig.json")

    config = {"extends": str(SCRIPTS / "jsconfig.json"), "include": ["data.js", str(SCRIPTS / "**" / "*.js")]}
    (tmp_path / "jsconfig.json").write_text(json.dumps(config))
    data = page_data(make())
    assert errors(data) == ""
    data["trace"]["calls"]["name"] = data["trace"]["calls"].pop("selector")
    assert "\"name\"' does not exist in type 'Table<CallRow>'" in errors(data)
