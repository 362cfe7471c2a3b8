"""The walkthroughs, traces and results of one pytest session, each made once, when it is first needed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from shapeflow.errors import InputError, RunError, ShapeflowError

if TYPE_CHECKING:
    from shapeflow.model.trace import Trace
    from shapeflow.walkthrough.cause import Cause
    from shapeflow.walkthrough.document import Document
    from shapeflow.walkthrough.verdict import CheckResult


class Runs:
    """The walkthroughs, traces and results of one session, each made once and when it is first needed."""

    def __init__(self, config: pytest.Config, paths: list[str]) -> None:
        self.paths = paths
        self._here = config.invocation_params.dir
        asked, named = config.getoption("shapeflow_trace"), config.getini("shapeflow_trace")
        self._trace_files: list[str] = asked or named
        """``FILE`` or ``RUN=FILE``, as seen from ``_folder``."""
        self._folder = self._here if asked else config.rootpath
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

            self._results[path] = check(self._traces_of(path), self.document(path))
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
        if not self._trace_files and not self.paths:
            pytest.fail(
                "shapeflow_trace needs --shapeflow WALKTHROUGH or --shapeflow-trace FILE, or a line "
                "'shapeflow = WALKTHROUGH' or 'shapeflow_trace = FILE' in the configuration of pytest",
                pytrace=False,
            )
        if self.paths:
            return next(iter(self._traces_of(self.paths[0]).values()))
        return self._stored(self._trace_files[0])

    def _traces_of(self, path: str) -> Mapping[str, Trace]:
        """Return the traces that a walkthrough is judged on, by the names of its runs."""
        document = self.document(path)
        if self._trace_files:
            from shapeflow.walkthrough.runs import by_run, traces_for

            stored = [self._stored(given) for given in self._trace_files]
            return by_run(document, traces_for(document, stored, [document, *self._others(path)]))
        return {name: self._trace(path, name) for name in document.run_names}

    def _others(self, path: str) -> list[Document]:
        """Return the other walkthroughs, as far as they can be read."""
        found = []
        for other in self.paths:
            with suppress(ShapeflowError):
                if other != path:
                    found.append(self.document(other))
        return found

    def _stored(self, given: str) -> Trace:
        """Return a stored trace, of the run that it is said to be of."""
        run, equals, file = given.partition("=")
        if not equals or (self._folder / given).exists():
            return self._once(f"stored {given}", lambda: self._load(self._folder / given), shared=False)
        trace = self._once(f"stored {file}", lambda: self._load(self._folder / file), shared=False)
        return replace(trace, run=replace(trace.run, name=run))

    def _trace(self, path: str, run: str) -> Trace:
        """Return the trace of one run of a walkthrough."""
        from shapeflow.runs.documents import run_key

        key = run_key(self.document(path), run)
        same = [
            document
            for document in (self.document(path), *self._others(path))
            if run in document.run_names and run_key(document, run) == key
        ]
        return self._once(key, lambda: self._run(same, run))

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
