"""Walkthroughs as tests in pytest: ``pytest --shapeflow docs/model.md`` collects each claim as a test.

A project names them once, in its configuration, by paths or patterns from its root::

    [tool.pytest.ini_options]
    shapeflow = ["docs/*.md"]

Then ``pytest`` alone collects them, ``pytest docs`` those in a folder, ``pytest tests/test_it.py`` none. No
model is run unless one of its claims is, or a test asks for the fixture ``shapeflow_trace``.

The code that a walkthrough names is run. It has to be in the walkthrough's repository, unless the option
``--shapeflow-trust`` or the line ``shapeflow_trust = true`` of the configuration says that it is trusted.

The model runs once a session, also under ``pytest -n``: the first worker runs it, the others read its trace.
"""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from shapeflow.common.control_characters import printed
from shapeflow.common.files import fitting
from shapeflow.common.text import printable
from shapeflow.errors import InputError, ShapeflowError
from shapeflow.integrations.pytest_runs import Runs

if TYPE_CHECKING:
    from shapeflow.model.trace import Trace
    from shapeflow.walkthrough.document import Claim
    from shapeflow.walkthrough.verdict import CheckResult, Verdict


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the options."""
    group = parser.getgroup("shapeflow")
    group.addoption(
        "--shapeflow",
        action="append",
        default=[],
        metavar="WALKTHROUGH",
        help="collect the claims of a walkthrough as tests, running the code that it names; repeatable",
    )
    trust = "run code that a walkthrough names outside its own repository, too"
    group.addoption("--shapeflow-trust", action="store_true", help=trust)
    parser.addini("shapeflow_trust", trust, type="bool", default=False)
    trace = "judge them on a stored trace, instead of running the model as the walkthrough says"
    group.addoption(
        "--shapeflow-trace",
        action="append",
        default=[],
        metavar="[RUN=]FILE",
        help=f"{trace}; repeatable, one for each run that they name",
    )
    parser.addini(
        "shapeflow", "walkthroughs, as paths or patterns from the root", type="linelist", default=[]
    )
    parser.addini(
        "shapeflow_trace", f"{trace}, as [RUN=]FILE from the root, one a line", type="linelist", default=[]
    )


def pytest_configure(config: pytest.Config) -> None:
    """Add the walkthroughs to what is collected."""
    here = config.invocation_params.dir
    try:
        asked = _absolute(config.getoption("shapeflow"), here)
        named = _absolute(config.getini("shapeflow"), config.rootpath)
    except InputError as error:
        raise pytest.UsageError(printed(error.render())) from None
    config.option.shapeflow = asked  # absolute, for the workers of pytest-xdist too
    config.stash[_RUNS] = Runs(config, list(dict.fromkeys([*asked, *named])))
    if any("::" in str(argument) for argument in config.args):
        return  # who names single tests wants these
    explicit = config.args_source is pytest.Config.ArgsSource.ARGS
    wanted = asked if explicit else [*asked, *named]
    config.args.extend(name for name in dict.fromkeys(wanted) if name not in config.args)


def _absolute(names: Sequence[str], folder: Path) -> list[str]:
    """Return paths and patterns that are seen from a folder as paths that can be compared."""
    return [str(path.resolve()) for path in fitting([folder / name for name in names], "walkthrough")]


def pytest_unconfigure(config: pytest.Config) -> None:
    """Remove what the workers shared."""
    folder = config.stash.get(_FOLDER, None)
    if folder:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a worker of pytest-xdist where traces are shared."""
    config = node.config
    if config.stash[_RUNS].paths:
        if _FOLDER not in config.stash:
            config.stash[_FOLDER] = tempfile.mkdtemp(prefix="shapeflow-")
        node.workerinput["shapeflow_folder"] = config.stash[_FOLDER]


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Collect the walkthroughs that were asked for."""
    if str(file_path.resolve()) not in parent.config.stash[_RUNS].paths:
        return None
    collector: pytest.Collector = WalkthroughFile.from_parent(parent, path=file_path)
    return collector


@pytest.fixture(scope="session")
def shapeflow_trace(request: pytest.FixtureRequest) -> Trace:
    """Return the trace of ``--shapeflow-trace``, or of the run that the first walkthrough asks for.

    Walkthroughs and traces of the configuration count, so that no option is needed.
    """
    return request.config.stash[_RUNS].first()


class WalkthroughFile(pytest.File):
    """A walkthrough; its claims are its tests."""

    def collect(self) -> Iterable[ClaimItem]:
        """Yield a test for each claim."""
        try:
            document = self.config.stash[_RUNS].document(str(self.path.resolve()))
        except ShapeflowError as error:
            raise self.CollectError(printed(error.render())) from None
        for claim in document.claims:
            name = f"line {claim.span.line}: {printable(' '.join(claim.text.split()))}"
            yield ClaimItem.from_parent(self, name=name, claim=claim)


class ClaimItem(pytest.Item):
    """One claim."""

    def __init__(self, *, claim: Claim, **other: Any) -> None:
        super().__init__(**other)
        self.claim = claim

    def runtest(self) -> None:
        """Fail if the check is not satisfied; skip what only a real run can tell in a shapes-only one."""
        result = self.config.stash[_RUNS].result(str(self.path.resolve()))
        verdict = result.verdicts[self.claim.id]
        if verdict.skipped:
            pytest.skip(verdict.what)
        if not verdict.passed:
            cause = result.cause_of.get(self.claim.id)
            if cause is not None:
                more = result.more_text(cause)
                self.user_properties.append((CAUSE, printed(f"{cause.render()}\n   {more}".rstrip())))
            raise ClaimFailed(self._told(result, verdict), verdict.what)

    def _told(self, result: CheckResult, verdict: Verdict) -> str:
        """Return the message: of claims with one cause, the first tells it, and the others name it."""
        cause = result.cause_of.get(self.claim.id)
        if cause is None or self.config.get_verbosity() > 1:
            return verdict.render()
        if self.config.stash[_RUNS].is_new(str(self.path), cause):
            return f"{cause.render()}\n\n{verdict.render()}"
        line = result.verdicts[cause.first].claim.span.line
        head = f"{verdict.level}[{verdict.code}]: {verdict.what}"
        return f"{head}\n   = because:  {cause.what} (line {line}; -vv says all)"

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Return the message that the command line shows."""
        if isinstance(excinfo.value, ClaimFailed):
            return printed(excinfo.value.message)
        if isinstance(excinfo.value, ShapeflowError):
            return printed(excinfo.value.render())
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Return the claim's place: its own line of the walkthrough."""
        return self.path, self.claim.span.line - 1, self.name


class ClaimFailed(Exception):  # noqa: N818 - pytest shows the name, and it says what happened
    """A claim whose check is not satisfied."""

    def __init__(self, message: str, what: str) -> None:
        super().__init__(what)
        self.message = message


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say once what many failures have in common; it comes with the reports, also from workers."""
    failed = terminalreporter.stats.get("failed", [])
    causes = Counter(text for report in failed for name, text in report.user_properties if name == CAUSE)
    for text, number in causes.most_common():
        if number > 1:
            terminalreporter.section(f"shapeflow: one cause of {number} failures", bold=True)
            terminalreporter.write_line(text)


CAUSE = "shapeflow cause"
"""Name of the property of a failed test that says what it has in common with others."""
_RUNS = pytest.StashKey[Runs]()
_FOLDER = pytest.StashKey[str]()
