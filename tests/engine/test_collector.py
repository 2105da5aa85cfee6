"""The collector of cycles is spared for as long as a piece of work lasts, and no longer."""

import gc

import pytest

from sogdia.engine.collector import COLLECT_AFTER, spared_collector


def test_the_collector_is_as_before_when_the_work_is_done():
    before = gc.get_threshold()

    with spared_collector():
        during, frozen = gc.get_threshold(), gc.get_freeze_count()

    assert (during, frozen > 0) == (COLLECT_AFTER, True)
    assert (gc.get_threshold(), gc.get_freeze_count()) == (before, 0)


def test_the_collector_is_as_before_when_the_work_fails():
    before = gc.get_threshold()

    with pytest.raises(OSError, match="no room"), spared_collector():
        raise OSError("no room")

    assert gc.get_threshold() == before
