"""Reports of rates: signed by organisations, the newest of each counting, and the median that they make.

    reported ──▶ fresh ──age, while the market is open──▶ lapsed, and dropped with the pair's next report
        │          └──reporter suspended, without the role, or with another sponsor──▶ dropped likewise
        └──withdraw──▶ gone at once

A median is worked out when a report comes in or is taken back, from the reports that are fresh then; it is in force as
long as enough of those are fresh, so it moves by somebody's signature and never by time alone. One that is further from
the last than the network allows halts the pair; it opens by itself when no median has jumped for the cool-down.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from sogdia.kernel import quota
from sogdia.kernel.accounts import PARTIES
from sogdia.kernel.operation import Operation
from sogdia.kernel.refusal import require
from sogdia.kernel.values import CurrencyCode, Seconds
from sogdia.modules.identity import Role, has_role
from sogdia.modules.money.iso4217 import MINOR_DIGITS
from sogdia.modules.reference.events import RateReported, ReferenceHalted, ReportWithdrawn
from sogdia.modules.reference.hours import MOMENT_MAX, last_moment, opening
from sogdia.modules.reference.ratios import Ratio, are_apart, is_reduced, median_of
from sogdia.modules.reference.records import (
    ORGANISATIONS_MAX,
    RATES,
    RULES,
    Currencies,
    ReferenceRate,
    ReferenceRules,
    Report,
    in_their_order,
    pair_of,
)
from sogdia.modules.reference.refusals import ReferenceRefusal as Refuse

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sogdia.kernel.operation import Context

REPORT_BYTES = 300
"""What a report counts for in its organisation's storage, its share of the pair and of the tree included."""


class ReportRate(Operation, tag=1100):
    """Report at which rate a currency is exchanged: minor units of the quote for one of the base, at a stated time.

    The report is its sponsor's: of each organisation the newest counts, whichever of its parties made it.
    """

    base: CurrencyCode
    quote: CurrencyCode
    ratio: Ratio
    as_of: Seconds

    def check(self) -> None:
        """Refuse what is no rate between two currencies."""
        require(self.base != self.quote, Refuse.CURRENCIES_IDENTICAL)
        for code in (self.base, self.quote):
            require(code in MINOR_DIGITS, Refuse.NO_SUCH_CURRENCY, currency=code)
        require(is_reduced(self.ratio), Refuse.RATIO_NOT_REDUCED)

    def apply(self, ctx: Context) -> None:
        """Let the report count."""
        require(has_role(ctx.state, ctx.sender, Role.RATE_REPORTER), Refuse.SENDER_NOT_REPORTER)
        rules = RULES.must(ctx.state, None)
        require(self.as_of - ctx.time <= rules.clock_margin, Refuse.REPORT_AHEAD, time=ctx.time)
        require(ctx.time - self.as_of <= rules.clock_margin, Refuse.REPORT_LATE, time=ctx.time)
        opens_at = opening(rules.hours, self.as_of)
        require(opens_at == self.as_of, Refuse.MARKET_CLOSED, opens_at=opens_at)
        pair, ratio = in_their_order(self.base, self.quote, self.ratio)
        organisation = PARTIES.must(ctx.state, ctx.sender).sponsor
        known = RATES.find(ctx.state, pair)
        all_known = () if known is None else known.reports
        own = next((each for each in all_known if each.organisation == organisation), None)
        require(own is None or own.as_of < self.as_of, Refuse.REPORT_NOT_NEWER, as_of=0 if own is None else own.as_of)
        others = [each for each in all_known if each.organisation != organisation and counts(ctx, each)]
        require(len(others) < ORGANISATIONS_MAX, Refuse.ORGANISATIONS_TOO_MANY, most=ORGANISATIONS_MAX)

        if own is None:
            quota.occupy(ctx.state, organisation, REPORT_BYTES)
        report = Report(
            organisation=organisation,
            reporter=ctx.sender,
            ratio=ratio,
            as_of=self.as_of,
            fresh_until=last_moment(rules.hours, self.as_of, rules.age_max),
        )
        now = write_down(ctx, pair, rules, known, sorted((*others, report), key=_by_organisation))

        ctx.emit(
            RateReported(
                base=pair.base,
                quote=pair.quote,
                organisation=organisation,
                reporter=ctx.sender,
                ratio=ratio,
                as_of=self.as_of,
                median=now.median if now.fresh_until else None,
            )
        )
        tell_of_a_jump(ctx, pair, rules, known, now)


