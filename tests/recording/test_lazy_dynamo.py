"""torch's compiler stays out where nobody compiles, and comes where somebody does.

Loading it cannot be taken back, so whatever may do so is tried in a process of its own.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest
from places import ROOT

pytestmark = pytest.mark.slow

START = """
import sys, threading
import torch
from torch import nn
from shapeflow.common.process import own_process
from shapeflow.recording import lazy_dynamo, record, run, trace
from shapeflow.recording.lazy_dynamo import compiler_not_loaded

NAME = "torch._dynamo"
X = torch.ones(2, 2)

def loaded():
    return f"{NAME}.eval_frame" in sys.modules

def stands_in():
    return isinstance(sys.modules.get(NAME), lazy_dynamo._Placeholder)

def untouched():
    found = [name for name in sys.modules if name == NAME or name.startswith(NAME + ".")]
    return found == [] and "_dynamo" not in vars(torch)

def in_a_thread(function):
    results = []
    def keep():
        try:
            results.append(function())
        except BaseException as error:
            results.append(error)
    thread = threading.Thread(target=keep)
    thread.start()
    thread.join(60)
    return results[0]

class Looks(nn.Module):
    seen = []
    def forward(self, x):
        self.seen.append(stands_in())
        return x.t() + x  # asks a meta kernel that torch marks
"""

MODEL = """
import sys
import torch
from torch import nn

class Looks(nn.Module):
    def forward(self, x):
        module = sys.modules.get("torch._dynamo")
        print("STANDS IN:", type(module).__module__.startswith("shapeflow"), file=sys.stderr)
        return x.t() + x  # asks a meta kernel that torch marks

def build():
    return Looks(), torch.ones(300, 300)
"""


def ran(code: str, *words: str) -> str:
    """Return what a program writes, in a process of its own; it fails with the program."""
    command = [sys.executable, "-c", code] if code else [sys.executable, *words]
    one = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        command, cwd=ROOT, env=one, capture_output=True, text=True, check=False, timeout=180
    )
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def test_in_a_program_that_imports_us_nothing_stands_in():
    """A shapes-only run, a real one, and one as an adapter prepares it: torch loads its compiler as ever."""
    ran(
        START
        + """
from shapeflow.adapters.base import Prepared
model = Looks()
with compiler_not_loaded():
    assert untouched()
trace(model, torch.ones(300, 300), device="meta")
with record(model):
    model(X)
for device in ("meta", "cpu"):
    made = lambda: Prepared(model, lambda: model(torch.ones(2, 2)), {}, {})
    assert run(made, device=device, adapter="python", target="looks").run.complete
assert model.seen == [False] * 4, model.seen
assert "shapeflow" not in type(sys.modules[NAME]).__module__
assert torch.compile(model, backend="eager")(X).sum() == 8
"""
    )


@pytest.fixture
def words(tmp_path) -> list[str]:
    """Return the words of a command whose model says whether anything stands in."""
    file = tmp_path / "looks.py"
    file.write_text(MODEL)
    return ["trace", "--model", f"{file}:build", "-o", str(tmp_path / "looks.trace.json"), "-q"]


def test_under_the_command_line_it_is_not_loaded(words):
    assert "STANDS IN: True" in ran("", "-m", "shapeflow", *words)
    code = f"""
import sys
from shapeflow.cli import main
sys.argv[1:] = {words!r}
assert main() == 0
assert not [name for name in sys.modules if name.startswith("torch._dynamo")]
assert "shapeflow.recording.lazy_dynamo" not in [type(finder).__module__ for finder in sys.meta_path]
"""
    assert "STANDS IN: True" in ran(code)


def test_a_program_that_calls_the_command_line_is_not_its_own(words):
    assert "STANDS IN: False" in ran(f"from shapeflow.cli import main\nassert main({words!r}) == 0")


def test_what_it_looked_like_comes_back_also_after_an_exception():
    ran(
        START
        + """
