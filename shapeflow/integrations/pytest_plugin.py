"""Walkthroughs as tests in pytest: ``pytest --shapeflow docs/model.md`` collects each claim as a test.

A project names them once, in its configuration, by paths or patterns from its root::

    [tool.pytest.ini_options]
    shapeflow = ["docs/*.md"]

Then ``pytest`` alone collects them, ``pytest docs`` those in a folder, and ``pytest tests/test_it.py`` none. No model
is run unless one of its claims is, or a test asks for the fixture ``shapeflow_trace``.

The code that a walkthrough names is run. It has to be in the walkthrough's repository, unless the option
``--shapeflow-trust`` or the line ``shapeflow_trust = true`` of the configuration says that it is trusted.

The model runs once a session, also under ``pytest -n``: the first worker runs it, the others read its trace.
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from shapeflow.common.control_characters import printed
from shapeflow.common.files import fitting
from shapeflow.common.text import printable
from shapeflow.errors import InputError, RunError, ShapeflowError

if TYPE_CHECKING:
    from shapeflow.model.trace import Trace
    from shapeflow.walkthrough.cause import Cause
    from shapeflow.walkthrough.document import Claim, Document
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
    group.addoption("--shapeflow-trace", metavar="FILE", help=trace)
    parser.addini(
        "shapeflow", "walkthroughs, as paths or patterns from the root", type="linelist", default=[]
    )
    parser.addini("shapeflow_trace", f"{trace}; from the root", default="")


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
        return f"{verdict.level}[{verdict.code}]: {verdict.what}\n   = because:  {cause.what} (line {line}; -vv says all)"

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


class Runs:
    """The walkthroughs, traces and results of one session, each made once and when it is first needed."""

    def __init__(self, config: pytest.Config, paths: list[str]) -> None:
        self.paths = paths
        self._here = config.invocation_params.dir
        asked, named = config.getoption("shapeflow_trace"), config.getini("shapeflow_trace")
        self._trace_file = self._here / asked if asked else config.rootpath / named if named else None
        self._told: set[tuple[str, int]] = set()
        self._trust = bool(config.getoption("shapeflow_trust") or config.getini("shapeflow_trust"))
        folder = getattr(config, "workerinput", {}).get("shapeflow_folder")
        self._shared = Path(folder) if folder else None
        self._documents: dict[str, Document] = {}
        self._traces: dict[str, Trace | ShapeflowError] = {}
        self._results: dict[str, CheckResult] = {}

    def document(self, path: str) -> Document:
        """Return a walkthrough that makes claims."""
        if path not in self._documents:
            from shapeflow.walkthrough.reader import no_claims, read

            here = Path(path).is_relative_to(self._here)
            document = read(path, str(Path(path).relative_to(self._here)) if here else path)
            if not document.claims:
                raise no_claims(document)
            self._documents[path] = document
        return self._documents[path]

    def result(self, path: str) -> CheckResult:
        """Return all verdicts of a walkthrough, judged whole: claims bind sizes for those after them."""
        if path not in self._results:
            from shapeflow.walkthrough.check import check

            self._results[path] = check(self._trace(path), self.document(path))
        return self._results[path]

    def is_new(self, path: str, cause: Cause) -> bool:
        """Return whether a cause was not told yet in this process; from now on it is."""
        key = (path, cause.first)
        if key in self._told:
            return False
        self._told.add(key)
        return True

    def first(self) -> Trace:
        """Return the trace of the session."""
        if not self._trace_file and not self.paths:
            pytest.fail(
                "shapeflow_trace needs --shapeflow WALKTHROUGH or --shapeflow-trace FILE, or a line 'shapeflow = "
                "WALKTHROUGH' or 'shapeflow_trace = FILE' in the configuration of pytest",
                pytrace=False,
            )
        return self._trace(self.paths[0] if self.paths else "")

    def _trace(self, path: str) -> Trace:
        """Return the trace that a walkthrough is judged on."""
        if self._trace_file:
            file = self._trace_file
            return self._once("", lambda: self._load(file))
        same = [other for other in self.paths if other == path or self._asks_for(other, self._run_key(path))]
        return self._once(self._run_key(path), lambda: self._run([self.document(one) for one in same]))

    def _asks_for(self, path: str, key: str) -> bool:
        """Return whether a walkthrough asks for a run; one that cannot be read asks for none."""
        try:
            return self._run_key(path) == key
        except ShapeflowError:
            return False

    def _run_key(self, path: str) -> str:
        """Return what walkthroughs that ask for the same run have in common."""
        from shapeflow.runs.documents import run_key

        return run_key(self.document(path))

    def _once(self, key: str, make: Any) -> Trace:
        """Return what ``make`` gives, and what it raises, without making it twice."""
        if key not in self._traces:
            try:
                self._traces[key] = self._shared_trace(key, make)
            except ShapeflowError as error:
                self._traces[key] = error
                raise
        found = self._traces[key]
        if isinstance(found, ShapeflowError):  # told in full by the first claim
            raise RunError(found.code, found.what, where=found.where)
        return found

    def _shared_trace(self, key: str, make: Any) -> Trace:
        """Make a trace, or read the one that another worker has made."""
        if self._shared is None or not key:
            trace: Trace = make()
            return trace
        name = hashlib.sha256(key.encode()).hexdigest()[:16]
        file = self._shared / f"{name}.trace.json"
        with _locked(self._shared / f"{name}.lock"):
            if not file.exists():
                make().save(file)
        return self._load(file)

    def _load(self, file: Path) -> Trace:
        from shapeflow.model.trace import Trace

        return Trace.load(file)

    def _run(self, documents: list[Document]) -> Trace:
        from shapeflow.runs.documents import run_documents

        try:
            return run_documents(documents, trust=self._trust)
        except InputError as error:
            if error.code == "target-outside":
                error.amend(hint="--shapeflow-trust, if you know what it runs")
            raise


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Let one process at a time in; a lock ends with its process."""
    with path.open("w") as file:
        try:
            import fcntl
        except ImportError:  # no POSIX system: each worker makes its own
            yield
            return
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


CAUSE = "shapeflow cause"
"""Name of the property of a failed test that says what it has in common with others."""
_RUNS = pytest.StashKey[Runs]()
_FOLDER = pytest.StashKey[str]()