class WithdrawReport(Operation, tag=1101):
    """Take back a report that turned out wrong: by the party that made it, or by its organisation."""

    base: CurrencyCode
    quote: CurrencyCode

    reserved: ClassVar[bool] = True

    def apply(self, ctx: Context) -> None:
        """Let the report count no more."""
        pair = pair_of(self.base, self.quote)
        known = RATES.get(ctx.state, pair, Refuse.REPORT_UNKNOWN)
        own = [each for each in known.reports if ctx.sender in (each.reporter, each.organisation)]
        require(own, Refuse.REPORT_UNKNOWN)
        rules = RULES.must(ctx.state, None)

        left = [each for each in known.reports if each not in own and counts(ctx, each)]
        now = write_down(ctx, pair, rules, known, left)

        for each in own:
            ctx.emit(
                ReportWithdrawn(
                    base=pair.base,
                    quote=pair.quote,
                    organisation=each.organisation,
                    median=now.median if now.fresh_until else None,
                )
            )
        tell_of_a_jump(ctx, pair, rules, known, now)


def counts(ctx: Context, report: Report) -> bool:
    """Tell whether a report still counts: it is fresh, and its reporter may still speak for the organisation."""
    reporter = report.reporter
    speaks = has_role(ctx.state, reporter, Role.RATE_REPORTER)
    return (
        ctx.time <= report.fresh_until and speaks and PARTIES.must(ctx.state, reporter).sponsor == report.organisation
    )


def worked_out(
    rules: ReferenceRules, before: ReferenceRate | None, reports: Sequence[Report], time: int
) -> ReferenceRate:
    """Give what reports come to: their median if they are enough, else the one before, which is not in force."""
    last = None if before is None else before.median
    opens_at = 0 if before is None else before.opens_at
    if len(reports) < rules.organisations_min:
        return ReferenceRate(reports=tuple(reports), median=last, fresh_until=0, opens_at=opens_at)
    median = median_of([each.ratio for each in reports])
    if has_jumped(rules, last, median):
        opens_at = min(time + rules.cool_down, MOMENT_MAX)
    return ReferenceRate(
        reports=tuple(reports), median=median, fresh_until=enough_until(rules, reports), opens_at=opens_at
    )


def enough_until(rules: ReferenceRules, reports: Sequence[Report]) -> int:
    """Give how long enough of these reports are fresh."""
    return sorted((each.fresh_until for each in reports), reverse=True)[rules.organisations_min - 1]


def write_down(
    ctx: Context, pair: Currencies, rules: ReferenceRules, before: ReferenceRate | None, reports: Sequence[Report]
) -> ReferenceRate:
    """Write what reports come to, and give the storage of those that count no more back; a pair without any is gone."""
    now = worked_out(rules, before, reports, ctx.time)
    if reports:
        RATES.put(ctx.state, pair, now)
    else:
        RATES.drop(ctx.state, pair)
    heard = {each.organisation for each in reports}
    for each in () if before is None else before.reports:
        if each.organisation not in heard:
            quota.give_back(ctx.state, each.organisation, REPORT_BYTES)
    return now


def tell_of_a_jump(
    ctx: Context, pair: Currencies, rules: ReferenceRules, before: ReferenceRate | None, now: ReferenceRate
) -> None:
    """State that the pair is halted, when the median has just jumped."""
    last, median = None if before is None else before.median, now.median
    if last is not None and median is not None and has_jumped(rules, last, median):
        ctx.emit(ReferenceHalted(base=pair.base, quote=pair.quote, before=last, after=median, opens_at=now.opens_at))


def has_jumped(rules: ReferenceRules, last: Ratio | None, median: Ratio) -> bool:
    """Tell whether a median is further from the last than the network allows."""
    return last is not None and are_apart(median, last, rules.jump_max)


def _by_organisation(report: Report) -> bytes:
    return report.organisation
