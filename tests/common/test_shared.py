"""What a process shares is changed once, for all who need it, and comes back when the last one ends."""

from __future__ import annotations

import threading

import pytest

from shapeflow.common import shared
from shapeflow.common.shared import Changes, replace, surely


class Owner:
    name = 1


def replaced() -> Changes:
    changes = Changes()
    replace(changes, Owner, "name", lambda before: (before, "ours"))
    return changes


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_the_original_comes_back_in_any_order(order):
    users = [replaced(), replaced()]
    assert Owner.name == (1, "ours")
    users[order[0]].end()
    assert Owner.name == (1, "ours")
    users[order[1]].end()
    assert Owner.name == 1
    assert not shared._SHARED


def test_what_somebody_sets_meanwhile_stays():
    changes = replaced()
    Owner.name = 5
    changes.end()
    assert Owner.name == 5
    Owner.name = 1


def test_an_attribute_that_was_not_there_is_taken_off():
    changes = Changes()
    replace(changes, Owner, "other", lambda before: before)
    assert Owner.other is None
    changes.end()
    assert not hasattr(Owner, "other")


def test_an_end_that_was_interrupted_goes_on_where_it_stopped():
    done, changes = [], Changes()
    interruptions = iter([KeyboardInterrupt, None, None])

    def step():
        error = next(interruptions)
        if error:
            raise error
        done.append("second")

    changes.on_end(lambda: done.append("first"))
    changes.on_end(step)
    with pytest.raises(KeyboardInterrupt):
        surely(lambda: None, changes.end)
    assert done == ["second", "first"]


def test_what_was_interrupted_half_way_is_undone():
    class Half:
        def make(self):
            Owner.name = "half"
            raise KeyboardInterrupt

        def undo(self):
            Owner.name = 1

    changes = Changes()
    with pytest.raises(KeyboardInterrupt):
        surely(lambda: changes.share("half", Half), changes.end)
    assert Owner.name == 1
    assert not shared._SHARED


def test_many_threads_leave_nothing():
    def go():
        for _ in range(200):
            changes = replaced()
            assert Owner.name == (1, "ours")
            changes.end()

    threads = [threading.Thread(target=go) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Owner.name == 1
    assert not shared._SHARED
