"""The error for a run that ended early: where, on what, and what was done before."""

from __future__ import annotations

from pathlib import Path

from shapeflow.common.text import counted
from shapeflow.errors import READERS, RunError
from shapeflow.lint.crash import MOST, STEPS, Crash, chain_lines, crash_of
from shapeflow.model.records import Call, Failure, Op, Port
from shapeflow.model.trace import Trace

LIMITS = {
    "NeedsValues": "needs-values",
    "NoShapeFormula": "no-shape-formula",
    "NoGradient": "no-gradient",
}
"""Our own errors, by which a run ends early, and their codes."""
COMPUTES = "the same command with --device cpu, which computes"
HINTS = {"NoGradient": "the same command without --backward"}
"""What to do about those for which computing is no way out."""
FRAMES = 2
"""Innermost lines of the model's own traceback that are shown at first."""
INPUTS = 6
CHAINS = 2
"""Operands that do not fit of which it is said how they were made."""


def failure_error(trace: Trace, saved: Path | None = None, *, verbose: bool = False) -> RunError:
    """Return the error for a trace whose run failed; ``saved`` is where the trace was written."""
    failure = trace.run.failure
    assert failure is not None
    finished = sum(1 for call in trace.calls if not call.raised)
    limit = LIMITS.get(failure.type)
    what = f"the model raised {failure.type} after {counted(finished, 'finished call')}"
    call = None if failure.call is None else trace.calls[failure.call]
    kept = f"shapeflow show {saved} --failure" if saved else ""
    crash = crash_of(trace) if limit is None else Crash((), "", "")
    return RunError(
        limit or "model-crash",
        failure.first_line if limit else what,
        where=_where(trace, failure, call),
        frame=_frames(failure, verbose),
        expected="\n".join(dict.fromkeys(chain.needed for chain in crash.chains if chain.needed)),
        found="" if limit else failure.message,
        because="\n".join(_evidence(trace, failure, call, crash, verbose)),
        hint=_way_out(trace, failure) if limit else kept,
    )


def _way_out(trace: Trace, failure: Failure) -> str:
    """Return what to do about a limit of ours."""
    if failure.type == "NeedsValues" and _reads_by_intent(trace, failure) and trace.run.inputs.get("call"):
        return f"--input eos_token_id=none --input num_beams=1, or {COMPUTES}"
    return HINTS.get(failure.type, COMPUTES)


def _reads_by_intent(trace: Trace, failure: Failure) -> list[str]:
    """Return why what ended the run reads numbers, where that is known."""
    line = trace.line(failure.source)
    return [reason for start, reason in READERS.items() if line.startswith(start)]


def _where(trace: Trace, failure: Failure, call: Call | None) -> str:
    """Return the innermost open call and the line of the model."""
    line = trace.line(failure.source)
    if call is None:
        return f"{line and f'{line}, '}outside all calls"
    return f"{line and f'{line}, '}in {call.exact_name} ({call.class_name})"


def _evidence(trace: Trace, failure: Failure, call: Call | None, crash: Crash, verbose: bool) -> list[str]:
    """Return what the failing op got, what the call around it got, and what went well last."""
    lines = []
    if failure.op is not None:
        op = trace.ops[failure.op]
        lines.append(f"{op.target} got {_inputs(trace, op)}")
    if call is not None and call.inputs:
        lines.append(f"{call.exact_name} got {_inputs(trace, call)}")
    for chain in crash.chains[:CHAINS]:
        lines += chain_lines(chain, MOST if verbose else STEPS)
    lines += [text for text in (crash.siblings, crash.none) if text]
    done = [call for call in trace.calls if not call.raised and call.outputs]
    if done:
        last = max(
            done, key=lambda call: (call.last_op, -call.id)
        )  # the outermost of those that ended together
        given = ", ".join(trace.content(port) for port in last.outputs[:INPUTS])
        lines.append(f"last finished call: {last.exact_name} -> {given}")
    if failure.type == "NeedsValues":
        lines += _reads_by_intent(trace, failure)
    if failure.type == "NoGradient":
        lines.append("its parameters are frozen, or gradients were off, as within no_grad")
    elif trace.run.shapes_only:
        lines.append("in a shapes-only run large tensors have a shape and no numbers")
    return lines


def _frames(failure: Failure, verbose: bool) -> str:
    """Return the end of the model's own traceback, or all of it."""
    lines = failure.traceback.rstrip().splitlines()
    starts = [number for number, line in enumerate(lines) if line.startswith("  File ")]
    if not verbose and len(starts) > FRAMES:
        lines = lines[starts[-FRAMES] :]
    return "\n".join(f"  {line}" for line in lines)


def _inputs(trace: Trace, record: Op | Call) -> str:
    """Return the tensors that went into an op or call, by the names that say most."""
    tensors = [port for port in record.inputs if port.value is not None]
    shown = [f"{_named(port)} {trace.content(port)}" for port in tensors[:INPUTS]]
    return ", ".join(shown) + (", …" if len(tensors) > INPUTS else "") if shown else "no tensors"


def _named(port: Port) -> str:
    """Return the parameter's name where it is known, else the position."""
    names = [name for name in (port.name, port.alias) if name.startswith("in.")]
    return names[0].removeprefix("in.") if names else port.name
