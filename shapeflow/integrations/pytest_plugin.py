"""Walkthroughs as tests in pytest: ``pytest --shapeflow docs/model.md`` collects each claim as a test.

The code that a walkthrough names is run. It has to be in the walkthrough's repository, unless the option
``--shapeflow-trust`` or the line ``shapeflow_trust = true`` of the configuration says that it is trusted.

The model runs once a session, also under ``pytest -n``: the first worker runs it, the others read its trace.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from shapeflow.common.control_characters import printed
from shapeflow.common.text import printable
from shapeflow.errors import InputError, RunError, ShapeflowError

if TYPE_CHECKING:
    from shapeflow.model.trace import Trace
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
    group.addoption(
        "--shapeflow-trace",
        action="append",
        default=[],
        metavar="[RUN=]FILE",
        help="judge them on a stored trace, instead of running the model as the walkthrough says; "
        "repeatable, one for each run that it names",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Add the walkthroughs to what is collected."""
    here = config.invocation_params.dir
    documents = [str((here / name).resolve()) for name in config.getoption("shapeflow")]
    config.option.shapeflow = documents  # absolute, for the workers of pytest-xdist too
    config.stash[_RUNS] = Runs(config, documents)
    config.args.extend(name for name in documents if name not in config.args)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Remove what the workers shared."""
    folder = config.stash.get(_FOLDER, None)
    if folder:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell a worker of pytest-xdist where traces are shared."""
    config = node.config
    if config.getoption("shapeflow"):
        if _FOLDER not in config.stash:
            config.stash[_FOLDER] = tempfile.mkdtemp(prefix="shapeflow-")
        node.workerinput["shapeflow_folder"] = config.stash[_FOLDER]


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Collect the walkthroughs that were asked for."""
    if str(file_path.resolve()) not in parent.config.getoption("shapeflow"):
        return None
    collector: pytest.Collector = WalkthroughFile.from_parent(parent, path=file_path)
    return collector


@pytest.fixture(scope="session")
def shapeflow_trace(request: pytest.FixtureRequest) -> Trace:
    """Return the trace of ``--shapeflow-trace``, or of the run that the first ``--shapeflow`` asks for."""
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
            raise ClaimFailed(verdict)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Return the message that the command line shows."""
        if isinstance(excinfo.value, ClaimFailed):
            return printed(excinfo.value.verdict.render())
        if isinstance(excinfo.value, ShapeflowError):
            return printed(excinfo.value.render())
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Return the claim's place: its own line of the walkthrough."""
        return self.path, self.claim.span.line - 1, self.name


class ClaimFailed(Exception):  # noqa: N818 - pytest shows the name, and it says what happened
    """A claim whose check is not satisfied."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(verdict.what)
        self.verdict = verdict


class Runs:
    """The walkthroughs, traces and results of one session, each made once and when it is first needed."""

    def __init__(self, config: pytest.Config, paths: list[str]) -> None:
        self._paths = paths
        self._trace_files: list[str] = config.getoption("shapeflow_trace")
        self._here = config.invocation_params.dir
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

            self._results[path] = check(self._traces_of(path), self.document(path))
        return self._results[path]

    def first(self) -> Trace:
        """Return the trace of the session."""
        if not self._trace_files and not self._paths:
            pytest.fail(
                "shapeflow_trace needs --shapeflow WALKTHROUGH or --shapeflow-trace FILE", pytrace=False
            )
        if not self._paths:
            return self._stored(self._trace_files[0])[1]
        return next(iter(self._traces_of(self._paths[0]).values()))

    def _traces_of(self, path: str) -> dict[str, Trace]:
        """Return the traces that a walkthrough is judged on, by the names of its runs."""
        if self._trace_files:
            from shapeflow.walkthrough.runs import by_run

            stored = [self._stored(file) for file in self._trace_files]
            named = [(run or trace.run.name, trace) for run, trace in stored]
            traces = [replace(trace, run=replace(trace.run, name=name)) for name, trace in named]
            return by_run(self.document(path), traces)
        return {name: self._trace(path, name) for name in self.document(path).run_names}

    def _stored(self, given: str) -> tuple[str, Trace]:
        """Return the run that a stored trace is said to be of, and the trace."""
        run, equals, file = given.partition("=")
        if not equals or (self._here / given).exists():
            run, file = "", given
        return run, self._once(f"stored {file}", lambda: self._load(self._here / file), shared=False)

    def _trace(self, path: str, run: str) -> Trace:
        """Return the trace of one run of a walkthrough."""
        key = self._run_key(path, run)
        same = [
            other
            for other in self._paths
            if run in self.document(other).run_names and self._run_key(other, run) == key
        ]
        return self._once(key, lambda: self._run([self.document(one) for one in same], run))

    def _run_key(self, path: str, run: str) -> str:
        """Return what walkthroughs that ask for the same run have in common."""
        document = self.document(path)
        given = document.runs.get(run, document.run)
        return json.dumps([str(Path(path).parent), document.model, given, run], sort_keys=True, default=str)

    def _once(self, key: str, make: Any, *, shared: bool = True) -> Trace:
        """Return what ``make`` gives, and what it raises, without making it twice."""
        if key not in self._traces:
            try:
                self._traces[key] = self._shared_trace(key, make) if shared else make()
            except ShapeflowError as error:
                self._traces[key] = error
                raise
        found = self._traces[key]
        if isinstance(found, ShapeflowError):  # told in full by the first claim
            raise RunError(found.code, found.what, where=found.where)
        return found

    def _shared_trace(self, key: str, make: Any) -> Trace:
        """Make a trace, or read the one that another worker has made."""
        if self._shared is None:
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

    def _run(self, documents: list[Document], run: str) -> Trace:
        from shapeflow.runs.documents import run_documents

        try:
            return run_documents(documents, run=run, trust=self._trust)
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


_RUNS = pytest.StashKey[Runs]()
_FOLDER = pytest.StashKey[str]()
