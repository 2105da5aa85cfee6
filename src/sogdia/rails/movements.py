"""What every fact of the ledger does to everybody's money: the one list from which statements and notices are made.

    available   what an account can spend        held   what is set aside of its money for others, or for its cards

Both together are what the account owns. A movement changes one or both of one account in one money. Some facts say too
little by themselves: that a hold ended does not say in which money it was. So a `Fold` reads facts in the ledger's own
order from the first block on, and remembers the objects that are still open. Added up, its movements are the ledger's
own balances; whoever makes a statement compares them before anybody sees it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from sogdia.kernel.values import owner_of
from sogdia.modules.book import Side
from sogdia.modules.book import events as book
from sogdia.modules.book.prices import quote_up
from sogdia.modules.exchange import events as exchange
from sogdia.modules.market import events as market
from sogdia.modules.money import Asset
from sogdia.modules.money import events as money
from sogdia.modules.netting import events as netting
from sogdia.modules.vouchers import events as vouchers
from sogdia.rails.memory import AtRate, Held, Memory, Ordered

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Movement(NamedTuple):
    """A change of what one account has of one asset, in minor units, with whom it has to do and what it is called."""

    account: bytes
    asset: Asset
    available: int
    held: int
    other: bytes | None
    """Who paid or was paid; nobody when the money only changed between available and set aside."""
    reference: str
    """The payer's reference, or that of the order, hold or card."""
    purpose: str
    """An external purpose code of ISO 20022, or nothing."""

    @property
    def booked(self) -> int:
        """By how much the account owns more or less."""
        return self.available + self.held


GOODS: Final = "GDDS"
EXCHANGE: Final = "FREX"


class Fold:
    """Reads facts in order; gives the movements of each and remembers what later facts leave out."""

    def __init__(self, memory: Memory | None = None) -> None:
        """Begin before the first block; or behind the one after which `memory` was what is remembered."""
        self.memory = Memory() if memory is None else memory
        self.refunds: set[bytes] = set()
        """Orders of which a refund has just been told, by what it was in the buyer's money. Empty between results."""

    def take(self, fact: Any) -> tuple[Movement, ...]:  # noqa: ANN401 - any event of any module
        """Take the next fact; gives what it moved. One that is not known here is an error, never nothing."""
        declared = type(fact)
        if declared in MOVES:
            return tuple(each for each in MOVES[declared](self, fact) if each.available or each.held)
        if declared not in MOVES_NOTHING and not declared.__module__.startswith(WITHOUT_MONEY):
            raise UnknownFactError(f"{declared.__name__} may move money, and how is not known here")
        return ()


class UnknownFactError(Exception):
    """A fact of a later release: a statement without it could be wrong, so there is none."""


def _word(name: bytes) -> str:
    """Give an object's reference, as its creator chose it."""
    return name[20:].decode("ascii", "replace")


def _paid(  # noqa: PLR0913 - everything that a payment says
    payer: bytes, payee: bytes, asset: Asset, units: int, reference: str, purpose: str, *, from_held: bool = False
) -> Iterator[Movement]:
    """Let money change hands; out of what was set aside, or of what the payer can spend."""
    available, held = (0, -units) if from_held else (-units, 0)
    if payer == payee:
        yield Movement(payer, asset, available + units, held, None, reference, purpose)
        return
    yield Movement(payer, asset, available, held, payee, reference, purpose)
    yield Movement(payee, asset, units, 0, payer, reference, purpose)


def _set_aside(account: bytes, asset: Asset, units: int, reference: str, purpose: str) -> Movement:
    """Let money be set aside, or with fewer than no units be free again."""
    return Movement(account, asset, -units, units, None, reference, purpose)


# --------------------------------------------------------------------------------------------------------------- money


def _minted(_fold: Fold, fact: money.Minted) -> Iterator[Movement]:
    yield Movement(fact.to, fact.asset, fact.units, 0, fact.asset.issuer, "", "")


def _burned(_fold: Fold, fact: money.Burned) -> Iterator[Movement]:
    yield Movement(fact.asset.issuer, fact.asset, -fact.units, 0, None, "", "")


