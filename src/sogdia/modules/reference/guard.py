"""The guard rail: a price that costs its maker much against the reference is a slip until its maker says it is none.

    what the maker gets / what it gives  <  reference × (1 − collar)  ──▶ refused, unless `despite_reference`

It looks at a price when somebody names one, and at nothing afterwards: what has been promised, set aside or agreed is
carried out at its own price, whatever the reference says then, or if there is none. Where no reference is in force
nothing is refused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sogdia.kernel.refusal import require
from sogdia.modules.reference.ratios import Ratio, decimal_text, falls_short, turned
from sogdia.modules.reference.records import RATES, RULES, RateState, pair_of, state_of
from sogdia.modules.reference.refusals import ReferenceRefusal as Refuse

if TYPE_CHECKING:
    from sogdia.kernel.operation import Context
    from sogdia.kernel.state import Reader
    from sogdia.modules.money import Asset


class Standing(NamedTuple):
    """How a pair of currencies stands at a moment, and the reference rate while one is in force."""

    state: RateState
    rate: Ratio | None


class Part(NamedTuple):
    """One side of a price: so many minor units of a money."""

    asset: Asset
    units: int


def rate_in_force(state: Reader, base: str, quote: str, moment: int) -> Ratio | None:
    """Give the reference between two currencies, that way round, or nothing when none is in force."""
    return standing(state, base, quote, moment).rate


def standing(state: Reader, base: str, quote: str, moment: int) -> Standing:
    """Say how a pair stands, and give its rate, that way round, while it is in force: for whoever shows it."""
    pair = pair_of(base, quote)
    known = RATES.find(state, pair)
    stands = state_of(known, moment)
    if known is None or known.median is None or stands != RateState.OK:
        return Standing(stands, None)
    return Standing(stands, known.median if base == pair.base else turned(known.median))


def require_near(ctx: Context, gives: Part, gets: Part, *, despite: bool) -> None:
    """Refuse a price at which its maker gets much less than the reference says, unless it is meant."""
    if despite:
        return
    reference = rate_in_force(ctx.state, gives.asset.currency, gets.asset.currency, ctx.time)
    if reference is None:
        return
    offered = Ratio(quote=gets.units, base=gives.units)
    far = falls_short(offered, reference, RULES.must(ctx.state, None).collar)
    require(not far, Refuse.FAR_FROM_REFERENCE, price=decimal_text(offered), reference=decimal_text(reference))
