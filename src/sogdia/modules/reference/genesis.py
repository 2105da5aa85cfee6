"""The rules of reference rates on a network."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Annotated

import msgspec
from msgspec import Meta

from sogdia.kernel.parameters import DAY
from sogdia.kernel.refusal import Broken, ensure
from sogdia.kernel.values import BasisPoints
from sogdia.modules.reference.hours import HOLIDAYS_MAX, HOUR, MOMENT_MAX, WEEK, Hours, midnight_of
from sogdia.modules.reference.records import RULES, Length, Organisations, ReferenceRules

if TYPE_CHECKING:
    from sogdia.kernel.genesis import GenesisContext

Date = Annotated[str, Meta(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")]


class ReferenceGenesis(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who makes a reference rate, how long it holds, and how far from it a price may be; lengths in seconds."""

    organisations_min: Organisations = 3
    """So many organisations have to report a pair; with three, one that is wrong or false moves nothing."""
    age_max: Length = DAY
    """So long a report is fresh, counted while the market is open."""
    clock_margin: Length = 300
    """So far a report's time may be from the block's, either way."""
    jump_max: BasisPoints = 500
    """A median that is further than this from the one before halts the pair."""
    cool_down: Length = HOUR
    """So long it is halted, from the last such jump on."""
    collar: BasisPoints = 1_000
    """A price that costs its maker more than this has to be confirmed; 10,000 ask for nothing."""
    closes: Annotated[int, Meta(ge=0, lt=WEEK)] = 4 * DAY + 21 * HOUR
    """When the market closes each week, in seconds after Monday, 00:00 UTC: Friday, 21:00."""
    closed_for: Annotated[int, Meta(ge=0, le=WEEK - HOUR)] = 50 * HOUR
    """Until Sunday, 23:00."""
    holidays: Annotated[tuple[Date, ...], Meta(max_length=HOLIDAYS_MAX)] = ()
    """Days on which it is closed, from midnight to midnight UTC, in their order: 2026-12-25."""


def load_genesis(context: GenesisContext, section: ReferenceGenesis) -> None:
    """Write the rules down; a network with a wrong genesis does not start."""
    holidays = tuple(_midnight(date) for date in section.holidays)
    ensure(all(one < other for one, other in pairwise(holidays)), "genesis names the holidays once each, in order")
    rules = ReferenceRules(
        organisations_min=section.organisations_min,
        age_max=section.age_max,
        clock_margin=section.clock_margin,
        jump_max=section.jump_max,
        cool_down=section.cool_down,
        collar=section.collar,
        hours=Hours(closes=section.closes, closed_for=section.closed_for, holidays=holidays),
    )
    RULES.put(context.state, None, rules)


def _midnight(date: str) -> int:
    midnight = midnight_of(date)
    if midnight is None or not 0 <= midnight <= MOMENT_MAX:
        message = f"genesis: {date} is no day from 1970 to 2106"
        raise Broken(message)
    return midnight
