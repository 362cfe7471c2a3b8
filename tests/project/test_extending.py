"""The worked example of docs/extending.md, really installed: adapter, kind of claim, format, integration."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from places import DOCS, EXAMPLES

from shapeflow.common.text import Span
from shapeflow.walkthrough.claims import KINDS, kind_of
from shapeflow.walkthrough.grammar import read_claim

EXAMPLE = EXAMPLES / "extending"
DOCUMENT = """\
# The perceptron

```shapes
0:out  [1, 16]
dtype *:out = f32
dtype 1:out = f16
dtyp *:out = f16
```
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory) -> Path:
    """Install the example where only these tests see it."""
    folder = tmp_path_factory.mktemp("installed")
    source = folder / "source"  # building leaves files beside the source
    shutil.copytree(EXAMPLE, source)
    words = ["install", "-q", "--no-deps", "--no-build-isolation", "--target", str(folder / "site")]
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
    subprocess.run([*pip, *words, str(source)], check=True, timeout=300)
    (folder / "mlp.md").write_text(DOCUMENT)
    return folder


def shapeflow(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return python(folder, "-m", "shapeflow", *words)


def python(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join([str(folder / "site"), *filter(None, [os.environ.get("PYTHONPATH")])])
    return subprocess.run(
        [sys.executable, *words],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


@pytest.fixture(scope="module")
def traced(installed) -> Path:
    done = shapeflow(installed, "trace", "--model", "mlp:8x16x4", "-o", "mlp.trace.json")
    assert (done.returncode, done.stderr.splitlines()[0]) == (
        0,
        "no checkpoint: shapes only, nothing large is computed (--device cpu computes)",
    ), done.stderr
    assert "0 Linear [1, 8] [1, 16]" in " ".join(done.stdout.split())
    return installed


@pytest.mark.slow
def test_the_adapter_refuses_what_it_does_not_take(traced):
    done = shapeflow(traced, "trace", "--model", "mlp:8x16x4", "--prompt", "bus")
    assert done.returncode == 2
    assert "error[option-unused]: 'mlp' brings its own inputs; --prompt would not be used" in done.stderr
    done = shapeflow(traced, "trace", "--model", "mlp:8")
    assert (done.returncode, "'mlp:8' does not name the widths" in done.stderr) == (2, True)
    done = shapeflow(traced, "trace", "--model", "mpl")
    assert "mlp:NAME" in done.stderr


@pytest.mark.slow
def test_the_claim_is_judged_with_a_message_like_ours(traced):
    done = shapeflow(traced, "check", "mlp.trace.json", "mlp.md")
    assert done.returncode == 2
    assert done.stdout.startswith(
        """\
contradicted[dtype]: '1:out' has another dtype
  --> mlp.md:6:15
  |
6 | dtype 1:out = f16
  |               ^^^
   = expected: f16
   = found:    f32
"""
    )
    assert "cannot read 'dtyp'" in done.stdout
    assert "   = try:      dtype\n" in done.stdout
    assert "2 of 4 claims failed: 1 contradicted, 1 with an error; of the others 2 hold" in done.stdout


@pytest.mark.slow
def test_the_format_is_listed_and_renders(traced):
    done = shapeflow(traced, "report", "mlp.trace.json", "mlp.md", "--format", "csv")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[:2] == [
        "section,claim,verdict,found",
        'The perceptron,"0:out  [1, 16]",holds,"f32[1, 16]"',
    ]
    done = shapeflow(traced, "report", "mlp.trace.json", "--format", "cvs")
    assert "csv" in done.stderr


CASE = """\
from shapeflow_example.unittest_case import WalkthroughTestCase


class Right(WalkthroughTestCase):
    walkthrough = "right.md"


class Wrong(WalkthroughTestCase):
    walkthrough = "wrong.md"


class Missing(WalkthroughTestCase):
    walkthrough = "missing.md"
"""


@pytest.mark.slow
def test_the_integration_makes_claims_subtests(installed):
    text = "---\nmodel: mlp:8x16x4\n---\n# The perceptron\n\n```shapes\n0:out [1, 16]\n{}```\n"
    (installed / "right.md").write_text(text.format(""))
    (installed / "wrong.md").write_text(text.format("1:out [1, 17]\n"))
    (installed / "test_case.py").write_text(CASE)
    done = python(installed, "-m", "unittest", "test_case.Right", "test_case.Wrong", "test_case.Missing")
    assert done.returncode == 1, done.stderr
    assert "Ran 3 tests" in done.stderr and "FAILED (failures=2)" in done.stderr, done.stderr
    assert "(claim='1:out [1, 17]')" in done.stderr
    assert re.search(r"= found: +\S*f32\[1, 4\]", done.stderr), done.stderr
    assert "error[file-missing]" in done.stderr


def test_the_page_shows_the_files_as_they_are():
    page = (DOCS / "extending.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```(?:python|toml)\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    files = [EXAMPLE / "pyproject.toml", *sorted((EXAMPLE / "shapeflow_example").glob("[a-z]*.py"))]
    assert len(files) == 5
    for file in files:
        text = file.read_text(encoding="utf-8")
        assert any(block.strip() and block in text for block in blocks), file.name
    for block in blocks:
        assert any(block in file.read_text(encoding="utf-8") for file in files), block


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_each_kind_s_example_is_of_that_kind(kind):
    assert kind_of(kind.example) is kind
    claim = read_claim(Span("w.md", 1, kind.example, 0, len(kind.example)), 0, 0)
    assert claim.kind == kind.name
    several = kind.name in ("flow", "amount")
    assert all(several or word in kind.example for word in kind.keywords)
