"""Facts of the book. Numbers 1000 to 1099, for ever."""

from __future__ import annotations

from sogdia.kernel.codec import Event
from sogdia.kernel.values import Account, Hash, Name, Seconds, Units
from sogdia.modules.book.prices import Price
from sogdia.modules.money import Asset
from sogdia.modules.money.records import EndToEnd, Purpose


class LimitOfferPlaced(Event, tag=1000):
    """Somebody offers to sell (side 0) or buy (side 1) the base of a pair; what it may pay is set aside."""

    offer: Name
    base: Asset
    quote: Asset
    side: int
    price: Price
    units: Units
    valid_until: Seconds


class LimitOfferFilled(Event, tag=1001):
    """An offer was taken, wholly or in part: so much of the base for so much of the quote.

    With nothing left it is over, and `returned` is what was set aside and too little to stand.
    """

    offer: Name
    taker: Account
    base: Asset
    base_units: Units
    quote: Asset
    quote_units: Units
    left: Units
    returned: Units
    returned_in: Asset


class LimitOfferEnded(Event, tag=1002):
    """An offer is over: cancelled by its owner (0), its time passed (1), its owner may no longer pay or be paid (2)."""

    offer: Name
    returned: Units
    returned_in: Asset
    cause: int


class PaidAcross(Event, tag=1003):
    """A payer sent one money and a payee received another, by way of the books of a path."""

    payer: Account
    payee: Account
    sent: Asset
    sent_units: Units
    received: Asset
    received_units: Units
    purpose: Purpose
    end_to_end: EndToEnd
    travel_reference: Hash | None
