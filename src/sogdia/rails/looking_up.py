"""From a UETR to the fact that it stands for: the height is in it, and the block of that height says the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from sogdia.kernel.machine import receipt_decoder
from sogdia.modules import ALL
from sogdia.modules.exchange.events import Converted, LockUndone, MoneySwapped
from sogdia.modules.market.events import CashKept, CashRemitted, LinesRefunded, OrderClosed, PartReleased
from sogdia.modules.money.events import Burned, HoldEnded, Minted, Transferred
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


def status_of(fact: Any) -> str:  # noqa: ANN401 - any event
    """Say in ISO's code what a fact did: it paid somebody, or it only set money aside or freed it."""
    match fact:
        case Minted() | Burned() | Transferred() | Converted() | MoneySwapped() | LinesRefunded(late=True):
            return SETTLED
        case PartReleased() | CashRemitted():
            return SETTLED
        case CashKept(staked=units):
            return SETTLED if units else INFORMATION
        case HoldEnded(captured=units) | LockUndone(owed=units):
            return SETTLED if units else INFORMATION
        case OrderClosed(payouts=payouts):
            return SETTLED if payouts else INFORMATION
        case _:
            return INFORMATION
