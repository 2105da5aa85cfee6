"""After the swap: what a refund of an order in two monies is worth in the buyer's own money, and who bears the rest.

    owed       what was paid for the part that goes back, premiums included        in the money that the buyer paid
    reached by the escrow's part, sold by the cheapest card of the other direction
               then the merchant's bond, sold with it                              when the merchant bears the rate
               then the cover that the provider left aside

Whoever bears what the rate has done has its gain, too: what is left of the escrow is the merchant's, or the buyer's.
Nothing is sold where it does not reach, because nobody exchanges so much now, or none for what there is:

    something stands behind the part       it can wait for a card that reaches, as long as the market lets it
    that time is over                      the buyer keeps the escrow's part, and what falls to it of bond and cover:
                                           who stands for a rate has to show one
    the buyer does not want to wait        the escrow's part in the merchant's money, alone
    nothing stands behind it               the same, at once: there is nothing to wait for

So neither a dear card, whoever posted it, nor a day without any turns bond and cover into more than was agreed to be
borne, or into nothing. The cards are the ledger's own, and what they give is set aside: nobody is asked, and nobody can
say no.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from msgspec import structs

from sogdia.kernel import quota
from sogdia.kernel.exact import up
from sogdia.kernel.refusal import ensure
from sogdia.kernel.values import UNITS_MAX, owner_of
from sogdia.modules.exchange import bonds
from sogdia.modules.exchange.cards import cards_of, take
from sogdia.modules.exchange.events import Converted, RefundedAtRate, SwapEnded
from sogdia.modules.exchange.locks import LOCK_BYTES
from sogdia.modules.exchange.rates import is_fair, part_back, rate_for, units_for
from sogdia.modules.exchange.records import CARDS, SWAPPED, RateCard, Swapped
from sogdia.modules.money import keep_promise, may_receive

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sogdia.kernel.operation import Context


class Sale(NamedTuple):
    """So much of the buyer's money, by a card, for so much of the merchant's."""

    card: bytes
    units: int
    payment: int


class Behind(NamedTuple):
    """What there is of bond and cover."""

    bond: int
    cover: int


class Reach(NamedTuple):
    """What there is for one part that goes back, in minor units."""

    owed: int
    escrow: int
    bond: int
    """What may be used to exchange what is owed: what falls to the part, and what earlier parts have left."""
    cover: int
    own: Behind = Behind(0, 0)
    """What falls to the part alone, which the buyer keeps where nothing is exchanged."""


class Share(NamedTuple):
    """How a part goes back: what is sold, and where everything else goes."""

    sale: Sale | None
    from_bond: int
    from_cover: int
    kept: int
    """What the buyer gets in the merchant's money."""


def keep_given_money(ctx: Context, order: bytes, swapped: Swapped, units: int) -> None:
    """Let a part go back in the merchant's money: the buyer bears the rate, and the part counts as gone back."""
    buyer = owner_of(order)
    keep_promise(ctx.state, swapped.gives, units, buyer, ((buyer, units),))
    SWAPPED.put(ctx.state, order, structs.replace(swapped, back=swapped.back + units))


def repay(  # noqa: PLR0913 - what goes back, and in which of its ways
    ctx: Context, order: bytes, swapped: Swapped, units: int, *, merchant_bears: bool, as_it_is: bool = False
) -> None:
    """Let a part of the escrow go back in the buyer's money, as far as it reaches. It cannot be refused.

    `as_it_is` says that the buyer would rather have the merchant's money than wait, where nobody exchanges it now.
    """
    reach = _reach_of(swapped, units, merchant_bears=merchant_bears)
    chosen = _exchanged(ctx, order, swapped, reach, merchant_bears=merchant_bears)
    if chosen is None:
        chosen = kept(reach, with_backing=not as_it_is)
    _pay(ctx, order, swapped, reach, chosen)


