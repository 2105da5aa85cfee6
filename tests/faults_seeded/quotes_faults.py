"""Faults in quotes: what is compared with the reference, which way it is rounded, and which lines are priced."""

from __future__ import annotations

from tools.seeded_faults import Fault

COSTS = ("tests/modules/market/test_quoted_costs.py",)
QUOTES = ("tests/modules/market/test_quotes.py",)

QUOTES_FAULTS = (
    Fault(
        "A reference that is stale or halted is compared with",
        "modules/reference/guard.py",
        "if known is None or known.median is None or stands != RateState.OK:",
        "if known is None or known.median is None:",
        COSTS,
    ),
    Fault(
        "The reference is told the other way round",
        "modules/market/quoted_costs.py",
        "stands = standing(state, price.asset.currency, pays.currency, moment)",
        "stands = standing(state, pays.currency, price.asset.currency, moment)",
        COSTS,
    ),
    Fault(
        "The price by the reference is rounded up",
        "modules/market/quoted_costs.py",
        "payment = down(price.units * stands.rate.quote, stands.rate.base)",
        "payment = up(price.units * stands.rate.quote, stands.rate.base)",
        COSTS,
    ),
    Fault(
        "An amount by the reference that no amount can be is told",
        "modules/market/quoted_costs.py",
        "payment=payment if payment <= UNITS_MAX else None,",
        "payment=payment,",
        COSTS,
    ),
    Fault(
        "Basis points of a spread are rounded down",
        "modules/market/quoted_costs.py",
        "points = up(cost * reference.rate.given * BASIS, parts * fair) - BASIS",
        "points = down(cost * reference.rate.given * BASIS, parts * fair) - BASIS",
        COSTS,
    ),
    Fault(
        "A spread holds what rounding costs, too",
        "modules/market/quoted_costs.py",
        "return Spread(down(cost, parts) - reference.payment,",
        "return Spread(up(cost, parts) - reference.payment,",
        COSTS,
    ),
    Fault(
        "What rounding costs is told rounded down",
        "modules/market/quoted_costs.py",
        "return payment - down(*unrounded(units, legs))",
        "return payment - up(*unrounded(units, legs))",
        COSTS,
    ),
    Fault(
        "What rounding costs is that of the first step alone",
        "modules/market/quoted_costs.py",
        "    for leg in legs:\n        given, of = leg.unrounded",
        "    for leg in legs[:1]:\n        given, of = leg.unrounded",
        COSTS,
    ),
    Fault(
        "Spreads of more than a hundredfold have no bound",
        "modules/market/quoted_costs.py",
        "min(points, POINTS_MAX))",
        "points)",
        COSTS,
    ),
    Fault(
        "Who sells the base is told a cost as who buys it",
        "modules/book/crossing.py",
        "return (self.base * price.digits, scale) if sells else (self.quote * scale, price.digits)",
        "return (self.base * price.digits, scale)",
        QUOTES,
    ),
    Fault(
        "A card's cost without rounding is that of its first tier",
        "modules/exchange/cards.py",
        "        rate = rate_for(self.card.rates, self.units)\n        return self.units * rate.taken, rate.given",
        "        rate = self.card.rates.tiers[0].rate\n        return self.units * rate.taken, rate.given",
        QUOTES,
    ),
    Fault(
        "Only the first of several lines is priced",
        "modules/market/quotes.py",
        "asked.merchant, lines_in(asked.lines))",
        "asked.merchant, lines_in(asked.lines)[:1])",
        QUOTES,
    ),
    Fault(
        "Only the first of several lines is ordered at a kept rate",
        "modules/market/quotes.py",
        "            lines=price.lines,\n            card=name,",
        "            lines=price.lines[:1],\n            card=name,",
        QUOTES,
    ),
    Fault(
        "The goods of several lines are told as those of the last",
        "modules/market/asked_prices.py",
        "goods = goods.plus(line.paid)",
        "goods = line.paid",
        QUOTES,
    ),
)