def _transferred(_fold: Fold, fact: money.Transferred) -> Iterator[Movement]:
    yield from _paid(fact.payer, fact.payee, fact.asset, fact.units, fact.end_to_end, fact.purpose)


def _hold_placed(fold: Fold, fact: money.HoldPlaced) -> Iterator[Movement]:
    fold.memory.holds[fact.hold] = Held(fact.payee, fact.asset)
    yield _set_aside(owner_of(fact.hold), fact.asset, fact.units, _word(fact.hold), "")


def _hold_ended(fold: Fold, fact: money.HoldEnded) -> Iterator[Movement]:
    payee, asset = fold.memory.holds[fact.hold]
    del fold.memory.holds[fact.hold]
    payer, reference = owner_of(fact.hold), _word(fact.hold)
    yield from _paid(payer, payee, asset, fact.captured, reference, "", from_held=True)
    yield _set_aside(payer, asset, -fact.returned, reference, "")


def _clawed_back(_fold: Fold, fact: money.ClawedBack) -> Iterator[Movement]:
    yield from _paid(fact.account, fact.to, fact.asset, fact.units, _word(fact.measure), "")


def _redemption_requested(_fold: Fold, fact: money.RedemptionRequested) -> Iterator[Movement]:
    yield _set_aside(owner_of(fact.redemption), fact.asset, fact.units, fact.payout, "")


def _redemption_paid(_fold: Fold, fact: money.RedemptionPaid) -> Iterator[Movement]:
    yield Movement(owner_of(fact.redemption), fact.asset, 0, -fact.units, fact.asset.issuer, _word(fact.redemption), "")


def _redemption_over(_fold: Fold, fact: money.RedemptionDeclined | money.RedemptionMissed) -> Iterator[Movement]:
    yield _set_aside(owner_of(fact.redemption), fact.asset, -fact.units, _word(fact.redemption), "")


# ------------------------------------------------------------------------------------------------ netting and vouchers


def _obligation_paid(_fold: Fold, fact: netting.ObligationPaid) -> Iterator[Movement]:
    creditor = owner_of(fact.obligation)
    yield from _paid(fact.debtor, creditor, fact.asset, fact.units, _word(fact.obligation), "")


def _purse_opened(_fold: Fold, fact: vouchers.PurseOpened) -> Iterator[Movement]:
    units = sum(share.units for share in fact.shares)
    yield _set_aside(owner_of(fact.purse), fact.asset, units, _word(fact.purse), "")


def _share_returned(_fold: Fold, fact: vouchers.ShareReturned) -> Iterator[Movement]:
    yield _set_aside(owner_of(fact.purse), fact.asset, -fact.units, _word(fact.purse), "")


def _voucher_redeemed(_fold: Fold, fact: vouchers.VoucherRedeemed) -> Iterator[Movement]:
    payer = owner_of(fact.purse)
    yield from _paid(payer, fact.payee, fact.asset, fact.units, _word(fact.purse), "", from_held=True)


def _purse_ended(_fold: Fold, fact: vouchers.PurseEnded) -> Iterator[Movement]:
    yield _set_aside(owner_of(fact.purse), fact.asset, -fact.returned, _word(fact.purse), "")


# ---------------------------------------------------------------------------------------------------------------- book


def _offer_placed(_fold: Fold, fact: book.LimitOfferPlaced) -> Iterator[Movement]:
    sells = fact.side == Side.SELL
    asset, units = (fact.base, fact.units) if sells else (fact.quote, quote_up(fact.price, fact.units))
    yield _set_aside(owner_of(fact.offer), asset, units, _word(fact.offer), EXCHANGE)


def _offer_filled(_fold: Fold, fact: book.LimitOfferFilled) -> Iterator[Movement]:
    """Whoever takes offers on a payment's way gets what each gives, and gives it on: `_paid_across` says to whom."""
    maker, reference = owner_of(fact.offer), _word(fact.offer)
    base, quote = (fact.base, fact.base_units), (fact.quote, fact.quote_units)
    (given, given_units), (got, got_units) = (base, quote) if fact.returned_in == fact.base else (quote, base)
    yield from _paid(fact.taker, maker, got, got_units, reference, EXCHANGE)
    yield from _paid(maker, fact.taker, given, given_units, reference, EXCHANGE, from_held=True)
    yield _set_aside(maker, fact.returned_in, -fact.returned, reference, EXCHANGE)


