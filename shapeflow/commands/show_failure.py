"""``shapeflow show TRACE --failure``: why a run crashed, and where to look next."""

from __future__ import annotations

from pathlib import Path

from shapeflow.commands.console import print_json
from shapeflow.common.control_characters import printed
from shapeflow.common.printing import put
from shapeflow.errors import ExitCode, InputError
from shapeflow.lint.crash import crash_of
from shapeflow.model.exact_names import ExactNames
from shapeflow.model.trace import Trace

SCHEMA = "shapeflow.failure/1"


def show_failure(trace: Trace, path: Path, *, json: bool = False) -> ExitCode:
    """Print why the run of a trace failed: the message with all of the chain, or one JSON object.

    Raises:
        InputError: the run came to its end.
    """
    from shapeflow.runs.failure import failure_error

    if trace.run.failure is None:
        raise InputError("no-failure", f"the run in '{path}' came to its end", where="option --failure")
    if json:
        print_json(failure_data(trace))
        return ExitCode.FINE
    lines = [failure_error(trace, verbose=True).render(), "", "look further:"]
    lines += [f"  shapeflow show {path} '{selector}'" for selector in _places(trace)]
    put(printed("\n".join(lines)))
    return ExitCode.FINE


def _places(trace: Trace) -> list[str]:
    """Return the selectors of the op and the call that failed."""
    failure, names = trace.run.failure, trace.cached(ExactNames)
    assert failure is not None
    op = [] if failure.op is None else [names.op(failure.op)]
    return op + ([] if failure.call is None else [names.call(failure.call)])


def failure_data(trace: Trace) -> dict[str, object]:
    """Return why a run failed as plain data, as docs/failure.schema.json has it."""
    failure, crash, names = trace.run.failure, crash_of(trace), trace.cached(ExactNames)
    assert failure is not None
    return {
        "schema": SCHEMA,
        "type": failure.type,
        "message": failure.message,
        "call": None if failure.call is None else names.call(failure.call),
        "op": None if failure.op is None else names.op(failure.op),
        "source": trace.line(failure.source) or None,
        "chains": [
            {
                "operand": chain.name,
                "needed": chain.needed or None,
                "unfit": chain.size or None,
                "steps": [
                    {
                        "type": step.shape,
                        "made_by": step.what,
                        "source": step.line or None,
                        "begins": step.begins,
                    }
                    for step in chain.steps
                ],
            }
            for chain in crash.chains
        ],
        "siblings": crash.siblings or None,
        "gave_none": crash.none or None,
        "traceback": failure.traceback,
    }
