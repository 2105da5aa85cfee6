"""What came of cash on delivery before: the record that merchants see with an order, and payers see of a carrier.

A buyer's record is its own, and goes with each order of its to be paid at the door to that order's sides: so a merchant
knows before it accepts. A carrier's is for everybody, as anybody may have to trust it with cash.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import structs

from sogdia.kernel import quota
from sogdia.kernel.accounts import PARTIES
from sogdia.modules.market.records import CASH_RECORDS, CashRecord, DoorRecord, Payment, RestPaid

if TYPE_CHECKING:
    from sogdia.kernel.operation import Context
    from sogdia.kernel.state import Reader, State

CASH_RECORD_BYTES = 130
"""What a record counts for in the storage of its owner's sponsor, for ever, its share of the tree included."""

NOTHING_YET = CashRecord(as_buyer=DoorRecord(), collected=0, remitted=0, kept=0)


def door_record(state: Reader, buyer: bytes, payment: Payment | None) -> DoorRecord | None:
    """Give what a buyer's record says when it orders under terms of cash on delivery."""
    if payment is None or payment.rest_paid != RestPaid.ON_DELIVERY:
        return None
    return (CASH_RECORDS.find(state, buyer) or NOTHING_YET).as_buyer


def begin_record(ctx: Context, account: bytes) -> None:
    """Have a record of somebody from now on."""
    if CASH_RECORDS.find(ctx.state, account) is None:
        quota.occupy(ctx.state, PARTIES.must(ctx.state, account).sponsor, CASH_RECORD_BYTES)
        CASH_RECORDS.put(ctx.state, account, NOTHING_YET)


def count_for_buyer(state: State, buyer: bytes, *, paid: int = 0, refused: int = 0, contested: int = 0) -> None:
    """Count what a buyer did at the door."""
    known = CASH_RECORDS.must(state, buyer)
    before = known.as_buyer
    after = DoorRecord(before.paid + paid, before.refused + refused, before.contested + contested)
    CASH_RECORDS.put(state, buyer, structs.replace(known, as_buyer=after))


def count_for_carrier(state: State, carrier: bytes, *, collected: int = 0, remitted: int = 0, kept: int = 0) -> None:
    """Count what a carrier did with cash."""
    known = CASH_RECORDS.must(state, carrier)
    after = structs.replace(
        known,
        collected=known.collected + collected,
        remitted=known.remitted + remitted,
        kept=known.kept + kept,
    )
    CASH_RECORDS.put(state, carrier, after)
