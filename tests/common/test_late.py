"""A late module is what it would be, and its file runs when something of it is asked for."""

from __future__ import annotations

import inspect
import sys
import threading
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
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
ROUND = {
    "__init__": "from late_round.front import Block\nfrom late_round.loose import ALONE\nVALUE = 4",
    "front": "RUNS = []\nRUNS.append(1)\nfrom late_round.rest import MEAN\nclass Block: mean = MEAN",
    "rest": "MEAN = 3",
    "loose": "ALONE = 1",
    "odd": "import late_round\nTWICE = late_round.VALUE * 2",
}
ROUND_LATE = ("late_round", "late_round.rest")
"""A package whose parts need it first: ``rest``, being late, would load it in the midst of ``front``."""


@pytest.fixture
def sample(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Have a package of files that is late, as is another module."""
    folder = tmp_path / "late_sample"
    folder.mkdir()
    (folder / "__init__.py").write_text(PACKAGE)
    (folder / "layers.py").write_text(LAYERS)
    (folder / "later_part.py").write_text(LATER_PART)
    (tmp_path / "late_round").mkdir()
    for part, text in ROUND.items():
        (tmp_path / "late_round" / f"{part}.py").write_text(text)
    (tmp_path / "late_broken.py").write_text("1 / 0")
    (tmp_path / "late_other.py").write_text(OTHER)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "meta_path", list(sys.meta_path))
    monkeypatch.setattr(late, "_LATE", {})
    monkeypatch.setattr(late, "_LOADED_BY", [])
    monkeypatch.setattr(late, "_ON_THEIR_OWN", set())
    names = ("late_sample", "late_sample.later_part", "late_broken", "late_other")
    import_late(dict.fromkeys((*names, *ROUND_LATE)), ["late_sample.layers", "late_round.loose"])
    yield "late_sample"
    for name in [name for name in sys.modules if name.partition("_")[0] == "late"]:
        sys.modules.pop(name)
        late._WAITING.pop(name, None)


def test_a_part_that_needs_nothing_of_it_comes_without_it(sample):
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


WAYS_IN = {
    "from": "from late_round.front import Block",
    "import": "import late_round.front\nBlock = late_round.front.Block",
    "as": "import late_round.front as front\nBlock = front.Block",
    "part of it": "from late_round import front\nBlock = front.Block",
    "importlib": "from importlib import import_module\nBlock = import_module('late_round.front').Block",
    "relative": "from importlib import import_module\nBlock = import_module('.front', 'late_round').Block",
    "attribute": "import late_round\nBlock = late_round.front.Block",
    "table": "import sys, late_round\nBlock = sys.modules['late_round'].front.Block",
    "late part first": "import late_round.rest\nfrom late_round.front import Block",
    "loose part first": "from late_round.loose import ALONE\nfrom late_round.front import Block",
    "class": "import late_round\nassert not isinstance(1, late_round.front.Block)\nBlock = late_round.Block",
    "needs it": "from late_round.odd import TWICE\nassert TWICE == 8\nfrom late_round import Block",
}


@pytest.mark.parametrize("code", WAYS_IN.values(), ids=WAYS_IN)
def test_a_part_comes_after_its_package_in_every_way(sample, code):
    found: dict[str, type] = {}
    exec(code, found)
    package, part = sys.modules["late_round"], sys.modules["late_round.front"]
    assert not is_waiting("late_round")
    assert found["Block"] is part.Block is package.Block is package.front.Block
    assert found["Block"].mean == 3  # type: ignore[attr-defined]
    assert part.RUNS == [1], "its file ran twice"
    assert part.__spec__ is not None
    assert type(part.__loader__).__name__ == type(part.__spec__.loader).__name__ == "SourceFileLoader"
    odd = import_module("late_round.odd")
    assert odd.__spec__ is not None
    assert type(odd.__spec__.loader).__name__ == "SourceFileLoader"


def test_a_part_that_its_package_does_not_import_comes_after_it(sample):
    odd = import_module("late_round.odd")
    assert odd.TWICE == 8
    assert odd.__spec__ is not None
    assert type(odd.__loader__).__name__ == type(odd.__spec__.loader).__name__ == "SourceFileLoader"


def test_where_a_part_lies_is_found_without_loading_anything(sample):
    spec = find_spec("late_round.front")
    assert spec is not None
    assert spec.origin is not None
    assert Path(spec.origin).name == "front.py"
    assert is_waiting("late_round")
    assert "late_round.front" not in sys.modules
    assert find_spec("late_round.nothing") is None
    with pytest.raises(ModuleNotFoundError, match=r"late_round\.nothing"):
        import_module("late_round.nothing")


def test_a_part_of_a_package_that_fails_fails_with_it(sample, tmp_path):
    (tmp_path / "late_round" / "__init__.py").write_text("1 / 0")
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            import_module("late_round.front")
    assert "late_round.front" not in sys.modules


def test_threads_that_import_parts_and_ask_the_package_at_once(sample):
    package, got = import_module("late_round"), []
    ways = (lambda: import_module("late_round.front").Block, lambda: package.Block)
    asking = [threading.Thread(target=lambda way=way: got.append(way().mean)) for way in ways * 4]
    for thread in asking:
        thread.start()
    for thread in asking:
        thread.join(20)
    assert got == [3] * 8
    assert package.front.RUNS == [1]


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