def _offer_ended(_fold: Fold, fact: book.LimitOfferEnded) -> Iterator[Movement]:
    yield _set_aside(owner_of(fact.offer), fact.returned_in, -fact.returned, _word(fact.offer), EXCHANGE)


def _paid_across(_fold: Fold, fact: book.PaidAcross) -> Iterator[Movement]:
    yield from _paid(fact.payer, fact.payee, fact.received, fact.received_units, fact.end_to_end, fact.purpose)


# ------------------------------------------------------------------------------------------------------------ exchange


def _card_posted(fold: Fold, fact: exchange.CardPosted) -> Iterator[Movement]:
    fold.memory.cards[fact.card] = fact.gives
    fold.memory.digests[fact.card] = fact.digest
    yield _set_aside(owner_of(fact.card), fact.gives, fact.capacity, _word(fact.card), EXCHANGE)


def _card_changed(fold: Fold, fact: exchange.CardChanged) -> Iterator[Movement]:
    fold.memory.digests[fact.card] = fact.digest
    return iter(())


def _card_funded(fold: Fold, fact: exchange.CardFunded) -> Iterator[Movement]:
    yield _set_aside(owner_of(fact.card), fold.memory.cards[fact.card], fact.units, _word(fact.card), EXCHANGE)


def _card_closed(fold: Fold, fact: exchange.CardClosed) -> Iterator[Movement]:
    asset = fold.memory.cards[fact.card]
    del fold.memory.cards[fact.card]
    yield _set_aside(owner_of(fact.card), asset, -fact.returned, _word(fact.card), EXCHANGE)


def _converted(_fold: Fold, fact: exchange.Converted) -> Iterator[Movement]:
    provider, reference = owner_of(fact.card), _word(fact.card)
    yield from _paid(fact.account, provider, fact.takes, fact.payment, reference, EXCHANGE)
    yield from _paid(provider, fact.account, fact.gives, fact.units, reference, EXCHANGE, from_held=True)


def _rate_locked(fold: Fold, fact: exchange.RateLocked) -> Iterator[Movement]:
    fold.memory.rates[fact.order] = AtRate(fact.card, swapped=False)
    yield _set_aside(owner_of(fact.order), fact.takes, _cost(fact), _word(fact.order), GOODS)


def _lock_undone(_fold: Fold, fact: exchange.LockUndone) -> Iterator[Movement]:
    buyer, provider, reference = owner_of(fact.order), owner_of(fact.card), _word(fact.order)
    yield _set_aside(buyer, fact.takes, -fact.payment_back, reference, GOODS)
    yield from _paid(buyer, provider, fact.takes, fact.owed, reference, EXCHANGE, from_held=True)
    yield _set_aside(provider, fact.gives, -fact.units, reference, EXCHANGE)
    yield from _paid(fact.merchant, provider, fact.gives, fact.from_bond, reference, EXCHANGE, from_held=True)


def _money_swapped(fold: Fold, fact: exchange.MoneySwapped) -> Iterator[Movement]:
    buyer, provider, reference = owner_of(fact.order), owner_of(fact.card), _word(fact.order)
    fold.memory.rates[fact.order] = AtRate(fact.card, swapped=True)
    yield from _paid(buyer, provider, fact.takes, _cost(fact), reference, EXCHANGE, from_held=True)
    yield _set_aside(provider, fact.takes, fact.cover, reference, EXCHANGE)
    yield Movement(provider, fact.gives, 0, -fact.units, buyer, reference, EXCHANGE)
    yield Movement(buyer, fact.gives, 0, fact.units, provider, reference, EXCHANGE)


def _cost(fact: exchange.RateLocked | exchange.MoneySwapped) -> int:
    return fact.payment + fact.premium + fact.cover_premium