def has_to_wait(ctx: Context, order: bytes, swapped: Swapped, units: int, *, merchant_bears: bool) -> bool:
    """Say whether something stands behind a part that nobody exchanges now for what there is."""
    reach = _reach_of(swapped, units, merchant_bears=merchant_bears)
    backed = reach.owed > 0 and reach.own != Behind(0, 0)
    return backed and _exchanged(ctx, order, swapped, reach, merchant_bears=merchant_bears) is None


def end_swap(ctx: Context, order: bytes) -> None:
    """Let what was not used of bond and cover go back to those who left it aside: the order is over."""
    swapped = SWAPPED.find(ctx.state, order)
    if swapped is None:
        return
    provider, cover = owner_of(swapped.card), swapped.cover - swapped.cover_used
    keep_promise(ctx.state, swapped.takes, cover, provider, ((provider, cover),))
    bond = swapped.bond - swapped.bond_used
    bonds.release(ctx, swapped.merchant, swapped.gives, bond, used=0)
    SWAPPED.drop(ctx.state, order)
    quota.give_back(ctx.state, swapped.sponsor, LOCK_BYTES)
    ctx.emit(
        SwapEnded(
            order=order,
            merchant=swapped.merchant,
            gives=swapped.gives,
            bond=bond,
            provider=provider,
            takes=swapped.takes,
            cover=cover,
        )
    )


def share_out(reach: Reach, cards: Iterable[tuple[bytes, RateCard]], *, gain_to_buyer: bool) -> Share | None:
    """Choose how a part is exchanged, or nothing where that does not reach; `cards` are those that may be used now."""
    budget = reach.escrow + reach.bond
    wholes = [(sale, card) for name, card in cards if (sale := _sale(name, card, reach.owed)) is not None]
    cheapest = min((sale for sale, _card in wholes), key=lambda sale: (sale.payment, sale.card), default=None)
    if cheapest is not None and cheapest.payment <= budget:
        return _sold(reach, cheapest, 0, gain_to_buyer=gain_to_buyer)
    parts = [part for sale, card in wholes if (part := _most(sale.card, card, budget, reach.owed)) is not None]
    best = max(parts, key=lambda sale: (sale.units, -sale.payment), default=None)
    if best is not None and reach.owed - best.units <= reach.cover:
        return _sold(reach, best, reach.owed - best.units, gain_to_buyer=gain_to_buyer)
    return None


def kept(reach: Reach, *, with_backing: bool) -> Share:
    """Let the buyer keep a part as it is, and with it what falls to it of bond and cover, or nothing of that."""
    bond, cover = reach.own if with_backing and reach.owed else Behind(0, 0)
    return Share(None, bond, cover, reach.escrow + bond)


def _exchanged(ctx: Context, order: bytes, swapped: Swapped, reach: Reach, *, merchant_bears: bool) -> Share | None:
    """Choose how a part is exchanged now; nothing where nobody does so for what there is.

    What the buyer gets was its own: no cap of its issuer stands against that, as against nothing that comes back.
    """
    return share_out(reach, _offers(ctx, order, swapped, reach), gain_to_buyer=not merchant_bears)


def _sold(reach: Reach, sale: Sale, from_cover: int, *, gain_to_buyer: bool) -> Share:
    gain = max(0, reach.escrow - sale.payment)
    return Share(sale, max(0, sale.payment - reach.escrow), from_cover, gain if gain_to_buyer else 0)


def _sale(name: bytes, card: RateCard, units: int) -> Sale | None:
    """Give what exactly so much of the buyer's money costs by a card, or nothing when it does not exchange so much."""
    terms = card.rates
    if not terms.tiers[0].units <= units <= min(terms.most, card.left):
        return None
    rate = rate_for(terms, units)
    payment = up(units * rate.taken, rate.given)
    return Sale(name, units, payment) if payment <= UNITS_MAX and is_fair(rate, units, payment) else None


