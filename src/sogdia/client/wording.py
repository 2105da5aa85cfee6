"""The ledger's values in words: amounts in a currency's own digits, moments, what the numbers of fields are called."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from msgspec import inspect as types

from sogdia.modules.book import Side, Validity
from sogdia.modules.documents import DocumentClass, Part, Purpose
from sogdia.modules.governance import ActionKind, Ending
from sogdia.modules.identity import AssuranceLevel, AttestationType, Kind, Role
from sogdia.modules.market.causes import Cause
from sogdia.modules.market.records import OrderState, Outcome, RestPaid
from sogdia.modules.market.worst_cases import Ends, Method
from sogdia.modules.money import Asset
from sogdia.modules.money.iso4217 import MINOR_DIGITS
from sogdia.modules.reference import RateState

if TYPE_CHECKING:
    from collections.abc import Callable
    from enum import IntEnum

    from sogdia.client.shapes import Shape

UNITS = (("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1))

PRICE_MAX: Final = 2**53
"""Prices of offers are whole numbers up to this bound, where other amounts go up to `UNITS_MAX`."""

FINER: Final = frozenset({"price", "tiers"})
"""Fields of an offer that count minor units / 10^decimals."""

TAKEN: Final = frozenset(
    {
        "buyer_loses",
        "cover",
        "cover_premium",
        "cover_used",
        "exchanged",
        "from_cover",
        "middle",
        "owed",
        "paid",
        "pay_at_most",
        "payment",
        "payment_back",
        "premium",
        "provider_loses",
        "spread",
        "total",
    }
)
"""Where two monies are exchanged, these fields count the one that is taken; all others count the one that is given."""

ENDS_OF_A_PATH: Final = {"send": 0, "send_at_most": 0, "sent": 0, "receive": -1, "receive_at_least": -1, "received": -1}
"""Where money is paid over a path, these fields count its first or its last."""

NAMED_BESIDE: Final = {
    "base_units": "base",
    "left": "base",
    "quote_units": "quote",
    "received_units": "received",
    "returned": "returned_in",
    "sent_units": "sent",
    "units": "base",
}
"""Where several monies are named, these fields count the one that stands under this name."""

MONEY: Final = frozenset({"Units", "PositiveUnits", "Difference"})

CALLED: Final[dict[str, type[IntEnum | Role]]] = {
    "action_kind": ActionKind,
    "attests": AttestationType,
    "ends": Ends,
    "kind": Kind,
    "level": AssuranceLevel,
    "roles": Role,
    "state": OrderState,
    "method": Method,
    "outcome": Outcome,
    "document_class": DocumentClass,
    "ended": Ending,
    "part": Part,
    "purpose": Purpose,
    "rate_state": RateState,
    "return_cause": Cause,
    "rest_paid": RestPaid,
    "side": Side,
    "validity": Validity,
}
"""Fields of records and facts whose numbers have names."""

AT_THE_DEADLINE = {
    OrderState.PLACED: "unless the merchant accepts it until then, it is cancelled and the buyer gets everything back",
    OrderState.ACCEPTED: "unless the merchant ships it until then, it is cancelled and the buyer gets everything back",
    OrderState.SHIPPED: "unless delivery is confirmed until then, it is taken as delivered",
    OrderState.DELIVERED: "unless the buyer asks for a return until then, everybody is paid",
    OrderState.RETURNING: "unless the merchant answers until then, the asked lines are refunded",
    OrderState.CONTESTED: "unless the two agree until then, a confirmed delivery stands, another is refunded",
    OrderState.CLOSING: "its next lines are put away",
    OrderState.REFUNDING: "the asked lines are refunded, whether anybody has exchanged what goes back or not",
    OrderState.COLLECTED: "unless the carrier hands the cash over until then, all are paid out of what it has staked",
}
"""What happens to an order in each state when its time runs out (see `modules/market/exits.py`)."""


def money_beside(named: Callable[[str], object], field: str) -> Asset | None:
    """Give the money that a field counts where a value names several; `named` gives what it has under a name."""
    path = named("path")
    if field in ENDS_OF_A_PATH and isinstance(path, tuple | list) and path:
        end: object = path[ENDS_OF_A_PATH[field]]
        return end if isinstance(end, Asset) else None
    beside = named(NAMED_BESIDE.get(field, ""))
    return beside if isinstance(beside, Asset) else None


def is_money(shape: Shape) -> bool:
    """Tell whether a field counts minor units of some currency."""
    return shape.word in MONEY or is_price(shape)


def is_price(shape: Shape) -> bool:
    """Tell whether a field is a price of an offer."""
    return shape.word == "int" and isinstance(shape.kind, types.IntType) and shape.kind.le == PRICE_MAX


def amount_words(units: int, currency: str | None, decimals: int = 0) -> str:
    """Write minor units in a currency's own digits: 12.50 USD."""
    if currency is None or currency not in MINOR_DIGITS:
        return f"{units} units"
    digits = MINOR_DIGITS[currency] + decimals
    sign = "−" if units < 0 else ""
    text = str(abs(units)).rjust(digits + 1, "0")
    return f"{sign}{text[:-digits]}.{text[-digits:]} {currency}" if digits else f"{sign}{text} {currency}"


def change_words(units: int, currency: str | None) -> str:
    """Write a gain or a loss, with its sign."""
    return f"+{amount_words(units, currency)}" if units > 0 else amount_words(units, currency)


def moment_words(moment: int) -> str:
    """Write a moment: 2026-11-22 10:00:00 UTC."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def length_words(seconds: int) -> str:
    """Write a length of time in its two largest units: 2 days 3 hours."""
    parts = []
    for unit, size in UNITS:
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count} {unit}{'s' if count > 1 else ''}")
    return " ".join(parts[:2]) or "0 seconds"


def from_now_words(moment: int, now: int) -> str:
    """Say how far a moment lies from the network's time."""
    return f"in {length_words(moment - now)}" if moment >= now else f"{length_words(now - moment)} ago"
