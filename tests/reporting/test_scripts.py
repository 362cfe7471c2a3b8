"""The page's scripts without a page: their types, their functions, and what they share with Python."""

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

from shapeflow.errors import SelectorError
from shapeflow.model.exact_names import ExactNames
from shapeflow.reporting.formats import html
from shapeflow.reporting.formats import page_data as of_pages
from shapeflow.reporting.formats.templates import address, templates_folder
from shapeflow.reporting.translator import Translator
from shapeflow.reporting.view.build import build

SCRIPTS = templates_folder() / "js"
FILES = sorted(SCRIPTS.rglob("*.js"))
TESTS = sorted((Path(__file__).parent / "js").glob("*.test.mjs"))
PAGES = ("pages/annotated.js", "pages/source.js")
"""Scripts of other pages, each the whole of its page's."""
TYPESCRIPT = "typescript@5.9"
"""What npx takes where no `tsc` is installed."""
PATTERNS = ("backbone.*.convs.*", "*", "backbone.*", "backbone.*()", "*.*.trunk", "de*er", "nothing.*")
FILLED = (("n-calls", {"n": 1}), ("n-calls", {"n": 1200}), ("no-such", {"name": "a {n}$&"}))


def run(*command: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, **variables, "NO_COLOR": "1"}
    return subprocess.run(command, capture_output=True, text=True, timeout=300, env=environment, check=False)


def page_data(trace) -> dict:
    return json.loads(of_pages.page_data(build(trace, folders=[])))


# -- files --------------------------------------------------------------------------------------------


def test_every_script_is_in_the_page_once():
    names = [file.relative_to(SCRIPTS).as_posix() for file in FILES]
    assert sorted([*html.SCRIPTS, *PAGES, "types.js"]) == names


@pytest.mark.parametrize("file", [*FILES, *TESTS], ids=lambda file: file.name)
def test_lines_and_files_are_short(file):
    lines = file.read_text(encoding="utf-8").splitlines()
    assert len(lines) < 300
    assert [line for line in lines if len(line) > 120] == []


def test_comments_stay_out_of_the_page_and_code_stays_in():
    script = html.page_script(SCRIPTS)
    assert not re.search(r"^\s*(//|/\*\*(?!.*\*/ *\S)| \*)", script, re.MULTILINE)
    for file in (SCRIPTS / name for name in html.SCRIPTS):
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


# -- functions ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def sample(tmp_path_factory) -> Path:
    """A page's data, with what Python answers to the questions that the scripts answer too."""
    trace = detector()
    names = trace.cached(ExactNames)
    selectors = [
        *map(names.call, range(len(trace.calls))),
        *map(names.op, range(len(trace.ops))),
        *map(names.value, range(len(trace.values))),
    ]
    answers = {
        "page": page_data(trace),
        "counts": [len(trace.calls), len(trace.ops), len(trace.values), len(trace.sources)],
        "addresses": {name: address(name) for name in [*selectors, "a'b", "x/y z", "f(1)!~*#%", "层@0"]},
        "words": [
            {"key": key, "values": values, "text": Translator("en")(key, **values)} for key, values in FILLED
        ],
        "patterns": {pattern: calls_named(trace, pattern) for pattern in PATTERNS},
        "users": {value: list(map(names.op, ops)) for value, ops in trace.users.items()},
    }
    path = tmp_path_factory.mktemp("scripts") / "sample.json"
    path.write_text(json.dumps(answers))
    return path


def calls_named(trace, pattern) -> list[str]:
    try:
        return [match.name for match in trace.select(pattern)]
    except SelectorError:
        return []


def test_functions_do_what_their_tests_say(sample):
    if not shutil.which("node"):
        pytest.skip("node is not on the PATH")
    result = run("node", "--test", "--test-reporter=tap", *map(str, TESTS), SHAPEFLOW_SAMPLE=str(sample))
    assert result.returncode == 0, result.stdout
    assert re.search(r"(?m)^# skipped 0$", result.stdout), result.stdout