def _bond_posted(_fold: Fold, fact: exchange.BondPosted) -> Iterator[Movement]:
    yield _set_aside(fact.account, fact.asset, fact.units, "", EXCHANGE)


def _bond_withdrawn(_fold: Fold, fact: exchange.BondWithdrawn) -> Iterator[Movement]:
    yield _set_aside(fact.account, fact.asset, -fact.units, "", EXCHANGE)


def _refunded_at_rate(fold: Fold, fact: exchange.RefundedAtRate) -> Iterator[Movement]:
    """The buyer has all of it first, and pays by a `Converted` of its own what is exchanged."""
    fold.refunds.add(fact.order)
    buyer, reference = owner_of(fact.order), _word(fact.order)
    yield _set_aside(buyer, fact.gives, fact.to_merchant - fact.escrow, reference, GOODS)
    yield from _paid(buyer, fact.merchant, fact.gives, fact.to_merchant, reference, GOODS, from_held=True)
    yield from _paid(fact.merchant, buyer, fact.gives, fact.from_bond, reference, GOODS, from_held=True)
    yield from _paid(fact.provider, buyer, fact.takes, fact.from_cover, reference, GOODS, from_held=True)


def _swap_ended(_fold: Fold, fact: exchange.SwapEnded) -> Iterator[Movement]:
    yield _set_aside(fact.provider, fact.takes, -fact.cover, _word(fact.order), EXCHANGE)


# -------------------------------------------------------------------------------------------------------------- market


def _order_placed(fold: Fold, fact: market.OrderPlaced) -> Iterator[Movement]:
    fold.memory.orders[fact.order] = Ordered(fact.merchant, fact.asset)
    if fold.memory.rates.get(fact.order) is None:
        deposit = fact.paid.total() - fact.balance_due
        yield _set_aside(owner_of(fact.order), fact.asset, deposit, _word(fact.order), GOODS)


def _balance_paid(_fold: Fold, fact: market.BalancePaid) -> Iterator[Movement]:
    yield _set_aside(owner_of(fact.order), fact.asset, fact.units, _word(fact.order), GOODS)


def _cash_collected(_fold: Fold, fact: market.CashCollected) -> Iterator[Movement]:
    yield _set_aside(fact.carrier, fact.asset, fact.staked, _word(fact.order), GOODS)


def _cash_remitted(_fold: Fold, fact: market.CashRemitted) -> Iterator[Movement]:
    """The carrier pays what the buyer gave it in cash; it stays aside on the buyer's balance."""
    buyer, reference, spent = owner_of(fact.order), _word(fact.order), max(0, fact.units - fact.staked)
    yield Movement(fact.carrier, fact.asset, -spent, spent - fact.units, buyer, reference, GOODS)
    yield Movement(buyer, fact.asset, 0, fact.units, fact.carrier, reference, GOODS)


def _cash_kept(_fold: Fold, fact: market.CashKept) -> Iterator[Movement]:
    buyer, reference = owner_of(fact.order), _word(fact.order)
    yield Movement(fact.carrier, fact.asset, 0, -fact.staked, buyer, reference, GOODS)
    yield Movement(buyer, fact.asset, 0, fact.staked, fact.carrier, reference, GOODS)


def _lines_refunded(fold: Fold, fact: market.LinesRefunded) -> Iterator[Movement]:
    units = fact.to_buyer
    buyer, reference, (merchant, asset) = owner_of(fact.order), _word(fact.order), fold.memory.orders[fact.order]
    if fact.late:
        yield from _paid(merchant, buyer, asset, units, reference, GOODS)
    elif fact.order in fold.refunds:
        fold.refunds.discard(fact.order)
    elif not _told_by_lock(fold, fact.order):
        yield _set_aside(buyer, asset, -units, reference, GOODS)


def _order_closed(fold: Fold, fact: market.OrderClosed | market.PartReleased) -> Iterator[Movement]:
    buyer, reference, asset = owner_of(fact.order), _word(fact.order), fold.memory.orders[fact.order].asset
    for payout in fact.payouts:
        yield from _paid(buyer, payout.account, asset, payout.units, reference, GOODS, from_held=True)


