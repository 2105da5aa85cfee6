"""From a UETR to the fact that it stands for: the height is in it, and the block of that height says the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from sogdia.kernel.machine import receipt_decoder
from sogdia.kernel.values import owner_of
from sogdia.modules import ALL
from sogdia.modules.book import events as book
from sogdia.modules.exchange import events as exchange
from sogdia.modules.market import events as market
from sogdia.modules.money import events as money
from sogdia.modules.vouchers import events as vouchers
from sogdia.rails.books import LEGS_MAX
from sogdia.rails.movements import MOVES
from sogdia.rails.uetr import position_in, uetr_of

if TYPE_CHECKING:
    from sogdia.kernel.receipt import Receipt
    from sogdia.kernel.stored_block import StoredBlock

SETTLED: Final = "ACCC"
"""AcceptedSettlementCompletedCreditorAccount: the creditor has the money, for good."""

INFORMATION: Final = "INFO"
"""Money was only set aside, or went home."""

SET_ASIDE: Final = frozenset(
    {
        money.HoldPlaced,
        money.RedemptionRequested,
        money.RedemptionDeclined,
        money.RedemptionMissed,
        vouchers.PurseOpened,
        vouchers.ShareReturned,
        vouchers.PurseEnded,
        book.LimitOfferPlaced,
        book.LimitOfferEnded,
        exchange.CardPosted,
        exchange.CardChanged,
        exchange.CardFunded,
        exchange.CardClosed,
        exchange.RateLocked,
        exchange.BondPosted,
        exchange.BondWithdrawn,
        exchange.SwapEnded,
        market.OrderPlaced,
        market.BalancePaid,
        market.CashCollected,
    }
)
"""Facts that never pay anybody."""

_receipt = receipt_decoder(ALL).decode


class Found(NamedTuple):
    """A fact by its UETR: the result that it belongs to, where that stands, and which of its facts it is."""

    result: bytes
    height: int
    place: int
    time: int
    receipt: Receipt
    number: int


def height_in(network: bytes, uetr: str) -> int:
    """Say in which block to look; of a UETR that is not of this network that is any height, mostly one to come."""
    return position_in(network, uetr).height


def fact_of(block: StoredBlock, network: bytes, uetr: str) -> Found | None:
    """Give the fact in a block that a UETR stands for; nothing when it is not of this network, or made up."""
    position = position_in(network, uetr)
    results = block.all_results()
    if block.height != position.height or position.place >= len(results):
        return None
    result = results[position.place]
    receipt: Receipt = _receipt(result.receipt)
    number = position.number // LEGS_MAX
    if uetr_of(network, result.id, position) != uetr or number >= len(receipt.events):
        return None
    if type(receipt.events[number]) not in MOVES:
        return None
    return Found(result.id, position.height, position.place, block.header.header.time, receipt, number)


def status_of(fact: Any) -> str:  # noqa: ANN401 - any event that moves money
    """Say in ISO's code what a fact did: it paid somebody, or it only set money aside or freed it."""
    return SETTLED if _pays(fact) else INFORMATION


def _pays(fact: Any) -> bool:  # noqa: ANN401 - as above
    """Tell whether somebody has more or less for good."""
    match fact:
        case money.HoldEnded(captured=units) | market.CashKept(staked=units):
            return units > 0
        case exchange.LockUndone(owed=owed, from_bond=bond):
            return owed > 0 or bond > 0
        case exchange.RefundedAtRate():
            return fact.to_merchant > 0 or fact.from_bond > 0 or fact.from_cover > 0
        case market.LinesRefunded(late=late):
            return late
        case market.OrderClosed(payouts=payouts) | market.PartReleased(payouts=payouts):
            return any(each.account != owner_of(fact.order) for each in payouts)
        case _:
            return type(fact) not in SET_ASIDE
