"""Ctrl-C at any moment, and pairs of threads: what is left behind, and which traces are short.

``python -m benchmarks.interrupts`` raises ``KeyboardInterrupt`` at random lines of our own files and of
torch's with modes, while a small model is recorded; it sends real signals at random moments; then it lets two
threads record at once. Everything that a run changes is looked at afterwards.
"""

from __future__ import annotations

import argparse
import gc
import linecache
import random
import signal
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import torch
from torch import nn

import shapeflow
from benchmarks.document import replace_part, table, versions
from shapeflow.adapters.base import Prepared
from shapeflow.common import shared
from shapeflow.model import tracefile
from shapeflow.recording import active, record, run, trace
from shapeflow.recording.dispatch_mode import dispatch_modes
from shapeflow.recording.torch_internals import (
    dispatch_notes,
    function_modes,
)

FILES = (str(Path(shapeflow.__file__).parent), str(Path(torch.__file__).parent / "utils"))
"""Where the lines are at which an interruption is put."""
INSTANTS = 200
PAIRS = 200


class Small(nn.Module):
    """Some layers, a helper, a table that is kept, and a draw of random numbers."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Linear(8, 8), nn.ReLU(), nn.Dropout(0.1), nn.Linear(8, 8))
        self.layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)
        self.head = nn.Linear(8, 2)
        self.table: dict[str, torch.Tensor] = {}

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Run it all."""
        self.table["last"] = x * 2
        self.last = self.encode(x)
        return self.head(self.layer(self.last))

    def encode(self, x: torch.Tensor) -> torch.Tensor:
        """Run the body."""
        return self.body(x) + torch.trunc(x)


def state(model: nn.Module) -> dict[str, Any]:
    """Return what a run must leave as it was."""
    found: dict[str, Any] = {
        "torch": (nn.Module.__call__, torch.overrides.has_torch_function, nn.init.trunc_normal_),
        "modes": (function_modes(), dispatch_modes()),
        "notes": {name: flag for name, flag in vars(dispatch_notes).items() if type(flag) is bool},
        "collector": gc.isenabled(),
        "frames": sys.getrecursionlimit(),
        "shared": list(shared._SHARED),
        "active": active.here(),
        "functions": torch.overrides.is_tensor_like(torch.ones(1)) and _functions_are_handed_over(),
        "gradients": (torch.is_grad_enabled(), torch.is_inference_mode_enabled()),
        "signal": signal.getsignal(signal.SIGINT),
    }
    for path, module in nn.Module.named_modules(model):
        found[f"attributes of '{path}'"] = sorted(vars(module))
        found[f"hooks of '{path}'"] = [len(value) for name, value in vars(module).items() if "hooks" in name]
        for owner in type(module).__mro__:
            found[f"methods of {owner.__qualname__}"] = [
                (name, id(value)) for name, value in vars(owner).items() if callable(value)
            ]
    return found


def _functions_are_handed_over() -> bool:
    """Return True if torch functions come to modes, as they do unless somebody forgot to switch that on."""
    seen = []

    class Sees(torch.overrides.TorchFunctionMode):
        def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            seen.append(func)
            return func(*args, **(kwargs or {}))

    with Sees():
        torch.ones(1)
    return bool(seen)


def recorded(model: nn.Module, x: torch.Tensor) -> shapeflow.Trace:
    """Record with the context manager."""
    with record(model) as recording:
        model(x)
    return recording.trace


def built(device: str) -> Callable[[nn.Module, torch.Tensor], shapeflow.Trace]:
    """Return what runs a model as the command line does."""

    def go(model: nn.Module, x: torch.Tensor) -> shapeflow.Trace:
        found = run(
            lambda: Prepared(model, lambda: model(x), {}, {}),
            device=device,
            adapter="factory",
            target="small",
        )
        if found.run.failure is not None and found.run.failure.type == "KeyboardInterrupt":
            error = KeyboardInterrupt()  # as the command line does
            vars(error)["shapeflow_trace"] = found
            raise error
        return found

    return go


