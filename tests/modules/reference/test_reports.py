"""Reports and what they come to: who counts, for how long, when a pair is halted and when it opens again."""

from __future__ import annotations

import pytest

from sogdia.kernel.quota import QUOTAS
from sogdia.modules.identity.parties import ChangeSponsor, ReinstateParty, SuspendParty
from sogdia.modules.reference.events import RateReported, ReferenceHalted, ReportWithdrawn
from sogdia.modules.reference.queries import RateReportsQuery, ReferenceRateQuery
from sogdia.modules.reference.ratios import Ratio
from sogdia.modules.reference.records import RATES, RateState
from sogdia.modules.reference.reports import REPORT_BYTES, WithdrawReport
from tests.modules.reference.desk import (
    DAY,
    DINARS,
    HOUR,
    MINUTE,
    agree,
    asked,
    enter,
    in_force,
    known,
    open_desk,
    ratio,
    report,
    state,
    withdraw,
)

FRIDAY_EVENING = 1_700_255_700
"""2023-11-17 21:15 UTC, a Friday: the market has been closed for a quarter of an hour."""

OPENING = 1_700_434_800
"""2023-11-19 23:00 UTC, the Sunday after it."""


def stored(ledger, organisation):
    return QUOTAS.must(ledger.state, ledger.account(organisation)).stored_bytes


# ------------------------------------------------------------------------------------------------------- the median


def test_three_organisations_make_a_reference_rate(ledger):
    report(ledger, "almaty", "3.25")
    report(ledger, "karachi", "3.27")
    assert in_force(ledger) is None

    report(ledger, "muscat", "3.26")

    assert in_force(ledger) == ratio("3.26")
    assert state(ledger) == RateState.OK


def test_there_is_one_rate_for_both_directions_to_the_last_digit(ledger):
    report(ledger, "almaty", "0.3077", base="USD", quote="KWD")
    report(ledger, "karachi", "3.25")
    report(ledger, "muscat", "3.2499")

    there, back = asked(ledger), asked(ledger, "USD", "KWD")

    assert there.median == Ratio(quote=10_000, base=3_077)  # 3.24991…, between the two others
    assert back.median == Ratio(quote=3_077, base=10_000)
    reports = RateReportsQuery(base="USD", quote="KWD").answer(ledger.state)
    assert {each.ratio for each in reports} == {ratio("0.3077"), ratio("4/13"), Ratio(10_000, 32_499)}


def test_an_organisation_counts_once_however_many_of_its_parties_report(ledger):
    for name in ("desk-1", "desk-2", "desk-3"):
        ledger.time += 1
        report(ledger, enter(ledger, name, "almaty"), "3.26")

    assert len(known(ledger).reports) == 1
    assert in_force(ledger) is None


def test_the_newest_report_of_an_organisation_counts(ledger):
    agree(ledger, "3.26")
    desk = enter(ledger, "desk", "almaty")
    report(ledger, desk, "3.3", as_of=ledger.time + 1)
    report(ledger, "karachi", "3.29", as_of=ledger.time + 1)

    assert in_force(ledger) == ratio("3.29")
    assert [each.ratio for each in known(ledger).reports if each.reporter == ledger.account("almaty")] == []


def test_a_report_says_what_the_median_is_with_it(ledger):
    told = [report(ledger, who, text).events[0] for who, text in (("almaty", 3), ("karachi", 3), ("muscat", 4))]

    assert all(isinstance(each, RateReported) for each in told)
    assert [each.median for each in told] == [None, None, ratio(3)]
    assert told[2].organisation == told[2].reporter == ledger.account("muscat")


# ---------------------------------------------------------------------------------------------------------------- age


def test_a_rate_is_in_force_as_long_as_enough_reports_are_fresh(ledger):
    report(ledger, "almaty", "3.26")
    ledger.time += HOUR
    agree(ledger, "3.26", ("karachi", "muscat"))
    until = ledger.time - HOUR + DAY

    ledger.time = until
    assert (state(ledger), asked(ledger).fresh) == (RateState.OK, 3)
    assert asked(ledger).changes_at == until + 1
    ledger.time = until + 1

    assert (state(ledger), asked(ledger).fresh) == (RateState.STALE, 2)
    assert in_force(ledger) is None
    assert asked(ledger).changes_at == 0


