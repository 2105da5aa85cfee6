"""The records of reference rates: the rules of the network, and what was reported for each pair of currencies."""

from __future__ import annotations

from enum import IntEnum
from typing import Annotated, Any, NamedTuple

import msgspec
from msgspec import Meta

from sogdia.kernel.codec import Record
from sogdia.kernel.parameters import DAY, no_key, show_no_key
from sogdia.kernel.state import Table
from sogdia.kernel.values import Account, BasisPoints, CurrencyCode, Seconds
from sogdia.modules.reference.hours import Hours
from sogdia.modules.reference.ratios import Ratio, turned

ORGANISATIONS_MAX = 64
"""So many organisations report a pair at most."""

CODE_LETTERS = 3

Length = Annotated[int, Meta(ge=60, le=30 * DAY)]
Organisations = Annotated[int, Meta(ge=1, le=ORGANISATIONS_MAX)]


class RateState(IntEnum):
    """How a pair stands. Only a rate that is in force is asked by any rule."""

    NONE = 0
    """It was never reported, or by too few at a time."""
    OK = 1
    STALE = 2
    """Too few of the reports are fresh."""
    HALT = 3
    """The median jumped."""


class Currencies(NamedTuple):
    """Two currencies in the order of their codes: there is one record for both directions."""

    base: CurrencyCode
    quote: CurrencyCode


class ReferenceRules(Record):
    """What makes a reference rate on this network, and how far from it a price may be before it must be confirmed."""

    organisations_min: Organisations
    age_max: Length
    clock_margin: Length
    jump_max: BasisPoints
    cool_down: Length
    collar: BasisPoints
    hours: Hours


class Report(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What an organisation reported last, by one of its parties."""

    organisation: Account
    """The sponsor of the party that reported; its storage the report takes."""
    reporter: Account
    ratio: Ratio
    as_of: Seconds
    fresh_until: Seconds


class ReferenceRate(Record):
    """A pair with the reports that counted when the last one came in or was taken back, and what they come to."""

    reports: Annotated[tuple[Report, ...], Meta(min_length=1, max_length=ORGANISATIONS_MAX)]
    """By organisation, each once."""
    median: Ratio | None
    """The last that enough organisations made."""
    fresh_until: Seconds
    """How long enough of the reports are fresh; 0 when there are too few."""
    opens_at: Seconds
    """Before this moment it is halted; 0 when it never was."""


def in_their_order(base: str, quote: str, ratio: Ratio) -> tuple[Currencies, Ratio]:
    """Give two currencies in the order of their codes, and the rate that way round."""
    if base < quote:
        return Currencies(base, quote), ratio
    return Currencies(quote, base), turned(ratio)


def pair_of(one: str, other: str) -> Currencies:
    """Give two currencies in the order of their codes."""
    return Currencies(min(one, other), max(one, other))


def state_of(known: ReferenceRate | None, moment: int) -> RateState:
    """Say how a pair stands at a moment."""
    if known is None or known.median is None:
        return RateState.NONE
    if moment < known.opens_at:
        return RateState.HALT
    return RateState.OK if moment <= known.fresh_until else RateState.STALE


def _pair_key(pair: Currencies) -> bytes:
    return (pair.base + pair.quote).encode("ascii")


def _show_pair(key: bytes) -> dict[str, Any]:
    text = key.decode("ascii")
    return {"base": text[:CODE_LETTERS], "quote": text[CODE_LETTERS:]}


RULES: Table[None, ReferenceRules] = Table("reference/rules", 110, ReferenceRules, key=no_key, show_key=show_no_key)
RATES: Table[Currencies, ReferenceRate] = Table(
    "reference/rates", 111, ReferenceRate, key=_pair_key, show_key=_show_pair
)
