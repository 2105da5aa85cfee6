"""Every rule of reports: who breaks it, which number the answer has, and that nothing changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import structs

from sogdia.kernel.quota import QUOTAS
from sogdia.kernel.refusals import KernelRefusal as Kernel
from sogdia.modules.book import MODULE as BOOK
from sogdia.modules.exchange import MODULE as EXCHANGE
from sogdia.modules.reference.module import MODULE
from sogdia.modules.reference.ratios import Ratio
from sogdia.modules.reference.records import ORGANISATIONS_MAX, RATES, ReferenceRate, Report
from sogdia.modules.reference.refusals import ReferenceRefusal as Refuse
from sogdia.modules.reference.reports import REPORT_BYTES, ReportRate, WithdrawReport
from tests.modules.reference.desk import DINARS, agree, enter, ratio, report, reporting
from tests.modules.reference.test_reports import FRIDAY_EVENING, OPENING
from tests.refused import Row, assert_refused, poke, rules_of, table

if TYPE_CHECKING:
    from sogdia.kernel.operation import Operation

MARGIN = 300


def says(text="3.26", **changes: Any) -> Any:  # noqa: ANN401 - a function and any field
    return lambda it: reporting(it, text, **changes)


def off_by(seconds):
    return lambda it: reporting(it, "3.26", as_of=it.time + seconds)


def at(moment):
    """Go to a moment; nothing stands there."""

    def prepare(it) -> None:
        it.time = moment

    return prepare


def crowded(it):
    """As many organisations report the pair as may."""
    reports = tuple(
        Report(bytes([number]) * 20, it.account("karachi"), ratio(3), it.time, it.time + 100)
        for number in range(ORGANISATIONS_MAX)
    )
    it.check_invariants = False
    poke(it, RATES, DINARS, ReferenceRate(reports=reports, median=ratio(3), fresh_until=0, opens_at=0))


def crowded_by_those_who_count(it):
    """The same, by organisations for which somebody may speak."""
    crowded(it)
    known = RATES.must(it.state, DINARS)
    own = it.account("karachi")
    reports = tuple(structs.replace(each, organisation=own) for each in known.reports)
    poke(it, RATES, DINARS, structs.replace(known, reports=reports))


def fill_storage(it):
    sponsor = it.account("almaty")
    known = QUOTAS.must(it.state, sponsor)
    poke(it, QUOTAS, sponsor, structs.replace(known, stored_bytes_max=known.stored_bytes + REPORT_BYTES - 1))


def of_others(it):
    agree(it, 3, ("karachi", "muscat"))
    enter(it, "desk", "karachi")


STRANGER = "nairobi"
TABLES: dict[type[Operation], list[Row]] = {
    ReportRate: [
        Row(
            Refuse.CURRENCIES_IDENTICAL,
            STRANGER,
            says(base="XXX", quote="XXX", ratio=Ratio(2, 2)),
            at_the_door=True,
        ),
        Row(Refuse.NO_SUCH_CURRENCY, STRANGER, says(base="AAA", ratio=Ratio(2, 2)), at_the_door=True, note="base"),
        Row(Refuse.NO_SUCH_CURRENCY, STRANGER, says(quote="AAA", ratio=Ratio(2, 2)), at_the_door=True, note="quote"),
        Row(Refuse.RATIO_NOT_REDUCED, STRANGER, says(ratio=Ratio(2, 2)), at_the_door=True),
        Row(Refuse.SENDER_NOT_REPORTER, STRANGER, off_by(MARGIN + 1)),
        Row(Refuse.REPORT_AHEAD, "almaty", off_by(MARGIN + 1)),
        Row(Refuse.REPORT_AHEAD, "almaty", off_by(MARGIN + 1), before=at(FRIDAY_EVENING), note="closed"),
        Row(Refuse.REPORT_LATE, "almaty", off_by(-MARGIN - 1)),
        Row(Refuse.REPORT_LATE, "almaty", off_by(-MARGIN - 1), before=at(FRIDAY_EVENING + 600), note="closed"),
        Row(Refuse.MARKET_CLOSED, "almaty", off_by(0), before=at(FRIDAY_EVENING - 900), note="just-closed"),
        Row(Refuse.MARKET_CLOSED, "almaty", off_by(-1), before=at(OPENING), note="not-yet-open"),
        Row(
            Refuse.REPORT_NOT_NEWER,
            "almaty",
            off_by(10),
            before=lambda it: report(it, enter(it, "desk", "almaty"), 3, as_of=it.time + 10),
        ),
        Row(Refuse.ORGANISATIONS_TOO_MANY, "almaty", says(), before=crowded_by_those_who_count),
        Row(Kernel.QUOTA_STORAGE_SPENT, "almaty", says(), before=fill_storage),
    ],
    WithdrawReport: [
        Row(Refuse.REPORT_UNKNOWN, "almaty", lambda _: WithdrawReport(base="USD", quote="KWD"), note="none"),
        Row(
            Refuse.REPORT_UNKNOWN,
            "desk",
            lambda _: WithdrawReport(base="USD", quote="KWD"),
            before=of_others,
            note="another's",
        ),
        Row(Refuse.REPORT_UNKNOWN, "almaty", lambda _: WithdrawReport(base="USD", quote="USD"), note="no-pair"),
    ],
}
NEVER: dict[tuple[type[Operation], Any], str] = {
    (ReportRate, Kernel.SPONSOR_HAS_NO_QUOTA): "whoever has no quota cannot be a sponsor",
}
"""Rules that an operation names and no row can break, each with the reason."""


@table(TABLES)
def test_a_rule_refuses_and_nothing_changes(ledger, operation, row):  # noqa: ARG001 - it names the test
    assert_refused(ledger, row)


def test_a_report_may_be_off_by_just_the_margin(ledger):
    for who, seconds in (("almaty", MARGIN), ("karachi", -MARGIN)):
        ledger.must(who, off_by(seconds)(ledger))


def test_reports_that_count_no_more_are_in_nobodys_way(ledger):
    crowded(ledger)
    for number in range(ORGANISATIONS_MAX):
        poke(ledger, QUOTAS, bytes([number]) * 20, quota_of(ledger))

    report(ledger, "almaty", 3)

    assert len(RATES.must(ledger.state, DINARS).reports) == 1


def quota_of(ledger):
    return structs.replace(QUOTAS.must(ledger.state, ledger.account("almaty")), stored_bytes=REPORT_BYTES)


def test_the_table_has_every_rule_in_the_order_in_which_they_are_tried():
    for operation in MODULE.operations:
        rows = list(dict.fromkeys(row.rule for row in TABLES[operation]))

        assert rows == [rule for rule in rules_of(operation) if (operation, rule) not in NEVER]


def test_every_number_of_reference_rates_is_used():
    named = {
        rule for module in (MODULE, BOOK, EXCHANGE) for operation in module.operations for rule in rules_of(operation)
    }

    assert named >= set(Refuse)
    assert [int(code) for code in Refuse] == list(range(1_100, 1_100 + len(Refuse)))
