"""A late module is what it would be, and its file runs when something of it is asked for."""

from __future__ import annotations

import inspect
import sys
import threading
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

from shapeflow.common import late
from shapeflow.common.late import Known, LateAttribute, import_late, is_waiting

PACKAGE = """
import time
from late_sample.layers import SIZE
__all__ = ["VALUE", "double"]
__version__ = "7"
VALUE = SIZE + 1
class Kind: pass
def double(number):
    return 2 * number
time.sleep(0.05)
from . import later_part
"""
LAYERS = "SIZE = 3"
LATER_PART = "from late_sample import VALUE\nOWN = VALUE"
OTHER = "VALUE = 5"


@pytest.fixture
def sample(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Have a package of files that is late, as is another module."""
    folder = tmp_path / "late_sample"
    folder.mkdir()
    (folder / "__init__.py").write_text(PACKAGE)
    (folder / "layers.py").write_text(LAYERS)
    (folder / "later_part.py").write_text(LATER_PART)
    (tmp_path / "late_broken.py").write_text("1 / 0")
    (tmp_path / "late_other.py").write_text(OTHER)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "meta_path", list(sys.meta_path))
    monkeypatch.setattr(late, "_LATE", {})
    monkeypatch.setattr(late, "_LOADED_BY", [])
    import_late(dict.fromkeys(("late_sample", "late_sample.later_part", "late_broken", "late_other")))
    yield "late_sample"
    for name in [name for name in sys.modules if name.partition("_")[0] == "late"]:
        sys.modules.pop(name)
        late._WAITING.pop(name, None)


def test_its_parts_come_without_it(sample):
    from late_sample.layers import SIZE

    assert SIZE == 3
    assert is_waiting(sample)
    assert Path(inspect.getfile(sys.modules[sample])).name == "__init__.py"
    assert not hasattr(sys.modules[sample], "__wrapped__"), "asked of every module, and does not load it"
    assert is_waiting(sample)


def test_what_is_asked_for_loads_it_and_it_is_the_same_module(sample):
    before = import_module(sample)
    assert is_waiting(sample)
    assert before.VALUE == 4
    assert not is_waiting(sample)
    assert sys.modules[sample] is before
    assert type(before) is ModuleType
    assert before.__spec__ is not None
    assert type(before.__spec__.loader).__name__ == "SourceFileLoader"
    assert before.double(4) == 8
    assert before.later_part.OWN == 4
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        _ = before.nothing


def test_every_way_of_asking_loads_it(sample):
    ways = {
        "from": "from late_sample import VALUE",
        "star": "from late_sample import *\nassert double(VALUE) == 8",
        "version": "import late_sample\nassert late_sample.__version__ == '7'",
        "dir": "import late_sample\nassert 'Kind' in dir(late_sample)",
        "part": "from late_sample.later_part import OWN\nassert OWN == 4",
        "has": "import late_sample\nassert not hasattr(late_sample, 'nothing')",
    }
    for way, code in ways.items():
        for name in [name for name in sys.modules if name.startswith(sample)]:
            del sys.modules[name]
        exec(code, {})
        assert not is_waiting(sample), way


def test_what_is_set_on_it_stays(sample):
    import_module(sample).VALUE = 9  # type: ignore[attr-defined]
    assert import_module(sample).VALUE == 9
    del sys.modules[sample].VALUE
    assert not hasattr(sys.modules[sample], "VALUE")


def test_a_file_that_fails_says_so_each_time_it_is_asked(sample):
    import late_broken

    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            _ = late_broken.anything


def test_threads_that_ask_at_once_get_the_whole_of_it(sample):
    module, got = import_module(sample), []
    asking = [threading.Thread(target=lambda: got.append(module.later_part.OWN)) for _ in range(8)]
    for thread in asking:
        thread.start()
    for thread in asking:
        thread.join(20)
    assert got == [4] * 8


def test_what_is_known_is_given_to_the_code_it_is_known_for(sample):
    known = {
        "VALUE": "known",
        "Kind": LateAttribute(sample, "Kind"),
        "double": LateAttribute(sample, "double"),
    }
    import_late({sample: Known("late_friend", known)})
    friend: dict[str, object] = {"__name__": "late_friend.part"}
    exec("from late_sample import VALUE, Kind, double\nbelongs = isinstance(1, (str, Kind))", friend)
    assert friend["VALUE"] == "known"
    assert friend["belongs"] is False
    assert is_waiting(sample)
    exec("result = double(4)", friend)
    assert friend["result"] == 8
    assert not is_waiting(sample)
    exec("belongs = isinstance(late_sample.Kind(), Kind)", friend | {"late_sample": sys.modules[sample]})
    assert isinstance(sys.modules[sample].Kind(), friend["Kind"])  # type: ignore[arg-type]
    assert sys.modules[sample].VALUE == 4


def test_what_is_known_is_not_given_to_others(sample):
    import_late({sample: Known("late_friend", {"VALUE": "known"})})
    stranger: dict[str, object] = {"__name__": "late_friendly"}
    exec("from late_sample import VALUE", stranger)
    assert stranger["VALUE"] == 4


def test_it_is_loaded_by_what_is_said(sample, monkeypatch):
    loaded = []

    def load(run):
        loaded.append("before")
        return run()

    late.load_by(load)
    assert import_module("late_other").VALUE == 5
    assert loaded == ["before"]
