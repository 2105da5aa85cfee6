"""What of the ledger's facts is a payment between banks' customers, between institutions, or a return.

    customer      a transfer, across books or not, a captured hold, what an order pays, a conversion     pacs.008
    institution   what a provider gets for money it gives: from the issuer of the buyer's money          pacs.009
    return        what a merchant pays back once an order has been settled                               pacs.004

Money that was set aside and goes home was never paid, so nothing is returned; a notice tells its owner of it.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final, NamedTuple

from sogdia.modules.book.events import PaidAcross
from sogdia.modules.exchange.events import Converted, LockUndone, MoneySwapped
from sogdia.modules.market.events import LinesRefunded, OrderClosed
from sogdia.modules.money.events import Minted
from sogdia.rails.memory import Exchange, Original, Swap

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sogdia.modules.money import Asset
    from sogdia.rails.books import Leg, Told
    from sogdia.rails.movements import Fold


class Way(StrEnum):
    """Between whom a payment is."""

    CUSTOMER = "customer"
    INSTITUTION = "institution"
    RETURN = "return"


class Payment(NamedTuple):
    """A payment that stands in a block, final: who paid whom what."""

    uetr: str
    way: Way
    time: int
    debtor: bytes
    creditor: bytes
    asset: Asset
    units: int
    reference: str
    purpose: str
    exchange: Exchange | None = None
    original: Original | None = None


EXCHANGING: Final = frozenset({PaidAcross, Converted, MoneySwapped, OrderClosed})
"""Facts of which a payment may be in another money, or that say what later ones need for it. Of others, a reader who
asks for exchanges alone need not ask `Payments`."""


class Payments:
    """Reads what was told, in order, and gives the payments in it."""

    def __init__(self, fold: Fold) -> None:
        """Look up in `fold`, which has read up to the fact that is given, what facts leave out."""
        self._memory = fold.memory

    def of(self, told: Told) -> Iterator[Payment]:
        """Give the payments that a fact tells of."""
        match told.fact:
            case PaidAcross(sent=asset, sent_units=units):
                found = Exchange(asset, units)
                yield from (
                    _plain(told, each)._replace(exchange=found) for each in told.legs if _is_payment(told, each)
                )
            case Converted():
                yield from self._conversion(told)
            case MoneySwapped():
                self._note_swap(told.fact)
                yield self._to_provider(told, told.legs[0])
            case LockUndone():
                yield from (self._to_provider(told, each) for each in told.legs if len(each.movements) > 1)
            case OrderClosed():
                yield from self._settled(told)
            case LinesRefunded(late=True):
                yield from (self._returned(told, each) for each in told.legs)
            case _:
                yield from (_plain(told, each) for each in told.legs if _is_payment(told, each))

    def _note_swap(self, fact: MoneySwapped) -> None:
        digest = self._memory.digests[fact.card]
        self._memory.swaps[fact.order] = Swap(Exchange(fact.takes, fact.payment, digest), fact.units)

    def _to_provider(self, told: Told, leg: Leg) -> Payment:
        payer, provider = leg.movements
        paid = _plain(told, leg)
        return paid._replace(way=Way.INSTITUTION, debtor=payer.asset.issuer, creditor=provider.account)

    def _conversion(self, told: Told) -> Iterator[Payment]:
        fact: Converted = told.fact
        taken, given = told.legs
        digest = self._memory.digests[fact.card]
        yield self._to_provider(told, taken)
        got = _plain(told, given)
        yield got._replace(debtor=fact.account, exchange=Exchange(fact.takes, fact.payment, digest))

    def _settled(self, told: Told) -> Iterator[Payment]:
        fact: OrderClosed = told.fact
        exchange = self._memory.swaps.get(fact.order)
        if exchange is not None:
            del self._memory.swaps[fact.order]
        merchant = self._memory.orders[fact.order].merchant
        for each in told.legs:
            if len(each.movements) == 1:
                continue
            paid = _plain(told, each)
            if exchange is not None:
                whole, units = exchange
                share = whole._replace(units=whole.units * paid.units // units)
                paid = paid._replace(exchange=share if share.units else None)
            if paid.creditor == merchant:
                self._memory.paid[fact.order] = Original(paid.uetr, paid.units, paid.time)
            yield paid

    def _returned(self, told: Told, leg: Leg) -> Payment:
        return _plain(told, leg)._replace(way=Way.RETURN, original=self._memory.paid.get(told.fact.order))


def _is_payment(told: Told, leg: Leg) -> bool:
    """Tell whether money changed hands. Minted money did: its issuer owes it from then on."""
    return len(leg.movements) > 1 or isinstance(told.fact, Minted)


def _plain(told: Told, leg: Leg) -> Payment:
    payee = leg.movements[-1]
    payer = payee.other
    if payer is None:
        raise ValueError(f"nobody paid what {type(told.fact).__name__} tells of")
    return Payment(
        uetr=leg.uetr,
        way=Way.CUSTOMER,
        time=told.time,
        debtor=payer,
        creditor=payee.account,
        asset=payee.asset,
        units=payee.booked,
        reference=payee.reference,
        purpose=payee.purpose,
    )


def payments_in(told: Iterable[Told], fold: Fold) -> Iterator[Payment]:
    """Give all payments in what is told. `told` has to be read lazily from the book whose fold this is."""
    reader = Payments(fold)
    for each in told:
        yield from reader.of(each)
