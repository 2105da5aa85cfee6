"""Faults in reference rates: ratios, hours, reports, and the guard rail."""

from __future__ import annotations

from tools.seeded_faults import Fault

RATIOS = ("tests/modules/reference/test_ratios.py",)
HOURS = ("tests/modules/reference/test_hours.py",)
REPORTS = ("tests/modules/reference/test_reports.py",)
REFUSALS = ("tests/modules/reference/test_refusals.py",)
GUARD = ("tests/modules/reference/test_guard.py",)
INVARIANTS = ("tests/modules/reference/test_invariants.py",)

REFERENCE_FAULTS = (
    Fault(
        "Of an even number of reports the higher of the two in the middle is the median",
        "modules/reference/ratios.py",
        "return in_order(ratios)[(len(ratios) - 1) // 2]",
        "return in_order(ratios)[len(ratios) // 2]",
        RATIOS,
    ),
    Fault(
        "Ratios are compared after a division",
        "modules/reference/ratios.py",
        "    return one.quote * other.base - other.quote * one.base\n",
        "    return one.quote // one.base - other.quote // other.base\n",
        RATIOS,
    ),
    Fault(
        "What falls short by just the collar is too far",
        "modules/reference/ratios.py",
        "one.quote * other.base * BASIS < other.quote",
        "one.quote * other.base * BASIS <= other.quote",
        RATIOS,
    ),
    Fault(
        "Only a median that falls is a jump",
        "modules/reference/ratios.py",
        "return falls_short(one, other, points) or falls_short(other, one, points)",
        "return falls_short(one, other, points)",
        REPORTS,
    ),
    Fault(
        "The market closes a second late",
        "modules/reference/hours.py",
        "    return moment - since + hours.closed_for\n",
        "    return moment - since + (hours.closed_for if since else 0)\n",
        HOURS,
    ),
    Fault(
        "A holiday ends an hour early",
        "modules/reference/hours.py",
        "return hours.holidays[begun - 1] + DAY if begun else 0",
        "return hours.holidays[begun - 1] + DAY - HOUR if begun else 0",
        HOURS,
    ),
    Fault(
        "Holidays do not stop a report from ageing",
        "modules/reference/hours.py",
        "    return min((weekly, *hours.holidays[begun : begun + 1]))\n",
        "    return weekly + 0 * begun\n",
        HOURS,
    ),
    Fault(
        "A report of any age is taken",
        "modules/reference/reports.py",
        "        require(ctx.time - self.as_of <= rules.clock_margin, Refuse.REPORT_LATE, time=ctx.time)\n",
        "",
        REFUSALS,
    ),
    Fault(
        "An older report takes the place of a newer one",
        "modules/reference/reports.py",
        "own is None or own.as_of < self.as_of",
        "own is None or own.as_of != self.as_of + 1",
        REFUSALS,
    ),
    Fault(
        "Each party of an organisation counts by itself",
        "modules/reference/reports.py",
        "        organisation = PARTIES.must(ctx.state, ctx.sender).sponsor\n",
        "        organisation = ctx.sender\n",
        REPORTS,
    ),
    Fault(
        "A report outlives its reporter's role",
        "modules/reference/reports.py",
        "    speaks = has_role(ctx.state, reporter, Role.RATE_REPORTER)\n",
        "    speaks = True\n",
        REPORTS,
    ),
    Fault(
        "Who moves to another sponsor counts for both",
        "modules/reference/reports.py",
        "PARTIES.must(ctx.state, reporter).sponsor == report.organisation",
        "PARTIES.must(ctx.state, reporter).sponsor != b''",
        REPORTS,
    ),
    Fault(
        "A report that has lapsed keeps its organisation's storage",
        "modules/reference/reports.py",
        "        if each.organisation not in heard:\n",
        "        if each.organisation not in heard and each.fresh_until >= ctx.time:\n",
        REPORTS,
    ),
    Fault(
        "A rate is in force as long as any of its reports is fresh",
        "modules/reference/reports.py",
        "reverse=True)[rules.organisations_min - 1]",
        "reverse=True)[0]",
        REPORTS,
    ),
    Fault(
        "A second jump does not begin the time anew",
        "modules/reference/reports.py",
        "        opens_at = min(time + rules.cool_down, MOMENT_MAX)\n",
        "        opens_at = opens_at if time < opens_at else min(time + rules.cool_down, MOMENT_MAX)\n",
        REPORTS,
    ),
    Fault(
        "A halted rate is asked all the same",
        "modules/reference/records.py",
        "    if moment < known.opens_at:\n        return RateState.HALT\n",
        "",
        GUARD,
    ),
    Fault(
        "A stale rate is asked all the same",
        "modules/reference/records.py",
        "RateState.OK if moment <= known.fresh_until else RateState.STALE",
        "RateState.OK",
        GUARD,
    ),
    Fault(
        "The reference is not turned round",
        "modules/reference/guard.py",
        "known.median if base == pair.base else turned(known.median))",
        "known.median)",
        GUARD,
    ),
    Fault(
        "Who means it is not believed",
        "modules/reference/guard.py",
        "    if despite:\n        return\n",
        "",
        GUARD,
    ),
    Fault(
        "An offer is held against the reference as if it sold what it buys",
        "modules/book/offers.py",
        "return (base, quote) if self.side == Side.SELL else (quote, base)",
        "return (base, quote)",
        GUARD,
    ),
    Fault(
        "Only a card's first tier is looked at",
        "modules/exchange/cards.py",
        "    for each in terms.tiers:\n        require_near",
        "    for each in terms.tiers[:1]:\n        require_near",
        GUARD,
    ),
    Fault(
        "The invariant does not look at the median",
        "modules/reference/invariants.py",
        "known.median == median_of([each.ratio for each in known.reports])",
        "known.median is not None",
        INVARIANTS,
    ),
)