WAYS: dict[str, Callable[[nn.Module, torch.Tensor], shapeflow.Trace]] = {
    "trace, real": trace,
    "trace, shapes-only": lambda model, x: trace(model, x, device="meta"),
    "record": recorded,
    "run, real": built("cpu"),
    "run, shapes-only": built("meta"),
}


Place = tuple[str, int]
"""A file and a line."""


class Interruption:
    """Raises KeyboardInterrupt when a line is run for the n-th time; without one it counts all of them.

    Python visits the line of a ``with`` once more where its block ends. No signal can come there: between the
    last call of a block and that of ``__exit__`` Python looks for none.
    """

    def __init__(self, place: Place | None = None, time: int = 0) -> None:
        self.place, self.time = place, time
        self.lines: Counter[Place] = Counter()
        self.where = ""
        self._inside: set[tuple[int, int]] = set()
        """Frames, and lines of those ``with`` blocks in them that have begun."""

    def __call__(self, frame: FrameType, event: str, _: Any) -> Any:
        """Do so, as a trace function."""
        if not frame.f_code.co_filename.startswith(FILES):
            return None
        if event == "line":
            place = (frame.f_code.co_filename, frame.f_lineno)
            if linecache.getline(*place).lstrip().startswith("with "):
                self._inside ^= {(id(frame), frame.f_lineno)}
                if (id(frame), frame.f_lineno) not in self._inside:
                    return self
            self.lines[place] += 1
            if place == self.place and self.lines[place] == self.time:
                self.where = f"{frame.f_code.co_filename}:{frame.f_lineno} in {frame.f_code.co_name}"
                sys.settrace(None)
                raise KeyboardInterrupt
        return self


def interrupted(way: str, lines: Counter[Place]) -> str:
    """Interrupt a run at a random one of its lines; return what is wrong afterwards, empty if nothing."""
    place = random.choice(sorted(lines))
    return interrupted_at(way, place, random.randint(1, lines[place]))


def interrupted_at(way: str, place: Place, time: int) -> str:
    """Interrupt a run when a line is run for the n-th time; return what is wrong afterwards."""
    model, x = Small().eval(), torch.randn(1, 3, 8)
    before, interruption = state(model), Interruption(place, time)
    came: BaseException | None = None
    sys.settrace(interruption)
    try:
        WAYS[way](model, x)
    except BaseException as error:
        came = error
    finally:
        sys.settrace(None)
    kind, trace = type(came), getattr(came, "shapeflow_trace", None)
    del came
    text = wrong(way, model, before, kind, interruption.where)
    if trace is not None:
        try:
            tracefile.loads(tracefile.dumps(trace), shapeflow.Trace)
        except Exception as error:
            text += f" {way}, {interruption.where}: the trace cannot be read: {error}"
    return text


def every_line(way: str, lines: Counter[Place]) -> Iterator[str]:
    """Interrupt a run at each of our own lines, the first time and the last; yield what is wrong."""
    for place in sorted(lines):
        if place[0].startswith(FILES[0]):
            for time in sorted({1, lines[place]}):
                yield interrupted_at(way, place, time)


def signalled(way: str, seconds: float) -> str:
    """Send SIGINT after some time; return what is wrong afterwards, empty if nothing."""
    model, x = Small().eval(), torch.randn(1, 3, 8)
    before, kind = state(model), type(None)
    old = signal.signal(signal.SIGALRM, signal.default_int_handler)
    try:
        signal.setitimer(signal.ITIMER_REAL, seconds)
        while True:
            WAYS[way](model, x)
    except BaseException as error:
        kind = type(error)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, old)
    return wrong(way, model, before, kind, f"after {seconds:.4f} s")


