"""Prices and line totals as exact integers: how decimal text becomes money without ever being a float.

A price is kept in trillionths of a pound (`unit_price_e12`). The files hold prices finer than a penny, say 0.001 for
one paper strip, and a price must be one number however it was written: 2.5 and 2.50 are the same price.
"""

from __future__ import annotations

import re

PRICE_DECIMALS_MAX = 12
POUND_E12 = 1_000_000_000_000
PENNY_E12 = POUND_E12 // 100
PRICE_POUNDS_MAX = 1_000_000
"""The dearest article we believe; more is a slip. Line totals then stay far inside the ledger's bounds."""

_PRICE = re.compile(r"(-?)([0-9]{1,7})(?:\.([0-9]{1,12}))?", re.ASCII)


def price_from_text(text: str) -> int | None:
    """Read a price in pounds such as `2.55` as trillionths, or give nothing when it isn't one."""
    found = _PRICE.fullmatch(text)
    if found is None:
        return None
    sign, pounds, fraction = found[1], found[2], found[3] or ""
    price_e12 = int(pounds) * POUND_E12 + int(fraction.ljust(PRICE_DECIMALS_MAX, "0"))
    if price_e12 > PRICE_POUNDS_MAX * POUND_E12:
        return None
    return -price_e12 if sign else price_e12


def price_as_text(price_e12: int) -> str:
    """Write a price in pounds, with at least two decimals and no more than it needs."""
    pounds, fraction = divmod(abs(price_e12), POUND_E12)
    decimals = f"{fraction:0{PRICE_DECIMALS_MAX}d}".rstrip("0").ljust(2, "0")
    return f"{'-' if price_e12 < 0 else ''}{pounds}.{decimals}"


def whole_pence(price_e12: int) -> int | None:
    """Give a price in pence, or nothing when it is finer than a penny."""
    return None if price_e12 % PENNY_E12 else price_e12 // PENNY_E12


def line_total_pence(quantity: int, price_e12: int) -> int:
    """Multiply quantity and price, and round half a penny up, away from zero.

    A cancelled line thus comes to exactly what the sale of the same goods came to, with the other sign.
    """
    exact_e12 = quantity * price_e12
    pence = (2 * abs(exact_e12) + PENNY_E12) // (2 * PENNY_E12)
    return -pence if exact_e12 < 0 else pence


def pence_as_text(pence: int) -> str:
    """Write pence as pounds for people: 123456 is 1,234.56."""
    return f"{'-' if pence < 0 else ''}{abs(pence) // 100:,}.{abs(pence) % 100:02d}"