def test_a_lapsed_report_is_dropped_with_the_next_and_its_storage_given_back(ledger):
    agree(ledger, "3.26", ("almaty",))
    before = stored(ledger, "almaty")
    ledger.time += DAY + 1

    agree(ledger, "3.27", ("karachi",))

    assert [each.organisation for each in known(ledger).reports] == [ledger.account("karachi")]
    assert stored(ledger, "almaty") == before - REPORT_BYTES


def test_a_report_that_replaces_another_takes_no_more_storage(ledger):
    first = stored(ledger, "almaty")
    agree(ledger, "3.26", ("almaty",))
    ledger.time += 2 * DAY
    agree(ledger, "3.27", ("almaty",))

    assert stored(ledger, "almaty") == first + REPORT_BYTES


def test_over_a_weekend_the_last_rate_of_friday_stands(ledger):
    ledger.time = FRIDAY_EVENING - HOUR
    agree(ledger, "3.26")

    for moment in (FRIDAY_EVENING, OPENING - 1, OPENING, OPENING + DAY - 45 * MINUTE):
        ledger.time = moment
        assert in_force(ledger) == ratio("3.26")
    ledger.time += 1

    assert state(ledger) == RateState.STALE


def test_what_was_reported_just_before_the_market_closed_may_come_just_after(ledger):
    ledger.time = FRIDAY_EVENING - 14 * MINUTE

    report(ledger, "almaty", "3.26", as_of=ledger.time - MINUTE - 1)

    assert len(known(ledger).reports) == 1


def test_on_a_holiday_nothing_ages_either():
    ledger = open_desk(holidays=["2023-11-15"])
    agree(ledger, "3.26")

    ledger.time += 2 * DAY
    assert state(ledger) == RateState.OK
    ledger.time += 1

    assert state(ledger) == RateState.STALE


# ------------------------------------------------------------------------------------------------------------ the jump


def jump(ledger, text, who=("almaty", "karachi", "muscat")):
    """Let organisations report another rate a second later; give what was told of a halt."""
    ledger.time += 1
    told = [event for name in who for event in report(ledger, name, text).events]
    return [each for each in told if isinstance(each, ReferenceHalted)]


def test_a_median_that_jumps_halts_the_pair_until_it_has_held_for_an_hour(ledger):
    agree(ledger, "3.00")

    (halt,) = jump(ledger, "3.20")

    assert (halt.before, halt.after, halt.opens_at) == (ratio(3), ratio("3.2"), ledger.time + HOUR)
    assert (state(ledger), in_force(ledger)) == (RateState.HALT, None)
    assert asked(ledger).median == ratio("3.2")
    assert asked(ledger).changes_at == halt.opens_at
    ledger.time = halt.opens_at - 1
    assert state(ledger) == RateState.HALT
    ledger.time += 1
    assert in_force(ledger) == ratio("3.2")


def test_each_jump_begins_the_time_anew(ledger):
    agree(ledger, "3.00")
    jump(ledger, "3.20")
    ledger.time += HOUR // 2

    (second,) = jump(ledger, "3.00")

    assert known(ledger).opens_at == second.opens_at == ledger.time + HOUR


@pytest.mark.parametrize(
    ("text", "halted"), [("2.85", False), ("2.8499999999", True), ("60/19", False), ("3.16", True)]
)
def test_a_jump_is_more_than_five_in_a_hundred_either_way_round(ledger, text, halted):
    agree(ledger, "3.00")

    assert bool(jump(ledger, text)) == halted


def test_one_organisation_alone_moves_nothing_and_halts_nothing(ledger):
    agree(ledger, "3.00")

    assert jump(ledger, "300", ("almaty",)) == []
    assert jump(ledger, "0.003", ("almaty",)) == []
    assert in_force(ledger) == ratio(3)


def test_a_rate_that_was_stale_is_compared_with_the_last_one_all_the_same(ledger):
    agree(ledger, "3.00")
    ledger.time += 2 * DAY
    assert state(ledger) == RateState.STALE

    assert jump(ledger, "4") != []


