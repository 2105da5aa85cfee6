"""Each invariant of reference rates notices what it is there for; what a genesis may not say."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import structs

from sogdia.kernel.refusal import Broken
from sogdia.modules.reference.invariants import (
    every_median_is_that_of_its_reports,
    every_organisation_reports_a_pair_once,
)
from sogdia.modules.reference.ratios import Ratio
from sogdia.modules.reference.records import RATES, RULES, Currencies
from tests.modules.reference.desk import DINARS, agree, known, open_desk, ratio
from tests.refused import poke

REPORTS, MEDIAN = every_organisation_reports_a_pair_once, every_median_is_that_of_its_reports


@pytest.fixture
def told(ledger):
    """Three organisations have reported one rate."""
    return agree(ledger, "3.26")


def change(**changes: Any) -> Any:  # noqa: ANN401 - any field
    return lambda it: poke(it, RATES, DINARS, structs.replace(known(it), **changes))


def change_first(**changes: Any) -> Any:  # noqa: ANN401 - any field
    def harm(it) -> None:
        first, *others = known(it).reports
        poke(it, RATES, DINARS, structs.replace(known(it), reports=(structs.replace(first, **changes), *others)))

    return harm


def twice(it) -> None:
    first, second, third = known(it).reports
    again = structs.replace(second, organisation=first.organisation)
    poke(it, RATES, DINARS, structs.replace(known(it), reports=(first, again, third)))


def out_of_order(it) -> None:
    poke(it, RATES, DINARS, structs.replace(known(it), reports=known(it).reports[::-1]))


def too_few(it) -> None:
    poke(it, RATES, DINARS, structs.replace(known(it), reports=known(it).reports[1:]))


def other_way_round(it) -> None:
    poke(it, RATES, Currencies("USD", "KWD"), known(it))


@pytest.mark.parametrize(
    ("invariant", "harm"),
    [
        (REPORTS, twice),
        (REPORTS, out_of_order),
        (REPORTS, other_way_round),
        (REPORTS, change_first(ratio=Ratio(652, 200))),
        (MEDIAN, change(median=ratio("3.27"))),
        (MEDIAN, change(median=None)),
        (MEDIAN, change(fresh_until=2**32 - 1)),
        (MEDIAN, change_first(fresh_until=5)),
        (MEDIAN, too_few),
    ],
)
def test_what_is_broken_is_noticed(told, invariant, harm):
    invariant(told.state)

    harm(told)

    with pytest.raises(Broken):
        invariant(told.state)


@pytest.mark.parametrize(
    ("holidays", "message"),
    [
        (["2026-02-29"], "2026-02-29 is no day"),
        (["1969-12-31"], "1969-12-31 is no day"),
        (["2107-01-01"], "2107-01-01 is no day"),
        (["2026-12-25", "2026-12-25"], "once each, in order"),
        (["2027-01-01", "2026-12-25"], "once each, in order"),
    ],
)
def test_a_network_with_wrong_holidays_does_not_start(holidays, message):
    with pytest.raises(Broken, match=message):
        open_desk(holidays=holidays)


def test_genesis_says_the_rules():
    ledger = open_desk(holidays=["2026-12-25", "2027-01-01"])

    rules = RULES.must(ledger.state, None)

    assert (rules.organisations_min, rules.age_max, rules.clock_margin) == (3, 86_400, 300)
    assert (rules.jump_max, rules.cool_down, rules.collar) == (500, 3_600, 1_000)
    assert (rules.hours.closes, rules.hours.closed_for) == (421_200, 180_000)
    assert rules.hours.holidays == (1_798_156_800, 1_798_761_600)