def _told_by_lock(fold: Fold, order: bytes) -> bool:
    """Tell whether what goes back of an order is told by its lock: until the goods leave."""
    rate = fold.memory.rates.get(order)
    return rate is not None and not rate.swapped


MOVES: Final[dict[type[Any], Callable[[Fold, Any], Iterator[Movement]]]] = {
    money.Minted: _minted,
    money.Burned: _burned,
    money.Transferred: _transferred,
    money.HoldPlaced: _hold_placed,
    money.HoldEnded: _hold_ended,
    money.ClawedBack: _clawed_back,
    money.RedemptionRequested: _redemption_requested,
    money.RedemptionPaid: _redemption_paid,
    money.RedemptionDeclined: _redemption_over,
    money.RedemptionMissed: _redemption_over,
    netting.ObligationPaid: _obligation_paid,
    vouchers.PurseOpened: _purse_opened,
    vouchers.ShareReturned: _share_returned,
    vouchers.VoucherRedeemed: _voucher_redeemed,
    vouchers.PurseEnded: _purse_ended,
    book.LimitOfferPlaced: _offer_placed,
    book.LimitOfferFilled: _offer_filled,
    book.LimitOfferEnded: _offer_ended,
    book.PaidAcross: _paid_across,
    exchange.CardPosted: _card_posted,
    exchange.CardChanged: _card_changed,
    exchange.CardFunded: _card_funded,
    exchange.CardClosed: _card_closed,
    exchange.Converted: _converted,
    exchange.RateLocked: _rate_locked,
    exchange.LockUndone: _lock_undone,
    exchange.MoneySwapped: _money_swapped,
    exchange.BondPosted: _bond_posted,
    exchange.BondWithdrawn: _bond_withdrawn,
    exchange.RefundedAtRate: _refunded_at_rate,
    exchange.SwapEnded: _swap_ended,
    market.OrderPlaced: _order_placed,
    market.LinesRefunded: _lines_refunded,
    market.OrderClosed: _order_closed,
    market.PartReleased: _order_closed,
    market.BalancePaid: _balance_paid,
    market.CashCollected: _cash_collected,
    market.CashRemitted: _cash_remitted,
    market.CashKept: _cash_kept,
}
"""What each fact does that moves money."""

MOVES_NOTHING: Final = frozenset(
    {
        money.CurrencyOpened,
        money.HolderFrozen,
        money.HolderUnfrozen,
        money.HolderAuthorised,
        money.AuthorisationRevoked,
        money.CapsSet,
        money.ReserveAttested,
        money.LimitsSet,
        money.StandingShown,
        money.ReferenceGiven,
        money.FreezeLapsed,
        money.FreezeMadeLonger,
        money.MeasureProposed,
        money.MeasureApproved,
        money.MeasureDropped,
        netting.ObligationStated,
        netting.ObligationAccepted,
        netting.ObligationDeclined,
        netting.ObligationForgiven,
        netting.ObligationNetted,
        netting.PoolLeft,
        netting.BatchOpened,
        netting.BatchCommitted,
        netting.BatchLapsed,
        vouchers.FraudProven,
        market.TermsPublished,
        market.ListingOpened,
        market.VariantAdded,
        market.OfferChanged,
        market.StockChanged,
        market.ListingClosed,
        market.OrderAccepted,
        market.OrderShipped,
        market.OrderDelivered,
        market.ReturnRequested,
        market.ReturnRefused,
        market.ReturnDropped,
        market.RefundWaits,
        market.ReturnAwarded,
        market.DeadlinePutOff,
        market.SplitProposed,
        market.SplitAwarded,
        market.ParcelRefused,
        market.RefusalContested,
        market.OrderDigested,
    }
)
"""Facts of the modules with money that move none. A new fact has to be entered here or above."""

WITHOUT_MONEY: Final = (
    "sogdia.kernel.",
    "sogdia.modules.identity.",
    "sogdia.modules.governance.",
    "sogdia.modules.documents.",
    "sogdia.modules.reference.",
)
"""Whose facts never move money."""
