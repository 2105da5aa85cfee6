"""Facts of reference rates. Numbers 1100 to 1199, for ever."""

from __future__ import annotations

from sogdia.kernel.codec import Event
from sogdia.kernel.values import Account, CurrencyCode, Seconds
from sogdia.modules.reference.ratios import Ratio


class RateReported(Event, tag=1100):
    """An organisation reported a rate. With it the median is this one; none while too few organisations report."""

    base: CurrencyCode
    quote: CurrencyCode
    organisation: Account
    reporter: Account
    ratio: Ratio
    as_of: Seconds
    median: Ratio | None


class ReportWithdrawn(Event, tag=1101):
    """An organisation's report was taken back. Without it the median is this one, or none."""

    base: CurrencyCode
    quote: CurrencyCode
    organisation: Account
    median: Ratio | None


class ReferenceHalted(Event, tag=1102):
    """The median jumped by more than the network allows: until it opens again no price is held against it."""

    base: CurrencyCode
    quote: CurrencyCode
    before: Ratio
    after: Ratio
    opens_at: Seconds
