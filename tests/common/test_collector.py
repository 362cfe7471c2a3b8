"""The collector waits inside, and is afterwards as it was before."""

from __future__ import annotations

import gc
import threading

import pytest

from shapeflow.common.collector import collection_paused


@pytest.fixture(autouse=True)
def _collector():
    gc.unfreeze()  # a worker of pytest may have frozen a lot before
    yield
    gc.unfreeze()
    gc.enable()


def test_nothing_is_collected_inside_or_caught_up_on_afterwards():
    collections: list[str] = []
    gc.collect()
    here = threading.get_ident()  # a worker of pytest-xdist has other threads, which collect when they like
    gc.callbacks.append(lambda phase, _: collections.append(phase) if threading.get_ident() == here else None)
    try:
        with collection_paused():
            assert not gc.isenabled()
            kept = [[] for _ in range(5_000)]
        more = [[] for _ in range(10)]
        assert collections == []
    finally:
        gc.callbacks.pop()
    assert gc.isenabled()
    assert not gc.get_freeze_count()
    assert len(kept) > len(more)


def test_a_collector_that_was_off_stays_off():
    gc.disable()
    with collection_paused():
        pass
    assert not gc.isenabled()


def test_what_others_froze_stays_frozen():
    gc.freeze()
    before = gc.get_freeze_count()
    with collection_paused():
        pass
    assert gc.get_freeze_count() > before * 0.99 > 0  # a few may have been freed meanwhile


def test_an_exception_goes_on():
    with pytest.raises(ValueError, match="mine"), collection_paused():
        raise ValueError("mine")
    assert gc.isenabled()