def _most(name: bytes, card: RateCard, budget: int, owed: int) -> Sale | None:
    """Give the most of what is owed that a card exchanges for at most so much of the merchant's money, or nothing."""
    sale = _sale(name, card, units_for(card.rates, budget, owed))
    return sale if sale is not None and sale.payment <= budget else None


def _reach_of(swapped: Swapped, units: int, *, merchant_bears: bool) -> Reach:
    def of(whole: int) -> int:
        return part_back(whole, swapped.units, swapped.back, units)

    def unused(whole: int, used: int) -> int:
        return part_back(whole, swapped.units, 0, swapped.back + units) - used

    bond = unused(swapped.bond, swapped.bond_used) if merchant_bears else 0
    own = Behind(of(swapped.bond) if merchant_bears else 0, of(swapped.cover))
    return Reach(of(swapped.paid), units, bond, unused(swapped.cover, swapped.cover_used), own)


def _offers(ctx: Context, order: bytes, swapped: Swapped, reach: Reach) -> Iterator[tuple[bytes, RateCard]]:
    """Give the cards that sell the buyer's money for the merchant's now, and whose provider may have what it gets."""
    state, buyer = ctx.state, owner_of(order)
    for name in cards_of(state, swapped.gives, swapped.takes):
        card, provider = CARDS.must(state, name), owner_of(name)
        in_force = ctx.time <= card.rates.valid_until and provider != buyer
        if in_force and may_receive(state, swapped.gives, provider, reach.escrow + reach.bond):
            yield name, card


def _pay(ctx: Context, order: bytes, swapped: Swapped, reach: Reach, chosen: Share) -> None:
    """Write what was chosen down: every unit of the escrow's part, and of what is used of bond and cover, goes out."""
    ensure(min(chosen.from_bond, chosen.from_cover, chosen.kept) >= 0, "a refund that takes from its buyer")
    state, buyer, provider, merchant = ctx.state, owner_of(order), owner_of(swapped.card), swapped.merchant
    sale, from_bond = chosen.sale, chosen.from_bond
    seller, spent = (buyer, 0) if sale is None else (owner_of(sale.card), sale.payment)
    to_merchant = reach.escrow + from_bond - spent - chosen.kept
    from_escrow = max(0, spent - from_bond)
    rest = reach.escrow - to_merchant - from_escrow
    keep_promise(
        state, swapped.gives, reach.escrow, buyer, ((merchant, to_merchant), (seller, from_escrow), (buyer, rest))
    )
    keep_promise(state, swapped.gives, from_bond, merchant, ((seller, from_bond),))
    bonds.release(ctx, merchant, swapped.gives, from_bond, used=from_bond)
    keep_promise(state, swapped.takes, chosen.from_cover, provider, ((buyer, chosen.from_cover),))
    changed = structs.replace(
        swapped,
        back=swapped.back + reach.escrow,
        bond_used=swapped.bond_used + from_bond,
        cover_used=swapped.cover_used + chosen.from_cover,
    )
    SWAPPED.put(state, order, changed)
    ctx.emit(
        RefundedAtRate(
            order=order,
            provider=provider,
            takes=swapped.takes,
            owed=reach.owed,
            gives=swapped.gives,
            escrow=reach.escrow,
            to_merchant=to_merchant,
            merchant=merchant,
            from_bond=from_bond,
            from_cover=chosen.from_cover,
            exchanged=0 if sale is None else sale.units,
        )
    )
    if sale is not None:
        _exchange(ctx, buyer, sale)


def _exchange(ctx: Context, buyer: bytes, sale: Sale) -> None:
    """Let the provider of a card, which has been paid, give what it has set aside."""
    card, seller = CARDS.must(ctx.state, sale.card), owner_of(sale.card)
    keep_promise(ctx.state, card.gives, sale.units, seller, ((buyer, sale.units),))
    take(ctx, sale.card, card, sale.units)
    ctx.emit(
        Converted(
            card=sale.card,
            account=buyer,
            takes=card.takes,
            payment=sale.payment,
            gives=card.gives,
            units=sale.units,
        )
    )