def test_what_moves_in_small_steps_halts_nothing(ledger):
    agree(ledger, "3.00")

    for text in ("3.1", "3.2", "3.3", "3.4"):
        assert jump(ledger, text) == []
    assert in_force(ledger) == ratio("3.4")


def test_withdrawing_may_make_the_median_jump_too(ledger):
    report(ledger, "dushanbe", "4")
    agree(ledger, "3.00", ("almaty", "karachi"))
    report(ledger, "muscat", "4.1")
    report(ledger, "osh", "4.2")
    ledger.time += HOUR

    told = withdraw(ledger, "osh").events

    assert [type(each) for each in told] == [ReportWithdrawn, ReferenceHalted]
    assert known(ledger).median == ratio(3)


# ------------------------------------------------------------------------------------------- who may speak for whom


def test_a_report_can_be_taken_back_by_who_made_it_or_by_its_organisation(ledger):
    agree(ledger, "3.26", ("karachi", "muscat"))
    desk = enter(ledger, "desk", "almaty")
    before = stored(ledger, "almaty")
    for who in (desk, "almaty"):
        ledger.time += 1
        report(ledger, desk, "3.26")
        assert state(ledger) == RateState.OK

        (told,) = withdraw(ledger, who).events

        assert (told.organisation, told.median) == (ledger.account("almaty"), None)
        assert state(ledger) == RateState.STALE
        assert stored(ledger, "almaty") == before


def test_who_takes_the_last_report_back_leaves_nothing(ledger):
    agree(ledger, "3.26", ("almaty",))

    ledger.must("almaty", WithdrawReport(base="KWD", quote="USD"))

    assert RATES.find(ledger.state, DINARS) is None
    assert ReferenceRateQuery(base="KWD", quote="USD").answer(ledger.state) is None
    assert RateReportsQuery(base="KWD", quote="USD").answer(ledger.state) == []


def test_the_report_of_a_suspended_party_counts_no_more_from_the_next_one_on(ledger):
    desk = enter(ledger, "desk", "almaty")
    agree(ledger, "3.26", (desk, "karachi", "muscat"))
    ledger.must("registrar", SuspendParty(account=ledger.account(desk), reason="Keys were stolen"))
    ledger.time += 1

    report(ledger, "karachi", "3.26")

    assert len(known(ledger).reports) == 2
    assert state(ledger) == RateState.STALE
    ledger.must("registrar", ReinstateParty(account=ledger.account(desk)))
    report(ledger, desk, "3.26")
    assert state(ledger) == RateState.OK


def test_who_moves_to_another_sponsor_does_not_count_for_both(ledger):
    desk = enter(ledger, "desk", "almaty")
    agree(ledger, "3.26", (desk, "karachi"))
    ledger.must((desk, "osh"), ChangeSponsor(sponsor=ledger.account("osh")))
    ledger.time += 1

    report(ledger, desk, "3.26")

    assert {each.organisation for each in known(ledger).reports} == {ledger.account("osh"), ledger.account("karachi")}
    assert in_force(ledger) is None


def test_one_organisation_is_enough_where_the_network_says_so():
    ledger = open_desk(organisations_min=1)

    agree(ledger, "3.26", ("almaty",))

    assert in_force(ledger) == ratio("3.26")
    assert (asked(ledger).needed, asked(ledger).spread) == (1, 0)


def test_the_query_says_how_far_reports_are_apart(ledger):
    for who, text in (("almaty", "3.00"), ("karachi", "3.03"), ("muscat", "3.01")):
        report(ledger, who, text)

    assert (asked(ledger).spread, asked(ledger, "USD", "KWD").spread) == (100, 100)
    assert asked(ledger).collar == 1_000


def test_without_a_moment_the_query_answers_for_the_newest_report(ledger):
    agree(ledger, "3.26")
    ledger.time += 9 * DAY

    answer = ReferenceRateQuery(base="KWD", quote="USD").answer(ledger.state)

    assert answer is not None
    assert answer.rate_state == RateState.OK
    assert asked(ledger).rate_state == RateState.STALE
