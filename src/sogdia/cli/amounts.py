"""Money as people write it, and as the ledger counts it: decimal text in a currency, and whole minor units.

    12.50 USD@bank    in a currency, of an issuer            12.50 USD    in a currency
    12.50             in the currency that is meant          1250         minor units, as the ledger counts

No fraction is ever rounded: what does not come out even is not read.
"""

from __future__ import annotations

import re
from fractions import Fraction
from typing import NamedTuple

from sogdia.cli.exits import usage
from sogdia.modules.book import Price
from sogdia.modules.book.prices import DIGITS_MAX, PLACES_MAX
from sogdia.modules.money.iso4217 import MINOR_DIGITS
from sogdia.modules.reference import RATIO_PART_MAX, Ratio, decimal_text

_AMOUNT = re.compile(r"([0-9]{1,20})(?:\.([0-9]{1,20}))?(?:\s*([A-Za-z]{3})(?:@(\S+))?)?\Z")


class AmountText(NamedTuple):
    """An amount as it was written: its digits before and after the point, its currency and issuer if it names them."""

    text: str
    whole: str
    fraction: str | None
    currency: str | None
    issuer: str | None

    @property
    def is_raw(self) -> bool:
        """Whether it counts minor units: it has neither a point nor a currency."""
        return self.fraction is None and self.currency is None


def read_amount(text: str) -> AmountText:
    """Take an amount apart, or say how one is written."""
    found = _AMOUNT.match(text.strip())
    if found is None:
        example = text.replace(",", ".") if re.fullmatch(r"[0-9]+,[0-9]+.*", text) else "12.50 USD"
        raise usage(
            f"{text!r} is no amount.",
            f"Write it like {example!r} in a currency (a point, no separators), or 1250 to count minor units.",
        )
    whole, fraction, currency, issuer = found.groups()
    return AmountText(text, whole, fraction, currency and currency.upper(), issuer)


def units_of(amount: AmountText, currency: str | None, decimals: int = 0) -> int:
    """Count an amount in minor units; for prices in minor units / 10^decimals. `currency` is the one that is meant."""
    if amount.is_raw:
        return int(amount.whole)
    code = amount.currency or currency
    if code is None:
        raise usage(f"{amount.text!r} names no currency.", f"Write it with one, like '{amount.text} USD'.")
    if code not in MINOR_DIGITS:
        raise usage(f"{code} is no current ISO 4217 currency.", "Write the three-letter code, such as USD or CNY.")
    digits = MINOR_DIGITS[code] + decimals
    fraction = (amount.fraction or "").rstrip("0")
    if len(fraction) > digits:
        raise usage(
            f"{amount.text!r} has more digits after the point than {code} has: {digits}.",
            "Write a whole number of minor units; nothing is rounded.",
        )
    return int(amount.whole + fraction.ljust(digits, "0"))


def read_price(text: str) -> Price:
    """Read a price of the book, a decimal, in its one spelling."""
    found = re.fullmatch(r"([0-9]{1,12})(?:\.([0-9]{1,24}))?", text.strip())
    whole, places = (found[1], (found[2] or "").rstrip("0")) if found else ("", "")
    digits = int(whole + places) if found else 0
    if not 1 <= digits < 10**DIGITS_MAX or len(places) > PLACES_MAX:
        raise usage(f"{text!r} is no price.", "Write a decimal of at most twelve digits, such as 41.3173.")
    return Price(digits, len(places))


def price_text(price: Price) -> str:
    """Write a price of the book as a decimal."""
    text = str(price.digits).rjust(price.places + 1, "0")
    return f"{text[: -price.places]}.{text[-price.places :]}" if price.places else text


def read_ratio(text: str) -> Ratio:
    """Read a reference rate, a decimal or a fraction such as 2589/20, in lowest terms."""
    found = re.fullmatch(r"[0-9]{1,20}(?:\.[0-9]{1,18}|/[0-9]{1,20})?", text.strip())
    try:
        exact = Fraction(text.strip()) if found else Fraction(0)
    except ZeroDivisionError:
        exact = Fraction(0)
    if not 1 <= exact.numerator <= RATIO_PART_MAX or exact.denominator > RATIO_PART_MAX:
        raise usage(f"{text!r} is no rate.", "Write a decimal such as 129.45, or a fraction such as 2589/20.")
    return Ratio(quote=exact.numerator, base=exact.denominator)


def ratio_text(ratio: Ratio) -> str:
    """Write a reference rate as a decimal; beside one that does not come out even stands the exact fraction."""
    text = decimal_text(ratio)
    exact = Fraction(text) == Fraction(ratio.quote, ratio.base)
    return text if exact else f"{text} ({ratio.quote}/{ratio.base})"