def wrong(way: str, model: nn.Module, before: dict[str, Any], kind: type, where: str) -> str:
    """Return what differs from before, or that the interruption became something else."""
    if "shapes-only" not in way or "run" in way:  # the model keeps what it puts on itself
        for name in ("last",):
            vars(model).pop(name, None)
    try:
        now = state(model)
    except Exception as error:
        return f"{way}, {where}: torch itself is broken afterwards: {type(error).__name__}"
    left = [name for name in before if now.get(name) != before[name]]
    text = f"left: {', '.join(left)}" if left else ""
    if where and not issubclass(kind, KeyboardInterrupt):
        text += f" {kind.__name__} instead of KeyboardInterrupt"
    return f"{way}, {where}: {text}" if text else ""


def pair(ways: tuple[str, str], together: bool) -> list[str]:
    """Let two threads record three times each; return what is wrong."""
    models = [Small().eval(), Small().eval()]
    models[1] = models[0] if together else models[1]
    befores, alone = [state(model) for model in models], {way: size(way, Small().eval()) for way in set(ways)}
    found: list[str] = []

    def go(way: str, model: nn.Module) -> None:
        for _ in range(3):
            here = size(way, model)
            if here != alone[way]:
                found.append(f"{way}: {here} instead of {alone[way]} calls and ops")

    threads = [threading.Thread(target=go, args=item) for item in zip(ways, models, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for model, before in zip(models, befores, strict=True):
        text = wrong("", model, before, type(None), "")
        found += [text] if text else []
    return found


def size(way: str, model: nn.Module) -> tuple[int, int]:
    """Return the number of calls and ops that are recorded."""
    found = WAYS[way](model, torch.randn(1, 3, 8))
    return len(found.calls), len(found.ops)


def lines_of(way: str) -> Counter[Place]:
    """Return the lines of a run that may be interrupted, and how often each is run."""
    counter = Interruption()
    sys.settrace(counter)
    try:
        WAYS[way](Small().eval(), torch.randn(1, 3, 8))
    finally:
        sys.settrace(None)
    return counter.lines


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--instants", type=int, default=INSTANTS, help="of each kind")
    parser.add_argument("--pairs", type=int, default=PAIRS)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--every", action="store_true", help="also at every line of ours, which takes long")
    parser.add_argument("--write", action="store_true", help="put the table into docs/limits.md")
    args = parser.parse_args()
    random.seed(args.seed)
    names = list(WAYS)
    for name in names:  # what is loaded by the first run of a process is none of this
        WAYS[name](Small().eval(), torch.randn(1, 3, 8))
    lines = {name: lines_of(name) for name in names}
    chosen = [names[number % len(names)] for number in range(args.instants)]
    different = len(set().union(*lines.values()))
    rows = [
        _row(f"Ctrl-C at one of {different:,} lines", (interrupted(name, lines[name]) for name in chosen)),
        _row("SIGINT at some moment", (signalled(name, random.uniform(0.001, 0.1)) for name in chosen)),
        _row("two threads at once, three runs each", _pairs(args.pairs)),
    ]
    if args.every:
        every = (text for name in names for text in every_line(name, lines[name]))
        rows.append(_row("Ctrl-C at every line of ours, the first time and the last", every))
    text = table(("what", "tried", "wrong"), rows)
    print(text)
    if args.write:
        print(replace_part("limits.md", "interrupts", f"{versions('torch')}\n\n{text}"))
    return int(any(wrong for _, _, wrong in rows))


def _pairs(number: int) -> Iterator[str]:
    names = list(WAYS)[:3]
    for one in range(number):
        yield "; ".join(pair((random.choice(names), random.choice(names)), one % 3 == 0))


def _row(what: str, texts: Iterable[str]) -> tuple[str, int, int]:
    """Return what was tried, how often, and how often something was wrong, which is printed."""
    tried = wrong = 0
    for text in texts:
        tried += 1
        wrong += bool(text)
        if text:
            print(text, flush=True)
    return what, tried, wrong


if __name__ == "__main__":
    sys.exit(main())