paths = list(sys.meta_path)
for error in (None, KeyError, KeyboardInterrupt):
    try:
        with own_process(), compiler_not_loaded():
            assert stands_in()
            torch.ops.aten.add.Tensor(X.to("meta"), X.to("meta"))
            with compiler_not_loaded():  # one in another is the same
                assert stands_in()
            assert stands_in()
            if error:
                raise error
    except (KeyError, KeyboardInterrupt):
        pass
    assert untouched()
    assert sys.meta_path == paths
with own_process():
    pass
with compiler_not_loaded():
    assert untouched()
"""
    )


def test_questions_that_need_not_load_it_do_not():
    ran(
        START
        + """
import importlib.util, inspect
with own_process(), compiler_not_loaded():
    import torch._dynamo
    assert importlib.util.find_spec(NAME).origin.endswith("__init__.py")
    assert torch._dynamo.config.suppress_errors is False
    import torch._dynamo.config as settings
    assert settings is torch._dynamo.config
    from torch._dynamo.utils import is_compile_supported
    for module in list(sys.modules.values()):
        getattr(module, "__file__", None), getattr(module, "__wrapped__", None)
    inspect.getmodule(inspect.currentframe())
    marked = torch.compiler.disable(lambda x: x + 1)
    assert marked(X).sum() == 8
    assert not loaded()
assert untouched()
with own_process(), compiler_not_loaded():
    assert torch._dynamo.config is settings
assert is_compile_supported("cpu") in (True, False)
assert loaded() and torch._dynamo.config is settings
"""
    )


HERE, THREAD = "ask()", "in_a_thread(ask)"
ASKED = {
    "a mark": (THREAD, "torch.compiler.disable(plus)(X).sum() == 8 and not loaded()"),
    "a mark with options": (THREAD, "torch.compiler.disable(recursive=False)(plus)(X).sum() == 8"),
    "a marked method": (HERE, "torch.compiler.disable(nn.Identity().forward)(X) is X and not loaded()"),
    "a marked module": (HERE, "isinstance(torch.compiler.disable(nn.Linear(2, 2)), nn.Module) and loaded()"),
    "a compiled function": (THREAD, "torch.compile(plus, backend='eager')(X).sum() == 8 and loaded()"),
    "a compiled function, here": (HERE, "torch.compile(plus, backend='eager')(X).sum() == 8"),
    "a question": (HERE, "torch._dynamo.is_compiling() is False and loaded()"),
    "a name": (THREAD, "import_from('utils', 'counters') is not None and loaded()"),
    "its first part": (THREAD, "import_from('eval_frame', 'innermost_fn') and loaded()"),
    "settings": (HERE, "change_settings() and torch._dynamo.is_compiling() is False and settings_are_kept()"),
}
"""What somebody may ask while something stands in, in which thread, and what is true of it."""

ASK = """
import os, traceback
from importlib import import_module
from shapeflow.recording.shapes_only.mode import ShapesOnly

def plus(x):
    return x + 1

def import_from(part, name):
    return getattr(import_module(f"{NAME}.{part}"), name)

def change_settings():
    torch._dynamo.config.verbose = not torch._dynamo.config.verbose
    check.settings, check.verbose = torch._dynamo.config, torch._dynamo.config.verbose
    return not loaded()

def settings_are_kept():
    same = torch._dynamo.config is check.settings is import_module(NAME + ".config")
    return same and check.settings.verbose is check.verbose

def check(how, question):
    def ask():
        return bool(eval(question))
    with own_process(), compiler_not_loaded():
        again = torch.compiler.disable(lambda x: x * 2)
        with ShapesOnly():  # its modes are nothing to the compiler
            answer = eval(how)
    assert answer is True, repr(answer)
    if loaded():
        assert not stands_in() and torch._dynamo is sys.modules[NAME]
        parts = [(name, module) for name, module in sys.modules.items() if name.startswith(NAME + ".")]
        assert all(module.__spec__.name == name and module.__spec__.origin for name, module in parts)
    else:
        assert untouched()
    assert again(X).sum() == 8

for name, (how, question) in CASES.items():
    child = os.fork()
    if child == 0:
        try:
            check(how, question)
        except BaseException:
            text = traceback.format_exc()
        else:
            text = ""
        os.write(1, (json.dumps([name, text]) + chr(10)).encode())
        os._exit(0)
    os.waitpid(child, 0)
