"""The tests notice when the code is broken: a slice of the seeded faults in every run, all of them in a full one."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.faults_seeded.faults import FAULTS, HARMLESS, SURVIVORS
from tools.seeded_faults import CAUGHT_PERCENT_MIN, ROOT, Fault, check_all, planted

SLICE = 2
AREAS = (
    "kernel",
    "modules/identity",
    "modules/money",
    "modules/market",
    "modules/documents",
    "modules/exchange",
    "modules/book",
    "modules/vouchers",
    "modules/netting",
    "modules/reference",
    "vault",
    "client/light",
    "client/voucher",
    "modules/governance",
    "rails",
    "gateway",
    "index",
    "operate",
    "simulate/payments",
)


def slice_of(rotation):
    """The faults whose turn it is: far apart in the table, others on the next commit."""
    step = len(FAULTS) // SLICE
    return [FAULTS[(rotation + number * step) % len(FAULTS)] for number in range(SLICE)]


def test_every_fault_can_still_be_planted():
    sources = {fault.file: (ROOT / "src" / "sogdia" / fault.file).read_text("utf-8") for fault in FAULTS}

    stale = [fault for fault in FAULTS if sources[fault.file].count(fault.old) != 1 or fault.old == fault.new]

    assert stale == [], "these lines have changed; let the faults follow them"


def test_there_are_faults_in_every_area():
    found = Counter(next(area for area in AREAS if fault.file.startswith(area)) for fault in FAULTS)

    assert len(FAULTS) >= 40
    assert all(found[area] >= 4 for area in AREAS)
    assert len({fault.breaks for fault in FAULTS}) == len(FAULTS)
    assert set(SURVIVORS) <= {fault.breaks for fault in FAULTS}
    assert all((ROOT / path).exists() for fault in FAULTS for path in fault.tests)


def test_a_text_that_is_not_there_cannot_be_replaced():
    with pytest.raises(ValueError, match="0 times"):
        planted("price = 1\n", Fault("Nothing", "x.py", "price = 2", "", ()))
    with pytest.raises(ValueError, match="2 times"):
        planted("1\n1\n", Fault("Nothing", "x.py", "1", "", ()))


def test_in_time_every_fault_has_its_turn():
    assert {fault.breaks for rotation in range(len(FAULTS)) for fault in slice_of(rotation)} == {
        fault.breaks for fault in FAULTS
    }
    assert len(set(slice_of(0))) == SLICE


@pytest.mark.slow
def test_a_harmless_change_survives():
    (outcome,) = check_all([HARMLESS])

    assert not outcome.caught


@pytest.mark.slow
@pytest.mark.timeout(0)
def test_faults_are_caught(rotation, full_run):
    chosen = list(FAULTS) if full_run else slice_of(rotation)

    survived = [outcome.fault.breaks for outcome in check_all(chosen) if not outcome.caught]

    surprising = [name for name in survived if name not in SURVIVORS]
    if full_run:
        assert 100 * len(survived) <= (100 - CAUGHT_PERCENT_MIN) * len(chosen), f"survived: {survived}"
    assert surprising == [], f"no test notices {surprising}; write one, or give the reason in SURVIVORS"
