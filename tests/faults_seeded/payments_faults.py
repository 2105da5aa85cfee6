"""Faults in the payment simulation: what it asks, what it counts, and what it holds the ledger to."""

from __future__ import annotations

from tools.seeded_faults import Fault

HOME = "simulate/payments"
TESTS = "tests/simulate/payments"
RATES = (f"{TESTS}/test_rates.py",)
PRICING = (f"{TESTS}/test_pricing.py",)
TRADES = (f"{TESTS}/test_trades.py",)
STORMS = (f"{TESTS}/test_storms.py",)
NOTICES = (f"{TESTS}/test_it_notices.py",)
REPORT = (f"{TESTS}/test_report.py",)

PAYMENTS_FAULTS = (
    Fault(
        "A dealer knows tomorrow's rate",
        f"{HOME}/rates.py",
        "        end = bisect_right(self.days, day)\n",
        "        end = bisect_right(self.days, day) + 1\n",
        PRICING,
    ),
    Fault(
        "A day may stand twice in a file of rates",
        f"{HOME}/rates.py",
        "    if day == before[-1]:",
        "    if day == before[-1] + 1_000_000:",
        RATES,
    ),
    Fault(
        "A file of rates may lack a month",
        f"{HOME}/rates.py",
        "GAP_DAYS_MAX = 15",
        "GAP_DAYS_MAX = 45",
        RATES,
    ),
    Fault(
        "A quote is rounded down",
        f"{HOME}/pricing.py",
        "pips = up(price.numerator * scale, price.denominator)",
        "pips = price.numerator * scale // price.denominator",
        PRICING,
    ),
    Fault(
        "The right to cancel is priced for the whole life of a lock",
        f"{HOME}/pricing.py",
        "_option(square, min(days, windows.accept))",
        "_option(square, days)",
        PRICING,
    ),
    Fault(
        "Balances are not compared",
        f"{HOME}/books.py",
        "        self._compare()\n",
        "",
        NOTICES,
    ),
    Fault(
        "Only what is available is compared",
        f"{HOME}/books.py",
        "if (found.available, found.held) != (self._available[key], self._held[key]):",
        "if found.available + found.held != self._available[key] + self._held[key] + 1:",
        NOTICES,
    ),
    Fault(
        "A dealer's book counts what it hopes for",
        f"{HOME}/dealers.py",
        "if (has_a - dealer.open_a, has_b) != (dealer.float_a, must_b):",
        "if has_a - dealer.open_a != dealer.float_a:",
        NOTICES,
    ),
    Fault(
        "Invariants are tried on the state before the block",
        f"{HOME}/stage.py",
        "        self.ledger.machine.check_invariants(ReadOnce(self.ledger.state()))\n",
        "",
        STORMS,
    ),
    Fault(
        "A refund after the swap counts at the rate of the order",
        f"{HOME}/trades.py",
        "part.units, self.swapped_units) - part.units * part.mid",
        "part.units, self.swapped_units) - part.units * self.mid",
        TRADES,
    ),
    Fault(
        "What a cancelled order owes is a loss by the rate",
        f"{HOME}/trades.py",
        "left = self.paid_in - self.back - self.owed",
        "left = self.paid_in - self.back",
        TRADES,
    ),
    Fault(
        "A figure is cut off instead of rounded",
        f"{HOME}/tables.py",
        "(abs(value) * 20 + 1) // 2",
        "(abs(value) * 20) // 2",
        REPORT,
    ),
)