"""


@pytest.fixture(scope="module")
def answers() -> dict[str, str]:
    """Return what went wrong with each question: nothing, or a traceback."""
    written = ran(f"{START}\nimport json\nCASES = {ASKED!r}\n{ASK}")
    return dict(json.loads(line) for line in written.splitlines() if line.startswith("["))


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="the questions are asked in forks of one process")
@pytest.mark.parametrize("what", ASKED)
def test_whoever_asks_gets_an_answer(what, answers):
    assert answers[what] == ""


@pytest.mark.slow
def test_threads_that_use_it_while_placeholders_come_and_go():
    """Each gets the real one, whole, and it is loaded once."""
    ran(
        START
        + """
begin, found, turns = threading.Event(), [], 0

def importing():
    begin.wait()
    import torch._dynamo
    found.append(torch._dynamo.is_compiling())

threads = [threading.Thread(target=importing) for _ in range(3)]
for thread in threads:
    thread.start()
with own_process():
    while any(thread.is_alive() for thread in threads):
        with compiler_not_loaded():
            begin.set()
            mark = torch.compiler.disable(lambda x: x + turns)
            assert mark(X).sum() == 4 + 4 * turns
        turns += 1
assert found == [False] * 3, found
assert not any(isinstance(module, lazy_dynamo._Placeholder) for module in sys.modules.values())
assert torch.compile(lambda x: x + 1, backend="eager")(X).sum() == 8
with own_process(), compiler_not_loaded():
    assert not stands_in()
"""
    )


def test_marks_that_were_made_before_hold_when_it_is_loaded():
    ran(
        START
        + """
with own_process(), compiler_not_loaded():
    @torch.compiler.disable
    def kept_out(x):
        return x.sin()
    @torch.compiler.disable(recursive=False)
    def skipped(x):
        return x.sinh()
    @torch.compiler.allow_in_graph
    def whole(x):
        return x.cosh()
    @torch.compiler.assume_constant_result
    def constant():
        return 7
    from torch._dynamo._trace_wrapped_higher_order_op import TransformGetItemToIndex
    kept_out(X), skipped(X), whole(X), constant()
    assert not loaded()
    assert torch._dynamo.is_compiling() is False and loaded()
assert constant._dynamo_marked_constant
assert sys.modules[TransformGetItemToIndex.__module__].TransformGetItemToIndex is TransformGetItemToIndex
compiled = []
def backend(graph, inputs):
    compiled.extend(str(node.target) for node in graph.graph.nodes if node.op.startswith("call"))
    return graph.forward
function = lambda x: kept_out(x.cos()).tan() + skipped(x) + whole(x)
assert torch.equal(torch.compile(function, backend=backend)(X), function(X))
assert "cos" in compiled and "tan" in compiled, compiled
assert "sin" not in compiled and "sinh" not in compiled, compiled
assert any("whole" in name for name in compiled) and "cosh" not in compiled, compiled
"""
    )


def test_a_compiler_that_cannot_be_loaded_is_missed_where_it_is_needed():
    """A real run needs none; where a mark wants one, its own error says so."""
    ran(
        START
        + """
class Refuses:
    def find_spec(self, name, path=None, target=None):
        if name == NAME:
            raise ImportError("no compiler here")
sys.meta_path.insert(0, Refuses())
assert [op.target for op in trace(Looks(), X).ops] == ["t", "add"]
try:
    trace(Looks(), torch.ones(300, 300), device="meta")
except ImportError as error:
    assert "no compiler here" in str(error)
"""
    )


def test_what_was_compiled_before_runs_as_it_is_written():
    """Under the command line too, where the compiler is loaded already."""
    ran(
        START
        + """
model = nn.Sequential(torch.compile(nn.Linear(2, 2), backend="eager"), nn.ReLU())
model(X)
assert lazy_dynamo.is_compiled(model) and not lazy_dynamo.is_compiled(nn.ReLU())
with own_process(), compiler_not_loaded():
    assert not stands_in()
    assert [op.target for op in trace(model, X).ops] == ["linear", "relu"]
"""
    )
