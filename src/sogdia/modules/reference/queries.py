"""Questions about reference rates."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from sogdia.kernel.operation import Query
from sogdia.kernel.values import Account, BasisPoints, CurrencyCode, Seconds
from sogdia.modules.reference.ratios import BASIS, Ratio, spread_of, turned
from sogdia.modules.reference.records import RATES, RULES, Organisations, RateState, pair_of, state_of

if TYPE_CHECKING:
    from sogdia.kernel.state import Reader


class ReferenceAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """How a pair stands at a moment: the rate of the base in minor units of the quote, and what it is made of."""

    base: CurrencyCode
    quote: CurrencyCode
    rate_state: int
    """1 in force, 2 stale, 3 halted; 0 when too few organisations have ever reported it."""
    median: Ratio | None
    fresh: int
    """How many reports are fresh."""
    needed: Organisations
    spread: BasisPoints
    """By how much the highest fresh report is above the lowest; what is above 100 in a hundred is told as that."""
    changes_at: Seconds
    """When it goes stale, or opens again, if nobody reports; 0 when only a report changes anything."""
    collar: BasisPoints
    """By how much a price may be worse for its maker before it has to be confirmed."""


class ReportAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What an organisation reported, the way round that was asked for."""

    organisation: Account
    reporter: Account
    ratio: Ratio
    as_of: Seconds
    fresh_until: Seconds


class ReferenceRateQuery(Query, tag="reference-rate"):
    """The reference rate between two currencies, either way round, at a moment (else at its newest report)."""

    base: CurrencyCode
    quote: CurrencyCode
    at: Seconds = 0

    def answer(self, state: Reader) -> ReferenceAnswer | None:
        """Give how the pair stands, or nothing when nobody reports it."""
        pair = pair_of(self.base, self.quote)
        known = RATES.find(state, pair)
        if known is None:
            return None
        rules = RULES.must(state, None)
        moment = max(self.at, *(each.as_of for each in known.reports))
        fresh = [each.ratio for each in known.reports if moment <= each.fresh_until]
        standing = state_of(known, moment)
        changes_at = {RateState.OK: known.fresh_until + 1, RateState.HALT: known.opens_at}.get(standing, 0)
        way = self.base == pair.base
        return ReferenceAnswer(
            base=self.base,
            quote=self.quote,
            rate_state=int(standing),
            median=known.median if way or known.median is None else turned(known.median),
            fresh=len(fresh),
            needed=rules.organisations_min,
            spread=min(spread_of(fresh), BASIS) if fresh else 0,
            changes_at=changes_at,
            collar=rules.collar,
        )


class RateReportsQuery(Query, tag="rate-reports"):
    """The reports of the rate between two currencies, either way round, by organisation."""

    base: CurrencyCode
    quote: CurrencyCode

    def answer(self, state: Reader) -> list[ReportAnswer]:
        """Give the reports that counted when the last came in; there are never more than a page."""
        pair = pair_of(self.base, self.quote)
        known = RATES.find(state, pair)
        way = self.base == pair.base
        return [
            ReportAnswer(
                organisation=each.organisation,
                reporter=each.reporter,
                ratio=each.ratio if way else turned(each.ratio),
                as_of=each.as_of,
                fresh_until=each.fresh_until,
            )
            for each in (() if known is None else known.reports)
        ]
