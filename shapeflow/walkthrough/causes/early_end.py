"""A run that ended early: what comes after is not there, and cannot be judged."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from shapeflow.common.text import counted
from shapeflow.errors import Diagnostic, SelectorError
from shapeflow.model.path_index import OUTSIDE, PathIndex
from shapeflow.model.selector import parse
from shapeflow.walkthrough.cause import Cause
from shapeflow.walkthrough.causes.scene import Scene, cause, counts_of
from shapeflow.walkthrough.claims.count import Count
from shapeflow.walkthrough.claims.flow import Flow
from shapeflow.walkthrough.parts import selectors_of
from shapeflow.walkthrough.verdict import Verdict

ABSENT = ("never-called", "not-all-called", "bad-index", "unknown-port", "unknown-op", "unknown-path")
"""Codes of messages that say that something is not there."""


def find_early_end(scene: Scene, verdicts: Sequence[Verdict]) -> Iterator[Cause]:
    """Yield the failure of a run that did not end, with the claims about what may have come after it."""
    run = scene.trace.run
    if run.complete or run.failure is None:
        return
    cut = Cut(scene)
    told = [verdict for verdict in verdicts if cut.explains(verdict)]
    if not told:
        return
    failure = run.failure
    where = scene.trace.line(failure.source)
    if failure.call is not None:
        call = scene.trace.calls[failure.call]
        where = f"{where and f'{where}, '}in {call.exact_name} ({call.class_name})"
    finished = sum(1 for call in scene.trace.calls if not call.raised)
    reason = Diagnostic(
        "run-ended",
        f"the run ended early, after {counted(finished, 'finished call')}",
        where=where or "the place is not known",
        found=f"{failure.type}: {failure.first_line}" if failure.message else failure.type,
        because=f"{counted(len(told), 'line')} that fail are about what was not reached",
        hint="mend the model, or judge a run that ends",
    )
    yield cause(told, told[0], reason)


class Cut:
    """What had not ended when a run failed, and so may have gone on."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.index = scene.trace.cached(PathIndex)
        self.open = {OUTSIDE, *(call.key for call in scene.trace.calls if call.raised)}
        failure = scene.trace.run.failure
        call = failure.call if failure is not None else None
        while call is not None:
            self.open.add(scene.trace.calls[call].key)
            call = scene.trace.calls[call].parent

    def explains(self, verdict: Verdict) -> bool:
        """Return whether a claim fails only for want of something that may have come later."""
        body, code = verdict.claim.body, verdict.code
        selectors = [part.text for part in selectors_of(body)]
        if isinstance(body, Count) and code in ("count", "said-holds"):
            return body.unit in ("calls", "ops") and self._more(body.selector.text) and _short(verdict)
        if isinstance(body, Flow) and code in ("flow", "said-holds"):
            reaches = (body.verb == "reaches") == (code == "flow")
            return reaches and any(map(self._more, selectors))
        if verdict.missing:
            return code in ABSENT and all(map(self._may_come, verdict.missing))
        if code in ("unknown-port", "unknown-op"):
            return any(self.open.intersection(self._keys(selector)) for selector in selectors)
        return code in ABSENT and any(map(self._more, selectors))

    def _may_come(self, key: str) -> bool:
        """Return whether what has not run may have: it is known, or a method; and what is around went on."""
        if key in self.index.calls:
            return key in self.open
        return (key in self.index.children or key.endswith("()")) and self._around(key) in self.open | {""}

    def _around(self, key: str) -> str:
        """Return the nearest module around one that ran."""
        parent = key.rpartition(".")[0]
        while parent and parent not in self.index.calls:
            parent = parent.rpartition(".")[0]
        return parent

    def _more(self, selector: str) -> bool:
        """Return whether more of what a selector names may have come: calls, or ops in them."""
        return any(map(self._again, self._keys(selector)))

    def _again(self, key: str) -> bool:
        if key in self.open or self._may_come(key):
            return True
        makers = {self.scene.trace.calls[call].parent for call in self.index.calls.get(key, ())}
        return any(maker is None or self.scene.trace.calls[maker].key in self.open for maker in makers)

    def _keys(self, selector: str) -> list[str]:
        """Return what a selector is about; of a method that never ran, the modules that have none yet."""
        try:
            path = parse(selector).path
        except SelectorError:
            return []
        if path is None:
            return [OUTSIDE]
        keys = self.index.find(path)
        last = path[-1].literal or ""
        if not keys and last.endswith("()"):
            keys = [f"{key}.{last}".lstrip(".") for key in self.index.find(path[:-1])]
        return keys


def _short(verdict: Verdict) -> bool:
    """Return whether fewer were counted than there should be; of a restated mistake, none at all."""
    if verdict.code == "said-holds":
        return verdict.found == "0"
    wanted, found = counts_of(verdict)
    return 0 <= found < wanted
